"""Two answers at the pace of the slower one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from infrastructure.streams.entries import Entry, Place
from infrastructure.streams.lockstep import Rival, in_step

PATIENCE = 600.0
Pieces = Sequence[str]


def entries(pieces: Pieces) -> list[Entry]:
    """An answer as its stream has it."""
    found, length = [Entry(1, 1, 1, "start", b"{}")], 0
    for number, text in enumerate(pieces, start=2):
        here, length = length, length + len(text)
        data = to_json({"text": text})
        found.append(Entry(1, number, 1, "delta", data, here, 0, length, 0))
    done = to_json({"status": "completed"})
    return [*found, Entry(1, len(pieces) + 2, 1, "done", done, length, 0, length, 0)]


class Side:
    """An answer that is written when the test says so, for any number of readers."""

    def __init__(self, pieces: Pieces) -> None:
        self.all = entries(pieces)
        self.written = 0
        self.seen: list[Entry] = []
        self.lengths = [0]
        self._news = asyncio.Event()

    def write(self) -> None:
        """One piece more."""
        self.written = min(self.written + 1, len(self.all))
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        place = after
        while place < len(self.all):
            if place == self.written:
                await self._news.wait()
            some = self.all[place : self.written]
            place = self.written
            yield some

    async def read(self, other: "Side", rival: Rival | None = None) -> None:
        """Read to the end, held back by the other side."""
        async for bundle in in_step(self.follow(), other.follow(), rival or Rival(PATIENCE)):
            for entry in bundle:
                self.seen.append(entry)
                self.lengths.append(entry.text_to)

    @property
    def text(self) -> str:
        return "".join(from_json(each.data)["text"] for each in self.seen if each.kind == "delta")

    @property
    def length(self) -> int:
        return self.lengths[-1]

    @property
    def seen_end(self) -> bool:
        return any(each.kind == "done" for each in self.seen)

    @property
    def has_ended(self) -> bool:
        return self.written == len(self.all)


async def breathe() -> None:
    """Let everybody do what can be done now."""
    for _ in range(30):
        await asyncio.sleep(0)


PIECES = st.lists(st.text(min_size=1, max_size=12), max_size=12)


@settings(max_examples=150, deadline=None)
@given(PIECES, PIECES, st.lists(st.booleans(), max_size=40))
def test_neither_side_is_ahead_by_more_than_one_piece(
    first: Pieces, second: Pieces, turns: list[bool]
) -> None:
    async def play() -> None:
        a, b = Side(first), Side(second)
        readers = [asyncio.create_task(a.read(b)), asyncio.create_task(b.read(a))]
        for turn in turns:
            (a if turn else b).write()
            await breathe()
            for one, other in ((a, b), (b, a)):
                assert other.has_ended or not one.seen_end
                assert other.has_ended or one.length <= other.all[max(other.written - 1, 0)].text_to
            if not (a.has_ended or b.has_ended):
                longest = max(map(len, (*first, *second)), default=0)
                assert abs(a.length - b.length) <= longest
        while not (a.has_ended and b.has_ended):
            a.write()
            b.write()
        async with asyncio.timeout(5):
            await asyncio.gather(*readers)
        assert (a.text, b.text) == ("".join(first), "".join(second))

    asyncio.run(play())


@settings(max_examples=100, deadline=None)
@given(PIECES, st.lists(st.text(min_size=1, max_size=3), max_size=20), st.data())
def test_who_comes_back_to_a_part_of_a_piece_lacks_nothing(
    first: Pieces, second: Pieces, data: st.DataObject
) -> None:
    async def play() -> None:
        a, b = Side(first), Side(second)
        reader = asyncio.create_task(a.read(b))
        for _ in a.all:
            a.write()
        while not b.has_ended:
            b.write()
            await breathe()
        await reader
        index = data.draw(st.integers(0, len(a.seen) - 1))
        had = "".join(
            from_json(each.data)["text"] for each in a.seen[: index + 1] if each.kind == "delta"
        )
        told: list[Entry] = []
        place = Place.parse(a.seen[index].id)
        for entry in a.all:
            place.take(entry, told)
        rest = "".join(from_json(each.data)["text"] for each in told if each.kind == "delta")
        assert had + rest == "".join(first)

    asyncio.run(play())


async def test_a_side_that_does_not_move_holds_nobody_for_long() -> None:
    a, b = Side(["one ", "two"]), Side(["x"])
    b.write()  # it begins, and says nothing
    reader = asyncio.create_task(a.read(b, Rival(0.3)))
    for _ in a.all:
        a.write()
    await breathe()
    assert a.text == ""
    async with asyncio.timeout(5):
        while a.text != "one two":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await breathe()
    assert not a.seen_end
    for _ in b.all:
        b.write()
    async with asyncio.timeout(5):
        await reader
    assert a.seen_end


@pytest.mark.parametrize("length", [1, 3, 7])
async def test_a_large_piece_is_shown_in_parts(length: int) -> None:
    a, b = Side(["a long piece"]), Side(["x" * length, "y"])
    reader = asyncio.create_task(a.read(b))
    for _ in a.all:
        a.write()
    b.write()
    b.write()
    await breathe()
    assert a.text == "a long piece"[:length]
    reader.cancel()
    await asyncio.wait([reader])
