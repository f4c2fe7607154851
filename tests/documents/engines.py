"""Servers that read documents, as strict about every request as the real ones."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

TIKA_PAGES = (
    "<html><head><title>Tika's title</title></head><body>"
    '<div class="page"><h1>One</h1><p>first &amp; ü</p></div><div class="page"><p>second</p></div>'
    "</body></html>"
)
MARKDOWN = "# One\n\n<!-- image -->\n\nfirst ü\n\n<!-- page break -->\n\nsecond"


@dataclass(slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, tuple[str, bytes]]:
        """The parts of a form: file name and content."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = message_from_bytes(head + self.body, policy=policy.HTTP)
        parts: dict[str, tuple[str, bytes]] = {}
        for part in message.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content = part.get_payload(decode=True)
            assert name not in parts
            assert isinstance(content, bytes)
            parts[name] = (part.get_filename() or "", content)
        return parts


@dataclass(slots=True)
class Server:
    """Answers what was set; wrong requests are refused, and remembered in `mistakes`."""

    kind: str
    key: str = ""
    status: int = 200
    answer: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False
    port: int = 0
    asked: list[Request] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}" + ("/extract" if self.kind == "http" else "")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await receive(reader)
            self.asked.append(request)
            wrong = getattr(self, f"check_{self.kind}")(request)
            if request.headers.get("accept-encoding") != "identity":
                wrong.append("accept-encoding")
            self.mistakes += wrong
            if self.is_silent:
                await self.release.wait()
            status = 400 if wrong else self.status
            body = self.answer if self.answer is not None else self.usual()
            lines = [f"HTTP/1.1 {status} x", f"content-length: {len(body)}", "connection: close"]
            lines += [f"{name}: {value}" for name, value in self.headers.items()]
            writer.write("\r\n".join((*lines, "", "")).encode() + body)
            await writer.drain()
        writer.close()

    def usual(self) -> bytes:
        answers: dict[str, Any] = {
            "docling": {"document": {"md_content": MARKDOWN}, "status": "success", "errors": []},
            "http": {"text": "one ü\ftwo"},
        }
        answer = answers.get(self.kind)
        return json.dumps(answer).encode() if answer else TIKA_PAGES.encode()

    def check_tika(self, request: Request) -> list[str]:
        headers = request.headers
        wanted = {
            "PUT /tika": (request.method, request.path) == ("PUT", "/tika"),
            "content-length": headers.get("content-length") == str(len(request.body)),
            "accept": headers.get("accept") == "text/html",
            "name": headers.get("content-disposition", "").startswith(
                "attachment; filename*=UTF-8''"
            ),
            "language": headers.get("x-tika-ocrlanguage") == "eng",
            "key": headers.get("authorization", "") == (f"Bearer {self.key}" if self.key else ""),
        }
        return [name for name, is_right in wanted.items() if not is_right]

    def check_docling(self, request: Request) -> list[str]:
        form = request.form()
        known = {
            *("files", "to_formats", "target_type", "image_export_mode", "do_ocr"),
            "md_page_break_placeholder",
        }
        wanted = {
            "path": (request.method, request.path) == ("POST", "/v1/convert/file"),
            "fields": set(form) <= known and "files" in form,
            "format": form.get("to_formats") == ("", b"md"),
            "target": form.get("target_type") == ("", b"inbody"),
            "pictures": form.get("image_export_mode") == ("", b"placeholder"),
            "ocr": form.get("do_ocr") in {("", b"true"), ("", b"false")},
            "key": request.headers.get("x-api-key", "") == self.key,
            "name": bool(form.get("files", ("", b""))[0]),
        }
        return [name for name, is_right in wanted.items() if not is_right]

    def check_http(self, request: Request) -> list[str]:
        form = request.form()
        key = request.headers.get("authorization", "")
        wanted = {
            "path": (request.method, request.path) == ("POST", "/extract"),
            "fields": set(form) == {"file"},
            "name": bool(form.get("file", ("", b""))[0]),
            "key": key == (f"Bearer {self.key}" if self.key else ""),
        }
        return [name for name, is_right in wanted.items() if not is_right]


async def receive(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    pairs = (line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


@asynccontextmanager
async def serving(kind: str, **settings: Any) -> AsyncGenerator[Server, None]:
    """A server of its own, for as long as it is needed."""
    server = Server(kind, **settings)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.release.set()
        for writer in server.open:
            writer.transport.abort()
        await asyncio.sleep(0.05)
