"""What the application needs from the world. Infrastructure fits these sockets."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from domain.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and how we know: written into the envelope of every event."""

    id: UUID
    kind: Literal["user", "system"] = "user"
    session_id: str | None = None
    auth: str | None = None
    role: str = "user"
    request_id: str | None = None

    @property
    def is_administrator(self) -> bool:
        """Whether this is an administrator."""
        return self.role == "administrator"


SYSTEM = Actor(UUID(int=0), kind="system", role="administrator")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is recorded around all events of one command: who, why, in which request."""

    actor: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None


Guard = tuple[UUID, UUID | None]


class Log(Protocol):
    """The one ordered record of everything that happened."""

    async def get(self, kind: type[A], key: UUID, *, fresh: bool = True) -> A:
        """Give an aggregate of one's own to work on, or raise NotFound.

        With fresh=False a remembered one will do: if it was stale, append says so.
        """

    async def append(
        self, changed: Sequence[Aggregate], guards: Sequence[Guard], envelope: Envelope
    ) -> int | None:
        """Record all pending events in one transaction; return the last position, None for none.

        Guards are streams that must exist, be open and, where a root is given, belong to it.
        Raises Stale when a stream is not at the
        version it was decided on, or a guard is closed; then nothing was recorded. A command id
        that was recorded before answers with its position and records nothing.
        """


class Stale(Exception):
    """Somebody else was faster; look again and decide again."""


class Unavailable(Exception):
    """An engine is down for the moment; the same request may be sent again later."""


ChunkKind = Literal["start", "delta", "reasoning", "status", "restarted", "done"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer on its way to the reader.

    `id` is an opaque place in the stream, to come back to. `data` is what the reader gets as
    JSON: {"text": ...} for delta and reasoning, free for status, {"status": ...} for done.
    """

    id: str
    kind: ChunkKind
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What an answer has so far. `base` is the attempt at which this text began."""

    text: str = ""
    reasoning: str = ""
    base: int = 0


class AnswerWriter(Protocol):
    """Writes one attempt at one answer to its readers."""

    def write(self, kind: ChunkKind, data: Mapping[str, Any]) -> None:
        """Add a piece; text pieces are coalesced for some ten milliseconds.

        Never fails: what the stream cannot take, readers get from memory or the log later.
        """

    async def close(self) -> None:
        """Write what is still held back."""


class AnswerStreams(Protocol):
    """Answers while they are being written. Readers may come late and come back."""

    def writer(
        self, answer_id: UUID, attempt: int, model: str, so_far: Written | None = None
    ) -> AnswerWriter:
        """Begin an attempt, going on after a text if one is given; attempt numbers rise."""

    async def written(self, answer_id: UUID) -> Written | None:
        """What readers may have seen, if the stream still has it."""

    def read(self, answer_id: UUID, after: str = "") -> AsyncGenerator[Chunk, None]:
        """Yield the pieces after a place, waiting for more until done."""


class ModelFailed(Exception):
    """A model cannot answer, and asking again at once would not help."""

    def __init__(self, kind: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation as a model sees it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Given:
    """A passage to be quoted from: its number, its citation, and how near it is in meaning."""

    n: int
    text: str
    citation: Mapping[str, Any]
    meaning: float | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked. `continues`: the last turn is its own, to be continued.

    `passages` are for who has no words of his own; language models have them in their turns.
    `attached`: somebody chose the documents they come from.
    """

    model: str
    turns: tuple[Turn, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    continues: bool = False
    user_id: UUID | None = None
    passages: tuple[Given, ...] = ()
    attached: bool = False


PieceKind = Literal["text", "reasoning", "tool_call", "usage", "citations", "finish"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something a model sent: `text` for text and reasoning, `data` for the rest.

    tool_call: {index, id, name, arguments}; usage: {input_tokens, output_tokens, ...};
    citations: {"items": [{n, title, quote, source, ...}]}; finish: {"reason": ...}.
    """

    kind: PieceKind
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """Something that answers."""

    def answer(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Yield the answer piece by piece, or raise ModelFailed (also in the middle)."""

    @property
    def continues_prefix(self) -> bool:
        """Whether it goes on exactly after a last turn of its own."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model one can choose. `id` carries the prefix of its connection."""

    id: str
    name: str
    connection_id: UUID
    kind: str
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class DeadConnection:
    """A connection that could not be asked, and why."""

    connection_id: UUID
    base_url: str
    error: str


@dataclass(frozen=True, slots=True)
class ModelList:
    """What can be chosen now, and what could not be asked in time."""

    models: tuple[ModelInfo, ...]
    unavailable: tuple[DeadConnection, ...] = ()


class Models(Protocol):
    """All models of all connections."""

    async def list(self) -> ModelList:
        """Every model within a time limit; one dead server never blocks the rest."""

    async def find(self, model_id: str) -> tuple[Model, ModelInfo]:
        """The model of that id, or raise ModelFailed("unknown_model")."""


class Jobs(Protocol):
    """Work for later, asked for in the transaction of a follower's checkpoint."""

    def enqueue(self, job: str, key: UUID, **arguments: Any) -> None:
        """Ask for one job; the same job with the same key is asked for once."""
