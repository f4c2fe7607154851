"""Choices for documents: what differs is told, and only that."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.document_settings import (
    DOCUMENT_SETTINGS,
    DocumentSettings,
    Values,
    difference,
    merged,
)

LEAF = st.one_of(
    st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)
SECTION = st.dictionaries(st.sampled_from(["kind", "url", "tokens"]), LEAF, max_size=3)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "store": SECTION,
        "retrieval": st.fixed_dictionaries({}, optional={"mode": LEAF, "reranker": SECTION}),
        "web": st.fixed_dictionaries({}, optional={"extra": SECTION}),
    },
)


def said(values: Values) -> Values:
    """The choices, without sections that are empty."""
    found = {name: said(each) if isinstance(each, dict) else each for name, each in values.items()}
    return {name: each for name, each in found.items() if each != {}}


def news(settings: DocumentSettings) -> list[Any]:
    return [each for each in settings.collect_events() if hasattr(each, "values")]


def test_only_what_differs_is_told() -> None:
    settings = DocumentSettings.open()
    assert settings.id == DOCUMENT_SETTINGS
    before: Values = {"store": {"kind": "a", "url": ""}, "retrieval": {"reranker": {"kind": "n"}}}
    after: Values = {"store": {"kind": "b", "url": ""}, "retrieval": {"reranker": {"kind": "n"}}}
    settings.change(before, after)
    settings.change(after, after)
    assert [each.values for each in news(settings)] == [{"store": {"kind": "b"}}]
    assert settings.values == {"store": {"kind": "b"}}


def test_sections_inside_of_sections_are_merged_and_other_tables_replaced() -> None:
    values: Values = {
        "retrieval": {"reranker": {"kind": "n", "url": "u"}},
        "web": {"extra": {"a": 1}},
    }
    changed = merged(values, {"retrieval": {"reranker": {"kind": "h"}}, "web": {"extra": {"b": 2}}})
    assert changed == {
        "retrieval": {"reranker": {"kind": "h", "url": "u"}},
        "web": {"extra": {"b": 2}},
    }
    assert values["web"] == {"extra": {"a": 1}}


@given(VALUES, VALUES)
def test_a_difference_leads_from_one_to_the_other(one: Values, other: Values) -> None:
    whole = merged(one, other)
    assert said(merged(one, difference(one, whole))) == said(whole)
    assert difference(whole, whole) == {}


@pytest.mark.parametrize("value", [1, "x", None])
def test_what_is_no_section_is_a_choice(value: Any) -> None:
    assert difference({"store": {"kind": 1}}, {"store": value}) == {"store": value}
