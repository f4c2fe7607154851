"""How the bytes of files are given out: never so that anything in them runs in our name.

Every route that gives out bytes people uploaded goes through here.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import Headers

from application.documents.blobs import Blobs, Gone
from domain.errors import NotFound
from domain.files import OCTETS
from interfaces.http.errors import problem

INLINE = frozenset(
    {
        "application/pdf",
        "audio/aac",
        "audio/flac",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "audio/opus",
        "audio/wav",
        "audio/webm",
        "audio/x-flac",
        "audio/x-m4a",
        "audio/x-wav",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/plain",
        "video/mp4",
        "video/ogg",
        "video/webm",
    }
)
POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
PLAIN = re.compile(r"[^A-Za-z0-9 ._-]")


@dataclass(frozen=True, slots=True)
class Served:
    """Bytes, and what they are called."""

    sha256: str
    size: int
    name: str
    media_type: str

    @property
    def tag(self) -> str:
        """What changes when the bytes do."""
        return f'"{self.sha256}"'


async def serve(blobs: Blobs, what: Served, asked: Headers, *, inline: bool) -> Response:
    """All bytes, the part of them that was asked for, or that they have not changed."""
    headers = headers_of(what, inline=inline)
    if is_known(what, asked):
        return Response(status_code=304, headers=headers)
    part = part_of(what, asked)
    if part is None:
        refusal = problem("unsatisfiable", f"There are only {what.size} bytes.")
        refusal.headers["Content-Range"] = f"bytes */{what.size}"
        return refusal
    start, end = part
    pieces = blobs.open(what.sha256, start, end)
    try:
        first = await anext(pieces, b"")
    except Gone:
        raise NotFound("content", what.sha256) from None
    headers["Content-Length"] = str(end - start)
    is_whole = (start, end) == (0, what.size)
    if not is_whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{what.size}"
    return StreamingResponse(onwards(first, pieces), 200 if is_whole else 206, headers)


async def onwards(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The first piece and those after it."""
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece


def headers_of(what: Served, *, inline: bool) -> dict[str, str]:
    """What a browser must know of bytes that anybody may have made."""
    shown = inline and what.media_type in INLINE
    return {
        "ETag": what.tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Type": what.media_type if what.media_type in INLINE else OCTETS,
        "Content-Disposition": disposition("inline" if shown else "attachment", what.name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
    }


def disposition(how: str, name: str) -> str:
    """What to do with it, and its name in two spellings (RFC 6266)."""
    plain = PLAIN.sub("_", name).strip() or "file"
    full = quote(name.encode("utf-8", "replace"), safe="")
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{full}"


def is_known(what: Served, asked: Headers) -> bool:
    """Whether the caller has these bytes already."""
    tags = [each.strip().removeprefix("W/") for each in asked.get("if-none-match", "").split(",")]
    return what.tag in tags or "*" in tags


def part_of(what: Served, asked: Headers) -> tuple[int, int] | None:
    """From where up to where: all, unless one part is asked for; None when there is none."""
    whole = (0, what.size)
    found = RANGE.fullmatch(asked.get("range", "").strip())
    if found is None or asked.get("if-range", what.tag) != what.tag:
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        start, end = max(what.size - int(last), 0), what.size
    else:
        start = int(first)
        end = min(int(last) + 1, what.size) if last else what.size
        if last and int(last) < start:
            return whole
    return (start, end) if start < end else None
