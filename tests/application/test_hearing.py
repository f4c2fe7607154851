"""What was heard becomes a text whose passages know when it was said."""

import pytest

from application.documents.cutting import Cutting, cut
from application.documents.hearing import Heard, Segment, clock, written


def spoken(*words: str, seconds: float = 20.0) -> tuple[Segment, ...]:
    return tuple(Segment(n * seconds, (n + 1) * seconds, each) for n, each in enumerate(words))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0:00"), (9.99, "0:09"), (80, "1:20"), (3599.9, "59:59"), (3661, "1:01:01")],
)
def test_times_are_shown_as_players_do(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_what_is_said_stands_below_its_time() -> None:
    found = written(Heard("", spoken(" one", "two ", "three", "four")))
    assert found == "# 0:00 to 1:00\n\none two three\n\n# 1:00 to 1:20\n\nfour"


def test_a_pause_begins_anew_and_order_is_that_of_time() -> None:
    late = Segment(3700.0, 3705.0, "late")
    found = written(Heard("", (late, Segment(5.0, 9.0, "early"))))
    assert found == "# 0:05 to 0:09\n\nearly\n\n# 1:01:40 to 1:01:45\n\nlate"


def test_without_times_there_is_only_the_text() -> None:
    assert written(Heard(" all\n\fof it ")) == "all of it"
    assert written(Heard("  ")) == ""
    assert written(Heard("", (Segment(0, 1, "# "),))) == ""


def test_words_never_look_like_headings_or_pages() -> None:
    hostile = "\n# Title\f\n```\n## 9:99"
    found = written(Heard(hostile, (Segment(0.0, 1.0, hostile),)))
    assert found == "# 0:00 to 0:01\n\nTitle ``` ## 9:99"
    assert len(cut(found, Cutting())) == 1


def test_passages_carry_their_times() -> None:
    text = written(Heard("", spoken(*(f"{n} " + "word " * 40 for n in range(9)))))
    passages = cut(text, Cutting(tokens=64, overlap=8), title="Interview")
    assert {each.headings for each in passages} == {
        "Interview > 0:00 to 1:00",
        "Interview > 1:00 to 2:00",
        "Interview > 2:00 to 3:00",
    }
