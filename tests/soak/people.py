"""Good clients: they ask again with the same ids when a line breaks, and come back to answers."""

import asyncio
import json
import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.bench.client import Api, Event, Reply
from tests.bench.upstream import script

PATIENCE_SECONDS = 45.0
PAUSE_SECONDS = 0.15
TRY_SECONDS_MAX = 15.0
AGAIN = (502, 503)


class GaveUp(Exception):
    """Even a patient client got no answer."""


@dataclass(slots=True)
class Question:
    """A question that was acknowledged, and its answer as far as it is known."""

    id: str
    chat_id: str
    content: str
    model: str
    mark: str
    answer_id: str
    position: int
    acknowledged: float

    @property
    def tokens(self) -> int:
        plan = script(self.model)
        assert plan is not None
        return plan.tokens


@dataclass(slots=True)
class Following:
    """What one reader has seen of an answer, over all his returns."""

    question: Question
    text: str = ""
    last_id: str = ""
    end: str = ""
    ended_at: float = 0.0
    returns: int = -1
    restarts: int = 0
    problems: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        data: Mapping[str, Any] = json.loads(event.data)
        if self.end:
            self.problems.append(f"{event.kind} after done")
        if event.id:
            self.last_id = event.id
        if event.kind == "delta":
            self.text += data["text"]
        elif event.kind == "restarted":
            self.text = ""
            self.restarts += 1
        elif event.kind == "done":
            self.end = data["status"]
            self.ended_at = time.monotonic()


@dataclass(slots=True)
class Person:
    """One client with his own lines."""

    api: Api
    rng: random.Random
    tries: int = 0
    deadline: float = math.inf  # until when it is worth waiting for an end
    acknowledged: list[Question] = field(default_factory=list)

    async def insist(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """The same request until somebody answers it."""
        end = time.monotonic() + PATIENCE_SECONDS
        why = "nothing"
        while time.monotonic() < end:
            try:
                async with asyncio.timeout(TRY_SECONDS_MAX):
                    reply = await self.api.call(method, path, body, headers=headers)
            except TimeoutError:
                raise GaveUp(f"{method} {path} hung for {TRY_SECONDS_MAX} s") from None
            except OSError as error:
                why = f"{type(error).__name__}: {error}"
            else:
                if reply.status not in AGAIN:
                    return reply
                why = f"{reply.status}: {reply.body[:200]!r}"
            self.tries += 1
            await asyncio.sleep(PAUSE_SECONDS * (0.5 + self.rng.random()))
        raise GaveUp(f"{method} {path}: {why}")

    async def new_chat(self, title: str) -> str:
        key = self.new_id()
        reply = await self.insist("POST", "/api/v1/chats", {"id": key, "title": title})
        reply.expect(201)
        return key

    async def ask(self, chat_id: str, model: str, **place: Any) -> Question:
        """A question with an id of our own, so that asking again changes nothing."""
        key, mark = self.new_id(), f"m{self.rng.getrandbits(40):010x}"
        content = f"What do you say? #{mark}"
        body = {"id": key, "content": content, "models": [model], **place}
        path = f"/api/v1/chats/{chat_id}/messages"
        reply = await self.insist("POST", path, body)
        told = reply.expect(202)
        answers = told["answers"]
        if len(answers) != 1:
            raise AssertionError(f"One answer was asked for, {len(answers)} came.")
        question = Question(
            key, chat_id, content, model, mark, answers[0]["id"], told["position"], time.monotonic()
        )
        self.acknowledged.append(question)
        return question

    async def follow(self, question: Question, *, fickle: bool = False) -> Following:
        """Read an answer to its end, coming back as often as it takes."""
        seen = Following(question)
        path = f"/api/v1/answers/{question.answer_id}/stream"
        while not seen.end:
            seen.returns += 1
            headers = {"read-after": str(question.position)}
            if seen.last_id:
                headers["last-event-id"] = seen.last_id
            stay = self.rng.uniform(0.05, 0.8) if fickle else None
            try:
                async with asyncio.timeout(stay):
                    reply = await self.api.call("GET", path, sink=seen.take, headers=headers)
            except (OSError, TimeoutError):
                await asyncio.sleep(PAUSE_SECONDS * self.rng.random())
                continue
            if reply.status not in (200, *AGAIN):
                seen.problems.append(f"{reply.status}: {reply.body[:200]!r}")
                break
            await asyncio.sleep(PAUSE_SECONDS * self.rng.random())
        return seen

    async def message(self, question: Question, key: str) -> dict[str, Any] | None:
        """A message as it is stored; None: there is none."""
        path = f"/api/v1/chats/{question.chat_id}/messages/{key}"
        headers = {"read-after": str(question.position)}
        reply = await self.insist("GET", path, headers=headers)
        if reply.status == 404:
            return None
        found: dict[str, Any] = reply.expect(200)
        return found

    def new_id(self) -> str:
        """A UUID that the seed decides, so rounds can be repeated."""
        return str(UUID(int=self.rng.getrandbits(128), version=4)) if self.rng else str(uuid4())
