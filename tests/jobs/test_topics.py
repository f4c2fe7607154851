"""What battles are about is found out once they are over, by the model that is built in."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import carry_out
from application.documents.ports import Unfit
from application.evaluation.leaks import prompt_key
from application.importing.arena import Source
from application.imports import RecordLines
from application.ports import SYSTEM
from domain.aggregate import Aggregate
from domain.battles import Battle, RecordedBattle, Side
from domain.chats import Chat
from domain.messages import Message
from infrastructure import chores
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.evaluation.questions import Questions
from infrastructure.settings import Settings
from projections.votes import votes
from tests.answering import Answering
from tests.application.evaluation.test_classifying import ASKED
from tests.arena import fought, settle_models
from tests.ingesting import Ingesting, eventually, gated, open_ingesting

SQL = "Write an SQL query that finds duplicate rows in a table"


@pytest.fixture
def settings(database: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
    )


async def told(product: Answering | Ingesting, kind: type[Any]) -> list[Any]:
    """All events of a kind."""
    events = await product.world.services.log.read(0, 10_000)
    return [each.event for each in events if isinstance(each.event, kind)]


async def idle(product: Answering | Ingesting) -> None:
    """Wait until nothing is left to do."""
    lines = product.world.services.lines
    left = "select 1 from work.jobs where job in ('classify', 'read_questions')"

    async def is_idle() -> bool:
        await product.world.settle()
        return not await lines.rows(left, {})

    await eventually(is_idle)


async def test_a_battle_has_its_topic_once_it_is_over(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    battle = await fought(answering, ana, SQL)
    await idle(answering)
    [found] = await told(answering, Battle.TopicAssigned)
    assert str(found.originator_id) == battle["battle_id"]
    assert (found.category, found.language, found.tags) == ("code", "en", ["sql"])
    assert (found.classifier, found.classifier_version) == ("examples", 1)


async def test_compared_answers_have_a_topic_and_one_alone_has_none(answering: Answering) -> None:
    ana = await answering.world.admin()
    answering.server.listing = ("words", "echo")
    asked, _ = await answering.tell(ana, "Write a haiku about the rain", "words", "echo")
    better, other = (each["id"] for each in asked["answers"])
    body = {"chat_id": asked["chat"], "better_id": better, "other_id": other}
    assert (await ana.post("/arena/comparisons", json=body)).status_code == 201
    await answering.tell(ana, "Write a haiku about the snow", "arena")
    await idle(answering)
    assert len(await told(answering, Battle.Started)) == 2
    [found] = await told(answering, Battle.TopicAssigned)
    assert (found.category, found.tags) == ("writing", ["poem"])


async def asked_and_over(product: Ingesting, text: str) -> UUID:
    """A battle whose two sides have ended, about a question of the administrator."""
    ana = UUID((await product.world.admin()).id)
    chat = Chat.start(uuid4(), owner=ana)
    question = Message.post(uuid4(), chat_id=chat.id, owner=ana, parent_id=None, text=text)
    battle = Battle.start(
        uuid4(),
        owner=ana,
        chat_id=chat.id,
        question_id=question.id,
        sides={slot: Side(uuid4(), slot, []) for slot in "ab"},
        draw=None,
        entry="arena",
        blind=True,
        prompt_key=prompt_key(text),
    )
    for slot in ("a", "b"):
        battle.finish_side(slot, "complete", style={}, leaked=False)
    await record(product, chat, question, battle)
    return battle.id


async def record(product: Ingesting, *news: Aggregate) -> None:
    await carry_out(RecordLines(news), log=product.world.services.log, actor=SYSTEM)


async def test_who_dies_at_it_is_followed_by_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "LEASE_SECONDS", 2)
    async with open_ingesting(settings) as product:
        gate = await gated(product)
        first = product.start_worker()
        key = await asked_and_over(product, SQL)

        async def is_asked() -> bool:
            return gate.asked > 0

        await eventually(is_asked)
        await first.kill()
        assert await told(product, Battle.TopicAssigned) == []
        gate.gate.set()
        product.start_worker()
        await idle(product)
        [found] = await told(product, Battle.TopicAssigned)
        assert (found.originator_id, found.category) == (key, "code")


async def test_while_the_model_is_away_it_waits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "AGAIN_SECONDS", 1)
    async with open_ingesting(settings) as product:
        gate = await gated(product)
        gate.gate.set()
        gate.error = Unfit("no memory")
        product.start_worker()
        await asked_and_over(product, SQL)

        async def is_asked() -> bool:
            return gate.asked > 1

        await eventually(is_asked)
        assert await told(product, Battle.TopicAssigned) == []
        gate.error = None
        await idle(product)
        assert len(await told(product, Battle.TopicAssigned)) == 1


@pytest.mark.parametrize("kind", [Message, Chat])
async def test_what_was_deleted_is_not_read(
    settings: Settings, kind: type[Message] | type[Chat]
) -> None:
    async with open_ingesting(settings) as product:
        key = await asked_and_over(product, SQL)
        log = product.world.services.log
        started = (await log.history(key))[0]
        assert isinstance(started, Battle.Started)
        gone = await log.get(kind, started.question_id if kind is Message else started.chat_id)
        if isinstance(gone, Chat):
            gone.trash()
        gone.delete()
        await record(product, gone)
        product.start_worker()
        await idle(product)
        assert await told(product, Battle.TopicAssigned) == []
        await Questions(log, product.world.services.lines, LocalEmbedder()).read()
        [(hashed,)] = await product.rows("select hash from evaluation.questions")
        assert hashed is None


async def test_battles_from_elsewhere_are_classified_when_asked_to(
    settings: Settings,
) -> None:
    def line(number: int, prompt: str, **more: str) -> dict[str, Any]:
        about = {"model_a": "x", "model_b": "y", "prompt": prompt, "tstamp": 1_760_000_000 + number}
        return {"battle_id": f"b{number}", "response_a": "A", "response_b": "B", **about, **more}

    lines = [line(number, text) for number, (text, *_) in enumerate(ASKED)]
    lines += [line(98, SQL, category="mine"), line(99, SQL, category="mine", language="tlh")]
    lines += [line(100, "")]
    async with open_ingesting(settings) as product:
        source = Source(SYSTEM.id, "club", "club")
        await record(product, *(each for one in lines for each in source.battle(one, 1)))
        await asked_and_over(product, SQL)
        first = await asyncio.to_thread(quire, settings, "evaluation", "classify")
        assert f"{len(ASKED) + 2:,} battles were classified" in first
        again = await asyncio.to_thread(quire, settings, "evaluation", "classify")
        assert "0 battles were classified" in again
        found = {each.key: each for each in await told(product, RecordedBattle.TopicAssigned)}
        assert (found["b98"].category, found["b98"].language) == ("mine", "en")
        assert found.keys().isdisjoint({"b99", "b100"})
        for number, (text, category, language) in enumerate(ASKED):
            about = found[f"b{number}"]
            assert category in (None, about.category), text
            assert about.language == language
        await product.world.settle()
        async with product.world.services.reader.read(votes) as db:
            await db.execute("select battle, category from bouts where space = 'club'", {})
            seen = {row["battle"]: row["category"] for row in await db.fetchall()}
        assert (seen["b98"], seen["b99"], seen["b0"]) == ("mine", "mine", "code")


def quire(settings: Settings, *words: str) -> str:
    """What a command says, in a process of its own."""
    chosen = ("database_url", "redis_url", "data")
    names = {"data_folder": "QUIRE_DATA"}
    env = {
        names.get(each, f"QUIRE_{each.upper()}"): str(getattr(settings, each)) for each in chosen
    }
    done = subprocess.run(
        [sys.executable, "-m", "interfaces.cli.main", *words],
        env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
