"""What administrators see of usage, and that nobody else does."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interfaces.cli.main import main
from tests.answering import Answering
from tests.world import Person, World

ROUTES = ("summary", "daily", "models", "users", "models/echo", "chats", "messages")


async def asked_thrice(answering: Answering) -> tuple[Person, Person]:
    """Ana asks once and Ben twice; he likes the last answer."""
    answering.start_worker()
    ana, ben = await answering.world.admin(), await answering.world.person()
    for person in (ana, ben, ben):
        asked = await answering.ask(person, "Why is the sky blue?", "echo")
        await answering.follow(person, asked["answers"][0]["id"])
    rating = f"/chats/{asked['chat']}/messages/{asked['answers'][0]['id']}/rating"
    assert (await ben.put(rating, json={"value": 1, "tags": ["sky"]})).status_code == 200
    await answering.world.settle()
    ana.position = await answering.world.services.log.head()
    return ana, ben


async def told(person: Person, path: str) -> Any:
    response = await person.get(f"/analytics/{path}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_usage_is_told_by_person_and_over_time(answering: Answering) -> None:
    ana, ben = await asked_thrice(answering)
    summary = await told(ana, "summary")
    totals = summary["totals"]
    names = ("questions", "answers", "completed", "chats", "users")
    assert [totals[name] for name in names] == [3, 3, 3, 3, 2]
    assert totals["output_tokens"] > 0
    assert summary["previous"]["answers"] == 0
    own = (await told(ana, f"summary?user={ben.id}&model=echo"))["totals"]
    assert (own["answers"], own["users"]) == (2, 1)
    daily = await told(ana, "daily?bucket=1h&metric=messages")
    (line,) = daily["series"]
    assert (line["model"], sum(line["values"])) == ("echo", 3)
    assert len(daily["times"]) == len(daily["previous"]) == len(line["values"])
    people = (await told(ana, "users"))["items"]
    assert [(each["user_name"], each["answers"]) for each in people] == [
        (ben.user["name"], 2),
        ("Ana", 1),
    ]
    messages = (await told(ana, f"messages?user={ben.id}"))["items"]
    assert [each["role"] for each in messages].count("assistant") == 2
    assert "sky" not in json.dumps(messages)


async def test_usage_is_told_by_model(answering: Answering) -> None:
    ana, _ = await asked_thrice(answering)
    models = (await told(ana, "models"))["items"]
    assert [(each["model"], each["answers"]) for each in models] == [("echo", 3)]
    one = await told(ana, "models/echo")
    assert [(each["up"], each["down"]) for each in one["ratings"]] == [(1, 0)]
    assert one["tags"] == [{"tag": "sky", "count": 1}]
    assert 0 <= one["median_seconds"] <= one["p95_seconds"]
    assert (await ana.get("/analytics/models/no/body")).status_code == 404
    chats = await told(ana, "chats?model=echo&limit=2")
    more = await told(ana, f"chats?model=echo&cursor={chats['next_cursor']}")
    assert len({each["chat_id"] for each in chats["items"] + more["items"]}) == 3


async def test_usage_is_told_in_a_terminal(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await asked_thrice(answering)
    settings = answering.world.services.settings
    for name in ("database_url", "redis_url", "data"):
        monkeypatch.setenv(f"QUIRE_{name.upper()}", str(getattr(settings, name)))
    assert await asyncio.to_thread(main, ["analytics", "--by", "user", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["total"]["answers"] == 3
    assert [each["answers"] for each in printed["items"]] == [2, 1]
    assert await asyncio.to_thread(main, ["analytics"]) == 0
    assert "echo" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["analytics", "--from", "2090-01-01"]) == 2


async def test_only_administrators_see_it(world: World) -> None:
    ana, ben, stranger = await world.admin(), await world.person(), world.client()
    for route in ROUTES:
        assert (await ben.get(f"/analytics/{route}")).status_code == 403, route
        assert (await stranger.get(f"/api/v1/analytics/{route}")).status_code == 401, route
        expected = 404 if "/" in route else 200
        assert (await ana.get(f"/analytics/{route}")).status_code == expected, route
    assert (await ana.get("/analytics/summary")).json()["totals"]["mean_seconds"] is None


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("daily?bucket=5m", "10m"),
        ("daily?metric=cost", "tokens"),
        ("daily?colour=red", "colour"),
        ("daily?bucket=10m&from=2020-01-01T00:00:00Z&until=2020-12-01T00:00:00Z", "bucket"),
        ("summary?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "from"),
        ("summary?from=0001-01-01T00:00:00Z", "from"),
        ("summary?until=9999-12-31T00:00:00Z", "until"),
        ("summary?from=2001-01-01T00:00:00Z", "days"),
        ("summary?from=2026-01-02", "from"),
        ("summary?user=ana", "user"),
        ("messages?limit=0", "limit"),
        ("messages?cursor=xx", "cursor"),
        ("chats?cursor=xx", "cursor"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(world: World, query: str, named: str) -> None:
    ana = await world.admin()
    refused = await ana.get(f"/analytics/{query}")
    assert refused.status_code == 422, refused.text
    assert named in refused.text


async def test_days_are_those_of_the_world(world: World) -> None:
    ana = await world.admin()
    until = datetime(2026, 3, 4, 13, 5, tzinfo=UTC)
    query = {"from": (until - timedelta(days=2)).isoformat(), "until": until.isoformat()}
    found = (await ana.get("/analytics/daily", params=query)).json()
    assert found["times"] == [f"2026-03-0{day}T00:00:00.000Z" for day in (2, 3, 4)]
