"""What the read model of knowledge bases shows, and to whom."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.errors import NotFound
from domain.files import File
from domain.knowledge import Grant, Knowledge, Role
from domain.users import Role as House
from domain.users import User
from projections import directories, knowledge, knowledge_lists, people
from projections.directories import Entries, Sort
from projections.knowledge_lists import Choice
from tests.projections.telling import Telling

ANA, BEN, EVE = UUID(int=10), UUID(int=11), UUID(int=12)


def base(name: str = "Tea", owner: UUID = ANA, **more: Any) -> Knowledge:
    return Knowledge.create(uuid4(), owner=owner, name=name, **more)


def file(name: str = "tea.txt", owner: UUID = ANA, size: int = 3) -> File:
    content: dict[str, Any] = {"media_type": "text/plain", "size": size, "sha256": "a" * 64}
    return File.add(uuid4(), owner=owner, name=name, **content)


def person(key: UUID, name: str, role: House = House.USER) -> User:
    return User.sign_up(key, email=f"{name.lower()}@example.org", name=name, role=role)


async def names(told: Telling, who: UUID, **choice: Any) -> list[str]:
    return [row.name for row in await knowledge_lists.page(told.db, who, Choice(**choice))]


async def test_a_new_one_is_listed_to_its_owner_alone(told: Telling) -> None:
    made = base(description="All of it")
    await told.tell(person(ANA, "Ana"), made)
    row = await knowledge_lists.one(told.db, made.id, ANA)
    assert (row.name, row.description, row.owner_name) == ("Tea", "All of it", "Ana")
    assert (row.my_role, row.access, row.cutting) == ("owner", [], None)
    assert (row.files, row.ready, row.failed, row.size, row.deleted_at) == (0, 0, 0, 0, None)
    assert await names(told, BEN) == []
    for key, who in ((made.id, BEN), (uuid4(), ANA)):
        with pytest.raises(NotFound):
            await knowledge_lists.one(told.db, key, who)


async def test_each_sees_his_own_role_and_the_owner_all(told: Telling) -> None:
    made = base()
    made.share([Grant(BEN, Role.WRITE), Grant(EVE, Role.READ)])
    await told.tell(person(ANA, "Ana"), person(BEN, "Ben"), person(EVE, "Eve"), made)
    hers = await knowledge_lists.one(told.db, made.id, ANA)
    ben = {"user_id": str(BEN), "name": "Ben", "role": "write"}
    assert hers.access == [ben, {"user_id": str(EVE), "name": "Eve", "role": "read"}]
    his = await knowledge_lists.one(told.db, made.id, BEN)
    assert (his.my_role, his.access) == ("write", [ben])
    assert (await knowledge_lists.one(told.db, made.id, EVE)).my_role == "read"
    made.share([Grant(None, Role.WRITE), Grant(BEN, Role.READ)])
    await told.tell(made)
    for who in (BEN, EVE, uuid4()):
        row = await knowledge_lists.one(told.db, made.id, who)
        assert row.my_role == "write"
        assert {"user_id": None, "name": None, "role": "write"} in row.access
    made.share([])
    await told.tell(made)
    with pytest.raises(NotFound):
        await knowledge_lists.one(told.db, made.id, BEN)


async def test_lists_can_be_narrowed(told: Telling) -> None:
    mine, shared, other = base("Mine"), base("Shared", BEN), base("Other", BEN)
    shared.share([Grant(ANA, Role.READ)])
    mine.describe(name="M\x00ine", description="of TEA_s")
    await told.tell(mine, shared, other)
    assert await names(told, ANA) == ["Mine", "Shared"]
    assert await names(told, ANA, filter="mine") == ["Mine"]
    assert await names(told, ANA, filter="shared") == ["Shared"]
    assert await names(told, ANA, query="tea_") == ["Mine"]
    assert await names(told, ANA, query="%") == []
    assert await names(told, BEN, filter="shared") == []
    first = await knowledge_lists.page(told.db, ANA, Choice(), limit=1)
    last = (first[0].updated_at, first[0].id)
    rest = await knowledge_lists.page(told.db, ANA, Choice(), before=last)
    assert [each.name for each in rest] == ["Shared"]


async def test_the_trash_is_its_owners_alone(told: Telling) -> None:
    made = base()
    made.share([Grant(None, Role.WRITE)])
    made.trash()
    await told.tell(made)
    assert await names(told, ANA) == await names(told, BEN) == []
    assert await names(told, BEN, trash=True) == []
    assert await names(told, ANA, trash=True) == ["Tea"]
    assert (await knowledge_lists.one(told.db, made.id, ANA)).deleted_at is not None
    with pytest.raises(NotFound):
        await knowledge_lists.one(told.db, made.id, BEN)
    made.restore()
    await told.tell(made)
    assert await names(told, BEN) == ["Tea"]
    made.trash()
    made.delete()
    await told.tell(made)
    with pytest.raises(NotFound):
        await knowledge_lists.one(told.db, made.id, ANA)


async def test_files_are_counted(told: Telling) -> None:
    made, ready, failed, gone = base(), file(size=5), file(size=7), file(size=11)
    for each in (ready, failed, gone):
        made.place_file(each.id, directory_id=None)
    ready.start_reading(ready.sha256)
    read = {"characters": 3, "pages": 1, "loader": "text", "title": ""}
    ready.record_read(ready.sha256, text_sha256="b" * 64, **read)
    ready.record_indexed("b" * 64, passages=1)
    failed.fail_reading(failed.sha256, kind="empty", message="Nothing in it.")
    gone.trash()
    await told.tell(made, ready, failed, gone)
    row = await knowledge_lists.one(told.db, made.id, ANA)
    assert (row.files, row.ready, row.failed, row.size) == (2, 1, 1, 12)
    assert set(await knowledge.files_of(told.db, made.id)) == {ready.id, failed.id}


async def test_cutting_is_kept(told: Telling) -> None:
    made, cutting = base(), {"tokens": 512, "overlap": 64, "contextual": False}
    made.choose_cutting(cutting)
    await told.tell(made)
    assert (await knowledge_lists.one(told.db, made.id, ANA)).cutting == cutting
    made.choose_cutting(None)
    await told.tell(made)
    assert (await knowledge_lists.one(told.db, made.id, ANA)).cutting is None


async def test_files_are_read_by_whom_they_are_shared_with(told: Telling) -> None:
    made, hers, his, alone = base(), file(), file(owner=BEN), file()
    made.share([Grant(BEN, Role.WRITE), Grant(EVE, Role.READ)])
    for each in (hers, his):
        made.place_file(each.id, directory_id=None)
    await told.tell(made, hers, his, alone)
    every = [hers.id, his.id, alone.id]

    async def read_by(who: UUID) -> set[UUID]:
        readable = await knowledge.readable(told.db, who, every)
        assert readable == {x for x in every if await knowledge.may_read_file(told.db, who, x)}
        return readable

    assert await read_by(ANA) == set(every)
    assert await read_by(BEN) == await read_by(EVE) == {hers.id, his.id}
    assert await read_by(uuid4()) == set()
    assert set(await knowledge.readable_files(told.db, EVE, [made.id])) == {hers.id, his.id}
    assert await knowledge.readable_files(told.db, uuid4(), [made.id]) == []
    hers.trash()
    await told.tell(hers)
    assert await read_by(EVE) == {his.id}
    assert hers.id in await read_by(ANA)
    assert await knowledge.readable_files(told.db, ANA, [made.id]) == [his.id]
    made.trash()
    await told.tell(made)
    assert await read_by(EVE) == set()
    assert await read_by(ANA) == {hers.id, alone.id}
    assert await read_by(BEN) == {his.id}
    assert await knowledge.readable_files(told.db, ANA, [made.id]) == []


async def test_where_a_file_is_used_is_told_to_those_who_see_it(told: Telling) -> None:
    first, second, hers = base("1"), base("2"), file()
    second.share([Grant(BEN, Role.READ)])
    for each in (first, second):
        each.place_file(hers.id, directory_id=None)
    await told.tell(first, second, hers)
    assert await knowledge.knowledge_of(told.db, [hers.id]) == {hers.id: [first.id, second.id]}
    seen = await knowledge.knowledge_of(told.db, [hers.id, uuid4()], seen_by=BEN)
    assert seen == {hers.id: [second.id]}
    first.remove_file(hers.id)
    await told.tell(first)
    assert await knowledge.knowledge_of(told.db, [hers.id]) == {hers.id: [second.id]}
    hers.trash()
    hers.delete()
    await told.tell(hers)
    assert await knowledge.knowledge_of(told.db, [hers.id]) == {}


async def entries(told: Telling, made: Knowledge, **wanted: Any) -> list[str]:
    """The names of all pages of entries, two at a time; they are the same as in one page."""
    whole = await directories.entries(told.db, made.id, Entries(**wanted))
    found: list[directories.EntryRow] = []
    place = None
    while some := await directories.entries(
        told.db, made.id, Entries(**wanted, limit=2, after=place)
    ):
        found += some
        place = some[-1].place
    assert found == whole
    return [each.name for each in found]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["A", "b", "a.txt", "B.txt", "c.txt"]),
        ("date", ["b", "A", "B.txt", "c.txt", "a.txt"]),
        ("size", ["A", "b", "a.txt", "c.txt", "B.txt"]),
    ],
)
async def test_entries_are_ordered(told: Telling, sort: Sort, order: list[str]) -> None:
    made = base()
    for name in ("A", "b"):
        made.make_directory(uuid4(), name=name, parent_id=None)
    found = [file("a.txt", size=9), file("c.txt", size=2), file("B.txt", size=1)]
    for each in found:
        made.place_file(each.id, directory_id=None)
    await told.tell(*found, made)
    assert await entries(told, made, sort=sort) == order


async def test_entries_are_of_a_place_or_found_everywhere(told: Telling) -> None:
    made, other, top, below = base(), base(), file("Top_tea.txt"), file("tea%.txt")
    green, deep = uuid4(), uuid4()
    made.make_directory(green, name="Green tea", parent_id=None)
    made.make_directory(deep, name="Deep", parent_id=green)
    other.make_directory(green, name="Not this one", parent_id=None)
    made.place_file(top.id, directory_id=None)
    made.place_file(below.id, directory_id=deep)
    await told.tell(made, other, top, below)
    assert await entries(told, made) == ["Green tea", "Top_tea.txt"]
    assert await entries(told, made, directory_id=green) == ["Deep"]
    assert await entries(told, made, directory_id=deep) == ["tea%.txt"]
    assert await entries(told, made, query="TEA") == ["Green tea", "tea%.txt", "Top_tea.txt"]
    assert await entries(told, made, query="p_") == ["Top_tea.txt"]
    with pytest.raises(NotFound):
        await entries(told, other, directory_id=deep)
    (row,) = await directories.entries(told.db, made.id, Entries(query="tea%"))
    assert (row.kind, row.id, row.directory_id) == ("file", below.id, deep)


async def test_a_tree_is_told_in_paths(told: Telling) -> None:
    made, one, two = base(), file("one"), file("two")
    green, deep, black = uuid4(), uuid4(), uuid4()
    made.make_directory(green, name="Green", parent_id=None)
    made.make_directory(deep, name="Deep", parent_id=green)
    made.make_directory(black, name="Black", parent_id=None)
    made.place_file(one.id, directory_id=None)
    made.place_file(two.id, directory_id=deep)
    made.place_file(one.id, directory_id=black)
    made.change_directory(deep, name="Deeper", parent_id=black)
    await told.tell(made, one, two)
    tree = await directories.tree(told.db, made.id)
    assert tree.directories == {green: ("Green",), deep: ("Black", "Deeper"), black: ("Black",)}
    assert [each.path for each in tree.files] == [("Black", "one"), ("Black", "Deeper", "two")]
    made.remove_directory(black)
    await told.tell(made)
    tree = await directories.tree(told.db, made.id)
    assert tree == directories.Tree({green: ("Green",)}, [])


async def test_people_are_found_by_name_or_address(told: Telling) -> None:
    waiting = person(uuid4(), "Benno", House.PENDING)
    await told.tell(person(ANA, "Ana"), person(BEN, "Ben"), person(EVE, "Eve"), waiting)

    async def found(query: str, **more: Any) -> list[str]:
        rows = await people.page(told.db, ANA, query, limit=20, **more)
        return [each.name for each in rows]

    assert await found("BE") == ["Ben"]
    assert await found("eve@") == ["Eve"]
    assert await found("ana") == await found("_") == []
    (ben, *_) = await people.page(told.db, ANA, "", limit=1)
    assert await found("", after=(ben.created_at, ben.id)) == ["Eve"]
