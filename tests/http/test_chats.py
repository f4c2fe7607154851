"""Conversations, from the list to the trash and back."""

from typing import Any
from uuid import uuid4

from tests.world import Person, World


def saved() -> list[dict[str, Any]]:
    """What was said in a temporary chat."""
    question, answer = str(uuid4()), str(uuid4())
    return [
        {"id": question, "parent_id": None, "role": "user", "content": "Why is  the sky blue?"},
        {
            "id": answer,
            "parent_id": question,
            "role": "assistant",
            "content": "It scatters.",
            "model": "m1",
        },
    ]


async def started(person: Person, **body: Any) -> dict[str, Any]:
    response = await person.post("/chats", json=body)
    assert response.status_code == 201, response.text
    chat: dict[str, Any] = response.json()
    return chat


async def test_a_chat_is_told_as_it_is_read(world: World) -> None:
    ana = await world.admin()
    told = await started(
        ana, title=" My  tea ", system="Be kind.", params={"temperature": 0.5}, models=["m1"]
    )
    read = (await ana.get(f"/chats/{told['id']}")).json()
    for name in ("created_at", "updated_at"):
        told.pop(name)
        assert read.pop(name).endswith("Z")
    assert told == read
    assert told["title"] == "My tea"
    assert told["title_source"] == "person"


async def test_a_repeated_wish_opens_one_chat(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    key = {"Idempotency-Key": "again"}
    first = await ana.post("/chats", json={"title": "Tea"}, headers=key)
    again = await ana.post("/chats", json={"title": "Tea"}, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["Position"] == again.headers["Position"]
    other = await ana.post("/chats", json={"title": "Milk"}, headers=key)
    assert other.status_code == 422
    assert len((await ana.get("/chats")).json()["items"]) == 1
    bens = await ben.post("/chats", json={"title": "Tea"}, headers=key)
    assert bens.json()["id"] != first.json()["id"]
    taken = await ben.post("/chats", json={"id": first.json()["id"]})
    assert taken.status_code == 404


async def test_the_list_goes_on_page_by_page(world: World) -> None:
    ana = await world.admin()
    ids = [(await started(ana, title=f"Chat {n}"))["id"] for n in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await ana.get(f"/chats?limit=2{cursor}")).json()
        seen += [each["id"] for each in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert seen == ids[::-1]
    for bad in ("limit=0", "limit=101", "limit=x", "cursor=%00", "cursor=AAAA", "trash=maybe"):
        assert (await ana.get(f"/chats?{bad}")).status_code == 422, bad


async def test_a_chat_changes_piece_by_piece(world: World) -> None:
    ana = await world.admin()
    chat = await started(ana, system="Be kind.")
    url = f"/chats/{chat['id']}"
    renamed = (await ana.patch(url, json={"title": "Milk", "models": ["m2"]})).json()
    assert (renamed["title"], renamed["title_source"]) == ("Milk", "person")
    assert (renamed["system"], renamed["models"]) == ("Be kind.", ["m2"])
    assert (await ana.get(url)).json() == renamed
    for bad in ({"title": "x" * 301}, {"params": {"temperature": 9}}, {"owner": "me"}):
        assert (await ana.patch(url, json=bad)).status_code == 422, bad


async def test_the_trash_gives_back_until_it_is_emptied(world: World) -> None:
    ana = await world.admin()
    chat = await started(ana, title="Tea")
    url = f"/chats/{chat['id']}"
    assert (await ana.delete(f"{url}?forever=true")).status_code == 409
    assert (await ana.delete(url)).status_code == 204
    assert (await ana.get("/chats")).json()["items"] == []
    trash = (await ana.get("/chats?trash=true")).json()["items"]
    assert trash[0]["deleted_at"]
    posted = await ana.post(f"{url}/messages", json={"content": "Hi", "models": ["m1"]})
    assert posted.status_code == 409
    restored = await ana.post(f"{url}/restore")
    assert restored.json()["deleted_at"] is None
    await ana.delete(url)
    assert (await ana.delete(f"{url}?forever=true")).status_code == 204
    assert (await ana.get(url)).status_code == 404
    assert (await ana.get("/chats?trash=true")).json()["items"] == []


async def test_a_temporary_chat_can_be_kept(world: World) -> None:
    ana = await world.admin()
    messages = saved()
    chat = await started(ana, messages=messages)
    read = (await ana.get(f"/chats/{chat['id']}")).json()
    assert read["title"] == chat["title"] == "Why is the sky blue?"
    assert read["leaf_id"] == chat["leaf_id"] == messages[1]["id"]
    told = (await ana.get(f"/chats/{chat['id']}/messages")).json()
    assert [each["content"] for each in told["items"]] == [each["content"] for each in messages]
    assert told["items"][1]["status"] == "completed"


async def test_a_copy_has_all_branches(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    chat = await started(ana, title="Tea", messages=saved())
    url = f"/chats/{chat['id']}"
    copied = await ana.post(f"{url}/clone")
    assert copied.status_code == 201
    copy = copied.json()
    assert copy["id"] != chat["id"]
    read = (await ana.get(f"/chats/{copy['id']}")).json()
    assert read["leaf_id"] == copy["leaf_id"]
    told = (await ana.get(f"/chats/{copy['id']}/messages")).json()["items"]
    assert [each["content"] for each in told] == ["Why is  the sky blue?", "It scatters."]
    assert (await ben.post(f"{url}/clone")).status_code == 404


async def test_to_others_a_chat_does_not_exist(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    chat = await started(ana, title="Tea", messages=saved())
    mine, nowhere = f"/chats/{chat['id']}", f"/chats/{uuid4()}"
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "", {}),
        ("PATCH", "", {"json": {"title": "Mine"}}),
        ("DELETE", "", {}),
        ("DELETE", "?forever=true", {}),
        ("POST", "/restore", {}),
        ("POST", "/clone", {}),
        ("POST", "/read", {}),
        ("POST", "/stop", {}),
        ("GET", "/messages", {}),
        ("POST", "/messages", {"json": {"content": "Hi", "models": ["m1"]}}),
        ("PUT", "/leaf", {"json": {"message_id": chat["leaf_id"]}}),
        ("GET", f"/messages/{chat['leaf_id']}", {}),
        ("PATCH", f"/messages/{chat['leaf_id']}", {"json": {"content": "Hi"}}),
        ("DELETE", f"/messages/{chat['leaf_id']}", {}),
        ("POST", f"/messages/{chat['leaf_id']}/answers", {"json": {}}),
    ]
    for method, path, more in calls:
        for url in (mine, nowhere):
            answer = await ben.send(method, url + path, **more)
            assert answer.status_code == 404, (method, url + path, answer.text)
    assert (await ana.get(mine)).json()["title"] == "Tea"
