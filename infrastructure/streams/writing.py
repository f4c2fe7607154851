"""One attempt at an answer, as the commands that write it to Redis."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

import hiredis
from pydantic_core import to_json

from application.ports import ChunkKind, Written

KEEP_SECONDS = 3_600
KEEP_AGAIN_SECONDS = 300
HOLD_SECONDS = 0.02
HOLD_EACH_SECONDS = 0.0001  # the more answers are written, the longer each is held
HOLD_SECONDS_MAX = 0.1
CLOSE_SECONDS_MAX = 2.0

Command = tuple[bytes, ...]


class Outlet(Protocol):
    """What carries the pieces of all writers away."""

    @property
    def busy(self) -> int:
        """How many writers there are."""

    def dirty(self, writer: "StreamWriter") -> None:
        """Come for what this one holds."""

    def forget(self, writer: "StreamWriter") -> None:
        """This one has ended."""


def key_of(answer_id: UUID) -> bytes:
    """Where an answer's stream lives."""
    return b"answer:%b" % str(answer_id).encode()


class StreamWriter:
    """Holds what one attempt wrote until the outlet comes for it.

    The first piece goes at once, and so does every piece after a pause; what comes faster is
    coalesced. The whole text is kept, so that it can be written anew when Redis lost it.
    """

    def __init__(
        self, outlet: Outlet, answer_id: UUID, attempt: int, model: str, so_far: Written | None
    ) -> None:
        self._outlet = outlet
        self._key = key_of(answer_id)
        self.attempt = attempt
        self._base = so_far.base if so_far and so_far.base else attempt
        self._start = {"model": model, "attempt": attempt}
        self._whole = {"delta": [so_far.text] if so_far else [], "reasoning": []}
        self._whole["reasoning"] += [so_far.reasoning] if so_far else []
        self._at = {"delta": 0, "reasoning": 0}
        self._number = 0
        self._held: list[tuple[ChunkKind, Any]] = []
        self._spoken = False
        self._kept_at = float("-inf")
        self._idle = asyncio.Event()
        self.due = 0.0
        self.lost = True  # nothing of it is in Redis yet
        self.fenced = False

    def write(self, kind: ChunkKind, data: Mapping[str, Any]) -> None:
        """Hold a piece, and have it fetched."""
        if kind in ("delta", "reasoning"):
            text = data["text"]
            self._whole[kind].append(text)
            if self._held and self._held[-1][0] == kind:
                self._held[-1][1].append(text)
            else:
                self._held.append((kind, [text]))
        else:
            self._held.append((kind, data))
        if not self._spoken or kind == "done":
            self.due = 0.0
            self._spoken = kind in self._whole
        self._idle.clear()
        self._outlet.dirty(self)

    async def close(self) -> None:
        """Have everything written; whoever misses something finds it in the log."""
        try:
            if self._held:
                self.due = 0.0
                self._outlet.dirty(self)
                async with asyncio.timeout(CLOSE_SECONDS_MAX):
                    await self._idle.wait()
        except TimeoutError:
            pass
        finally:
            self._outlet.forget(self)

    def take(self, now: float) -> list[Command]:
        """The commands that write what is held."""
        held, self._held = self._held, []
        commands: list[Command] = []
        if self.lost:
            self._begin(commands, [each for each in held if each[0] not in self._whole])
        else:
            for kind, content in held:
                self._add(commands, kind, content)
        if commands and now - self._kept_at > KEEP_AGAIN_SECONDS:
            self._kept_at = now
            commands.append((b"EXPIRE", self._key, b"%d" % KEEP_SECONDS))
        self.due = now + min(HOLD_SECONDS + self._outlet.busy * HOLD_EACH_SECONDS, HOLD_SECONDS_MAX)
        return commands

    def landed(self) -> None:
        """What was taken is in Redis, or need not be."""
        if not self._held and not self.lost:
            self._idle.set()

    def missed(self) -> None:
        """Redis does not have what was taken: begin anew with all of it."""
        if not self.fenced:
            self.lost = True
            self._kept_at = float("-inf")
            self._idle.clear()

    def _begin(self, commands: list[Command], others: list[tuple[ChunkKind, Any]]) -> None:
        """Write everything so far; readers skip what they have."""
        if 1 < self.attempt == self._base:  # what older attempts wrote is of no use any more
            commands.append((b"XTRIM", self._key, b"MINID", b"%d-0" % self.attempt))
        self.lost = False
        self._at = {"delta": 0, "reasoning": 0}
        self._add(commands, "start", self._start, create=True)
        for kind, content in others:
            if kind == "status":
                self._add(commands, kind, content)
        for kind in ("reasoning", "delta"):
            text = "".join(self._whole[kind])
            self._whole[kind] = [text]
            if text:
                self._add(commands, kind, [text])
        for kind, content in others:
            if kind == "done":
                self._add(commands, kind, content)

    def _add(
        self, commands: list[Command], kind: Any, content: Any, *, create: bool = False
    ) -> None:
        before = (self._at["delta"], self._at["reasoning"])
        if kind in self._whole:
            text = content[0] if len(content) == 1 else "".join(content)
            self._at[kind] += len(text)
            content = {"text": text}
        self._number += 1
        place = (self._base, *before, self._at["delta"], self._at["reasoning"])
        commands.append(
            (
                b"XADD",
                self._key,
                *(() if create else (b"NOMKSTREAM",)),
                b"%d-%d" % (self.attempt, self._number),
                b"k",
                kind.encode(),
                b"o",
                b"%d.%d.%d.%d.%d" % place,
                b"d",
                to_json(content),
            )
        )


def packed(commands: list[Command]) -> bytes:
    """Commands in the words of Redis."""
    pack: Callable[[Any], bytes] = hiredis.pack_command
    return b"".join([pack(each) for each in commands])
