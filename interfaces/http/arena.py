"""The arena: two hidden models answer, a person judges, and only then learns who they were."""

from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID, uuid5

from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict

from application.battles import (
    CastVote,
    CompareAnswers,
    Compared,
    Question,
    RetractVote,
    RevealBattle,
    StartBattle,
)
from application.evaluation_settings import evaluation_settings, refuse_closed_arena
from domain.answers import Answer
from domain.battles import Battle
from domain.errors import Invalid, NotFound
from infrastructure.paces import Paces
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.drawing import draw_pair
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When, Words
from interfaces.http.following_battles import PLACES_CHARACTERS_MAX, frames_of_battle, places_of
from interfaces.http.paging import Page, Paging
from interfaces.http.sse import MEDIA_TYPE, EventStream
from projections import battles as projection
from projections import branches
from projections.messages import messages

router = Door("/arena", tags=["arena"])


class NewBattle(Body):
    """A prompt of its own, or a question of mine; `pool` is an entry of the arena."""

    model_config = ConfigDict(json_schema_extra={"example": {"prompt": "Why is the sky blue?"}})

    prompt: Words | None = None
    chat_id: UUID | None = None
    message_id: UUID | None = None
    pool: Line = ""


class StartedBattle(BaseModel):
    """A battle that begins; follow it at `/arena/battles/{id}/stream`."""

    battle_id: UUID
    slots: list[Literal["a", "b"]]
    chat_id: UUID
    message_id: UUID
    answer_ids: list[UUID]
    position: int


class NewVote(Body):
    """Who was better: `model_a`, `model_b`, `tie` or `both_bad`."""

    model_config = ConfigDict(json_schema_extra={"example": {"winner": "model_a"}})

    winner: Line


class CountedVote(BaseModel):
    """A vote, and where in the log it stands."""

    vote_id: UUID
    position: int


class NamedSide(BaseModel):
    """Who answered on one side."""

    slot: Literal["a", "b"]
    model: str


class Revealed(BaseModel):
    """Who the models were."""

    battle_id: UUID
    sides: list[NamedSide]
    position: int


class SideShape(BaseModel):
    """One side; `model` is null while it is hidden, `content` empty while it answers."""

    slot: Literal["a", "b"]
    name: str
    answer_id: UUID
    status: Literal["complete", "error", "aborted"] | None
    content: str
    model: str | None


class BattleShape(BaseModel):
    """A battle; `winner` is my vote."""

    battle_id: UUID
    chat_id: UUID
    message_id: UUID
    prompt: str
    pool: str
    blind: bool
    revealed: bool
    winner: Literal["model_a", "model_b", "tie", "both_bad"] | None
    started_at: When
    sides: list[SideShape]


class NewComparison(Body):
    """Which of two answers to the same question is better."""

    chat_id: UUID
    better_id: UUID
    other_id: UUID


class Comparison(BaseModel):
    """A comparison of answers whose models were known; it never counts as a blind vote."""

    battle_id: UUID
    vote_id: UUID
    position: int


class KnownComparison(BaseModel):
    """A comparison that stands."""

    battle_id: UUID
    better_id: UUID
    other_id: UUID


class Comparisons(BaseModel):
    """All comparisons of a chat that stand."""

    items: list[KnownComparison]


@router.post(
    "/battles",
    status_code=201,
    responses=problems("not_found", "conflict", "projection_lagging"),
)
async def start_battle(body: NewBattle, call: Call) -> StartedBattle:
    """Have two models that the server draws answer the same question, without their names."""
    arena = (await evaluation_settings(call.services.log)).arena
    refuse_closed_arena(arena, call.actor)
    question = await question_of(body, call)
    drawing = await draw_pair(call, arena, body.pool)
    battle = await call.execute(StartBattle(call.new_id("battle"), question, drawing))
    return StartedBattle(
        battle_id=battle.id,
        slots=["a", "b"],
        chat_id=battle.chat_id,
        message_id=battle.question_id,
        answer_ids=[battle.sides[slot].answer_id for slot in ("a", "b")],
        position=call.position,
    )


async def question_of(body: NewBattle, call: Call) -> Question:
    """What both are asked."""
    if body.prompt is not None and body.chat_id is None and body.message_id is None:
        return Question(call.new_id("chat"), call.new_id("message"), body.prompt, is_new=True)
    if body.prompt is not None or body.chat_id is None or body.message_id is None:
        raise Invalid("A battle needs either prompt, or chat_id and message_id.")
    row = await message_of(call, body.chat_id, body.message_id)
    return Question(body.chat_id, row.id, row.content, is_new=False)


async def message_of(call: Call, chat_id: UUID, message_id: UUID) -> branches.MessageRow:
    """A message of a chat of mine."""
    async with call.read(messages, own=True) as db:
        row = await branches.message(db, message_id, call.actor.id)
    if row.chat_id != chat_id:
        raise NotFound("message", message_id)
    return row


@router.get("/battles", responses=problems("projection_lagging"))
async def list_battles(call: Call, paging: Paging) -> Page[BattleShape]:
    """My battles, the newest first."""
    place = paging.place()
    async with call.read(projection.battles) as db:
        rows = await projection.page(db, call.actor.id, limit=paging.more, before=place)
    return paging.page(rows, shown, lambda row: (row.started_at, row.id))


@router.get("/battles/{battle_id}", responses=problems("not_found", "projection_lagging"))
async def read_battle(battle_id: UUID, call: Call) -> BattleShape:
    """One of my battles."""
    async with call.read(projection.battles) as db:
        return shown(await projection.battle(db, battle_id, call.actor.id))


@router.get(
    "/battles/{battle_id}/stream",
    response_class=Response,
    responses=problems("not_found")
    | {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def follow_battle(
    battle_id: UUID,
    call: Call,
    last_event_id: Annotated[str, Header(max_length=PLACES_CHARACTERS_MAX)] = "",
) -> Response:
    """Both answers while they are written, in one stream of `side` events.

    The data of each: `slot`, `kind` as in the stream of an answer, `delta` for its words, else
    `data`.
    """
    battle = await own_battle(call, battle_id)
    answers = {
        slot: await call.services.log.get(Answer, side.answer_id)
        for slot, side in battle.sides.items()
    }
    places = places_of(last_event_id)
    return EventStream(frames_of_battle(call.services, answers, places), call.is_still_admitted)


async def own_battle(call: Call, battle_id: UUID) -> Battle:
    """A battle to its owner; to others it does not exist."""
    try:
        battle = await call.services.log.get(Battle, battle_id)
    except NotFound:
        battle = None
    if battle is None or battle.owner != call.actor.id:
        raise NotFound("battle", battle_id, code="battle_not_found")
    return battle


@router.post(
    "/battles/{battle_id}/vote", responses=problems("not_found", "conflict", "limit_reached")
)
async def cast_vote(battle_id: UUID, body: NewVote, call: Call) -> CountedVote:
    """Say who was better. The same again changes nothing."""
    await admit_vote(call)
    return counted(call, await call.execute(CastVote(battle_id, body.winner)))


@router.put(
    "/battles/{battle_id}/vote", responses=problems("not_found", "conflict", "limit_reached")
)
async def change_vote(battle_id: UUID, body: NewVote, call: Call) -> CountedVote:
    """Think otherwise, as long as the models are hidden."""
    await admit_vote(call)
    return counted(call, await call.execute(CastVote(battle_id, body.winner)))


@router.delete("/battles/{battle_id}/vote", responses=problems("not_found", "conflict"))
async def retract_vote(battle_id: UUID, call: Call) -> CountedVote:
    """Take the vote back."""
    return counted(call, await call.execute(RetractVote(battle_id)))


@router.post("/battles/{battle_id}/reveal", responses=problems("not_found", "conflict"))
async def reveal_battle(battle_id: UUID, call: Call) -> Revealed:
    """Be told who the models were. After that the vote stays as it is."""
    battle = await call.execute(RevealBattle(battle_id))
    sides = [
        NamedSide.model_validate({"slot": slot, "model": side.model})
        for slot, side in sorted(battle.sides.items())
    ]
    return Revealed(battle_id=battle.id, sides=sides, position=call.position)


@router.post(
    "/comparisons",
    status_code=201,
    responses=problems("not_found", "conflict", "limit_reached", "projection_lagging"),
)
async def compare_answers(body: NewComparison, call: Call) -> Comparison:
    """Say that one answer is better than another to the same question, both with known models."""
    rows = [await message_of(call, body.chat_id, each) for each in (body.better_id, body.other_id)]
    if rows[0].parent_id is None:
        raise Invalid("Only answers to a question can be compared.")
    prompt = await message_of(call, body.chat_id, rows[0].parent_id)
    await admit_vote(call)
    better, other = (Compared(each.id, each.content) for each in rows)
    battle = await call.execute(CompareAnswers(body.chat_id, better, other, prompt.content))
    vote = counted(call, battle)
    return Comparison(battle_id=battle.id, vote_id=vote.vote_id, position=vote.position)


@router.get("/comparisons", responses=problems("projection_lagging"))
async def list_comparisons(chat_id: UUID, call: Call) -> Comparisons:
    """What I said was better in a chat of mine; taken back as the vote of its battle."""
    async with call.read(projection.battles, own=True) as db:
        rows = await projection.comparisons(db, chat_id, call.actor.id)
    return Comparisons(items=[KnownComparison(**asdict(each)) for each in rows])


async def admit_vote(call: Call) -> None:
    """Refuse who votes faster than the administrators allow."""
    arena = (await evaluation_settings(call.services.log)).arena
    await Paces(call.services.lines).vote(call.actor.id, arena.votes_minute_max)


def counted(call: Call, battle: Battle) -> CountedVote:
    """A vote has the same id as long as voter and battle are the same."""
    return CountedVote(vote_id=uuid5(battle.id, f"vote {battle.owner}"), position=call.position)


def shown(row: projection.BattleRow) -> BattleShape:
    """A battle as it was read."""
    sides = [
        SideShape.model_construct(
            slot=each.slot,
            name=f"Model {each.slot.upper()}",
            answer_id=each.answer_id,
            status=each.status,
            content=each.content,
            model=each.model,
        )
        for each in row.sides
    ]
    return BattleShape.model_construct(
        battle_id=row.id,
        chat_id=row.chat_id,
        message_id=row.question_id,
        prompt=row.prompt,
        pool=row.entry,
        blind=row.blind,
        revealed=row.revealed,
        winner=row.winner,
        started_at=row.started_at,
        sides=sides,
    )
