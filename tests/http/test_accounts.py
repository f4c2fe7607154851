"""Signing up, in and out, and what everybody may do with his account."""

import asyncio

import pytest

from tests.world import API, PASSWORD, World


async def test_the_first_person_looks_after_the_house(world: World) -> None:
    web = world.client()
    options = await web.get(f"{API}/auth/options")
    assert options.json() == {"first_run": True, "signup_open": True}
    ana = await world.admin()
    assert ana.user["role"] == "administrator"
    options = await web.get(f"{API}/auth/options")
    assert options.json() == {"first_run": False, "signup_open": False}
    body = {"email": "eve@example.org", "password": PASSWORD, "name": "Eve"}
    refused = await web.post(f"{API}/auth/signup", json=body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/forbidden"


async def test_of_many_first_people_one_wins(world: World) -> None:
    async def sign_up(number: int) -> int:
        body = {"email": f"p{number}@example.org", "password": PASSWORD, "name": "P"}
        response = await world.client().post(f"{API}/auth/signup", json=body)
        return response.status_code

    answers = await asyncio.gather(*(sign_up(n) for n in range(6)))
    assert sorted(answers) == [201, 403, 403, 403, 403, 403]


async def test_a_cookie_is_a_session_until_sign_out(world: World) -> None:
    await world.admin()
    web = world.client()
    signed = await web.post(
        f"{API}/auth/signin", json={"email": " ANA@example.org ", "password": PASSWORD}
    )
    assert signed.status_code == 200
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    me = await web.get(f"{API}/auth/session")
    assert me.json()["user"]["email"] == "ana@example.org"
    assert me.json()["session"]["expires_at"].endswith("Z")
    assert (await web.post(f"{API}/auth/signout")).status_code == 204
    token = signed.json()["token"]
    assert (await world.client(token).get(f"{API}/auth/session")).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_other_sites_cannot_use_the_cookie(world: World, origin: str) -> None:
    ana = await world.admin()
    web = world.client(Cookie=f"quire_session={ana.token}", Origin=origin)
    assert (await web.post(f"{API}/chats", json={})).status_code == 403
    own = world.client(Cookie=f"quire_session={ana.token}", Origin=world.base_url)
    assert (await own.post(f"{API}/chats", json={})).status_code == 201


async def test_wrong_passwords_and_unknown_people_look_the_same(world: World) -> None:
    await world.admin()
    web = world.client()
    wrong = await web.post(
        f"{API}/auth/signin", json={"email": "ana@example.org", "password": "x" * 12}
    )
    unknown = await web.post(
        f"{API}/auth/signin", json={"email": "bob@example.org", "password": "x" * 12}
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_guessing_ends(world: World) -> None:
    await world.admin()
    web = world.client()
    bad = {"email": "ana@example.org", "password": "x" * 12}
    answers = await asyncio.gather(*(web.post(f"{API}/auth/signin", json=bad) for _ in range(16)))
    assert 10 <= [each.status_code for each in answers].count(401) <= 12
    good = await web.post(f"{API}/auth/signin", json={**bad, "password": PASSWORD})
    assert good.status_code == 429
    assert 0 < int(good.headers["Retry-After"]) <= 900


async def test_another_password_ends_the_other_sessions(world: World) -> None:
    ana = await world.admin()
    body = {"email": "ana@example.org", "password": PASSWORD}
    other = (await world.client().post(f"{API}/auth/signin", json=body)).json()["token"]
    assert (await world.client(other).get(f"{API}/auth/session")).status_code == 200
    wrong = {"current_password": "wrong wrong", "new_password": "another horse"}
    assert (await ana.post("/auth/password", json=wrong)).status_code == 422
    right = {**wrong, "current_password": PASSWORD}
    assert (await ana.post("/auth/password", json=right)).status_code == 204
    assert (await world.client(other).get(f"{API}/auth/session")).status_code == 401
    assert (await ana.get("/auth/session")).status_code == 200
    old = await world.client().post(f"{API}/auth/signin", json=body)
    assert old.status_code == 401


async def test_sessions_are_listed_and_can_be_ended(world: World) -> None:
    ana = await world.admin()
    body = {"email": "ana@example.org", "password": PASSWORD}
    other = await world.client(**{"User-Agent": "phone"}).post(f"{API}/auth/signin", json=body)
    ana.position = int(other.headers["Position"])
    listed = (await ana.get("/auth/sessions")).json()["items"]
    assert (listed[0]["user_agent"], listed[0]["current"]) == ("phone", False)
    assert listed[1]["current"]
    assert (await ana.delete(f"/auth/sessions/{listed[0]['id']}")).status_code == 204
    assert len((await ana.get("/auth/sessions")).json()["items"]) == 1
    token = other.json()["token"]
    assert (await world.client(token).get(f"{API}/auth/session")).status_code == 401


async def test_strangers_cannot_end_my_session(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    mine = (await ana.get("/auth/session")).json()["session"]["id"]
    assert (await ben.delete(f"/auth/sessions/{mine}")).status_code == 404
    assert (await ana.get("/auth/session")).status_code == 200


async def test_a_repeated_sign_up_is_one_account(world: World) -> None:
    body = {"email": "ana@example.org", "password": PASSWORD, "name": "Ana"}
    key = {"Idempotency-Key": "first"}
    first = await world.client(**key).post(f"{API}/auth/signup", json=body)
    again = await world.client(**key).post(f"{API}/auth/signup", json=body)
    assert first.json()["user"] == again.json()["user"]
    stolen = await world.client(**key).post(
        f"{API}/auth/signup", json={**body, "password": "guessed it"}
    )
    assert stolen.status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nobody"},
        {"email": "a@b@c.org"},
        {"email": "a b@c.org"},
        {"password": "short"},
        {"password": "x" * 257},
        {"name": ""},
        {"name": "  "},
        {"name": "a\x00b"},
        {"role": "administrator"},
    ],
)
async def test_bad_accounts_are_refused(world: World, change: dict[str, str]) -> None:
    body = {"email": "ana@example.org", "password": PASSWORD, "name": "Ana", **change}
    refused = await world.client().post(f"{API}/auth/signup", json=body)
    assert refused.status_code == 422
    assert "password" not in refused.text or "password" in change


async def test_api_keys_open_until_they_are_revoked(world: World) -> None:
    ana = await world.admin()
    key = {"Idempotency-Key": "k"}
    made = (await ana.post("/api-keys", json={"name": "script"}, headers=key)).json()
    assert made["key"].startswith("sk-quire-")
    assert made["key"].startswith(made["prefix"])
    again = (await ana.post("/api-keys", json={"name": "script"}, headers=key)).json()
    assert (again["id"], again["key"]) == (made["id"], made["key"])
    program = world.client(made["key"])
    assert (await program.get(f"{API}/auth/session")).json()["session"] is None
    listed = (await ana.get("/api-keys")).json()["items"]
    assert [(each["name"], each["prefix"]) for each in listed] == [("script", made["prefix"])]
    assert listed[0]["last_used_at"]
    assert (await ana.delete(f"/api-keys/{made['id']}")).status_code == 204
    assert (await program.get(f"{API}/auth/session")).status_code == 401
