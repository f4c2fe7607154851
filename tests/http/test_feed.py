"""One stream of all that changes."""

import asyncio
from collections.abc import AsyncIterator

from tests.answering import Answering, Event, new_id, text_of
from tests.upstream_call import TEXT
from tests.world import Person

SECONDS_MAX = 15.0


class Feed:
    """A browser's feed, read in the background."""

    def __init__(self, events: AsyncIterator[Event]) -> None:
        self.events: list[Event] = []
        self.news = asyncio.Event()
        self.task = asyncio.create_task(self._read(events))

    async def _read(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            self.events.append(event)
            self.news.set()

    async def until(self, kind: str) -> list[Event]:
        """All events, once there is a change of this type, or an event of this kind."""
        async with asyncio.timeout(SECONDS_MAX):
            while not any(kind in (each.kind, each.data.get("type")) for each in self.events):
                self.news.clear()
                await self.news.wait()
        return list(self.events)

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


async def opened(answering: Answering, person: Person, query: str = "", after: str = "") -> Feed:
    feed = Feed(answering.events(person, f"/feed{query}", after))
    await feed.until("hello")
    return feed


def changes(events: list[Event]) -> list[str]:
    return [each.data["type"] for each in events if each.kind == "change"]


async def test_it_tells_what_changes_when_it_can_be_read(answering: Answering) -> None:
    ana = await answering.world.admin()
    feed = await opened(answering, ana)
    asked = await answering.ask(ana, "Why?", "words")
    events = await feed.until("answer.completed")
    assert [each for each in changes(events) if each.startswith(("chat", "message", "answer"))] == [
        "chat.started",
        "message.posted",
        "answer.requested",
        "answer.started",
        "answer.completed",
    ]
    posted = next(each for each in events if each.data.get("type") == "message.posted")
    assert posted.id == str(posted.data["position"])
    assert posted.data["chat_id"] == asked["chat"]
    assert posted.data["message_id"] == asked["message"]["id"]
    last = events[-1].data["position"]
    path = f"/chats/{asked['chat']}/messages/{asked['answers'][0]['id']}"
    response = await ana.web.get(f"/api/v1{path}", headers={"Read-After": str(last)})
    assert response.json()["content"] == TEXT
    await feed.close()


async def test_one_who_comes_back_gets_what_he_missed_once(answering: Answering) -> None:
    ana = await answering.world.admin()
    feed = await opened(answering, ana)
    await ana.post("/chats", json={"title": "One"})
    before = await feed.until("chat.started")
    await feed.close()
    chat = (await ana.post("/chats", json={"title": "Two"})).json()["id"]
    await ana.patch(f"/chats/{chat}", json={"title": "Three"})
    again = await opened(answering, ana, after=before[-1].id)
    events = await again.until("chat.renamed")
    assert changes(events) == ["chat.started", "chat.renamed"]
    assert {each.data["chat_id"] for each in events if each.kind == "change"} == {chat}
    await again.close()
    by_query = await opened(answering, ana, f"?after={before[-1].id}")
    assert changes(await by_query.until("chat.renamed")) == changes(events)
    await by_query.close()


async def test_answers_come_along(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "slow", "words")
    slow, quick = (each["id"] for each in asked["answers"])
    feed = await opened(answering, ana, f"?answers={slow}~,{quick}~,{new_id()}~1.2.3.4,x")
    async with asyncio.timeout(SECONDS_MAX):
        while sum(each.data.get("kind") == "done" for each in feed.events) < 2:
            feed.news.clear()
            await feed.news.wait()
    pieces = [each for each in feed.events if each.kind == "piece"]
    for key, text in ((slow, "".join(f"word{n} " for n in range(1, 51))), (quick, TEXT)):
        mine = [each.data for each in pieces if each.data["answer_id"] == key]
        assert text_of([Event(each["kind"], each["data"], each["id"]) for each in mine]) == text
    assert not any(each.id for each in pieces)
    await feed.close()
    half = next(each.data["id"] for each in pieces[5:] if each.data["answer_id"] == slow)
    again = await opened(answering, ana, f"?answers={slow}~{half}")
    await again.until("piece")
    told = [each.data["data"].get("text", "") for each in again.events if each.kind == "piece"]
    place = int(half.split(".")[2])
    assert "".join(told) == "".join(f"word{n} " for n in range(1, 51))[place:]
    await again.close()


async def test_nobody_hears_of_others(answering: Answering) -> None:
    ana, ben = await answering.world.admin(), await answering.world.person()
    asked = await answering.ask(ana, "Why?", "slow")
    feed = await opened(answering, ben, f"?after=0&answers={asked['answers'][0]['id']}~")
    await ben.post("/chats", json={"title": "Mine"})
    events = await feed.until("chat.started")
    assert not [each for each in events if each.kind == "piece"]
    assert {each.data.get("chat_id") for each in events} & {asked["chat"]} == set()
    await feed.close()


async def test_a_server_that_ends_says_so(answering: Answering) -> None:
    ana = await answering.world.admin()
    feed = await opened(answering, ana)
    answering.world.app.state.draining.set()
    events = await feed.until("status")
    assert events[-1].data == {"kind": "reconnect"}
    async with asyncio.timeout(SECONDS_MAX):
        await feed.task


async def test_it_needs_a_sign_in(answering: Answering) -> None:
    await answering.world.admin()
    assert (await answering.world.client().get("/api/v1/feed")).status_code == 401
    ana = await answering.world.admin()
    assert (await ana.get("/feed?after=-1")).status_code == 422
