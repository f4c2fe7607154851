"""All that keeps the bytes of files, put together as an installation chose."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from application.documents.blobs import Blobs
from application.files import Content
from infrastructure.blobs.content import ContentBlobs
from infrastructure.blobs.disk import DiskStore
from infrastructure.blobs.holdings import Holdings
from infrastructure.blobs.scratch import Scratch
from infrastructure.blobs.store import Store
from infrastructure.blobs.uploads import Uploads
from infrastructure.postgres import Pool
from infrastructure.settings import Settings


@dataclass(frozen=True, slots=True)
class FileStores:
    """The bytes, who needs them, and what is on its way."""

    scratch: Scratch
    blobs: Blobs
    holdings: Holdings
    uploads: Uploads

    @classmethod
    def of(cls, settings: Settings, pool: Pool) -> Self:
        """Those of an installation; nothing is connected before it is used."""
        scratch = Scratch(settings.data_folder)
        store: Store = DiskStore(settings.data_folder)
        if settings.blobs_url:
            from infrastructure.blobs.bucket import open_bucket  # noqa: PLC0415 (only for buckets)

            store = open_bucket(settings, scratch)
        blobs = ContentBlobs(store, scratch)
        return cls(scratch, blobs, Holdings(pool, blobs), Uploads(pool, store, scratch))

    async def keep(self, source: Path | bytes, content: Content, file_id: UUID) -> None:
        """Keep bytes for a file that is about to have them."""
        await self.holdings.keep(content.sha256, file_id)
        await self.blobs.put(source, content.sha256, content.size)
