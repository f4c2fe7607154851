"""Votes that are cast from many processes make the table that the same votes make as a file."""

import asyncio
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.bench.client import Api
from tests.bench.world import PASSWORD, World, running
from tests.product import ROOT, environment

VOTERS = 4
BATTLES_EACH = 14
SECONDS_MAX = 120.0
MODELS = ["instant", "fast-n5", "fast-n10", "fast-n20"]
SETTINGS = {
    "arena": {
        "votes_minute_max": 1_000,
        "entries": [{"id": "arena", "name": "Arena", "include": MODELS}],
    },
    "policy": {"prompt_votes_max": 7, "voter_day_votes_max": 7},
}
BOARD = "/api/v1/evaluations/leaderboard"
QUERIES = ("", "&votes=all", "&votes=trusted", "&ties=drop_all", "&style=on", "&method=elo")
Line = dict[str, Any]

pytestmark = pytest.mark.xdist_group("product")


async def test_votes_from_many_processes_make_the_imported_table(tmp_path: Path) -> None:
    async with running() as world, asyncio.timeout(SECONDS_MAX):
        (await world.api.call("PATCH", "/api/v1/evaluations/settings", SETTINGS)).expect(200)
        people = [await somebody(world, number) for number in range(VOTERS)]
        told = await asyncio.gather(*(voted(world, *each) for each in enumerate(people)))
        battles = [each for _, lines in told for each in lines if each["kind"] == "battle"]
        acts = [{**each, "voter": voter} for voter, lines in told for each in lines]
        acts = sorted((each for each in acts if each["kind"] == "act"), key=lambda act: act["seq"])
        assert len(battles) == VOTERS * BATTLES_EACH
        write(tmp_path / "battles.jsonl", [in_file(each) for each in battles])
        write(tmp_path / "votes.jsonl", acts)
        said = await taken_over(world, tmp_path)
        assert f"votes.jsonl: imported {len(acts)}, skipped 0\n" in said
        head = (await world.api.call("POST", "/api/v1/chats", {})).headers["position"]
        for query in QUERIES:
            live, filed = [await board(world, f"space={s}{query}", head) for s in ("", "replay")]
            assert [live[name] for name in ("totals", "entries", "weights")] == [
                filed[name] for name in ("totals", "entries", "weights")
            ]
        await middle(world, acts)
        table = await board(world, "", head)
        assert {each["model"] for each in table["entries"]} == set(MODELS)
        assert any(each["rating"] for each in table["entries"])
        assert {"prompt_cap", "voter_daily_cap"} <= set(table["totals"]["dropped"])


async def middle(world: World, acts: list[Line]) -> None:
    """Halfway they are the same as well."""
    seq = acts[len(acts) // 2]["seq"]
    live = await board(world, f"as_of={seq}")
    filed = await board(world, f"space=replay&as_of={quote(f'import:replay@{seq}')}")
    assert (live["totals"], live["entries"]) == (filed["totals"], filed["entries"])


async def somebody(world: World, number: int) -> tuple[str, str]:
    """A person with an account; who he is, and his token."""
    email = f"voter{number}@example.org"
    body = {"email": email, "password": PASSWORD, "name": "Voter", "role": "user"}
    await world.api.post("/api/v1/users", body)
    api = Api(world.product.url)
    told = await api.post("/api/v1/auth/signin", {"email": email, "password": PASSWORD})
    api.close()
    return told["user"]["id"], told["token"]


async def voted(world: World, seed: int, person: tuple[str, str]) -> tuple[str, list[Line]]:
    """All that a voter did in his process."""
    voter, token = person
    words = (world.product.url, token, str(seed), str(BATTLES_EACH))
    return voter, [json.loads(each) for each in (await run("tests.e2e.voter", *words)).splitlines()]


async def taken_over(world: World, folder: Path) -> str:
    """The same battles and votes from files, into a space of their own."""
    files = ("--battles", str(folder / "battles.jsonl"), "--votes", str(folder / "votes.jsonl"))
    words = ("import", "arena", *files, "--space", "replay")
    return await run("interfaces.cli.main", *words, QUIRE_DATA=str(world.product.folder))


async def run(module: str, *words: str, **env: str) -> str:
    """What a process of its own says."""
    done = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *words),
        cwd=ROOT,
        env={**environment(), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        out, errors = await done.communicate()
    finally:
        if done.returncode is None:
            done.kill()
    assert done.returncode == 0, errors.decode()[-3000:]
    return out.decode()


async def board(world: World, query: str, after: str = "0") -> Line:
    """A table, not older than that place in the log."""
    path = f"{BOARD}?{query}"
    reply = await world.api.call("GET", path, headers={"Read-After": after})
    found: Line = reply.expect(200)
    return found


def in_file(battle: Line) -> Line:
    """A battle as the interchange format has it."""
    line = {
        "battle_id": battle["battle_id"],
        "tstamp": datetime.fromisoformat(battle["started_at"]).timestamp(),
        "prompt": battle["prompt"],
        "blind": battle["blind"],
    }
    for each in battle["sides"]:
        slot = each["slot"]
        more = {f"response_{slot}": each["content"], f"status_{slot}": each["status"]}
        line |= {f"model_{slot}": each["model"], **more}
    return line


def write(path: Path, lines: list[Line]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
