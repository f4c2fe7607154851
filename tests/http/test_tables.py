"""Tables of a simulated arena beside those of other means: every choice there is."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from application.importing.arena import Source, known_aliases
from application.imports import Import
from application.ports import SYSTEM
from infrastructure.evaluation.lines import LoggedStreams
from infrastructure.lines import Lines
from tests import arena_reference as other
from tests.arena_reference import Numbers, Vote
from tests.arena_sets import CATEGORIES, LANGUAGES, START, STUFFERS, ArenaSet, an_act, simulated
from tests.world import Person, World

BOARD = "/evaluations/leaderboard"
BATTLES = 900
OFTEN = 70  # more than 50 votes of one pair, so that weighting matters
RATING_OFF_MAX = 0.5
BOUND_OFF_MAX = 1.5
WEIGHT_OFF_MAX = 1e-3
ELO_OFF_MAX = 1e-6
WIDE = "\N{FULLWIDTH LATIN CAPITAL LETTER W}hat  is\u2003love?"
TALLIES = ("wins", "losses", "ties", "both_bad")


@dataclass(slots=True)
class Checked:
    """One table, and all that is wrong with it."""

    name: str
    board: dict[str, Any]
    problems: list[str] = field(default_factory=list)

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        return {each["model"]: each for each in self.board["entries"]}

    def same(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.problems.append(f"{self.name}: {what} {found}, not {expected}")

    def near(self, what: str, found: float | None, expected: float, most: float) -> None:
        if found is None or abs(found - expected) > most:
            self.problems.append(f"{self.name}: {what} {found}, not {expected}")

    def totals(self, votes: Sequence[Vote]) -> None:
        """How many votes there are, and why some do not count."""
        reasons = Counter(each.reason or "" for each in votes)
        accepted = reasons.pop("", 0)
        totals = self.board["totals"]
        voters = len({each.voter for each in votes})
        found = [totals[name] for name in ("votes", "accepted", "dropped", "voters")]
        self.same("totals", found, [len(votes), accepted, dict(reasons), voters])

    def tallies(self, votes: Sequence[Vote]) -> None:
        """Who won how often; nobody else is named."""
        expected = other.tallied(votes)
        self.same("models", set(self.entries), set(expected))
        for model, each in self.entries.items():
            found = {name: each[name] for name in TALLIES if each[name]}
            self.same(f"tallies of {model}", found, dict(expected[model]))
            self.same(f"battles of {model}", each["battles"], expected[model].total())

    def numbers(self, expected: Numbers) -> None:
        """Ratings, intervals and ranks; who cannot be compared has none."""
        order = other.ranked(expected)
        for model, each in self.entries.items():
            if model not in expected:
                found = [each[name] for name in ("rating", "lower", "upper", "rank", "reason")]
                self.same(model, found, [None] * 4 + ["not_identified"])
                continue
            rating, lower, upper = expected[model]
            self.near(f"rating of {model}", each["rating"], rating, RATING_OFF_MAX)
            self.near(f"lower end of {model}", each["lower"], lower, BOUND_OFF_MAX)
            self.near(f"upper end of {model}", each["upper"], upper, BOUND_OFF_MAX)
            self.same(f"rank of {model}", each["rank"], order[model])


def troubled() -> ArenaSet:
    """The simulated arena with an island, one who never loses, and acts in an odd order."""
    data = simulated(BATTLES)
    names = sorted(each["name"] for each in data.models)
    pairs = [("north-1", "south-1")] * 3 + [("best-1", name) for name in names[:6]]
    pairs += [(names[0], names[1])] * 3 + [(names[2], names[3])] * OFTEN
    for number, (a, b) in enumerate(pairs):
        prompt = WIDE if number % 2 else "What is LOVE?"
        prompt = prompt if (a, b) == (names[0], names[1]) else f"More {number}"
        data.battles.append(more_battle(data, f"more-{number}", (a, b), prompt))
    for name in ("north-1", "south-1", "best-1"):
        data.models.append({"name": name, "vendor": f"{name} works", "aliases": [name.upper()]})
    acts = [an_act(f"late-{n}", f"more-{n}", "cast", "model_a", at(n)) for n in range(9)]
    acts[1]["winner"] = "model_b"
    acts += [an_act("twice", f"more-{n}", "cast", "model_b", at(n)) for n in (9, 10, 11)]
    acts += list(odd_acts())
    acts += [
        an_act(f"fan-{n % 9}", f"more-{12 + n}", "cast", "model_b" if n % 9 else "tie", at(30 + n))
        for n in range(OFTEN)
    ]
    data.votes += [{**each, "seq": len(data.votes) + n} for n, each in enumerate(acts, 1)]
    return data


def at(number: int) -> float:
    return START + BATTLES * 180 + 10 * number


def more_battle(data: ArenaSet, key: str, pair: tuple[str, str], prompt: str) -> dict[str, Any]:
    """A battle in which nothing is wrong."""
    return {
        **data.battles[0],
        "battle_id": key,
        "model_a": pair[0],
        "model_b": pair[1],
        "prompt": prompt,
        "blind": True,
        "response_a": "As everywhere, northward.",
        "response_b": "My vendor is unknown.",
        "status_a": "complete",
        "status_b": "complete",
    }


def odd_acts() -> Iterator[dict[str, Any]]:
    """A change of nothing, a vote that came back, one that was taken back after the reveal."""
    yield an_act("changer", "more-9", "change", "tie", at(20))
    for action, winner in (("cast", "model_a"), ("retract", None), ("cast", "model_b")):
        yield an_act("back", "more-10", action, winner, at(21))
    yield an_act("gone", "more-11", "cast", "model_a", at(22))
    yield {**an_act("gone", "more-11", "retract", None, at(23)), "after_reveal": True}
    yield {**an_act("gone", "more-11", "change", "tie", at(24)), "after_reveal": True}


async def taken_over(world: World, data: ArenaSet, space: str = "club") -> None:
    """Import it as `quire import arena` does."""
    source = Source(SYSTEM.id, space, space or "club", known_aliases(data.models))
    services = world.services
    taking = Import(services.log, LoggedStreams(Lines(services.pool)))
    for lines, reading in ((data.battles, source.battle), (data.votes, source.vote)):
        report = await taking.run(enumerate(lines, 1), reading)
        assert (report.imported, report.broken) == (len(lines), 0)
    async with asyncio.timeout(60):
        await world.settle()


async def read(ana: Person, query: str) -> Checked:
    response = await ana.get(f"{BOARD}?space=club{query}")
    assert response.status_code == 200, response.text
    return Checked(query or "overall", response.json())


def where(votes: Sequence[Vote], **wanted: str) -> list[Vote]:
    """The votes on battles of a kind."""
    return [
        each
        for each in votes
        if all(str((each.battle or {}).get(name, "")) == value for name, value in wanted.items())
    ]


def between(votes: Sequence[Vote], since: float, until: float) -> list[Vote]:
    return [each for each in votes if since <= each.at < until]


def rfc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


Choice = tuple[str, list[Vote], str, bool]


def choices(data: ArenaSet) -> Iterator[Choice]:
    """What is asked, the votes it is about, the policy on ties, and whether pairs are even."""
    votes = other.verdicts(data)
    yield "", votes, "half", False
    yield "&votes=all", other.without_caps(votes), "half", False
    for ties in ("drop_both_bad", "drop_all"):
        yield f"&ties={ties}", votes, ties, False
        yield f"&ties={ties}&weighting=pair&votes=all", other.without_caps(votes), ties, True
    yield "&weighting=pair", votes, "half", True
    for category in CATEGORIES:
        yield f"&category={category}", where(votes, category=category), "half", False
    for language in LANGUAGES[:2]:
        yield f"&language={language}", where(votes, language=language), "half", False
        both = where(votes, language=language, category="code")
        yield f"&language={language}&category=code&ties=drop_all", both, "drop_all", False
    since, until = at(-12_000), at(-4_000)
    yield f"&from={rfc(since)}&until={rfc(until)}", between(votes, since, until), "half", False
    for seq in (0, 1, 40, 333, len(data.votes) - 3, len(data.votes)):
        yield f"&as_of=import:club@{seq}", other.verdicts(data, seq), "half", False
    then = where(other.verdicts(data, 700), category="maths")
    yield "&as_of=import:club@700&category=maths&weighting=pair", then, "half", True


async def test_every_choice_agrees_with_an_independent_fit(world: World) -> None:
    data = troubled()
    await taken_over(world, data)
    ana = await world.admin()
    problems = []
    for query, votes, ties, even in choices(data):
        checked = await read(ana, query)
        checked.totals(votes)
        checked.tallies(votes)
        checked.numbers(other.fitted(votes, ties, even=even))
        problems += checked.problems
    problems += await places(ana, data)
    problems += await trusted(ana, data)
    problems += await looks(ana, data)
    problems += await online(ana, data)
    assert problems == []


async def places(ana: Person, data: ArenaSet) -> list[str]:
    """Tables as of positions of the log, and as of times."""
    problems = []
    page = (await ana.get("/evaluations/votes?space=club&limit=100")).json()["items"]
    table = (await ana.get("/evaluations/votes?space=club&format=csv")).text.splitlines()[1:]
    found = [(int(row.split(",")[0]), row.split(",")[3]) for row in table]
    expected = [(each.seq, each.reason or "") for each in other.verdicts(data)]
    if found != expected:
        problems.append("verdicts differ")
    moments = [(str(page[row]["place"]), page[row]["seq"]) for row in (9, 60, 99)]
    moments += [(str(page[0]["place"] - 1), 0)]
    for seq in (500, 1_100):
        moment = data.votes[seq - 1]["tstamp"]
        later = next(each["seq"] for each in data.votes if each["tstamp"] > moment)
        moments.append((rfc(moment), later - 1))
    for moment, seq in moments:
        votes = other.verdicts(data, seq)
        checked = await read(ana, f"&as_of={moment}")
        checked.totals(votes)
        checked.tallies(votes)
        checked.numbers(other.fitted(votes))
        problems += checked.problems
    return problems


async def trusted(ana: Person, data: ArenaSet) -> list[str]:
    """Tables without the votes of odd voters, who are those that were planted."""
    votes = other.verdicts(data)
    odd = other.odd_voters(votes)
    assert odd == set(STUFFERS)
    voters = (await ana.get("/evaluations/voters?space=club")).json()["items"]
    assert {each["voter"] for each in voters if each["flagged"]} == odd
    kept = [
        replace(each, reason="flagged_voter") if each.reason is None and each.voter in odd else each
        for each in votes
    ]
    checked = await read(ana, "&votes=trusted")
    checked.totals(kept)
    checked.tallies(kept)
    checked.numbers(other.fitted(kept))
    return checked.problems


async def looks(ana: Person, data: ArenaSet) -> list[str]:
    """Tables in which looks do not count, with their weights."""
    problems = []
    votes = other.verdicts(data)
    for query, chosen, ties in (
        ("&style=on", votes, "half"),
        ("&style=on&ties=drop_all&category=code", where(votes, category="code"), "drop_all"),
        ("&style=on&as_of=import:club@800", other.verdicts(data, 800), "half"),
    ):
        checked = await read(ana, query)
        numbers, weights = other.styled(chosen, ties)
        checked.totals(chosen)
        checked.tallies(chosen)
        checked.numbers(numbers)
        for name, weight in weights.items():
            checked.near(name, checked.board["weights"][name], weight, WEIGHT_OFF_MAX)
        problems += checked.problems
    return problems


async def online(ana: Person, data: ArenaSet) -> list[str]:
    """Elo ratings at several places."""
    problems = []
    for seq in (1, 2, 250, 999, len(data.votes)):
        votes = other.verdicts(data, seq)
        for k, ties in ((32.0, "half"), (4.0, "drop_all"), (16.0, "drop_both_bad")):
            query = f"&method=elo&k={k:g}&ties={ties}&as_of=import:club@{seq}"
            checked = await read(ana, query)
            expected = other.elo(votes, k, ties)
            checked.totals(votes)
            checked.tallies(votes)
            numbers = sorted(expected.values(), reverse=True)
            for model, rating in expected.items():
                each = checked.entries[model]
                checked.near(f"rating of {model}", each["rating"], rating, ELO_OFF_MAX)
                checked.same(f"rank of {model}", each["rank"], 1 + numbers.index(rating))
            problems += checked.problems
    return problems
