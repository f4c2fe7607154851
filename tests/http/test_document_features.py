"""What people may do with documents here, told to everybody who was let in."""

from tests.world import World


async def test_people_are_told_what_they_may_do(world: World) -> None:
    ana = await world.admin()
    ben = await world.person()
    found = (await ben.get("/documents/features")).json()
    assert found == {
        "web_search": False,
        "file_bytes_max": 500 * 2**20,
        "extensions": [],
        "drives": [],
    }
    change = {
        "web": {"engine": "searxng", "url": "http://127.0.0.1:9"},
        "limits": {"file_bytes_max": 1_000, "extensions": ["pdf"]},
    }
    assert (await ana.patch("/documents/settings", json=change)).status_code == 200
    found = (await ana.get("/documents/features")).json()
    assert found == {
        "web_search": True,
        "file_bytes_max": 1_000,
        "extensions": ["pdf"],
        "drives": [],
    }
