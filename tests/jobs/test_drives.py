"""Files of drives come by themselves, within all limits, and end as files or with a reason."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.documents.drives import DriveItem
from application.ports import Unavailable
from infrastructure.drives import fetching
from infrastructure.drives.client import Answer, DriveClient, Request
from infrastructure.drives.fetching import Fetching, name_of
from infrastructure.settings import Settings
from interfaces.jobs import drives as jobs
from tests.drive_servers import Kept
from tests.driving import DOUBLES, TEA, Drives, Json, driving, shelf
from tests.ingesting import Ingesting, eventually, open_ingesting
from tests.one_drive import DRIVE, TEAM
from tests.world import Person, World


@pytest.fixture
async def drives(world: World) -> AsyncIterator[Drives]:
    async with driving(world) as found:
        yield found


def key_of(kind: str, item: str, drive: str = DRIVE) -> str:
    return item if kind == "google" else f"{drive}:{item}"


def job_of(drives: Drives) -> Fetching:
    work = jobs.fetching(drives.world.services)["fetch_drive_file"].work
    found = getattr(work, "__self__", None)
    assert isinstance(found, Fetching)
    return found


async def fetched(drives: Drives, person: Person, chosen: Json) -> Json:
    """A chosen file after the job has done what it can."""
    await job_of(drives).fetch(UUID(chosen["id"]))
    await drives.world.settle()
    (found,) = (await person.get(f"/drive-files?ids={chosen['id']}")).json()
    return dict(found)


async def refused(drives: Drives, person: Person, kind: str, item: str) -> tuple[str, str]:
    (chosen,) = await drives.choose(person, kind, item)
    found = await fetched(drives, person, chosen)
    assert (found["state"], found["file_id"]) == ("failed", None)
    assert (await person.get("/files")).json()["items"] == []
    assert not list((drives.world.services.settings.data_folder / "scratch").glob("*"))
    return found["reason"], found["message"]


@pytest.mark.parametrize("kind", DOUBLES)
async def test_a_chosen_file_becomes_a_file(drives: Drives, kind: str) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, kind)
    shelf(drives.of(kind))
    (chosen,) = await drives.choose(ana, kind, key_of(kind, "tea"))
    assert (chosen["name"], chosen["state"]) == ("Tea", "fetching")
    found = await fetched(drives, ana, chosen)
    assert (found["state"], found["message"]) == ("arrived", "")
    file = (await ana.get(f"/files/{found['file_id']}")).json()
    assert (file["name"], file["media_type"], file["size"]) == ("Tea's notes.txt", "text/plain", 40)
    assert (await ana.get(f"/files/{file['id']}/content")).content == TEA
    assert await drives.world.services.lines.rows("select 1 from files.fetches", {}) == []
    assert (await fetched(drives, ana, chosen))["file_id"] == file["id"]
    assert len((await ana.get("/files")).json()["items"]) == 1


async def test_the_same_bytes_are_kept_once_and_put_where_they_are_wanted(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    (first,) = await drives.choose(ana, "google", "tea")
    file_id = (await fetched(drives, ana, first))["file_id"]
    knowledge_id = (await ana.post("/knowledge", json={"name": "Drinks"})).json()["id"]
    more = {"knowledge_id": knowledge_id}
    chosen = await drives.choose(ana, "google", "tea", "bread", **more)
    found = [await fetched(drives, ana, each) for each in chosen]
    assert {each["state"] for each in found} == {"arrived"}
    assert file_id in [each["file_id"] for each in found]
    await drives.world.settle()
    inside = (await ana.get(f"/files?knowledge_id={knowledge_id}")).json()["items"]
    assert sorted(each["name"] for each in inside) == ["Bread.txt", "Tea's notes.txt"]


async def test_documents_of_google_come_in_an_office_format(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    drives.google.put(Kept("plan", "Plan", native="document", body=b"PK the plan"))
    (listed,) = (await drives.items(ana, "google"))["items"]
    assert (listed["name"], listed["size"], listed["fetchable"]) == ("Plan.docx", None, True)
    (chosen,) = await drives.choose(ana, "google", "plan")
    found = await fetched(drives, ana, chosen)
    file = (await ana.get(f"/files/{found['file_id']}")).json()
    assert file["name"] == "Plan.docx"
    assert file["media_type"].endswith("wordprocessingml.document")


async def test_a_shortcut_is_what_it_leads_to(drives: Drives) -> None:
    ana = await drives.world.admin()
    for kind in DOUBLES:
        await drives.link(ana, kind)
    shelf(drives.google)
    drives.google.put(Kept("way", "Way to tea", parent="x", native="shortcut", there="tea"))
    (listed,) = (await drives.items(ana, "google", folder="x"))["items"]
    assert (listed["id"], listed["is_folder"]) == ("tea", False)
    drives.microsoft.put(
        Kept("team", "Team", is_folder=True, there=TEAM),
        Kept("report", "Report.txt", parent="team", body=b"All is well.", there=TEAM),
    )
    (folder,) = (await drives.items(ana, "microsoft"))["items"]
    assert (folder["id"], folder["is_folder"]) == (key_of("microsoft", "team", TEAM), True)
    inside = (await drives.items(ana, "microsoft", folder=folder["id"]))["items"]
    assert [each["name"] for each in inside] == ["Report.txt"]
    (chosen,) = await drives.choose(ana, "microsoft", key_of("microsoft", "report", TEAM))
    assert (await fetched(drives, ana, chosen))["state"] == "arrived"


@pytest.mark.parametrize(
    ("kept", "reason", "why"),
    [
        (Kept("it", "Recipes", is_folder=True), "not_downloadable", "Recipes"),
        (Kept("it", "A form", native="form"), "not_downloadable", "A form"),
        (Kept("it", "Theirs.txt", open=False), "not_downloadable", "Theirs"),
        (Kept("it", "Huge", native="document", open=False), "too_large", "10 MB"),
        (Kept("other", "Other"), "gone", "any more"),
    ],
)
async def test_what_google_does_not_give_is_told(
    drives: Drives, kept: Kept, reason: str, why: str
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    drives.google.put(kept)
    found, message = await refused(drives, ana, "google", "it")
    assert (found, why in message) == (reason, True)
    drives.google.refused.clear()


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (Kept("it", "Recipes", is_folder=True), "not_downloadable"),
        (Kept("it", "Notes", native="oneNote"), "not_downloadable"),
        (Kept("it", "Theirs.txt", open=False), "not_downloadable"),
        (Kept("other", "Other"), "gone"),
    ],
)
async def test_what_microsoft_does_not_give_is_told(
    drives: Drives, kept: Kept, reason: str
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "microsoft")
    drives.microsoft.put(kept)
    found, _ = await refused(drives, ana, "microsoft", key_of("microsoft", "it"))
    assert found == reason
    drives.microsoft.refused.clear()


@pytest.mark.parametrize("limits", [{"file_bytes_max": 20}, {"extensions": ["pdf"]}])
@pytest.mark.parametrize("kind", DOUBLES)
async def test_limits_of_uploads_hold_for_drives(
    drives: Drives, kind: str, limits: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, kind)
    shelf(drives.of(kind))
    await ana.patch("/documents/settings", json={"limits": limits})
    reason, _ = await refused(drives, ana, kind, key_of(kind, "tea"))
    assert reason in ("too_large", "invalid")
    if "file_bytes_max" not in limits:
        return
    double = drives.google if kind == "google" else drives.microsoft
    whole = type(double).shown

    def understated(self: object, kept: Kept, **more: object) -> Json:
        found = whole(self, kept, **more)  # type: ignore[arg-type]
        return found | {"size": "3" if kind == "google" else 3}

    monkeypatch.setattr(type(double), "shown", understated)
    assert (await refused(drives, ana, kind, key_of(kind, "tea")))[0] == "too_large"


async def test_a_file_that_leads_into_an_inner_network_does_not_come(
    drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", timedelta(0))
    ana = await drives.world.admin()
    await drives.link(ana, "microsoft")
    shelf(drives.microsoft)
    for address in ("http://10.0.0.1/x", "http://127.0.0.1:1/x", "file:///etc/passwd", "http://["):
        drives.microsoft.leads = address
        reason, _ = await refused(drives, ana, "microsoft", key_of("microsoft", "tea"))
        assert reason == "away"


async def test_a_drive_that_is_away_is_waited_for(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    (chosen,) = await drives.choose(ana, "google", "tea")
    drives.google.trouble = (503, {})
    with pytest.raises(Unavailable):
        await job_of(drives).fetch(UUID(chosen["id"]))
    (found,) = (await ana.get("/drive-files")).json()
    assert (found["state"], "503" in found["waiting"]) == ("fetching", True)
    drives.google.trouble = None
    drives.google.refused.clear()
    assert (await fetched(drives, ana, chosen))["state"] == "arrived"


async def test_who_unlinks_meanwhile_gets_nothing_more(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    (chosen,) = await drives.choose(ana, "google", "tea")
    await ana.delete("/drives/google")
    found = await fetched(drives, ana, chosen)
    assert (found["state"], found["reason"]) == ("failed", "expired")


async def test_a_token_that_ends_before_the_bytes_come_is_renewed(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    (chosen,) = await drives.choose(ana, "google", "tea")
    drives.google.expire()
    assert (await fetched(drives, ana, chosen))["state"] == "arrived"
    assert drives.google.refreshed == 1
    drives.google.refused.clear()


async def test_what_nobody_survives_is_given_up(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    (chosen,) = await drives.choose(ana, "google", "tea")
    await job_of(drives).give_up(UUID(chosen["id"]))
    await job_of(drives).give_up(uuid4())
    assert (await fetched(drives, ana, chosen))["reason"] == "crashed"


async def test_what_is_stopped_on_its_way_does_not_come(
    drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    stream = DriveClient.stream
    (chosen,) = await drives.choose(ana, "google", "tea")

    async def stopped(self: DriveClient, request: Request) -> AsyncGenerator[bytes | Answer, None]:
        assert (await ana.delete(f"/drive-files/{chosen['id']}")).status_code == 204
        async for piece in stream(self, request):
            yield piece

    monkeypatch.setattr(DriveClient, "stream", stopped)
    found = await fetched(drives, ana, chosen)
    assert (found["state"], found["reason"]) == ("failed", "stopped")
    assert (await ana.get("/files")).json()["items"] == []
    assert await drives.world.services.lines.rows("select 1 from files.fetches", {}) == []


async def test_how_much_has_come_can_be_seen(
    drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    drives.google.put(Kept("big", "Big.txt", body=b"x" * 300_000))
    (chosen,) = await drives.choose(ana, "google", "big")
    seen: list[Json] = []
    stream = DriveClient.stream

    async def watched(self: DriveClient, request: Request) -> AsyncGenerator[bytes | Answer, None]:
        async for piece in stream(self, request):
            yield piece
            seen.append((await ana.get(f"/drive-files?ids={chosen['id']}")).json()[0])

    monkeypatch.setattr(DriveClient, "stream", watched)
    monkeypatch.setattr(fetching, "TOLD_SECONDS", 0)
    assert (await fetched(drives, ana, chosen))["state"] == "arrived"
    assert len(seen) > 1
    received = [each["received"] for each in seen]
    assert received == sorted(received)
    assert (received[-1], seen[0]["size"]) == (300_000, 300_000)


@pytest.mark.parametrize("kind", DOUBLES)
async def test_from_the_link_to_a_file_that_is_ready(
    kind: str, database: str, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
    )
    async with open_ingesting(settings) as product, driving(product.world) as drives:
        product.start_worker()
        await all_the_way(product, drives, kind)
        for worker in product.workers:
            await worker.end()


async def all_the_way(product: Ingesting, drives: Drives, kind: str) -> None:
    ben = await drives.world.person()
    await drives.link(ben, kind)
    shelf(drives.of(kind))
    listed = (await drives.items(ben, kind))["items"]
    items = [each["id"] for each in listed if not each["is_folder"]]
    chosen = await drives.choose(ben, kind, *items)
    assert len(chosen) == 2

    async def are_here() -> bool:
        states = [each["state"] for each in (await ben.get("/drive-files")).json()]
        return states == ["arrived", "arrived"]

    await eventually(are_here)
    for each in (await ben.get("/drive-files")).json():
        await product.ready(ben, {"id": each["file_id"]})
    assert "seventy" in (await product.hits("How hot is water for green tea?"))[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Tea.txt", "Tea.txt"),
        ("../../etc/passwd", ".. .. etc passwd"),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
        ("\u202e\u200b", "File from a drive"),
        ("", "File from a drive"),
        ("con.txt", "_con.txt"),
    ],
)
def test_names_of_drives_are_made_harmless(name: str, expected: str) -> None:
    assert name_of(DriveItem("1", name, is_folder=False)) == expected
