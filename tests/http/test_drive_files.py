"""Files of drives are chosen by who owns the drive, and put where he may put them."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from application.documents.drives import DriveRefused, DriveServer
from tests.driving import Drives, driving, shelf
from tests.world import Person, World


@pytest.fixture
async def drives(world: World) -> AsyncIterator[Drives]:
    async with driving(world) as found:
        yield found


async def test_nobody_uses_the_drive_of_another(drives: Drives) -> None:
    ana, ben = await drives.world.admin(), await drives.world.person()
    await drives.link(ana, "google")
    shelf(drives.google)
    body = {"kind": "google", "items": [{"item": "tea"}]}
    for answer in (
        await ben.get("/drives/google/items"),
        await ben.post("/drive-files", json=body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "drive_not_linked")
    (chosen,) = await drives.choose(ana, "google", "tea")
    assert (chosen["state"], chosen["file_id"]) == ("fetching", None)
    assert (await ben.get("/drive-files")).json() == []
    assert (await ben.get(f"/drive-files?ids={chosen['id']}")).json() == []
    assert [each["id"] for each in (await ana.get("/drive-files")).json()] == [chosen["id"]]
    taken = {"kind": "google", "items": [{"id": chosen["id"], "item": "bread"}]}
    assert (await ana.post("/drive-files", json=taken)).status_code == 409
    await drives.link(ben, "google")
    assert (await ben.post("/drive-files", json=taken)).status_code == 404
    assert (await ben.delete(f"/drive-files/{chosen['id']}")).status_code == 404
    await ben.delete("/drives/google")
    assert await refused_for(ben, drives) == "expired"


async def refused_for(person: Person, drives: Drives) -> str:
    async def look(server: DriveServer, token: str) -> None:
        await server.account(token)

    links = drives.world.services.drives
    with pytest.raises(DriveRefused) as refused:
        await links.use("google", UUID(person.id), look)
    return refused.value.kind


async def test_into_a_foreign_knowledge_base_nothing_is_fetched(drives: Drives) -> None:
    ana, ben = await drives.world.admin(), await drives.world.person()
    made = await ben.post("/knowledge", json={"name": "Ben's"})
    knowledge_id = made.json()["id"]
    await drives.link(ana, "google")
    body = {"kind": "google", "items": [{"item": "tea"}], "knowledge_id": knowledge_id}
    assert (await ana.post("/drive-files", json=body)).status_code == 404


@pytest.mark.parametrize(
    "items", [[], [{"item": ""}], [{"item": "x" * 501}], [{"item": "a\x00"}], [{"item": "a"}] * 51]
)
async def test_wishes_that_are_none_are_refused(drives: Drives, items: list[object]) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    answer = await ana.post("/drive-files", json={"kind": "google", "items": items})
    assert answer.status_code == 422
