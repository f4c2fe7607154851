"""A knowledge base decides."""

import copy
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import knowledge as rules
from domain.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from domain.knowledge import Grant, Knowledge, Role
from tests.scenario import KEY, fact, given, memory, news, retold

ANA, BEN, EVE = UUID(int=10), UUID(int=11), UUID(int=12)
DIRECTORY, BELOW, FILE = UUID(int=20), UUID(int=21), UUID(int=30)
CREATED = fact(Knowledge.Created, owner=ANA, name="Tea", description="")
MADE = fact(Knowledge.DirectoryMade, directory_id=DIRECTORY, parent_id=None, name="Green")
MADE_BELOW = fact(Knowledge.DirectoryMade, directory_id=BELOW, parent_id=DIRECTORY, name="Sencha")
ADDED = fact(Knowledge.FileAdded, file_id=FILE, directory_id=BELOW)


def test_it_is_kept_tidily() -> None:
    made = Knowledge.create(KEY, owner=ANA, name=" Te\u0301\n a ", description=" All. ")
    assert (made.name, made.description) == ("T\u00e9 a", "All.")
    made.describe(name="T\u00e9 a", description="All.")
    assert len(news(made)) == 1
    made.describe(name="Tea", description="")
    assert news(made)[1] == fact(Knowledge.Described, name="Tea", description="")


@pytest.mark.parametrize(("name", "description"), [("", ""), ("x" * 256, ""), ("x", "x" * 5_001)])
def test_names_and_descriptions_have_limits(name: str, description: str) -> None:
    with pytest.raises(Invalid):
        Knowledge.create(KEY, owner=ANA, name=name, description=description)
    with pytest.raises(Invalid):
        given(Knowledge, CREATED).describe(name=name, description=description)


def test_only_those_who_are_named_may_use_it() -> None:
    knowledge = given(Knowledge, CREATED)
    assert [knowledge.role_of(each) for each in (ANA, BEN)] == [Role.OWNER, None]
    with pytest.raises(NotFound):
        knowledge.admit(BEN)
    knowledge.share([Grant(BEN, Role.READ), Grant(ANA, Role.READ)])
    assert news(knowledge) == [fact(Knowledge.Shared, access=[Grant(BEN, Role.READ)])]
    knowledge.admit(BEN)
    for role in (Role.WRITE, Role.OWNER):
        with pytest.raises(Forbidden):
            knowledge.admit(BEN, role)
    with pytest.raises(NotFound):
        knowledge.admit(EVE)
    knowledge.share([Grant(BEN, Role.READ)])
    assert len(news(knowledge)) == 1
    knowledge.share([Grant(None, Role.WRITE), Grant(BEN, Role.READ)])
    for each in (BEN, EVE):
        knowledge.admit(each, Role.WRITE)
        with pytest.raises(Forbidden):
            knowledge.admit(each, Role.OWNER)
    knowledge.share([])
    with pytest.raises(NotFound):
        knowledge.admit(BEN)


def test_a_list_of_people_must_make_sense() -> None:
    knowledge = given(Knowledge, CREATED)
    for access in (
        [Grant(BEN, Role.READ), Grant(BEN, Role.WRITE)],
        [Grant(BEN, Role.OWNER)],
        [Grant(uuid4(), Role.READ) for _ in range(201)],
    ):
        with pytest.raises(Invalid):
            knowledge.share(access)
    assert news(knowledge) == []


def test_cutting_can_be_its_own() -> None:
    knowledge = given(Knowledge, CREATED)
    knowledge.choose_cutting(None)
    chosen = {"tokens": 512, "overlap": 64, "contextual": False}
    knowledge.choose_cutting(chosen)
    knowledge.choose_cutting(dict(chosen))
    knowledge.choose_cutting(None)
    assert news(knowledge) == [
        fact(Knowledge.CuttingChosen, cutting=chosen),
        fact(Knowledge.CuttingChosen, cutting=None),
    ]


def test_its_files_are_indexed_anew_as_often_as_wished() -> None:
    knowledge = given(Knowledge, CREATED)
    knowledge.reindex()
    knowledge.reindex()
    assert news(knowledge) == [fact(Knowledge.ReindexRequested)] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": 31},
        {"tokens": 4_097},
        {"tokens": True},
        {"overlap": -1},
        {"overlap": 129},
        {"contextual": 1},
        {"other": 1},
    ],
)
def test_odd_cuttings_are_refused(change: dict[str, Any]) -> None:
    cutting = {"tokens": 256, "overlap": 32, "contextual": True, **change}
    with pytest.raises(Invalid):
        given(Knowledge, CREATED).choose_cutting(cutting)


def test_a_directory_is_made_once() -> None:
    knowledge = given(Knowledge, CREATED, MADE)
    knowledge.make_directory(DIRECTORY, name=" Green ", parent_id=None)
    assert news(knowledge) == []
    with pytest.raises(Conflict, match="id"):
        knowledge.make_directory(DIRECTORY, name="Black", parent_id=None)
    with pytest.raises(Conflict, match="name"):
        knowledge.make_directory(BELOW, name="Green", parent_id=None)
    with pytest.raises(NotFound):
        knowledge.make_directory(BELOW, name="Green", parent_id=uuid4())
    knowledge.make_directory(BELOW, name="Green", parent_id=DIRECTORY)
    assert len(news(knowledge)) == 1


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "a/b", "a\\b", "a\x00", "a\nb", "a\u202eb", "\ud800", "x" * 256],
)
def test_what_is_no_name_of_a_directory_is_refused(name: str) -> None:
    knowledge = given(Knowledge, CREATED, MADE)
    with pytest.raises(Invalid):
        knowledge.make_directory(BELOW, name=name, parent_id=None)
    with pytest.raises(Invalid):
        knowledge.change_directory(DIRECTORY, name=name, parent_id=None)


def test_a_directory_is_renamed_and_moved_in_one_go() -> None:
    other = UUID(int=22)
    beside = fact(Knowledge.DirectoryMade, directory_id=other, parent_id=None, name="Sencha")
    knowledge = given(Knowledge, CREATED, MADE, MADE_BELOW, beside)
    knowledge.change_directory(BELOW, name="Sencha", parent_id=DIRECTORY)
    assert news(knowledge) == []
    with pytest.raises(Conflict):
        knowledge.change_directory(BELOW, name="Sencha", parent_id=None)
    with pytest.raises(Conflict, match="itself"):
        knowledge.change_directory(DIRECTORY, name="Green", parent_id=BELOW)
    for wrong in (DIRECTORY, None):
        with pytest.raises(NotFound):
            knowledge.change_directory(uuid4(), name="x", parent_id=wrong)
    knowledge.change_directory(BELOW, name="Gyokuro", parent_id=None)
    assert news(knowledge) == [
        fact(Knowledge.DirectoryRenamed, directory_id=BELOW, name="Gyokuro"),
        fact(Knowledge.DirectoryMoved, directory_id=BELOW, parent_id=None),
    ]


def test_what_is_in_a_directory_goes_with_it() -> None:
    knowledge = given(Knowledge, CREATED, MADE, MADE_BELOW, ADDED)
    other = uuid4()
    knowledge.place_file(other, directory_id=None)
    knowledge.remove_directory(DIRECTORY)
    assert knowledge.directories == {}
    assert knowledge.files == {other: None}
    with pytest.raises(NotFound):
        knowledge.remove_directory(BELOW)


def test_a_file_lies_in_one_place() -> None:
    knowledge = given(Knowledge, CREATED, MADE, MADE_BELOW, ADDED)
    knowledge.place_file(FILE, directory_id=BELOW)
    knowledge.place_file(FILE, directory_id=None)
    knowledge.remove_file(FILE)
    with pytest.raises(NotFound):
        knowledge.remove_file(FILE)
    with pytest.raises(NotFound):
        knowledge.place_file(FILE, directory_id=uuid4())
    assert news(knowledge) == [
        fact(Knowledge.FileMoved, file_id=FILE, directory_id=None),
        fact(Knowledge.FileRemoved, file_id=FILE),
    ]


def test_everything_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "DIRECTORIES_MAX", 2)
    monkeypatch.setattr(rules, "FILES_MAX", 1)
    monkeypatch.setattr(rules, "DEPTH_MAX", 2)
    knowledge = given(Knowledge, CREATED, MADE, MADE_BELOW, ADDED)
    with pytest.raises(LimitReached):
        knowledge.make_directory(uuid4(), name="Black", parent_id=None)
    with pytest.raises(LimitReached):
        knowledge.place_file(uuid4(), directory_id=None)
    monkeypatch.setattr(rules, "DIRECTORIES_MAX", 9)
    with pytest.raises(Invalid, match="deep"):
        knowledge.make_directory(uuid4(), name="Deep", parent_id=BELOW)
    beside = uuid4()
    knowledge.make_directory(beside, name="Beside", parent_id=None)
    with pytest.raises(Invalid, match="deep"):
        knowledge.change_directory(DIRECTORY, name="Green", parent_id=beside)
    knowledge.change_directory(BELOW, name="Sencha", parent_id=beside)


def test_the_limits_are_those_that_are_told() -> None:
    assert (rules.DIRECTORIES_MAX, rules.FILES_MAX) == (10_000, 100_000)


def test_the_way_through_the_trash() -> None:
    knowledge = given(Knowledge, CREATED)
    knowledge.share([Grant(None, Role.WRITE)])
    with pytest.raises(Conflict):
        knowledge.delete()
    knowledge.trash()
    knowledge.trash()
    assert knowledge.is_closed
    assert [knowledge.role_of(each) for each in (ANA, BEN)] == [Role.OWNER, None]
    with pytest.raises(Conflict):
        knowledge.must_be_open()
    knowledge.restore()
    knowledge.restore()
    knowledge.must_be_open()
    knowledge.trash()
    knowledge.delete()
    knowledge.delete()
    assert knowledge.role_of(ANA) is None
    kinds = [each.kind for each in news(knowledge)][1:]
    assert kinds == [Knowledge.Trashed, Knowledge.Restored, Knowledge.Trashed, Knowledge.Deleted]


def test_the_past_alone_explains_the_present() -> None:
    knowledge = Knowledge.create(KEY, owner=ANA, name="Tea")
    knowledge.share([Grant(BEN, Role.WRITE)])
    knowledge.choose_cutting({"tokens": 256, "overlap": 0, "contextual": True})
    knowledge.trash()
    assert memory(retold(knowledge)) == memory(knowledge)
    assert knowledge.owner_id == ANA


def test_a_copy_is_another_one() -> None:
    knowledge = given(Knowledge, CREATED, MADE, MADE_BELOW, ADDED)
    files = copy.deepcopy(knowledge.files)
    files[uuid4()] = None
    assert len(knowledge.files) == 1
