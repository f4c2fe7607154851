"""Two clients write into one chat at once: nothing acknowledged is lost, nothing is doubled."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.bench.client import Api
from tests.bench.upstream import is_whole
from tests.product import Product
from tests.soak.faults import until_ended
from tests.soak.people import Person, Question

SETTLE_SECONDS_MAX = 30.0


@dataclass(slots=True)
class Shared:
    """What two clients have done to one chat."""

    chat_id: str
    questions: list[Question] = field(default_factory=list)
    edits: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    refused: int = 0
    violations: list[str] = field(default_factory=list)


async def two_clients(product: Product, token: str, rounds: int, seed: int) -> Shared:
    """So many rounds in which both do something at once, and then a look at everything."""
    people = [Person(Api(product.url, token), random.Random(seed + n)) for n in range(2)]
    shared = Shared(await people[0].new_chat("Two clients"))
    for _ in range(rounds):
        done = await asyncio.gather(*(act(each, shared) for each in people), return_exceptions=True)
        shared.violations += [f"{type(e).__name__}: {e}" for e in done if isinstance(e, Exception)]
    await look(people[0], shared)
    for each in people:
        each.api.close()
    return shared


async def act(person: Person, shared: Shared) -> None:
    """Ask something, or change what was asked; both at times the same."""
    if len(shared.questions) < 2 or person.rng.random() < 0.5:
        shared.questions.append(await person.ask(shared.chat_id, "instant"))
        return
    among = shared.questions[-4:] if person.rng.random() < 0.7 else shared.questions
    target = person.rng.choice(among)
    text = f"Changed {person.rng.getrandbits(40):010x} #{target.mark}"
    path = f"/api/v1/chats/{shared.chat_id}/messages/{target.id}"
    reply = await person.insist("PATCH", path, {"content": text})
    if reply.status == 409:
        shared.refused += 1
        return
    reply.expect(200)
    position = int(reply.headers["position"])
    shared.edits.setdefault(target.id, []).append((position, text))


async def look(person: Person, shared: Shared) -> None:
    """Every question says what the last acknowledged edit said; every answer is whole."""
    newest = max((at for edits in shared.edits.values() for at, _ in edits), default=0)
    for each in shared.questions:
        each.position = max(each.position, newest)
        edits = shared.edits.get(each.id, [])
        wanted = max(edits)[1] if edits else each.content
        stored = await person.message(each, each.id)
        if stored is None:
            shared.violations.append(f"the message {each.id} is lost")
        elif stored["content"] != wanted:
            shared.violations.append(f"an edit is lost: {stored['content']!r}, not {wanted!r}")
        answer = await until_ended(person, each)
        if answer is None:
            shared.violations.append(f"the answer {each.answer_id} never ended")
        elif answer[0] != "completed" or not is_whole(answer[1], each.mark, each.tokens):
            shared.violations.append(f"an answer is {answer[0]}: {answer[1][-80:]!r}")
    shared.violations += await not_listed(person, shared)


async def not_listed(person: Person, shared: Shared) -> list[str]:
    """Messages that no branch shows: each must be among the children of its parent."""
    missing = []
    end = time.monotonic() + SETTLE_SECONDS_MAX
    for each in shared.questions:
        stored = await person.message(each, each.id)
        parent = (stored or {}).get("parent_id")
        if parent is None or time.monotonic() > end:
            continue
        path = f"/api/v1/chats/{shared.chat_id}/messages?limit=100&parent_id={parent}"
        page = (await person.insist("GET", path)).expect(200)
        if each.id not in [item["id"] for item in page["items"]]:
            missing.append(f"the message {each.id} is not listed below its parent")
    return missing
