"""Drives and the files that are chosen there, as facts."""

from uuid import UUID, uuid4

import pytest

from domain.drive_files import ITEM_CHARACTERS_MAX, DriveFile
from domain.drives import Drive, drive_id_of
from domain.errors import Conflict, Invalid
from tests.scenario import fact, news

ANA = UUID(int=1)


def test_there_is_one_drive_of_each_kind_for_each_person() -> None:
    drive = Drive.link(owner=ANA, kind="google", account="a" * 500)
    assert news(drive) == [fact(Drive.Linked, owner=ANA, kind="google", account="a" * 300)]
    assert drive.id == drive_id_of(ANA, "google")
    assert drive.id not in (drive_id_of(ANA, "microsoft"), drive_id_of(uuid4(), "google"))
    assert (drive.owner_id, drive.is_closed) == (ANA, False)


def test_what_is_unlinked_does_not_serve_until_it_is_linked_again() -> None:
    drive = Drive.link(owner=ANA, kind="microsoft", account="ana@example.org")
    drive.must_be_linked()
    drive.unlink("expired")
    drive.unlink("wish")
    assert drive.is_closed
    with pytest.raises(Conflict, match="OneDrive is not linked") as refused:
        drive.must_be_linked()
    assert refused.value.more == {"code": "drive_not_linked"}
    drive.link_again("b" * 500)
    drive.must_be_linked()
    assert news(drive)[1:] == [
        fact(Drive.Unlinked, reason="expired"),
        fact(Drive.LinkedAgain, account="b" * 300),
    ]


def test_a_chosen_file_ends_once() -> None:
    file = DriveFile.choose(uuid4(), owner=ANA, kind="google", item=("1a", "n" * 300))
    file_id = uuid4()
    file.arrive(file_id)
    file.arrive(uuid4())
    file.fail("gone", "It is gone.")
    chosen = fact(
        DriveFile.Chosen,
        owner=ANA,
        kind="google",
        item="1a",
        name="n" * 255,
        knowledge_id=None,
        directory_id=None,
    )
    assert news(file) == [chosen, fact(DriveFile.Arrived, file_id=file_id)]
    assert (file.is_closed, file.owner_id) == (True, ANA)


def test_a_failure_is_told_in_few_words() -> None:
    file = DriveFile.choose(uuid4(), owner=ANA, kind="google", item=("1a", ""))
    file.fail("gone", "x" * 1_000)
    assert news(file)[1:] == [fact(DriveFile.Failed, reason="gone", message="x" * 500)]


@pytest.mark.parametrize("item", ["", "x" * (ITEM_CHARACTERS_MAX + 1)])
def test_what_has_no_id_cannot_be_chosen(item: str) -> None:
    with pytest.raises(Invalid):
        DriveFile.choose(uuid4(), owner=ANA, kind="google", item=(item, "Tea"))
