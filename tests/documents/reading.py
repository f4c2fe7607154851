"""How tests read documents."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from infrastructure.loaders.base import Extracted, Unreadable
from infrastructure.loaders.registry import Loaders

Read = Callable[..., Coroutine[Any, Any, Extracted]]


def reader(folder: Path) -> Read:
    """Keeps bytes as blobs are kept, and reads them."""

    async def read(
        data: bytes, name: str, media_type: str = "", loaders: Loaders | None = None
    ) -> Extracted:
        path = folder / "blob"
        path.write_bytes(data)
        found = await (loaders or Loaders(ocr=False)).read(path, name, media_type)
        assert path.read_bytes() == data
        check(found)
        return found

    return read


def check(found: Extracted) -> None:
    """What every text promises."""
    assert found.text.strip()
    assert "\0" not in found.text
    assert "\r" not in found.text
    found.text.encode()
    assert found.text.count("\f") == max(found.pages - 1, 0)
    assert not [line for line in found.text.split("\n") if line != line.rstrip(" \t")]
    assert "\n" not in found.title


async def refused(read: Read, data: bytes, name: str, loaders: Loaders | None = None) -> Unreadable:
    """Why a file is not read."""
    with pytest.raises(Unreadable) as refusal:
        await read(data, name, loaders=loaders)
    assert refusal.value.message.endswith(".")
    return refusal.value
