"""What sinks are told: in which words, signed how, and what they are never told."""

import json
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest

from application.exporting.pseudonyms import Pseudonyms
from application.pushing.items import Happened, Item, Telling
from application.pushing.otlp import logs
from application.pushing.webhooks import key_of, message_id, results, secret_of, signed
from domain.aggregate import Aggregate
from domain.battles import Battle, Side, Winner
from domain.errors import Invalid
from domain.ratings import Opinion, Rating

OWNER, CHAT, ANSWER, OTHER, BATTLE = (UUID(int=n) for n in range(1, 6))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TELLING = Telling(Pseudonyms(b"k" * 32))
RUN = {"attempt": 1, "model": "m1", "base_model": "m1"}


def told(*aggregates: Aggregate) -> list[Item | None]:
    """What is told of the news of aggregates, event by event."""
    found: list[Item | None] = []
    for each in aggregates:
        events = [event for event in each.pending_events if isinstance(event, Aggregate.Event)]
        for n, event in enumerate(events, 1):
            found.append(TELLING.item(Happened(10 + len(found), event, events[:n])))
    return found


def battle(*, blind: bool = True, sides: str = "ab") -> Battle:
    fought = Battle.start(
        BATTLE,
        owner=OWNER,
        chat_id=CHAT,
        question_id=UUID(int=9),
        sides={slot: Side(UUID(int=20 + n), f"secret-{slot}", []) for n, slot in enumerate(sides)},
        draw=None,
        entry="",
        blind=blind,
        prompt_key="",
    )
    for slot in sides:
        fought.finish_side("a" if slot == "a" else "b", "complete", style={}, leaked=False)
    return fought


def attributes(record: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in record["attributes"]}


def records(items: list[Item]) -> list[dict[str, Any]]:
    (resource,) = logs(items)["resourceLogs"]
    (scope,) = resource["scopeLogs"]
    found: list[dict[str, Any]] = scope["logRecords"]
    return found


def test_a_rating_is_told_as_it_was_given_changed_and_withdrawn() -> None:
    rating = Rating.give(
        owner=OWNER,
        chat_id=CHAT,
        answer_id=ANSWER,
        opinion=Opinion(1, 9, ["accurate"], "Good.", ["maths"]),
        **RUN,
    )
    rating.change(Opinion(-1), **RUN)
    rating.withdraw()
    given, changed, withdrawn = told(rating)
    assert given
    assert changed
    assert withdrawn
    assert (given["type"], given["value"], given["score"], given["comment"]) == (
        "rating.given",
        1,
        9,
        "Good.",
    )
    assert (given["model"], given["response_id"]) == ("m1", str(ANSWER))
    assert given["voter"] == changed["voter"] == Pseudonyms(b"k" * 32).of(str(OWNER))
    assert (withdrawn["type"], withdrawn["value"], withdrawn["response_id"]) == (
        "rating.withdrawn",
        None,
        str(ANSWER),
    )
    assert len({each["id"] for each in (given, changed, withdrawn)}) == 3
    assert str(OWNER) not in json.dumps([given, changed, withdrawn])


def test_votes_are_told_once_the_models_are_named() -> None:
    fought = battle()
    fought.cast(Winner.TIE, by=OWNER)
    fought.cast(Winner.MODEL_A, by=OWNER)
    assert not any(told(fought))
    fought.reveal()
    fought.retract(by=OWNER)
    *hidden, named, retracted = told(fought)
    assert not any(hidden)
    assert named
    assert retracted
    assert (named["type"], named["winner"], named["blind"]) == ("vote.cast", "model_a", True)
    assert named["responses"]["b"] == {"response_id": str(UUID(int=21)), "model": "secret-b"}
    assert (retracted["type"], retracted["winner"]) == ("vote.retracted", None)


def test_known_models_are_told_with_every_vote_and_single_ones_never() -> None:
    open_ = battle(blind=False)
    open_.cast(Winner.MODEL_B, by=OWNER)
    open_.cast(Winner.BOTH_BAD, by=OWNER)
    open_.retract(by=OWNER)
    kinds = [each["type"] for each in told(open_) if each]
    assert kinds == ["vote.cast", "vote.changed", "vote.retracted"]
    alone = battle(sides="a")
    alone.reveal()
    unjudged = battle()
    unjudged.reveal()
    assert not any(told(alone)) and not any(told(unjudged))  # noqa: PT018


def test_a_rating_is_an_evaluation_result() -> None:
    rating = Rating.give(
        owner=OWNER,
        chat_id=CHAT,
        answer_id=ANSWER,
        opinion=Opinion(-1, 2, ["lazy", "style"], "Short.", ["maths"]),
        **RUN,
    )
    rating.withdraw()
    given, withdrawn = records([each for each in told(rating) if each])
    assert given["eventName"] == "gen_ai.evaluation.result"
    assert given["timeUnixNano"].isdigit() and len(given["timeUnixNano"]) == 19  # noqa: PT018
    found = attributes(given)
    assert found["gen_ai.evaluation.name"] == "rating"
    assert found["gen_ai.evaluation.score.value"] == -1.0
    assert found["gen_ai.evaluation.score.label"] == "down"
    assert found["gen_ai.evaluation.explanation"] == "lazy, style: Short."
    assert found["gen_ai.response.id"] == str(ANSWER)
    assert (found["gen_ai.request.model"], found["quire.evaluation.score"]) == ("m1", "2")
    gone = attributes(withdrawn)
    assert gone["gen_ai.evaluation.score.label"] == "withdrawn"
    assert "gen_ai.evaluation.score.value" not in gone


@pytest.mark.parametrize(
    ("winner", "expected"),
    [
        (Winner.MODEL_A, [(1.0, "win"), (0.0, "loss")]),
        (Winner.MODEL_B, [(0.0, "loss"), (1.0, "win")]),
        (Winner.TIE, [(0.5, "tie"), (0.5, "tie")]),
        (Winner.BOTH_BAD, [(0.0, "both_bad"), (0.0, "both_bad")]),
    ],
)
def test_a_vote_is_a_result_for_each_answer(
    winner: Winner, expected: list[tuple[float, str]]
) -> None:
    fought = battle(blind=False)
    fought.cast(winner, by=OWNER)
    found = [attributes(each) for each in records([each for each in told(fought) if each])]
    value, label = "gen_ai.evaluation.score.value", "gen_ai.evaluation.score.label"
    assert [(each[value], each[label]) for each in found] == expected
    assert [each["gen_ai.response.id"] for each in found] == [
        str(UUID(int=20)),
        str(UUID(int=21)),
    ]
    assert len({each["quire.evaluation.id"] for each in found}) == 2


def test_a_message_is_signed_as_the_published_example() -> None:
    body = b'{"test": 2432232314}'
    found = signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert found["webhook-timestamp"] == "1614265330"


def test_the_same_items_are_the_same_message() -> None:
    items = [{"id": "x-1", "at": "2026-01-01T00:00:00Z"}, {"id": "x-2", "at": "y"}]
    assert message_id(CHAT, items) == message_id(CHAT, items)
    assert message_id(CHAT, items) != message_id(CHAT, items[:1])
    assert message_id(CHAT, items) != message_id(OTHER, items)
    assert results(items)["timestamp"] == "y"


@pytest.mark.parametrize(
    "secret",
    ["", "short", "whsec_", "whsec_!!!", f"whsec_{b64encode(b'x' * 23).decode()}", "whsec_é"],
)
def test_a_secret_that_signs_nothing_is_refused(secret: str) -> None:
    with pytest.raises(Invalid):
        key_of(secret)
    assert key_of(secret_of(b"x" * 32)) == b"x" * 32
