"""A file decides."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Conflict, Invalid, NotFound, Refusal
from domain.files import File, State, checked_media_type, checked_name
from tests.scenario import KEY, fact, given, memory, news, retold

ANA, BEN = UUID(int=10), UUID(int=11)
BYTES, OTHER, TEXT, WORDS = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
CONTENT: dict[str, Any] = {
    "name": "Tea.pdf",
    "media_type": "application/pdf",
    "size": 3,
    "sha256": BYTES,
}
ADDED = fact(File.Added, owner=ANA, source="", **CONTENT)
STARTED = fact(File.ReadingStarted)
FOUND = {"characters": 5, "pages": 1, "loader": "pdf", "title": "All about tea"}
READ = fact(File.Read, text_sha256=TEXT, **FOUND)
INDEXED = fact(File.Indexed, text_sha256=TEXT, passages=2)
FAILED = fact(File.Failed, stage="reading", kind="encrypted", message="It needs a password.")
NOT_INDEXED = fact(File.Failed, stage="indexing", kind="unfit", message="Wrong dimension.")
TRASHED = fact(File.Trashed)
DELETED = fact(File.Deleted)


def test_a_file_is_added_as_it_is() -> None:
    file = File.add(KEY, owner=ANA, source="https://tea.example", **CONTENT)
    assert news(file) == [fact(File.Added, owner=ANA, source="https://tea.example", **CONTENT)]
    assert (file.owner_id, file.state, file.is_closed) == (ANA, State.QUEUED, False)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Tea.pdf", "Tea.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\tea\\green.txt", "green.txt"),
        ("/", None),
        ("..", None),
        (" . ", None),
        ("\u200b\u202e", None),
        ("a\x00b\x07.txt", "ab.txt"),
        ("two\nlines\t.txt", "two lines .txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2067\u200ftea\ufeff.txt", "tea.txt"),
        ("half\ud800.txt", "half.txt"),
        ("name.txt. . ", "name.txt"),
        (".gitignore", ".gitignore"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("Com1 .tar.gz", "_Com1 .tar.gz"),
        ("context.txt", "context.txt"),
        ("cafe\u0301.txt", "caf\u00e9.txt"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt",) * 2,
        ("x" * 255, "x" * 255),
        ("x" * 256, None),
    ],
)
def test_names_are_kept_harmless(given_name: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(Invalid):
            checked_name(given_name)
    else:
        assert checked_name(given_name) == kept
        assert checked_name(kept) == kept


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("", "application/octet-stream"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("html", "application/octet-stream"),
        ("image/svg+xml", "image/svg+xml"),
    ],
)
def test_media_types_are_kept_plainly(given_type: str, kept: str) -> None:
    assert checked_media_type(given_type) == kept


@pytest.mark.parametrize("wrong", [{"size": -1}, {"sha256": "A" * 64}, {"sha256": "a" * 63}])
def test_what_no_file_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        File.add(KEY, owner=ANA, **{**CONTENT, **wrong})


def test_a_worker_reads_and_indexes() -> None:
    file = given(File, ADDED)
    file.start_reading(BYTES)
    file.record_read(BYTES, text_sha256=TEXT, **{**FOUND, "title": " All\nabout  tea"})
    file.record_indexed(TEXT, passages=2)
    assert news(file) == [STARTED, READ, INDEXED]
    assert file.state == State.READY


def test_what_was_recorded_is_no_news_again() -> None:
    file = given(File, ADDED, STARTED)
    file.start_reading(BYTES)
    assert news(file) == []
    file = given(File, ADDED, STARTED, READ, INDEXED)
    file.record_indexed(TEXT, passages=2)
    assert news(file) == []
    file.record_indexed(TEXT, passages=3)
    assert news(file) == [fact(File.Indexed, text_sha256=TEXT, passages=3)]


def late(file: File) -> None:
    """All that workers who read the first bytes may still want."""
    wishes: list[Callable[[], None]] = [
        lambda: file.start_reading(BYTES),
        lambda: file.record_read(BYTES, text_sha256=TEXT, **FOUND),
        lambda: file.record_indexed(TEXT, passages=2),
        lambda: file.fail_reading(BYTES, kind="slow", message=""),
        lambda: file.fail_indexing(TEXT, kind="unfit", message=""),
    ]
    for wish in wishes:
        with pytest.raises(Refusal):
            wish()


def test_a_worker_who_comes_too_late_changes_nothing() -> None:
    replaced = fact(File.Replaced, **{**CONTENT, "sha256": OTHER})
    for past in ([replaced], [STARTED, replaced], [READ, INDEXED, replaced], [TRASHED], [DELETED]):
        file = given(File, ADDED, *past)
        late(file)
        assert news(file) == []
    edited = given(File, ADDED, READ, fact(File.TextEdited, text_sha256=WORDS, characters=1))
    late(edited)
    assert news(edited) == []


def test_why_it_failed_is_told_within_bounds() -> None:
    file = given(File, ADDED, STARTED)
    file.fail_reading(BYTES, kind="k" * 60, message="m" * 600)
    assert news(file) == [
        fact(File.Failed, stage="reading", kind="k" * 50, message="m" * 500),
    ]
    file = given(File, ADDED, READ)
    file.fail_indexing(TEXT, kind="unfit", message="Wrong dimension.")
    assert news(file) == [NOT_INDEXED]


def test_what_failed_is_tried_from_where_it_failed() -> None:
    file = given(File, ADDED, FAILED)
    file.retry()
    file.retry()
    assert news(file) == [fact(File.Retried)]
    assert file.state == State.QUEUED
    file = given(File, ADDED, READ, NOT_INDEXED)
    file.retry()
    assert file.state == State.INDEXING
    with pytest.raises(Conflict):
        given(File, ADDED, READ, INDEXED).retry()


def test_a_text_is_edited_once_it_was_read() -> None:
    for past in ([], [STARTED]):
        with pytest.raises(Conflict):
            given(File, ADDED, *past).edit_text(WORDS, characters=5)
    for past in ([READ], [READ, INDEXED], [FAILED], [READ, NOT_INDEXED]):
        file = given(File, ADDED, *past)
        file.edit_text(WORDS, characters=5)
        assert news(file) == [fact(File.TextEdited, text_sha256=WORDS, characters=5)]
        assert file.state == State.INDEXING
    file = given(File, ADDED, READ)
    file.edit_text(TEXT, characters=5)
    assert news(file) == []


def test_the_same_bytes_may_say_something_else_when_read_again() -> None:
    other = {**FOUND, "title": " All  of it"}
    file = given(File, ADDED, READ, INDEXED)
    file.record_reread(BYTES, text_sha256=TEXT, **other)
    assert news(file) == []
    file.record_reread(BYTES, text_sha256=WORDS, **other)
    assert news(file) == [fact(File.Read, text_sha256=WORDS, **{**FOUND, "title": "All of it"})]
    assert file.state == State.INDEXING
    edited = fact(File.TextEdited, text_sha256=OTHER, characters=1)
    again = fact(File.Indexed, text_sha256=OTHER, passages=2)
    for past in ([READ], [FAILED], [STARTED], [READ, INDEXED, edited, again]):
        file = given(File, ADDED, *past)
        file.record_reread(BYTES, text_sha256=WORDS, **other)
        assert news(file) == []
    for past in ([READ, INDEXED, TRASHED], [READ, INDEXED]):
        with pytest.raises(Conflict):
            given(File, ADDED, *past).record_reread(
                OTHER if past[-1] is INDEXED else BYTES, text_sha256=WORDS, **other
            )


def test_other_bytes_are_read_anew() -> None:
    file = given(File, ADDED, STARTED, READ, INDEXED)
    file.replace(**{**CONTENT, "sha256": OTHER, "name": "b/New.pdf"})
    other = {**CONTENT, "sha256": OTHER, "name": "New.pdf"}
    assert news(file) == [fact(File.Replaced, **other)]
    assert (file.state, file.text_sha256) == (State.QUEUED, "")


def test_the_same_bytes_only_bring_a_name() -> None:
    file = given(File, ADDED, STARTED, READ, INDEXED)
    file.replace(**CONTENT)
    assert news(file) == []
    file.replace(**{**CONTENT, "name": "New.pdf"})
    assert news(file) == [fact(File.Renamed, name="New.pdf")]
    assert file.state == State.READY


def test_it_goes_by_way_of_the_trash() -> None:
    file = given(File, ADDED)
    with pytest.raises(Conflict):
        file.delete()
    file.trash()
    file.trash()
    assert file.is_closed
    file.restore()
    file.restore()
    file.trash()
    file.delete()
    file.delete()
    assert news(file) == [TRASHED, fact(File.Restored), TRASHED, DELETED]


def test_what_is_in_the_trash_does_not_change() -> None:
    file = given(File, ADDED, FAILED, TRASHED)
    wishes: list[Callable[[], None]] = [
        lambda: file.replace(**{**CONTENT, "sha256": OTHER}),
        lambda: file.edit_text(WORDS, characters=1),
        file.retry,
    ]
    for wish in wishes:
        with pytest.raises(Conflict):
            wish()


def test_a_deleted_file_does_not_exist() -> None:
    file = given(File, ADDED, TRASHED, DELETED)
    wishes: list[Callable[[], None]] = [
        lambda: file.rename("x"),
        lambda: file.replace(**CONTENT),
        file.restore,
        file.trash,
        file.retry,
        lambda: file.admit(ANA),
    ]
    for wish in wishes:
        with pytest.raises(NotFound):
            wish()


def test_only_its_owner_is_let_in() -> None:
    file = given(File, ADDED)
    file.admit(ANA)
    with pytest.raises(NotFound):
        file.admit(BEN)


def test_the_past_alone_explains_the_present() -> None:
    file = File.add(KEY, owner=ANA, **CONTENT)
    file.start_reading(BYTES)
    file.record_read(BYTES, text_sha256=TEXT, **FOUND)
    file.record_indexed(TEXT, passages=2)
    file.replace(**{**CONTENT, "sha256": OTHER})
    file.trash()
    assert memory(retold(file)) == memory(file)
