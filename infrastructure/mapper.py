"""Events as the log keeps them: plain JSON without type tags, personal fields encrypted."""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_origin, get_type_hints
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from domain.aggregate import Aggregate, Created, topic_of
from infrastructure.topics import topics

ENVELOPE = frozenset({"originator_id", "originator_version", "originator_topic"})
SEALED = "_"
NONCE_BYTES = 12


class Unreadable(Exception):
    """An event of a known kind cannot be read: damaged, or written by another installation."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it is kept."""

    stream_id: UUID
    version: int
    type: str
    data: str
    schema: int = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """What the mapper knows of one kind of event."""

    topic: str
    kind: type[Aggregate.Event]
    origin: str | None
    adapter: TypeAdapter[Aggregate.Event]
    blanks: dict[str, Any]

    @classmethod
    def of(cls, kind: type[Aggregate.Event], aggregate: type[Aggregate]) -> "Shape":
        """Look once, for all events of this kind."""
        hints = get_type_hints(kind)
        return cls(
            topic=topic_of(kind),
            kind=kind,
            origin=topic_of(aggregate) if issubclass(kind, Created) else None,
            adapter=TypeAdapter(kind),
            blanks={name: blank(hints[name]) for name in kind.PERSONAL},
        )


@cache
def shape_of(topic: str) -> Shape | None:
    """What is known of a topic; None when this version of the product does not know it."""
    found = topics().get(topic)
    return Shape.of(*found) if found else None


def blank(hint: Any) -> Any:
    """What is read in place of a personal field whose key was erased."""
    if hint is str:
        return ""
    return [] if get_origin(hint) is list else None


def encode(event: Aggregate.Event, cipher: AESGCM | None, *, blind: bool = False) -> Stored:
    """Write an event down. Without a cipher nothing is encrypted; blind leaves out what would be.

    The cipher is bound to the event's place, so nobody can move text between events.
    """
    topic = topic_of(type(event))
    facts = {name: value for name, value in vars(event).items() if name not in ENVELOPE}
    personal = type(event).PERSONAL
    if personal and (cipher or blind):
        secret = written({name: facts.pop(name) for name in personal})
        if cipher:
            place = place_of(event.originator_id, event.originator_version, topic)
            nonce = os.urandom(NONCE_BYTES)
            sealed = nonce + cipher.encrypt(nonce, secret, place)
            facts[SEALED] = b64encode(sealed).decode()
    return Stored(
        event.originator_id,
        event.originator_version,
        topic,
        written(facts).decode(),
        type(event).VERSION,
    )


def decode(stored: Stored, cipher: AESGCM | None) -> Aggregate.Event | None:
    """Read an event; None for a kind this version does not know.

    Older shapes are lifted to today's, and what cannot be decrypted because its key was erased
    is blank. Raises Unreadable for what is damaged.
    """
    shape = shape_of(stored.type)
    if shape is None:
        return None
    try:
        facts = from_json(stored.data)
        facts = {**shape.blanks, **facts, **opened(facts.pop(SEALED, None), stored, cipher)}
        for version in range(stored.schema, shape.kind.VERSION):
            facts = shape.kind.UPCASTS[version](facts)
        facts["originator_id"] = stored.stream_id
        facts["originator_version"] = stored.version
        if shape.origin:
            facts["originator_topic"] = shape.origin
        return shape.adapter.validate_python(facts)
    except (InvalidTag, KeyError, TypeError, ValidationError, ValueError) as error:
        raise Unreadable(
            f"{stored.type} {stored.stream_id} v{stored.version}: {type(error).__name__}"
        ) from error


def opened(sealed: str | None, stored: Stored, cipher: AESGCM | None) -> dict[str, Any]:
    """The personal fields of an event, or none of them when the key was erased."""
    if sealed is None or cipher is None:
        return {}
    raw = b64decode(sealed)
    place = place_of(stored.stream_id, stored.version, stored.type)
    secret: dict[str, Any] = from_json(cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place))
    return secret


def written(facts: dict[str, Any]) -> bytes:
    """Facts as JSON. What models send may hold halves of characters; those are mended."""
    try:
        return to_json(facts, inf_nan_mode="null")
    except PydanticSerializationError:
        return to_json(mended(facts), inf_nan_mode="null")


def mended(value: Any) -> Any:
    """The same value with texts that can be stored: pairs of halves joined, others replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {mended(key): mended(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [mended(each) for each in value]
    return value


def place_of(stream_id: UUID, version: int, topic: str) -> bytes:
    """What ties encrypted text to its event."""
    return b"%s/%d/%s" % (stream_id.bytes, version, topic.encode())


def names_of(kind: type[Aggregate.Event]) -> list[str]:
    """The fields of a kind of event that are its own."""
    return [each.name for each in fields(kind) if each.name not in ENVELOPE | {"timestamp"}]
