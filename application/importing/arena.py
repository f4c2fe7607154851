"""Battles and votes in the interchange format and in flat arena tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from application.evaluation.leaks import aliases_of, leaked, prompt_key
from application.evaluation.style_of import style_of
from application.importing.fields import Fields, Malformed
from domain.aggregate import Aggregate
from domain.battles import RecordedBattle, RecordedVote, Recording, Winner

STATUSES = ("complete", "error", "aborted")
ACTIONS = ("cast", "change", "retract")
WINNERS = tuple(each.value for each in Winner)
FLAT_WINNERS = {
    **{each: Winner(each) for each in WINNERS},
    "tie (bothbad)": Winner.BOTH_BAD,
}

Reading = Callable[[object, int], Sequence[Aggregate]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from, and in whose name they are taken over."""

    owner: UUID
    space: str
    name: str
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def aliases_of(self, *models: str) -> list[str]:
        """By which words people know these models."""
        return [word for each in models for word in self.aliases.get(each) or aliases_of(each)]

    def battle(self, record: object, _: int) -> Sequence[Aggregate]:
        """A battle of the interchange format."""
        line = Fields(record)
        answers = line.text("response_a"), line.text("response_b")
        return [
            self._recorded(
                line,
                key=line.name("battle_id"),
                blind=line.flag("blind", default=True),
                prompt=line.text("prompt"),
                answers=answers,
                statuses=(
                    line.one_of("status_a", STATUSES, "complete"),
                    line.one_of("status_b", STATUSES, "complete"),
                ),
            )
        ]

    def vote(self, record: object, _: int) -> Sequence[Aggregate]:
        """An act of the interchange format; it may speak of a battle that nobody knows."""
        line = Fields(record)
        action = line.one_of("action", ACTIONS)
        winner = None
        if action != "retract":
            winner = Winner(line.one_of("winner", WINNERS))
        return [
            RecordedVote.record(
                space=self.space,
                source=self.name,
                seq=line.number("seq"),
                voter=line.name("voter"),
                battle=line.name("battle_id"),
                action=action,
                winner=winner,
                after_reveal=line.flag("after_reveal", default=False),
                timestamp=line.time("tstamp"),
            )
        ]

    def row(self, record: object, number: int) -> Sequence[Aggregate]:
        """A row of a flat table: a battle, and the vote on it."""
        line = Fields(record)
        winner = FLAT_WINNERS[line.one_of("winner", FLAT_WINNERS)]
        key = line.name("question_id", default=f"{self.name}:{number}")
        prompt_a, answer_a = talk_of(line.raw("conversation_a"))
        _, answer_b = talk_of(line.raw("conversation_b"))
        battle = self._recorded(
            line,
            key=key,
            blind=line.flag("anony", default=True),
            prompt=prompt_a,
            answers=(answer_a, answer_b),
            statuses=("complete", "complete"),
        )
        vote = RecordedVote.record(
            space=self.space,
            source=self.name,
            seq=number,
            voter=line.name("judge"),
            battle=key,
            action="cast",
            winner=winner,
            after_reveal=False,
            timestamp=line.time("tstamp"),
        )
        return [battle, vote]

    def _recorded(
        self,
        line: Fields,
        *,
        key: str,
        blind: bool,
        prompt: str,
        answers: tuple[str, str],
        statuses: tuple[str, str],
    ) -> Aggregate:
        a, b = line.name("model_a"), line.name("model_b")
        words = self.aliases_of(a, b)
        recording = Recording(
            space=self.space,
            source=self.name,
            key=key,
            model_a=a,
            model_b=b,
            blind=blind,
            category=line.name("category", default=""),
            language=line.name("language", default=""),
            status_a=statuses[0],
            status_b=statuses[1],
            style_a=style(line.style("style_a"), answers[0]),
            style_b=style(line.style("style_b"), answers[1]),
            leaked_a=leaked(answers[0], words),
            leaked_b=leaked(answers[1], words),
        )
        return RecordedBattle.record(
            recording,
            owner=self.owner,
            prompt=prompt,
            response_a=answers[0],
            response_b=answers[1],
            prompt_key=prompt_key(prompt or key),
            timestamp=line.time("tstamp"),
        )


def style(given: dict[str, float] | None, answer: str) -> dict[str, float]:
    """How an answer looks; counts that are given win."""
    return asdict(style_of(answer)) if given is None else given


def talk_of(conversation: Any) -> tuple[str, str]:
    """All that was asked, and the last answer."""
    if conversation is None:
        return "", ""
    if not isinstance(conversation, Iterable) or isinstance(conversation, str | Mapping):
        raise Malformed("conversation: a list of turns is needed")
    turns = [Fields(each) for each in conversation]
    asked = [each.text("content") for each in turns if each.raw("role") == "user"]
    answers = [each.text("content") for each in turns if each.raw("role") == "assistant"]
    return "\n".join(asked), answers[-1] if answers else ""


def known_aliases(models: object) -> dict[str, list[str]]:
    """By which words people know the models of a list [{name, vendor, aliases}]."""
    if not isinstance(models, list):
        raise Malformed("models: a list is needed")
    found: dict[str, list[str]] = {}
    for each in models:
        line = Fields(each)
        more = line.raw("aliases") or []
        if not isinstance(more, list) or not all(isinstance(word, str) for word in more):
            raise Malformed("aliases: a list of texts is needed")
        name = line.name("name")
        found[name] = aliases_of(name, line.name("vendor", default=""), more)
    return found
