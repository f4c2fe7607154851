"""What a text becomes when it is cut: nothing lost, nothing too long, everything in its place."""

from collections.abc import Callable
from itertools import pairwise
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.documents.atoms import estimate
from application.documents.cutting import TOKENS_MIN, Cutting, Passage, cut
from domain.errors import Invalid

SMALL = Cutting(TOKENS_MIN, 8)
PROSE = "The cat sat on the mat. It was warm there. Nobody came to chase it away, not even once. "

words = st.text(st.characters(codec="utf-8", exclude_characters="\f"), max_size=12)
lines = st.one_of(
    words,
    st.lists(words, max_size=30).map(" ".join),
    st.sampled_from(
        ["", "  ", "# One", "## Two ##", "### Three", "#no heading", "```", "~~~~", "````python",
         "- item", "12. item", "| a | b |", "|---|---|", "x | y | z", "\f", "text\fmore", PROSE,
         "x" * 200, "人人生而自由。" * 9, "  code = 1", "\t", "Dr. Who met J. Doe. They left."]
    ),
)  # fmt: skip
texts = st.lists(lines, max_size=60).map("\n".join)
cuttings = st.builds(
    Cutting,
    st.integers(TOKENS_MIN, 90),
    st.integers(0, TOKENS_MIN // 2),
    st.booleans(),
)


def words_of(text: str) -> int:
    return len(text.split())


def characters_of(text: str) -> int:
    return len("".join(text.split()))


counts = st.sampled_from([estimate, words_of, characters_of])


def spaceless(text: str, places: range) -> set[int]:
    return {place for place in places if not text[place].isspace()}


@given(texts, cuttings, counts, st.sampled_from(["", "Title", "# " * 300]))
def test_nothing_is_lost_or_too_long_or_out_of_order(
    text: str, cutting: Cutting, count: Callable[[str], int], title: str
) -> None:
    passages = cut(text, cutting, count, title)
    seen: set[int] = set()
    for passage in passages:
        seen |= set(range(passage.start, passage.end))
        check(passage, text, cutting)
        assert count(passage.embedded) <= cutting.tokens
    assert spaceless(text, range(len(text))) <= seen
    assert [each.ordinal for each in passages] == list(range(len(passages)))
    for one, other in pairwise(passages):
        assert one.start < other.start
        assert one.end < other.end
    assert cut(text, cutting, count, title) == passages


def check(passage: Passage, text: str, cutting: Cutting) -> None:
    exact = text[passage.start : passage.end]
    assert exact == exact.strip() != ""
    assert passage.text.endswith(exact)
    if passage.text != exact:
        header = passage.text.removesuffix(exact)
        assert header.endswith("\n")
        assert "|" in header
        assert header.strip() in text[: passage.start]
    pages = text.count("\f", 0, passage.start) + 1
    assert passage.page == (pages if "\f" in text else None)
    assert "\f" not in exact
    assert 0 < passage.tokens <= cutting.tokens


def test_headings_stand_before_what_they_head() -> None:
    text = (
        "# A ship\n\n" + PROSE * 3 + "\n\n## Its sails ##\n\n" + PROSE + "\n# Harbour\n\n" + PROSE
    )
    found = cut(text, Cutting(64, 0), title="Log")
    headings = [each.headings for each in found]
    assert headings == [
        "Log > A ship", "Log > A ship", "Log > A ship > Its sails", "Log > Harbour",
    ]  # fmt: skip
    assert found[2].embedded == "Log > A ship > Its sails\n" + found[2].text
    assert found[2].text.startswith("## Its sails ##\n\nThe cat")


def test_without_context_only_the_text_is_embedded() -> None:
    (passage,) = cut("# A ship\n\nIt sails.", Cutting(contextual=False))
    assert passage.headings == "A ship"
    assert passage.embedded == passage.text
    assert passage.hash != cut("# A ship\n\nIt sails.", Cutting())[0].hash


def test_a_title_is_not_said_twice() -> None:
    assert cut("# Log\n\nIt sails.", Cutting(), title="Log")[0].headings == "Log"


def test_what_looks_like_a_heading_in_code_is_none() -> None:
    text = "# Real\n\n```sh\n# not a heading\nls\n```\n\n####### seven\n\n#tag\n"
    assert {each.headings for each in cut(text, Cutting())} == {"Real"}


def test_a_fence_without_an_end_spoils_its_page_at_most() -> None:
    found = cut("```\nls\n\f# Two\n\ntext", Cutting())
    assert [each.headings for each in found] == ["", "Two"]


def test_pages_are_never_mixed() -> None:
    found = cut("one\ftwo\f\fmore " + PROSE, Cutting())
    assert [(each.page, each.text[:4]) for each in found] == [(1, "one"), (2, "two"), (4, "more")]
    assert cut("no pages", Cutting())[0].page is None


def test_a_cut_table_repeats_its_header() -> None:
    rows = [f"{n} | Anna | {n * n}" for n in range(40)]
    text = "# Sheet\n\nid | name | square\n" + "\n".join(rows)
    first, *others = cut(text, Cutting(64, 16))
    assert first.text.startswith("# Sheet\n\nid | name | square\n0 | Anna")
    assert len(others) > 3
    for each in others:
        assert each.text == "id | name | square\n" + text[each.start : each.end]
        assert text[each.start - 1] == "\n"


def test_code_stays_whole_where_it_fits() -> None:
    code = "```python\n" + "\n\n".join(f"def f{n}():\n    return {n}" for n in range(4)) + "\n```"
    text = PROSE * 3 + "\n\n" + code + "\n\n" + PROSE
    assert any(code in each.text for each in cut(text, Cutting(96, 16)))
    pieces = [each for each in cut(code * 3, Cutting(48, 16)) if "return" in each.text]
    assert len(pieces) > 3
    assert all("def " in each.text for each in pieces)


def test_items_of_a_list_stay_whole() -> None:
    text = "\n".join(f"- the item of number {n}, and what there is to say" for n in range(20))
    for each in cut(text, Cutting(64, 0)):
        assert each.text.startswith("- the item")
        assert each.text.endswith("to say")


def test_the_last_sentences_come_again() -> None:
    text = PROSE * 20
    one, other, *_ = cut(text, Cutting(64, 24))
    shared = text[other.start : one.end]
    assert shared
    assert estimate(shared) <= 24
    assert text[other.start - 2 : other.start] == ". "
    assert all(each.text.endswith(".") for each in (one, other))


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = "He met Dr. Who, e.g. Mr. J. Doe of the U.S. Navy, and No. 5 there. " * 30
    assert all(each.text.startswith("He met") for each in cut(text, Cutting(64, 0)))
    assert all(each.text.endswith("there.") for each in cut(text, Cutting(64, 0)))


def test_tiny_sections_of_one_section_go_together() -> None:
    text = "# Words\n\n## Hull\nA body.\n## Mast\nA pole.\n# Other\nText."
    assert [each.headings for each in cut(text, Cutting())] == ["Words", "Other"]


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"tokens": 31}, "tokens"),
        ({"tokens": 4097}, "tokens"),
        ({"tokens": 64.0}, "tokens"),
        ({"tokens": True}, "tokens"),
        ({"overlap": -1}, "overlap"),
        ({"tokens": 64, "overlap": 33}, "overlap"),
        ({"overlap": "8"}, "overlap"),
        ({"contextual": 1}, "contextual"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(chosen: dict[str, Any], named: str) -> None:
    with pytest.raises(Invalid, match=f"^{named} "):
        Cutting(**chosen)


def test_a_key_is_the_same_for_ever() -> None:
    assert Cutting().key == Cutting(256, 32, contextual=True).key == "add7618f6f0d"
    others = (Cutting(255), Cutting(overlap=31), Cutting(contextual=False))
    assert len({each.key for each in (Cutting(), *others)}) == 4


@pytest.mark.parametrize(
    "text",
    [
        "# Words\n\n" + PROSE * 10_000,
        "x" * 1_000_000,
        "a" + " " * 1_000_000 + "b",
        "# a" + " " * 1_000_000 + "b\n\n" + PROSE,
        "#" * 1_000_000,
        "`" * 1_000_000 + "x`",
        ". " * 100_000,
        "# h\n" * 50_000,
        "# " + "h" * 500_000 + "\n" + PROSE * 5_000,
        "a | b\n" * 150_000,
        "." + '"' * 1_000_000,
        "\n\t" * 500_000,
    ],
    ids=lambda text: text[:5].strip() or "blank",
)
def test_time_grows_with_the_text_only(text: str) -> None:
    begun = process_time()
    cut(text, Cutting())
    assert process_time() - begun < 3
