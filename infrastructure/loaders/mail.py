"""E-mail: who wrote when about what, the words, and the names of what is attached."""

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser

from infrastructure.loaders.base import Draft, Source
from infrastructure.loaders.encodings import decode
from infrastructure.loaders.markup import markdown_of
from infrastructure.loaders.web import page_text

SHOWN = ("From", "To", "Cc", "Date")
DEPTH_MAX = 5


def read(source: Source) -> Draft:
    """A message with its text parts; other attachments are only named."""
    with source.open() as file:
        message = BytesParser(policy=policy.default).parse(file)
    return Draft(_told(message, 1), _header(message, "Subject"))


def _told(message: Message, level: int) -> Iterator[str]:
    subject = _header(message, "Subject")
    yield f"{'#' * level} {subject}" if subject else ""
    told = ((name, _header(message, name)) for name in SHOWN)
    yield "\n".join(f"{name}: {value}" for name, value in told if value)
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    if body is not None:
        yield _text(body)
    for part in _attached(message, body):
        yield from _attachment(part, level + 1)


def _attached(message: Message, body: Message | None) -> Iterator[Message]:
    """All parts that are neither the body nor another form of it."""
    if not message.is_multipart() or message.get_content_type() == "message/rfc822":
        return
    for part in message.iter_parts() if isinstance(message, EmailMessage) else ():
        if part is body:
            continue
        if part.get_content_maintype() == "multipart":
            yield from _attached(part, body)
        elif part.is_attachment() or message.get_content_type() != "multipart/alternative":
            yield part


def _attachment(part: Message, level: int) -> Iterator[str]:
    name = " ".join((part.get_filename() or "").split())
    kind = part.get_content_type()
    yield f"Attachment: {name or 'without a name'} ({kind})"
    if kind == "message/rfc822" and level < DEPTH_MAX:
        for inner in part.get_payload():
            if isinstance(inner, Message):
                yield from _told(inner, level)
    elif part.get_content_maintype() == "text":
        yield _text(part)


def _header(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    if part.get_content_subtype() == "html":
        return markdown_of(page_text(data))
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, ValueError):
        return decode(data)
