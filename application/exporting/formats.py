"""The forms in which judgements leave the house, and the rows each sample becomes in them.

The trl forms are those of TRL's trainers, conversational; the arena form has the columns of
FastChat's published battles; the openai forms are those of OpenAI's preference fine-tuning and
evals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from application.exporting.annotations import COLUMNS
from application.exporting.samples import Annotated, Judged, Rated, Sample
from application.ports import Turn
from domain.battles import Winner

Row = dict[str, Any]
Kind = Literal["text", "flag", "number", "count", "turns", "texts", "input"]

MESSAGE = ("role", "content")
BATTLE_WINNERS = {
    Winner.MODEL_A: "model_a",
    Winner.MODEL_B: "model_b",
    Winner.TIE: "tie",
    Winner.BOTH_BAD: "tie (bothbad)",
}


class LeftOut(Exception):
    """A sample that this form has no row for, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Format:
    """A form: its columns, of what it is made, and the rows of one sample.

    One whose rows have no `texts` has a row also for what was said of texts that are gone.
    """

    name: str
    columns: Mapping[str, Kind]
    rows: Callable[[Any], Sequence[Row]]
    of: tuple[type[Sample], ...] = (Judged,)
    texts: bool = True
    media: Literal["jsonl", "csv", "json"] = "jsonl"

    def rows_of(self, sample: Sample) -> Sequence[Row]:
        """The rows of a sample; raises LeftOut when it has none."""
        if type(sample) not in self.of:
            return ()
        if self.texts and (not sample.context or sample.context[-1].role != "user"):
            raise LeftOut("no_prompt")
        return self.rows(sample)


def turns(context: Sequence[Turn], *more: tuple[str, str]) -> list[dict[str, str]]:
    """Turns as every form writes them."""
    said = [(each.role, each.content) for each in context]
    return [dict(zip(MESSAGE, each, strict=True)) for each in (*said, *more)]


def said(text: str) -> list[dict[str, str]]:
    """One answer, alone."""
    return turns((), ("assistant", text))


def decided(sample: Judged) -> tuple[str, str]:
    """The better and the worse answer of a vote that says which is which."""
    if sample.chosen is None or sample.rejected is None:
        raise LeftOut("undecided")
    if not sample.chosen.strip() or not sample.rejected.strip():
        raise LeftOut("erased")
    if sample.chosen == sample.rejected:
        raise LeftOut("equal_texts")
    return sample.chosen, sample.rejected


def present(text: str) -> str:
    """An answer that is there."""
    if not text.strip():
        raise LeftOut("erased")
    return text


def preference(sample: Judged) -> list[Row]:
    """A pair of answers, the better one named."""
    chosen, rejected = decided(sample)
    return [
        {"prompt": turns(sample.context), "chosen": said(chosen), "rejected": said(rejected)},
    ]


def unpaired(sample: Sample) -> list[Row]:
    """Answers one by one, each good or bad."""
    prompt = turns(sample.context)
    if isinstance(sample, Rated):
        if sample.value == 0:
            raise LeftOut("undecided")
        return [
            {
                "prompt": prompt,
                "completion": said(present(sample.answer)),
                "label": sample.value > 0,
            }
        ]
    if sample.winner == Winner.TIE:
        raise LeftOut("undecided")
    if sample.winner == Winner.BOTH_BAD:
        pairs = [(present(sample.answer_a), False), (present(sample.answer_b), False)]
    else:
        chosen, rejected = decided(sample)
        pairs = [(chosen, True), (rejected, False)]
    return [{"prompt": prompt, "completion": said(text), "label": good} for text, good in pairs]


def tuning(sample: Sample) -> list[Row]:
    """Conversations that ended well."""
    if isinstance(sample, Rated):
        if sample.value <= 0:
            raise LeftOut("undecided")
        answer = present(sample.answer)
    else:
        answer, _ = decided(sample)
    return [{"messages": turns(sample.context, ("assistant", answer))}]


def prompt_only(sample: Judged) -> list[Row]:
    """What was asked."""
    return [{"prompt": turns(sample.context)}]


def battle(sample: Judged) -> list[Row]:
    """A battle as the arena's tables have it; `tstamp` in seconds."""
    return [
        {
            "question_id": sample.battle,
            "model_a": sample.model_a,
            "model_b": sample.model_b,
            "winner": BATTLE_WINNERS[sample.winner],
            "judge": sample.voter,
            "conversation_a": turns(sample.context, ("assistant", present(sample.answer_a))),
            "conversation_b": turns(sample.context, ("assistant", present(sample.answer_b))),
            "turn": sum(each.role == "user" for each in sample.context),
            "anony": sample.blind,
            "language": sample.language,
            "tstamp": sample.at.timestamp(),
            "category": sample.category,
        }
    ]


def openai_preference(sample: Judged) -> list[Row]:
    """A pair as OpenAI's preference fine-tuning takes it."""
    chosen, rejected = decided(sample)
    return [
        {
            "input": {"messages": turns(sample.context)},
            "preferred_output": said(chosen),
            "non_preferred_output": said(rejected),
        }
    ]


def openai_evals(sample: Judged) -> list[Row]:
    """A question and the answer people liked."""
    chosen, _ = decided(sample)
    return [{"input": turns(sample.context), "ideal": chosen}]


def rating(sample: Rated) -> list[Row]:
    """A thumb with all that was said with it."""
    return [
        {
            "rating": sample.value,
            "score": sample.score,
            "message_id": sample.answer_id,
            "model_id": sample.model,
            "voter": sample.voter,
            "created_at": sample.at.isoformat(),
            "comment": sample.comment,
            "reasons": list(sample.reasons),
            "tags": list(sample.tags),
        }
    ]


def annotation(sample: Annotated) -> list[Row]:
    """What somebody said of an item of a queue."""
    return [
        {
            "queue_id": sample.queue,
            "item": sample.item,
            "battle_id": sample.battle,
            "model_a": sample.model_a,
            "model_b": sample.model_b,
            "category": sample.category,
            "language": sample.language,
            "annotator": sample.voter,
            "winner": sample.winner.value,
            "comment": sample.comment,
            "at": sample.at.isoformat(),
        }
    ]


def annotation_with_texts(sample: Annotated) -> list[Row]:
    """The same with what was asked and answered."""
    texts = {
        f"conversation_{side}": turns(sample.context, ("assistant", present(answer)))
        for side, answer in (("a", sample.answer_a), ("b", sample.answer_b))
    }
    return [row | texts for row in annotation(sample)]


def feedback(sample: Rated) -> list[Row]:
    """A thumb in the form in which Open WebUI lists feedback; `created_at` in seconds."""
    at = int(sample.at.timestamp())
    return [
        {
            "id": sample.rating,
            "user_id": sample.voter,
            "version": 0,
            "type": "rating",
            "data": {
                "rating": sample.value,
                "model_id": sample.model,
                "sibling_model_ids": list(sample.siblings) or None,
                "reason": sample.reasons[0] if sample.reasons else "",
                "comment": sample.comment,
                "tags": list(sample.tags),
                "details": {"rating": sample.score},
            },
            "meta": {"message_id": sample.answer_id, "tags": list(sample.tags)},
            "snapshot": None,
            "created_at": at,
            "updated_at": at,
        }
    ]


BATTLES: dict[str, Kind] = {
    "question_id": "text",
    "model_a": "text",
    "model_b": "text",
    "winner": "text",
    "judge": "text",
    "conversation_a": "turns",
    "conversation_b": "turns",
    "turn": "count",
    "anony": "flag",
    "language": "text",
    "tstamp": "number",
    "category": "text",
}
RATINGS: dict[str, Kind] = {
    "rating": "count",
    "score": "count",
    "message_id": "text",
    "model_id": "text",
    "voter": "text",
    "created_at": "text",
    "comment": "text",
    "reasons": "texts",
    "tags": "texts",
}
ANNOTATIONS: dict[str, Kind] = {
    "queue_id": "text",
    **dict.fromkeys(COLUMNS, "text"),
    "item": "count",
}
TEXTS: dict[str, Kind] = {"conversation_a": "turns", "conversation_b": "turns"}
PAIR: dict[str, Kind] = {"prompt": "turns", "chosen": "turns", "rejected": "turns"}
ONE: dict[str, Kind] = {"prompt": "turns", "completion": "turns", "label": "flag"}
OPENAI_PAIR: dict[str, Kind] = {
    "input": "input",
    "preferred_output": "turns",
    "non_preferred_output": "turns",
}

BOTH = (Judged, Rated)
THUMBS = (Rated,)
ITEMS = (Annotated,)

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("trl-preference", PAIR, preference),
        Format("trl-unpaired-preference", ONE, unpaired, BOTH),
        Format("trl-sft", {"messages": "turns"}, tuning, BOTH),
        Format("trl-prompt-only", {"prompt": "turns"}, prompt_only),
        Format("arena-battles", BATTLES, battle),
        Format("openai-preference", OPENAI_PAIR, openai_preference),
        Format("openai-evals", {"input": "turns", "ideal": "text"}, openai_evals),
        Format("ratings", RATINGS, rating, THUMBS, texts=False),
        Format("ratings-csv", RATINGS, rating, THUMBS, texts=False, media="csv"),
        Format("openwebui-feedback", {}, feedback, THUMBS, texts=False, media="json"),
        Format("annotations", ANNOTATIONS | TEXTS, annotation_with_texts, ITEMS),
        Format("annotations-csv", ANNOTATIONS, annotation, ITEMS, texts=False, media="csv"),
    )
}
