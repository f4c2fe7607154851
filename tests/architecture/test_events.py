"""Every kind of event is documented, has a golden copy, and can still be read."""

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.mapper import Stored, decode, encode, names_of
from infrastructure.topics import topics

ROOT = Path(__file__).parent.parent.parent
GOLDEN = sorted((ROOT / "tests/golden").glob("*.json"))
KEY = UUID(int=20)
CIPHER = AESGCM(bytes(range(32)))


def stored(path: Path) -> Stored:
    """A golden copy as it lies in the log; `chat.started.v2.json` is of version 2."""
    topic, version = re.fullmatch(r"(.+?)(?:\.v(\d+))?", path.stem).groups()  # type: ignore[union-attr]
    return Stored(KEY, 2, topic, path.read_text(encoding="utf-8"), int(version or 1))


@pytest.mark.parametrize("topic", sorted(topics()))
def test_every_event_is_documented(topic: str) -> None:
    kind, _ = topics()[topic]
    fields = ", ".join(f"{name}*" if name in kind.PERSONAL else name for name in names_of(kind))
    assert f"| `{topic}` | {fields or '-'} | " in (ROOT / "docs/events.md").read_text()


@pytest.mark.parametrize("topic", sorted(topics()))
def test_every_version_of_every_event_has_a_golden_copy(topic: str) -> None:
    kind, _ = topics()[topic]
    names = {topic, *(f"{topic}.v{n}" for n in range(2, kind.VERSION + 1))}
    assert names <= {path.stem for path in GOLDEN}
    assert set(kind.UPCASTS) == set(range(1, kind.VERSION))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_event_ever_stored_can_still_be_read(path: Path) -> None:
    event = decode(stored(path), None)
    assert event is not None, "no topic may ever go"
    assert event.originator_id == KEY
    if stored(path).schema == type(event).VERSION:
        assert json.loads(encode(event, None).data) == json.loads(path.read_bytes())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_is_personal_is_never_in_the_open(path: Path) -> None:
    event = decode(stored(path), None)
    assert event is not None
    sealed = encode(event, CIPHER)
    assert not set(json.loads(sealed.data)) & set(type(event).PERSONAL)
    assert decode(sealed, CIPHER) == event
    erased = decode(sealed, None)
    assert erased is not None
    for name in type(event).PERSONAL:
        assert getattr(erased, name) in ("", None, [])


def test_the_form_of_encrypted_events_stays() -> None:
    sealed = "AAAAAAAAAAAAAAAAdZ7Bu81YoYcq4MZCOET+7e1hKzK5O8i4AsMRgESI//gumdA="
    data = json.dumps({"timestamp": "2026-01-02T03:04:05Z", "_": sealed})
    event = decode(Stored(KEY, 2, "message.edited", data), CIPHER)
    assert event is not None
    assert vars(event)["text"] == "How hot?"
