"""What every answer stream promises, whatever it is made of and whatever it loses."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis.asyncio

from application.ports import Chunk, Written
from domain.aggregate import Aggregate
from domain.answers import Answer, Status
from infrastructure.streams.entries import Entry
from infrastructure.streams.memory import MemoryAnswerStreams
from infrastructure.streams.redis import RedisAnswerStreams
from infrastructure.streams.writing import StreamWriter, key_of
from tests.scenario import event_of, fact

SECONDS_MAX = 10.0
Streams = MemoryAnswerStreams | RedisAnswerStreams


@dataclass
class FakeHistory:
    """What the log has of answers, as the test says."""

    told: dict[UUID, list[Aggregate.Event]] = field(default_factory=dict)

    async def history(self, key: UUID) -> list[Aggregate.Event]:
        return self.told.get(key, [])

    def ask(self, key: UUID) -> None:
        asked = fact(
            Answer.Requested,
            chat_id=uuid4(),
            owner=uuid4(),
            question_id=uuid4(),
            model="m1",
            params={},
            hint="",
            batch_id=uuid4(),
            batch_index=0,
            batch_count=1,
        )
        self.told[key] = [event_of(Answer, asked, key=key)]

    def say(self, key: UUID, kind: type[Aggregate.Event], **details: Any) -> None:
        version = len(self.told[key]) + 1
        self.told[key].append(event_of(Answer, fact(kind, **details), key=key, version=version))

    def checkpoint(self, key: UUID, attempt: int, offset: int, text: str) -> None:
        self.say(
            key,
            Answer.Checkpointed,
            attempt=attempt,
            offset=offset,
            text=text,
            reasoning_offset=0,
            reasoning="",
        )

    def end(self, key: UUID, attempt: int, text: str, reasoning: str = "") -> None:
        self.say(
            key,
            Answer.Ended,
            attempt=attempt,
            status=Status.COMPLETED,
            text=text,
            reasoning=reasoning,
            reasoning_seconds=None,
            seconds=1.0,
            usage=None,
            citations=[],
            error=None,
        )


@dataclass(frozen=True)
class Stage:
    """Streams, and the log behind them."""

    streams: Streams
    log: FakeHistory
    redis_url: str = ""

    def answer(self) -> UUID:
        key = uuid4()
        self.log.ask(key)
        return key

    async def lose(self) -> None:
        """Everything that is not in the log."""
        if isinstance(self.streams, MemoryAnswerStreams):
            self.streams.clear()
            return
        async with redis.asyncio.Redis.from_url(self.redis_url) as line:
            await line.flushdb()


@asynccontextmanager
async def open_stage(kind: str, redis_url: str) -> AsyncIterator[Stage]:
    log = FakeHistory()
    if kind == "memory":
        yield Stage(MemoryAnswerStreams(log), log)
    else:
        async with RedisAnswerStreams(redis_url, log) as streams:
            yield Stage(streams, log, redis_url)


@pytest.fixture(params=["memory", "redis"])
async def stage(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Stage]:
    async with open_stage(request.param, redis_url) as stage:
        yield stage


def begin(stage: Stage, key: UUID, attempt: int = 1, so_far: Written | None = None) -> StreamWriter:
    writer = stage.streams.writer(key, attempt, "m1", so_far)
    writer.write("start", {})
    return writer


async def write(stage: Stage, key: UUID, *texts: str, attempt: int = 1, pause: float = 0) -> None:
    """A whole answer, with its end in the log first."""
    writer = begin(stage, key, attempt)
    for text in texts:
        writer.write("delta", {"text": text})
        await asyncio.sleep(pause)
    stage.log.end(key, attempt, "".join(texts))
    writer.write("done", {"status": "completed"})
    await writer.close()


async def everything(stage: Stage, key: UUID, after: str = "") -> list[Chunk]:
    async with asyncio.timeout(SECONDS_MAX):
        return [each async for each in stage.streams.read(key, after)]


def text_of(chunks: list[Chunk], text: str = "", kind: str = "delta") -> str:
    for each in chunks:
        if each.kind == "restarted":
            text = ""
        elif each.kind == kind:
            text += each.data["text"]
    return text


def kinds(chunks: list[Chunk]) -> list[str]:
    return [each.kind for each in chunks if each.kind != "delta"]


async def first(chunks: AsyncGenerator[Chunk, None], text: str) -> list[Chunk]:
    """Read until a reader has a text."""
    found: list[Chunk] = []
    async with asyncio.timeout(SECONDS_MAX):
        async for each in chunks:
            found.append(each)
            if text_of(found) == text:
                break
    return found


async def test_a_late_reader_misses_nothing(stage: Stage) -> None:
    key = stage.answer()
    await write(stage, key, "80", " °C")
    chunks = await everything(stage, key)
    assert kinds(chunks) == ["start", "done"]
    assert chunks[0].data == {"model": "m1", "attempt": 1}
    assert text_of(chunks) == "80 °C"


async def test_an_early_reader_waits_and_gets_the_first_piece_at_once(stage: Stage) -> None:
    key = stage.answer()
    async with aclosing(stage.streams.read(key)) as reading:
        task = asyncio.create_task(first(reading, "80"))
        await asyncio.sleep(0.02)
        writer = begin(stage, key)
        writer.write("delta", {"text": "80"})
        chunks = await task
    assert [each.kind for each in chunks] == ["start", "delta"]
    await writer.close()


async def test_a_reader_may_come_back_after_every_piece(stage: Stage) -> None:
    key = stage.answer()
    texts = [f"w{n} " for n in range(8)]
    await write(stage, key, *texts, pause=0.03)
    chunks = await everything(stage, key)
    whole = text_of(chunks)
    assert whole == "".join(texts)
    for cut, each in enumerate(chunks[:-1]):
        rest = await everything(stage, key, each.id)
        assert text_of(rest, text_of(chunks[: cut + 1])) == whole
        assert rest[-1].kind == "done"


async def test_many_readers_read_one_answer(stage: Stage) -> None:
    key = stage.answer()
    reading = [asyncio.create_task(everything(stage, key)) for _ in range(20)]
    await write(stage, key, *(f"w{n} " for n in range(20)), pause=0.005)
    whole = "".join(f"w{n} " for n in range(20))
    for task in reading:
        assert text_of(await task) == whole


async def test_answers_do_not_mix(stage: Stage) -> None:
    mine, other = stage.answer(), stage.answer()
    await asyncio.gather(write(stage, mine, "mine"), write(stage, other, "other"))
    assert text_of(await everything(stage, mine)) == "mine"


async def test_text_and_reasoning_are_kept_apart(stage: Stage) -> None:
    key = stage.answer()
    writer = begin(stage, key)
    writer.write("reasoning", {"text": "Hm. "})
    writer.write("reasoning", {"text": "Yes."})
    writer.write("delta", {"text": "80"})
    writer.write("status", {"kind": "citations", "items": []})
    writer.write("done", {"status": "completed"})
    await writer.close()
    chunks = await everything(stage, key)
    assert text_of(chunks, kind="reasoning") == "Hm. Yes."
    assert text_of(chunks) == "80"
    assert "status" in kinds(chunks)
    assert chunks[-1].kind == "done"


async def test_what_the_stream_lost_is_written_anew(stage: Stage) -> None:
    key = stage.answer()
    writer = begin(stage, key)
    writer.write("delta", {"text": "one "})
    async with aclosing(stage.streams.read(key)) as reading:
        before = await first(reading, "one ")
        await stage.lose()
        writer.write("delta", {"text": "two "})
        writer.write("delta", {"text": "three"})
        after = await first(reading, "two three")
    assert text_of(before + after) == "one two three"
    assert text_of([*await first(stage.streams.read(key), "one two three")]) == "one two three"
    await writer.close()


async def test_an_end_that_never_reached_the_stream_is_in_the_log(stage: Stage) -> None:
    key = stage.answer()
    writer = begin(stage, key)
    writer.write("delta", {"text": "one "})
    reading = asyncio.create_task(everything(stage, key))
    await asyncio.sleep(0.05)
    stage.log.end(key, 1, "one two")
    chunks = await reading
    assert text_of(chunks) == "one two"
    assert chunks[-1].data == {"status": "completed"}
    await writer.close()


async def test_a_new_attempt_makes_readers_forget(stage: Stage) -> None:
    key = stage.answer()
    writer = begin(stage, key)
    writer.write("delta", {"text": "old words"})
    async with aclosing(stage.streams.read(key)) as reading:
        before = await first(reading, "old words")
        stage.log.checkpoint(key, 1, 0, "old")
        await write(stage, key, "new", attempt=2)
        after = [each async for each in reading]
    assert kinds(after) == ["restarted", "start", "done"]
    assert text_of(before + after) == "new"
    again = await everything(stage, key, before[-1].id)
    assert kinds(again)[0] == "restarted"
    assert text_of(again, "old words") == "new"
    assert text_of(await everything(stage, key)) == "new"
    await writer.close()


async def test_a_dead_workers_last_words_change_nothing(stage: Stage) -> None:
    if isinstance(stage.streams, MemoryAnswerStreams):
        pytest.skip("there is one process only")
    key = stage.answer()
    ghost = begin(stage, key)
    ghost.write("delta", {"text": "old "})
    await asyncio.sleep(0.05)
    writer = begin(stage, key, attempt=2)
    writer.write("delta", {"text": "new "})
    await asyncio.sleep(0.05)
    ghost.write("delta", {"text": "ghost"})
    await asyncio.sleep(0.05)
    stage.log.end(key, 2, "new ")
    writer.write("done", {"status": "completed"})
    await writer.close()
    assert text_of(await everything(stage, key)) == "new "
    await ghost.close()


async def test_an_attempt_that_goes_on_is_seamless(stage: Stage) -> None:
    key = stage.answer()
    writer = begin(stage, key)
    writer.write("delta", {"text": "one "})
    async with aclosing(stage.streams.read(key)) as reading:
        before = await first(reading, "one ")
        seen = await stage.streams.written(key)
        assert seen == Written("one ", "", 1)
        other = begin(stage, key, 2, seen)
        other.write("delta", {"text": "two"})
        stage.log.end(key, 2, "one two")
        other.write("done", {"status": "completed"})
        await other.close()
        after = [each async for each in reading]
    assert "restarted" not in kinds(after)
    assert text_of(before + after) == "one two"
    await writer.close()


async def test_streams_expire(stage: Stage) -> None:
    if isinstance(stage.streams, MemoryAnswerStreams):
        pytest.skip("memory ends with its process")
    key = stage.answer()
    await write(stage, key, "80")
    async with redis.asyncio.Redis.from_url(stage.redis_url) as line:
        assert 3_500 < await line.ttl(key_of(key)) <= 3_600


async def test_who_never_reads_costs_little(redis_url: str) -> None:
    async with open_stage("redis", redis_url) as stage:
        key = stage.answer()
        assert isinstance(stage.streams, RedisAnswerStreams)
        sleeper = await stage.streams.join(key, (0, 0))
        await write(stage, key, *("word " for _ in range(2_000)), pause=0.0005)
        assert len(sleeper._waiting) <= 256  # noqa: SLF001 (what it holds is the point)
        found: list[Entry] = []
        while not found or found[-1].kind != "done":
            found += await sleeper.next(1)
        sleeper.leave()
        assert "".join(str(each.chunk().data.get("text", "")) for each in found) == "word " * 2_000


async def test_a_web_process_that_ends_sends_its_readers_elsewhere(redis_url: str) -> None:
    async with open_stage("redis", redis_url) as stage:
        key = stage.answer()
        assert isinstance(stage.streams, RedisAnswerStreams)
        writer = begin(stage, key)
        writer.write("delta", {"text": "one "})
        reading = asyncio.create_task(everything(stage, key))
        await asyncio.sleep(0.1)
        stage.streams.go_down()
        chunks = await reading
        assert chunks[-1].data == {"kind": "reconnect"}
        async with RedisAnswerStreams(redis_url, stage.log) as other:
            rest = asyncio.create_task(everything(Stage(other, stage.log), key, chunks[-1].id))
            writer.write("delta", {"text": "two"})
            stage.log.end(key, 1, "one two")
            writer.write("done", {"status": "completed"})
            await writer.close()
            assert text_of(chunks + await rest) == "one two"
