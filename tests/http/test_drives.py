"""Drives are linked by who owns them, here and nowhere else, and looked into with care."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
import pytest

from infrastructure.drives.client import DriveClient
from tests.drive_servers import CLIENT_ID, PUBLIC_URL, SECRET, Kept
from tests.driving import DOUBLES, Drives, driving, outcome, shelf
from tests.world import Person, World


@pytest.fixture
async def drives(world: World) -> AsyncIterator[Drives]:
    async with driving(world) as found:
        yield found


async def mine(person: Person, kind: str) -> dict[str, object]:
    listed = (await person.get("/drives")).json()
    (found,) = [each for each in listed if each["kind"] == kind]
    return dict(found)


async def test_without_an_administrators_choice_there_are_none(world: World) -> None:
    ana = await world.admin()
    listed = (await ana.get("/drives")).json()
    assert [(each["kind"], each["enabled"]) for each in listed] == [
        ("google", False),
        ("microsoft", False),
    ]
    for path in ("/drives/google/link", "/drives/google/items"):
        refused = await ana.get(path)
        assert (refused.status_code, refused.json()["code"]) == (409, "drive_off")
    assert (await ana.get("/drives/dropbox/items")).status_code == 422


async def test_without_a_public_address_none_can_be_linked(world: World) -> None:
    ana = await world.admin()
    app = {"enabled": True, "client_id": CLIENT_ID, "key": SECRET}
    answer = await ana.patch("/documents/settings", json={"drives": {"google": app}})
    assert answer.status_code == 200
    found = await mine(ana, "google")
    assert (found["enabled"], found["redirect_uri"]) == (False, "")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"google": {"enabled": True}}, "client_id"),
        ({"google": {"client_id": "a b&c=d"}}, "client_id"),
        ({"microsoft": {"tenant": "../evil"}}, "tenant"),
        ({"dropbox": {"enabled": True}}, "dropbox"),
    ],
)
async def test_wrong_choices_are_refused(world: World, change: dict[str, object], why: str) -> None:
    answer = await (await world.admin()).patch("/documents/settings", json={"drives": change})
    assert answer.status_code == 422
    assert why in answer.json()["detail"]


async def test_a_secret_belongs_to_one_client_id(drives: Drives) -> None:
    ana = await drives.world.admin()
    other = {"drives": {"google": {"client_id": "another"}}}
    answer = await ana.patch("/documents/settings", json=other)
    assert answer.json()["drives"]["google"]["has_key"] is False
    assert not (await mine(ana, "google"))["enabled"]


@pytest.mark.parametrize("kind", DOUBLES)
async def test_a_drive_is_linked_and_unlinked(drives: Drives, kind: str) -> None:
    ben, double = await drives.world.person(), drives.of(kind)
    assert (await mine(ben, kind))["redirect_uri"] == (
        f"{PUBLIC_URL}/api/v1/drives/{kind}/callback"
    )
    await drives.link(ben, kind)
    found = await mine(ben, kind)
    assert (found["enabled"], found["linked"], found["expired"]) == (True, True, False)
    assert str(found["account"]).startswith("ana@")
    assert (await ben.delete(f"/drives/{kind}")).status_code == 204
    found = await mine(ben, kind)
    assert (found["linked"], found["expired"], found["account"]) == (False, False, "")
    rows = await drives.world.services.lines.rows("select 1 from credentials.drives", {})
    assert rows == []
    refused = await ben.get(f"/drives/{kind}/items")
    assert (refused.status_code, refused.json()["code"]) == (409, "drive_not_linked")
    assert len(double.revoked) == (1 if kind == "google" else 0)
    await drives.link(ben, kind)
    assert (await mine(ben, kind))["linked"]


async def test_tokens_lie_sealed_and_go_with_the_key_of_the_person(drives: Drives) -> None:
    ben = await drives.world.person()
    await drives.link(ben, "google")
    services = drives.world.services
    (row,) = await services.lines.rows("select sealed from credentials.drives", {})
    tokens = drives.google.accesses | drives.google.refreshes
    assert tokens
    assert not any(each.encode() in bytes(row[0]) for each in tokens)
    (found,) = await services.lines.rows(
        "select string_agg(data::text, '') from log.events where type like 'drive%%'", {}
    )
    assert not any(each in found[0] for each in (*tokens, "ana@gmail.example"))
    await services.log.erase(UUID(ben.id))
    assert await services.lines.rows("select 1 from credentials.drives", {}) == []


@pytest.mark.parametrize("kind", DOUBLES)
async def test_an_answer_counts_once_and_only_for_who_was_asked(drives: Drives, kind: str) -> None:
    ben, carl = await drives.world.person(), await drives.world.person()
    back = await drives.away(ben, kind)
    late = {"kind": kind, "outcome": "late"}
    assert await outcome(carl, back) == late
    other = "microsoft" if kind == "google" else "google"
    assert (await outcome(ben, back.replace(kind, other)))["outcome"] == "late"
    assert not (await mine(carl, kind))["linked"]
    assert (await outcome(ben, back))["outcome"] == "linked"
    assert await outcome(ben, back) == late
    assert not (await mine(carl, kind))["linked"]
    assert (await carl.get(f"/drives/{kind}/items")).json()["code"] == "drive_not_linked"
    for forged in ("state=&code=x", "state=made-up&code=x", "code=x", ""):
        assert await outcome(ben, f"/drives/{kind}/callback?{forged}") == late


async def test_another_session_of_the_same_person_does_not_do(drives: Drives) -> None:
    world = drives.world
    ana = await world.admin()
    back = await drives.away(ana, "google")
    body = {"email": "ana@example.org", "password": "correct horse battery"}
    token = (await world.client().post("/api/v1/auth/signin", json=body)).json()["token"]
    elsewhere = Person(world.client(token), token, ana.user)
    assert (await outcome(elsewhere, back))["outcome"] == "late"
    assert (await outcome(ana, back))["outcome"] == "linked"


async def test_an_answer_that_comes_too_late_does_not_count(drives: Drives) -> None:
    ana = await drives.world.admin()
    back = await drives.away(ana, "google")
    await drives.world.services.lines.run(
        "update credentials.drive_questions set expires_at = now()", {}
    )
    assert (await outcome(ana, back))["outcome"] == "late"


async def test_a_no_is_told_and_leads_nowhere_else(drives: Drives) -> None:
    ana = await drives.world.admin()
    for said, expected in (
        ("error=access_denied", {"outcome": "denied"}),
        ("error=https://evil.example/", {"outcome": "failed", "reason": "refused"}),
        ("code=https://evil.example/", {"outcome": "failed", "reason": "expired"}),
        ("code=x&redirect_uri=https://evil.example/&next=//evil.example", {"outcome": "failed"}),
    ):
        sent = await ana.get("/drives/google/link")
        state = dict(parse_qsl(urlsplit(sent.headers["location"]).query))["state"]
        found = await outcome(ana, f"/drives/google/callback?state={state}&{said}")
        assert expected.items() <= found.items()
        assert "evil" not in str(found)
    assert not (await mine(ana, "google"))["linked"]
    drives.google.refused.clear()  # the made-up codes


async def test_who_leaves_out_the_permission_has_not_linked(drives: Drives) -> None:
    ana = await drives.world.admin()
    drives.google.given = "openid"
    found = await outcome(ana, await drives.away(ana, "google"))
    assert found == {"kind": "google", "outcome": "failed", "reason": "refused"}
    assert not (await mine(ana, "google"))["linked"]


async def test_a_wrong_secret_is_told_as_what_it_is(drives: Drives) -> None:
    ana = await drives.world.admin()
    wrong = {"drives": {"google": {"key": "another secret"}}}
    assert (await ana.patch("/documents/settings", json=wrong)).status_code == 200
    found = await outcome(ana, await drives.away(ana, "google"))
    assert found == {"kind": "google", "outcome": "failed", "reason": "setup"}
    assert drives.google.refused.pop().startswith("POST /token")


@pytest.mark.parametrize("kind", DOUBLES)
async def test_one_looks_into_folders_page_by_page(drives: Drives, kind: str) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, kind)
    shelf(drives.of(kind))
    first = await drives.items(ana, kind)
    assert [each["name"] for each in first["items"]] == [
        "Recipes",
        "Tea's \\ notes.txt",
        "Bread.txt",
    ]
    folder, tea = first["items"][:2]
    assert (folder["is_folder"], tea["is_folder"], tea["fetchable"]) == (True, False, True)
    assert (tea["size"], tea["changed_at"]) == (40, "2026-01-31T12:00:00.000Z")
    second = await drives.items(ana, kind, cursor=first["next_cursor"])
    assert ([each["name"] for each in second["items"]], second["next_cursor"]) == (
        ["Salt.txt"],
        None,
    )
    inside = await drives.items(ana, kind, folder=folder["id"])
    assert [each["name"] for each in inside["items"]] == ["Soup.txt"]
    named = await drives.items(ana, kind, query="tea's")
    assert [each["name"] for each in named["items"]] == ["Tea's \\ notes.txt"]


async def test_google_has_more_places(drives: Drives) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    shelf(drives.google)
    drives.google.put(Kept("theirs", "Theirs.txt", parent="shared"))
    recent = await drives.items(ana, "google", place="recent")
    assert "Recipes" not in [each["name"] for each in recent["items"]]
    shared = await drives.items(ana, "google", place="shared")
    assert [each["name"] for each in shared["items"]] == ["Theirs.txt"]
    assert shared["places"] == ["mine", "recent", "shared"]
    await drives.link(ana, "microsoft")
    refused = await ana.get("/drives/microsoft/items?place=recent")
    assert refused.status_code == 422


@pytest.mark.parametrize("kind", DOUBLES)
@pytest.mark.parametrize(
    "params",
    [
        {"folder": "x' in parents or 'root"},
        {"folder": "../../about"},
        {"folder": "b!a:..%2f"},
        {"folder": "b!a:b/c"},
        {"folder": "a\nb:c"},
        {"cursor": "AAAA"},
        {"cursor": "aHR0cDovL2V2aWwuZXhhbXBsZS8"},
        {"cursor": "Ly9ldmlsLmV4YW1wbGUv"},
        {"cursor": "L21lLy4uLy4uL3NlY3JldHM"},
        {"cursor": "é"},
    ],
)
async def test_what_is_no_place_is_not_asked_for(
    drives: Drives, kind: str, params: dict[str, str]
) -> None:
    if kind == "google" and "cursor" in params and params["cursor"] != "é":
        return  # a cursor of Google's is only ever a parameter
    ana = await drives.world.admin()
    await drives.link(ana, kind)
    answer = await ana.get(f"/drives/{kind}/items", params=params)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("kind", DOUBLES)
async def test_tokens_are_renewed_by_one_for_all(drives: Drives, kind: str) -> None:
    ana, double = await drives.world.admin(), drives.of(kind)
    await drives.link(ana, kind)
    shelf(double)
    double.expire()
    answers = await asyncio.gather(*(ana.get(f"/drives/{kind}/items") for _ in range(6)))
    assert [each.status_code for each in answers] == [200] * 6
    assert double.refreshed == 1
    await drives.world.services.lines.run(
        "update credentials.drives set expires_at = now() + interval '10 s'", {}
    )
    assert (await ana.get(f"/drives/{kind}/items")).status_code == 200
    assert double.refreshed == 2
    double.refused.clear()  # the tokens that had ended


@pytest.mark.parametrize("kind", DOUBLES)
async def test_a_link_that_ended_says_so(drives: Drives, kind: str) -> None:
    ana, double = await drives.world.admin(), drives.of(kind)
    await drives.link(ana, kind)
    double.expire()
    double.refreshes.clear()
    refused = await ana.get(f"/drives/{kind}/items")
    assert (refused.status_code, refused.json()["code"]) == (409, "drive_not_linked")
    assert "Link it again" in refused.json()["detail"]
    await drives.world.settle()
    found = await mine(ana, kind)
    assert (found["linked"], found["expired"]) == (False, True)
    double.refused.clear()
    await drives.link(ana, kind)
    assert not (await mine(ana, kind))["expired"]


@pytest.mark.parametrize("kind", DOUBLES)
async def test_a_drive_that_takes_no_token_at_all_is_not_asked_for_ever(
    drives: Drives, kind: str
) -> None:
    ana, double = await drives.world.admin(), drives.of(kind)
    await drives.link(ana, kind)
    double.trouble = (401, {})
    refused = await ana.get(f"/drives/{kind}/items")
    assert refused.json()["code"] == "drive_not_linked"
    assert (double.refreshed, len(double.refused)) == (1, 2)
    double.refused.clear()


@pytest.mark.parametrize(
    ("status", "reason", "answer", "code"),
    [
        (403, "userRateLimitExceeded", 409, "drive_away"),
        (429, "rateLimitExceeded", 409, "drive_away"),
        (500, "backendError", 409, "drive_away"),
        (403, "dailyLimitExceeded", 429, None),
        (403, "accessNotConfigured", 409, "drive_setup"),
        (404, "notFound", 409, "drive_gone"),
        (400, "invalid", 409, "drive_refused"),
    ],
)
async def test_what_google_says_no_with_is_told_in_plain_words(
    drives: Drives, status: int, reason: str, answer: int, code: str | None
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "google")
    drives.google.trouble = (status, {"error": {"errors": [{"reason": reason}]}})
    found = await ana.get("/drives/google/items")
    assert (found.status_code, found.json().get("code")) == (answer, code)
    assert "Google" in found.json()["detail"]
    drives.google.refused.clear()


async def test_a_drive_that_is_away_is_told(
    drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await drives.world.admin()
    await drives.link(ana, "microsoft")

    async def unreachable(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(drives.world.services.drives.client._client, "send", unreachable)  # noqa: SLF001
    found = await ana.get("/drives/microsoft/items")
    assert (found.status_code, found.json()["code"]) == (409, "drive_away")


async def test_inner_places_stay_closed_to_drives(drives: Drives) -> None:
    ana, services = await drives.world.admin(), drives.world.services
    await drives.link(ana, "google")
    async with DriveClient() as client:  # lets nothing in that is not public
        links = replace(services.drives, client=client)
        drives.world.app.state.services = replace(services, drives=links)
        found = await ana.get("/drives/google/items")
    assert (found.status_code, found.json()["code"]) == (409, "drive_away")
    assert drives.google.queries == []


async def test_who_is_not_signed_in_sees_nothing(world: World) -> None:
    web = world.client()
    for path in ("/drives", "/drives/google/link", "/drives/google/callback", "/drive-files"):
        assert (await web.get(f"/api/v1{path}")).status_code == 401
