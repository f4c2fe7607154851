"""What one can do to a file, and what becomes of it by itself."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from application.documents.settings import Limits
from application.knowledge import changing
from application.ports import Jobs
from domain.errors import Conflict, Invalid, TooLarge
from domain.files import File, Stage
from domain.reactions import Reactions

ingesting: Reactions[Jobs] = Reactions("ingesting")


def on_news(event: File.Event, jobs: Jobs) -> None:
    """Have the file read and indexed, as far as it is not."""
    jobs.enqueue("ingest", event.originator_id)


for news in (File.Added, File.Replaced, File.Retried, File.TextEdited, File.Restored):
    ingesting.on(news)(on_news)


@ingesting.on(File.Deleted)
def on_deleted(event: File.Deleted, jobs: Jobs) -> None:
    """Have its bytes, text and vectors removed."""
    jobs.enqueue("forget", event.originator_id)


async def open_file(work: Work, file_id: UUID) -> File:
    """The file of somebody who may change it."""
    file = await work.get(File, file_id)
    file.admit(work.actor.id)
    return file


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are kept, and what they are called."""

    name: str
    media_type: str
    size: int
    sha256: str


def check_limits(limits: Limits, name: str, size: int) -> None:
    """Refuse what administrators do not want to be uploaded."""
    if size > limits.file_bytes_max:
        raise TooLarge(f"A file has at most {limits.file_bytes_max} bytes.")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    allowed = [each.strip().lstrip(".").lower() for each in limits.extensions]
    if allowed and ending not in allowed:
        raise Invalid(f"name: only files that end with {', '.join(allowed)} are taken.")


@dataclass(frozen=True, slots=True)
class AddFile(Command[None]):
    """Keep a file. The caller chooses its id, so wishing twice keeps one."""

    file_id: UUID
    content: Content
    source: str = ""

    async def execute(self, work: Work) -> None:
        content = self.content
        if known := await work.known(File, self.file_id):
            known.admit(work.actor.id)
            if known.sha256 != content.sha256:
                raise Conflict("Another file has this id.")
            return
        file = File.add(
            self.file_id,
            owner=work.actor.id,
            source=self.source,
            name=content.name,
            media_type=content.media_type,
            size=content.size,
            sha256=content.sha256,
        )
        work.add(file)


@dataclass(frozen=True, slots=True)
class RenameFile(Command[None]):
    """Call a file something else."""

    file_id: UUID
    name: str

    async def execute(self, work: Work) -> None:
        (await open_file(work, self.file_id)).rename(self.name)


@dataclass(frozen=True, slots=True)
class ReplaceFile(Command[None]):
    """Put other bytes in the place of a file; where it is used, it stays."""

    file_id: UUID
    content: Content

    async def execute(self, work: Work) -> None:
        content = self.content
        (await open_file(work, self.file_id)).replace(
            name=content.name,
            media_type=content.media_type,
            size=content.size,
            sha256=content.sha256,
        )


@dataclass(frozen=True, slots=True)
class KeepFile(Command[None]):
    """Add or replace a file and put it into a knowledge base; both or nothing."""

    keep: AddFile | ReplaceFile
    knowledge_id: UUID
    directory_id: UUID | None = None

    async def execute(self, work: Work) -> None:
        await self.keep.execute(work)
        knowledge = await changing(work, self.knowledge_id)
        knowledge.place_file(self.keep.file_id, directory_id=self.directory_id)


@dataclass(frozen=True, slots=True)
class EditText(Command[None]):
    """Record that somebody put another text in place of the one that was read."""

    file_id: UUID
    text_sha256: str
    characters: int

    async def execute(self, work: Work) -> None:
        file = await open_file(work, self.file_id)
        file.edit_text(self.text_sha256, characters=self.characters)


@dataclass(frozen=True, slots=True)
class RetryFile(Command[None]):
    """Try again to read or index a file that failed."""

    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_file(work, self.file_id)).retry()


@dataclass(frozen=True, slots=True)
class RetryAsWell(Command[None]):
    """Try again a file that failed, since its knowledge base is indexed anew."""

    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await work.get(File, self.file_id)).retry()


@dataclass(frozen=True, slots=True)
class TrashFile(Command[None]):
    """Put a file into the trash."""

    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_file(work, self.file_id)).trash()


@dataclass(frozen=True, slots=True)
class RestoreFile(Command[None]):
    """Take a file out of the trash."""

    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_file(work, self.file_id)).restore()


@dataclass(frozen=True, slots=True)
class DeleteFile(Command[None]):
    """Remove a file in the trash for good, with its bytes, text and vectors."""

    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_file(work, self.file_id)).delete()


@dataclass(frozen=True, slots=True)
class ExpireFile(Command[None]):
    """Remove a file that lay in the trash for long; one that was taken out stays."""

    file_id: UUID

    async def execute(self, work: Work) -> None:
        file = await work.get(File, self.file_id)
        if file.trashed:
            file.delete()


@dataclass(frozen=True, slots=True)
class StartReading(Command[None]):
    """Begin to read the bytes of a file; refused when it has others by now."""

    file_id: UUID
    sha256: str

    async def execute(self, work: Work) -> None:
        (await work.get(File, self.file_id)).start_reading(self.sha256)


@dataclass(frozen=True, slots=True)
class RecordRead(Command[None]):
    """Record the text that was read from the bytes `sha256`; refused when they are old.

    `again`: of a file that can be found already; only another text changes it.
    """

    file_id: UUID
    sha256: str
    text_sha256: str
    characters: int
    pages: int
    loader: str
    title: str = ""
    again: bool = False

    async def execute(self, work: Work) -> None:
        file = await work.get(File, self.file_id)
        record = file.record_reread if self.again else file.record_read
        record(
            self.sha256,
            text_sha256=self.text_sha256,
            characters=self.characters,
            pages=self.pages,
            loader=self.loader,
            title=self.title,
        )


@dataclass(frozen=True, slots=True)
class RecordIndexed(Command[None]):
    """Record that all passages of a text can be found; refused when the text is old."""

    file_id: UUID
    text_sha256: str
    passages: int

    async def execute(self, work: Work) -> None:
        file = await work.get(File, self.file_id)
        file.record_indexed(self.text_sha256, passages=self.passages)


@dataclass(frozen=True, slots=True)
class RecordFailure(Command[None]):
    """Record why a file cannot be read or indexed; refused when it moved on.

    `of` is what the worker worked on: the hash of the bytes while reading, of the text after.
    """

    file_id: UUID
    stage: Stage
    of: str
    kind: str
    message: str

    async def execute(self, work: Work) -> None:
        file = await work.get(File, self.file_id)
        fail = file.fail_reading if self.stage == "reading" else file.fail_indexing
        fail(self.of, kind=self.kind, message=self.message)
