"""Choices for evaluation as programs read them."""

from typing import Any
from uuid import UUID

import pytest

from application.command import carry_out
from application.evaluation_settings import (
    ArenaEntry,
    ChangeEvaluationSettings,
    EvaluationSettings,
    evaluation_settings,
    settings_of,
    values_of,
)
from application.ports import SYSTEM, Actor
from domain.errors import Forbidden, Invalid
from infrastructure.memory_log import MemoryLog


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"arena": 3}, "arena must be an object."),
        ({"areas": {}}, "areas is not known here. There are: ratings, arena, policy."),
        ({"ratings": {"enabled": 1}}, "ratings.enabled must be true or false."),
        ({"arena": {"pacing": "fast"}}, "arena.pacing must be one of: lockstep, free."),
        ({"arena": {"votes_minute_max": 0}}, "arena.votes_minute_max must be between 1"),
        ({"arena": {"weights": []}}, "arena.weights must be an object"),
        ({"arena": {"weights": {"m": -1}}}, "arena.weights.m must be between 0 and 1000."),
        ({"arena": {"weights": {"m": True}}}, "arena.weights.m must be between 0 and 1000."),
        ({"arena": {"entries": "arena"}}, "arena.entries must be a list"),
        ({"arena": {"entries": [3]}}, "arena.entries.0 must be an object."),
        ({"arena": {"entries": [{"id": "gpt"}]}}, "arena.entries.0.id must be arena, or arena-"),
        ({"arena": {"entries": [{"id": "arena-A"}]}}, "arena.entries.0.id must be arena, or"),
        ({"arena": {"entries": [{"name": ""}]}}, "arena.entries.0.name has 1 to 100"),
        ({"arena": {"entries": [{}, {}]}}, "arena.entries: every entry needs an id of its own."),
        ({"policy": {"prompt_votes_max": 0}}, "policy.prompt_votes_max must be between 1"),
    ],
)
def test_what_does_not_fit_is_named(values: Any, said: str) -> None:
    with pytest.raises(Invalid, match=r".+") as refused:
        settings_of(values)
    assert str(refused.value).startswith(said)


def test_values_and_settings_say_the_same() -> None:
    values = {"arena": {"entries": [{"id": "arena-x", "name": "X"}], "weights": {"m": 2}}}
    found = settings_of(values)
    assert settings_of(values_of(found)) == found
    assert settings_of(values_of(EvaluationSettings())) == EvaluationSettings()
    assert found.arena.entry("arena-x") == ArenaEntry("arena-x", "X")
    assert found.arena.entry("arena") is None


async def test_choices_are_made_by_administrators_and_kept() -> None:
    log = MemoryLog()
    assert await evaluation_settings(log) == EvaluationSettings()
    change = ChangeEvaluationSettings({"arena": {"pacing": "free"}})
    with pytest.raises(Forbidden):
        await carry_out(change, log=log, actor=Actor(UUID(int=10)))
    await carry_out(change, log=log, actor=SYSTEM)
    caps = ChangeEvaluationSettings({"policy": {"prompt_votes_max": 3}})
    found = (await carry_out(caps, log=log, actor=SYSTEM)).result
    assert (found.arena.pacing, found.policy.version) == ("free", 2)
    await carry_out(caps, log=log, actor=SYSTEM)
    kept = await evaluation_settings(log)
    assert (kept.policy.prompt_votes_max, kept.policy.version) == (3, 2)
    assert [each.type for each in await log.read(0)] == [
        "evaluation_settings.opened",
        "evaluation_settings.changed",
        "leaderboard_policy.changed",
    ]


@pytest.mark.parametrize("values", [{"policy": {"version": 7}}, {"arena": 3}, {"areas": {}}])
async def test_what_cannot_be_chosen_is_refused(values: Any) -> None:
    with pytest.raises(Invalid):
        await carry_out(ChangeEvaluationSettings(values), log=MemoryLog(), actor=SYSTEM)
