"""Reads one answer as it comes, whatever the protocol: what all model servers have in common."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol, cast

import httpx
from pydantic_core import from_json, to_json

from application.ports import ModelFailed, Piece
from infrastructure.models import refusals
from infrastructure.models.http import Server
from infrastructure.models.sse import TooLong
from infrastructure.models.text import Characters, Thoughts

TOOL_CALLS_MAX = 128
TOKENS_MAX = 2**53
DRAIN_SECONDS = 0.05

Pieces = Sequence[Piece]


class Cutter(Protocol):
    """Cuts bytes into events."""

    def feed(self, chunk: bytes) -> list[bytes]: ...

    def rest(self) -> list[bytes]: ...


@dataclass(slots=True)
class Call:
    """A tool call that is still being written."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What has been read of one answer. Protocols add how one event is taken apart."""

    server: Server
    usage: dict[str, int] = field(default_factory=dict)
    finish: str = ""
    ended: bool = False  # the server said that nothing more comes
    _said: bool = False
    _thought: bool = False
    _chars: int = 0
    _calls: dict[int, Call] = field(default_factory=dict)
    _words: Characters = field(default_factory=Characters)
    _musings: Characters = field(default_factory=Characters)
    _thoughts: Thoughts = field(default_factory=Thoughts)

    def take(self, event: bytes) -> Pieces:
        """The pieces in one event, or ModelFailed when it is none."""
        raise NotImplementedError

    def document(self, event: bytes) -> dict[str, Any]:
        """The JSON object in an event; half characters are allowed, and made whole later."""
        try:
            found = from_json(event)
        except ValueError:
            try:
                found = json.loads(event.decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                raise refusals.malformed(self.server.host) from None
        if not isinstance(found, dict):
            raise refusals.malformed(self.server.host)
        if found.get("error"):
            raise self.server_error(found)
        return found

    def server_error(self, found: Any) -> ModelFailed:
        """An error that comes where an answer should."""
        why = refusals.plain(refusals.message(found), self.server.secrets)
        said = f" It said: {why}" if why else ""
        return ModelFailed("server_error", f"{self.server.host} could not answer.{said}")

    def text(self, text: str) -> Pieces:
        """A part of the answer, unless it turns out to be a thought in tags."""
        text = self._words.whole(text)
        self._count(len(text))
        if self._thoughts.passed:
            if not self._said:
                self._said = not text.isspace() and bool(text)
            return (Piece("text", text),) if text else ()
        return self._split(self._thoughts.split(text))

    def reasoning(self, text: str) -> Pieces:
        """A part of the thoughts, from a field of their own."""
        text = self._musings.whole(text)
        self._count(len(text))
        self._thought = True
        return (Piece("reasoning", text),) if text else ()

    def tool_call(self, index: int, call_id: object, name: object, arguments: object) -> None:
        """A part of a tool call; calls are given on whole."""
        call = self._calls.setdefault(index, Call())
        if len(self._calls) > TOOL_CALLS_MAX:
            raise refusals.malformed(self.server.host)
        call.id = call.id or (call_id if isinstance(call_id, str) else "")
        call.name = call.name or (name if isinstance(name, str) else "")
        if arguments is None:
            return
        text = arguments if isinstance(arguments, str) else to_json(arguments).decode()
        self._count(len(text))
        call.arguments.append(text)

    @property
    def untouched(self) -> bool:
        """Whether nothing at all has come."""
        return not (self._chars or self._calls)

    @property
    def calls(self) -> int:
        """How many tool calls there are so far."""
        return len(self._calls)

    def count(self, name: str, value: object) -> None:
        """A figure of usage, if it is one."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < TOKENS_MAX:
            self.usage[name] = value

    def held(self) -> Pieces:
        """What was held back, because nothing more comes."""
        pieces = [Piece("reasoning", rest) for rest in (self._musings.rest(),) if rest]
        pieces += self._split(self._thoughts.rest())
        return pieces + [Piece("text", rest) for rest in (self._words.rest(),) if rest]

    def end(self) -> Pieces:
        """What comes after the last piece, or ModelFailed("empty")."""
        calls = [self._whole(index, self._calls[index]) for index in sorted(self._calls)]
        if not (self._said or calls):
            raise ModelFailed("empty", self._nothing())
        usage = [Piece("usage", data=self.usage)] if self.usage else []
        return [*calls, *usage, Piece("finish", data={"reason": self.finish or "stop"})]

    def _whole(self, index: int, call: Call) -> Piece:
        words = Characters()
        arguments = words.whole("".join(call.arguments)) + words.rest()
        names = {"id": words.whole(call.id), "name": words.whole(call.name)}
        return Piece("tool_call", data={"index": index, **names, "arguments": arguments})

    def _nothing(self) -> str:
        host = self.server.host
        if self.finish == "length":
            return f"{host} used up its length for thinking and gave no answer."
        if self.finish == "content_filter":
            return f"{host} held its answer back by a content filter."
        return (
            f"{host} gave only thoughts and no answer."
            if self._thought
            else (f"{host} gave an empty answer.")
        )

    def _split(self, parts: Sequence[tuple[Any, str]]) -> list[Piece]:
        for kind, text in parts:
            self._said = self._said or (kind == "text" and not text.isspace())
            self._thought = self._thought or kind == "reasoning"
        return [Piece(kind, text) for kind, text in parts]

    def _count(self, chars: int) -> None:
        self._chars += chars
        if self._chars > self.server.limits.answer_chars_max:
            raise refusals.too_long(self.server.host)


async def stream(
    response: httpx.Response, cutter: Cutter, reading: Reading
) -> AsyncGenerator[Piece, None]:
    """All pieces of an answer; what came before a failure is given before it is raised."""
    failed: ModelFailed | None = None
    try:
        async with aclosing(batches(response, cutter, reading)) as arriving:
            async for pieces in arriving:
                for piece in pieces:
                    yield piece
    except httpx.HTTPError as error:
        failed = reading.server.failure(error)
    except TooLong:
        failed = refusals.too_long(reading.server.host)
    except ModelFailed as error:
        failed = error
    for piece in reading.held():
        yield piece
    for piece in ending(reading, failed):
        yield piece


async def batches(
    response: httpx.Response, cutter: Cutter, reading: Reading
) -> AsyncGenerator[Pieces, None]:
    """The pieces of each event, until the server says it is done or the bytes end."""
    async with aclosing(response), aclosing(chunks(response, reading.server)) as arriving:
        async for chunk in arriving:
            for event in cutter.feed(chunk):
                yield reading.take(event)
            if reading.ended:
                await drain(arriving)
                return
        for event in cutter.rest():
            yield reading.take(event)


def ending(reading: Reading, failed: ModelFailed | None) -> Pieces:
    """The last pieces, or what failed. A line that breaks after the finish breaks nothing."""
    complete = reading.ended or bool(reading.finish)
    if failed and not (complete and failed.kind in {"cut", "stalled"}):
        raise failed
    if not complete and not reading.untouched:
        raise refusals.cut(reading.server.host)
    return reading.end()


async def chunks(response: httpx.Response, server: Server) -> AsyncGenerator[bytes, None]:
    """The bytes of an answer. Keep-alives alone do not keep it alive for ever."""
    limits = server.limits
    taken, until = 0, monotonic() + limits.patience_seconds
    if response.headers.get("content-encoding", "identity") != "identity":
        raise refusals.malformed(server.host)
    async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as raw:
        async for chunk in raw:
            taken += len(chunk)
            if taken > limits.answer_bytes_max:
                raise TooLong
            if b"{" in chunk:
                until = monotonic() + limits.patience_seconds
            elif monotonic() > until:
                raise refusals.silent(server.host, limits.patience_seconds)
            yield chunk


async def drain(arriving: AsyncGenerator[bytes, None]) -> None:
    """Read the end of the body if it is there, so that the line can be used again."""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in arriving:
                break
