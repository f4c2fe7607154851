"""A server that writes recordings down for tests: real HTTP, strict about every request.

It speaks OpenAI's form at /v1/audio/transcriptions. `async with transcription_server() as server`
starts one. What it says are lines of a fairy tale, one each ten seconds.
"""

import asyncio
import io
import json
import math
import struct
import wave
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

MODEL = "whisper-1"
LATER_MODEL = "gpt-4o-transcribe"  # which knows no times
SIZE_MAX = 26_214_400
ENDINGS = {"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"}
KINDS = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "webm": "video/webm",
}
SECONDS_EACH = 10.0
TALE = (
    "Once there lived a miller at the river.",
    "His only cow was called Clementine.",
    "She ate nothing but clover from the upper meadow.",
    "One morning the gate stood open.",
    "The miller looked for her the whole day.",
    "His daughter found a bell in the reeds.",
    "It was made of silver and had no clapper.",
    "They hung it over the door of the mill.",
    "Whoever entered heard the cow far away.",
    "In the ninth week she came back by herself.",
    "She brought a calf with white ears.",
    "And the bell has been silent since then.",
)

Answer = tuple[int, Any]


class Wrong(Exception):
    """A request that the published form does not allow."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form."""

    file_name: str
    content_type: str
    content: bytes


@dataclass(slots=True)
class TranscriptionServer:
    """What the server saw, and what tests may change while it runs."""

    key: str | None = None
    port: int = 0
    is_silent: bool = False
    refusals: list[Answer] = field(default_factory=list)  # given before anything else, in turn
    headers: dict[str, str] = field(default_factory=dict)  # of refusals
    alter: Callable[[dict[str, Any]], Any] = lambda answer: answer
    asked: list[dict[str, Part]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def field(self, place: int, name: str) -> str:
        """What was sent with one request."""
        return self.asked[place][name].content.decode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self.take(reader, writer)
        self.writers.discard(writer)
        writer.close()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        content = await reader.readexactly(int(headers["content-length"]))
        status, answer = self.answer(method, path, headers, content)
        if self.is_silent:
            await self.release.wait()
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        fields = {"content-type": "application/json", "content-length": str(len(data))}
        fields |= self.headers if status != 200 else {}
        lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {fields[name]}" for name in fields)]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        await writer.drain()

    def answer(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        try:
            return self.found(method, path, headers, content)
        except Wrong as wrong:
            self.mistakes.append(str(wrong))
            return wrong.status, {"error": {"message": str(wrong)}}

    def found(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        if headers.get("authorization") != (f"Bearer {self.key}" if self.key else None):
            raise Wrong(f"Incorrect API key provided: {headers.get('authorization')}", 401)
        if (method, path) != ("POST", "/v1/audio/transcriptions"):
            raise Wrong("page not found", 404)
        if len(content) > SIZE_MAX + 10_000:
            raise Wrong("Maximum content size limit exceeded", 413)
        form = form_of(headers, content)
        self.asked.append(form)
        if self.refusals:
            return self.refusals.pop(0)
        check(form)
        answer: dict[str, Any] = {"text": " ".join(TALE)}
        if form["response_format"].content == b"verbose_json":
            answer |= {"task": "transcribe", "language": "english", "segments": segments()}
            answer["duration"] = len(TALE) * SECONDS_EACH
        return 200, self.alter(answer)


def form_of(headers: Mapping[str, str], content: bytes) -> dict[str, Part]:
    """The parts of a form; each is there once."""
    kind = headers.get("content-type", "")
    if not kind.startswith("multipart/form-data; boundary="):
        raise Wrong("content-type must be multipart/form-data")
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    parts: dict[str, Part] = {}
    for part in message_from_bytes(head + content, policy=policy.HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        if name in parts or not isinstance(data, bytes):
            raise Wrong(f"field {name} is there twice, or no bytes")
        parts[name] = Part(part.get_filename() or "", part.get_content_type(), data)
    return parts


def check(form: Mapping[str, Part]) -> None:
    """Refuse what the published form does not know."""
    if unknown := set(form) - {"file", "model", "response_format", "language"}:
        raise Wrong(f"unknown fields: {sorted(unknown)}")
    file, model = form.get("file"), form.get("model")
    if file is None or model is None:
        raise Wrong("file and model are needed")
    ending = file.file_name.rpartition(".")[2]
    if ending not in ENDINGS or file.content_type != KINDS[ending] or not file.content:
        raise Wrong(f"Invalid file format {file.file_name}, {file.content_type}.")
    said = model.content.decode()
    if said not in {MODEL, LATER_MODEL}:
        raise Wrong(f"model {said} does not exist", 404)
    form_asked = form["response_format"].content.decode()
    if form_asked not in {"json", "verbose_json"}:
        raise Wrong(f"response_format {form_asked} is not known")
    if form_asked == "verbose_json" and said == LATER_MODEL:
        raise Wrong(f"response_format '{form_asked}' is not compatible with model '{said}'.")
    language = form.get("language")
    if language and not (len(language.content) == 2 and language.content.isalpha()):
        raise Wrong("Invalid language. Language parameter must be specified in ISO-639-1 format.")


def segments() -> list[dict[str, Any]]:
    """The tale with its times."""
    return [
        {
            "id": n,
            "seek": 0,
            "start": n * SECONDS_EACH,
            "end": (n + 1) * SECONDS_EACH,
            "text": f" {line}",
            "tokens": [50_364],
            "temperature": 0.0,
            "avg_logprob": -0.2,
            "compression_ratio": 1.1,
            "no_speech_prob": 0.01,
        }
        for n, line in enumerate(TALE)
    ]


def tone(seconds: float = 0.2, rate: int = 8_000) -> bytes:
    """A real recording: a tone as WAV."""
    count = int(seconds * rate)
    samples = [int(8_000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count)]
    taken = io.BytesIO()
    with wave.open(taken, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(struct.pack(f"<{count}h", *samples))
    return taken.getvalue()


@asynccontextmanager
async def transcription_server(
    key: str | None = None, *, port: int = 0, **settings: Any
) -> AsyncGenerator[TranscriptionServer, None]:
    """A server of its own, for as long as it is needed."""
    state = TranscriptionServer(key, **settings)
    server = await asyncio.start_server(state.serve, "127.0.0.1", port, limit=2**26)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        state.release.set()
        for writer in tuple(state.writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)
