"""Where is looked: what may be read now, after a little patience."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from application.retrieval import scope
from application.retrieval.ports import Attached, FileState
from application.retrieval.scope import is_attached, scope_of

ANA, TEA, RULES, BOOK = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ABOUT = Attached([TEA, RULES], [UUID(int=9)])


class Files:
    """A library in which files become ready, look by look."""

    def __init__(self, *looks: Sequence[FileState]) -> None:
        self.looks = list(looks)

    async def attached(self, chat_id: UUID, question_id: UUID) -> Attached:
        raise AssertionError(chat_id, question_id)

    async def readable(self, user_id: UUID, attached: Attached) -> Sequence[FileState]:
        assert (user_id, attached) == (ANA, ABOUT)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    async def own(self, user_id: UUID) -> Sequence[FileState]:
        raise AssertionError(user_id)


def state(key: UUID, state: str, **more: bool) -> FileState:
    return FileState(key, f"{key.int}.md", state, **more)


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "LOOK_SECONDS", 0.001)


async def test_a_file_in_work_is_waited_for() -> None:
    working = [state(TEA, "reading"), state(RULES, "ready", whole=True)]
    done = [state(TEA, "ready"), state(RULES, "ready", whole=True)]
    async with asyncio.timeout(5):
        found = await scope_of(Files(working, working, done), ANA, ABOUT)
    assert found.files == {TEA: "2.md", RULES: "3.md"}
    assert found.whole_ids == {RULES}
    assert found.not_ready == []
    assert found.told() == {"files": 2, "knowledge": [str(UUID(int=9))]}


async def test_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "WAIT_SECONDS_MAX", 0.05)
    async with asyncio.timeout(5):
        found = await scope_of(Files([state(TEA, "indexing"), state(RULES, "ready")]), ANA, ABOUT)
    assert found.files == {RULES: "3.md"}
    assert found.not_ready == ["2.md"]


async def test_nobody_waits_for_what_failed_or_for_the_rest_of_a_library() -> None:
    async with asyncio.timeout(5):
        found = await scope_of(
            Files([state(TEA, "failed"), state(BOOK, "queued", chosen=False)]), ANA, ABOUT
        )
    assert found.not_ready == ["2.md", "4.md"]
    assert found.is_empty


def test_nothing_attached_is_nothing() -> None:
    assert not is_attached(Attached())
    for each in (ABOUT, Attached(urls=["https://example.org"]), Attached(web_search=True)):
        assert is_attached(each)
