"""How an import is asked for, gone on with by a worker, and stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from application.importing.kinds import check_parts, check_size
from application.ports import Jobs
from application.users import require_administrator
from domain.aggregate import Aggregate
from domain.errors import Conflict
from domain.imports import Import, SentFile, Step
from domain.reactions import Reactions

importing: Reactions[Jobs] = Reactions("importing")


@importing.on(Import.Asked)
def on_asked(event: Import.Asked, jobs: Jobs) -> None:
    """Have it taken over."""
    jobs.enqueue("import", event.originator_id)


@importing.on(Import.Cancelled)
def on_cancelled(event: Import.Cancelled, jobs: Jobs) -> None:
    """Have its bytes removed."""
    jobs.enqueue("import", event.originator_id)


@dataclass(frozen=True, slots=True)
class AskImport(Command[None]):
    """Have files of judgements taken over. The caller chooses the id, so wishing twice is once."""

    import_id: UUID
    kind: str
    space: str
    name: str
    files: Sequence[SentFile]

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        check_parts(self.kind, [each.part for each in self.files], self.space)
        for each in self.files:
            check_size(each.part, each.size)
        if known := await work.known(Import, self.import_id):
            wished = (work.actor.id, self.kind, self.space, list(self.files))
            if (known.owner, known.kind, known.space, known.files) != wished:
                raise Conflict("Another import has this id.")
            return
        work.add(
            Import.ask(
                self.import_id,
                owner=work.actor.id,
                kind=self.kind,
                space=self.space,
                name=self.name,
                files=list(self.files),
            )
        )


@dataclass(frozen=True, slots=True)
class StartImport(Command[None]):
    """Record that a worker has it."""

    import_id: UUID

    async def execute(self, work: Work) -> None:
        (await work.get(Import, self.import_id)).start()


@dataclass(frozen=True, slots=True)
class AdvanceImport(Command[None]):
    """Take over what some lines tell, and note in the same moment that they were read."""

    import_id: UUID
    step: Step
    told: Sequence[Aggregate]

    async def execute(self, work: Work) -> None:
        (await work.get(Import, self.import_id)).advance(self.step)
        for each in self.told:
            work.add(each)


@dataclass(frozen=True, slots=True)
class FinishImport(Command[None]):
    """Record that all lines are read."""

    import_id: UUID

    async def execute(self, work: Work) -> None:
        (await work.get(Import, self.import_id)).finish()


@dataclass(frozen=True, slots=True)
class FailImport(Command[None]):
    """Record that an import cannot be gone on with, and why."""

    import_id: UUID
    reason: str

    async def execute(self, work: Work) -> None:
        (await work.get(Import, self.import_id)).fail(self.reason)


@dataclass(frozen=True, slots=True)
class CancelImport(Command[None]):
    """Stop an import; what was taken over stays."""

    import_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Import, self.import_id)).cancel()
