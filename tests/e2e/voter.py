"""A voter in a process of his own: fights battles, votes, changes his mind, is told the names.

`python -m tests.e2e.voter URL TOKEN SEED COUNT` writes a line of JSON for each battle as it was
in the end, and for each act with its place in the log.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

from tests.bench.client import Api

BATTLES = "/api/v1/arena/battles"
WINNERS = ("model_a", "model_b", "tie", "both_bad")
QUESTIONS = ("Why is the sky blue?", "  why IS the sky\tblue?", "Tell me a joke")


@dataclass(frozen=True, slots=True)
class Voter:
    """Somebody who may vote."""

    api: Api
    chance: random.Random

    async def fight(self, number: int) -> None:
        """One battle, from the question to the names."""
        own = f"Question {number} of {self.chance.random()}"
        prompt = self.chance.choice([own, own, own, *QUESTIONS])
        begun = await self.api.post(BATTLES, {"prompt": prompt, "pool": "arena"})
        path = f"{BATTLES}/{begun['battle_id']}"
        (await self.api.call("GET", f"{path}/stream", sink=lambda _: None)).expect(200)
        first, second = self.chance.sample(WINNERS, 2)
        await self._act("POST", path, "cast", first)
        kind = self.chance.random()
        if kind < 0.2:
            await self._act("PUT", path, "change", second)
        elif kind < 0.3:
            await self._act("DELETE", path, "retract")
        if 0.25 < kind < 0.35:
            await self._act("POST", path, "cast", second)
        revealed = await self.api.post(f"{path}/reveal")
        if kind > 0.9:
            await self._act("DELETE", path, "retract")
            (await self.api.call("PUT", f"{path}/vote", {"winner": second})).expect(409)
        headers = {"Read-After": str(revealed["position"])}
        tell("battle", (await self.api.call("GET", path, headers=headers)).expect(200))

    async def _act(self, method: str, path: str, action: str, winner: str | None = None) -> None:
        body = {"winner": winner} if winner else None
        told = (await self.api.call(method, f"{path}/vote", body)).expect(200)
        line = {"seq": told["position"], "tstamp": time.time(), "action": action}
        more = {"battle_id": path.rpartition("/")[2], "winner": winner}
        tell("act", {**line, **more, "after_reveal": False})


def tell(kind: str, what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **what}) + "\n")


async def main(url: str, token: str, seed: str, count: str) -> None:
    voter = Voter(Api(url, token), random.Random(seed))
    for number in range(int(count)):
        await voter.fight(number)
    voter.api.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
