"""Who outside is told of evaluations: in order, at least once, signed, and never too much."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.battles import Battle, Side, Winner
from domain.ratings import Opinion, Rating, Thumb
from infrastructure.pushing.hosts import HooksClient
from infrastructure.pushing.pushing import Pushing
from interfaces.jobs.sinks import pushing
from tests.plain_http import Asked, Reply
from tests.scenario import record
from tests.sink_servers import SECRET, Collector, Receiver, receiving
from tests.world import Person, World

SINKS = "/evaluations/sinks"


@dataclass
class Outside:
    """Receivers outside of a house, and the administrator who knows of them."""

    world: World
    ana: Person
    hook: Receiver
    collector: Collector
    worker: Pushing
    sinks: list[str] = field(default_factory=list)

    async def add(self, receiver: Receiver, **more: Any) -> str:
        """Have a receiver told."""
        is_hook = receiver is self.hook
        body = {"kind": "webhook" if is_hook else "otlp", "name": "Quality", "url": receiver.url}
        own: dict[str, Any] = {"headers": {"Authorization": self.collector.key}}
        if is_hook:
            own = {"secret": SECRET}
        added = await self.ana.post(SINKS, json={**body, **own, **more})
        assert added.status_code == 201, added.text
        self.sinks.append(added.json()["id"])
        return self.sinks[-1]

    async def rate(self, value: Thumb = 1, **more: Any) -> Rating:
        """Somebody has an opinion."""
        given = Rating.give(
            owner=UUID(self.ana.id),
            chat_id=uuid4(),
            answer_id=uuid4(),
            opinion=Opinion(value, **more),
            attempt=1,
            model="m1",
            base_model="m1",
        )
        await record(self.world.services.log, given)
        return given

    async def tell(self, worker: Pushing | None = None) -> None:
        """What a worker does."""
        await self.world.settle()
        for task in await (worker or self.worker).round():
            await task

    async def state(self, sink: str) -> dict[str, Any]:
        await self.world.settle()
        found = await self.ana.get(f"{SINKS}/{sink}")
        assert found.status_code == 200, found.text
        shape: dict[str, Any] = found.json()
        return shape

    async def due(self) -> None:
        """Time goes by."""
        await self.world.services.lines.run("update work.sinks set due_at = now()", {})


@pytest.fixture
async def outside(world: World) -> AsyncIterator[Outside]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        hook, collector = Receiver(), Collector()
        places = {("127.0.0.1", (await enter(receiving(each))).port) for each in (hook, collector)}
        client = await enter(HooksClient(frozenset(places)))
        world.services = replace(world.services, hooks=client)
        world.app.state.services = world.services
        yield Outside(world, await world.admin(), hook, collector, pushing(world.services))
        assert hook.faults == collector.faults == []


def battle(owner: str, *, blind: bool = True) -> Battle:
    """Two hidden models that have answered."""
    found = Battle.start(
        uuid4(),
        owner=UUID(owner),
        chat_id=uuid4(),
        question_id=uuid4(),
        sides={slot: Side(uuid4(), f"canary-{slot}", []) for slot in "ab"},
        draw=None,
        entry="",
        blind=blind,
        prompt_key="",
    )
    found.finish_side("a", "complete", style={}, leaked=False)
    found.finish_side("b", "complete", style={}, leaked=False)
    return found


async def test_ratings_are_told_in_order_and_signed(outside: Outside) -> None:
    await outside.rate()
    sink = await outside.add(outside.hook)
    await outside.tell()
    assert outside.hook.items == []
    first = await outside.rate(1, comment="Clear.", reasons=["accurate"])
    first.change(Opinion(-1), attempt=1, model="m1", base_model="m1")
    await record(outside.world.services.log, first)
    await outside.rate(0)
    await outside.tell()
    await outside.tell()
    assert [each["type"] for each in outside.hook.items] == [
        "rating.given",
        "rating.changed",
        "rating.given",
    ]
    assert len(outside.hook.taken) == 1
    told = outside.hook.items[0]
    assert (told["comment"], told["model"]) == ("Clear.", "m1")
    assert told["response_id"] == outside.hook.items[1]["response_id"] == str(first.answer_id)
    assert not any(outside.ana.id.encode() in each.body for each in outside.hook.asked)
    state = await outside.state(sink)
    assert (state["state"], state["lag"], state["delivered"]) == ("up_to_date", 0, 3)
    listed = await outside.ana.get(SINKS)
    assert SECRET not in listed.text
    assert listed.json()["items"] == [state]


async def test_a_secret_is_made_and_told_once(outside: Outside) -> None:
    key = {"Idempotency-Key": "once"}
    body = {"kind": "webhook", "name": "Hook", "url": outside.hook.url}
    added = [await outside.ana.post(SINKS, json=body, headers=key) for _ in range(2)]
    assert added[0].json() == added[1].json()
    found = added[0].json()
    again = await outside.ana.post(SINKS, json={**body, "id": found["id"]})
    assert again.json() == {"id": found["id"], "secret": None}
    outside.hook.secret = found["secret"]
    tested = await outside.ana.post(f"{SINKS}/{found['id']}/test")
    assert tested.json()["ok"], tested.text
    assert outside.hook.items[0]["type"] == "test"
    assert (await outside.ana.patch(f"{SINKS}/{found['id']}", json={"secret": SECRET})).is_success
    outside.hook.secret = SECRET
    assert (await outside.ana.post(f"{SINKS}/{found['id']}/test")).json()["ok"]
    bad = {**body, "secret": "whsec_short"}
    assert (await outside.ana.post(SINKS, json=bad)).status_code == 422
    stolen = {**body, "headers": {"Webhook-Id": "x"}}
    assert (await outside.ana.post(SINKS, json=stolen)).status_code == 422


async def test_a_collector_gets_evaluation_results(outside: Outside) -> None:
    sink = await outside.add(outside.collector, votes=True)
    fought = battle(outside.ana.id, blind=False)
    fought.cast(Winner.MODEL_B, by=UUID(outside.ana.id))
    await outside.rate(-1, score=2, comment="Wrong.", tags=["maths"])
    await record(outside.world.services.log, fought)
    outside.collector.rejects = 1
    await outside.tell()
    names = [each["gen_ai.evaluation.name"] for each in outside.collector.items]
    assert names == ["rating", "preference", "preference"]
    assert (await outside.ana.post(f"{SINKS}/{sink}/test")).json()["ok"] is False
    state = await outside.state(sink)
    assert "rejected 1 records. too old" in state["error"]
    assert (state["state"], state["lag"]) == ("up_to_date", 0)


async def test_no_hidden_model_is_named_before_its_time(outside: Outside) -> None:
    voting = await outside.add(outside.hook, votes=True)
    rating = await outside.add(outside.collector)
    fought = battle(outside.ana.id)
    log, owner = outside.world.services.log, UUID(outside.ana.id)
    fought.cast(Winner.TIE, by=owner)
    await record(log, fought)
    await outside.tell()
    fought.cast(Winner.MODEL_A, by=owner)
    await record(log, fought)
    await outside.tell()
    assert outside.hook.asked == outside.collector.asked == []
    fought.reveal()
    await record(log, fought)
    await outside.tell()
    (told,) = outside.hook.items
    assert (told["type"], told["winner"]) == ("vote.cast", "model_a")
    assert told["responses"]["a"]["model"] == "canary-a"
    fought.retract(by=owner)
    await record(log, fought)
    await outside.tell()
    assert outside.hook.items[1]["type"] == "vote.retracted"
    assert outside.collector.asked == []
    assert {(await outside.state(each))["state"] for each in (voting, rating)} == {"up_to_date"}


async def test_everything_can_be_told_again_from_any_position(outside: Outside) -> None:
    log = outside.world.services.log
    positions = []
    for _ in range(3):
        await outside.rate()
        positions.append(await log.head())
    sink = await outside.add(outside.hook, **{"from": 0})
    await outside.tell()
    assert outside.hook.positions == positions
    body = {"from": positions[0]}
    assert (await outside.ana.post(f"{SINKS}/{sink}/replay", json=body)).status_code == 204
    await outside.tell()
    assert [each["position"] for each in outside.hook.taken[1][1]] == positions[1:]
    assert outside.hook.positions == positions
    await outside.ana.post(f"{SINKS}/{sink}/replay", json={"from": 0})
    await outside.tell()
    assert outside.hook.taken[2] == outside.hook.taken[0]


async def test_what_fails_is_tried_later_and_paused_at_last(outside: Outside) -> None:
    sink = await outside.add(outside.hook)
    outside.hook.trouble = lambda _: Reply(503, {"retry-after": "100"}, f"no: {SECRET}".encode())
    await outside.rate()
    await outside.tell()
    state = await outside.state(sink)
    assert (state["state"], state["failures"]) == ("failing", 1)
    assert "answered 503: it is out of order. It said: no: ..." in state["error"]
    assert state["next_try_at"] > state["failing_since"]
    await outside.tell()
    assert len(outside.hook.asked) == 1
    outside.worker.failing_seconds_max = 0
    for _ in range(9):
        await outside.due()
        await outside.tell()
    state = await outside.state(sink)
    assert (state["state"], state["failures"]) == ("paused", 10)
    assert "503" in state["paused"]
    await outside.due()
    await outside.tell()
    assert len(outside.hook.asked) == 10
    outside.hook.trouble = lambda _: None
    assert (await outside.ana.patch(f"{SINKS}/{sink}", json={"paused": False})).is_success
    await outside.tell()
    state = await outside.state(sink)
    assert (state["state"], state["error"], state["delivered"]) == ("up_to_date", None, 1)


async def test_one_that_wants_no_more_is_paused_at_once(outside: Outside) -> None:
    sink = await outside.add(outside.hook)
    outside.hook.trouble = lambda _: Reply(410, {}, b"")
    await outside.rate()
    await outside.tell()
    assert (await outside.state(sink))["state"] == "paused"


async def test_headers_never_go_to_another_server(outside: Outside) -> None:
    sink = await outside.add(outside.collector)
    other = outside.hook.url.removesuffix("/hook")
    seen: list[Asked] = []

    def note(asked: Asked) -> Reply:
        seen.append(asked)
        return Reply(302, {"location": outside.collector.url}, b"")

    outside.hook.trouble = note
    moved = await outside.ana.patch(
        f"{SINKS}/{sink}", json={"url": other, "headers": {"Authorization": None}}
    )
    assert moved.status_code == 204
    await outside.rate()
    await outside.tell()
    assert [("authorization" in each.headers) for each in seen] == [False]
    assert outside.collector.asked == []
    state = await outside.state(sink)
    assert state["header_names"] == []
    assert "sends us elsewhere" in state["error"]


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/hook",
        "http://localhost/hook",
        "http://169.254.169.254/latest",
        "http://[::1]/hook",
        "https://hooks.example:22/",
        "http://127.0.0.1:1/hook",
    ],
)
async def test_private_places_are_never_told(outside: Outside, url: str) -> None:
    sink = await outside.add(outside.hook)
    body = {"kind": "webhook", "name": "Inside", "url": url}
    added = await outside.ana.post(SINKS, json=body)
    if added.status_code == 201:
        tried = await outside.ana.post(f"{SINKS}/{added.json()['id']}/test")
        assert "not on the public web" in tried.json()["error"]
    else:
        assert added.status_code == 422, added.text
        changed = await outside.ana.patch(f"{SINKS}/{sink}", json={"url": url})
        assert changed.status_code == 422


async def test_only_administrators_and_only_what_is_there(outside: Outside) -> None:
    sink, ben = await outside.add(outside.hook), await outside.world.person()
    for person, status in ((ben, 403), (outside.ana, 404)):
        key = sink if status == 403 else str(uuid4())
        for method, path, body in (
            ("GET", f"/{key}", None),
            ("PATCH", f"/{key}", {"name": "x"}),
            ("POST", f"/{key}/test", None),
            ("POST", f"/{key}/replay", {"from": 0}),
            ("DELETE", f"/{key}", None),
        ):
            found = await person.send(method, SINKS + path, json=body)
            assert found.status_code == status, (method, path, found.text)
    assert (await ben.get(SINKS)).status_code == 403
    assert (await outside.ana.delete(f"{SINKS}/{sink}")).status_code == 204
    assert (await outside.ana.get(SINKS)).json()["items"] == []
    assert (await outside.ana.get(f"{SINKS}/{sink}")).status_code == 404
    await outside.rate()
    await outside.tell()
    assert outside.hook.asked == []
