"""The one door to all loaders."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile

from application.documents.hearing import Hearing, written
from application.documents.ports import Unfit
from infrastructure.loaders.base import Extracted, Limits, Unreadable, unheard
from infrastructure.loaders.cleaning import title_of
from infrastructure.loaders.detect import HEAD_BYTES, magic, sound_of
from infrastructure.loaders.external import Engine, Told
from infrastructure.loaders.sandbox import Wish, read_apart


class Loaders:
    """Reads files: by an engine where there is one; texts, and without one all, by ourselves.

    Recordings are written down where something hears.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        engine: Engine | None = None,
        hearing: Hearing | None = None,
        *,
        ocr: bool = True,
        languages: str = "eng",
    ) -> None:
        self._limits = limits or Limits()
        self._engine = engine
        self._hearing = hearing
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
        if sound := sound_of(head):
            return await self._hear(wish, sound)
        if self._engine is not None and magic(head):
            return await self._read_elsewhere(self._engine, wish)
        return await read_apart(wish)

    async def _hear(self, wish: Wish, ending: str) -> Extracted:
        """What is said in a recording; others never learn what it is called here."""
        if self._hearing is None:
            raise unheard()
        try:
            heard = await self._hearing.hear(wish.path, f"recording.{ending}")
        except Unfit as error:
            raise Unreadable("unsupported", str(error)) from None
        told = Told(written(heard).encode("utf-8", "replace"), "told")
        if not told.body.strip():
            raise Unreadable("no_text", "No words are heard in this recording.")
        found = await _read_told(wish, told)
        return replace(found, title=title_of(PurePath(wish.name).stem, ""), loader="hearing")

    async def _read_elsewhere(self, engine: Engine, wish: Wish) -> Extracted:
        told = await engine.read(wish.path, wish.name, wish.media_type)
        if not told.body.strip():
            raise Unreadable("no_text", "There are no words in this file.")
        return replace(await _read_told(wish, told), loader=engine.kind)


async def _read_told(wish: Wish, told: Told) -> Extracted:
    """What an engine tells goes through a child as well: nobody vouches for it."""
    with NamedTemporaryFile() as file:
        await asyncio.to_thread(_keep, file.name, told.body)
        return await read_apart(replace(wish, path=Path(file.name), kind=told.kind))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _keep(name: str, body: bytes) -> None:
    Path(name).write_bytes(body)
