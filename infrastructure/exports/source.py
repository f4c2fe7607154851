"""Judgements with their texts: verdicts from the read models, words from the log."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from application.exporting.orders import Order
from application.exporting.samples import Annotated, Judged, Rated
from application.ports import Turn
from domain.aggregate import Aggregate
from domain.battles import Battle, RecordedBattle, Winner
from domain.errors import Invalid
from domain.ratings import Rating
from infrastructure.base_log import BaseLog
from infrastructure.exports.exporting import Extent
from infrastructure.exports.texts import Texts

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """A vote that belongs to an export, or a thumb by its rating."""

    place: int
    key: str
    voter: str
    at: datetime
    winner: str = ""


@dataclass(frozen=True, slots=True)
class Noted(Chosen):
    """An annotation of an item of a queue."""

    queue: str = ""
    item: int = 0
    comment: str = ""


class Choosing(Protocol):
    """What belongs to an export, by place."""

    async def head(self) -> tuple[int, int]:
        """How far the read models are, and the version of the policy."""

    async def count(self, order: Order, until: int) -> int:
        """How many votes there are about; of all else there is little beside them."""

    def votes(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Votes that count, in pages."""

    def thumbs(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Ratings as they stood, in pages."""

    def annotations(self, order: Order, until: int) -> AsyncIterator[Sequence[Noted]]:
        """What was said of items of queues, in pages."""


@dataclass(frozen=True, slots=True)
class Fought:
    """A battle with its words."""

    model_a: str
    model_b: str
    context: Sequence[Turn]
    answer_a: str
    answer_b: str
    blind: bool
    category: str
    language: str


@dataclass(frozen=True, slots=True)
class LogSource:
    """The `Source` of exports."""

    log: BaseLog
    choosing: Choosing

    async def extent(self, order: Order) -> Extent:
        """How much there is; the checkpoint is the sum of the last event's place and kind."""
        head, policy = await self.choosing.head()
        until = head if order.until is None else order.until
        if until > head:
            raise Invalid(f"to: the log has only {head} events so far.")
        last = await self.log.read(max(until - 1, 0), 1) if until else []
        told = [f"{each.position} {each.stream_id} {each.version} {each.type}" for each in last]
        checkpoint = sha256("".join(told).encode()).hexdigest()
        judged = any(Judged in each.of for each in order.forms)
        count = await self.choosing.count(order, until) if judged else 0
        return Extent(until, count, policy, checkpoint)

    async def judged(self, order: Order, until: int) -> AsyncIterator[Sequence[Judged]]:
        """Counted votes with their battles."""
        async for page in self.choosing.votes(order, until):
            battles = await self.battles(order, {each.key for each in page}, until)
            yield [judged_of(each, battles.get(each.key)) for each in page]

    async def rated(self, order: Order, until: int) -> AsyncIterator[Sequence[Rated]]:
        """Thumbs with their answers."""
        async for page in self.choosing.thumbs(order, until):
            told = await self.log.histories([UUID(each.key) for each in page], until)
            texts = Texts(self.log, until)
            opinions = [(each, opinion_in(told.get(UUID(each.key), ()))) for each in page]
            answers = await texts.of(known.answer_id for _, known in opinions if known)
            above = await texts.contexts(
                said.parent_id
                for _, known in opinions
                if known and (said := answers.get(known.answer_id)) and said.parent_id
            )
            yield [rated_of(each, known, answers, above) for each, known in opinions if known]

    async def annotated(self, order: Order, until: int) -> AsyncIterator[Sequence[Annotated]]:
        """Annotations with their battles."""
        async for page in self.choosing.annotations(order, until):
            battles = await self.battles(order, {each.key for each in page}, until)
            found = [annotated_of(each, battles.get(each.key)) for each in page]
            yield [each for each in found if fits(each, order.where)]

    async def battles(self, order: Order, keys: set[str], until: int) -> dict[str, Fought]:
        """Battles by their keys, from here or from elsewhere."""
        ids = {stream: key for key in sorted(keys) for stream in ids_of(order.space, key)}
        told = await self.log.histories(list(ids), until)
        found: dict[str, Fought] = {}
        here: dict[str, tuple[Battle.Started, dict[str, str]]] = {}
        for stream, events in told.items():
            first = events[0]
            if isinstance(first, RecordedBattle.Recorded):
                found[ids[stream]] = fought_elsewhere(first)
            elif isinstance(first, Battle.Started):
                here[ids[stream]] = (first, topic_in(events))
        return found | await self._fought_here(here, order, until)

    async def _fought_here(
        self, here: dict[str, tuple[Battle.Started, dict[str, str]]], order: Order, until: int
    ) -> dict[str, Fought]:
        if not here:
            return {}
        texts = Texts(self.log, until)
        started = [first for first, _ in here.values()]
        contexts = await texts.contexts(each.question_id for each in started)
        said = await texts.of(side.answer_id for each in started for side in each.sides.values())
        systems = await texts.systems(each.chat_id for each in started) if order.with_system else {}
        found = {}
        for key, (each, topic) in here.items():
            sides = [each.sides.get(slot) for slot in ("a", "b")]
            words = [(side and said.get(side.answer_id)) or None for side in sides]
            context = contexts.get(each.question_id, [])
            if context and (system := systems.get(each.chat_id)):
                context = [Turn("system", system), *context]
            found[key] = Fought(
                model_a=sides[0].model if sides[0] else "",
                model_b=sides[1].model if sides[1] else "",
                context=context,
                answer_a=words[0].text if words[0] else "",
                answer_b=words[1].text if words[1] else "",
                blind=each.blind,
                category=topic.get("category", ""),
                language=topic.get("language", ""),
            )
        return found


def ids_of(space: str, key: str) -> Iterator[UUID]:
    """The streams in which a battle may be told."""
    yield RecordedBattle.id_of(space, key)
    if not space:
        try:
            yield UUID(key)
        except ValueError:
            return


def topic_in(events: Sequence[Aggregate.Event]) -> dict[str, str]:
    """What a battle is about."""
    found = [each for each in events if isinstance(each, Battle.TopicAssigned)]
    return {"category": found[-1].category, "language": found[-1].language} if found else {}


def fought_elsewhere(event: RecordedBattle.Recorded) -> Fought:
    """A battle that was taken over; its prompt is one turn."""
    about = event.recording
    return Fought(
        model_a=about.model_a,
        model_b=about.model_b,
        context=[Turn("user", event.prompt)] if event.prompt else [],
        answer_a=event.response_a,
        answer_b=event.response_b,
        blind=about.blind,
        category=about.category,
        language=about.language,
    )


def judged_of(vote: Chosen, fought: Fought | None) -> Judged:
    """A vote with its battle."""
    return Judged(**facts_of(vote, fought))


def annotated_of(noted: Noted, fought: Fought | None) -> Annotated:
    """An annotation with its battle."""
    told = facts_of(noted, fought)
    return Annotated(**told, queue=noted.queue, item=noted.item, comment=noted.comment)


def fits(sample: Judged, where: Mapping[str, str]) -> bool:
    """Whether a battle, as it was then, is among those that are asked for."""
    told = {
        "category": (sample.category,),
        "language": (sample.language,),
        "model": (sample.model_a, sample.model_b),
    }
    return all(value in told[name] for name, value in where.items())


def facts_of(vote: Chosen, fought: Fought | None) -> dict[str, Any]:
    """What was judged, and how; a battle that is gone has no texts."""
    battle = fought or Fought("", "", [], "", "", blind=True, category="", language="")
    return {
        "place": vote.place,
        "battle": vote.key,
        "voter": vote.voter,
        "at": vote.at,
        "winner": Winner(vote.winner),
        **{each.name: getattr(battle, each.name) for each in fields(battle)},
    }


@dataclass(frozen=True, slots=True)
class Known:
    """An opinion, and on what."""

    answer_id: UUID
    event: Rating.Given | Rating.Changed


def opinion_in(events: Sequence[Aggregate.Event]) -> Known | None:
    """What somebody thinks after these events; None when he took it back."""
    answer_id: UUID | None = None
    last: Rating.Given | Rating.Changed | None = None
    for event in events:
        if isinstance(event, Rating.Given):
            answer_id = event.answer_id
        if isinstance(event, Rating.Given | Rating.Changed):
            last = event
        elif isinstance(event, Rating.Withdrawn):
            last = None
    return Known(answer_id, last) if answer_id and last else None


def rated_of(chosen: Chosen, known: Known, answers: Any, above: dict[UUID, list[Turn]]) -> Rated:
    """A thumb with its answer."""
    said, event = answers.get(known.answer_id), known.event
    return Rated(
        place=chosen.place,
        rating=chosen.key,
        answer_id=str(known.answer_id),
        voter=chosen.voter,
        at=chosen.at,
        model=event.model,
        value=event.value,
        context=above.get(said.parent_id, []) if said and said.parent_id else [],
        answer=said.text if said else "",
        score=event.score,
        reasons=event.reasons,
        comment=event.comment,
        tags=event.tags,
    )
