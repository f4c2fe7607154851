"""A reader's place: whatever is lost and wherever he comes back, he gets the whole text once."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from infrastructure.streams.entries import Entry, Hole, Place, Saved

WORDS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=5), max_size=12)


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(words=WORDS, cuts=st.lists(st.integers(0, 40), max_size=4), data=st.data())
def test_whatever_is_lost_and_wherever_one_comes_back_the_text_is_whole(
    words: list[str], cuts: list[int], data: st.DataObject
) -> None:
    """The place alone, against a stream that loses and rewrites pieces at will."""
    entries = rewritten(words, data)
    whole = "".join(words)
    saved = Saved(1, 1, "m1", whole, "", {"status": "completed"})
    text = ""
    place = Place()
    for number, entry in enumerate(entries):
        if number in cuts:
            place = Place.parse(place.id)
        told: list[Entry] = []
        try:
            place.take(entry, told)
        except Hole:
            told += place.catch_up(saved)
        text += "".join(str(each.chunk().data["text"]) for each in told if each.kind == "delta")
        if place.ended:
            break
    else:
        text += "".join(
            str(each.chunk().data["text"]) for each in place.catch_up(saved) if each.kind == "delta"
        )
    assert text == whole


def rewritten(words: list[str], data: st.DataObject) -> list[Entry]:
    """The pieces of an answer, some of which never came, and some again as a whole."""
    entries: list[Entry] = []
    at = 0
    for number, word in enumerate(words, 1):
        begin, at = at, at + len(word)
        what = data.draw(st.sampled_from(["there", "there", "lost", "whole"]))
        if what == "whole":
            text, begin = "".join(words[:number]), 0
        else:
            text = word
        chunk = Entry(1, number, 1, "delta", to_json({"text": text}), begin, 0, at, 0)
        if what != "lost":
            entries.append(chunk)
    return entries
