"""Battles, carried out on a log in memory."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from application.answers import EndAnswer, StartAnswer
from application.arena import Contestant, Drawing
from application.battles import (
    CastVote,
    CompareAnswers,
    Compared,
    Question,
    RetractVote,
    RevealBattle,
    StartBattle,
)
from application.chats import StartChat, TrashChat
from application.command import Command, R, carry_out
from application.evaluation.leaks import prompt_key
from application.evaluation_settings import ChangeEvaluationSettings
from application.messages import (
    AskAgain,
    Asked,
    ContinueAnswer,
    Copied,
    CopyMessages,
    EditMessage,
    PostMessage,
    Request,
)
from application.ports import SYSTEM, Actor
from domain.answers import Answer, Outcome, Status
from domain.battles import Battle, Blind, Draw, Winner
from domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from infrastructure.memory_log import MemoryLog

ANA, BEN = Actor(UUID(int=10)), Actor(UUID(int=11))
CHAT, QUESTION, BATTLE = UUID(int=20), UUID(int=21), UUID(int=22)
PAIR = (Contestant("ada-1", ("ada", "ada-1")), Contestant("bob-2", ("bob",)))
DRAWING = Drawing(PAIR, Draw(["ada-1", "bob-2"], "weighted", 1, 42, 1.0), "arena")
ALONE = Drawing(PAIR[:1], DRAWING.draw, "arena")
NEW = StartBattle(BATTLE, Question(CHAT, QUESTION, "How  hot?", is_new=True), DRAWING)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


async def do(log: MemoryLog, command: Command[R], by: Actor = ANA) -> R:
    return (await carry_out(command, log=log, actor=by)).result


async def end(log: MemoryLog, answer_id: UUID, outcome: Outcome) -> None:
    attempt = (await log.get(Answer, answer_id)).attempt + 1
    await do(log, StartAnswer(answer_id, attempt), SYSTEM)
    await do(log, EndAnswer(answer_id, attempt, outcome), SYSTEM)


async def fought(log: MemoryLog, *texts: str) -> Battle:
    """A battle that is over."""
    battle = await do(log, NEW)
    for slot, text in zip("ab", texts or ("80 °C", "**90 °C**"), strict=True):
        await end(log, battle.sides[slot].answer_id, Outcome(Status.COMPLETED, text))
    return await log.get(Battle, BATTLE)


async def events(log: MemoryLog, kind: str) -> list[Any]:
    return [each.event for each in await log.read(0) if each.type == kind]


async def types(log: MemoryLog) -> Sequence[str]:
    return [each.type for each in await log.read(0)]


async def test_one_command_asks_both_without_their_names(log: MemoryLog) -> None:
    battle = await do(log, NEW)
    assert await types(log) == [
        "chat.started",
        "message.posted",
        "battle.started",
        "answer.requested",
        "answer.requested",
    ]
    [begun] = await events(log, "battle.started")
    assert begun.prompt_key == prompt_key("how hot?")
    assert (begun.draw, begun.entry, begun.blind) == (DRAWING.draw, "arena", True)
    answers = [await log.get(Answer, battle.sides[slot].answer_id) for slot in "ab"]
    assert [each.model for each in answers] == [str(Blind(BATTLE, "a")), str(Blind(BATTLE, "b"))]
    assert [battle.sides[slot].model for slot in "ab"] == ["ada-1", "bob-2"]


async def test_a_repetition_starts_nothing(log: MemoryLog) -> None:
    await do(log, NEW)
    before = await log.head()
    assert (await do(log, NEW)).id == BATTLE
    assert await log.head() == before
    with pytest.raises(Conflict):
        await do(log, NEW, BEN)


async def test_the_end_of_an_answer_is_the_end_of_its_side(log: MemoryLog) -> None:
    battle = await do(log, NEW)
    a, b = (battle.sides[slot].answer_id for slot in "ab")
    await end(log, a, Outcome(Status.COMPLETED, "# Hot\n- I am Bob."))
    cause = {"kind": "busy", "message": "h is busy"}
    told = {"kind": "side_failed", "message": "no"}
    await end(log, b, Outcome(Status.FAILED, "", error=told, cause=cause))
    found = await events(log, "battle.side_finished")
    assert [(each.slot, each.status, each.leaked) for each in found] == [
        ("a", "complete", True),
        ("b", "error", False),
    ]
    assert found[0].style["headers"] == found[0].style["lists"] == 1
    assert found[1].error == cause
    [ended] = (await events(log, "answer.ended"))[1:]
    assert ended.error == told


@pytest.mark.parametrize("status", [Status.STOPPED, Status.INTERRUPTED])
async def test_what_was_broken_off_is_no_complete_side(log: MemoryLog, status: Status) -> None:
    battle = await do(log, NEW)
    await end(log, battle.sides["a"].answer_id, Outcome(status, "80"))
    assert (await log.get(Battle, BATTLE)).finished == {"a": "aborted"}


async def test_a_vote_and_its_end(log: MemoryLog) -> None:
    await fought(log)
    await do(log, CastVote(BATTLE, "model_b"))
    await do(log, CastVote(BATTLE, "tie"))
    assert (await log.get(Battle, BATTLE)).winner == Winner.TIE
    await do(log, RetractVote(BATTLE))
    assert (await do(log, RevealBattle(BATTLE))).revealed
    assert (await types(log))[-4:] == [
        "battle.vote_cast",
        "battle.vote_changed",
        "battle.vote_retracted",
        "battle.identity_revealed",
    ]


async def test_an_unknown_winner_is_refused_by_name(log: MemoryLog) -> None:
    await fought(log)
    with pytest.raises(Invalid) as refused:
        await do(log, CastVote(BATTLE, "left"))
    assert refused.value.more["code"] == "unknown_winner"
    assert refused.value.more["allowed"] == ["model_a", "model_b", "tie", "both_bad"]


@pytest.mark.parametrize(
    "command", [CastVote(BATTLE, "tie"), RetractVote(BATTLE), RevealBattle(BATTLE)]
)
async def test_battles_of_others_do_not_exist(log: MemoryLog, command: Command[Battle]) -> None:
    await fought(log)
    with pytest.raises(NotFound) as refused:
        await do(log, command, BEN)
    assert refused.value.more == {"code": "battle_not_found"}


async def test_a_question_that_is_there_is_fought_over(log: MemoryLog) -> None:
    await do(log, StartChat(CHAT))
    [asked] = await do(log, PostMessage(CHAT, QUESTION, None, "Why?", Request(("m",))))
    there = StartBattle(BATTLE, Question(CHAT, QUESTION, "Why?", is_new=False), DRAWING)
    assert (await do(log, there)).question_id == QUESTION
    wrong = StartBattle(uuid4(), Question(CHAT, asked.id, "x", is_new=False), DRAWING)
    with pytest.raises(Invalid):
        await do(log, wrong)
    with pytest.raises(NotFound):
        await do(log, there.__class__(uuid4(), there.question, DRAWING), BEN)
    await do(log, TrashChat(CHAT))
    with pytest.raises(Conflict):
        await do(log, there.__class__(uuid4(), there.question, DRAWING))


async def test_a_drawn_model_answers_an_ordinary_question_without_its_name(log: MemoryLog) -> None:
    await do(log, StartChat(CHAT))
    request = Request(("m", "arena"), drawings={1: ALONE})
    post = PostMessage(CHAT, QUESTION, None, "Why?", request)
    asked = await do(log, post)
    assert asked[0].model == "m"
    blind = Blind.parse(asked[1].model)
    assert blind == Blind(uuid5(asked[1].id, "battle"), "a")
    assert await do(log, post) == asked
    assert (await types(log)).count("battle.started") == 1
    assert (await log.get(Battle, blind.battle_id)).is_alone


async def again(log: MemoryLog, answer: UUID) -> tuple[Asked, ...]:
    return await do(log, AskAgain(CHAT, answer, Request(())))


async def test_what_is_hidden_stays_as_it_is_until_it_is_named(log: MemoryLog) -> None:
    battle = await fought(log)
    answer = battle.sides["a"].answer_id
    edit = EditMessage(CHAT, answer, "x")
    for command in (edit, ContinueAnswer(answer), AskAgain(CHAT, answer, Request(()))):
        refused: Command[object] = command  # type: ignore[assignment]
        with pytest.raises(Conflict):
            await do(log, refused)
    await do(log, RevealBattle(BATTLE))
    assert [each.model for each in await again(log, answer)] == ["ada-1"]
    await do(log, edit)
    await do(log, ContinueAnswer(answer))
    await end(log, answer, Outcome(Status.COMPLETED, "more"))
    assert (await types(log)).count("battle.side_finished") == 3


async def test_nobody_asks_by_a_stand_in(log: MemoryLog) -> None:
    await do(log, StartChat(CHAT))
    request = Request((str(Blind(BATTLE, "a")),))
    with pytest.raises(Invalid):
        await do(log, PostMessage(CHAT, QUESTION, None, "Why?", request))


@pytest.mark.parametrize(
    "model", [str(Blind(BATTLE, "a")), str(Blind(UUID(int=99), "b")), "arena:x"]
)
async def test_a_copy_with_a_stand_in_is_no_side(log: MemoryLog, model: str) -> None:
    await fought(log)
    await do(log, RevealBattle(BATTLE))
    key = uuid4()
    await do(log, CopyMessages(CHAT, (Copied(key, QUESTION, "assistant", "hi", model),)))
    with pytest.raises(Conflict):
        await again(log, key)


async def answers(log: MemoryLog, status: Status = Status.COMPLETED) -> tuple[UUID, UUID]:
    await do(log, StartChat(CHAT))
    asked = await do(log, PostMessage(CHAT, QUESTION, None, "Why?", Request(("m1-x", "m2"))))
    for each in asked:
        await end(log, each.id, Outcome(status, f"I am {each.model}."))
    return asked[0].id, asked[1].id


async def test_answers_of_known_models_are_compared(log: MemoryLog) -> None:
    first, second = await answers(log)
    texts = {first: "I am M1.", second: "Hi."}
    one, two = (Compared(key, texts[key]) for key in (first, second))
    battle = await do(log, CompareAnswers(CHAT, one, two, "Why?"))
    assert {battle.sides[slot].model for slot in "ab"} == {"m1-x", "m2"}
    better = {Winner.MODEL_A: "a", Winner.MODEL_B: "b"}
    assert battle.winner is not None
    assert battle.sides[better[battle.winner]].answer_id == first
    assert (battle.blind, battle.finished) == (False, {"a": "complete", "b": "complete"})
    found = await events(log, "battle.side_finished")
    assert sorted(each.leaked for each in found) == [False, True]
    turned = await do(log, CompareAnswers(CHAT, two, one, "Why?"))
    assert turned.id == battle.id
    assert turned.sides[better[turned.winner or Winner.TIE]].answer_id == second


async def test_what_cannot_be_compared_is_refused(log: MemoryLog) -> None:
    first, second = await answers(log)
    other_question = UUID(int=50)
    post = PostMessage(CHAT, other_question, first, "And?", Request(("m3",)))
    [third] = await do(log, post)
    copied = uuid4()
    await do(log, CopyMessages(CHAT, (Copied(copied, None, "assistant", "hi", "m"),)))

    async def refuse(kind: type[Refusal], one: UUID, two: UUID, by: Actor = ANA) -> None:
        with pytest.raises(kind):
            await do(log, CompareAnswers(CHAT, Compared(one, ""), Compared(two, ""), "?"), by)

    await refuse(Invalid, first, first)
    await refuse(Invalid, first, QUESTION)
    await refuse(Invalid, first, copied)
    await refuse(NotFound, first, uuid4())
    await refuse(NotFound, first, second, BEN)
    await refuse(Conflict, first, third.id)
    await end(log, third.id, Outcome(Status.COMPLETED, "Yes."))
    await refuse(Invalid, first, third.id)


async def test_the_arena_may_be_for_administrators_alone_or_closed(log: MemoryLog) -> None:
    async def choose(**arena: Any) -> None:
        await do(log, ChangeEvaluationSettings({"arena": arena}), SYSTEM)

    async def refused(command: Command[Any], by: Actor = ANA) -> str:
        with pytest.raises(Forbidden) as found:
            await do(log, command, by)
        assert found.value.more == {"code": "arena_not_allowed"}
        return str(found.value)

    battle = await fought(log)
    await do(log, CastVote(BATTLE, "tie"))
    await choose(who="administrators")
    alone = PostMessage(CHAT, uuid4(), None, "?", Request(("arena",), drawings={0: ALONE}))
    question = Question(uuid4(), uuid4(), "Why?", is_new=True)
    other = StartBattle(uuid4(), question, DRAWING)
    for wish in (other, alone, CastVote(BATTLE, "model_a")):
        assert await refused(wish) == "Only administrators use the arena here."
    assert await do(log, other, Actor(BEN.id, role="administrator"))
    await choose(enabled=False)
    closed = StartBattle(uuid4(), replace(question, chat_id=uuid4()), DRAWING)
    assert await refused(closed, SYSTEM) == "The arena is switched off here."
    await do(log, RetractVote(BATTLE))
    assert (await do(log, RevealBattle(BATTLE))).sides == battle.sides


async def test_who_may_not_rate_may_not_compare(log: MemoryLog) -> None:
    first, second = await answers(log)
    wish = CompareAnswers(CHAT, Compared(first, "a"), Compared(second, "b"), "?")
    battle = await do(log, wish)
    chosen = {"ratings": {"who": "administrators"}, "arena": {"enabled": False}}
    await do(log, ChangeEvaluationSettings(chosen), SYSTEM)
    for each in (wish, CastVote(battle.id, "tie")):
        with pytest.raises(Forbidden, match="Only administrators rate"):
            await do(log, each)
    administrator = Actor(ANA.id, role="administrator")
    assert (await do(log, CastVote(battle.id, "tie"), administrator)).winner == Winner.TIE
    assert (await do(log, RetractVote(battle.id))).winner is None
