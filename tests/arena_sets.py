"""A simulated arena: models of known strengths, honest voters, stuffers, and all that goes wrong.

`python -m tests.arena_sets FOLDER` writes models.json, battles.jsonl and votes.jsonl; the same
seed writes the same bytes.
"""

import json
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START = 1_760_000_000.0
STRENGTHS = {f"maker{n}-chat-{n}": 1.2 - 0.3 * n for n in range(9)}
FAVOURITE = "maker8-chat-8"
CATEGORIES = ("code", "maths", "writing")
LANGUAGES = ("en", "de", "fr")
VOTERS = 60
STUFFERS = ("stuffer-1", "stuffer-2")
WORDS = ("apples", "rivers", "stones", "clouds", "numbers", "letters", "engines", "gardens")


@dataclass(slots=True)
class ArenaSet:
    """The lines of the three files."""

    models: list[dict[str, Any]] = field(default_factory=list)
    battles: list[dict[str, Any]] = field(default_factory=list)
    votes: list[dict[str, Any]] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        (folder / "models.json").write_text(json.dumps(self.models))
        for name, lines in (("battles", self.battles), ("votes", self.votes)):
            with (folder / f"{name}.jsonl").open("w") as file:
                file.writelines(json.dumps(each) + "\n" for each in lines)


def words_of(folder: Path) -> list[str]:
    """How `quire import arena` is told the three files of a folder."""
    files = {"models": "models.json", "battles": "battles.jsonl", "votes": "votes.jsonl"}
    return [word for name, file in files.items() for word in (f"--{name}", str(folder / file))]


def simulated(count: int = 1_500, seed: int = 7) -> ArenaSet:
    """Battles with their votes; about one in twelve is wrong in some way."""
    chance = random.Random(seed)
    found = ArenaSet([{"name": name, "vendor": f"{name}-works"} for name in STRENGTHS])
    for number in range(count):
        at = START + number * 180.0
        battle = a_battle(chance, number, at)
        found.battles.append(battle)
        for act in acts(chance, battle, at):
            found.votes.append({"seq": len(found.votes) + 1, **act})
    found.votes.append(
        {"seq": len(found.votes) + 1, **an_act("voter-0", "nowhere", "cast", "tie", START)}
    )
    return found


def a_battle(chance: random.Random, number: int, at: float) -> dict[str, Any]:
    a, b = chance.sample(sorted(STRENGTHS), 2)
    if chance.random() < 0.01:
        b = a
    prompt = f"Question {number} about {chance.choice(WORDS)}?"
    if chance.random() < 0.06:
        prompt = chance.choice(["  What is  LIFE? ", "what is life?", "Tell me a joke"])
    response = f"Here are {chance.choice(WORDS)}."
    leak = chance.random() < 0.02
    return {
        "battle_id": f"b{number}",
        "tstamp": at,
        "model_a": a,
        "model_b": b,
        "blind": chance.random() > 0.02,
        "category": chance.choice(CATEGORIES),
        "language": chance.choice(LANGUAGES),
        "prompt": prompt,
        "response_a": f"I am {a.upper()}, at your service." if leak else response,
        "response_b": response,
        "status_a": "error" if chance.random() < 0.01 else "complete",
        "status_b": "aborted" if chance.random() < 0.01 else "complete",
        "style_a": a_style(chance),
        "style_b": a_style(chance),
    }


def a_style(chance: random.Random) -> dict[str, int]:
    return {
        "tokens": chance.randrange(20, 900),
        "headers": chance.randrange(6),
        "lists": chance.randrange(9),
        "bold": chance.randrange(7),
    }


def acts(chance: random.Random, battle: dict[str, Any], at: float) -> Iterator[dict[str, Any]]:
    """One voter casts; sometimes he changes his mind or takes it back. Stuffers help one model."""
    key = battle["battle_id"]
    if FAVOURITE in (battle["model_a"], battle["model_b"]) and chance.random() < 0.6:
        mine = "model_a" if battle["model_a"] == FAVOURITE else "model_b"
        yield an_act(chance.choice(STUFFERS), key, "cast", mine, at + 20)
    voter = f"voter-{int(VOTERS * chance.random() ** 2)}"
    yield an_act(voter, key, "cast", opinion(chance, battle), at + 30)
    kind = chance.random()
    if kind < 0.05:
        change = an_act(voter, key, "change", opinion(chance, battle), at + 60)
        yield {**change, "after_reveal": chance.random() < 0.3}
    elif kind < 0.08:
        yield an_act(voter, key, "retract", None, at + 60)


def opinion(chance: random.Random, battle: dict[str, Any]) -> str:
    if chance.random() < 0.18:
        return chance.choice(["tie", "both_bad"])
    gap = STRENGTHS[battle["model_a"]] - STRENGTHS[battle["model_b"]]
    looks = 0.4 * (battle["style_a"]["tokens"] - battle["style_b"]["tokens"]) / 900
    return "model_a" if chance.random() < 1 / (1 + math.exp(-gap - looks)) else "model_b"


def an_act(voter: str, battle: str, action: str, winner: str | None, at: float) -> dict[str, Any]:
    return {
        "tstamp": at,
        "voter": voter,
        "battle_id": battle,
        "action": action,
        "winner": winner,
        "after_reveal": False,
    }


if __name__ == "__main__":
    simulated().write(Path(sys.argv[1]))
