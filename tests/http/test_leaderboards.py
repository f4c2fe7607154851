"""Leaderboards and votes over HTTP."""

import asyncio
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from application.command import carry_out
from application.importing.arena import Source
from application.imports import Import, RecordLines
from application.ports import SYSTEM
from domain.ratings import Opinion, Rating, Thumb
from infrastructure.checkpoints import request_rebuild
from infrastructure.evaluation.lines import LoggedStreams
from infrastructure.lines import Lines
from tests.arena_sets import STRENGTHS, STUFFERS, simulated
from tests.world import World

BOARD = "/evaluations/leaderboard"
THUMBS: tuple[Thumb, ...] = (1, 1, 1, -1, 0)

BAD = (
    ("method=best", "method"),
    ("ties=some", "ties"),
    ("weighting=heavy", "weighting"),
    ("style=maybe", "style"),
    ("votes=mine", "votes"),
    ("interval=bootstrap:0", "interval"),
    ("interval=bootstrap:1000000", "interval"),
    ("anchor=x", "anchor"),
    ("anchor=x:nan", "anchor"),
    ("from=yesterday", "from"),
    ("until=2026-01-01", "until"),
    ("as_of=-1", "as_of"),
    ("as_of=import:nobody@3", "as_of"),
    ("as_of=99999999999999999999", "as_of"),
    ("k=0", "k"),
    ("topic=%20", "topic"),
    (f"topic={'x' * 301}", "topic"),
    ("topic=physics&method=elo", "method"),
    ("topic=physics&style=on", "style"),
    ("topic=physics&weighting=pair", "weighting"),
    ("topic=physics&interval=bootstrap:9", "interval"),
    ("colour=red", "colour"),
    ("method=bt&method=elo", "method"),
    (f"category={'x' * 301}", "category"),
)


async def filled(world: World, count: int = 500, space: str = "") -> None:
    data = simulated(count)
    source = Source(SYSTEM.id, space, "club")
    services = world.services
    taking = Import(services.log, LoggedStreams(Lines(services.pool)))
    await taking.run(enumerate(data.battles, 1), source.battle)
    await taking.run(enumerate(data.votes, 1), source.vote)
    await world.settle()


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    found: dict[str, Any] = response.json()
    return found


async def test_an_empty_house_has_empty_tables(world: World) -> None:
    ana = await world.admin()
    for method in ("bt", "elo", "approval", "openwebui"):
        body = (await ana.get(f"{BOARD}?method={method}")).json()
        assert body["entries"] == []
        assert body["totals"] == {"votes": 0, "accepted": 0, "dropped": {}, "voters": 0}
    assert (await ana.get(f"{BOARD}/matrix")).json()["cells"] == []
    assert (await ana.get("/evaluations/votes")).json()["items"] == []
    assert (await ana.get("/evaluations/voters")).json()["items"] == []


async def test_a_bad_parameter_is_named(world: World) -> None:
    ana = await world.admin()
    for query, parameter in BAD:
        found = refused(await ana.get(f"{BOARD}?{query}"), 422, "bad_parameter")
        assert found["parameter"] == parameter
        assert found["allowed"]


async def test_what_is_not_there_is_said_so(world: World) -> None:
    ana = await world.admin()
    found = refused(await ana.get(f"{BOARD}?as_of=1000000"), 409, "position_in_future")
    assert found["head"] == await world.services.log.head()
    refused(await ana.get(f"{BOARD}?anchor=nobody:1000"), 404, "unknown_model")
    refused(await ana.get(f"{BOARD}/history?model=nobody"), 404, "unknown_model")
    refused(await ana.get(f"{BOARD}/models/no/body/influence"), 404, "unknown_model")
    refused(await ana.get(f"{BOARD}/history"), 422, "bad_parameter")
    refused(await ana.get(f"{BOARD}/history?model=x&days=0"), 422, "bad_parameter")
    refused(await ana.get(f"{BOARD}/changes"), 422, "bad_parameter")


async def test_votes_and_voters_are_for_administrators(world: World) -> None:
    ben = await world.person()
    assert (await ben.get(BOARD)).status_code == 200
    assert (await ben.get("/evaluations/votes")).status_code == 403
    assert (await ben.get("/evaluations/voters")).status_code == 403
    assert (await world.client().get("/api/v1/evaluations/leaderboard")).status_code == 401


async def test_a_table_and_all_about_it(world: World) -> None:
    await filled(world)
    ana = await world.admin()
    response = await ana.get(BOARD)
    board = response.json()
    assert {each["model"] for each in board["entries"]} == set(STRENGTHS)
    tag = response.headers["etag"]
    again = await ana.get(BOARD, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    fold = (await ana.get(f"{BOARD}?as_of={board['position'] - 40}")).json()
    assert fold["position"] == board["position"] - 40
    assert fold["entries"] != board["entries"]

    matrix = (await ana.get(f"{BOARD}/matrix")).json()
    assert len(matrix["models"]) == len(matrix["cells"]) == len(STRENGTHS)
    assert matrix["cells"][0][0] is None
    assert matrix["cells"][0][1]["rate"] + matrix["cells"][1][0]["rate"] == pytest.approx(1)


async def test_what_a_table_can_be_narrowed_to(world: World) -> None:
    ana = await world.admin()
    none: dict[str, list[str]] = {"categories": [], "languages": [], "spaces": []}
    assert (await ana.get(f"{BOARD}/choices")).json() == none
    await filled(world)
    await filled(world, 100, "club")
    bob = await world.person()
    found = (await bob.get(f"{BOARD}/choices")).json()
    assert found["spaces"] == ["club"]
    for kind, name in (("categories", "category"), ("languages", "language")):
        assert found[kind] == sorted(set(found[kind]))
        assert len(found[kind]) > 1
        for each in found[kind]:
            board = (await bob.get(f"{BOARD}?{name}={each}")).json()
            assert board["totals"]["accepted"] > 0
    assert (await bob.get(f"{BOARD}/choices?space=nowhere")).json() == none | {"spaces": ["club"]}
    assert (await bob.get(f"{BOARD}/choices?space={'x' * 301}")).status_code == 422


async def test_how_a_table_came_about(world: World) -> None:
    await filled(world)
    ana = await world.admin()
    board = (await ana.get(BOARD)).json()
    model = board["entries"][0]["model"]
    history = (await ana.get(f"{BOARD}/history?model={model}&days=3")).json()
    assert len(history["points"]) == 2
    assert history["points"][-1]["rating"] == pytest.approx(board["entries"][0]["rating"])

    influence = (await ana.get(f"{BOARD}/models/{model}/influence")).json()["items"]
    assert len(influence) == 50
    assert abs(influence[0]["change"]) >= abs(influence[-1]["change"]) > 0

    middle = board["position"] - 100
    changes = (await ana.get(f"{BOARD}/changes?from={middle}")).json()
    assert (changes["from"], changes["to"]) == (middle, board["position"])
    assert changes["moves"]
    assert all(each["place"] > middle for each in changes["votes"])


async def test_every_vote_has_its_verdict(world: World) -> None:
    await filled(world, 700)
    ana = await world.admin()
    totals = (await ana.get(BOARD)).json()["totals"]
    dropped = "/evaluations/votes?verdict=dropped"
    first = (await ana.get(f"{dropped}&limit=10")).json()
    second = (await ana.get(f"{dropped}&limit=10&cursor={first['next_cursor']}")).json()
    assert first["count"] == sum(totals["dropped"].values())
    assert first["items"][-1]["place"] < second["items"][0]["place"]
    leaks = (await ana.get("/evaluations/votes?reason=identity_leak&limit=100")).json()
    assert len(leaks["items"]) == totals["dropped"]["identity_leak"]
    table = await ana.get(f"{dropped}&format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    lines = table.text.splitlines()
    assert lines[0] == "seq,battle_id,voter,reason"
    assert len(lines) == 1 + first["count"]
    voters = (await ana.get("/evaluations/voters")).json()["items"]
    assert {each["voter"] for each in voters if each["flagged"]} == set(STUFFERS)
    refused(await ana.get("/evaluations/votes?verdict=odd"), 422, "bad_parameter")
    refused(await ana.get("/evaluations/votes?reason=odd"), 422, "bad_parameter")


ADDRESSES = (
    BOARD,
    f"{BOARD}?method=elo",
    f"{BOARD}?style=on&category=code",
    f"{BOARD}?as_of=import:club@300",
    f"{BOARD}/matrix",
    "/evaluations/votes?limit=100",
    "/evaluations/voters",
)


async def test_a_rebuilt_read_model_answers_the_same_bytes(world: World) -> None:
    await filled(world, 300)
    ana = await world.admin()
    before = [(await ana.get(each)).content for each in ADDRESSES]
    assert await request_rebuild(Lines(world.services.pool), "votes") is not None
    await rebuilt(world)
    world.services.boards.forget()
    assert [(await ana.get(each)).content for each in ADDRESSES] == before


async def rebuilt(world: World) -> None:
    async with asyncio.timeout(30):
        while any(each.state != "live" for each in await world.services.lags()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await world.settle()


async def test_a_vote_is_seen_at_once(world: World) -> None:
    await filled(world, 200)
    ana = await world.admin()
    services = world.services
    source = Source(SYSTEM.id, "", "live")
    seconds = []
    for number in range(30):
        before = (await ana.get(BOARD)).json()["totals"]["votes"]
        vote = {
            "seq": number,
            "tstamp": datetime.now(UTC).timestamp(),
            "voter": f"new-{number}",
            "battle_id": f"b{number}",
            "action": "cast",
            "winner": "model_a",
        }
        began = perf_counter()
        done = await carry_out(RecordLines(source.vote(vote, 1)), log=services.log, actor=SYSTEM)
        headers = {"Read-After": str(done.position)}
        after = (await ana.get(BOARD, headers=headers)).json()["totals"]["votes"]
        seconds.append(perf_counter() - began)
        assert after == before + 1
    assert sorted(seconds)[28] < 1.0


async def test_thumbs_make_a_table_of_approval(world: World) -> None:
    ana = await world.admin()
    services = world.services
    given = []
    for value in THUMBS:
        rating = Rating.give(
            owner=UUID(ana.user["id"]),
            chat_id=uuid4(),
            answer_id=uuid4(),
            opinion=Opinion(value),
            attempt=1,
            model="m1",
            base_model="m1",
        )
        given.append(rating)
    done = await carry_out(RecordLines(given), log=services.log, actor=SYSTEM)
    headers = {"Read-After": str(done.position)}
    body = (await ana.get(f"{BOARD}?method=approval", headers=headers)).json()
    entry = body["entries"][0]
    assert (entry["wins"], entry["losses"], entry["ties"], entry["rank"]) == (3, 1, 1, 1)
    assert entry["rating"] == 0.75
    assert (round(entry["lower"], 4), round(entry["upper"], 4)) == (0.3006, 0.9544)
    assert done.position is not None
    earlier = f"{BOARD}?method=approval&as_of={done.position - 2}"
    assert (await ana.get(earlier)).json()["entries"][0]["rating"] == 1
