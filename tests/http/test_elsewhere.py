"""Feedback of Open WebUI: its own arithmetic again, and votes that were not blind in our tables."""

import random
from collections import Counter
from typing import Any

from application.importing.feedback import told_by
from application.imports import Import, Report
from application.ports import SYSTEM
from infrastructure.evaluation.lines import LoggedStreams, order
from infrastructure.lines import Lines
from tests.world import World

BOARD = "/evaluations/leaderboard"
MODELS = ("llama", "mistral", "qwen", "phi")
Record = dict[str, Any]


def exported(count: int = 300) -> list[Record]:
    """An export in which all that can be odd is."""
    chance = random.Random(11)
    found = [a_record(chance, number) for number in range(count)]
    found += [
        a_record(chance, count, rating=1, model="alone", siblings=None),
        a_record(chance, count + 1, rating="-1", model="alone", siblings=[]),
        a_record(chance, count + 2, rating=1.0, siblings=["llama"]),
        a_record(chance, count + 3, rating=True, siblings=["llama"]),
        a_record(chance, count + 4, rating=1, siblings=["qwen", "qwen", None, 5]),
        {"id": "x", "data": None},
        {"id": "y", "data": {"model_id": None, "rating": 1}},
    ]
    chance.shuffle(found)
    return found


def a_record(chance: random.Random, number: int, **odd: Any) -> Record:
    rating = chance.choice([1, 1, "1", -1, "-1", 0, "0", None, 2, "good"])
    siblings = chance.choice([None, [], *([chance.sample(MODELS, each)] for each in (1, 2, 3))])
    found = {"rating": rating, "model": chance.choice(MODELS), "siblings": siblings, **odd}
    if siblings and isinstance(siblings[0], list):
        found["siblings"] = odd.get("siblings", siblings[0])
    return {
        "id": f"f{number:04}" if number % 2 else f"F{number:04}",
        "user_id": f"u{number % 9}",
        "created_at": 1_750_000_000 + number // 3,
        "data": {
            "rating": found["rating"],
            "model_id": found["model"],
            "sibling_model_ids": found["siblings"],
        },
    }


def reckoned(records: list[Record]) -> dict[str, tuple[float, int, int]]:
    """Rating, won and lost of each model, as it is done there."""
    ratings: dict[str, float] = {}
    won: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for each in sorted(records, key=order):
        data = each["data"] or {}
        if not data.get("model_id") or str(data.get("rating", "")) not in ("1", "-1"):
            continue
        for other in data["sibling_model_ids"] or []:
            if not isinstance(other, str):
                continue  # nobody there is called so
            mine, score = data["model_id"], (int(data["rating"]) + 1) / 2
            gap = ratings.setdefault(other, 1000.0) - ratings.setdefault(mine, 1000.0)
            change = 32 * (score - 1 / (1 + 10 ** (gap / 400)))
            ratings[mine] += change
            ratings[other] -= change
            won[mine if score else other] += 1
            lost[other if score else mine] += 1
    return {name: (rating, won[name], lost[name]) for name, rating in ratings.items()}


async def imported(world: World, records: list[Record]) -> Report:
    services = world.services
    taking = Import(services.log, LoggedStreams(Lines(services.pool)))
    lines = enumerate(sorted(records, key=order), 1)
    report = await taking.run(lines, lambda each, _: told_by(each, SYSTEM.id))
    await world.settle()
    return report


async def test_feedback_is_reckoned_as_there(world: World) -> None:
    records = exported()
    report = await imported(world, records)
    usable = [each for each in records if is_usable(each)]
    assert report.imported == len(usable)
    assert report.reasons.total() == report.broken == len(records) - len(usable)
    again = await imported(world, records)
    assert (again.imported, again.skipped) == (0, len(usable))

    ana = await world.admin()
    entries = (await ana.get(f"{BOARD}?method=openwebui")).json()["entries"]
    expected = reckoned(records)
    assert {each["model"] for each in entries} == set(expected)
    for each in entries:
        rating, won, lost = expected[each["model"]]
        assert abs(each["rating"] - rating) < 1e-6
        assert (each["wins"], each["losses"]) == (won, lost)


def is_usable(record: Record) -> bool:
    data = record["data"] or {}
    rating = data.get("rating")
    return bool(data.get("model_id")) and str(rating) in ("1", "-1", "0")


async def test_feedback_gives_votes_that_never_count(world: World) -> None:
    records = exported(60)
    await imported(world, records)
    games = [
        (each["data"]["model_id"], other)
        for each in records
        if is_usable(each) and int(each["data"]["rating"])
        for other in dict.fromkeys(each["data"]["sibling_model_ids"] or [])
        if isinstance(other, str)
    ]
    selves = sum(a == b for a, b in games)
    assert selves
    ana = await world.admin()
    for votes in ("eligible", "trusted", "all"):
        board = (await ana.get(f"{BOARD}?votes={votes}")).json()
        assert board["entries"] == []
        dropped = {"not_blind": len(games) - selves, "self_pair": selves}
        assert board["totals"]["dropped"] == dropped
        assert board["totals"]["accepted"] == 0
    seen = (await ana.get("/evaluations/votes?reason=not_blind&limit=100")).json()["items"]
    assert len(seen) == len(games) - selves
    assert {each["verdict"] for each in seen} == {"dropped"}
    assert Counter((each["model_a"], each["model_b"]) for each in seen) == Counter(
        (a, b) for a, b in games if a != b
    )
