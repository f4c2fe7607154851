"""Finds out what battles are about: those of this house as they end, others when asked to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from application.answering.record import record
from application.evaluation.categories import VERSION
from application.evaluation.classifying import (
    CLASSIFIER,
    Categories,
    Topic,
    examples,
    sizes,
    topic_of,
)
from application.topics import AssignTopics
from domain.aggregate import Aggregate
from domain.battles import Battle, RecordedBattle
from infrastructure.embeddings.resident import Resident
from infrastructure.evaluation.questions import Question, Questions, embedded

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Of 140 it knows: among fewer it is surer, and few questions are in any other.
LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru"
    " sk sl sr sv sw ta te th tr uk ur vi zh"
)

Report = Callable[[int, int], None]


def load_languages() -> "LanguageIdentifier":
    """The model that knows languages by their letters."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 (loaded when used)

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LANGUAGES.split())
    return found


def languages() -> "Resident[LanguageIdentifier]":
    """The same, in memory only while it is used."""
    return Resident("The model for languages", load_languages)


@dataclass(slots=True)
class Classifying:
    """The job `classify`. What was said once by this version is not said again."""

    questions: Questions
    languages: "Resident[LanguageIdentifier]" = field(default_factory=languages)
    _categories: Categories | None = None

    async def classify(self, battle_id: UUID) -> None:
        """Say what a battle of this house is about, once it is over."""
        events = await self.questions.log.history(battle_id)
        if events:
            await self.assign(await self.questions.of({battle_id: events[0]}))

    async def all(self, report: Report) -> int:
        """Say it of every battle in the log that nobody said it of; tells (seen, said)."""
        seen = said = after = 0
        while True:
            found, last = await self.questions.page(after)
            if not last:
                return said
            said += await self.assign(found)
            seen, after = seen + len(found), last
            report(seen, said)

    async def assign(self, questions: Sequence[Question]) -> int:
        """Say what these battles are about, where it is missing; how many that were."""
        log = self.questions.log
        told = await log.histories([each.battle_id for each in questions], await log.head())
        missing = [each for each in questions if is_missing(told.get(each.battle_id, ()))]
        await self.questions.remember(missing)
        readable = [each for each in missing if each.text]
        if not readable:
            return 0
        topics = await self._topics(readable)
        pairs = zip(readable, topics, strict=True)
        facts = [(each.kind, each.battle_id, topic.facts()) for each, topic in pairs]
        await record(log, AssignTopics(facts))
        return len(facts)

    async def _topics(self, questions: Sequence[Question]) -> list[Topic]:
        if self._categories is None:
            vectors = await embedded(self.questions.embedder, examples())
            self._categories = Categories.of(vectors, sizes())
        categories, vectors = self._categories, await self.questions.vectors(questions)
        return await self.languages.run(
            lambda model: [
                topic_of(each.text, vector, categories, model.classify)
                for each, vector in zip(questions, vectors, strict=True)
            ]
        )


def is_missing(events: Sequence[Aggregate.Event]) -> bool:
    """Whether a battle is over, and what it is about is not known."""
    ended = set()
    for event in events:
        match event:
            case Battle.SideFinished():
                ended.add(event.slot)
            case RecordedBattle.Recorded() if event.recording.category and event.recording.language:
                return False
            case RecordedBattle.Recorded():
                ended |= {"a", "b"}
            case Battle.TopicAssigned() | RecordedBattle.TopicAssigned():
                if (event.classifier, event.classifier_version) == (CLASSIFIER, VERSION):
                    return False
            case _:
                pass
    return ended == {"a", "b"}
