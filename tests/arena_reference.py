"""The rules and the numbers of tables once more, told plainly, by other means than the product's.

Which votes count is found row by row; ratings come from statsmodels, and from scipy where looks
are taken out.
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import statsmodels.api as sm
from scipy.optimize import minimize

from tests.arena_sets import ArenaSet

SCALE = 400 / math.log(10)
SCORES = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}
SKIPPED = {"half": (), "drop_both_bad": ("both_bad",), "drop_all": ("tie", "both_bad")}
CAPS = ("duplicate_prompt", "prompt_cap", "voter_daily_cap")
LOOKS = ("tokens", "headers", "lists", "bold")
Numbers = dict[str, tuple[float, float, float]]
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one voter says of one battle in the end, and why it does not count."""

    seq: int
    voter: str
    at: float
    winner: str
    battle: Line | None
    reason: str | None = None

    @property
    def a(self) -> str:
        return str(self.battle["model_a"]) if self.battle else ""

    @property
    def b(self) -> str:
        return str(self.battle["model_b"]) if self.battle else ""


def standing(data: ArenaSet, until: int | None = None) -> list[Vote]:
    """The last act of each voter on each battle, in the order of place."""
    battles = {each["battle_id"]: each for each in data.battles}
    last: dict[tuple[str, str], Line] = {}
    for act in data.votes:
        late = act["action"] == "change" and act["after_reveal"]
        if (until is None or act["seq"] <= until) and not late:
            last[act["voter"], act["battle_id"]] = act
    acts = sorted(last.values(), key=lambda act: int(act["seq"]))
    return [
        Vote(act["seq"], act["voter"], act["tstamp"], act["winner"], battles.get(act["battle_id"]))
        for act in acts
        if act["action"] != "retract"
    ]


def verdicts(data: ArenaSet, until: int | None = None) -> list[Vote]:
    """Every vote that stands, with the first reason of the policy that fits."""
    said: set[Any] = set()
    prompts: Counter[str] = Counter()
    days: Counter[Any] = Counter()
    found = []
    for vote in standing(data, until):
        reason = of_battle(vote.battle, data.models)
        if reason is None and vote.battle is not None:
            prompt = " ".join(
                unicodedata.normalize("NFKC", vote.battle["prompt"]).casefold().split()
            )
            day = (vote.voter, datetime.fromtimestamp(vote.at, UTC).date())
            same = (vote.voter, frozenset((vote.a, vote.b)), prompt)
            if same in said:
                reason = "duplicate_prompt"
            elif prompts[prompt] >= 20:
                reason = "prompt_cap"
            elif days[day] >= 50:
                reason = "voter_daily_cap"
            else:
                said.add(same)
                prompts[prompt] += 1
                days[day] += 1
        found.append(replace(vote, reason=reason))
    return found


def of_battle(battle: Line | None, models: Iterable[Line]) -> str | None:
    """The first reason that lies in the battle."""
    if battle is None:
        return "unknown_battle"
    statuses = [battle["status_a"], battle["status_b"]]
    rules = {
        "self_pair": battle["model_a"] == battle["model_b"],
        "not_blind": not battle["blind"],
        "incomplete": statuses != ["complete", "complete"],
        "identity_leak": tells(battle, models),
    }
    return next((name for name, fits in rules.items() if fits), None)


def tells(battle: Line, models: Iterable[Line]) -> bool:
    """Whether an answer names one of both models."""
    words: list[str] = []
    for model in models:
        if model["name"] in (battle["model_a"], battle["model_b"]):
            words += [model["name"], model["name"].split("-")[0], model["vendor"]]
            words += model.get("aliases", [])
    return any(is_said(each, battle[f"response_{slot}"]) for each in words for slot in "ab")


def is_said(word: str, text: str) -> bool:
    """Whether a word stands in a text, with no sign of a word on either side."""
    word, text = word.lower(), f" {text.lower()} "
    place = text.find(word)
    while place >= 0:
        around = text[place - 1] + text[place + len(word)]
        if not any(sign.isalnum() or sign == "_" for sign in around):
            return True
        place = text.find(word, place + 1)
    return False


def counted(votes: Sequence[Vote], ties: str = "half") -> list[Vote]:
    """Votes that count and say something under a policy on ties."""
    return [each for each in votes if each.reason is None and each.winner not in SKIPPED[ties]]


def without_caps(votes: Sequence[Vote]) -> list[Vote]:
    """The same votes where nobody counts how often."""
    return [replace(each, reason=None) if each.reason in CAPS else each for each in votes]


def connected(votes: Sequence[Vote]) -> list[str]:
    """The largest group in which everybody beat everybody, if only by way of others."""
    beaten: dict[str, set[str]] = defaultdict(set)
    for each in votes:
        if each.winner != "model_b":
            beaten[each.a].add(each.b)
        if each.winner != "model_a":
            beaten[each.b].add(each.a)
    names = sorted({name for each in votes for name in (each.a, each.b)})
    reach = {name: {name} for name in names}
    for _ in names:
        for name in names:
            reach[name] |= {far for near in set(reach[name]) for far in beaten[near]}
    groups = [
        [other for other in names if name in reach[other] and other in reach[name]]
        for name in names
    ]
    best = max(groups, key=len, default=[])
    return best if len(best) > 1 else []


def design(votes: Sequence[Vote], names: Sequence[str]) -> tuple[Any, Any]:
    """A row for each vote: 1 for the first model and -1 for the second; and the scores."""
    x = np.zeros((len(votes), len(names)))
    for row, each in enumerate(votes):
        x[row, names.index(each.a)] += 1
        x[row, names.index(each.b)] -= 1
    return x, np.array([SCORES[each.winner] for each in votes])


def fitted(votes: Sequence[Vote], ties: str = "half", *, even: bool = False) -> Numbers:
    """Ratings with the ends of their intervals: a binomial model with robust (HC0) errors."""
    chosen = counted(votes, ties)
    names = connected(chosen)
    chosen = [each for each in chosen if each.a in names and each.b in names]
    if not names:
        return {}
    x, y = design(chosen, names)
    met = Counter(frozenset((each.a, each.b)) for each in chosen)
    weights = [1 / max(met[frozenset((v.a, v.b))], 50) if even else 1.0 for v in chosen]
    model = sm.GLM(y, x[:, 1:], family=sm.families.Binomial(), var_weights=np.array(weights))
    found = model.fit(cov_type="HC0", tol=1e-12, maxiter=200)
    return rated(names, np.array([0, *found.params]), np.pad(found.cov_params(), ((1, 0), (1, 0))))


def rated(names: Sequence[str], strengths: Any, covariance: Any) -> Numbers:
    """Ratings around 1000 and the ends of their intervals, from strengths."""
    size = len(names)
    shift = np.eye(size) - 1 / size
    ratings = 1000 + SCALE * (shift @ strengths)
    errors = 1.959964 * SCALE * np.sqrt(np.diag(shift @ covariance @ shift.T))
    return {
        name: (float(r), float(r - e), float(r + e))
        for name, r, e in zip(names, ratings, errors, strict=True)
    }


def styled(votes: Sequence[Vote], ties: str = "half") -> tuple[Numbers, dict[str, float]]:
    """Ratings with looks taken out, and the weights of looks, by a general optimiser."""
    chosen = counted(votes, ties)
    names = connected(chosen)
    chosen = [each for each in chosen if each.a in names and each.b in names]
    x, y = design(chosen, names)
    x = np.hstack([x[:, 1:], looks(chosen)])
    free = len(names) - 1

    def loss(w: Any) -> tuple[float, Any]:
        z = x @ w
        penalty = np.concatenate([np.zeros(free), 1e-4 * w[free:]])
        value = (np.logaddexp(0, z) - y * z).mean() + 0.5 * penalty @ w
        return value, x.T @ (1 / (1 + np.exp(-z)) - y) / len(y) + penalty

    w = minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-10}).x
    p = 1 / (1 + np.exp(-x @ w))
    bend = x.T @ (x * (p * (1 - p))[:, None])
    bend += len(y) * np.diag([0.0] * free + [1e-4] * len(LOOKS))
    inverse = np.linalg.inv(bend)
    covariance = inverse @ (x.T @ (x * ((y - p) ** 2)[:, None])) @ inverse
    numbers = rated(
        names, np.array([0, *w[:free]]), np.pad(covariance[:free, :free], ((1, 0), (1, 0)))
    )
    return numbers, dict(zip(LOOKS, w[free:].tolist(), strict=True))


def looks(votes: Sequence[Vote]) -> Any:
    """(a - b) / (a + b) of each look, centred and scaled."""
    rows = []
    for each in votes:
        assert each.battle is not None
        a, b = each.battle["style_a"], each.battle["style_b"]
        rows.append([(a[k] - b[k]) / (a[k] + b[k]) if a[k] + b[k] else 0.0 for k in LOOKS])
    found = np.array(rows)
    return (found - found.mean(axis=0)) / found.std(axis=0)


def ranked(numbers: Numbers) -> dict[str, int]:
    """One more than how many are surely better."""
    return {
        name: 1 + sum(low > upper for _, low, _ in numbers.values())
        for name, (_, _, upper) in numbers.items()
    }


def tallied(votes: Sequence[Vote]) -> dict[str, Counter[str]]:
    """How often each model won, lost, tied, and was bad like the other."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for each in counted(votes):
        first, second = {
            "model_a": ("wins", "losses"),
            "model_b": ("losses", "wins"),
            "tie": ("ties", "ties"),
            "both_bad": ("both_bad", "both_bad"),
        }[each.winner]
        found[each.a][first] += 1
        found[each.b][second] += 1
    return found


def elo(votes: Sequence[Vote], k: float = 32.0, ties: str = "half") -> dict[str, float]:
    """Ratings that move with every vote."""
    found: dict[str, float] = {}
    for each in counted(votes):
        a, b = found.setdefault(each.a, 1000.0), found.setdefault(each.b, 1000.0)
        if each.winner not in SKIPPED[ties]:
            moved = k * (SCORES[each.winner] - 1 / (1 + 10 ** ((b - a) / 400)))
            found[each.a], found[each.b] = a + moved, b - moved
    return found


def odd_voters(votes: Sequence[Vote]) -> set[str]:
    """Who votes for one model whatever it says, or against the odds that all others make."""
    chosen = counted(votes)
    often = [name for name, n in Counter(each.voter for each in chosen).items() if n >= 20]
    flagged: set[str] = set()
    for _ in range(6):
        now = {name for name in often if oddness(chosen, name, flagged) > 5}
        if now == flagged:
            break
        flagged = now
    return flagged


def oddness(votes: Sequence[Vote], voter: str, flagged: set[str]) -> float:
    """The largest standardised residual of a voter."""
    others = [each for each in votes if each.voter != voter and each.voter not in flagged]
    strengths = {name: n[0] / SCALE for name, n in fitted(others).items()}
    by_model: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    against = [0.0, 0.0]
    for each in votes:
        if each.voter == voter and each.a in strengths and each.b in strengths:
            p = 1 / (1 + math.exp(strengths[each.b] - strengths[each.a]))
            gap, spread = SCORES[each.winner] - p, p * (1 - p)
            sides = (by_model[each.a], 1), (by_model[each.b], -1)
            for sums, sign in (*sides, (against, 1 if p >= 0.5 else -1)):
                sums[0] += sign * gap
                sums[1] += spread
    scores = [abs(gap) / math.sqrt(spread) for gap, spread in by_model.values() if spread]
    return max([*scores, -against[0] / math.sqrt(against[1]) if against[1] else 0.0])
