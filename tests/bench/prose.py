"""Filler prose, the same for the same seed, and needles hidden in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

ADJECTIVES_LINE = (
    "amber ancient autumn bitter brave bright broken calm careful clever cold crooked curious "
    "distant dusty eager early empty faded famous gentle golden hidden hollow humble iron "
    "late little lonely narrow northern old pale patient polished quiet rapid royal rusty "
    "silent silver sleepy southern stubborn sudden tall tidy upper velvet weary wooden"
)
NOUNS_LINE = (
    "anchor archive baker barge bell bridge cabinet captain carpenter castle chapel chimney "
    "clock compass cottage doctor dragon falcon farmer ferry fiddler forest fountain garden "
    "gardener gate harbour island kettle lantern letter library lighthouse market miller mirror "
    "mountain orchard otter painter printer river sailor school shepherd station tailor tower "
    "tunnel valley vessel village violin wagon weaver wharf window workshop"
)
VERBS_LINE = (
    "admired avoided borrowed carried counted described discovered followed forgot guarded "
    "measured mended noticed owned painted praised remembered repaired sold visited"
)
TIMES_LINE = (
    "after the flood|at dawn|before the fair|during the long winter|every second Tuesday|"
    "for eleven years|in the spring of that year|on market days|since the fire|when it rained|"
    "while the others slept|without saying a word"
)
ADJECTIVES = tuple(ADJECTIVES_LINE.split())
NOUNS = tuple(NOUNS_LINE.split())
VERBS = tuple(VERBS_LINE.split())
TIMES = tuple(TIMES_LINE.split("|"))
PATTERNS = (
    "The {a} {n} {v} the {b} {m} {t}.",
    "Nobody in the {n} {v} a {a} {m} as often as the {b} {o} did.",
    "{T}, the {n} and the {a} {m} {v} what the {b} {o} had left behind.",
    "It is said that the {a} {n} once {v} {k} of them {t}.",
    "Of the {k} pages about the {n}, only the first {v} the {a} {m} at all.",
    "The {m} near the {a} {n} was {b}, and so it stayed {t}.",
    "Whoever {v} the {n} {t} came home with a {b} {m} and little else.",
)
PARAGRAPH_SENTENCES = (4, 9)
SECTION_PARAGRAPHS = 5
NEEDLE = "The access code of the {adjective} {noun} is {number}."
QUESTION = "What is the access code of the {adjective} {noun}?"


@dataclass(frozen=True, slots=True)
class Needle:
    """A fact that stands in one place only."""

    adjective: str
    noun: str
    number: int

    @property
    def sentence(self) -> str:
        return NEEDLE.format(adjective=self.adjective, noun=self.noun, number=self.number)

    @property
    def question(self) -> str:
        return QUESTION.format(adjective=self.adjective, noun=self.noun)


def sentence(rng: Random) -> str:
    """Something that sounds as if it meant something."""
    times = rng.choice(TIMES)
    n, m, o = rng.sample(NOUNS, 3)
    a, b = rng.sample(ADJECTIVES, 2)
    more = {"v": rng.choice(VERBS), "t": times, "T": times.capitalize(), "k": rng.randint(2, 999)}
    return rng.choice(PATTERNS).format(n=n, m=m, o=o, a=a, b=b, **more)


def paragraphs(rng: Random, characters: int) -> Iterator[str]:
    """Paragraphs of so many characters together, and a heading now and then."""
    left, count = characters, 0
    while left > 0:
        if count % SECTION_PARAGRAPHS == 0:
            yield f"## The {rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"
        text = " ".join(sentence(rng) for _ in range(rng.randint(*PARAGRAPH_SENTENCES)))
        left -= len(text) + 2
        count += 1
        yield text


def prose(rng: Random, characters: int) -> str:
    """So much prose."""
    return "\n\n".join(paragraphs(rng, characters))


def needles(rng: Random, count: int) -> list[Needle]:
    """Facts about different things, each with a number of its own."""
    pairs = [(adjective, noun) for adjective in ADJECTIVES for noun in NOUNS]
    numbers = rng.sample(range(100_000, 1_000_000), count)
    chosen = rng.sample(pairs, count)
    return [Needle(*pair, number) for pair, number in zip(chosen, numbers, strict=True)]


def hiding(rng: Random, text: str, needle: Needle) -> str:
    """The same text with a needle between two sentences of it."""
    ends = [place for place in range(len(text) - 1) if text[place : place + 2] == ". "]
    place = rng.choice(ends) + 2
    return f"{text[:place]}{needle.sentence} {text[place:]}"
