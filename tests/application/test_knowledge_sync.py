"""What differs between a folder and a knowledge base."""

from uuid import UUID

import pytest

from application.knowledge_sync import Kept, Local, checked, checked_path, difference
from domain.errors import Invalid

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("tea.txt", "tea.txt"),
        ("a b/ c /te\u0301.txt", "a b/c/t\u00e9.txt"),
        ("console/comma.txt", "console/comma.txt"),
        ("..a/...b", "..a/...b"),
    ],
)
def test_a_path_is_kept_tidily(path: str, kept: str) -> None:
    assert checked_path(path) == kept


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "C:/tea.txt",
        "c:tea.txt",
        "a\\b",
        "\\\\host\\share",
        "../tea.txt",
        "a/../tea.txt",
        "a/./tea.txt",
        "a//tea.txt",
        "a/",
        "a/..",
        "con",
        "LPT1.txt",
        "a/nul.tar.gz",
        "aux/tea.txt",
        "a\x00b",
        "a\nb/c",
        "a\u202eb",
        "x" * 256,
        "a/" * 33 + "b",
        "a" * 4_001,
    ],
)
def test_what_may_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Invalid):
        checked_path(path)


def test_a_path_is_named_once() -> None:
    with pytest.raises(Invalid, match="same path"):
        checked([Local("te\u0301", A, 1), Local("t\u00e9", A, 1)])


def test_everything_is_told_once() -> None:
    files = [Kept(name, UUID(int=n), A) for n, name in enumerate(("same", "x/other", "old/gone"))]
    twice = Kept("same", UUID(int=9), B)
    directories = {"x": UUID(int=20), "old": UUID(int=21), "old/deep": UUID(int=22)}
    local = checked([Local("same", A, 1), Local("x/other", B, 2), Local("new/y/z", A, 3)])
    found = difference(local, [twice, *files], directories)
    assert found.unchanged == (files[0],)
    assert found.changed == ((Local("x/other", B, 2), files[1]),)
    assert found.added == (Local("new/y/z", A, 3),)
    assert found.removed == (twice, files[2])
    assert found.directories_added == ("new", "new/y")
    assert found.directories_removed == (("old/deep", UUID(int=22)), ("old", UUID(int=21)))


def test_nothing_differs_from_itself() -> None:
    kept = [Kept("a/b", UUID(int=1), A)]
    found = difference({"a/b": Local("a/b", A, 1)}, kept, {"a": UUID(int=2)})
    assert found.unchanged == tuple(kept)
    assert not any(
        (
            found.added,
            found.changed,
            found.removed,
            found.directories_added,
            found.directories_removed,
        )
    )
