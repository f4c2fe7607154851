"""What the built-in Reader promises: to quote truly, or to say that it cannot."""

import asyncio
from typing import Any

import pytest

from application.ports import Given, Piece, Prompt, Turn
from infrastructure.models.manual import manual
from infrastructure.models.reader import SUGGESTIONS, ReaderModel

READER = ReaderModel()
SECTIONS = {passage.title: passage.text for passage in manual()}


async def ask(*questions: str, reader: ReaderModel = READER, **more: object) -> list[Piece]:
    turns = tuple(Turn("user", each) for each in questions)
    prompt = Prompt("reader", turns, **more)  # type: ignore[arg-type]
    return [piece async for piece in reader.answer(prompt)]


def text(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "text")


def citations(pieces: list[Piece]) -> list[dict[str, Any]]:
    return [item for piece in pieces for item in piece.data.get("items", ())]


QUESTIONS = [
    ("How do I connect a model?", "Connect a model server"),
    ("how can I use ollama", "Ollama"),
    ("What happens to an answer when I close the page?", "Close the page while"),
    ("How do I back up my data?", "Back up and restore"),
    ("I forgot my password", "Forgotten password"),
    ("does Quire lose messages when it crashes?", "What is lost"),
    ("can I use two models at the same time?", "side by side"),
    ("how can i undo the deletion of a chat?", "the trash"),
    ("Which keyboard shortcuts are there?", "Keyboard shortcuts"),
    ("How do I change the port?", "another address or port"),
    ("use the OpenAI SDK with Quire", "OpenAI-compatible server"),
    ("My answer is empty. Why?", "The answer is empty"),
    ("Where is my data stored?", "Your data, the log and backups"),
    ("what is quire", "What Quire is"),
    ("Who is the Reader?", "Who the Reader is"),
    ("dark mode", "Appearance"),
    ("How do I add files to a chat?", "Add files"),
    ("Which file formats can be read?", "Which file formats can be read"),
    ("How do I share a knowledge base?", "Share a knowledge base"),
    ("Can it search the web?", "Search the web"),
    ("How do I sync a folder?", "Sync a folder"),
    ("What do citations like [1] mean?", "Citations"),
    ("Why did my file fail?", "A file failed"),
    ("How are passages found?", "How passages are found"),
    ("Can the Reader answer from my files?", "Ask the Reader about your files"),
]


@pytest.mark.parametrize(("question", "title"), QUESTIONS)
async def test_a_question_about_quire_is_answered(question: str, title: str) -> None:
    found = citations(await ask(question))
    assert any(title in each["title"] for each in found[:2]), found


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "Write a poem about the sea",
        "Wie spät ist es in Tokio?",
        "What is the boiling point of water at 3000 m?",
        "Who won the championship in 1998?",
        "日本の首都はどこですか",
    ],
)
async def test_what_it_does_not_know_it_says(question: str) -> None:
    pieces = await ask(question)
    assert not citations(pieces)
    assert text(pieces).startswith("I found nothing about that")
    assert SUGGESTIONS[0] in text(pieces)


@pytest.mark.parametrize("question", SUGGESTIONS)
async def test_what_it_suggests_it_can_answer(question: str) -> None:
    assert citations(await ask(question))


@pytest.mark.parametrize("question", ["Hello", "", "thanks!", "???", "\n"])
async def test_a_greeting_is_returned(question: str) -> None:
    assert text(await ask(question)).startswith("Hello. I am the Reader")
    assert text(await ask()).startswith("Hello. I am the Reader")


async def test_quotes_are_true_and_numbered() -> None:
    pieces = await ask("How do I connect a model?")
    found = citations(pieces)
    assert [each["n"] for each in found] == list(range(1, len(found) + 1))
    for each in found:
        section = " ".join(SECTIONS[each["title"]].split())
        assert each["quote"] in section
        assert f"[{each['n']}]" in text(pieces)
        assert each["source"]


async def test_words_come_one_by_one_and_others_are_let_in() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    pieces = await ask("How do I connect a model?")
    ticking.cancel()
    words = [piece for piece in pieces if piece.kind == "text"]
    assert len(words) > 20
    assert all(len(piece.text.split()) <= 1 for piece in words)
    assert ticks >= len(words)
    assert [piece.kind for piece in pieces[-2:]] == ["usage", "finish"]


async def test_it_goes_on_where_it_was() -> None:
    question = Turn("user", "How do I back up my data?")
    whole = text(await ask(question.content))
    for size in (0, 1, 17, len(whole) - 1, len(whole)):
        turns = (question, Turn("assistant", whole[:size]))
        pieces = [p async for p in READER.answer(Prompt("reader", turns, continues=True))]
        assert whole[:size] + text(pieces) == whole


async def test_a_length_is_kept() -> None:
    pieces = await ask("How do I connect a model?", params={"max_tokens": 3})
    assert len(text(pieces).split()) == 3
    assert pieces[-1].data == {"reason": "length"}


async def test_a_short_question_is_understood_by_the_one_before() -> None:
    found = citations(await ask("How do I back up my data?", "and restoring?"))
    assert "Back up and restore" in found[0]["title"]


async def test_a_strange_question_is_no_trouble() -> None:
    for question in ("a" * 100_000, "model " * 50_000, "\0\ud800", "## [1](x) <b>"):
        async with asyncio.timeout(2):
            await ask(question)


def given(n: int, text: str, meaning: float | None = None) -> Given:
    place = {"n": n, "title": "rules.pdf", "source": "rules.pdf, page 2", "quote": text, "page": 2}
    return Given(n, text, place, meaning)


DESCALED = given(3, "The espresso machine is descaled on the first Monday of a month.")


@pytest.mark.parametrize("attached", [True, False])
async def test_what_it_is_given_is_quoted_with_its_number(*, attached: bool) -> None:
    passages = (given(1, "The fridge is cleaned on Fridays."), DESCALED)
    said = await ask("When is the espresso machine descaled?", passages=passages, attached=attached)
    assert text(said) == f"> {DESCALED.text} [3]"
    assert citations(said) == [{**DESCALED.citation, "quote": DESCALED.text}]


async def test_numbers_count() -> None:
    passages = tuple(given(n, f"The code of vault {n} is {9000 + n}.") for n in range(1, 9))
    said = await ask("What is the code of vault 7?", passages=passages, attached=True)
    assert [each["n"] for each in citations(said)] == [7]
    assert "9007" in text(said)


async def test_of_a_long_passage_the_sentences_that_fit_are_quoted() -> None:
    filler = " ".join(f"Sentence number {n} is about nothing at all." for n in range(40))
    long = given(1, f"{filler} {DESCALED.text} {filler}")
    said = text(await ask("When is the espresso machine descaled?", passages=(long,)))
    assert DESCALED.text in said
    assert len(said) < 700


async def test_of_wrapped_prose_whole_sentences_are_quoted_and_of_lists_lines() -> None:
    prose = "It was a long way to the harbour, and nobody had been there for years, as\nSam said. "
    told = "The lighthouse keeper, who lived alone in that place with his dog, was\nNamed Horatio. "
    listed = "\n\n- lighthouse keys hang here\n- ropes and sails: Ben\n"
    given = (Given(1, prose * 5 + told + prose * 3 + listed, {"title": "a.txt"}, 0.5),)
    [found] = citations(await ask("Who is the lighthouse keeper?", passages=given, attached=True))
    assert found["quote"] == " ".join(f"{told} - lighthouse keys hang here".split())


async def test_what_says_it_in_other_words_is_quoted_when_it_was_chosen() -> None:
    near = given(1, "Tidy up the kitchenette each Friday afternoon.", 0.61)
    said = await ask("When must colleagues wash dishes?", passages=(near,), attached=True)
    assert [each["n"] for each in citations(said)] == [1]
    far = given(1, near.text, 0.1)
    assert not citations(await ask("When must colleagues wash?", passages=(far,), attached=True))
    assert not citations(await ask("When must colleagues wash dishes?", passages=(near,)))


async def test_the_manual_is_quoted_when_it_fits_better() -> None:
    vague = given(1, "A model of the house stands in the hall.")
    found = citations(await ask("How do I connect a model?", passages=(vague,)))
    assert "Connect a model server" in found[0]["title"]
    assert found[0]["n"] == 2


async def test_nothing_in_the_documents_is_said_so() -> None:
    said = await ask("When is the espresso machine descaled?", attached=True)
    assert "documents of this conversation" in text(said)
    assert not citations(said)


def test_the_manual_has_short_sections_with_titles_of_their_own() -> None:
    passages = manual()
    assert len(passages) > 80
    assert len({passage.title for passage in passages}) == len(passages)
    assert all(len(passage.text) < 1200 for passage in passages)
