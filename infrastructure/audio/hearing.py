"""Recordings written down by OpenAI's protocol, which many servers speak."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

import httpx

from application.documents import settings as chosen
from application.documents.hearing import Heard, Hearing, Segment
from application.documents.ports import Unfit
from application.ports import ModelFailed, Unavailable
from infrastructure.embeddings.asking import ask
from infrastructure.models.http import Form, Limits, Server

PATH = "/audio/transcriptions"
SECONDS_MAX = 600.0
TIME_SECONDS_MAX = 1_000_000.0
FORMAT = "response_format"  # some models know no times, and refuse to be asked for them
ABOUT_THE_RECORDING = frozenset(("refused", "stalled", "malformed", "too_long"))
KINDS = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "webm": "video/webm",
}


@dataclass(frozen=True, slots=True)
class OpenAIHearing:
    """POST /audio/transcriptions; `quirks` is what was learnt about the server."""

    client: httpx.AsyncClient
    choice: chosen.Hearing
    key: str = field(default="", repr=False)
    quirks: set[str] = field(default_factory=set)

    async def hear(self, path: Path, name: str) -> Heard:
        """What is said, with times where the server tells any."""
        content = await asyncio.to_thread(self._content, path)
        kind = KINDS.get(name.rpartition(".")[2], "application/octet-stream")

        def body() -> Form:
            return Form(self._fields(), name, content, kind)

        def learn(text: str) -> bool:
            known = FORMAT in self.quirks
            if FORMAT in text:
                self.quirks.add(FORMAT)
            return FORMAT in text and not known

        try:
            answer = await ask(self._server(), PATH, body, learn, seconds_max=SECONDS_MAX)
        except ModelFailed as failed:
            raise told(failed) from None
        return heard_in(answer)

    def _server(self) -> Server:
        limits = Limits(silence_seconds=SECONDS_MAX)
        server = Server.at(self.client, self.choice.url, self.key, limits=limits)
        return replace(server, quirks=self.quirks)

    def _fields(self) -> Mapping[str, str]:
        form = "json" if FORMAT in self.quirks else "verbose_json"
        language = {"language": self.choice.language} if self.choice.language else {}
        return {"model": self.choice.model, FORMAT: form, **language}

    def _content(self, path: Path) -> bytes:
        size = path.stat().st_size
        if size > self.choice.bytes_max:
            raise Unfit(
                f"This recording has {megabytes(size)} MB. The transcription server is sent "
                f"{megabytes(self.choice.bytes_max)} MB at most."
            )
        return path.read_bytes()


@dataclass(frozen=True, slots=True)
class Hearings:
    """Gives what hears, by a choice, and remembers what was learnt about each server."""

    client: httpx.AsyncClient
    _quirks: dict[chosen.Hearing, set[str]] = field(default_factory=lambda: defaultdict(set))

    def hearing(self, choice: chosen.Hearing, key: str) -> Hearing | None:
        """What the choice means; None when recordings are not written down."""
        if choice.engine == "off":
            return None
        return OpenAIHearing(self.client, choice, key, self._quirks[choice])


def told(failed: ModelFailed) -> Exception:
    """What a failure means: the recording is at fault, or the server is not ready for any."""
    text = str(failed)
    if failed.kind == "refused_key":
        text = "The transcription server refused the key."
    elif failed.kind == "refused":
        why = text.partition(" refused the question ")[2]
        text = f"The transcription server refused this recording {why}"
    elif failed.kind == "stalled":
        minutes = SECONDS_MAX / 60
        text = f"The transcription server took longer than {minutes:g} minutes for this recording."
    return Unfit(text) if failed.kind in ABOUT_THE_RECORDING else Unavailable(text)


def heard_in(answer: Any) -> Heard:
    """An answer as it is meant: segments, or only a text."""
    text = answer.get("text") if isinstance(answer, Mapping) else None
    if not isinstance(text, str):
        raise Unfit("The transcription server answers without a text.")
    items = answer.get("segments")
    found = [segment_in(each) for each in items] if isinstance(items, list) else []
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return Heard(text)  # rather all words than some with times
    return Heard(text, tuple(each for each in known if each.text.strip()))


def segment_in(item: Any) -> Segment | None:
    """A segment, if it is one."""
    if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
        return None
    start, end = item.get("start"), item.get("end")
    if not is_time(start):
        return None
    return Segment(start, max(start, end) if is_time(end) else start, item["text"])


def is_time(value: Any) -> TypeGuard[float]:
    """Whether it is a number of seconds that a recording can have."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= TIME_SECONDS_MAX


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{math.ceil(size / 2**20 * 10) / 10:g}"
