"""Who a knowledge base is shared with hears what happens to it, and nobody else."""

from typing import Any

import pytest

from tests.answering import Answering
from tests.http.test_feed import Feed, opened
from tests.world import Person


async def make(person: Person, name: str = "Tea") -> str:
    answer = await person.post("/knowledge", json={"name": name})
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["id"]
    return key


async def share(owner: Person, base: str, *people: Person | None) -> None:
    access = [{"user_id": each and each.id, "role": "read"} for each in people]
    answer = await owner.put(f"/knowledge/{base}/access", json={"access": access})
    assert answer.status_code == 200, answer.text


async def call(owner: Person, base: str, name: str) -> None:
    assert (await owner.patch(f"/knowledge/{base}", json={"name": name})).status_code == 200


async def heard(feed: Feed, person: Person, noun: str = "knowledge") -> list[dict[str, Any]]:
    """What a feed told of knowledge bases until now: the person does something, and sees it."""
    feed.events = [each for each in feed.events if each.data.get("type") != "chat.started"]
    assert (await person.post("/chats", json={"title": "Now"})).status_code == 201
    told = [each.data for each in await feed.until("chat.started") if each.kind == "change"]
    return [each for each in told if each["type"].startswith(f"{noun}.")]


def kinds(told: list[dict[str, Any]], base: str) -> list[str]:
    assert {each["id"] for each in told} <= {base}
    return [each["type"].partition(".")[2] for each in told]


async def test_it_is_heard_from_being_shared_until_it_is_no_more(answering: Answering) -> None:
    ana, ben, eve = [await answering.world.person() for _ in range(3)]
    base = await make(ana)
    feeds = [await opened(answering, each) for each in (ana, ben, eve)]
    await share(ana, base, ben)
    await call(ana, base, "Green tea")
    await ana.post(f"/knowledge/{base}/directories", json={"name": "Leaves"})
    await ana.delete(f"/knowledge/{base}")
    await ana.post(f"/knowledge/{base}/restore")
    await share(ana, base)
    await call(ana, base, "Black tea")
    mine, shared, foreign = [
        kinds(await heard(feed, person), base)
        for feed, person in zip(feeds, (ana, ben, eve), strict=True)
    ]
    assert shared == ["shared", "described", "directory_made", "trashed", "restored", "shared"]
    assert mine == [*shared, "described"]
    assert foreign == []
    for feed in feeds:
        await feed.close()


async def test_what_is_everybodys_is_heard_by_everybody_once(answering: Answering) -> None:
    ana, ben, eve = [await answering.world.person() for _ in range(3)]
    base = await make(ana)
    feeds = [await opened(answering, each) for each in (ben, eve)]
    await share(ana, base, ben, None)
    await call(ana, base, "Green tea")
    await share(ana, base, ben)
    await call(ana, base, "Black tea")
    told = [
        kinds(await heard(feed, person), base)
        for feed, person in zip(feeds, (ben, eve), strict=True)
    ]
    assert told == [
        ["shared", "described", "shared", "described"],
        ["shared", "described", "shared"],
    ]
    for feed in feeds:
        await feed.close()


async def test_one_who_comes_back_hears_the_last_of_each(answering: Answering) -> None:
    ana, ben = await answering.world.person(), await answering.world.person()
    ours, other, secret = [await make(ana, name) for name in ("Tea", "Coffee", "Gin")]
    await share(ana, ours, ben)
    await share(ana, other, None)
    before = await answering.world.services.log.head()
    for n in range(3):
        await call(ana, ours, f"Tea {n}")
    await call(ana, secret, "Rum")
    mine = await make(ben, "Milk")
    feed = await opened(answering, ben, f"?after={before}")
    told = await heard(feed, ben)
    assert [(each["type"], each["id"]) for each in told] == [
        ("knowledge.described", ours),
        ("knowledge.created", mine),
    ]
    await call(ana, other, "Espresso")
    assert [each["id"] for each in await heard(feed, ben)] == [ours, mine, other]
    await feed.close()
    again = await opened(answering, ben, f"?after={told[-1]['position']}")
    assert [each["id"] for each in await heard(again, ben)] == [other]
    await again.close()


@pytest.mark.parametrize("pages", [1, 2])
async def test_nothing_is_left_out_between_pages(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    monkeypatch.setattr("infrastructure.changes.PAGE", pages)
    ana, ben = await answering.world.person(), await answering.world.person()
    before = await answering.world.services.log.head()
    bases = []
    for n in range(3):
        bases.append(await make(ana, f"Tea {n}"))
        await share(ana, bases[-1], ben)
        bases.append(await make(ben, f"Milk {n}"))
    feed = await opened(answering, ben, f"?after={before}")
    assert [each["id"] for each in await heard(feed, ben)] == bases
    await feed.close()


async def placed(person: Person, base: str, name: str) -> str:
    made = await person.post("/files/text", json={"name": name, "text": "Green tea."})
    key: str = made.json()["id"]
    added = await person.post(f"/knowledge/{base}/files", json={"file_ids": [key]})
    assert added.is_success, added.text
    return key


async def rename(person: Person, file: str, name: str) -> None:
    assert (await person.patch(f"/files/{file}", json={"name": name})).status_code == 200


def files(told: list[dict[str, Any]], file: str) -> list[str]:
    """What happened to a file, but for what workers did with it meanwhile."""
    names = [each["type"].partition(".")[2] for each in told if each["id"] == file]
    return [each for each in names if each in ("renamed", "trashed", "restored")]


async def test_files_of_shared_knowledge_are_heard_of_too(answering: Answering) -> None:
    ana, ben, eve = [await answering.world.person() for _ in range(3)]
    base = await make(ana)
    access = [{"user_id": ben.id, "role": "write"}]
    assert (await ana.put(f"/knowledge/{base}/access", json={"access": access})).is_success
    ben.position = ana.position
    hers, his = await placed(ana, base, "a.md"), await placed(ben, base, "b.md")
    alone = (await ana.post("/files/text", json={"name": "c.md", "text": "Gin."})).json()["id"]
    feeds = [await opened(answering, each) for each in (ana, ben, eve)]
    await rename(ana, hers, "tea.md")
    await rename(ana, alone, "gin.md")
    await rename(ben, his, "leaves.md")
    await ana.delete(f"/files/{hers}")
    await ana.post(f"/files/{hers}/restore")
    mine, shared, foreign = [
        await heard(feed, person, "file")
        for feed, person in zip(feeds, (ana, ben, eve), strict=True)
    ]
    assert files(mine, hers) == ["renamed", "trashed", "restored"]
    assert files(shared, hers) == ["renamed", "trashed", "restored"]
    assert files(mine, his) == files(shared, his) == ["renamed"]
    assert files(mine, alone) == ["renamed"]
    assert {each["id"] for each in shared} == {hers, his}
    assert foreign == []
    await share(ana, base)
    await rename(ana, hers, "secret.md")
    assert files(await heard(feeds[0], ana, "file"), hers) == [*files(mine, hers), "renamed"]
    assert files(await heard(feeds[1], ben, "file"), hers) == files(shared, hers)
    for feed in feeds:
        await feed.close()


async def test_one_who_comes_back_hears_the_last_of_each_shared_file(answering: Answering) -> None:
    ana, ben = await answering.world.person(), await answering.world.person()
    base, secret = await make(ana), await make(ana, "Gin")
    await share(ana, base, ben)
    shown, hidden = await placed(ana, base, "a.md"), await placed(ana, secret, "b.md")
    before = await answering.world.services.log.head()
    for name in ("one.md", "two.md"):
        await rename(ana, shown, name)
        await rename(ana, hidden, name)
    ben.position = ana.position
    feed = await opened(answering, ben, f"?after={before}")
    told = await heard(feed, ben, "file")
    assert {each["id"] for each in told} == {shown}
    await feed.close()
