"""Messages: what people write in a chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid, NotFound

TEXT_CHARACTERS_MAX = 1_000_000
ATTACHMENTS_MAX = 50
URL_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a question and those after it are about; `whole`: all of its text is to be read."""

    kind: Literal["file", "knowledge", "web"]
    id: UUID | None = None
    url: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """Where an answer may look: what is attached, and whether on the web."""

    attachments: Sequence[Attachment] = ()
    web_search: bool = False


NO_SOURCES = Sources()


def without_sources(data: dict[str, Any]) -> dict[str, Any]:
    """Lift a message of the time before there were attachments."""
    return {**data, "attachments": [], "web_search": False}


class Message(Aggregate):
    """A question, in the tree of its chat below the message it follows."""

    TOPIC = "message"

    class Event(Aggregate.Event):
        """Anything that happens to a message."""

    class Posted(Event, Created):
        TOPIC = "message.posted"
        PERSONAL = ("text", "attachments")
        VERSION = 2
        UPCASTS: ClassVar[dict[int, Any]] = {1: without_sources}
        chat_id: UUID
        owner: UUID
        parent_id: UUID | None
        text: str
        attachments: list[Attachment]
        web_search: bool

    class Edited(Event):
        TOPIC = "message.edited"
        PERSONAL = ("text",)
        text: str

    class Deleted(Event):
        TOPIC = "message.deleted"

        def apply(self, message: Message) -> None:
            message.deleted = True

    def __init__(self, chat_id: UUID, owner: UUID, parent_id: UUID | None) -> None:
        self.chat_id = chat_id
        self.owner = owner
        self.parent_id = parent_id
        self.deleted = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def root_id(self) -> UUID:
        return self.chat_id

    @property
    def is_closed(self) -> bool:
        return self.deleted

    @classmethod
    def post(
        cls,
        message_id: UUID,
        *,
        chat_id: UUID,
        owner: UUID,
        parent_id: UUID | None,
        text: str,
        sources: Sources = NO_SOURCES,
    ) -> Self:
        """Say something after the message `parent_id`, or first when that is None."""
        return cls._create(
            cls.Posted,
            id=message_id,
            chat_id=chat_id,
            owner=owner,
            parent_id=parent_id,
            text=checked_text(text),
            attachments=checked_attachments(sources.attachments),
            web_search=sources.web_search,
        )

    def edit(self, text: str) -> None:
        """Say it in other words, in place; the log keeps the old ones."""
        self.must_exist()
        self.trigger_event(self.Edited, text=checked_text(text))

    def delete(self) -> None:
        """Take it and its direct answers away; what followed them moves up."""
        if not self.deleted:
            self.trigger_event(self.Deleted)

    def must_exist(self) -> None:
        """Refuse what would touch a deleted message."""
        if self.deleted:
            raise NotFound("message", self.id)


def checked_text(text: str) -> str:
    """A text as it is kept. NUL characters cannot be stored and are dropped."""
    text = text.replace("\x00", "")
    if not text.strip():
        raise Invalid("content must not be empty.")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Invalid(f"content has at most {TEXT_CHARACTERS_MAX} characters.")
    return text


def checked_attachments(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Attachments as they are kept: each once, with an id or an address, whichever it needs."""
    if len(attachments) > ATTACHMENTS_MAX:
        raise Invalid(f"attachments has at most {ATTACHMENTS_MAX} entries.")
    found: dict[object, Attachment] = {}
    for each in attachments:
        checked = checked_attachment(each)
        found.setdefault(checked.id or checked.url, checked)
    return list(found.values())


def checked_attachment(each: Attachment) -> Attachment:
    """One attachment as it is kept."""
    if each.kind == "web":
        if each.id is not None or each.url is None:
            raise Invalid("attachments: web needs url, and no id.")
        return Attachment("web", None, checked_address(each.url), each.whole)
    if each.id is None or each.url is not None:
        raise Invalid(f"attachments: {each.kind} needs id, and no url.")
    return each


def checked_address(url: str) -> str:
    """The address of a page of the web; whether it may be fetched is found out then."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"attachments: url is not an address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("attachments: url must begin with http:// or https:// and name a host.")
    if parts.username or parts.password:
        raise Invalid("attachments: url must not carry a name or password.")
    if len(url) > URL_CHARACTERS_MAX or any(each < " " or each == "\x7f" for each in url):
        raise Invalid(f"attachments: url has at most {URL_CHARACTERS_MAX} characters, all printed.")
    return url
