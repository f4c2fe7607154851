"""Battles and votes for measuring, and their way into a product."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.prose import prose
from tests.product import ROOT, Product, environment

START = 1_700_000_000
BATTLE_SECONDS = 1_920  # nobody who votes on every battle meets the limit of a day
MODELS = 20
WINNERS = ("model_a",) * 4 + ("model_b",) * 4 + ("tie", "both_bad")
SEED = 11


@dataclass(frozen=True, slots=True)
class Plan:
    """How much there is: everybody votes on each battle."""

    battles: int
    voters: int
    answer_characters: int = 400

    @property
    def votes(self) -> int:
        return self.battles * self.voters

    def write(self, folder: Path) -> None:
        """The files of the interchange format."""
        for name, lines in (("battles", self.all_battles()), ("votes", self.all_votes())):
            with (folder / f"{name}.jsonl").open("w") as file:
                file.writelines(json.dumps(each) + "\n" for each in lines)

    def all_battles(self) -> Iterator[dict[str, Any]]:
        chance = random.Random(SEED)
        text = prose(chance, 40 * self.answer_characters)
        for number in range(self.battles):
            a, b = chance.sample(range(MODELS), 2)
            place = chance.randrange(len(text) - 2 * self.answer_characters)
            middle, end = place + self.answer_characters, place + 2 * self.answer_characters
            yield {
                "battle_id": f"b{number}",
                "tstamp": START + number * BATTLE_SECONDS,
                "model_a": f"m{a:02}",
                "model_b": f"m{b:02}",
                "blind": True,
                "category": "code" if number % 3 else "maths",
                "language": "en",
                "prompt": f"Question {number}: {text[place : place + 80]}",
                "response_a": text[place:middle],
                "response_b": text[middle:end],
            }

    def all_votes(self) -> Iterator[dict[str, Any]]:
        chance = random.Random(SEED)
        for number in range(self.votes):
            battle, voter = divmod(number, self.voters)
            yield {
                "seq": number + 1,
                "tstamp": START + battle * BATTLE_SECONDS + voter + 1,
                "voter": f"v{voter}",
                "battle_id": f"b{battle}",
                "action": "cast",
                "winner": chance.choice(WINNERS),
            }


def quire(product: Product, *words: str) -> "subprocess.Popen[bytes]":
    """A command beside a running product."""
    return subprocess.Popen(
        [sys.executable, "-m", "interfaces.cli.main", *words],
        cwd=ROOT,
        env={**environment(), "QUIRE_DATA": str(product.folder), "QUIRE_LOG_LEVEL": "warning"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def done(process: "subprocess.Popen[bytes]") -> float:
    """How many seconds until it ended well."""
    began = time.perf_counter()
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()[-2000:]
    return time.perf_counter() - began


def imported(product: Product, folder: Path, space: str = "") -> float:
    """Import the files; how many seconds that took."""
    files = ("--battles", str(folder / "battles.jsonl"), "--votes", str(folder / "votes.jsonl"))
    return done(quire(product, "import", "arena", *files, "--space", space))
