"""Many streams at once, in a process of its own: `python -m tests.bench.streams '{...}'`.

The process asks and reads as cheaply as it can, and prints what it saw as JSON.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop

from tests.bench.client import Api, Event
from tests.bench.upstream import is_whole, script

STAMP = re.compile(r"(\d+)@([\d.]+) ")
ROOT = Path(__file__).parent.parent.parent
STARTS_EACH_SECOND = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be streamed: from the product through its chats, or directly."""

    url: str
    model: str
    streams: int = 1
    rounds: int = 1
    token: str = ""
    chats: tuple[str, ...] = ()
    way: str = "direct"  # or "post": one request; or "page": ask, then follow
    seconds_max: float = 120.0


@dataclass(slots=True)
class Seen:
    """What one reader saw of one answer."""

    began: float = 0.0
    first: float = 0.0
    last: float = 0.0
    text: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    end: str = ""
    answer_id: str = ""

    def take(self, text: str) -> None:
        """Some text arrived."""
        now = self.last = time.monotonic()
        if not self.first:
            self.first = now
        self.text.append(text)
        if "@" in text:
            self.delays += [now - float(sent) for _, sent in STAMP.findall(text)]

    def from_upstream(self, event: Event) -> None:
        if event.data == b"[DONE]":
            self.end = "completed"
            return
        for choice in json.loads(event.data)["choices"]:
            if text := choice["delta"].get("content"):
                self.take(text)

    def from_product(self, event: Event) -> None:
        if event.kind == "delta":
            self.take(json.loads(event.data)["text"])
        elif event.kind == "accepted":
            self.answer_id = json.loads(event.data)["answers"][0]["id"]
        elif event.kind == "restarted":
            self.text.clear()
        elif event.kind == "done":
            self.end = json.loads(event.data)["status"]


@dataclass(slots=True)
class Summary:
    """What all readers saw."""

    firsts: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    wholes: list[float] = field(default_factory=list)
    accepts: list[float] = field(default_factory=list)
    tokens: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    client_cpu: float = 0.0


@dataclass(slots=True)
class Run:
    """All streams of one wish."""

    api: Api
    wish: Wish
    total: Summary = field(default_factory=Summary)
    leaves: dict[str, str] = field(default_factory=dict)  # where each chat ends

    def chat(self, number: int) -> str:
        return self.wish.chats[number % len(self.wish.chats)]

    def question(self, number: int, text: str) -> dict[str, Any]:
        """The body of a question at the end of its chat."""
        parent = self.leaves.get(self.chat(number))
        return {
            "id": str(uuid4()),
            "parent_id": parent,
            "content": text,
            "models": [self.wish.model],
        }


async def main(wish: Wish) -> Summary:
    """All streams of all rounds."""
    run = Run(Api(wish.url, wish.token), wish)
    began = time.monotonic()
    for turn in range(wish.rounds):
        tasks = []
        for number in range(wish.streams):
            tasks.append(asyncio.create_task(guarded(run, turn * wish.streams + number)))
            if number % 10 == 9:
                await asyncio.sleep(10 / STARTS_EACH_SECOND)
        await asyncio.gather(*tasks)
    run.total.seconds = time.monotonic() - began
    run.total.client_cpu = time.process_time()
    return run.total


async def guarded(run: Run, number: int) -> None:
    """One stream; what goes wrong is counted."""
    mark = uuid4().hex[:8]
    seen = Seen(began=time.monotonic())
    failures = run.total.failures
    try:
        async with asyncio.timeout(run.wish.seconds_max):
            await WAYS[run.wish.way](run, seen, f"Say something. #{mark}", number)
    except TimeoutError:
        failures.append(f"{sum(map(len, seen.text))} characters at the time limit")
        return
    except (ConnectionError, AssertionError) as error:
        failures.append(f"{type(error).__name__}: {str(error)[:200]}")
        return
    judge(run.wish, seen, mark, run.total)


def judge(wish: Wish, seen: Seen, mark: str, total: Summary) -> None:
    """Whether the answer is whole, to the last character."""
    plan = script(wish.model)
    assert plan is not None
    text = "".join(seen.text)
    if plan.timed:
        whole = [int(place) for place, _ in STAMP.findall(text)] == list(range(plan.tokens))
    else:
        whole = is_whole(text, mark, plan.tokens)
    if not whole or seen.end != "completed":
        total.failures.append(f"{seen.end or 'no end'}, {len(text)} characters: {text[-60:]!r}")
        return
    total.tokens += plan.tokens
    total.firsts.append(seen.first - seen.began)
    total.wholes.append(seen.last - seen.began)
    total.delays += seen.delays


async def direct(run: Run, seen: Seen, question: str, _number: int) -> None:
    """Ask the upstream itself."""
    body = {
        "model": run.wish.model,
        "stream": True,
        "messages": [{"role": "user", "content": question}],
    }
    reply = await run.api.call("POST", "/v1/chat/completions", body, sink=seen.from_upstream)
    assert not reply.body, f"{reply.status}: {reply.body[:300]!r}"


async def post(run: Run, seen: Seen, question: str, number: int) -> None:
    """Ask the product, and read the answer of the same request."""
    path = f"/api/v1/chats/{run.chat(number)}/messages"
    body = run.question(number, question)
    headers = {"accept": "text/event-stream"}
    reply = await run.api.call("POST", path, body, sink=seen.from_product, headers=headers)
    assert not reply.body, f"{reply.status}: {reply.body[:300]!r}"
    run.leaves[run.chat(number)] = seen.answer_id


async def page(run: Run, seen: Seen, question: str, number: int) -> None:
    """Ask the product, then follow the answer with a second request."""
    path = f"/api/v1/chats/{run.chat(number)}/messages"
    accepted = (await run.api.call("POST", path, run.question(number, question))).expect(202)
    run.total.accepts.append(time.monotonic() - seen.began)
    answer = run.leaves[run.chat(number)] = accepted["answers"][0]["id"]
    reply = await run.api.call("GET", f"/api/v1/answers/{answer}/stream", sink=seen.from_product)
    assert not reply.body, f"{reply.status}: {reply.body[:300]!r}"


WAYS = {"direct": direct, "post": post, "page": page}


async def stream(wish: Wish) -> Summary:
    """Have another process do it."""
    words = [sys.executable, "-m", "tests.bench.streams", json.dumps(asdict(wish))]
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return Summary(**json.loads(output))


def read_wish(text: str) -> Wish:
    """The wish of a command line."""
    fields: dict[str, Any] = json.loads(text)
    return Wish(**{**fields, "chats": tuple(fields.get("chats", ()))})


def run(words: Sequence[str]) -> None:
    text = json.dumps(asdict(uvloop.run(main(read_wish(words[0])))))
    print(text)  # noqa: T201 (our caller reads it)


if __name__ == "__main__":
    run(sys.argv[1:])
