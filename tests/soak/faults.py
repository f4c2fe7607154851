"""Rounds: several answers are on their way, something is killed, and all must come right."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.bench.client import Api
from tests.bench.upstream import is_whole
from tests.product import Product, kill
from tests.soak.people import Following, GaveUp, Person, Question

END_SECONDS_MAX = 15.0
ANSWERS_EACH = 4
MODELS = ("t50-n100", "t20-n40", "t100-n200", "t20-n60")
TERM_MODELS = ("t20-n60", "t50-n100", "t20-n100", "t20-n400")  # the last one needs a successor
POST_PAUSE_SECONDS = 0.1
LOOK_SECONDS_MAX = 5.0


@dataclass(slots=True)
class Round:
    """What one round showed."""

    fault: str
    seed: int
    patience: float  # how many seconds after the restart an answer may take to end
    answers: int = 0
    questions: list[Question] = field(default_factory=list)
    returns: int = 0
    restarts: int = 0
    not_completed: int = 0
    ends: list[float] = field(default_factory=list)  # seconds after the restart
    back: float = 0.0  # how long the product was away, where we had to start it
    violations: list[str] = field(default_factory=list)


async def kill_role(product: Product, role: str) -> float:
    """Kill one role; its supervisor is to start it again."""
    pids = [product.postmaster()] if role == "postgres" else product.pids(role)
    assert pids, f"There is no {role}."
    kill(pids)
    return time.monotonic()


async def kill_all(product: Product) -> float:
    """A power cut, and a start."""
    product.kill()
    await asyncio.to_thread(product.start)
    return time.monotonic()


async def terminate(product: Product) -> float:
    """An orderly end, and a start."""
    await asyncio.to_thread(product.stop)
    await asyncio.to_thread(product.start)
    return time.monotonic()


FAULTS: dict[str, Callable[[Product], Awaitable[float]]] = {
    "web": lambda product: kill_role(product, "web"),
    "worker": lambda product: kill_role(product, "worker"),
    "valkey": lambda product: kill_role(product, "valkey-server"),
    "postgres": lambda product: kill_role(product, "postgres"),
    "everything": kill_all,
    "SIGTERM": terminate,
}


async def one_round(
    product: Product, token: str, fault: str, seed: int, *, patience: float = END_SECONDS_MAX
) -> Round:
    """Ask, read, break something, and look whether all came right."""
    told = Round(fault, seed, patience)
    rng = random.Random(seed)
    person = Person(Api(product.url, token), rng)
    try:
        await play(product, person, told)
    except (GaveUp, AssertionError, TimeoutError) as error:
        told.violations.append(f"{type(error).__name__}: {str(error)[:300]}")
    finally:
        person.api.close()
    return told


async def play(product: Product, person: Person, told: Round) -> None:
    """The round itself."""
    began = time.monotonic()
    chat_id = await person.new_chat(f"{told.fault} {told.seed}")
    models = TERM_MODELS if told.fault == "SIGTERM" else MODELS
    asking = [person.ask(chat_id, models[n % 4], parent_id=None) for n in range(ANSWERS_EACH)]
    questions = await asyncio.gather(*asking)
    readers = [
        asyncio.create_task(person.follow(each, fickle=fickle))
        for each in questions
        for fickle in (False, True)
    ]
    posting = asyncio.create_task(keep_posting(person, chat_id))
    await asyncio.sleep(person.rng.uniform(0.1, 1.5))
    broken = time.monotonic()
    restarted = await FAULTS[told.fault](product)
    told.back = restarted - broken
    longest = max(each.tokens / int(each.model[1:].split("-")[0]) for each in questions)
    limit = told.patience + (longest if told.fault == "SIGTERM" else 0)
    _, late = await asyncio.wait(readers, timeout=restarted + limit - time.monotonic())
    person.deadline = time.monotonic() + LOOK_SECONDS_MAX
    posting.cancel()
    await asyncio.wait([posting])
    told.answers, told.questions = len(questions), person.acknowledged
    note_late(told, late, began)
    seen = [each.result() for each in readers if each not in late]
    for each in seen:
        note(told, each, restarted)
    await look(person, told, questions, seen)
    await look_at_posted(person, told)


def note_late(told: Round, late: set[asyncio.Task[Following]], began: float) -> None:
    """Readers that are still waiting."""
    for each in late:
        each.cancel()
    if late:
        told.violations.append(
            f"{len(late)} readers had no end {time.monotonic() - began:.0f} s after the question"
        )


def note(told: Round, seen: Following, restarted: float) -> None:
    """What a reader saw."""
    told.ends.append(max(0.0, seen.ended_at - restarted))
    told.returns += seen.returns
    told.restarts += seen.restarts
    told.violations += [f"a reader: {each}" for each in seen.problems]


async def keep_posting(person: Person, chat_id: str) -> None:
    """Somebody goes on asking, whatever happens."""
    while True:
        await person.ask(chat_id, "instant", parent_id=None)
        await asyncio.sleep(POST_PAUSE_SECONDS)


async def look(
    person: Person, told: Round, questions: list[Question], seen: list[Following]
) -> None:
    """Whether every long answer is whole, and each reader has seen exactly it."""
    for question in questions:
        stored = await until_ended(person, question)
        if stored is None:
            told.violations.append(f"the answer {question.answer_id} is gone or stuck")
            continue
        status, content = stored
        if status != "completed":
            told.not_completed += 1
            if told.fault == "SIGTERM":
                told.violations.append(f"an answer is {status} after SIGTERM")
        late = await asyncio.wait_for(person.follow(question), END_SECONDS_MAX)
        for each in (late, *(one for one in seen if one.question is question)):
            compare(told, each, status, content)


def compare(told: Round, seen: Following, status: str, content: str) -> None:
    """What a reader has put together is what is stored, to the last character."""
    if (seen.end, seen.text) != (status, content):
        told.violations.append(
            f"a reader with {seen.returns} returns and {seen.restarts} new beginnings saw "
            f"{seen.end} {around(seen.text, content)}, stored is {status}"
        )


def around(text: str, content: str) -> str:
    """Where two texts part."""
    place = next((n for n, (a, b) in enumerate(zip(text, content)) if a != b), None)  # noqa: B905
    place = min(len(text), len(content)) if place is None else place
    start = max(0, place - 20)
    return (
        f"{len(text)} of {len(content)} characters, other from {place} on: "
        f"{text[start : place + 30]!r} not {content[start : place + 30]!r}"
    )


async def until_ended(person: Person, question: Question) -> tuple[str, str] | None:
    """Status and text of an ended answer; the read model may need a moment."""
    end = min(time.monotonic() + END_SECONDS_MAX, person.deadline)
    while True:
        stored = await person.message(question, question.answer_id)
        if stored is not None and stored["status"] not in ("queued", "running"):
            return stored["status"], stored["content"]
        if time.monotonic() > end:
            return None
        await asyncio.sleep(0.1)


async def look_at_posted(person: Person, told: Round) -> None:
    """Whether every acknowledged question is there and every answer to it ended."""
    for each in person.acknowledged:
        stored = await person.message(each, each.id)
        if stored is None or stored["content"] != each.content:
            told.violations.append(f"the acknowledged message {each.id} is lost")
            continue
        answer = await until_ended(person, each)
        if answer is None:
            told.violations.append(f"the answer {each.answer_id} never ended")
        elif answer[0] == "completed" and not is_whole(answer[1], each.mark, each.tokens):
            told.violations.append(f"a completed answer is not whole: {answer[1][-80:]!r}")
