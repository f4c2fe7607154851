"""A model server that costs next to nothing: how fast and how much, says the model's name.

`t20-n200` writes 200 tokens, 20 a second; `fast-n1000` as fast as they are read; `instant` five
at once. With `timed-` in front, each token carries the moment it was sent. Else the tokens are
numbered and carry the mark of the question (`#abc`) and the number of the request, so that a
reader can tell whether a text is whole, in order, and its own.

Run it as `python -m tests.bench.upstream [PORT]`; it says its port on the first line.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import httptools
import uvloop

TICK_SECONDS = 0.0025
FAST_TOKENS_EACH = 10
BACKLOG = 4096
NAME = re.compile(r"^(timed-)?(?:t(\d+)|fast|instant)(?:-n(\d+))?$")
MARK = re.compile(r"#(\w+)")
SPEEDS = ("t5", "t10", "t20", "t50", "t100", "fast")
LENGTHS = (1, 5, 10, 20, 40, 50, 60, 100, 200, 400, 1000)
MODELS = [
    "instant",
    *(f"{speed}-n{length}" for speed in SPEEDS for length in LENGTHS),
    *(f"timed-t20-n{length}" for length in LENGTHS),
    "timed-instant",
]
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Script:
    """What a model's name says."""

    timed: bool
    seconds_each: float
    tokens: int


def script(model: str) -> Script | None:
    """Read a model's name."""
    found = NAME.match(model)
    if not found:
        return None
    rate = int(found[2] or 0)
    return Script(bool(found[1]), 1 / rate if rate else 0.0, int(found[3] or 5))


def mark_of(question: str) -> str:
    """The mark that the tokens of the answer carry."""
    found = MARK.findall(question)
    return found[-1] if found else "w"


def token(mark: str, request: int, place: int) -> str:
    """One token of an answer that is not timed."""
    return f"{mark}.{request}:{place} "


def is_whole(text: str, mark: str, tokens: int) -> bool:
    """Whether a text is one whole answer to that question, and nothing else."""
    first = re.match(rf"{mark}\.(\d+):0 ", text)
    if not first:
        return False
    return text == "".join(token(mark, int(first[1]), place) for place in range(tokens))


class Wheel:
    """One timer for all streams."""

    def __init__(self) -> None:
        self._slots: dict[int, list[Stream]] = {}
        self._last = 0
        self._turning = False

    def add(self, stream: "Stream", due: float) -> None:
        """Have a stream write its next token at that moment."""
        slot = max(int(due / TICK_SECONDS), self._last + 1)
        self._slots.setdefault(slot, []).append(stream)
        if not self._turning:
            self._turning = True
            self._last = int(time.monotonic() / TICK_SECONDS)
            self._wait()

    def _wait(self) -> None:
        asyncio.get_running_loop().call_later(TICK_SECONDS, self._turn)

    def _turn(self) -> None:
        now = int(time.monotonic() / TICK_SECONDS)
        for slot in range(self._last + 1, now + 1):
            self._last = slot
            for stream in self._slots.pop(slot, ()):
                stream.write()
        self._turning = bool(self._slots)
        if self._turning:
            self._wait()


class Stream:
    """One answer on its way."""

    numbers = count(1)

    def __init__(self, server: "Server", model: str, plan: Script, question: str) -> None:
        self._server = server
        self._plan = plan
        self._mark = mark_of(question)
        self._number = next(self.numbers)
        self._place = 0
        self._due = time.monotonic()
        head = {"id": f"c{self._number}", "object": "chat.completion.chunk", "created": 1}
        self._before = json.dumps({**head, "model": model})[:-1]

    def begin(self) -> None:
        self._server.send(HEAD)
        self.write()

    def write(self) -> None:
        """Send what is due, and come back for the rest."""
        server, plan = self._server, self._plan
        if server.gone:
            return
        if plan.seconds_each:
            self._one()
            self._due += plan.seconds_each
        else:
            while self._place < plan.tokens and not server.full:
                self._one(FAST_TOKENS_EACH)
        if self._place >= plan.tokens:
            self._end()
        elif plan.seconds_each:
            server.wheel.add(self, self._due)
        else:
            server.when_empty = self.write

    def text(self) -> str:
        """The next token."""
        place, self._place = self._place, self._place + 1
        if self._plan.timed:
            return f"{place}@{time.monotonic():.6f} "
        return token(self._mark, self._number, place)

    def whole(self) -> str:
        """All tokens."""
        return "".join(self.text() for _ in range(self._plan.tokens))

    def _one(self, tokens: int = 1) -> None:
        tokens = min(tokens, self._plan.tokens - self._place)
        self._server.send(b"".join(self._chunk({"content": self.text()}) for _ in range(tokens)))

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = json.dumps({"index": 0, "delta": delta, "finish_reason": finish})
        return framed(f'data: {self._before}, "choices": [{choice}]}}\n\n'.encode())

    def _end(self) -> None:
        usage = {"prompt_tokens": 1, "completion_tokens": self._place}
        usage["total_tokens"] = self._place + 1
        last = f'data: {self._before}, "choices": [], "usage": {json.dumps(usage)}}}\n\n'
        done = framed(last.encode()) + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"
        self._server.send(self._chunk({}, "stop") + done)
        self._server.finished()


def framed(data: bytes) -> bytes:
    """A chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Server(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, wheel: Wheel) -> None:
        self.wheel = wheel
        self.gone = False
        self.full = False
        self.when_empty: Any = None
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body: list[bytes] = []

    def send(self, data: bytes) -> None:
        if self._transport is not None and not self.gone:
            self._transport.write(data)

    def finished(self) -> None:
        """The answer is out; the connection may be used again."""
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.gone = True

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        if self.when_empty is not None:
            write, self.when_empty = self.when_empty, None
            write()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.abort()

    def on_message_begin(self) -> None:
        self._url, self._body = b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path = self._url.decode().split("?")[0].removeprefix("/v1")
        if path == "/models":
            items = [{"id": name, "object": "model", "owned_by": "bench"} for name in MODELS]
            self._reply(200, {"object": "list", "data": items})
        elif path == "/chat/completions":
            self._answer(json.loads(b"".join(self._body)))
        else:
            self._reply(404, {"error": {"message": "There is nothing here.", "type": "not_found"}})

    def _answer(self, asked: dict[str, Any]) -> None:
        plan = script(asked["model"])
        if plan is None:
            self._reply(404, {"error": {"message": "No such model.", "type": "not_found"}})
            return
        questions = [turn["content"] for turn in asked["messages"] if turn["role"] == "user"]
        question = questions[-1] if questions and isinstance(questions[-1], str) else ""
        stream = Stream(self, asked["model"], plan, question)
        if asked.get("stream"):
            stream.begin()
            return
        message = {"role": "assistant", "content": stream.whole()}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self._reply(200, {"id": "c", "object": "chat.completion", "choices": [choice]})

    def _reply(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\n"
        self.send(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)


async def serve(port: int) -> None:
    """Serve until somebody ends the process."""
    wheel = Wheel()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(wheel), "127.0.0.1", port, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 (our caller reads it)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
