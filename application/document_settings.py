"""How administrators choose where vectors lie, and how texts are cut, read and found."""

from dataclasses import dataclass, field

from application.command import Command, Work
from application.documents import settings
from application.ports import Jobs
from application.users import require_administrator
from domain.document_settings import DOCUMENT_SETTINGS, DocumentSettings, Values, merged
from domain.reactions import Reactions

REBUILDING = ("store", "embedding", "cutting")

reindexing: Reactions[Jobs] = Reactions("reindexing")


@reindexing.on(DocumentSettings.Changed)
def on_changed(event: DocumentSettings.Changed, jobs: Jobs) -> None:
    """Have the vector index made anew where it does not fit any more."""
    if any(section in event.values for section in REBUILDING):
        jobs.enqueue("reindex", event.originator_id)


@dataclass(frozen=True, slots=True)
class ChangeDocumentSettings(Command[settings.DocumentSettings]):
    """Choose something else for documents; what is left out stays. Keys are kept elsewhere."""

    values: Values = field(default_factory=dict)

    async def execute(self, work: Work) -> settings.DocumentSettings:
        require_administrator(work)
        chosen = await work.find(DocumentSettings, DOCUMENT_SETTINGS)
        if chosen is None:
            chosen = DocumentSettings.open()
            work.add(chosen)
        after = settings.settings_of(merged(chosen.values, self.values))
        before = settings.values_of(settings.settings_of(chosen.values))
        chosen.change(before, settings.values_of(after))
        return after
