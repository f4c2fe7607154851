"""How it is found out what battles are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.command import Command, Work
from application.ports import Jobs
from domain.battles import Battle, RecordedBattle
from domain.reactions import Reactions

classifying: Reactions[Jobs] = Reactions("classifying")

Kind = type[Battle] | type[RecordedBattle]


@classifying.on(Battle.SideFinished)
def on_side_finished(event: Battle.SideFinished, jobs: Jobs) -> None:
    """Have it found out, once both have ended."""
    jobs.enqueue("classify", event.originator_id)


@dataclass(frozen=True, slots=True)
class AssignTopics(Command[None]):
    """Say what some battles are about."""

    topics: Sequence[tuple[Kind, UUID, Mapping[str, Any]]]

    async def execute(self, work: Work) -> None:
        for kind, battle_id, topic in self.topics:
            (await work.get(kind, battle_id)).assign_topic(**topic)
