"""How judgements are ordered as files, written by a worker, and removed again."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from application.command import Command, Work
from application.exporting.orders import Order
from application.ports import Jobs
from application.users import require_administrator
from domain.errors import Conflict, Invalid
from domain.exports import Export, Exported
from domain.reactions import Reactions

exporting: Reactions[Jobs] = Reactions("exporting")


@exporting.on(Export.Requested)
def on_requested(event: Export.Requested, jobs: Jobs) -> None:
    """Have it written."""
    jobs.enqueue("export", event.originator_id)


@exporting.on(Export.Deleted)
def on_deleted(event: Export.Deleted, jobs: Jobs) -> None:
    """Have its files removed."""
    jobs.enqueue("export", event.originator_id)


def kept(order: Order) -> dict[str, Any]:
    """An order as its event keeps it."""
    found: dict[str, Any] = asdict(order)
    return {**found, "formats": list(order.formats), "redact": list(order.redact)}


@dataclass(frozen=True, slots=True)
class RequestExport(Command[None]):
    """Have judgements written to files. The caller chooses the id, so wishing twice is once."""

    export_id: UUID
    order: Order

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        order = kept(self.order)
        if known := await work.known(Export, self.export_id):
            if (known.owner, known.order) != (work.actor.id, order):
                raise Conflict("Another export has this id.")
            return
        await self._require_earlier(work)
        work.add(Export.request(self.export_id, owner=work.actor.id, order=order))

    async def _require_earlier(self, work: Work) -> None:
        """Refuse to compare with what is not kept here; files of the command line are not."""
        if self.order.since is None:
            return
        earlier = await work.find(Export, UUID(self.order.since))
        if earlier is None or earlier.state != "done" or earlier.exported is None:
            raise Invalid("since: there is no such export whose files are kept here.")


@dataclass(frozen=True, slots=True)
class RecordExport(Command[None]):
    """Remember an export that was written to a folder."""

    export_id: UUID
    order: Order
    exported: Exported

    async def execute(self, work: Work) -> None:
        if await work.known(Export, self.export_id) is None:
            work.add(
                Export.record(
                    self.export_id,
                    owner=work.actor.id,
                    order=kept(self.order),
                    exported=self.exported,
                )
            )


@dataclass(frozen=True, slots=True)
class FinishExport(Command[None]):
    """Record what an export came to."""

    export_id: UUID
    exported: Exported

    async def execute(self, work: Work) -> None:
        (await work.get(Export, self.export_id)).finish(self.exported)


@dataclass(frozen=True, slots=True)
class FailExport(Command[None]):
    """Record that an export cannot be written, and why."""

    export_id: UUID
    reason: str

    async def execute(self, work: Work) -> None:
        (await work.get(Export, self.export_id)).fail(self.reason)


@dataclass(frozen=True, slots=True)
class DeleteExport(Command[None]):
    """Remove an export and its files."""

    export_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Export, self.export_id)).delete()
