"""What is said in recordings, and how it becomes a text that tells when it was said."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SECONDS_TOGETHER = 60.0
MARKS = "#`~|>- "  # a text that begins with these may look like something else than prose


@dataclass(frozen=True, slots=True)
class Segment:
    """A few words, and the seconds at which they begin and end."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """All that is said in a recording; without segments nobody knows when."""

    text: str
    segments: tuple[Segment, ...] = ()


class Hearing(Protocol):
    """Writes recordings down."""

    async def hear(self, path: Path, name: str) -> Heard:
        """What is said; the ending of the name tells the kind of the recording.

        Raises Unavailable when it cannot for the moment, Unfit when it cannot at all.
        """


def written(heard: Heard) -> str:
    """What was heard as a text, with a heading for each minute or so."""
    if not heard.segments:
        return prose([heard.text])
    return "\n\n".join(
        f"# {clock(some[0].start)} to {clock(max(each.end for each in some))}\n\n{words}"
        for some in stretches(heard.segments)
        if (words := prose(each.text for each in some))
    )


def stretches(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Segments that stand together, in the order of time."""
    some: list[Segment] = []
    for each in sorted(segments, key=lambda one: one.start):
        if some and each.start - some[0].start >= SECONDS_TOGETHER:
            yield some
            some = []
        some.append(each)
    if some:
        yield some


def prose(texts: Iterable[str]) -> str:
    """Spoken words as one paragraph, whatever a server put between them."""
    return " ".join(" ".join(texts).split()).lstrip(MARKS)


def clock(seconds: float) -> str:
    """A time in a recording, as players show it."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
