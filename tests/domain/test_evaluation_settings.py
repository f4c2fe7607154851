"""Choices for evaluation, and the policy with its version."""

from domain.evaluation_settings import RULES, EvaluationSettings
from tests.scenario import fact, given, memory, news, retold

OPENED = fact(EvaluationSettings.Opened)
BEFORE = {
    "arena": {"enabled": True, "pacing": "lockstep"},
    "policy": {"prompt_votes_max": 20, "voter_day_votes_max": 50, "version": 1},
}


def test_only_what_differs_is_recorded() -> None:
    settings = given(EvaluationSettings, OPENED)
    after = {**BEFORE, "arena": {"enabled": True, "pacing": "free"}}
    settings.change(BEFORE, after)
    settings.change(after, after)
    assert news(settings) == [
        fact(EvaluationSettings.Changed, values={"arena": {"pacing": "free"}})
    ]


def test_other_caps_raise_the_version_of_the_policy() -> None:
    settings = given(EvaluationSettings, OPENED)
    caps = {"prompt_votes_max": 5, "voter_day_votes_max": 50}
    settings.change(BEFORE, {**BEFORE, "policy": {**caps, "version": 1}})
    assert news(settings) == [
        fact(EvaluationSettings.PolicyChanged, version=2, caps=caps, rules=list(RULES))
    ]
    assert settings.values == {"policy": {**caps, "version": 2}}


def test_later_choices_stand_over_earlier_ones() -> None:
    settings = EvaluationSettings.open()
    settings.change(BEFORE, {**BEFORE, "arena": {"enabled": False, "pacing": "lockstep"}})
    settings.change(BEFORE, {**BEFORE, "arena": {"enabled": True, "pacing": "free"}})
    assert settings.values == {"arena": {"enabled": False, "pacing": "free"}}
    assert memory(retold(settings)) == memory(settings)
