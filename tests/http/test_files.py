"""Files are listed, shown and changed by those who may and by nobody else."""

from uuid import UUID, uuid4

from application.files import RecordIndexed
from application.ports import SYSTEM
from infrastructure.documents.progress import advance, wait_for
from interfaces.http.paging import pack
from tests.uploading import fail, read, seen, uploaded
from tests.world import Person, World

TEA = b"Green tea at 70 degrees."


async def listed(person: Person, query: str) -> list[str]:
    answer = await person.get(f"/files{query}")
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


async def test_a_file_is_shown_on_its_way(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    assert {name: file[name] for name in ("state", "error", "waiting", "progress", "pages")} == {
        "state": "queued",
        "error": None,
        "waiting": None,
        "progress": None,
        "pages": None,
    }
    sha256 = await read(world, file)
    await advance(world.services.lines, UUID(file["id"]), 2, 5)
    now = await seen(world, ana, file)
    assert (now["state"], now["title"], now["pages"]) == ("indexing", "Tea", 1)
    assert now["progress"] == {"done": 2, "total": 5}
    await wait_for(world.services.lines, UUID(file["id"]), "The store is away.")
    assert (await seen(world, ana, file))["waiting"] == "The store is away."
    await world.services.execute(RecordIndexed(UUID(file["id"]), sha256, 5), SYSTEM)
    now = await seen(world, ana, file)
    assert (now["state"], now["passages"], now["progress"]) == ("ready", 5, None)


async def test_what_failed_says_why_and_can_be_tried_again(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.pdf", TEA)
    await fail(world, file)
    now = await seen(world, ana, file)
    error = {"stage": "reading", "kind": "encrypted", "message": "It has a password."}
    assert (now["state"], now["error"]) == ("failed", error)
    again = await ana.post(f"/files/{file['id']}/retry")
    assert (again.json()["state"], again.json()["error"]) == ("queued", None)


async def test_files_are_listed_and_counted(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    names = ["Green_tea.txt", "Black tea 100%.txt", "Coffee.txt"]
    files = [await uploaded(ana, name, name.encode()) for name in names]
    await uploaded(ben, "Mine.txt", b"ben")
    await fail(world, files[2])
    await ana.delete(f"/files/{files[0]['id']}")
    await seen(world, ana, files[2])

    assert await listed(ana, "") == ["Coffee.txt", "Black tea 100%.txt"]
    assert await listed(ana, "?trash=true") == ["Green_tea.txt"]
    assert await listed(ana, "?query=TEA") == ["Black tea 100%.txt"]
    assert await listed(ana, "?query=100%25") == ["Black tea 100%.txt"]
    assert await listed(ana, "?query=%25") == ["Black tea 100%.txt"]
    assert await listed(ana, "?query=_") == []
    assert await listed(ana, "?state=failed") == ["Coffee.txt"]
    assert await listed(ana, "?all=true") == ["Mine.txt", "Coffee.txt", "Black tea 100%.txt"]
    assert await listed(ben, "") == ["Mine.txt"]
    assert (await ben.get("/files?all=true")).status_code == 403
    assert (await ana.get("/files?state=lost")).status_code == 422
    assert (await ana.get("/files?query=%00")).status_code == 422
    counts = (await ana.get("/files/counts")).json()
    size = sum(len(each) for each in names)
    states = {"queued": 1, "reading": 0, "indexing": 0, "ready": 0, "failed": 1}
    assert counts == {**states, "trash": 1, "size": size}


async def test_lists_go_on_where_they_ended(world: World) -> None:
    ana = await world.admin()
    for n in range(3):
        await uploaded(ana, f"{n}.txt", str(n).encode())
    page = (await ana.get("/files?limit=2")).json()
    assert [each["name"] for each in page["items"]] == ["2.txt", "1.txt"]
    assert await listed(ana, f"?limit=2&cursor={page['next_cursor']}") == ["0.txt"]


async def test_lists_have_the_order_that_is_wished(world: World) -> None:
    ana = await world.admin()
    for name, data in (("b.txt", b"333"), ("A.txt", b"1"), ("c.txt", b"22")):
        await uploaded(ana, name, data)
    orders = {
        "newest": ["c.txt", "A.txt", "b.txt"],
        "oldest": ["b.txt", "A.txt", "c.txt"],
        "name": ["A.txt", "b.txt", "c.txt"],
        "size": ["b.txt", "c.txt", "A.txt"],
    }
    cursors = {}
    for sort, names in orders.items():
        assert await listed(ana, f"?sort={sort}") == names
        page = (await ana.get(f"/files?sort={sort}&limit=2")).json()
        cursors[sort] = page["next_cursor"]
        assert await listed(ana, f"?sort={sort}&cursor={cursors[sort]}") == names[2:]
    assert (await ana.get("/files?sort=colour")).status_code == 422
    for sort, cursor in cursors.items():
        for other in orders.keys() - {sort}:
            wrong = await ana.get(f"/files?sort={other}&cursor={cursor}")
            assert wrong.status_code == 422, wrong.text
    for garbage in ("x", "W10", pack('["size",-1,"x"]'), pack('["name","\\u0000","x"]')):
        assert (await ana.get(f"/files?cursor={garbage}")).status_code == 422


async def test_to_others_a_file_does_not_exist(world: World) -> None:
    ana, ben = await world.person(), await world.person()
    file = await uploaded(ana, "Tea.txt", TEA)
    path = f"/files/{file['id']}"
    for person in (ben, await world.admin()):
        for answer in (
            await person.get(path),
            await person.patch(path, json={"name": "Mine"}),
            await person.delete(path),
            await person.delete(f"{path}?forever=true"),
            await person.post(f"{path}/restore"),
            await person.post(f"{path}/retry"),
            await person.get(f"{path}/content"),
            await person.get(f"{path}/text"),
            await person.put(f"{path}/text", json={"text": "Mine"}),
            await person.get(f"{path}/passages"),
            await person.post("/files/text", json={"id": file["id"], "name": "x", "text": "x"}),
            await person.get(f"/files/{uuid4()}"),
        ):
            assert answer.status_code == 404, answer.request.url
    assert (await ana.get(f"{path}/content")).content == TEA


async def test_who_shares_knowledge_may_read_its_files(world: World) -> None:
    ana, ben = await world.person(), await world.person()
    knowledge = (await ana.post("/knowledge", json={"name": "Tea"})).json()
    where = {"knowledge_id": knowledge["id"]}
    file = await uploaded(ana, "Tea.txt", TEA, **where)
    assert file["knowledge_ids"] == [knowledge["id"]]
    path = f"/files/{file['id']}"
    assert (await ben.get(path)).status_code == 404
    access = {"access": [{"user_id": ben.id, "role": "read"}]}
    assert (await ana.put(f"/knowledge/{knowledge['id']}/access", json=access)).is_success
    ben.position = ana.position
    assert (await ben.get(f"{path}/content")).content == TEA
    assert (await ben.get(path)).json()["knowledge_ids"] == [knowledge["id"]]
    items = (await ben.get(f"/files?knowledge_id={knowledge['id']}")).json()["items"]
    assert [each["id"] for each in items] == [file["id"]]
    for answer in (await ben.delete(path), await ben.patch(path, json={"name": "Mine"})):
        assert answer.status_code == 404
    await ana.delete(path)
    ben.position = ana.position
    assert (await ben.get(f"{path}/content")).status_code == 404
    for query, whose in (("", ana), ("&trash=true", ben)):
        narrowed = f"?knowledge_id={knowledge['id']}{query}"
        assert await listed(whose, narrowed) == []
    assert (await ana.get(f"{path}/content")).content == TEA


async def test_an_upload_into_foreign_knowledge_leaves_no_file(world: World) -> None:
    ana, ben = await world.person(), await world.person()
    knowledge = (await ana.post("/knowledge", json={"name": "Tea"})).json()
    upload = (await ben.post("/uploads", json={"name": "x.txt", "size": 0})).json()
    wish = {"knowledge_id": knowledge["id"]}
    answer = await ben.post(f"/uploads/{upload['id']}/finish", json=wish)
    assert answer.status_code == 404
    assert (await ben.get("/files")).json()["items"] == []


async def test_a_text_is_kept_as_a_file(world: World) -> None:
    ana = await world.admin()
    key = str(uuid4())
    body = {"id": key, "name": "Notes", "text": "# Tea\n\n70 °C \U0001f375"}
    for _ in range(2):
        answer = await ana.post("/files/text", json=body)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["id"], answer.json()["media_type"]) == (key, "text/markdown")
    content = await ana.get(f"/files/{key}/content")
    assert content.content.decode() == body["text"]
    assert (await ana.post("/files/text", json={**body, "text": "Other"})).status_code == 409


async def test_a_name_is_changed_within_bounds(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    path = f"/files/{file['id']}"
    changed = await ana.patch(path, json={"name": "../Green\u202e.txt"})
    assert changed.json()["name"] == "Green.txt"
    for name in ("", "..", "x" * 256, "\x00", 3):
        assert (await ana.patch(path, json={"name": name})).status_code == 422


async def test_it_goes_by_way_of_the_trash(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    path = f"/files/{file['id']}"
    assert (await ana.delete(f"{path}?forever=true")).status_code == 409
    assert (await ana.delete(path)).status_code == 204
    assert (await ana.get(path)).json()["deleted_at"]
    assert (await ana.post(f"{path}/restore")).json()["deleted_at"] is None
    await ana.delete(path)
    assert (await ana.delete(f"{path}?forever=true")).status_code == 204
    for answer in (await ana.get(path), await ana.get(f"{path}/content")):
        assert answer.status_code == 404


async def test_bytes_go_when_nobody_else_has_them(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    mine = await uploaded(ana, "Tea.txt", TEA)
    his = await uploaded(ben, "Tee.txt", TEA)
    holdings = world.services.files.holdings
    await holdings.release(UUID(mine["id"]))
    assert (await ben.get(f"/files/{his['id']}/content")).content == TEA
    await holdings.release(UUID(his["id"]))
    assert not await world.services.files.blobs.exists(his["sha256"])
    assert (await ben.get(f"/files/{his['id']}/content")).status_code == 404
