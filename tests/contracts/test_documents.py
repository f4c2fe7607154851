"""What is kept of the inside of files: texts, passages, and generations of the index."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.documents.cutting import Cutting, Passage, cut
from application.documents.settings import settings_of, values_of
from infrastructure.documents.indexes import Indexed, Indexes
from infrastructure.documents.passages import (
    drop_forsaken,
    keep_passages,
    page_of_passages,
    passage_id,
)
from infrastructure.documents.texts import drop_texts, hash_of, keep_text, read_text
from infrastructure.jobs import ask, ask_all
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from tests.ingesting import story

SETTINGS = values_of(settings_of({}))
CUTTING = Cutting().key


@pytest.fixture
async def lines(database: str) -> AsyncIterator[Lines]:
    async with pool(database, size_max=6) as connections:
        yield Lines(connections)


async def begun(indexes: Indexes, *, error: str | None = None) -> UUID:
    return await indexes.begin(SETTINGS, space="s", dimension=3, cutting=CUTTING, error=error)


async def test_every_text_is_kept_under_its_hash(lines: Lines) -> None:
    file = uuid4()
    one = await keep_text(lines, file, "one", 1)
    two = await keep_text(lines, file, "two\x00\ud800", 2)
    assert (one, two) == (hash_of("one"), hash_of("two?"))
    assert await keep_text(lines, file, "one", 3) == one
    found = await read_text(lines, file, one)
    assert found
    assert (found.sha256, found.body, found.pages) == (one, "one", 3)
    await drop_texts(lines, file, keep=one, seconds=60)
    assert await read_text(lines, file, two), "it may be named in a moment"
    await drop_texts(lines, file, keep=one)
    assert await read_text(lines, file, two) is None
    assert await read_text(lines, file, one)
    await drop_texts(lines, file)
    assert await read_text(lines, file, one) is None
    assert await read_text(lines, uuid4(), one) is None


async def kept(lines: Lines, file: UUID) -> list[tuple[Any, ...]]:
    return await lines.rows(
        "select id, ordinal, text, headings, page, start_at, end_at, xmin::text "
        "from documents.passages where file_id = %(file)s order by ordinal",
        {"file": file},
    )


async def test_passages_are_those_of_the_last_text(lines: Lines) -> None:
    file, text = uuid4(), "\f".join(f"# Page {n}\n\nIt says {n}." for n in range(5))
    await keep_passages(lines, file, CUTTING, cut(text, Cutting()))
    first = await kept(lines, file)
    assert [row[1] for row in first] == list(range(5))
    assert [row[4] for row in first] == [1, 2, 3, 4, 5]
    assert [row[0] for row in first] == [passage_id(file, CUTTING, n) for n in range(5)]
    assert [text[row[5] : row[6]] for row in first] == [row[2] for row in first]
    await keep_passages(lines, file, CUTTING, cut(text, Cutting()))
    assert await kept(lines, file) == first, "not even written again"
    changed = text.replace("says 1", "said 1")
    await keep_passages(lines, file, CUTTING, cut(changed, Cutting()))
    second = await kept(lines, file)
    assert [new == old for new, old in zip(second, first, strict=True)] == [1, 0, 1, 1, 1]
    await keep_passages(lines, file, CUTTING, cut("Short.", Cutting()))
    assert [row[2] for row in await kept(lines, file)] == ["Short."]


async def test_a_page_of_passages_goes_on_where_the_last_one_ended(lines: Lines) -> None:
    file = uuid4()
    await keep_passages(lines, file, CUTTING, cut(story(7), Cutting()))
    one = await page_of_passages(lines, file, CUTTING, first=0, limit=5)
    two = await page_of_passages(lines, file, CUTTING, first=5, limit=5)
    assert [each.ordinal for each in [*one, *two]] == list(range(7))
    assert one[0].titled.startswith("Day 0\n")


async def test_ten_thousand_passages_take_seconds(lines: Lines) -> None:
    file = uuid4()
    passage = Passage(0, "The sea was calm that day, and so was everybody. " * 16, "", 1, 0, 9, 9)
    many = [replace(passage, text=f"{n} {passage.text}") for n in range(10_000)]
    begun_at = monotonic()
    await keep_passages(lines, file, CUTTING, many)
    assert monotonic() - begun_at < 20
    assert await lines.rows("select count(*) from documents.passages", {}) == [(10_000,)]


async def test_words_are_found_as_they_are_and_by_their_stems(lines: Lines) -> None:
    file = uuid4()
    await keep_passages(lines, file, CUTTING, cut("# Whales\n\nThe keepers sang.", Cutting()))
    for query, config in (("keeper", "english"), ("the", "simple"), ("whale", "english")):
        rows = await lines.rows(
            "select 1 from documents.passages "
            "where words @@ to_tsquery(%(config)s::regconfig, %(query)s)",
            {"config": config, "query": query},
        )
        assert len(rows) == 1, query


async def test_one_generation_fills_and_one_is_live(lines: Lines) -> None:
    indexes = Indexes(lines)
    first = await begun(indexes)
    await begun(indexes)  # another is filling already
    assert [each.id for each in await indexes.targets()] == [first]
    assert await indexes.live() is None
    assert await indexes.switch(first) == []
    assert await indexes.switch(first) == []
    second = await begun(indexes)
    assert [each.id for each in await indexes.targets()] == [second, first]
    both = await asyncio.gather(indexes.switch(second), indexes.switch(second))
    assert sorted(both) == [[], [first]]
    live = await indexes.live()
    assert live
    assert (live.id, live.state, live.dimension) == (second, "live", 3)
    assert not await indexes.end(second, "failed", "no")
    with pytest.raises(psycopg.errors.UniqueViolation):
        await lines.run("update documents.indexes set state = 'live'", {})


async def test_one_that_cannot_begin_says_why_until_the_next_one(lines: Lines) -> None:
    indexes = Indexes(lines)
    failed = await indexes.begin(SETTINGS, space="", dimension=0, cutting="", error="No key.")
    found = await indexes.get(failed)
    assert found
    assert (found.state, found.error) == ("failed", "No key.")
    await begun(indexes)
    assert await indexes.get(failed) is None


async def test_what_may_be_in_a_generation_is_known_before_it_is(lines: Lines) -> None:
    indexes, file, sha256 = Indexes(lines), uuid4(), hash_of("text")
    index = await begun(indexes)
    assert await indexes.start(index, file, CUTTING, sha256) == 0
    assert await indexes.expect(index, file, 9) == 9
    assert await indexes.start(index, file, CUTTING, hash_of("other")) == 9
    assert await indexes.expect(index, file, 4) == 9
    late = Indexed(CUTTING, sha256, 4, done=True)
    await indexes.finish(index, file, late)
    known = await indexes.indexed(index, file)
    assert known
    assert (known.done, known.passages) == (False, 9), "that text is no longer wanted"
    assert await indexes.known_passages(file, CUTTING, sha256) is None
    await indexes.start(index, file, CUTTING, sha256)
    await indexes.finish(index, file, late)
    assert await indexes.indexed(index, file) == late
    assert await indexes.known_passages(file, CUTTING, sha256) == 4
    assert await indexes.start(index, file, "another", sha256) == 0


async def test_passages_go_with_the_last_generation_that_has_them(lines: Lines) -> None:
    indexes, file = Indexes(lines), uuid4()
    old = await begun(indexes)
    await indexes.switch(old)
    new = await begun(indexes)
    for index, cutting in ((old, "a"), (old, "a"), (new, "b")):
        await indexes.start(index, file, cutting, hash_of("x"))
        await keep_passages(lines, file, cutting, cut(story(2), Cutting()))
    await keep_passages(lines, file, "nobody", cut(story(2), Cutting()))
    await drop_forsaken(lines, [file])
    cuttings = "select cutting, count(*) from documents.passages group by 1 order by 1"
    assert await lines.rows(cuttings, {}) == [("a", 2), ("b", 2)]
    await indexes.switch(new)
    await indexes.empty(old)
    assert await lines.rows(cuttings, {}) == [("b", 2)]
    assert await lines.rows("select job, key from work.jobs", {}) == [("ingest", file)]
    assert await lines.rows("select index_id from documents.indexed", {}) == [(new,)]


async def test_files_that_a_generation_lacks_are_found_page_by_page(lines: Lines) -> None:
    indexes, files = Indexes(lines), sorted(uuid4() for _ in range(5))
    index = await begun(indexes)
    for each in files:
        await keep_text(lines, each, "text", 0)
    await indexes.start(index, files[1], CUTTING, hash_of("text"))
    await indexes.finish(index, files[1], Indexed(CUTTING, hash_of("text"), 0, done=True))
    first = await indexes.missing(index, None, 2)
    assert first == [files[0], files[2]]
    assert await indexes.missing(index, first[-1], 9) == files[3:]
    await ask_all(lines, "ingest", files[:3])
    assert sorted(await indexes.on_the_way(index, files)) == first
    (status,) = await indexes.all()
    assert (status.files_done, status.files_total, status.passages) == (1, 5, 0)


async def test_many_jobs_leave_room_for_others(lines: Lines) -> None:
    many = [uuid4() for _ in range(5)]
    await ask_all(lines, "ingest", many, gap=10)
    urgent = uuid4()
    await ask(lines, "ingest", urgent)
    await ask_all(lines, "ingest", many[4:])
    rows = await lines.rows("select key from work.jobs order by due_at", {})
    assert {row[0] for row in rows[:3]} == {many[0], urgent, many[4]}
