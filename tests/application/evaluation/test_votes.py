"""Which votes count, which models can be compared, and the table that follows."""

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from application.evaluation.approval import wilson
from application.evaluation.bradley_terry import SCALE, strengths_of
from application.evaluation.eligibility import Policy, effective, judged
from application.evaluation.elo import elo
from application.evaluation.identified import identified
from application.evaluation.influence import pulls
from application.evaluation.leaks import aliases_of, leaked, prompt_key
from application.evaluation.ranks import ranks
from application.evaluation.sampling import Pool, TooFew, draw, draw_one, informative, weighted
from application.evaluation.style_of import style_of
from application.evaluation.table import Choice, table
from application.evaluation.voters import suspicions
from application.evaluation.votes import Action, Bout, Counts, Game
from tests.application.evaluation.worlds import START, day, games, names, said

BOUT = Bout("b", "x", "y", prompt="p")


def act(position: int, voter: str = "ana", battle: str = "b", **more: object) -> Action:
    what = {"kind": "cast", "winner": "model_a", "after_reveal": False, "at": START} | more
    return Action(position, voter, battle, **what)  # type: ignore[arg-type]


def test_the_last_act_decides_and_none_after_the_reveal() -> None:
    acts = [
        act(1),
        act(2, kind="change", winner="tie"),
        act(3, kind="change", winner="model_b", after_reveal=True),
        act(4, voter="ben"),
        act(5, voter="ben", kind="retract", winner=None, after_reveal=True),
        act(6, voter="cid", kind="retract", winner=None),
        act(7, voter="cid", kind="cast", winner="both_bad"),
    ]
    assert [(each.place, each.voter, each.winner) for each in effective(acts)] == [
        (2, "ana", "tie"),
        (7, "cid", "both_bad"),
    ]


@pytest.mark.parametrize(
    ("bout", "reason"),
    [
        (None, "unknown_battle"),
        (replace(BOUT, model_b="x", blind=False), "self_pair"),
        (replace(BOUT, blind=False, complete=False), "not_blind"),
        (replace(BOUT, complete=False, leaked=True), "incomplete"),
        (replace(BOUT, leaked=True), "identity_leak"),
        (BOUT, None),
    ],
)
def test_the_first_reason_that_fits_is_told(bout: Bout | None, reason: str | None) -> None:
    (verdict,) = judged(effective([act(1)]), {"b": bout} if bout else {}, Policy())
    assert verdict.reason == reason


def test_caps_count_what_was_accepted() -> None:
    bouts = {
        f"b{n}": Bout(f"b{n}", "x", f"y{n}", prompt="same" if n < 30 else f"p{n}")
        for n in range(90)
    }
    acts = [act(n + 1, voter=f"v{n}", battle=f"b{n}") for n in range(25)]
    reasons = [each.reason for each in judged(effective(acts), bouts, Policy())]
    assert reasons == [None] * 20 + ["prompt_cap"] * 5
    freed = [*acts, act(26, voter="v3", battle="b3", kind="retract", winner=None)]
    reasons = [each.reason for each in judged(effective(freed), bouts, Policy())]
    assert reasons == [None] * 20 + ["prompt_cap"] * 4
    many = [act(n + 1, battle=f"b{n + 30}", at=START + timedelta(minutes=n)) for n in range(60)]
    reasons = [each.reason for each in judged(effective(many), bouts, Policy())]
    assert reasons == [None] * 50 + ["voter_daily_cap"] * 10
    spread = [replace(each, at=day(each.position % 2)) for each in many]
    assert not any(each.reason for each in judged(effective(spread), bouts, Policy()))


def test_the_same_prompt_counts_once_for_a_pair_and_voter() -> None:
    bouts = {
        "b1": Bout("b1", "x", "y", prompt="p"),
        "b2": Bout("b2", "y", "x", prompt="p"),
        "b3": Bout("b3", "x", "z", prompt="p"),
    }
    acts = [act(n, battle=f"b{n}") for n in (1, 2, 3)]
    found = judged(effective(acts), bouts, Policy())
    assert [each.reason for each in found] == [None, "duplicate_prompt", None]
    trusted = judged(effective(acts), bouts, Policy(), flagged=["ana"])
    assert [each.reason for each in trusted] == [
        "flagged_voter",
        "duplicate_prompt",
        "flagged_voter",
    ]


def test_prompts_and_names_are_compared_as_people_read_them() -> None:
    assert prompt_key(" \uff28ello\tWORLD ") == prompt_key("hello world")
    assert prompt_key("hello world") != prompt_key("hello, world")
    assert aliases_of("acme-one", "Acme") == ["Acme", "acme", "acme-one"]
    assert aliases_of("acme/one-large", "", ["one"]) == ["acme/one", "acme/one-large", "one"]
    for text in ("I am ACME-One.", "acme", "(Acme)"):
        assert leaked(text, aliases_of("acme-one", "Acme"))
    for text in ("acmes", "macme", "acme_one", ""):
        assert not leaked(text, ["acme"])
    assert not leaked("anything", [])


def test_looks_are_counted_outside_of_code() -> None:
    text = "# Tea\n\n- **hot**\n1. cold\n\n```\n# no header\n- no item\n```\n"
    found = style_of(text)
    assert (found.headers, found.lists, found.bold) == (1, 2, 1)
    assert style_of("One two, three.").tokens == 5


def test_models_that_cannot_be_compared_have_no_rating() -> None:
    assert table(Counts.of([])) == []
    one = table(Counts.of([Game("x", "y", "model_a")]))
    assert [(each.model, each.rating, each.reason) for each in one] == [
        ("x", None, "not_identified"),
        ("y", None, "not_identified"),
    ]
    ties = table(Counts.of([Game("x", "y", "tie")] * 3))
    assert [(each.rating, each.rank, each.provisional) for each in ties] == [
        (1000.0, 1, True),
        (1000.0, 1, True),
    ]
    islands = [
        *games(4, 400),
        *(Game(f"far-{v.model_a}", f"far-{v.model_b}", v.winner) for v in games(3, 300)),
    ]
    found = {each.model: each.rating for each in table(Counts.of(islands))}
    assert all(found[name] is not None for name in names(4))
    assert all(found[f"far-{name}"] is None for name in names(3))
    champion = [*games(4, 400), *[Game("champion", name, "model_a") for name in names(4)] * 9]
    ranked = {each.model: each for each in table(Counts.of(champion))}
    assert ranked["champion"].rating is None
    assert ranked["champion"].wins == 36
    assert ranked["model-00"].rating is not None
    assert table(Counts.of([Game("x", "x", "model_a")])) == []


def test_the_largest_part_is_taken_whatever_the_order() -> None:
    votes = games(5, 300)
    expected = identified(Counts.of(votes))
    assert expected == tuple(names(5))
    random.Random(1).shuffle(votes)
    assert identified(Counts.of(votes)) == expected


def test_tallies_and_ranks_add_up() -> None:
    votes = games(6, 2_000)
    found = table(Counts.of(votes))
    assert sum(each.wins for each in found) == sum(each.losses for each in found)
    assert sum(each.battles for each in found) == 2 * len(votes)
    assert [each.rank for each in found] == sorted(each.rank or 0 for each in found)
    assert found[0].rank == 1
    overlapping = ranks(np.array([10.0, 8.0, 0.0]), np.array([12.0, 11.0, 7.0]))
    assert overlapping.tolist() == [1, 1, 3]
    drawn = table(Counts.of(votes), Choice(rounds=50, seed=3))
    for each, other in zip(found, drawn, strict=True):
        assert each.rating == other.rating
        assert each.lower is not None
        assert other.lower == pytest.approx(each.lower, abs=12)


def test_elo_is_what_twenty_lines_say() -> None:
    votes = games(5, 700)
    plain = dict.fromkeys(names(5), 1000.0)
    for vote in votes:
        a, b = vote.model_a, vote.model_b
        score = {"model_a": 1.0, "model_b": 0.0}.get(vote.winner, 0.5)
        expected = 1 / (1 + 10 ** ((plain[b] - plain[a]) / 400))
        plain[a] += 4 * (score - expected)
        plain[b] -= 4 * (score - expected)
    found = elo(votes, k=4)
    assert max(abs(found[name] - plain[name]) for name in plain) < 1e-6
    decided = [each for each in votes if each.winner in ("model_a", "model_b")]
    assert elo(votes, ties="drop_all") == pytest.approx(elo(decided))


def test_shares_have_wilsons_interval() -> None:
    share, lower, upper = wilson(8, 10)
    assert (share, lower, upper) == pytest.approx((0.8, 0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 0) == (0.0, 0.0, 1.0)
    assert wilson(0, 5)[1] == 0.0


def test_whoever_stuffs_the_ballot_is_found_and_nobody_else() -> None:
    dice = random.Random(5)
    called = names(8)
    cast: dict[str, list[Game]] = {}
    for voter in range(60):
        votes = cast.setdefault(f"honest-{voter}", [])
        for _ in range(40):
            a, b = dice.sample(range(8), 2)
            votes.append(Game(called[a], called[b], said(dice, a, b, 8)))
    for voter in range(3):
        votes = cast.setdefault(f"stuffer-{voter}", [])
        for _ in range(60):
            b = dice.randrange(7)
            votes.append(Game(called[7], called[b], "model_a"))
    contrary = cast.setdefault("contrary", [])
    for _ in range(80):
        a, b = sorted(dice.sample(range(8), 2))
        contrary.append(Game(called[a], called[b], "model_b"))
    cast["newcomer"] = [Game(called[7], called[0], "model_a")] * 19
    found = suspicions(cast)
    assert {each.voter for each in found if each.is_flagged} == {
        "stuffer-0",
        "stuffer-1",
        "stuffer-2",
        "contrary",
    }
    assert max(each.score for each in found if each.voter.startswith("honest")) < 5
    assert "newcomer" not in {each.voter for each in found}
    assert suspicions({}) == []


def test_draws_can_be_done_again_and_obey_weights() -> None:
    pool = Pool(names(4), weights={"model-03": 0.0}, outages=["model-02"])
    assert pool.live == ["model-00", "model-01"]
    sides = {draw(pool, seed).model_a for seed in range(40)}
    assert sides == {"model-00", "model-01"}
    for seed in range(5):
        assert draw(Pool(names(6)), seed) == draw(Pool(names(6)), seed)
    with pytest.raises(TooFew):
        draw(Pool(["only"]), 1)
    with pytest.raises(TooFew):
        draw_one(Pool([]), 1)
    heavy = Pool(names(4), targets=["model-01"])
    pairs = [("model-00", "model-01"), ("model-02", "model-03")]
    assert weighted(heavy, pairs)[0] > weighted(heavy, pairs)[1]
    often = [draw_one(heavy, seed)[0] for seed in range(400)].count("model-01")
    assert 200 < often < 300  # five of eight
    found = [draw(Pool(names(3)), seed) for seed in range(600)]
    shares = [each.probability for each in found]
    assert shares == pytest.approx([1 / 3] * 600)


def test_informative_draws_look_where_least_is_known() -> None:
    votes = [
        each for each in games(4, 4_000) if {each.model_a, each.model_b} != {"model-00", "model-01"}
    ]
    few = [each for each in votes if "model-03" not in (each.model_a, each.model_b)] + [
        Game("model-03", "model-02", "tie"),
    ] * 4
    pairs = [(a, b) for i, a in enumerate(names(4)) for b in names(4)[i + 1 :]]
    chances = dict(zip(pairs, informative(pairs, Counts.of(few)), strict=True))
    assert min(chances.values()) >= 0.05 / len(pairs) - 1e-12
    assert sum(chances.values()) == pytest.approx(1)
    with_newest = sum(share for pair, share in chances.items() if "model-03" in pair)
    assert with_newest > 0.8
    assert informative(pairs, Counts.of([])) == pytest.approx([1 / 6] * 6)


@pytest.mark.parametrize(("votes", "close"), [(400, 0.01), (100, 0.06)])
def test_influence_is_what_leaving_a_vote_out_does(votes: int, close: float) -> None:
    counts = Counts.of(games(5, votes))
    strengths = strengths_of(counts)
    for each in pulls(counts, "model-02")[:10]:
        a, b = counts.models.index(each.model_a), counts.models.index(each.model_b)
        (pair,) = np.flatnonzero((counts.a == a) & (counts.b == b))
        less = counts.n.copy()
        less[pair, ["model_a", "model_b", "tie", "both_bad"].index(each.winner)] -= 1
        after = strengths_of(counts.with_counts(less))
        change = SCALE * (after[2] - after.mean() - strengths[2] + strengths.mean())
        assert each.change == pytest.approx(change, rel=close)


def test_a_model_without_a_rating_has_no_influence() -> None:
    champion = Counts.of(
        [*games(4, 400), *[Game("champion", name, "model_a") for name in names(4)]]
    )
    assert pulls(champion, "champion") == []
    assert pulls(champion, "nobody") == []
    assert pulls(champion, "model-01") == pulls(Counts.of(games(4, 400)), "model-01")
