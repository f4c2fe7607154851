"""What a battle decides."""

from typing import Any
from uuid import UUID

import pytest

from domain.battles import Battle, Blind, Draw, RecordedBattle, Recording, Side, Winner
from domain.errors import Conflict, Forbidden, Invalid
from tests.scenario import KEY, Fact, fact, given, memory, news, retold

ANA, BEN = UUID(int=10), UUID(int=11)
A, B = Side(UUID(int=31), "ada-1", ["ada"]), Side(UUID(int=32), "bob-2", ["bob"])
DRAW = Draw(["ada-1", "bob-2"], "weighted", 1, 42, 1.0)
STYLE = {"tokens": 1, "headers": 0, "lists": 0, "bold": 0}


def begun(*, blind: bool = True, **sides: Side) -> Fact:
    return fact(
        Battle.Started,
        owner=ANA,
        chat_id=UUID(int=20),
        question_id=UUID(int=21),
        sides=sides or {"a": A, "b": B},
        draw=DRAW,
        entry="arena",
        blind=blind,
        prompt_key="",
    )


def over(slot: str, status: str = "complete") -> Fact:
    details: dict[str, Any] = {"style": STYLE, "leaked": False, "error": None}
    return fact(Battle.SideFinished, slot=slot, status=status, **details)


def cast(kind: type[Battle.Event], winner: Winner) -> Fact:
    return fact(kind, voter_id=ANA, winner=winner, after_reveal=False)


FINISHED = (begun(), over("a"), over("b", "error"))
VOTED = (*FINISHED, cast(Battle.VoteCast, Winner.TIE))
REVEALED = fact(Battle.IdentityRevealed, sides={"a": A, "b": B})


def test_a_vote_is_cast_once_both_have_ended() -> None:
    battle = given(Battle, *FINISHED)
    battle.cast(Winner.MODEL_A, by=ANA)
    assert news(battle) == [cast(Battle.VoteCast, Winner.MODEL_A)]


def test_the_same_vote_again_is_no_news() -> None:
    battle = given(Battle, *VOTED)
    battle.cast(Winner.TIE, by=ANA)
    assert news(battle) == []


def test_another_vote_is_a_change() -> None:
    battle = given(Battle, *VOTED)
    battle.cast(Winner.BOTH_BAD, by=ANA)
    assert news(battle) == [cast(Battle.VoteChanged, Winner.BOTH_BAD)]


def test_a_vote_is_taken_back_once() -> None:
    battle = given(Battle, *VOTED)
    battle.retract(by=ANA)
    battle.retract(by=ANA)
    assert news(battle) == [fact(Battle.VoteRetracted, voter_id=ANA, after_reveal=False)]


def test_after_it_was_taken_back_a_vote_is_cast_anew() -> None:
    battle = given(Battle, *VOTED)
    battle.retract(by=ANA)
    battle.cast(Winner.TIE, by=ANA)
    assert news(battle)[-1] == cast(Battle.VoteCast, Winner.TIE)


def test_models_are_named_once() -> None:
    battle = given(Battle, *VOTED)
    battle.reveal()
    battle.reveal()
    assert news(battle) == [REVEALED]


@pytest.mark.parametrize("past", [FINISHED, VOTED])
def test_who_knows_the_names_votes_no_more(past: tuple[Fact, ...]) -> None:
    battle = given(Battle, *past, REVEALED)
    with pytest.raises(Conflict) as refused:
        battle.cast(Winner.MODEL_B, by=ANA)
    assert refused.value.more == {"code": "already_revealed"}


def test_who_knows_the_names_may_take_back() -> None:
    battle = given(Battle, *VOTED, REVEALED)
    battle.retract(by=ANA)
    assert news(battle) == [fact(Battle.VoteRetracted, voter_id=ANA, after_reveal=True)]


def test_known_models_are_compared_and_compared_again() -> None:
    battle = given(Battle, begun(blind=False), over("a"), over("b"))
    battle.cast(Winner.MODEL_A, by=ANA)
    battle.cast(Winner.MODEL_B, by=ANA)
    battle.reveal()
    assert news(battle) == [
        cast(Battle.VoteCast, Winner.MODEL_A),
        cast(Battle.VoteChanged, Winner.MODEL_B),
    ]


@pytest.mark.parametrize("past", [(begun(),), (begun(), over("b"))])
def test_nobody_judges_or_is_told_while_a_side_answers(past: tuple[Fact, ...]) -> None:
    battle = given(Battle, *past)
    with pytest.raises(Conflict) as refused:
        battle.cast(Winner.TIE, by=ANA)
    assert refused.value.more == {"code": "side_not_finished"}
    with pytest.raises(Conflict):
        battle.reveal()
    assert news(battle) == []


def test_only_who_asked_may_judge() -> None:
    battle = given(Battle, *VOTED)
    with pytest.raises(Forbidden):
        battle.cast(Winner.TIE, by=BEN)
    with pytest.raises(Forbidden):
        battle.retract(by=BEN)


def test_one_alone_is_not_compared_but_may_be_named_at_any_time() -> None:
    battle = given(Battle, begun(a=A))
    with pytest.raises(Invalid):
        battle.cast(Winner.TIE, by=ANA)
    battle.reveal()
    assert news(battle) == [fact(Battle.IdentityRevealed, sides={"a": A})]


def test_a_side_that_goes_on_ends_once_more() -> None:
    battle = given(Battle, begun(), over("a", "aborted"))
    battle.finish_side("a", "complete", style=STYLE, leaked=True)
    assert battle.finished == {"a": "complete"}


def test_it_is_said_what_it_is_about() -> None:
    battle = given(Battle, *VOTED)
    battle.assign_topic(category="code", language="en", tags=["sql"], classifier="c", version=2)
    [found] = news(battle)
    assert found.kind is Battle.TopicAssigned
    assert found.details["classifier_version"] == 2
    battle.assign_topic(category="other", language="de", tags=[], classifier="c", version=2)
    assert news(battle) == [found]
    battle.assign_topic(category="other", language="de", tags=[], classifier="c", version=3)
    assert len(news(battle)) == 2


def test_what_a_file_said_of_a_battle_stays() -> None:
    recording = Recording(
        space="club",
        source="file",
        key="b1",
        model_a="x",
        model_b="y",
        blind=True,
        category="mine",
        language="",
        status_a="complete",
        status_b="complete",
        style_a={},
        style_b={},
        leaked_a=False,
        leaked_b=False,
    )
    texts = dict.fromkeys(("prompt", "response_a", "response_b", "prompt_key"), "")
    battle = RecordedBattle.record(recording, owner=ANA, **texts)
    for _ in range(2):
        battle.assign_topic(category="c", language="en", tags=["sql"], classifier="c", version=1)
    _, found = news(battle)
    assert found.kind is RecordedBattle.TopicAssigned
    assert (found.details["space"], found.details["key"]) == ("club", "b1")
    assert (found.details["category"], found.details["language"]) == ("mine", "en")
    assert memory(retold(battle)) == memory(battle)


def test_the_past_alone_explains_the_present() -> None:
    battle = Battle.start(KEY, **begun().details)
    battle.finish_side("a", "complete", style=STYLE, leaked=False)
    battle.finish_side("b", "complete", style=STYLE, leaked=False)
    battle.cast(Winner.TIE, by=ANA)
    battle.reveal()
    assert memory(retold(battle)) == memory(battle)
    assert (battle.owner_id, battle.root_id) == (ANA, UUID(int=20))


@pytest.mark.parametrize(
    "model", ["words", "arena", "arena:x:a", f"arena:{KEY}:c", f"arena:{KEY}", "arena::a"]
)
def test_names_of_models_stand_in_for_nobody(model: str) -> None:
    assert Blind.parse(model) is None


def test_a_stand_in_tells_battle_and_side() -> None:
    assert Blind.parse(str(Blind(KEY, "b"))) == Blind(KEY, "b")
