"""Opinions of answers: what goes together, and what is news."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.errors import Invalid, NotFound
from domain.ratings import Opinion, Rating
from tests.scenario import fact, memory, news, retold

ANA, CHAT, ANSWER = UUID(int=10), UUID(int=20), UUID(int=30)
RUN: dict[str, Any] = {"attempt": 1, "model": "m1", "base_model": "m1"}
UP = Opinion(1, 8, ["accurate"], " Right\x00 ", [" Tea ", "tea"])


def given(opinion: Opinion = UP) -> Rating:
    return Rating.give(owner=ANA, chat_id=CHAT, answer_id=ANSWER, opinion=opinion, **RUN)


def test_an_opinion_is_kept_tidy() -> None:
    [first] = news(given())
    assert (first.details["comment"], first.details["tags"]) == ("Right", ["tea"])
    assert first.details["score"] == 8


def test_one_person_has_one_opinion_of_one_answer() -> None:
    assert given().id == Rating.id_of(ANSWER, ANA) != Rating.id_of(ANSWER, uuid4())


@pytest.mark.parametrize(
    "opinion",
    [
        Opinion(1, 5),
        Opinion(-1, 6),
        Opinion(0, 11),
        Opinion(1, None, ["lazy"]),
        Opinion(-1, None, ["accurate"]),
        Opinion(1, comment="x" * 10_001),
        Opinion(1, tags=["x" * 51]),
        Opinion(1, tags=[str(n) for n in range(21)]),
    ],
)
def test_what_does_not_go_together_is_refused(opinion: Opinion) -> None:
    with pytest.raises(Invalid):
        given(opinion)


def test_the_same_again_is_no_news_and_another_is_a_change() -> None:
    rating = given()
    rating.change(UP, **RUN)
    assert len(news(rating)) == 1
    rating.change(Opinion(-1), **RUN)
    assert news(rating)[-1].kind is Rating.Changed
    assert memory(retold(rating)) == memory(rating)


def test_what_was_taken_back_can_be_given_again() -> None:
    rating = given()
    rating.withdraw()
    rating.withdraw()
    assert news(rating)[1:] == [fact(Rating.Withdrawn)]
    with pytest.raises(NotFound):
        rating.must_exist()
    rating.change(UP, **RUN)
    rating.must_exist()
    assert [each.kind for each in news(rating)] == [Rating.Given, Rating.Withdrawn, Rating.Changed]
