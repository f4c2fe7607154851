"""The one door to all loaders."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from infrastructure.loaders.base import Extracted, Limits, Unreadable
from infrastructure.loaders.detect import HEAD_BYTES, magic
from infrastructure.loaders.external import Engine
from infrastructure.loaders.sandbox import Wish, read_apart


class Loaders:
    """Reads files: by an engine where there is one; texts, and without one all, by ourselves."""

    def __init__(
        self,
        limits: Limits | None = None,
        engine: Engine | None = None,
        *,
        ocr: bool = True,
        languages: str = "eng",
    ) -> None:
        self._limits = limits or Limits()
        self._engine = engine
        self._tesseract = (shutil.which("tesseract") or "") if ocr else ""
        self._languages = languages

    async def read(self, path: Path, name: str, media_type: str = "") -> Extracted:
        """The text of a file; raises Unreadable for ever, Unavailable for the moment."""
        head = await asyncio.to_thread(_head, path)
        if not head:
            raise Unreadable("empty", "The file is empty.")
        wish = Wish(
            path,
            name,
            media_type,
            tesseract=self._tesseract,
            languages=self._languages,
            limits=self._limits,
        )
        if self._engine is not None and magic(head):
            return await self._read_elsewhere(self._engine, wish)
        return await read_apart(wish)

    async def _read_elsewhere(self, engine: Engine, wish: Wish) -> Extracted:
        """What an engine tells goes through a child as well: nobody vouches for it."""
        told = await engine.read(wish.path, wish.name, wish.media_type)
        if not told.body.strip():
            raise Unreadable("no_text", "There are no words in this file.")
        with NamedTemporaryFile() as file:
            await asyncio.to_thread(_keep, file.name, told.body)
            found = await read_apart(replace(wish, path=Path(file.name), kind=told.kind))
        return replace(found, loader=engine.kind)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _keep(name: str, body: bytes) -> None:
    Path(name).write_bytes(body)
