"""What each form makes of a judgement."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from application.exporting.formats import FORMATS, LeftOut
from application.exporting.orders import Order
from application.exporting.pseudonyms import Pseudonyms
from application.exporting.redaction import Redaction
from application.exporting.samples import Annotated, Judged, Rated
from application.ports import Turn
from domain.battles import Winner
from domain.errors import Invalid

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTEXT = (Turn("user", "Hi"), Turn("assistant", "Hello."), Turn("user", "Why is the sky blue?"))
PROMPT = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Why is the sky blue?"},
]
VOTE = Judged(
    place=7,
    battle="b1",
    voter="ana",
    at=AT,
    winner=Winner.MODEL_B,
    model_a="x",
    model_b="y",
    context=CONTEXT,
    answer_a="Because.",
    answer_b="Rayleigh scattering.",
    category="science",
    language="en",
)
THUMB = Rated(
    place=9,
    rating="r1",
    answer_id="a1",
    voter="ana",
    at=AT,
    model="x",
    value=1,
    context=CONTEXT,
    answer="Because.",
    score=8,
    reasons=("creative",),
    comment="=1+1",
    tags=("sky",),
)
NOTE = Annotated(**{each.name: getattr(VOTE, each.name) for each in fields(VOTE)}, queue="q")


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def rows(name: str, sample: Any) -> list[Any]:
    return list(FORMATS[name].rows_of(sample))


def test_the_winner_is_chosen_with_the_whole_conversation_before_it() -> None:
    better, worse = said("Rayleigh scattering."), said("Because.")
    assert rows("trl-preference", VOTE) == [{"prompt": PROMPT, "chosen": better, "rejected": worse}]
    assert rows("openai-preference", VOTE) == [
        {
            "input": {"messages": PROMPT},
            "preferred_output": better,
            "non_preferred_output": worse,
        }
    ]
    assert rows("trl-sft", VOTE) == [{"messages": [*PROMPT, *better]}]
    assert rows("openai-evals", VOTE) == [{"input": PROMPT, "ideal": "Rayleigh scattering."}]


def test_single_answers_are_good_or_bad() -> None:
    assert [each["label"] for each in rows("trl-unpaired-preference", VOTE)] == [True, False]
    both_bad = replace(VOTE, winner=Winner.BOTH_BAD)
    assert [each["label"] for each in rows("trl-unpaired-preference", both_bad)] == [False, False]
    assert [each["label"] for each in rows("trl-unpaired-preference", THUMB)] == [True]
    down = replace(THUMB, value=-1)
    assert [each["label"] for each in rows("trl-unpaired-preference", down)] == [False]


def test_a_battle_has_the_columns_of_the_arena() -> None:
    (row,) = rows("arena-battles", replace(VOTE, winner=Winner.BOTH_BAD))
    assert row == {
        "question_id": "b1",
        "model_a": "x",
        "model_b": "y",
        "winner": "tie (bothbad)",
        "judge": "ana",
        "conversation_a": [*PROMPT, *said("Because.")],
        "conversation_b": [*PROMPT, *said("Rayleigh scattering.")],
        "turn": 2,
        "anony": True,
        "language": "en",
        "tstamp": AT.timestamp(),
        "category": "science",
    }


@pytest.mark.parametrize(
    ("sample", "name", "reason"),
    [
        (replace(VOTE, winner=Winner.TIE), "trl-preference", "undecided"),
        (replace(VOTE, winner=Winner.TIE), "trl-unpaired-preference", "undecided"),
        (replace(VOTE, answer_a="Same.", answer_b="Same."), "trl-preference", "equal_texts"),
        (replace(VOTE, answer_a=""), "openai-preference", "erased"),
        (replace(VOTE, answer_a=" "), "arena-battles", "erased"),
        (replace(VOTE, context=()), "trl-prompt-only", "no_prompt"),
        (replace(VOTE, context=CONTEXT[:2]), "trl-sft", "no_prompt"),
        (replace(THUMB, value=-1), "trl-sft", "undecided"),
        (replace(THUMB, value=0), "trl-unpaired-preference", "undecided"),
    ],
)
def test_what_fits_no_row_is_left_out_with_its_reason(sample: Any, name: str, reason: str) -> None:
    with pytest.raises(LeftOut) as left:
        FORMATS[name].rows_of(sample)
    assert left.value.reason == reason


def test_every_row_has_the_columns_of_its_form() -> None:
    for form in FORMATS.values():
        for sample in (VOTE, THUMB, NOTE):
            rows = form.rows_of(sample)
            assert bool(rows) == (type(sample) in form.of), form.name
            for row in rows:
                assert not form.columns or list(row) == list(form.columns), form.name


def test_a_name_cannot_be_led_back_without_the_key() -> None:
    names = Pseudonyms(b"k" * 32)
    assert names.of("ana") == names.of("ana") != names.of("ben")
    assert names.of("ana") != Pseudonyms(b"l" * 32).of("ana")
    assert "ana" not in names.of("ana")
    with pytest.raises(ValueError, match="at least"):
        Pseudonyms(b"short")


def test_what_leads_to_a_person_is_taken_out() -> None:
    text = "Write to ana.b@example.org or +49 170 1234567, see https://x.example/a?b, 10.0.0.7."
    assert Redaction(("email", "phone", "url", "ip")).text(text) == (
        "Write to [email] or [phone], see [url] [ip]."
    )
    told = Redaction(("email",)).sample(replace(VOTE, answer_a="ana@example.org"))
    assert isinstance(told, Judged)
    assert told.answer_a == "[email]"
    assert told.answer_b == VOTE.answer_b


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"formats": ["csv"]}, "format: 'csv'"),
        ({"formats": []}, "format: choose"),
        ({"formats": ["ratings"], "votes": "some"}, "votes: 'some'"),
        ({"formats": ["ratings"], "where": {"colour": "red"}}, "where: 'colour'"),
        ({"formats": ["ratings"], "redact": ["names"]}, "redact: 'names'"),
        ({"formats": ["ratings"], "shard_rows": 0}, "shard_rows"),
        ({"formats": ["ratings"], "after": 9, "until": 3}, "from must"),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_refused_by_name(
    wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(Invalid, match=named):
        Order(**wrong)
