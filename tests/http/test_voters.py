"""Who votes oddly: reckoned when it is read, recorded when it changes, overruled by hand."""

from typing import Any
from uuid import uuid4

import pytest

from application.evaluation.eligibility import Policy
from application.importing.arena import Source
from application.imports import Import
from application.ports import SYSTEM
from infrastructure.evaluation.flagging import Flagging
from infrastructure.evaluation.lines import LoggedStreams
from tests.arena_sets import STUFFERS, ArenaSet, simulated
from tests.world import Person, World

VOTERS = "/evaluations/voters"
BOARD = "/evaluations/leaderboard?votes=trusted&space=club"


async def taken_over(world: World, data: ArenaSet) -> None:
    services = world.services
    source = Source(SYSTEM.id, "club", "club")
    taking = Import(services.log, LoggedStreams(services.lines))
    await taking.run(enumerate(data.battles, 1), source.battle)
    await taking.run(enumerate(data.votes, 1), source.vote)
    await world.settle()


@pytest.fixture
async def ana(world: World) -> Person:
    """An administrator of a house into which votes with planted stuffers were brought."""
    await taken_over(world, simulated(700))
    return await world.admin()


async def voters(ana: Person, more: str = "") -> dict[str, dict[str, Any]]:
    found = await ana.get(f"{VOTERS}?space=club{more}")
    assert found.status_code == 200, found.text
    return {each["voter"]: each for each in found.json()["items"]}


async def flagged(ana: Person, more: str = "") -> set[str]:
    return {name for name, each in (await voters(ana, more)).items() if each["flagged"]}


async def dropped(ana: Person, more: str = "") -> int:
    totals = (await ana.get(f"{BOARD}{more}")).json()["totals"]
    return int(totals["dropped"].get("flagged_voter", 0))


async def said(ana: Person, what: str, voter: str, **more: Any) -> int:
    body = {"voter": voter, "space": "club", **more}
    return (await ana.post(f"{VOTERS}/{what}", json=body)).status_code


async def test_an_import_has_its_planted_voters_flagged_at_once(world: World, ana: Person) -> None:
    before = await world.services.log.head()
    assert await flagged(ana) == set(STUFFERS)
    reckoned = await ana.post(f"{VOTERS}/reckoning", json={"space": "club"})
    assert reckoned.json() == {"flagged": sorted(STUFFERS), "changes": len(STUFFERS)}
    again = await ana.post(f"{VOTERS}/reckoning", json={"space": "club"})
    assert again.json()["changes"] == 0
    events = await world.services.log.read(before, types=["voter.flagged"])
    assert {vars(each.event)["voter_id"] for each in events} == set(STUFFERS)
    assert await flagged(ana) == set(STUFFERS)
    stuffer = (await voters(ana))[STUFFERS[0]]
    assert (stuffer["method"], stuffer["by"], stuffer["state"]) == ("residuals-1", None, "flagged")
    assert stuffer["at"]
    assert (await voters(ana, f"&as_of={before}"))[STUFFERS[0]]["at"] is None


async def test_a_clearing_holds_until_new_votes_are_odd_again(world: World, ana: Person) -> None:
    voter, before = STUFFERS[0], await world.services.log.head()
    lost = await dropped(ana)
    assert await said(ana, "clear", voter, reason="Our own test") == 204
    assert await said(ana, "clear", voter) == 204
    assert await flagged(ana) == set(STUFFERS) - {voter}
    known = (await voters(ana))[voter]
    assert (known["state"], known["by_name"], known["reason"]) == ("cleared", "Ana", "Our own test")
    assert known["votes"] == 0
    assert await dropped(ana) < lost
    assert await dropped(ana, f"&as_of={before}") == lost
    assert await flagged(ana, f"&as_of={before}") == set(STUFFERS)
    await ana.post(f"{VOTERS}/reckoning", json={"space": "club"})
    assert voter not in await flagged(ana)

    stuffed = [each for each in simulated(700).votes if each["voter"] == voter]
    more = ArenaSet(*again(stuffed, simulated(700)))
    await taken_over(world, more)
    assert await flagged(ana) == set(STUFFERS)
    assert (await voters(ana))[voter]["by"] is None


def again(votes: list[dict[str, Any]], data: ArenaSet) -> Any:
    """The same votes once more, in other battles on other prompts of other days."""
    battles = {each["battle_id"]: each for each in data.battles}
    seq = data.votes[-1]["seq"]
    later: list[dict[str, Any]] = []
    for n, each in enumerate(votes, 1):
        moved = {"battle_id": f"again-{n}", "tstamp": each["tstamp"] + 40 * 86_400}
        battles[moved["battle_id"]] = {**battles[each["battle_id"]], **moved, "prompt": f"More {n}"}
        later.append({**each, **moved, "seq": seq + n, "action": "cast"})
    later = [each for each in later if each["winner"]]
    values = {"battles": list(battles.values()), "votes": later}
    return [values.get(name, getattr(data, name)) for name in ArenaSet.__dataclass_fields__]


async def test_a_flag_by_hand_stays_until_it_is_cleared(world: World, ana: Person) -> None:
    honest = next(name for name, each in (await voters(ana)).items() if not each["flagged"])
    lost, start = await dropped(ana), await world.services.log.head()
    assert await said(ana, "flag", honest) == 204
    known = (await voters(ana))[honest]
    assert (known["flagged"], known["method"], known["by"]) == (True, "by_hand", ana.id)
    assert await dropped(ana) > lost
    await ana.post(f"{VOTERS}/reckoning", json={"space": "club"})
    assert honest in await flagged(ana)
    page = await ana.get("/evaluations/votes?space=club&reason=flagged_voter&limit=100&format=csv")
    assert honest in page.text
    assert await said(ana, "clear", honest) == 204
    assert honest not in await flagged(ana)
    assert await dropped(ana) == lost
    assert await dropped(ana, f"&as_of={start}") == lost
    assert await dropped(ana, "&as_of=2999-01-01T00:00:00Z") == lost


async def test_a_table_of_trusted_votes_is_the_same_when_it_is_read_again(
    world: World, ana: Person
) -> None:
    honest = next(name for name, each in (await voters(ana)).items() if not each["flagged"])
    await said(ana, "flag", honest)
    first = (await ana.get(BOARD)).json()
    fold = (await ana.get(f"{BOARD}&as_of={first['position']}")).json()
    assert fold["entries"] == first["entries"]
    world.services.boards.forget()
    assert (await ana.get(BOARD)).json() == first
    assert Policy().version == first["policy_version"]


async def test_only_administrators_and_only_known_voters(world: World, ana: Person) -> None:
    ben = await world.person()
    for what in ("flag", "clear", "reckoning"):
        body = {"space": "club"} | ({} if what == "reckoning" else {"voter": STUFFERS[0]})
        assert (await ben.post(f"{VOTERS}/{what}", json=body)).status_code == 403
    assert await said(ana, "flag", "nobody") == 404
    assert await said(ana, "clear", "nobody") == 404
    assert await said(ana, "flag", "") == 422
    assert await said(ana, "clear", STUFFERS[0], reason="x" * 501) == 422
    other = await ana.post(f"{VOTERS}/flag", json={"voter": STUFFERS[0], "space": str(uuid4())})
    assert other.status_code == 404


async def test_a_worker_records_when_enough_was_voted(world: World, ana: Person) -> None:
    services = world.services
    flagging = Flagging(services.log, services.lines, services.reader)
    for _ in range(2):
        await flagging.run()
        await world.settle()
        found = await services.log.read(0, 1_000, types=["voter.flagged"])
        assert len(found) == len(STUFFERS)
    assert (await voters(ana))[STUFFERS[0]]["at"]
