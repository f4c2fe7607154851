"""Asks all questions in one way, and counts what was found and what was cited."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from time import monotonic

from application.answering.material import Material
from application.ports import Prompt, Turn
from application.retrieval.retrieve import Retrieved, Wish, retrieve
from infrastructure.models.reader import ReaderModel
from tests.quality.library import Library
from tests.quality.questions import Kind, Question

FIRST = 5
RANKED = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one question. `place` is that of the first passage with the answer."""

    question: Question
    place: int | None
    is_read: bool
    cited: int
    right: int
    is_quoted: bool
    milliseconds: float

    @property
    def is_found(self) -> bool:
        return self.place is not None and self.place <= FIRST


@dataclass(slots=True)
class Outcomes:
    """How it went with all of them."""

    all: list[Outcome] = field(default_factory=list)

    def recall(self, kind: Kind | None = None) -> float:
        """The share of questions whose answer stands in one of the first passages."""
        return share([each.is_found for each in self._answered(kind)])

    def reciprocal_rank(self) -> float:
        """The mean of one over the place of the first passage with the answer."""
        places = [each.place for each in self._answered()]
        return fmean(1 / each if each and each <= RANKED else 0.0 for each in places)

    def read(self) -> float:
        """The share of questions whose answer a model has before its eyes."""
        return share([each.is_read for each in self._answered()])

    def cited(self) -> float:
        """The share of questions where a passage the Reader cites holds the answer."""
        return share([each.right > 0 for each in self._answered()])

    def quoted(self) -> float:
        """The share of questions where the words the Reader quotes hold the answer."""
        return share([each.is_quoted for each in self._answered()])

    def exactness(self) -> float:
        """Of all that the Reader cites for questions with an answer, the share that holds it."""
        answered = self._answered()
        return sum(each.right for each in answered) / max(1, sum(e.cited for e in answered))

    def declined(self) -> float:
        """The share of questions without an answer to which the Reader says that he has none."""
        return share([not each.cited for each in self.all if not each.question.is_answered])

    def milliseconds(self) -> float:
        """Half of the questions were searched for in less."""
        return median(each.milliseconds for each in self.all)

    def missed(self) -> list[Question]:
        return [each.question for each in self._answered() if not each.is_found]

    def _answered(self, kind: Kind | None = None) -> list[Outcome]:
        found = [each for each in self.all if each.question.is_answered]
        return [each for each in found if kind in (None, each.question.kind)]


def share(truths: Sequence[bool]) -> float:
    return sum(truths) / max(1, len(truths))


async def measured(library: Library, questions: Sequence[Question]) -> Outcomes:
    """Search and answer each question as the product does, in the way that is chosen."""
    outcomes = Outcomes()
    for each in questions:
        begun = monotonic()
        found = await searched(library, each.text)
        milliseconds = (monotonic() - begun) * 1000
        outcomes.all.append(await outcome(each, found, milliseconds))
    return outcomes


async def searched(library: Library, question: str) -> Retrieved:
    """All that is found for a question, in all files."""
    shelves = library.product.world.services.shelves
    settings = (await shelves.means.settings()).retrieval
    wish = Wish([question], library.files, settings, settings.budget_tokens)
    found = await retrieve(shelves.search, wish, await shelves.means.reranker())
    assert not found.lacking, found.lacking
    return found


async def outcome(question: Question, found: Retrieved, milliseconds: float) -> Outcome:
    places = [
        place for place, each in enumerate(found.candidates, 1) if question.is_in(each.passage.text)
    ]
    cited = await citations(question, found)
    texts = {each.n: each.block.quoted.text for each in found.sources}
    return Outcome(
        question,
        min(places, default=None),
        is_read=any(question.is_in(each.block.text) for each in found.sources),
        cited=len(cited),
        right=sum(question.is_in(texts.get(number, "")) for number, _ in cited),
        is_quoted=any(question.is_in(quote) for _, quote in cited),
        milliseconds=milliseconds,
    )


async def citations(question: Question, found: Retrieved) -> list[tuple[int, str]]:
    """What the built-in Reader cites when he is given what was found: number and words."""
    given = Material(found.sources).given
    prompt = Prompt("reader", (Turn("user", question.text),), passages=given, attached=True)
    return [
        (item["n"], item["quote"])
        async for piece in ReaderModel().answer(prompt)
        if piece.kind == "citations"
        for item in piece.data["items"]
    ]
