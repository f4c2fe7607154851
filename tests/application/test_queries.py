"""What is looked for: with a model that helps, and without."""

import asyncio

import pytest

from application.answering.context import Said
from application.ports import ModelFailed
from application.retrieval import queries
from application.retrieval.queries import ends_of, excerpt, parsed, plain, queries_of

TALK = [Said("user", "And in winter?"), Said("assistant", "80 °C"), Said("user", "How hot is it?")]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('{"queries": ["a", "b"]}', ["a", "b"]),
        ('```json\n{"queries": ["a"]}\n```', ["a"]),
        ('Here you are:\n["a", "b", "a"]', ["a", "b"]),
        ('<think>{"queries": ["no"]}</think>{"queries": "a"}', ["a"]),
        ('{"query": "a"} and more', ["a"]),
        ('{oops} {"queries": ["a", 3, null, " ", "b\\n c"]}', ["a", "b c"]),
        ('{"queries": ["1", "2", "3", "4"]}', ["1", "2", "3"]),
        ('{"queries": {"a": 1}}', []),
        ("no idea", []),
        ("[" * 100_000, []),
        ("", []),
    ],
)
def test_queries_are_found_however_they_are_wrapped(said: str, found: list[str]) -> None:
    assert parsed(said) == found


def test_a_query_has_a_length() -> None:
    assert [len(each) for each in parsed(f'["{"x" * 5_000}"]')] == [300]
    long = ends_of("a" * 5_000 + "b" * 5_000)
    assert len(long) <= 2_001
    assert (long[0], long[-1]) == ("a", "b")


def test_a_short_question_is_understood_by_the_one_before() -> None:
    assert plain(TALK) == ["How hot is it?\nAnd in winter?"]
    assert plain([Said("user", "How hot is green tea to be in winter?"), *TALK]) == [
        "How hot is green tea to be in winter?"
    ]
    assert plain([]) == []


async def test_a_first_question_is_its_own_query() -> None:
    async def ask(wish: str) -> str:
        raise AssertionError(wish)

    assert await queries_of([Said("user", "How hot?")], ask) == ["How hot?"]


async def test_a_later_one_is_put_in_other_words() -> None:
    wishes: list[str] = []

    async def ask(wish: str) -> str:
        wishes.append(wish)
        return '{"queries": ["green tea temperature winter"]}'

    assert await queries_of(TALK, ask) == ["green tea temperature winter"]
    assert wishes[0].endswith(excerpt(TALK))
    assert excerpt(TALK) == "User: How hot is it?\n\nAssistant: 80 °C\n\nUser: And in winter?"


async def test_a_model_that_fails_or_is_slow_is_done_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def failing(_: str) -> str:
        raise ModelFailed("server_error", "No.")

    async def slow(_: str) -> str:
        await asyncio.sleep(30)
        raise AssertionError

    monkeypatch.setattr(queries, "SECONDS_MAX", 0.05)
    async with asyncio.timeout(5):
        assert await queries_of(TALK, failing) == plain(TALK)
        assert await queries_of(TALK, slow) == plain(TALK)
