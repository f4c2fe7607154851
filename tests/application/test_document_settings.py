"""Choices for documents as programs read them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import carry_out
from application.document_settings import ChangeDocumentSettings, reindexing
from application.documents.ingesting import recutting
from application.documents.settings import DocumentSettings, settings_of, values_of
from application.ports import SYSTEM, Actor
from domain.connections import Connection
from domain.document_settings import DOCUMENT_SETTINGS
from domain.document_settings import DocumentSettings as Choices
from domain.errors import Forbidden, Invalid
from domain.knowledge import Knowledge
from infrastructure.memory_log import MemoryLog


class Wishes:
    """Collects what policies ask for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, UUID]] = []

    def enqueue(self, job: str, key: UUID, **_: Any) -> None:
        self.asked.append((job, key))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"store": 3}, "store must be an object."),
        ({"store": {"kid": 3}}, "store.kid is not known here. There are: kind, url, has_key."),
        ({"store": {"kind": []}}, "store.kind must be one of: pgvector, weaviate, qdrant,"),
        ({"store": {"url": 3}}, "store.url must be one line of text"),
        ({"store": {"url": "a\nb"}}, "store.url must be one line of text"),
        ({"store": {"url": "http://[x"}}, "store.url is not an address"),
        ({"store": {"has_key": "yes"}}, "store.has_key must be true or false."),
        ({"cutting": {"tokens": 8.5}}, "cutting.tokens must be a whole number"),
        ({"retrieval": {"passages": True}}, "retrieval.passages must be a whole number."),
        ({"retrieval": {"threshold": float("nan")}}, "retrieval.threshold must be a number."),
        ({"web": {"allow": "x"}}, "web.allow must be a list"),
        ({"web": {"allow": [1]}}, "web.allow.0 must be one line of text"),
        ({"web": {"extra": []}}, "web.extra must be an object"),
        ({"web": {"extra": {"a": 1}}}, "web.extra.a must be one line of text"),
        ({"embedding": {"connection_id": "x"}}, "embedding.connection_id must be an id or null."),
    ],
)
def test_what_does_not_fit_is_named(values: Any, said: str) -> None:
    with pytest.raises(Invalid, match=r".+") as refused:
        settings_of(values)
    assert str(refused.value).startswith(said)


def test_values_and_settings_say_the_same() -> None:
    connection = uuid4()
    values = {
        "embedding": {"kind": "openai", "connection_id": str(connection), "model": " m "},
        "web": {"allow": ["a.example"], "extra": {"cx": "1"}},
        "retrieval": {"threshold": 1},
    }
    found = settings_of(values)
    assert (found.embedding.connection_id, found.embedding.model) == (connection, "m")
    assert settings_of(values_of(found)) == found
    assert settings_of({}) == DocumentSettings()


async def test_administrators_choose_and_the_index_follows() -> None:
    async with MemoryLog() as log:
        wish = ChangeDocumentSettings({"cutting": {"tokens": 64, "overlap": 8}})
        with pytest.raises(Forbidden):
            await carry_out(wish, log=log, actor=Actor(uuid4()))
        await carry_out(wish, log=log, actor=SYSTEM)
        await carry_out(wish, log=log, actor=SYSTEM)
        other = ChangeDocumentSettings({"retrieval": {"passages": 3}})
        receipt = await carry_out(other, log=log, actor=SYSTEM)
        assert (receipt.result.cutting.tokens, receipt.result.retrieval.passages) == (64, 3)
        history = await log.history(DOCUMENT_SETTINGS)
    told = [each for each in history if isinstance(each, Choices.Changed)]
    assert [each.values for each in told] == [
        {"cutting": {"tokens": 64, "overlap": 8}},
        {"retrieval": {"passages": 3}},
    ]
    wishes = Wishes()
    for each in told:
        reindexing.handle(each, wishes)
    assert wishes.asked == [("reindex", DOCUMENT_SETTINGS)]


def test_knowledge_bases_and_connections_have_files_looked_at() -> None:
    wishes, base, file = Wishes(), uuid4(), uuid4()
    knowledge = Knowledge.create(base, owner=uuid4(), name="Tea", description="")
    knowledge.choose_cutting({"tokens": 64, "overlap": 0, "contextual": True})
    knowledge.reindex()
    knowledge.place_file(file, directory_id=None)
    knowledge.remove_file(file)
    connection = Connection.add(uuid4(), kind="openai", base_url="http://a.example")
    connection.change(base_url="http://b.example", prefix="", models=None)
    for event in (*knowledge.collect_events(), *connection.collect_events()):
        if type(event).TOPIC in recutting.topics:  # type: ignore[attr-defined]
            recutting.handle(event, wishes)
    assert wishes.asked == [
        ("recut", base),
        ("renew", base),
        ("ingest", file),
        ("ingest", file),
        ("reindex", DOCUMENT_SETTINGS),
    ]
