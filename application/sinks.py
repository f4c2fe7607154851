"""Who outside is told of evaluations. Secrets and headers are kept elsewhere."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from application.users import require_administrator
from domain.errors import Conflict
from domain.sinks import Kind, Sink

BY_HAND = "Paused by an administrator."


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is told of the secrets of a sink: that they are there."""

    has_secret: bool = False
    header_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddSink(Command[Sink]):
    """Have somebody told of evaluations, from a position of the log on."""

    sink_id: UUID
    kind: Kind
    name: str
    url: str
    votes: bool
    from_position: int
    secrets: Secrets

    async def execute(self, work: Work) -> Sink:
        require_administrator(work)
        if known := await work.known(Sink, self.sink_id):
            if known.removed or (known.kind, known.url) != (self.kind, self.url.strip()):
                raise Conflict("Another sink has this id.")
            return known
        sink = Sink.add(
            self.sink_id,
            kind=self.kind,
            name=self.name,
            url=self.url,
            votes=self.votes,
            from_position=self.from_position,
        )
        if self.secrets != Secrets():
            sink.change_secrets(
                has_secret=self.secrets.has_secret, header_names=list(self.secrets.header_names)
            )
        work.add(sink)
        return sink


@dataclass(frozen=True, slots=True)
class ChangeSink(Command[Sink]):
    """Change where a sink is and what it is told; what is None stays."""

    sink_id: UUID
    name: str | None = None
    url: str | None = None
    votes: bool | None = None
    secrets: Secrets | None = None

    async def execute(self, work: Work) -> Sink:
        require_administrator(work)
        sink = await work.get(Sink, self.sink_id)
        sink.change(
            name=sink.name if self.name is None else self.name,
            url=sink.url if self.url is None else self.url,
            votes=sink.votes if self.votes is None else self.votes,
        )
        if self.secrets is not None:
            sink.change_secrets(
                has_secret=self.secrets.has_secret, header_names=list(self.secrets.header_names)
            )
        return sink


@dataclass(frozen=True, slots=True)
class ReplaySink(Command[None]):
    """Tell a sink everything after a position once more."""

    sink_id: UUID
    from_position: int

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Sink, self.sink_id)).replay(self.from_position)


@dataclass(frozen=True, slots=True)
class PauseSink(Command[None]):
    """Send a sink nothing for now."""

    sink_id: UUID
    reason: str = BY_HAND

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Sink, self.sink_id)).pause(self.reason)


@dataclass(frozen=True, slots=True)
class ResumeSink(Command[None]):
    """Go on with a sink where it stopped."""

    sink_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Sink, self.sink_id)).resume()


@dataclass(frozen=True, slots=True)
class RemoveSink(Command[None]):
    """Tell a sink nothing more, and forget it."""

    sink_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Sink, self.sink_id)).remove()
