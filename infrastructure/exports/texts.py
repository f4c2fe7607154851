"""What was asked and answered, read from the log as it stood at a position."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.ports import Turn
from domain.aggregate import Aggregate
from domain.answers import Answer
from domain.chats import Chat
from domain.messages import Message

DEPTH_MAX = 1_000


class Histories(Protocol):
    """A log that tells all that happened to many things."""

    async def histories(
        self, keys: Sequence[UUID], until: int
    ) -> dict[UUID, list[Aggregate.Event]]:
        """The events of many streams up to a position."""


@dataclass(slots=True)
class Said:
    """A message: what it follows and says. Without text it was deleted, or its person erased."""

    parent_id: UUID | None
    is_question: bool
    text: str = ""

    @property
    def turn(self) -> Turn:
        """As a model reads it."""
        return Turn("user" if self.is_question else "assistant", self.text)


class Texts:
    """Reads many conversations at once, one round trip for each level of the longest."""

    def __init__(self, log: Histories, until: int) -> None:
        self._log = log
        self._until = until
        self._known: dict[UUID, Said | None] = {}

    async def of(self, keys: Iterable[UUID]) -> dict[UUID, Said | None]:
        """Messages by their ids; None for what never was."""
        wanted = {each for each in keys if each not in self._known}
        if wanted:
            found = await self._log.histories(sorted(wanted), self._until)
            self._known |= {each: said_in(found.get(each, ())) for each in wanted}
        return self._known

    async def contexts(self, questions: Iterable[UUID]) -> dict[UUID, list[Turn]]:
        """What stood above each question and the question itself, oldest first.

        A conversation of which a part is gone is empty: it would not be what models were asked.
        """
        paths: dict[UUID, list[Said]] = {each: [] for each in questions}
        heads: dict[UUID, UUID] = {each: each for each in paths}
        for _ in range(DEPTH_MAX):
            if not heads:
                break
            known = await self.of(heads.values())
            for question, here in list(heads.items()):
                said = known[here]
                if said is None or not said.text:
                    paths[question] = []
                    del heads[question]
                    continue
                paths[question].append(said)
                if said.parent_id is None:
                    del heads[question]
                else:
                    heads[question] = said.parent_id
        return {key: [each.turn for each in reversed(path)] for key, path in paths.items()}

    async def systems(self, chats: Iterable[UUID]) -> dict[UUID, str]:
        """The instructions of chats."""
        wanted = sorted(set(chats))
        found = await self._log.histories(wanted, self._until) if wanted else {}
        return {key: system_in(found.get(key, ())) for key in wanted}

    def forget(self) -> None:
        """Let go of what was read, so that the next page costs no more than this one."""
        self._known.clear()


def said_in(events: Iterable[Aggregate.Event]) -> Said | None:
    """What a message says after these events."""
    said: Said | None = None
    for event in events:
        match event:
            case Message.Posted():
                said = Said(event.parent_id, is_question=True, text=event.text)
            case Answer.Requested():
                said = Said(event.question_id, is_question=False)
            case Answer.Recorded():
                said = Said(event.question_id, is_question=False, text=event.text)
            case Message.Edited() | Answer.Edited() | Answer.Ended() if said:
                said.text = event.text
            case Message.Deleted() | Answer.Deleted() if said:
                said.text = ""
    return said


def system_in(events: Iterable[Aggregate.Event]) -> str:
    """The instructions of a chat after these events."""
    configured = [each.system for each in events if isinstance(each, Chat.Configured)]
    return configured[-1] if configured else ""
