"""Chats get a title after their first answer, unless there is a reason not to."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from application.answering.title import title_in
from infrastructure.settings import Settings
from tests.answering import Answering, open_answering
from tests.upstream import upstream
from tests.upstream_call import TEXT
from tests.world import Person


@pytest.fixture
async def titled(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Answering]:
    async with upstream() as server:
        settings = Settings.from_env(
            {},
            data=tmp_path / "data",
            database_url=database,
            redis_url=redis_url,
            ollama_base_url="off",
            openai_base_url=server.url,
        )
        async with open_answering(settings, server) as product:
            product.start_worker()
            yield product


async def title_of(person: Person, chat: str, source: str) -> str:
    """The title of a chat, once it has this source."""
    async with asyncio.timeout(15):
        while True:
            shown = (await person.get(f"/chats/{chat}")).json()
            if shown["title_source"] == source:
                return str(shown["title"])
            await asyncio.sleep(0.02)


async def test_a_first_answer_gives_a_title(titled: Answering) -> None:
    ana = await titled.world.admin()
    asked = await titled.ask(ana, "Why is the sky blue?", "words")
    assert await title_of(ana, asked["chat"], "automatic") == TEXT
    assert "Why is the sky blue?" in titled.server.asked[-1]["messages"][-1]["content"]
    assert len(titled.server.asked) == 2


async def test_a_persons_title_stays(titled: Answering) -> None:
    ana = await titled.world.admin()
    chat = (await ana.post("/chats", json={"title": "Mine"})).json()["id"]
    asked = await titled.ask(ana, "Why?", "words", chat=chat)
    await titled.follow(ana, asked["answers"][0]["id"])
    await titled.world.settle()
    await asyncio.sleep(0.5)
    assert await title_of(ana, chat, "person") == "Mine"
    assert len(titled.server.asked) == 1


async def test_a_model_that_has_no_title_leaves_the_derived_one(titled: Answering) -> None:
    ana = await titled.world.admin()
    asked = await titled.ask(ana, "Why is it so?", "broken")
    await titled.follow(ana, asked["answers"][0]["id"])
    await titled.world.settle()
    assert await title_of(ana, asked["chat"], "derived") == "Why is it so?"


async def test_the_reader_is_not_asked_for_titles(titled: Answering) -> None:
    ana = await titled.world.admin()
    asked = await titled.ask(ana, "How do I start Quire?", "reader")
    events = await titled.follow(ana, asked["answers"][0]["id"])
    assert events[-1].data["status"] == "completed"
    await titled.world.settle()
    await asyncio.sleep(0.5)
    assert await title_of(ana, asked["chat"], "derived") == "How do I start Quire?"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Blue Sky", "Blue Sky"),
        ('"Blue Sky"\n', "Blue Sky"),
        ("\n\n**Title: Blue Sky**\nmore", "Blue Sky"),
        ("# „Blauer Himmel“", "Blauer Himmel"),
        ("", ""),
        ("x" * 500, "x" * 100),
    ],
)
def test_titles_are_found_in_what_models_say(said: str, title: str) -> None:
    assert title_in(said) == title
