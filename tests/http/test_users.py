"""Looking after people."""

from uuid import uuid4

from tests.world import API, PASSWORD, World


async def test_administrators_add_and_list_people(world: World) -> None:
    ana = await world.admin()
    body = {"email": "ben@example.org", "name": "Ben", "password": PASSWORD, "role": "user"}
    added = await ana.post("/users", json=body)
    assert added.status_code == 201
    assert (await ana.post("/users", json={**body, "email": "BEN@example.org"})).status_code == 409
    page = (await ana.get("/users?limit=1")).json()
    assert [each["email"] for each in page["items"]] == ["ana@example.org"]
    rest = (await ana.get(f"/users?limit=1&cursor={page['next_cursor']}")).json()
    assert rest["items"][0]["id"] == added.json()["id"]
    assert rest["items"][0]["created_at"] == added.json()["created_at"]
    assert rest["next_cursor"] is None
    assert (await ana.get("/users?cursor=!")).status_code == 422


async def test_the_last_administrator_stays(world: World) -> None:
    ana = await world.admin()
    refused = await ana.patch(f"/users/{ana.id}", json={"role": "user"})
    assert refused.status_code == 409
    ben = await world.person()
    assert (await ana.patch(f"/users/{ben.id}", json={"role": "administrator"})).is_success
    assert (await ana.patch(f"/users/{ana.id}", json={"role": "user"})).status_code == 200
    assert (await ana.get("/users")).status_code == 403
    assert (await ben.get("/users")).status_code == 200


async def test_pending_people_wait(world: World) -> None:
    ana, ben = await world.admin(), await world.person("pending")
    assert (await ben.get("/auth/session")).json()["user"]["role"] == "pending"
    for path in ("/chats", "/models", "/api-keys", "/users"):
        assert (await ben.get(path)).status_code == 403, path
    await ana.patch(f"/users/{ben.id}", json={"role": "user"})
    assert (await ben.get("/chats")).status_code == 200


async def test_a_reset_password_ends_all_sessions(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    reset = await ana.post(f"/users/{ben.id}/password", json={"new_password": "another horse"})
    assert reset.status_code == 204
    assert (await ben.get("/auth/session")).status_code == 401
    body = {"email": ben.user["email"], "password": "another horse"}
    assert (await world.client().post(f"{API}/auth/signin", json=body)).status_code == 200
    missing = await ana.post(f"/users/{uuid4()}/password", json={"new_password": "x" * 9})
    assert missing.status_code == 404


async def test_others_may_not_look_after_the_house(world: World) -> None:
    ben = await world.person()
    for path in ("/users", "/settings", "/connections", "/projections"):
        assert (await ben.get(path)).status_code == 403, path
    assert (await ben.patch(f"/users/{ben.id}", json={"role": "administrator"})).status_code == 403
    assert (await ben.patch("/settings", json={"signup_open": True})).status_code == 403


async def test_open_sign_up_lets_people_wait_or_in(world: World) -> None:
    ana = await world.admin()
    assert (await ana.get("/settings")).json() == {"signup_open": False, "default_role": "pending"}
    opened = await ana.patch("/settings", json={"signup_open": True})
    assert opened.json()["signup_open"]
    web = world.client()
    body = {"email": "eve@example.org", "password": PASSWORD, "name": "Eve"}
    assert (await web.post(f"{API}/auth/signup", json=body)).json()["user"]["role"] == "pending"
    await ana.patch("/settings", json={"default_role": "user"})
    body["email"] = "joe@example.org"
    assert (await web.post(f"{API}/auth/signup", json=body)).json()["user"]["role"] == "user"
    assert (await web.post(f"{API}/auth/signup", json=body)).status_code == 409
    wrong = await ana.patch("/settings", json={"default_role": "administrator"})
    assert wrong.status_code == 422


async def test_projections_are_told(world: World) -> None:
    ana = await world.admin()
    await world.settle()
    items = (await ana.get("/projections")).json()["items"]
    core = {each["name"] for each in items if each["lane"] == "core"}
    assert {"chats", "messages", "users", "sessions", "connections"} <= core
    assert all(each["lag_events"] == 0 and each["parked"] == 0 for each in items)
