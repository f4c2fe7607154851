"""How drives are linked, and how files are fetched from there."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from application.knowledge import changing
from application.ports import Jobs
from domain.drive_files import DriveFile
from domain.drives import Drive, Kind, Reason, drive_id_of, not_linked
from domain.errors import Conflict
from domain.reactions import Reactions

FETCH = "fetch_drive_file"

fetching: Reactions[Jobs] = Reactions("fetching")


@fetching.on(DriveFile.Chosen)
def on_chosen(event: DriveFile.Chosen, jobs: Jobs) -> None:
    """Have the file fetched."""
    jobs.enqueue(FETCH, event.originator_id)


@dataclass(frozen=True, slots=True)
class LinkDrive(Command[None]):
    """Let files be fetched from one's drive."""

    kind: Kind
    account: str

    async def execute(self, work: Work) -> None:
        owner = work.actor.id
        drive = await work.find(Drive, drive_id_of(owner, self.kind))
        if drive is None:
            work.add(Drive.link(owner=owner, kind=self.kind, account=self.account))
        else:
            drive.link_again(self.account)


@dataclass(frozen=True, slots=True)
class UnlinkDrive(Command[None]):
    """Fetch nothing from one's drive any more; what was fetched stays."""

    kind: Kind
    reason: Reason = "wish"

    async def execute(self, work: Work) -> None:
        drive = await work.find(Drive, drive_id_of(work.actor.id, self.kind))
        if drive is not None:
            drive.unlink(self.reason)


@dataclass(frozen=True, slots=True)
class Choice:
    """A file of a drive: the id of the wish, its id there, and what it is called there."""

    key: UUID
    item: str
    name: str


@dataclass(frozen=True, slots=True)
class ChooseDriveFiles(Command[None]):
    """Have files of one's drive fetched, perhaps into a knowledge base."""

    kind: Kind
    choices: tuple[Choice, ...]
    knowledge_id: UUID | None = None
    directory_id: UUID | None = None

    async def execute(self, work: Work) -> None:
        owner = work.actor.id
        drive = await work.find(Drive, drive_id_of(owner, self.kind))
        if drive is None:
            raise not_linked(self.kind)
        drive.must_be_linked()
        await self._check_place(work)
        for each in self.choices:
            if known := await work.known(DriveFile, each.key):
                known.admit(owner)
                if (known.kind, known.item) != (self.kind, each.item):
                    raise Conflict("Another file of a drive has this id.")
                continue
            chosen = DriveFile.choose(
                each.key,
                owner=owner,
                kind=self.kind,
                item=(each.item, each.name),
                place=(self.knowledge_id, self.directory_id),
            )
            work.add(chosen)

    async def _check_place(self, work: Work) -> None:
        if self.knowledge_id is None:
            return
        knowledge = await changing(work, self.knowledge_id)
        if self.directory_id is not None:
            knowledge.directory(self.directory_id)


@dataclass(frozen=True, slots=True)
class StopDriveFile(Command[None]):
    """Do not have a chosen file fetched after all; one that is here stays."""

    key: UUID

    async def execute(self, work: Work) -> None:
        file = await work.get(DriveFile, self.key)
        file.admit(work.actor.id)
        file.fail("stopped", "It was stopped.")


@dataclass(frozen=True, slots=True)
class RecordArrived(Command[None]):
    """Record which file a chosen one became."""

    key: UUID
    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await work.get(DriveFile, self.key)).arrive(self.file_id)


@dataclass(frozen=True, slots=True)
class RecordFetchFailure(Command[None]):
    """Record why a chosen file cannot be had."""

    key: UUID
    reason: str
    message: str

    async def execute(self, work: Work) -> None:
        (await work.get(DriveFile, self.key)).fail(self.reason, self.message)
