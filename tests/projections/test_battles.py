"""What can be seen of battles."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.answers import Answer, Outcome, Status
from domain.battles import Battle, Blind, Side, Winner
from domain.chats import Chat
from domain.errors import NotFound
from domain.messages import Message
from projections import battles as projection
from projections import branches
from tests.projections.telling import Telling

ANA, BEN = UUID(int=10), UUID(int=11)
STYLE = {"tokens": 1, "headers": 0, "lists": 0, "bold": 0}


def chat_with(question: str = "Why?") -> tuple[Chat, Message]:
    chat = Chat.start(uuid4(), owner=ANA)
    message = Message.post(uuid4(), chat_id=chat.id, owner=ANA, parent_id=None, text=question)
    return chat, message


def begun(chat: Chat, question: Message, slots: str = "ab", *, blind: bool = True) -> Battle:
    models = {"a": "ada-1", "b": "bob-2"}
    sides = {slot: Side(uuid4(), models[slot], [models[slot]]) for slot in slots}
    return Battle.start(
        uuid4(),
        owner=ANA,
        chat_id=chat.id,
        question_id=question.id,
        sides=sides,
        draw=None,
        entry="arena",
        blind=blind,
        prompt_key="",
    )


def answers_of(battle: Battle) -> list[Answer]:
    found = []
    for index, (slot, side) in enumerate(battle.sides.items()):
        what: dict[str, Any] = {
            "chat_id": battle.chat_id,
            "owner": ANA,
            "question_id": battle.question_id,
            "model": str(Blind(battle.id, "a" if slot == "a" else "b")),
            "params": {},
            "hint": "",
            "batch_id": battle.id,
            "batch_index": index,
            "batch_count": len(battle.sides),
        }
        found.append(Answer.request(side.answer_id, **what))
    return found


async def seen(told: Telling, battle: Battle) -> projection.BattleRow:
    return await projection.battle(told.db, battle.id, ANA)


async def test_models_and_words_are_seen_when_it_is_time(told: Telling) -> None:
    chat, question = chat_with()
    battle = begun(chat, question)
    answers = answers_of(battle)
    await told.tell(chat, question, battle, *answers)
    row = await seen(told, battle)
    assert (row.prompt, row.entry, row.revealed, row.winner) == ("Why?", "arena", False, None)
    assert [(each.slot, each.status, each.model) for each in row.sides] == [
        ("a", None, None),
        ("b", None, None),
    ]

    for slot, answer in zip("ab", answers, strict=True):
        answer.end(answer.start(left_out=0), Outcome(Status.COMPLETED, f"Words of {slot}."))
        await told.tell(answer)
    assert [each.content for each in (await seen(told, battle)).sides] == ["", ""]
    battle.finish_side("a", "complete", style=STYLE, leaked=False)
    battle.finish_side("b", "error", style=STYLE, leaked=False)
    battle.cast(Winner.TIE, by=ANA)
    await told.tell(battle)
    row = await seen(told, battle)
    assert [each.content for each in row.sides] == ["Words of a.", "Words of b."]
    assert [each.status for each in row.sides] == ["complete", "error"]
    assert [each.model for each in row.sides] == [None, None]
    assert row.winner == "tie"


async def test_the_last_vote_is_seen_and_the_names_at_the_end(told: Telling) -> None:
    chat, question = chat_with()
    battle = begun(chat, question)
    battle.finish_side("a", "complete", style=STYLE, leaked=False)
    battle.finish_side("b", "complete", style=STYLE, leaked=False)
    battle.cast(Winner.TIE, by=ANA)
    battle.cast(Winner.MODEL_B, by=ANA)
    await told.tell(chat, question, battle)
    assert (await seen(told, battle)).winner == "model_b"
    battle.retract(by=ANA)
    battle.reveal()
    await told.tell(battle)
    row = await seen(told, battle)
    assert (row.winner, row.revealed) == (None, True)
    assert [each.model for each in row.sides] == ["ada-1", "bob-2"]


async def test_messages_are_named_with_the_reveal(told: Telling) -> None:
    chat, question = chat_with()
    battle = begun(chat, question)
    await told.tell(chat, question, battle, *answers_of(battle))
    key = battle.sides["a"].answer_id
    assert (await branches.message(told.db, key, ANA)).model == str(Blind(battle.id, "a"))
    for slot in ("a", "b"):
        battle.finish_side("a" if slot == "a" else "b", "complete", style=STYLE, leaked=False)
    battle.reveal()
    await told.tell(battle)
    assert (await branches.message(told.db, key, ANA)).model == "ada-1"


async def test_pages_have_the_comparisons_of_one_person(told: Telling) -> None:
    chat, question = chat_with()
    rows = [begun(chat, question), begun(chat, question, "a"), begun(chat, question, blind=False)]
    await told.tell(chat, question, *rows)
    [first] = await projection.page(told.db, ANA, limit=1)
    rest = await projection.page(told.db, ANA, limit=5, before=(first.started_at, first.id))
    assert [first.id, *[each.id for each in rest]] == [rows[2].id, rows[0].id]
    assert [each.model for each in first.sides] == ["ada-1", "bob-2"]
    assert await projection.page(told.db, BEN, limit=5) == []
    before = (first.started_at - timedelta(days=1), first.id)
    assert await projection.page(told.db, ANA, limit=5, before=before) == []


async def test_battles_of_others_and_of_deleted_chats_are_unknown(told: Telling) -> None:
    chat, question = chat_with()
    battle = begun(chat, question)
    await told.tell(chat, question, battle)
    with pytest.raises(NotFound):
        await projection.battle(told.db, battle.id, BEN)
    chat.trash()
    chat.delete()
    await told.tell(chat)
    with pytest.raises(NotFound):
        await seen(told, battle)
    await told.db.execute("select count(*) as count from sides")
    assert await told.db.fetchone() == {"count": 0}
