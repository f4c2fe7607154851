"""Battles: two answers to one question, and what a person thinks of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, Forbidden, Invalid

PREFIX = "arena:"

Slot = Literal["a", "b"]
SideStatus = Literal["complete", "error", "aborted"]


class Winner(StrEnum):
    """What a vote says."""

    MODEL_A = "model_a"
    MODEL_B = "model_b"
    TIE = "tie"
    BOTH_BAD = "both_bad"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a battle: who answers, in which answer, and by which names people know him."""

    answer_id: UUID
    model: str
    aliases: list[str]


@dataclass(frozen=True, slots=True)
class Draw:
    """How the sides were drawn; with pool, seed and version the draw can be done again."""

    pool: list[str]
    sampler: str
    sampler_version: int
    seed: int
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Blind:
    """What stands in for the name of a model until it is revealed."""

    battle_id: UUID
    slot: Slot

    def __str__(self) -> str:
        return f"{PREFIX}{self.battle_id}:{self.slot}"

    @classmethod
    def parse(cls, model: str) -> Blind | None:
        """The side behind such a name; None when it is the name of a model."""
        key, _, slot = model.removeprefix(PREFIX).partition(":")
        if not model.startswith(PREFIX) or slot not in ("a", "b"):
            return None
        try:
            return cls(UUID(key), "a" if slot == "a" else "b")
        except ValueError:
            return None


class Battle(Aggregate):
    """Answers of models that are hidden from whoever judges them.

    With one side alone it is an entry of the list of models that hides who answers; such a battle
    takes no votes. `blind` is False when the names were seen before the vote; then there is
    nothing to reveal.
    """

    TOPIC = "battle"

    class Event(Aggregate.Event):
        """Anything that happens to a battle."""

    class Started(Event, Created):
        TOPIC = "battle.started"
        PERSONAL = ("prompt_key",)
        owner: UUID
        chat_id: UUID
        question_id: UUID
        sides: dict[str, Side]
        draw: Draw | None
        entry: str
        blind: bool
        prompt_key: str

    class SideFinished(Event):
        """A side has ended; the true error of one that failed is for those who look after it."""

        TOPIC = "battle.side_finished"
        PERSONAL = ("error",)
        slot: Slot
        status: SideStatus
        style: dict[str, int]
        leaked: bool
        error: dict[str, str] | None

        def apply(self, battle: Battle) -> None:
            battle.finished[self.slot] = self.status

    class VoteCast(Event):
        TOPIC = "battle.vote_cast"
        voter_id: UUID
        winner: Winner
        after_reveal: bool

        def apply(self, battle: Battle) -> None:
            battle.winner = self.winner

    class VoteChanged(Event):
        TOPIC = "battle.vote_changed"
        voter_id: UUID
        winner: Winner
        after_reveal: bool

        def apply(self, battle: Battle) -> None:
            battle.winner = self.winner

    class VoteRetracted(Event):
        TOPIC = "battle.vote_retracted"
        voter_id: UUID
        after_reveal: bool

        def apply(self, battle: Battle) -> None:
            battle.winner = None

    class IdentityRevealed(Event):
        """From now on the models are named."""

        TOPIC = "battle.identity_revealed"
        sides: dict[str, Side]

        def apply(self, battle: Battle) -> None:
            battle.revealed = True

    class TopicAssigned(Event):
        TOPIC = "battle.topic_assigned"
        category: str
        language: str
        tags: list[str]
        classifier: str
        classifier_version: int

        def apply(self, battle: Battle) -> None:
            battle.classified_by = (self.classifier, self.classifier_version)

    def __init__(
        self, owner: UUID, chat_id: UUID, question_id: UUID, sides: dict[str, Side], *, blind: bool
    ) -> None:
        self.owner = owner
        self.chat_id = chat_id
        self.question_id = question_id
        self.sides = sides
        self.blind = blind
        self.revealed = not blind
        self.finished: dict[str, SideStatus] = {}
        self.winner: Winner | None = None
        self.classified_by: tuple[str, int] | None = None

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def root_id(self) -> UUID:
        return self.chat_id

    @property
    def is_named(self) -> bool:
        """Whether models that were hidden are known now."""
        return self.blind and self.revealed

    @property
    def is_alone(self) -> bool:
        """Whether one hidden model answers, and nothing is compared."""
        return len(self.sides) == 1

    @property
    def is_over(self) -> bool:
        """Whether all sides have ended."""
        return len(self.finished) == len(self.sides)

    @classmethod
    def start(cls, battle_id: UUID, **what: Any) -> Self:
        """Let hidden models answer a question; fields as in Started."""
        return cls._create(cls.Started, id=battle_id, **what)

    def finish_side(
        self,
        slot: Slot,
        status: SideStatus,
        *,
        style: dict[str, int],
        leaked: bool,
        error: dict[str, str] | None = None,
    ) -> None:
        """Record how a side ended; one that was continued ends once more."""
        self.trigger_event(
            self.SideFinished, slot=slot, status=status, style=style, leaked=leaked, error=error
        )

    def cast(self, winner: Winner, *, by: UUID) -> None:
        """Say who was better. The same again is no news; another one is a change."""
        self.admit_voter(by)
        if winner == self.winner:
            return
        if self.is_named:
            raise Conflict("The models are named; a vote comes too late.", code="already_revealed")
        kind = self.VoteCast if self.winner is None else self.VoteChanged
        self.trigger_event(kind, voter_id=by, winner=winner, after_reveal=False)

    def retract(self, *, by: UUID) -> None:
        """Take the vote back."""
        self.admit_voter(by)
        if self.winner is not None:
            self.trigger_event(self.VoteRetracted, voter_id=by, after_reveal=self.is_named)

    def reveal(self) -> None:
        """Name the models; two that are compared, only when both have answered."""
        if not self.revealed:
            if not self.is_alone:
                self.must_be_over()
            self.trigger_event(self.IdentityRevealed, sides=self.sides)

    def assign_topic(
        self, *, category: str, language: str, tags: list[str], classifier: str, version: int
    ) -> None:
        """Say what it is about. The same classifier says it once."""
        if self.classified_by != (classifier, version):
            self.trigger_event(
                self.TopicAssigned,
                category=category,
                language=language,
                tags=tags,
                classifier=classifier,
                classifier_version=version,
            )

    def admit_voter(self, voter: UUID) -> None:
        """Refuse who may not judge, and what cannot be judged yet."""
        if voter != self.owner:
            raise Forbidden("Only whoever asked may judge the answers.")
        if self.is_alone:
            raise Invalid("One answer alone cannot be compared; rate it.")
        self.must_be_over()

    def must_be_over(self) -> None:
        """Refuse to judge, or to be told, while somebody still answers."""
        if not self.is_over:
            raise Conflict("Wait until both answers have ended.", code="side_not_finished")


@dataclass(frozen=True, slots=True)
class Recording:
    """A battle as it was fought elsewhere. `style_*`: tokens, headers, lists, bold."""

    space: str
    source: str
    key: str
    model_a: str
    model_b: str
    blind: bool
    category: str
    language: str
    status_a: str
    status_b: str
    style_a: dict[str, float]
    style_b: dict[str, float]
    leaked_a: bool
    leaked_b: bool


class RecordedBattle(Aggregate):
    """A battle that was taken over from a file."""

    TOPIC = "recorded_battle"

    class Event(Aggregate.Event):
        """Anything that happens to a battle from elsewhere."""

    class Recorded(Event, Created):
        TOPIC = "recorded_battle.recorded"
        PERSONAL = ("prompt", "response_a", "response_b", "prompt_key")
        owner: UUID
        recording: Recording
        prompt: str
        response_a: str
        response_b: str
        prompt_key: str

    class TopicAssigned(Event):
        """What it is about was found out; `space` and `key` are those it was recorded with."""

        TOPIC = "recorded_battle.topic_assigned"
        space: str
        key: str
        category: str
        language: str
        tags: list[str]
        classifier: str
        classifier_version: int

        def apply(self, battle: RecordedBattle) -> None:
            battle.classified_by = (self.classifier, self.classifier_version)

    def __init__(self, owner: UUID, recording: Recording) -> None:
        self.owner = owner
        self.recording = recording
        self.classified_by: tuple[str, int] | None = None

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @staticmethod
    def id_of(space: str, key: str) -> UUID:
        """The same line of a file is the same battle."""
        return uuid5(SPACES, f"battle\n{space}\n{key}")

    @classmethod
    def record(cls, recording: Recording, **what: Any) -> Self:
        """Take a battle over; `timestamp` is when it was fought."""
        key = cls.id_of(recording.space, recording.key)
        return cls._create(cls.Recorded, id=key, recording=recording, **what)

    def assign_topic(
        self, *, category: str, language: str, tags: list[str], classifier: str, version: int
    ) -> None:
        """Say what it is about; what the file said stays. The same classifier says it once."""
        if self.classified_by != (classifier, version):
            self.trigger_event(
                self.TopicAssigned,
                space=self.recording.space,
                key=self.recording.key,
                category=self.recording.category or category,
                language=self.recording.language or language,
                tags=tags,
                classifier=classifier,
                classifier_version=version,
            )


class RecordedVote(Aggregate):
    """One act of a voter, taken over from a file; `seq` stays its place there."""

    TOPIC = "recorded_vote"

    class Event(Aggregate.Event):
        """Anything that happens to a vote from elsewhere."""

    class Recorded(Event, Created):
        TOPIC = "recorded_vote.recorded"
        space: str
        source: str
        seq: int
        voter: str
        battle: str
        action: Literal["cast", "change", "retract"]
        winner: Winner | None
        after_reveal: bool

    def __init__(self) -> None:
        """Nothing to decide about it."""

    @staticmethod
    def id_of(space: str, source: str, seq: int) -> UUID:
        """The same line of a file is the same act."""
        return uuid5(SPACES, f"vote\n{space}\n{source}\n{seq}")

    @classmethod
    def record(cls, *, space: str, source: str, seq: int, **what: Any) -> Self:
        """Take an act over; `timestamp` is when it was done."""
        key = cls.id_of(space, source, seq)
        return cls._create(cls.Recorded, id=key, space=space, source=source, seq=seq, **what)


SPACES = UUID("7d1f6f0e-5a5c-5d0e-8f43-0c7a2b9f6e21")
