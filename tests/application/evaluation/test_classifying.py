"""What a question is about."""

import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from application.evaluation.categories import EXAMPLES, TAGS
from application.evaluation.classifying import (
    Categories,
    Topic,
    examples,
    language_of,
    sizes,
    tags_of,
    topic_of,
)
from application.evaluation.leaks import normalised
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.evaluation.classifying import load_languages

# None of them is an example. `None`: no kind, or none that is sure.
ASKED = (
    ("Implement quicksort in Rust", "code", ""),
    ("Why is my for loop off by one?", "code", "en"),
    ("Find the volume of a sphere of radius 3", "math", "en"),
    ("Solve x^2 - 5x + 6 = 0", "math", ""),
    ("Write a haiku about rain", "writing", "en"),
    ("Compose a birthday message for my grandmother", "writing", "en"),
    ("How do volcanoes form?", "knowledge", "en"),
    ("When was the Berlin Wall built?", "knowledge", "en"),
    ("Tom is older than Sue, Sue is older than Max. Who is the oldest?", "reasoning", "en"),
    ("Translate 'I love you' to Korean", "translation", "en"),
    ("Give me the gist of this article", "summary", "en"),
    ("How do I lose weight?", "advice", "en"),
    ("hi", "", ""),
    ("asdf", "", ""),
    ("1 + 1", None, ""),
    ("ok go on", "", ""),
    ("```def f(x): return x```", None, ""),
    ("Löse die Gleichung 3x + 7 = 22 und erkläre jeden Schritt", None, "de"),
    ("¿Quién pintó la Mona Lisa y en qué año?", "", "es"),
    ("Écris un poème sur la mer et le vent", "", "fr"),
    ("请写一首关于秋天的诗", None, "zh"),
)


@pytest.fixture(scope="module")
def told() -> dict[str, Topic]:
    guess = load_languages().classify

    async def look() -> dict[str, Topic]:
        async with aclosing(LocalEmbedder()) as model:
            categories = Categories.of(await model.embed(examples()), sizes())
            vectors = await model.embed([normalised(each) for each, *_ in ASKED])
        rows = zip(ASKED, vectors, strict=True)
        return {text: topic_of(text, vector, categories, guess) for (text, *_), vector in rows}

    return asyncio.run(look())


@pytest.mark.parametrize(("text", "category", "language"), ASKED)
def test_a_question_has_its_kind_and_language(
    told: dict[str, Topic], text: str, category: str | None, language: str
) -> None:
    found = told[text]
    assert category in (None, found.category)
    assert found.language == language


def test_every_kind_has_examples_of_its_own() -> None:
    every = [each for some in EXAMPLES.values() for each in some]
    assert len(set(map(normalised, every))) == len(every) == sum(sizes().values())
    assert all(words for words in TAGS.values())


def test_where_two_kinds_are_as_near_there_is_none() -> None:
    categories = Categories.of(np.eye(4), {"a": 2, "b": 2})
    assert categories.nearest(np.array([1.0, 0.9, 0.0, 0.0])) == "a"
    assert categories.nearest(np.array([0.0, 0.0, 0.1, 0.2])) == "b"
    assert categories.nearest(np.array([1.0, 1.0, 1.0, 1.0])) == ""
    assert categories.nearest(np.zeros(4)) == ""


def test_of_a_few_letters_or_of_code_no_language_is_guessed() -> None:
    asked: list[str] = []

    def guess(text: str) -> tuple[str, float]:
        asked.append(text)
        return ("en", 0.9) if "sure" in text else ("br", 0.1)

    assert language_of("hello", guess) == ""
    assert language_of("`print('a long text of code')` https://example.org/words", guess) == ""
    assert asked == []
    assert language_of("I am quite sure of it", guess) == "en"
    assert language_of("who could ever tell", guess) == ""
    assert language_of("这样不好", lambda _: ("zh", 0.9)) == "zh"


def test_tags_are_whole_words_in_their_order() -> None:
    assert tags_of("Sort it in SQL, then in Python and C++, with git and bash") == [
        "sql",
        "python",
        "c++",
    ]
    assert tags_of("javascripts pythonic") == []
    assert tags_of("A cover letter, please") == ["letter"]
