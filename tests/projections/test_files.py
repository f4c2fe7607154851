"""What the list of files shows."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.errors import NotFound
from domain.files import File, State
from projections import files
from projections.files import Choice, Sort
from tests.projections.telling import Telling

ANA, BEN = UUID(int=10), UUID(int=11)
BYTES, OTHER, TEXT, WORDS = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
FOUND = {"characters": 5, "pages": 2, "loader": "pdf"}


def added(name: str = "Tea.pdf", sha256: str = BYTES, owner: UUID = ANA, size: int = 3) -> File:
    what = {"name": name, "media_type": "application/pdf", "size": size, "sha256": sha256}
    return File.add(uuid4(), owner=owner, source="https://tea.example", **what)


async def row(told: Telling, file: File) -> files.FileRow:
    await told.tell(file)
    return await files.own(told.db, file.id, file.owner)


async def test_a_file_is_listed_to_its_owner_alone(told: Telling) -> None:
    file = added()
    found = await row(told, file)
    assert (found.name, found.size, found.sha256) == ("Tea.pdf", 3, BYTES)
    assert (found.state, found.error, found.source) == ("queued", None, "https://tea.example")
    assert (found.title, found.pages, found.passages, found.edited) == ("", None, None, False)
    assert await files.page(told.db, BEN, Choice()) == []
    for query in (files.own, files.file):
        with pytest.raises(NotFound):
            await query(told.db, file.id, BEN)
        with pytest.raises(NotFound):
            await query(told.db, uuid4(), ANA)


async def test_it_is_shown_how_far_a_file_is(told: Telling) -> None:
    file = added()
    file.start_reading(BYTES)
    assert (await row(told, file)).state == "reading"
    file.record_read(BYTES, text_sha256=TEXT, title="Te\x00a", **FOUND)
    found = await row(told, file)
    assert (found.state, found.title, found.pages, found.characters) == ("indexing", "Tea", 2, 5)
    file.record_indexed(TEXT, passages=7)
    found = await row(told, file)
    assert (found.state, found.passages, found.text_sha256) == ("ready", 7, TEXT)
    file.edit_text(WORDS, characters=9)
    found = await row(told, file)
    assert (found.state, found.edited, found.characters, found.passages) == (
        ("indexing", True, 9, None)
    )


async def test_failures_are_shown_until_they_are_tried_again(told: Telling) -> None:
    file = added()
    file.fail_reading(BYTES, kind="encrypted", message="A pass\x00word.")
    found = await row(told, file)
    error = {"stage": "reading", "kind": "encrypted", "message": "A password."}
    assert (found.state, found.error) == ("failed", error)
    file.retry()
    found = await row(told, file)
    assert (found.state, found.error) == ("queued", None)
    file.start_reading(BYTES)
    file.record_read(BYTES, text_sha256=TEXT, title="", **FOUND)
    file.fail_indexing(TEXT, kind="unfit", message="")
    file.retry()
    assert (await row(told, file)).state == "indexing"


async def test_of_other_bytes_nothing_is_known(told: Telling) -> None:
    file = added()
    file.start_reading(BYTES)
    file.record_read(BYTES, text_sha256=TEXT, title="Tea", **FOUND)
    file.record_indexed(TEXT, passages=7)
    file.replace(name="New.txt", media_type="text/plain", size=9, sha256=OTHER)
    found = await row(told, file)
    assert (found.name, found.media_type, found.size) == ("New.txt", "text/plain", 9)
    assert (found.state, found.title, found.text_sha256) == ("queued", "", "")
    assert (found.pages, found.passages, found.characters) == (None, None, None)


async def test_the_trash_is_a_list_of_its_own(told: Telling) -> None:
    file, other = added(), added("Other.pdf")
    file.trash()
    await told.tell(file, other)
    trash = await files.page(told.db, ANA, Choice(trash=True))
    assert [each.id for each in trash] == [file.id]
    now = datetime.now(UTC)
    assert await files.expired(told.db, now + timedelta(seconds=1)) == [file.id]
    assert await files.expired(told.db, now - timedelta(days=30)) == []
    file.restore()
    await told.tell(file)
    assert await files.page(told.db, ANA, Choice(trash=True)) == []
    file.trash()
    file.delete()
    await told.tell(file)
    assert await files.find(told.db, file.id) is None


async def test_states_are_counted(told: Telling) -> None:
    first, second, third = added(), added(), added()
    first.fail_reading(BYTES, kind="x", message="")
    third.trash()
    await told.tell(first, second, third, added(owner=BEN))
    counts = await files.counts(told.db, ANA)
    assert {name: count for name, count in counts.items() if count} == {
        "queued": 1,
        "failed": 1,
        "trash": 1,
        "size": 9,
    }
    assert set(counts) == {*(each.value for each in State), "trash", "size"}
    assert sum((await files.counts(told.db, uuid4())).values()) == 0


async def test_the_same_bytes_are_found_again(told: Telling) -> None:
    first, second, trashed = added(), added(), added(sha256=OTHER)
    trashed.trash()
    await told.tell(first, second, trashed)
    found = await files.same(told.db, ANA, BYTES)
    assert found is not None
    assert found.id == first.id
    assert await files.same(told.db, ANA, OTHER) is None
    assert await files.same(told.db, BEN, BYTES) is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("tea", ["100% TEA_x.pdf", "Green tea.pdf"]),
        ("%", ["100% TEA_x.pdf"]),
        ("A_X", ["100% TEA_x.pdf"]),
        ("\\", []),
        ("'; drop table files; --", []),
    ],
)
async def test_names_are_searched_as_they_are_written(
    told: Telling, query: str, names: list[str]
) -> None:
    for name in ("Green tea.pdf", "Coffee.pdf", "100% TEA_x.pdf"):
        await told.tell(added(name))
    found = await files.page(told.db, ANA, Choice(query=query))
    assert [each.name for each in found] == names


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("newest", ["e.pdf", "B.pdf", "a.pdf", "a.pdf", "Ä.pdf", "A.pdf"]),
        ("oldest", ["A.pdf", "Ä.pdf", "a.pdf", "a.pdf", "B.pdf", "e.pdf"]),
    ],
)
async def test_pages_go_on_where_they_ended(told: Telling, sort: Sort, names: list[str]) -> None:
    for name, size in (("A", 3), ("Ä", 9), ("a", 3), ("a", 2), ("B", 1), ("e", 3)):
        await told.tell(added(f"{name}.pdf", size=size))
    for limit in (1, 2, 3):
        found = await paged(told, Choice(sort=sort), limit)
        assert [each.name for each in found] == names
        found = await paged(told, Choice(sort="size"), limit)
        assert [each.size for each in found] == [9, 3, 3, 3, 2, 1]
        assert len({each.id for each in found}) == len(names)


async def test_names_are_in_order_whatever_their_letters(told: Telling) -> None:
    names = ["b.pdf", "İz.pdf", "A.pdf", "a.pdf", "C.pdf", "a.pdf", "ß.pdf"]
    for name in names:
        await told.tell(added(name))
    whole = [each.id for each in await files.page(told.db, ANA, Choice(sort="name"))]
    assert len(whole) == len(names)
    for limit in (1, 2, 3):
        found = await paged(told, Choice(sort="name"), limit)
        assert [each.id for each in found] == whole
        plain = [each.name.lower() for each in found if each.name.isascii()]
        assert plain == ["a.pdf", "a.pdf", "a.pdf", "b.pdf", "c.pdf"]


async def test_a_page_goes_on_when_its_last_file_is_gone(told: Telling) -> None:
    sent = [added(f"{n}.pdf", size=n) for n in range(4)]
    await told.tell(*sent)
    choice = Choice(sort="size")
    last = (await files.page(told.db, ANA, choice, limit=2))[-1]
    gone = next(each for each in sent if each.id == last.id)
    gone.trash()
    await told.tell(gone)
    rest = await files.page(told.db, ANA, choice, after=choice.place(last))
    assert [each.name for each in rest] == ["1.pdf", "0.pdf"]


async def paged(told: Telling, choice: Choice, limit: int) -> list[files.FileRow]:
    found: list[files.FileRow] = []
    after = None
    while page := await files.page(told.db, ANA, choice, limit=limit, after=after):
        found += page
        after = choice.place(page[-1])
    return found
