"""What people think of answers, beside the answers and in lists."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.answers import Answer, Status
from domain.chats import Chat
from domain.errors import NotFound
from domain.ratings import Opinion, Rating
from projections import branches, ratings
from tests.projections.telling import Telling

ANA, BEN = UUID(int=10), UUID(int=11)
RUN: dict[str, Any] = {"attempt": 1, "model": "m1\x00", "base_model": "m1"}
UP = Opinion(1, 9, ["accurate"], "Yes\ud83d", ["sky"])


def answer_in(chat: UUID) -> Answer:
    given = {"status": Status.COMPLETED, "text": "Blue.", "reasoning": "", "citations": []}
    return Answer.record(uuid4(), chat_id=chat, owner=ANA, question_id=None, model="m1", **given)


async def test_an_answer_has_the_opinion_of_its_owner_alone(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    answer = answer_in(chat.id)
    of = {"chat_id": chat.id, "answer_id": answer.id}
    other = Rating.give(owner=BEN, opinion=Opinion(-1), **of, **RUN)
    await told.tell(chat, answer, other)
    [row] = await branches.messages_by_id(told.db, [answer.id])
    assert row.rating is None
    mine = Rating.give(owner=ANA, opinion=UP, **of, **RUN)
    await told.tell(mine)
    [row] = await branches.messages_by_id(told.db, [answer.id])
    assert row.rating == {
        "value": 1,
        "score": 9,
        "reasons": ["accurate"],
        "comment": "Yes?",
        "tags": ["sky"],
    }
    assert len(await ratings.page(told.db, {})) == 2
    [found] = await ratings.page(told.db, {"user": ANA, "model": "m1", "value": 1})
    assert (found.id, found.model) == (mine.id, "m1")


async def test_what_is_taken_back_leaves_no_words_and_can_be_given_again(told: Telling) -> None:
    mine = Rating.give(owner=ANA, chat_id=uuid4(), answer_id=uuid4(), opinion=UP, **RUN)
    mine.withdraw()
    await told.tell(mine)
    assert await ratings.page(told.db, {}) == []
    assert await ratings.models(told.db) == []
    with pytest.raises(NotFound):
        await ratings.rating(told.db, mine.answer_id, ANA)
    await told.db.execute("select comment, tags from ratings")
    assert await told.db.fetchone() == {"comment": "", "tags": []}
    mine.change(Opinion(-1), **RUN)
    await told.tell(mine)
    assert (await ratings.rating(told.db, mine.answer_id, ANA)).value == -1
    assert await ratings.models(told.db, ANA) == ["m1"]


async def test_many_opinions_are_paged_in_every_order(told: Telling) -> None:
    for number in range(7):
        opinion = Opinion((-1, 0, 1)[number % 3])
        run = {**RUN, "model": f"m{number % 2}"}
        of = {"owner": ANA, "chat_id": uuid4(), "answer_id": uuid4()}
        await told.tell(Rating.give(opinion=opinion, **of, **run))
    for sort in ratings.SORTS:
        for ascending in (True, False):
            way: dict[str, Any] = {"sort": sort, "ascending": ascending}
            whole = await ratings.page(told.db, {}, **way)
            pages, after = [], None
            while some := await ratings.page(told.db, {}, limit=2, after=after, **way):
                pages += some
                after = (some[-1].place, some[-1].id)
            assert pages == whole
            assert len(whole) == 7
