"""Keeps a model in memory while it is used, and works with it aside of everything else."""

import asyncio
import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from application.documents.ports import Unfit
from application.ports import Unavailable

if TYPE_CHECKING:
    import onnxruntime as ort

M = TypeVar("M")
R = TypeVar("R")

IDLE_SECONDS = 300.0
NICENESS = 10


class Resident(Generic[M]):
    """A model that is loaded when it is first needed, and let go when nobody needed it for long.

    Its threads are patient: whatever else the machine does goes first. What a person waits for
    has a thread of its own, and so does not stand in line behind whole documents.
    """

    def __init__(
        self, name: str, load: Callable[[], M], idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._name = name
        self._load = load
        self._idle_seconds = idle_seconds
        self._patient = ThreadPoolExecutor(1, "patient", initializer=be_patient)
        self._quick = ThreadPoolExecutor(1, "quick")
        self._model: M | None = None
        self._loading: asyncio.Future[M] | None = None
        self._release_at: asyncio.TimerHandle | None = None
        self._running = 0

    @property
    def is_loaded(self) -> bool:
        """Whether it takes memory now."""
        return self._model is not None

    async def run(self, work: Callable[[M], R], *, quick: bool = False) -> R:
        """Do something with the model in a thread; raises Unfit where it cannot be loaded."""
        if self._release_at:
            self._release_at.cancel()
        self._running += 1
        try:
            model = self._model or await self._loaded()
            executor = self._quick if quick else self._patient
            return await asyncio.get_running_loop().run_in_executor(executor, work, model)
        finally:
            self._running -= 1
            if not self._running:
                loop = asyncio.get_running_loop()
                self._release_at = loop.call_later(self._idle_seconds, self._release)

    async def aclose(self) -> None:
        """Let go of everything; what runs in a thread ends by itself."""
        if self._release_at:
            self._release_at.cancel()
        self._model = None
        self._patient.shutdown(wait=False, cancel_futures=True)
        self._quick.shutdown(wait=False, cancel_futures=True)

    async def _loaded(self) -> M:
        if self._loading is None:  # the threads that loading makes are as patient as this one
            loop = asyncio.get_running_loop()
            self._loading = loop.run_in_executor(self._patient, self._load)
        loading = self._loading
        await asyncio.wait([loading])
        self._loading = None
        error = loading.exception()
        if isinstance(error, MemoryError):
            raise Unavailable(f"There is no memory for {self._name} now.")
        if error:
            raise Unfit(f"{self._name} cannot be loaded: {error}") from error
        self._model = loading.result()
        return self._model

    def _release(self) -> None:
        if not self._running:
            self._model = None
            self._patient.submit(give_back)


def open_session(model: bytes | str, folder: str = "") -> "ort.InferenceSession":
    """A model ready to run on all cores, which takes and keeps as little memory as it can."""
    import onnxruntime as ort  # noqa: PLC0415 (only those who embed pay for it)

    options = ort.SessionOptions()
    options.intra_op_num_threads = cores()
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the most that was ever needed
    options.enable_mem_pattern = False
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if folder:
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", folder
        )
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def cores() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def be_patient() -> None:
    """Let everything else on the machine go first; threads that this one starts do so too."""
    if sys.platform == "linux":  # elsewhere it would hold for the whole process
        own = threading.get_native_id()
        niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, own))
        os.setpriority(os.PRIO_PROCESS, own, niceness)


def give_back() -> None:
    """Give free memory back to the machine, where that needs saying."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
