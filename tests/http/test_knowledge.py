"""Knowledge bases as people and programs use them: who sees and may do what."""

import hashlib
import io
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest

from application.files import AddFile, Content, RecordRead, StartReading, TrashFile
from application.ports import Actor
from infrastructure.documents.texts import keep_text
from tests.world import Json, Person, World

NOBODY = "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e21"


async def add_file(world: World, who: Person, name: str = "tea.txt", body: bytes = b"tea") -> str:
    """A file of somebody, without the way its bytes take when they are sent."""
    key, sha256 = uuid4(), hashlib.sha256(body).hexdigest()
    await world.services.files.blobs.put(body, sha256, len(body))
    command = AddFile(key, Content(name, "text/plain", len(body), sha256))
    receipt = await world.services.execute(command, Actor(UUID(who.id)))
    who.position = max(who.position, receipt.position or 0)
    return str(key)


async def make(who: Person, name: str = "Tea", **more: Any) -> str:
    made = await who.post("/knowledge", json={"name": name, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def share(owner: Person, base: str, *access: tuple[Person | None, str]) -> Json:
    given = [{"user_id": who and who.id, "role": role} for who, role in access]
    shared = await owner.put(f"/knowledge/{base}/access", json={"access": given})
    assert shared.status_code == 200, shared.text
    found: Json = shared.json()
    return found


async def listed(who: Person, **params: Any) -> list[str]:
    found = await who.get("/knowledge", params=params)
    assert found.status_code == 200, found.text
    return [each["name"] for each in found.json()["items"]]


async def names(who: Person, base: str, **params: Any) -> list[str]:
    found = await who.get(f"/knowledge/{base}/entries", params=params)
    assert found.status_code == 200, found.text
    return [each["name"] for each in found.json()["items"]]


async def test_a_knowledge_base_is_made_and_described(world: World) -> None:
    ana = await world.admin()
    key = str(uuid4())
    made = await ana.post("/knowledge", json={"id": key, "name": " Tea ", "description": "All"})
    body = made.json()
    assert (body["id"], body["name"], body["description"]) == (key, "Tea", "All")
    assert (body["my_role"], body["owner_name"], body["access"]) == ("owner", "Ana", [])
    assert (body["files"], body["size"], body["cutting"]) == (0, 0, None)
    again = await ana.post("/knowledge", json={"id": key, "name": "Other"})
    assert (again.status_code, again.json()["name"]) == (201, "Tea")
    changed = await ana.patch(f"/knowledge/{key}", json={"name": "Teas"})
    assert (changed.json()["name"], changed.json()["description"]) == ("Teas", "All")
    cutting = {"tokens": 512, "overlap": 64, "contextual": False}
    cut = await ana.put(f"/knowledge/{key}/cutting", json={"cutting": cutting})
    assert cut.json()["cutting"] == cutting
    cut = await ana.put(f"/knowledge/{key}/cutting", json={"cutting": None})
    assert cut.json()["cutting"] is None
    assert (await ana.get(f"/knowledge/{key}")).json() == cut.json()


async def test_lists_are_pages_and_can_be_narrowed(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    for name in ("Tea", "Coffee", "Water"):
        await make(ana, name)
    theirs = await make(ben, "Milk")
    await share(ben, theirs, (ana, "read"))
    ana.position = max(ana.position, ben.position)
    first = (await ana.get("/knowledge", params={"limit": 3})).json()
    assert [each["name"] for each in first["items"]] == ["Milk", "Water", "Coffee"]
    assert await listed(ana, cursor=first["next_cursor"]) == ["Tea"]
    assert await listed(ana, filter="mine", query="te") == ["Water", "Tea"]
    assert await listed(ana, filter="shared") == ["Milk"]
    assert await listed(ben) == ["Milk"]
    for params in ({"filter": "all"}, {"query": "\x00"}, {"cursor": "x"}):
        assert (await ana.get("/knowledge", params=params)).status_code == 422


def everything(base: str, directory: str, file: str) -> dict[str, list[tuple[str, str, Any]]]:
    """All one can do, by the role it needs."""
    at = f"/knowledge/{base}"
    return {
        "read": [
            ("GET", at, None),
            ("GET", f"{at}/entries", None),
            ("GET", f"{at}/export", None),
            ("POST", f"{at}/sync", {"entries": []}),
        ],
        "write": [
            ("PATCH", at, {"name": "Tea"}),
            ("POST", f"{at}/reindex", None),
            ("POST", f"{at}/directories", {"name": uuid4().hex}),
            ("PATCH", f"{at}/directories/{directory}", {"name": uuid4().hex}),
            ("POST", f"{at}/files", {"file_ids": [file], "directory_id": directory}),
            ("DELETE", f"{at}/files/{file}", None),
            ("DELETE", f"{at}/directories/{directory}", None),
        ],
        "owner": [
            ("PUT", f"{at}/access", {"access": []}),
            ("PUT", f"{at}/cutting", {"cutting": None}),
            ("DELETE", at, None),
            ("POST", f"{at}/restore", None),
            ("DELETE", f"{at}?forever=true", None),
        ],
    }


async def filled(world: World, owner: Person) -> tuple[str, str, str]:
    """A knowledge base with a directory and a file at the top."""
    base, file = await make(owner), await add_file(world, owner)
    made = await owner.post(f"/knowledge/{base}/directories", json={"name": "Green"})
    placed = await owner.post(f"/knowledge/{base}/files", json={"file_ids": [file]})
    assert (made.status_code, placed.status_code) == (201, 204)
    return base, made.json()["id"], file


@pytest.mark.parametrize("role", ["stranger", "read", "write", "everybody"])
async def test_each_role_may_do_what_it_says(world: World, role: str) -> None:
    ana, ben = await world.admin(), await world.person()
    base, directory, file = await filled(world, ben)
    if role == "everybody":
        await share(ben, base, (None, "write"))
    elif role != "stranger":
        await share(ben, base, (ana, role))
    ana.position = ben.position
    may = {"stranger": [], "read": ["read"]}.get(role, ["read", "write"])
    for needed, calls in everything(base, directory, file).items():
        for method, path, body in calls:
            done = await ana.send(
                method, path, json=body, headers={"Read-After": str(ana.position)}
            )
            if needed in may:
                assert done.status_code < 300, (method, path, done.text)
            else:
                refused = 404 if role == "stranger" else 403
                assert done.status_code == refused, (method, path, done.text)


async def test_a_foreign_one_answers_like_none(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    base, directory, file = await filled(world, ben)
    for calls in everything(base, directory, file).values():
        for method, path, body in calls:
            foreign = await ana.send(method, path, json=body)
            unknown = await ana.send(method, path.replace(base, NOBODY), json=body)
            assert foreign.status_code == unknown.status_code == 404, path
            assert foreign.text.replace(base, NOBODY) == unknown.text
    assert await listed(ana) == []
    taken = await ana.post("/knowledge", json={"id": base, "name": "Mine"})
    assert taken.status_code == 404


async def test_access_ends_at_once(world: World) -> None:
    ana, ben, eve = await world.admin(), await world.person(), await world.person()
    base, _, _ = await filled(world, ana)
    shared = await share(ana, base, (ben, "write"), (eve, "read"))
    assert [each["role"] for each in shared["access"]] == ["write", "read"]
    assert {each["name"] for each in shared["access"]} == {"Ben"}
    ben.position = eve.position = ana.position
    seen = (await eve.get(f"/knowledge/{base}")).json()
    assert [each["user_id"] for each in seen["access"]] == [eve.id]
    assert seen["my_role"] == "read"
    assert await listed(ben) == ["Tea"]
    await share(ana, base, (eve, "read"))
    ben.position = ana.position
    assert (await ben.get(f"/knowledge/{base}/entries")).status_code == 404
    refused = await ben.patch(f"/knowledge/{base}", json={"name": "Mine"})
    assert refused.status_code == 404
    assert await listed(ben) == []
    nobody = {"access": [{"user_id": NOBODY, "role": "read"}]}
    twice = {"access": [{"user_id": eve.id, "role": role} for role in ("read", "write")]}
    for wrong in (nobody, twice, {"access": [{"user_id": eve.id, "role": "owner"}]}):
        assert (await ana.put(f"/knowledge/{base}/access", json=wrong)).status_code == 422


async def test_in_the_trash_it_is_its_owners_alone(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    base, _, _ = await filled(world, ana)
    await share(ana, base, (None, "write"))
    assert (await ana.delete(f"/knowledge/{base}?forever=true")).status_code == 409
    assert (await ana.delete(f"/knowledge/{base}")).status_code == 204
    ben.position = ana.position
    assert (await ben.get(f"/knowledge/{base}")).status_code == 404
    assert await listed(ben) == await listed(ben, trash=True) == await listed(ana) == []
    assert await listed(ana, trash=True) == ["Tea"]
    assert (await ana.patch(f"/knowledge/{base}", json={"name": "x"})).status_code == 409
    assert (await ana.post(f"/knowledge/{base}/reindex")).status_code == 409
    restored = await ana.post(f"/knowledge/{base}/restore")
    assert restored.json()["deleted_at"] is None
    assert restored.json()["files"] == 1
    await ana.delete(f"/knowledge/{base}")
    assert (await ana.delete(f"/knowledge/{base}?forever=true")).status_code == 204
    assert (await ana.get(f"/knowledge/{base}")).status_code == 404
    assert await listed(ana, trash=True) == []


async def test_directories_and_files_have_their_places(world: World) -> None:
    ana = await world.admin()
    base, green, file = await filled(world, ana)
    at = f"/knowledge/{base}"
    made = await ana.post(f"{at}/directories", json={"name": "Deep", "parent_id": green})
    deep = made.json()
    assert (deep["kind"], deep["name"], deep["directory_id"]) == ("directory", "Deep", green)
    moved = {"file_ids": [file], "directory_id": deep["id"]}
    assert (await ana.post(f"{at}/files", json=moved)).status_code == 204
    assert await names(ana, base) == ["Green"]
    (entry,) = (await ana.get(f"{at}/entries", params={"directory_id": deep["id"]})).json()["items"]
    assert (entry["kind"], entry["id"], entry["directory_id"]) == ("file", file, deep["id"])
    assert entry["file"]["sha256"] == hashlib.sha256(b"tea").hexdigest()
    assert entry["file"]["knowledge_ids"] == [base]
    assert await names(ana, base, query="EE") == ["Deep", "Green"]
    loop = await ana.patch(f"{at}/directories/{green}", json={"parent_id": deep["id"]})
    assert loop.status_code == 409
    top = await ana.patch(f"{at}/directories/{deep['id']}", json={"parent_id": None, "name": "a"})
    assert (top.json()["name"], top.json()["directory_id"]) == ("a", None)
    assert await names(ana, base) == ["a", "Green"]
    for wrong in (".", "..", "a/b", "a\\b", "a\nb", "Green"):
        refused = await ana.post(f"{at}/directories", json={"name": wrong})
        assert refused.status_code == (409 if wrong == "Green" else 422), wrong
    assert (await ana.delete(f"{at}/directories/{deep['id']}")).status_code == 204
    assert (await ana.get(at)).json()["files"] == 0
    assert (await ana.delete(f"{at}/files/{file}")).status_code == 404
    for params in ({"directory_id": NOBODY}, {"directory_id": deep["id"]}):
        assert (await ana.get(f"{at}/entries", params=params)).status_code == 404


async def test_entries_come_in_pages(world: World) -> None:
    ana = await world.admin()
    base = await make(ana)
    for name in ("b", "C", "a"):
        await ana.post(f"/knowledge/{base}/directories", json={"name": name})
    long = "\u00e9" * 240
    for name, body in ((f"{long}z.txt", b"1"), (f"{long}a.txt", b"22"), ("B.txt", b"333")):
        file = await add_file(world, ana, name, body)
        await ana.post(f"/knowledge/{base}/files", json={"file_ids": [file]})
    for sort in ("name", "date", "size"):
        found: list[str] = []
        cursor = None
        while True:
            params = {"sort": sort, "limit": 1, **({"cursor": cursor} if cursor else {})}
            page = (await ana.get(f"/knowledge/{base}/entries", params=params)).json()
            found += [each["name"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == await names(ana, base, sort=sort)
        assert len(found) == 6
    assert found[3:] == ["B.txt", f"{long}a.txt", f"{long}z.txt"]
    for wrong in ("x", "W10", "WzIsMCwiIiwiIl0", "e30"):
        refused = await ana.get(f"/knowledge/{base}/entries", params={"cursor": wrong})
        assert refused.status_code == 422


async def test_only_ones_own_files_are_added(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    base, _, hers = await filled(world, ana)
    await share(ana, base, (ben, "write"))
    his, secret = await add_file(world, ben), await add_file(world, ana)
    for file, status in ((secret, 404), (NOBODY, 404), (his, 204), (hers, 204)):
        added = await ben.post(f"/knowledge/{base}/files", json={"file_ids": [file]})
        assert added.status_code == status
    assert sorted(await names(ben, base)) == ["Green", "tea.txt", "tea.txt"]
    await world.services.execute(TrashFile(UUID(hers)), Actor(UUID(ana.id)))
    trashed = await ben.post(f"/knowledge/{base}/files", json={"file_ids": [hers, his]})
    assert trashed.status_code == 204
    await world.settle()
    assert sorted(await names(ben, base)) == ["Green", "tea.txt"]


async def test_a_folder_is_compared(world: World) -> None:
    ana = await world.admin()
    base, green, file = await filled(world, ana)
    tea, other = hashlib.sha256(b"tea").hexdigest(), "0" * 64

    async def compare(*entries: tuple[str, str]) -> Json:
        body = {"entries": [{"path": p, "sha256": s, "size": 3} for p, s in entries]}
        found = await ana.post(f"/knowledge/{base}/sync", json=body)
        assert found.status_code == 200, found.text
        difference: Json = found.json()
        return difference

    found = await compare(("tea.txt", tea), ("Black/earl.txt", other))
    assert found["unchanged"] == [{"path": "tea.txt", "file_id": file}]
    assert found["added"] == [{"path": "Black/earl.txt", "file_id": None}]
    assert found["directories_added"] == [{"path": "Black", "directory_id": None}]
    assert found["directories_removed"] == [{"path": "Green", "directory_id": green}]
    assert (await compare(("tea.txt", other)))["changed"] == [{"path": "tea.txt", "file_id": file}]
    assert (await compare())["removed"] == [{"path": "tea.txt", "file_id": file}]
    for path in ("../x", "/x", "a\\b", "con", "a//b", "C:x", ""):
        wrong = {"entries": [{"path": path, "sha256": tea, "size": 3}]}
        assert (await ana.post(f"/knowledge/{base}/sync", json=wrong)).status_code == 422


async def test_an_export_has_everything_in_its_place(world: World) -> None:
    ana = await world.admin()
    base, green, file = await filled(world, ana)
    await ana.patch(f"/knowledge/{base}", json={"name": "T\u00e9 / a"})
    below = await add_file(world, ana, "tea.txt", b"green" * 100_000)
    twin = await add_file(world, ana, "TEA.txt", b"twin")
    moved = {"file_ids": [below], "directory_id": green}
    await ana.post(f"/knowledge/{base}/files", json=moved)
    await ana.post(f"/knowledge/{base}/files", json={"file_ids": [twin]})
    exported = await ana.get(f"/knowledge/{base}/export")
    assert exported.headers["Content-Type"] == "application/zip"
    name = "attachment; filename*=UTF-8''T%C3%A9%20%2F%20a.zip"
    assert exported.headers["Content-Disposition"] == name
    with ZipFile(io.BytesIO(exported.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Green/", "tea.txt", "Green/tea.txt", "TEA (2).txt"]
        assert archive.read("Green/tea.txt") == b"green" * 100_000
    await read_as(world, ana, file, "What it says")
    exported = await ana.get(f"/knowledge/{base}/export", params={"text": True})
    with ZipFile(io.BytesIO(exported.content)) as archive:
        assert archive.read("tea.txt.txt") == b"What it says"
        assert len(archive.namelist()) == 5


async def read_as(world: World, who: Person, file: str, text: str) -> None:
    """Have a file read as a worker would."""
    key, actor = UUID(file), Actor(UUID(who.id))
    digest = hashlib.sha256(b"tea").hexdigest()
    sha256 = await keep_text(world.services.lines, key, text, 1)
    await world.services.execute(StartReading(key, digest), actor)
    read = RecordRead(key, digest, sha256, len(text), 1, "text")
    who.position = (await world.services.execute(read, actor)).position or 0


async def test_people_are_found_to_share_with(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    eve, waiting = await world.person(), await world.person(role="pending")
    ben.position = ana.position
    (found,) = (await ben.get("/people", params={"query": "ANA@"})).json()["items"]
    assert found == {"id": ana.id, "name": "Ana", "email": "ana@example.org"}
    others = (await ben.get("/people", params={"query": "be"})).json()["items"]
    assert [each["id"] for each in others] == [eve.id]
    for query in ("", "a", " a "):
        assert (await ben.get("/people", params={"query": query})).status_code == 422
    page = (await ana.get("/people", params={"limit": 1})).json()
    rest = (await ana.get("/people", params={"cursor": page["next_cursor"]})).json()
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [ben.id, eve.id]
    assert (await waiting.get("/people", params={"query": "ana"})).status_code == 403
