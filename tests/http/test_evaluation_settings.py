"""Choices for evaluation over HTTP."""

from tests.world import World

PATH = "/evaluations/settings"


async def test_everybody_sees_what_he_needs_and_administrators_all(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    found = (await ben.get(PATH)).json()
    assert found == {
        "ratings_enabled": True,
        "arena_enabled": True,
        "votes_minute_max": 30,
        "entries": [{"id": "arena", "name": "Arena"}],
        "policy_version": 1,
        "all": None,
    }
    assert (await ben.patch(PATH, json={})).status_code == 403
    whole = (await ana.get(PATH)).json()["all"]
    assert set(whole) == {"ratings", "arena", "policy"}
    assert (await ana.get(f"{PATH}?mine=true")).json() == found


async def test_what_is_chosen_holds(world: World) -> None:
    ana = await world.admin()
    entries = [{"id": "arena-code", "name": "Coders", "include": ["m1"]}]
    body = {
        "arena": {"entries": entries, "weights": {"m1": 2}, "targets": ["m1"]},
        "policy": {"voter_day_votes_max": 9},
    }
    changed = await ana.patch(PATH, json=body)
    assert changed.status_code == 200, changed.text
    found = (await ana.get(PATH)).json()
    assert found["entries"] == [{"id": "arena-code", "name": "Coders"}]
    assert found["policy_version"] == 2
    assert found["all"]["arena"]["weights"] == {"m1": 2.0}
    assert found["all"]["arena"]["sampler"] == "weighted"
    assert found["all"]["policy"]["voter_day_votes_max"] == 9


async def test_each_is_told_what_he_may(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    who = {"who": "administrators"}
    assert (await ana.patch(PATH, json={"ratings": who, "arena": who})).status_code == 200
    for person, may in ((ana, True), (ben, False)):
        found = (await person.get(PATH)).json()
        assert (found["ratings_enabled"], found["arena_enabled"]) == (may, may)
    refused = await ana.patch(PATH, json={"ratings": {"who": "nobody"}})
    assert refused.status_code == 422
    assert "who" in refused.text


async def test_what_is_wrong_is_named(world: World) -> None:
    ana = await world.admin()
    for body, said in (
        ({"arena": {"pacing": "fast"}}, "arena.pacing"),
        ({"arena": {"votes_minute_max": 0}}, "arena.votes_minute_max must be between"),
        ({"arena": {"entries": [{"id": "x", "name": "X"}]}}, "arena.entries.0.id must be arena"),
        ({"policy": {"version": 3}}, "policy.version"),
        ({"areas": {}}, "areas"),
    ):
        refused = await ana.patch(PATH, json=body)
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith(said), refused.text
