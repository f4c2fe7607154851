"""Which news of knowledge bases and connections have files cut or indexed anew."""

from application.ports import Jobs
from domain.connections import Connection
from domain.document_settings import DOCUMENT_SETTINGS
from domain.knowledge import Knowledge
from domain.reactions import Reactions

recutting: Reactions[Jobs] = Reactions("recutting")


@recutting.on(Knowledge.CuttingChosen)
def on_cutting_chosen(event: Knowledge.CuttingChosen, jobs: Jobs) -> None:
    """Have all its files cut in another way."""
    jobs.enqueue("recut", event.originator_id)


@recutting.on(Knowledge.ReindexRequested)
def on_reindex_requested(event: Knowledge.ReindexRequested, jobs: Jobs) -> None:
    """Have all its files read and indexed anew."""
    jobs.enqueue("renew", event.originator_id)


@recutting.on(Knowledge.FileAdded)
def on_file_added(event: Knowledge.FileAdded, jobs: Jobs) -> None:
    """Have a file cut as its knowledge base wants it."""
    jobs.enqueue("ingest", event.file_id)


@recutting.on(Knowledge.FileRemoved)
def on_file_removed(event: Knowledge.FileRemoved, jobs: Jobs) -> None:
    """Have a file cut as others are, or as the next knowledge base wants it."""
    jobs.enqueue("ingest", event.file_id)


@recutting.on(Connection.Changed)
def on_connection_changed(event: Connection.Changed, jobs: Jobs) -> None:
    """Have the index made anew if its vectors came from a server that is another one now."""
    del event
    jobs.enqueue("reindex", DOCUMENT_SETTINGS)
