"""A knowledge source decides."""

import pytest

from domain.errors import Conflict, NotFound
from domain.knowledge_sources import KnowledgeSource, source_id_of
from tests.scenario import KEY, fact, given, memory, news, retold

PLACE = {"kind": "http", "url": "https://passages.example"}
OTHER = {"kind": "http", "url": "https://other.example"}
CONNECTED = fact(KnowledgeSource.Connected, knowledge_id=KEY, source=PLACE, has_key=True)


def test_a_knowledge_base_has_one_source_at_most() -> None:
    source = KnowledgeSource.connect(KEY, source=PLACE, has_key=True)
    assert news(source) == [CONNECTED]
    assert source.id == source_id_of(KEY) != KEY


def test_it_is_changed_only_when_something_changes() -> None:
    source = given(KnowledgeSource, CONNECTED)
    source.change(source=PLACE, has_key=True)
    assert news(source) == []
    source.change(source=OTHER, has_key=False)
    assert news(source) == [fact(KnowledgeSource.Changed, source=OTHER, has_key=False)]
    assert (source.source, source.has_key) == (OTHER, False)


def test_its_kind_stays() -> None:
    with pytest.raises(Conflict, match="kind of a source stays"):
        given(KnowledgeSource, CONNECTED).change(source={"kind": "qdrant"}, has_key=True)


def test_it_is_removed_once_and_for_good() -> None:
    source = given(KnowledgeSource, CONNECTED)
    source.remove()
    source.remove()
    assert news(source) == [fact(KnowledgeSource.Removed)]
    assert source.is_closed
    with pytest.raises(NotFound):
        source.change(source=OTHER, has_key=True)


def test_the_past_alone_explains_the_present() -> None:
    source = KnowledgeSource.connect(KEY, source=PLACE, has_key=True)
    source.change(source=OTHER, has_key=False)
    source.remove()
    assert memory(retold(source)) == memory(source)
