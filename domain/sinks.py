"""Sinks: who outside the house is told what people think of answers."""

from __future__ import annotations

from typing import Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid, NotFound

Kind = Literal["webhook", "otlp"]

NAME_CHARACTERS_MAX = 100
URL_CHARACTERS_MAX = 2_000


def checked(name: str, url: str) -> dict[str, str]:
    """Name and address as they are kept: http or https, no password in it."""
    name, url = name.replace("\x00", "").strip(), url.strip()
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise Invalid(f"name has 1 to {NAME_CHARACTERS_MAX} characters.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"url is not an address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("url must begin with http:// or https:// and name a host.")
    if "@" in parts.netloc:
        raise Invalid("url must not carry a name or password; use headers.")
    if len(url) > URL_CHARACTERS_MAX or not url.isprintable() or " " in url:
        raise Invalid(f"url has at most {URL_CHARACTERS_MAX} characters, none blank.")
    return {"name": name, "url": url}


class Sink(Aggregate):
    """An address to which ratings, and votes if wished, are sent in the order of the log.

    How far it was told is no fact of the log; neither are its secret and its headers, which are
    kept elsewhere, encrypted.
    """

    TOPIC = "sink"

    class Event(Aggregate.Event):
        """Anything that happens to a sink."""

    class Added(Event, Created):
        TOPIC = "sink.added"
        kind: Kind
        name: str
        url: str
        votes: bool
        from_position: int

    class Changed(Event):
        TOPIC = "sink.changed"
        name: str
        url: str
        votes: bool

        def apply(self, sink: Sink) -> None:
            sink.name, sink.url, sink.votes = self.name, self.url, self.votes

    class SecretsChanged(Event):
        TOPIC = "sink.secrets_changed"
        has_secret: bool
        header_names: list[str]

        def apply(self, sink: Sink) -> None:
            sink.has_secret, sink.header_names = self.has_secret, self.header_names

    class ReplayRequested(Event):
        TOPIC = "sink.replay_requested"
        from_position: int

        def apply(self, sink: Sink) -> None:
            sink.paused = ""

    class Paused(Event):
        TOPIC = "sink.paused"
        reason: str

        def apply(self, sink: Sink) -> None:
            sink.paused = self.reason

    class Resumed(Event):
        TOPIC = "sink.resumed"

        def apply(self, sink: Sink) -> None:
            sink.paused = ""

    class Removed(Event):
        TOPIC = "sink.removed"

        def apply(self, sink: Sink) -> None:
            sink.removed = True

    def __init__(self, kind: Kind, name: str, url: str, from_position: int, *, votes: bool) -> None:
        self.kind = kind
        self.name = name
        self.url = url
        self.votes = votes
        self.from_position = from_position
        self.has_secret = False
        self.header_names: list[str] = []
        self.paused = ""
        self.removed = False

    @property
    def is_closed(self) -> bool:
        return self.removed

    @classmethod
    def add(cls, sink_id: UUID, *, kind: Kind, name: str, url: str, **what: Any) -> Self:
        """Have somebody told from a position on; `what` is votes and from_position."""
        return cls._create(cls.Added, id=sink_id, kind=kind, **checked(name, url), **what)

    def change(self, *, name: str, url: str, votes: bool) -> None:
        """Change where it is and what it is told."""
        self.must_exist()
        after = checked(name, url)
        if (after["name"], after["url"], votes) != (self.name, self.url, self.votes):
            self.trigger_event(self.Changed, **after, votes=votes)

    def change_secrets(self, *, has_secret: bool, header_names: list[str]) -> None:
        """Record that the secret or the headers are others now, never what they are."""
        self.must_exist()
        self.trigger_event(
            self.SecretsChanged, has_secret=has_secret, header_names=sorted(header_names)
        )

    def replay(self, from_position: int) -> None:
        """Tell everything after a position once more; one that is paused goes on."""
        self.must_exist()
        self.trigger_event(self.ReplayRequested, from_position=from_position)

    def pause(self, reason: str) -> None:
        """Send nothing for now, and say why."""
        self.must_exist()
        if not self.paused:
            self.trigger_event(self.Paused, reason=reason)

    def resume(self) -> None:
        """Go on where it stopped."""
        self.must_exist()
        if self.paused:
            self.trigger_event(self.Resumed)

    def remove(self) -> None:
        """Tell it nothing more."""
        self.must_exist()
        self.trigger_event(self.Removed)

    def must_exist(self) -> None:
        """Refuse what would touch a removed sink."""
        if self.removed:
            raise NotFound("sink", self.id)
