"""What questions are about: as it is sent, checked, and shown."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from domain.errors import NotFound
from domain.messages import (
    ATTACHMENTS_MAX,
    URL_CHARACTERS_MAX,
    Attachment,
    checked_attachments,
)
from interfaces.http.call import Call
from interfaces.http.fields import Body, Line
from interfaces.http.message_shapes import Names
from projections import scopes
from projections.attachments import attachments as projection
from projections.branches import MessageRow

WHAT = {"file": "file", "knowledge": "knowledge base"}


class NewAttachment(Body):
    """A file or knowledge base by its id, or a page of the web by its address.

    `whole`: all of its text is to be read, if it fits.
    """

    kind: Literal["file", "knowledge", "web"]
    id: UUID | None = None
    url: Annotated[Line | None, Field(max_length=URL_CHARACTERS_MAX)] = None
    whole: StrictBool = False


NewAttachments = Annotated[list[NewAttachment], Field(max_length=ATTACHMENTS_MAX)]


async def checked(
    call: Call, attachments: Sequence[NewAttachment]
) -> tuple[list[Attachment], Names]:
    """What a question is about, and what that is called; NotFound names what cannot be seen."""
    ids = [each.id for each in attachments if each.id]
    names = await names_of(call, ids, own=True)
    for each in attachments:
        if each.id and each.kind != "web" and (each.kind, each.id) not in names:
            raise NotFound(WHAT[each.kind], each.id)
    found = [Attachment(each.kind, each.id, each.url, each.whole) for each in attachments]
    return checked_attachments(found), names


async def names_of(call: Call, ids: Sequence[UUID], *, own: bool = False) -> Names:
    """What files and knowledge are called to the caller; nothing is asked for nothing."""
    if not ids:
        return {}
    async with call.read(projection, own=own) as db:
        return await scopes.names(db, call.actor.id, ids)


async def names_in(call: Call, rows: Sequence[MessageRow]) -> Names:
    """The names of all that is attached to messages."""
    found = (each["id"] for row in rows for each in row.attachments)
    return await names_of(call, [UUID(each) for each in found if each])
