"""How routes keep files: within the limits, and shown to whoever brought them."""

import hashlib
from uuid import UUID

from application.documents.settings import Limits, settings_of
from application.files import AddFile, Content, check_limits
from domain.document_settings import DOCUMENT_SETTINGS, DocumentSettings
from domain.errors import NotFound
from interfaces.http.call import Call
from interfaces.http.file_shapes import FileShape, shown
from interfaces.services import Services
from projections import files as projection


async def limits(services: Services) -> Limits:
    """What administrators allow to be uploaded, as they chose it last."""
    try:
        chosen = await services.log.get(DocumentSettings, DOCUMENT_SETTINGS)
    except NotFound:
        return Limits()
    return settings_of(chosen.values).limits


async def keep_text_file(
    call: Call, file_id: UUID, named: tuple[str, str], text: str, source: str = ""
) -> FileShape:
    """Keep a text as a new file of a name and a media type, and show it."""
    data = text.encode()
    name, media_type = named
    check_limits(await limits(call.services), name, len(data))
    content = Content(name, media_type, len(data), hashlib.sha256(data).hexdigest())
    await call.services.files.keep(data, content, file_id)
    await call.execute(AddFile(file_id, content, source))
    return await current(call, file_id)


async def current(call: Call, file_id: UUID) -> FileShape:
    """A file after all this person wrote here."""
    async with call.read(projection.files, own=True) as db:
        row = await projection.file(db, file_id, call.actor.id)
        (found,) = await shown(db, [row], call.actor.id)
    return found
