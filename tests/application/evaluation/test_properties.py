"""What holds for all votes, whatever they are."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from application.evaluation.approval import wilson
from application.evaluation.bradley_terry import fit, gradient, kept
from application.evaluation.eligibility import Effective, Policy, Reason, effective, judged
from application.evaluation.elo import elo
from application.evaluation.identified import identified
from application.evaluation.leaks import leaked, prompt_key
from application.evaluation.ranks import ranks
from application.evaluation.table import Entry, table
from application.evaluation.votes import OUTCOMES, Action, Bout, Counts, Game
from tests.application.evaluation.worlds import START

PATIENT = settings(deadline=None)  # a busy machine is no mistake
MODELS = st.sampled_from("uvwxyz")
GAMES = st.lists(st.builds(Game, MODELS, MODELS, st.sampled_from(OUTCOMES)), max_size=60)
POLICY = Policy(prompt_votes_max=3, voter_day_votes_max=4)
VOTERS, BATTLES = st.sampled_from("abc"), st.sampled_from([f"b{n}" for n in range(9)])
BOUTS = st.dictionaries(
    BATTLES,
    st.builds(
        Bout,
        st.just(""),
        model_a=st.sampled_from("xy"),
        model_b=st.sampled_from("yz"),
        blind=st.integers(0, 9).map(bool),
        complete=st.integers(0, 9).map(bool),
        leaked=st.integers(0, 9).map(lambda n: n == 0),
        prompt=st.sampled_from([b"p", b"q"]),
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Action]:
    kinds = st.sampled_from(["cast", "cast", "change", "retract"])
    acts = []
    for position in range(draw(st.integers(0, 40))):
        kind = draw(kinds)
        acts.append(
            Action(
                position,
                draw(VOTERS),
                draw(BATTLES),
                kind,  # type: ignore[arg-type]
                None if kind == "retract" else draw(st.sampled_from(OUTCOMES)),
                after_reveal=kind == "change" and draw(st.booleans()),
                at=START + timedelta(hours=draw(st.integers(0, 60))),
            )
        )
    return acts


def plainly_effective(acts: list[Action]) -> list[Effective]:
    """Every (voter, battle) by itself, from the end."""
    found = []
    for voter, battle in {(each.voter, each.battle) for each in acts}:
        said = [
            each
            for each in acts
            if (each.voter, each.battle) == (voter, battle)
            and not (each.kind == "change" and each.after_reveal)
        ]
        if said and said[-1].kind != "retract":
            last = said[-1]
            assert last.winner is not None
            found.append(Effective(last.position, voter, battle, last.winner, last.at))
    return sorted(found)


def plain_reason(
    vote: Effective, accepted: list[tuple[Effective, Bout]], bout: Bout | None
) -> Reason | None:
    """The rules one after the other, counting anew for each vote."""
    if bout is None:
        return "unknown_battle"
    pair = {bout.model_a, bout.model_b}
    mine = [(v, b) for v, b in accepted if v.voter == vote.voter]
    same = [b for _, b in accepted if b.prompt == bout.prompt]
    rules: list[tuple[Reason, bool]] = [
        ("self_pair", len(pair) == 1),
        ("not_blind", not bout.blind),
        ("incomplete", not bout.complete),
        ("identity_leak", bout.leaked),
        (
            "duplicate_prompt",
            any(b.prompt == bout.prompt and {b.model_a, b.model_b} == pair for _, b in mine),
        ),
        ("prompt_cap", len(same) >= 3),
        ("voter_daily_cap", sum(v.at.date() == vote.at.date() for v, _ in mine) >= 4),
    ]
    return next((reason for reason, fits in rules if fits), None)


@PATIENT
@given(histories(), BOUTS, st.sets(VOTERS))
def test_verdicts_are_those_of_the_rules_read_one_by_one(
    acts: list[Action], bouts: dict[str, Bout], flagged: set[str]
) -> None:
    votes = effective(reversed(acts))
    assert votes == plainly_effective(acts)
    accepted: list[tuple[Effective, Bout]] = []
    for verdict in judged(votes, bouts, POLICY, flagged):
        bout = bouts.get(verdict.vote.battle)
        expected = plain_reason(verdict.vote, accepted, bout)
        if expected is None and bout is not None:
            accepted.append((verdict.vote, bout))
            expected = "flagged_voter" if verdict.vote.voter in flagged else None
        assert verdict.reason == expected


@PATIENT
@given(histories())
def test_who_takes_everything_back_never_voted(acts: list[Action]) -> None:
    others = [each for each in acts if each.voter != "a"]
    back = [
        replace(each, position=100 + n, kind="retract", winner=None)
        for n, each in enumerate(acts)
        if each.voter == "a"
    ]
    assert effective([*acts, *back]) == effective(others)


@PATIENT
@given(GAMES)
def test_a_rating_is_given_only_where_one_exists(votes: list[Game]) -> None:
    counts = Counts.of(votes)
    names = identified(counts)
    found = fit(kept(counts).only(names))
    assert np.abs(gradient(kept(counts).only(names), found.strengths)).max(initial=0) < 1e-6
    for each in table(counts):
        assert (each.rating is None) == (each.model not in names)
        assert (each.reason is None) == (each.model in names)
        assert each.provisional == (each.battles < 30)
        if each.rating is not None:
            assert each.lower is not None
            assert each.upper is not None
            assert each.lower <= each.rating <= each.upper
    assert {each.model for each in table(counts)} == {
        name for v in votes if v.model_a != v.model_b for name in (v.model_a, v.model_b)
    }


@PATIENT
@given(GAMES)
def test_the_order_of_votes_changes_nothing(votes: list[Game]) -> None:
    assert table(Counts.of(votes)) == table(Counts.of(votes[::-1]))


@PATIENT
@given(GAMES)
def test_who_can_be_compared_is_what_graphs_say(votes: list[Game]) -> None:
    counts = Counts.of(votes)
    size = len(counts.models)
    beat = np.zeros((size, size))
    for a, b, (won, lost, *ties) in zip(counts.a, counts.b, counts.n, strict=True):
        beat[a, b], beat[b, a] = won + sum(ties), lost + sum(ties)
    if not size:
        assert identified(counts) == ()
        return
    _, labels = connected_components(csr_matrix(beat), connection="strong")
    sizes = Counter(labels.tolist())
    found = identified(counts)
    largest = max(sizes.values())
    assert len(found) == (largest if largest > 1 else 0)
    assert len({int(labels[counts.models.index(each)]) for each in found}) <= 1


def test_long_ways_need_no_recursion() -> None:
    count = 3_000
    called = [f"m{index:04}" for index in range(count)]
    ring = [Game(a, b, "model_a") for a, b in zip(called, called[1:] + called[:1], strict=True)]
    assert identified(Counts.of(ring)) == tuple(called)
    assert identified(Counts.of(ring[:-1])) == ()


@PATIENT
@given(GAMES, GAMES)
def test_counts_can_be_added_and_taken_away(first: list[Game], second: list[Game]) -> None:
    one, two = Counts.of(first), Counts.of(second)
    both = Counts.of([*first, *second])
    assert list(one.plus(two).rows()) == list(both.rows())
    assert list(both.less(two).rows()) == list(one.rows())
    assert both.less(two).models == one.models


@PATIENT
@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0, 9)), max_size=12))
def test_a_rank_counts_who_is_surely_better(ends: list[tuple[float, float]]) -> None:
    lower = np.array([low for low, _ in ends])
    upper = np.array([low + width for low, width in ends])
    expected = [1 + sum(other > mine for other in lower) for mine in upper]
    assert ranks(lower, upper).tolist() == expected


@PATIENT
@given(GAMES)
def test_elo_gives_to_one_what_it_takes_from_another(votes: list[Game]) -> None:
    found = elo(votes)
    assert sum(found.values()) == pytest.approx(1_000 * len(found))


@PATIENT
@given(st.integers(0, 500), st.integers(0, 500))
def test_shares_stay_shares(up: int, down: int) -> None:
    share, lower, upper = wilson(up, up + down)
    assert 0 <= lower <= upper <= 1
    assert up + down == 0 or lower - 1e-12 <= share <= upper + 1e-12


@PATIENT
@given(st.text(), st.sampled_from(["", " ", "x", "_", "-", "\n", "é", "."]))
def test_a_name_is_found_only_as_a_whole_word(around: str, sign: str) -> None:
    assert leaked(f"{around} ACME {around}", ["acme"])
    inside = sign.isalnum() or sign == "_"
    assert leaked(f"{sign}acme{sign}", ["acme"]) != inside


@PATIENT
@given(st.text())
def test_prompts_are_the_same_whatever_the_blanks(prompt: str) -> None:
    assert prompt_key(prompt) == prompt_key(f"\n {prompt}\t")
    assert prompt_key(prompt) == prompt_key("  ".join(prompt.split(" ")))


def test_a_table_of_nothing_is_empty() -> None:
    found: list[Entry] = table(Counts.of([]))
    assert found == []
