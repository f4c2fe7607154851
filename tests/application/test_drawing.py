"""Who is drawn, and why the same draw can be done again."""

from collections import Counter
from uuid import UUID

import pytest

from application.arena import names_of
from application.drawing import Lots, seed_of
from application.evaluation.votes import Counts
from application.evaluation_settings import Arena, ArenaEntry
from application.ports import ModelInfo
from domain.errors import Conflict, Invalid

CONNECTION = UUID(int=1)
MODELS = [ModelInfo(each, each, CONNECTION, "openai") for each in ("a-1", "b-2", "c-3", "d-4")]
READER = ModelInfo("reader", "Reader", CONNECTION, "reader")


def test_the_same_seed_draws_the_same_pair() -> None:
    lots = Lots(MODELS, Arena(), "")
    assert lots.pair(42) == Lots(list(reversed(MODELS)), Arena(), "arena").pair(42)
    drawn = {tuple(each.model for each in lots.pair(seed).contestants) for seed in range(200)}
    assert len(drawn) == 12  # every pair, both ways round


def test_what_was_drawn_from_is_recorded() -> None:
    found = Lots([READER, *MODELS], Arena(outages=("d-4",)), "").pair(7)
    assert found.draw.pool == ["a-1", "b-2", "c-3"]
    assert (found.draw.sampler, found.draw.seed, found.entry) == ("weighted", 7, "arena")
    assert found.draw.probability == pytest.approx(1 / 3)


def test_weights_and_entries_count() -> None:
    entry = ArenaEntry("arena-x", "X", include=("a-1", "b-2", "c-3"), exclude=("c-3",))
    arena = Arena(entries=(ArenaEntry(), entry), weights={"a-1": 9.0})
    lots = Lots(MODELS, arena, "arena-x")
    alone = Counter(lots.alone(seed).contestants[0].model for seed in range(500))
    assert set(alone) == {"a-1", "b-2"}
    assert alone["a-1"] > 400
    assert lots.alone(1).draw.probability in (0.9, 0.1)


def test_where_there_are_no_entries_all_fight() -> None:
    assert Lots(MODELS, Arena(entries=()), "").is_worth_it
    with pytest.raises(Invalid):
        Lots(MODELS, Arena(entries=()), "arena")


def test_what_is_known_of_votes_guides_the_draw() -> None:
    counts = Counts.of_rows([("a-1", "b-2", "tie", 500.0), ("c-3", "d-4", "tie", 500.0)])
    found = Lots(MODELS, Arena(sampler="informative"), "").pair(1, counts)
    assert found.draw.sampler == "informative"
    blind = Lots(MODELS, Arena(sampler="informative"), "").pair(1)
    assert blind.draw.sampler == "weighted"  # nothing is known, and that is said


@pytest.mark.parametrize("models", [[], [READER], MODELS[:1]])
def test_too_few_models_are_no_pair(models: list[ModelInfo]) -> None:
    lots = Lots(models, Arena(), "")
    assert not lots.is_worth_it
    with pytest.raises(Conflict) as refused:
        lots.pair(1)
    assert refused.value.more == {"code": "too_few_models"}


def test_nobody_is_no_one() -> None:
    with pytest.raises(Conflict):
        Lots([], Arena(), "").alone(1)


def test_a_seed_cannot_be_foretold_without_the_secret() -> None:
    key = UUID(int=5)
    assert seed_of(b"x", key) == seed_of(b"x", key)
    assert len({seed_of(b"x", key), seed_of(b"y", key), seed_of(b"x", key, "1")}) == 3
    assert 0 <= seed_of(b"x", key) < 2**48


def test_a_model_is_known_by_many_names() -> None:
    names = set(names_of("up.openai/gpt-4o:latest", "openai/gpt-4o:latest"))
    assert {"openai", "gpt-4o", "gpt", "gpt-4o:latest", "openai/gpt-4o:latest"} <= names
    assert set(names_of("llama3")) == {"llama3"}
