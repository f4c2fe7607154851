"""Imports over HTTP: files are sent, and a worker takes them over."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
from pyarrow import parquet

from application import imports as taking
from infrastructure.chores import Chores
from interfaces.jobs.imports import importing
from tests.arena_sets import simulated
from tests.uploading import begun, sent
from tests.world import Person, World

AS_IMPORT = {"purpose": "import"}


def lines_of(records: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in records).encode()


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "question_id": f"q{number}",
        "model_a": "one-chat",
        "model_b": "two-chat",
        "winner": "model_a",
        "judge": f"voter-{number}",
        "tstamp": 1_760_000_000.0 + number,
        **more,
    }


async def posted(ana: Person, kind: str, files: dict[str, bytes], **wish: Any) -> Any:
    """Send files and ask for the import of them."""
    ids = {}
    for part, content in files.items():
        name = f"{part}.jsonl"
        upload = await begun(ana, wish.pop("called", name), len(content), **AS_IMPORT)
        if content:
            await sent(ana, upload["id"], content, 0)
        ids[part] = upload["id"]
    return await ana.post("/imports", json={"kind": kind, "files": ids, **wish})


async def imported(
    world: World, ana: Person, kind: str, files: dict[str, bytes], **wish: Any
) -> Any:
    """An import that a worker has done; it does it twice, which must change nothing."""
    answer = await posted(ana, kind, files, **wish)
    assert answer.status_code == 202, answer.text
    key = UUID(answer.json()["import_id"])
    assert (await ana.get(f"/imports/{key}")).json()["state"] == "queued"
    for _ in range(2):
        await importing(world.services)["import"].work(key)
    return await looked(world, ana, key)


async def looked(world: World, ana: Person, key: UUID) -> Any:
    await world.settle()
    answer = await ana.get(f"/imports/{key}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def left(world: World) -> list[Any]:
    """Uploads and their pieces, in the database and in the store."""
    lines = world.services.lines
    found = await lines.rows("select id from files.uploads", {})
    found += await lines.rows("select key from files.parts", {})
    folder = world.services.settings.data_folder
    assert not list((folder / "scratch").glob("*"))
    stored = [each for each in folder.rglob("*") if each.is_file() and "uploads" in each.parts]
    return [*found, *stored]


async def test_an_arena_is_taken_over_once(world: World) -> None:
    ana = await world.admin()
    data = simulated(200)
    files = {
        "models": json.dumps(data.models).encode(),
        "battles": lines_of(data.battles) + b"no JSON\n",
        "votes": lines_of(data.votes) + b'{"seq": -1}\n',
    }
    first = await imported(world, ana, "arena", files, space="club")
    count = len(data.battles) + len(data.votes)
    assert first["state"] == "done"
    assert (first["read"], first["unusable"]) == (count + 2, 2)
    assert first["imported"] + first["skipped"] == count
    assert [(each["part"], each["line"]) for each in first["lines"]] == [
        ("battles", len(data.battles) + 1),
        ("votes", len(data.votes) + 1),
    ]
    assert first["lines"][0]["reason"] == "not JSON"
    assert sum(first["reasons"].values()) == 2
    assert [each["part"] for each in first["files"]] == ["models", "battles", "votes"]
    assert await left(world) == []
    board = (await ana.get("/evaluations/leaderboard?space=club")).json()
    assert board["totals"]["votes"] > 100
    await same_again(world, ana, files, first)


async def same_again(world: World, ana: Person, files: dict[str, bytes], first: Any) -> None:
    """A second run imports nothing."""
    path = "/evaluations/leaderboard?space=club"
    totals = (await ana.get(path)).json()["totals"]
    head = await world.services.log.head()
    again = await imported(world, ana, "arena", files, space="club")
    count = first["imported"] + first["skipped"]
    assert (again["imported"], again["skipped"], again["unusable"]) == (0, count, 2)
    told = await world.services.log.read(head, 1_000)
    assert {each.type.partition(".")[0] for each in told} == {"import"}
    assert (await ana.get(path)).json()["totals"] == totals
    assert await left(world) == []
    page = (await ana.get("/imports?limit=1")).json()
    rest = (await ana.get(f"/imports?limit=1&cursor={page['next_cursor']}")).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == [again["id"], first["id"]]
    assert rest["next_cursor"] is None


async def test_a_parquet_table_and_one_that_is_none(world: World) -> None:
    ana = await world.admin()
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([row(n) for n in range(7)]), out)
    found = await imported(
        world, ana, "arena-table", {"table": out.getvalue()}, called="Club.PARQUET"
    )
    assert (found["state"], found["imported"]) == ("done", 7)
    broken = await imported(world, ana, "arena-table", {"table": b"not so"}, called="club.parquet")
    assert (broken["state"], broken["failure"]) == (
        "failed",
        "A file cannot be read: not Parquet.",
    )
    assert await left(world) == []


async def test_thumbs_of_another_product(world: World) -> None:
    ana = await world.admin()
    thumb = {
        "id": "t1",
        "user_id": "u1",
        "created_at": 1_760_000_000,
        "data": {"rating": 1, "model_id": "one-chat", "sibling_model_ids": ["two-chat"]},
    }
    records = [thumb, {"id": "t2", "data": {"rating": 1}}]
    content = json.dumps(records).encode()
    found = await imported(world, ana, "openwebui-feedback", {"feedback": content})
    assert (found["state"], found["imported"], found["reasons"]) == ("done", 1, {"no_model": 1})
    broken = await imported(world, ana, "openwebui-feedback", {"feedback": b"{}"})
    assert broken["failure"] == "A file cannot be read: not a JSON array."
    wrong = {"models": b"[1", "battles": lines_of([row(1)]), "votes": lines_of([row(1)])}
    models = await imported(world, ana, "arena", wrong)
    assert models["state"] == "failed"
    assert "models.jsonl" in models["failure"]


async def test_a_worker_that_died_is_gone_on_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at every batch: the numbers are as if nothing had happened."""
    monkeypatch.setattr(taking, "BATCH", 15)
    ana = await world.admin()
    data = simulated(60)
    files = {"battles": lines_of(data.battles) + b"?\n", "votes": b"?\n" + lines_of(data.votes)}
    whole = await imported(world, ana, "arena", files, space="whole")
    answer = await posted(ana, "arena", files, space="cut")
    key = UUID(answer.json()["import_id"])
    deaths = 0
    while (await looked(world, ana, key))["state"] not in ("done", "failed"):
        async with dying(world, after=deaths % 2) as work:
            await work(key)
        deaths += 1
        assert deaths < 30
    assert deaths > 4
    found = await looked(world, ana, key)
    same = ("state", "read", "imported", "skipped", "unusable", "reasons", "lines")
    assert {each: found[each] for each in same} == {each: whole[each] for each in same}
    boards = [
        (await ana.get(f"/evaluations/leaderboard?space={each}")).json()["totals"]
        for each in ("whole", "cut")
    ]
    assert boards[0] == boards[1]


@asynccontextmanager
async def dying(world: World, after: int) -> AsyncIterator[Any]:
    """A worker that dies when its second batch is in the log, or just before that."""
    log = world.services.log
    append, batches = log.append, 0

    async def mortal(changed: Any, *more: Any) -> Any:
        nonlocal batches
        batches += any(type(each.pending_events[0]).__name__ == "Advanced" for each in changed)
        if batches == 2 and not after:
            raise Died
        position = await append(changed, *more)
        if batches == 2:
            raise Died
        return position

    log.append = mortal  # type: ignore[method-assign,assignment]
    try:
        yield surviving(importing(world.services)["import"].work)
    finally:
        log.append = append  # type: ignore[method-assign]


class Died(BaseException):
    """As if by kill -9."""


def surviving(work: Any) -> Any:
    async def run(key: UUID) -> None:
        with suppress(Died):
            await work(key)

    return run


async def test_two_workers_at_once_take_over_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was frozen and thawed: whoever is later stops, or finds all done."""
    monkeypatch.setattr(taking, "BATCH", 20)
    ana = await world.admin()
    answer = await posted(ana, "arena-table", {"table": lines_of([row(n) for n in range(200)])})
    key = UUID(answer.json()["import_id"])
    work = importing(world.services)["import"].work
    await asyncio.gather(work(key), work(key), return_exceptions=True)
    await work(key)
    found = await looked(world, ana, key)
    assert (found["state"], found["imported"], found["skipped"]) == ("done", 200, 0)


async def test_one_that_is_cancelled_stops_and_says_what_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH", 20)
    ana = await world.admin()
    answer = await posted(ana, "arena-table", {"table": lines_of([row(n) for n in range(200)])})
    key = UUID(answer.json()["import_id"])
    async with dying(world, after=1) as work:
        await work(key)
    await world.settle()
    stopped = await ana.delete(f"/imports/{key}")
    assert stopped.status_code == 200
    assert (stopped.json()["state"], stopped.json()["imported"]) == ("cancelled", 40)
    assert (await ana.delete(f"/imports/{key}")).json()["state"] == "cancelled"
    await importing(world.services)["import"].work(key)
    found = await looked(world, ana, key)
    assert (found["state"], found["imported"]) == ("cancelled", 40)
    assert await left(world) == []
    board = (await ana.get("/evaluations/leaderboard")).json()
    assert board["totals"]["votes"] == 40
    done = await imported(world, ana, "arena-table", {"table": lines_of([row(1)])})
    late = await ana.delete(f"/imports/{done['id']}")
    assert late.status_code == 409
    assert "stays" in late.json()["detail"]


async def test_bytes_that_are_gone_fail_plainly(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "t.jsonl", 2, **AS_IMPORT)
    await sent(ana, upload["id"], b"{}", 0)
    wish = {"kind": "arena-table", "files": {"table": upload["id"]}}
    key = UUID((await ana.post("/imports", json=wish)).json()["import_id"])
    second = await ana.post("/imports", json=wish)
    assert second.status_code == 409
    assert "another import" in second.json()["detail"]
    assert (await ana.delete(f"/uploads/{upload['id']}")).status_code == 204
    await importing(world.services)["import"].work(key)
    found = await looked(world, ana, key)
    assert found["state"] == "failed"
    assert "no longer here" in found["failure"]


async def test_what_is_for_an_import_never_becomes_a_file(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    refused = await ben.post("/uploads", json={"name": "t.jsonl", "size": 2, **AS_IMPORT})
    assert refused.status_code == 403
    large = await ana.post("/uploads", json={"name": "t.jsonl", "size": 2**40, **AS_IMPORT})
    assert large.status_code == 413
    upload = await begun(ana, "t.jsonl", 2, **AS_IMPORT)
    await sent(ana, upload["id"], b"{}", 0)
    file = await ana.post(f"/uploads/{upload['id']}/finish", json={})
    assert file.status_code == 409
    assert (await ana.get("/files")).json()["items"] == []


async def test_wishes_that_make_no_sense_are_refused(world: World) -> None:
    ana = await world.admin()
    one = await begun(ana, "t.jsonl", 2, **AS_IMPORT)
    await sent(ana, one["id"], b"{}", 0)
    half = await begun(ana, "half.jsonl", 2, **AS_IMPORT)
    plain = await begun(ana, "plain.jsonl", 2)
    await sent(ana, plain["id"], b"{}", 0)
    empty = await begun(ana, "empty.jsonl", 0, **AS_IMPORT)
    table = {"table": one["id"]}
    for wish, status, named in (
        ({"kind": "csv", "files": table}, 422, "kind"),
        ({"kind": "arena", "files": {"battles": one["id"]}}, 422, "votes is missing"),
        ({"kind": "arena", "files": {"battles": one["id"], "votes": one["id"]}}, 422, "its own"),
        ({"kind": "arena-table", "files": {**table, "x": one["id"]}}, 422, "x is no part"),
        ({"kind": "arena-table", "files": table, "space": " a"}, 422, "blank"),
        ({"kind": "arena-table", "files": table, "space": "a\0"}, 422, "space"),
        ({"kind": "arena-table", "files": table, "space": "a" * 201}, 422, "space"),
        ({"kind": "arena-table", "files": {"table": half["id"]}}, 409, "half.jsonl"),
        ({"kind": "arena-table", "files": {"table": plain["id"]}}, 422, "plain.jsonl"),
        ({"kind": "arena-table", "files": {"table": empty["id"]}}, 422, "empty"),
        ({"kind": "arena-table", "files": {"table": str(uuid4())}}, 404, "upload"),
        ({"kind": "arena-table", "files": {"table": "x"}}, 422, "table"),
    ):
        answer = await ana.post("/imports", json=wish)
        assert answer.status_code == status, (wish, answer.text)
        assert named.replace("its own", "of its own") in answer.text, (wish, answer.text)
    assert (await ana.get("/imports")).json()["items"] == []
    other = await (await world.person("administrator")).post(
        "/imports", json={"kind": "arena-table", "files": table}
    )
    assert other.status_code == 404, "uploads of others are as unknown ones"


async def test_only_administrators_may(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    found = await imported(world, ana, "arena-table", {"table": lines_of([row(1)])})
    path = f"/imports/{found['id']}"
    body = {"json": {"kind": "arena-table", "files": {"table": str(uuid4())}}}
    for method, there in (
        ("POST", "/imports"),
        ("GET", "/imports"),
        ("GET", path),
        ("DELETE", path),
    ):
        more = body if method == "POST" else {}
        assert (await ben.send(method, there, **more)).status_code == 403
    assert (await ana.get(f"/imports/{uuid4()}")).status_code == 404
    assert (await ana.delete(f"/imports/{uuid4()}")).status_code == 404


async def test_a_worker_takes_it_by_itself(world: World) -> None:
    ana = await world.admin()
    answer = await posted(ana, "arena-table", {"table": lines_of([row(1)])})
    await world.settle()
    chores = Chores(world.services.lines, importing(world.services), 1)
    assert await chores._take() == 1  # noqa: SLF001 (as its own loop does)
    for task in list(chores._running):  # noqa: SLF001
        await task
    found = await looked(world, ana, UUID(answer.json()["import_id"]))
    assert found["state"] == "done"


async def test_what_waits_for_its_import_outlives_the_daily_tidying(world: World) -> None:
    ana = await world.admin()
    await posted(ana, "arena-table", {"table": lines_of([row(1)])})
    forgotten = await begun(ana, "t.jsonl", 2, **AS_IMPORT)
    uploads, now = world.services.files.uploads, datetime.now(UTC)
    assert await uploads.expire(now + timedelta(days=1)) == 1
    assert (await ana.get(f"/uploads/{forgotten['id']}")).status_code == 404
    assert await uploads.expire(now + timedelta(days=8)) == 1
    assert await left(world) == []
