"""Quire's own manual, cut into sections and ready to be searched."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

K1, B = 1.4, 0.6  # the usual constants of BM25
TITLE_WEIGHT = 3
EXACT_TITLE = 2  # a passage whose title asks the very question is worth two
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
HEADING = re.compile(r"^(#{1,3}) +(.+?) *$", re.MULTILINE)
ENDINGS = (
    ("ies", "y"), ("ing", ""), ("edly", ""), ("ed", ""), ("ers", ""), ("er", ""), ("es", ""),
    ("s", ""), ("e", ""),
)  # fmt: skip
STEM_CHARACTERS_MIN = 3
STOP_TEXT = (
    "a about all also am an and any are as at be been but by can could did do does doing don't for"
    " from get give had has have he her here him his how i i'd i'm if in into is it it's its just"
    " let like make many may me mean might more most much must my need no not of on one only or"
    " other our out over please say shall she should so some something tell than that the their"
    " them then there these they thing this those to too under until up us use very want was way"
    " we well were what what's when where which while who whom whose why will with without would"
    " you your explain describe happen work works"
)
STOP_WORDS = frozenset(STOP_TEXT.split())
SAME = {
    "remove": "delete", "erase": "delete", "bin": "trash", "erasing": "delete",
    "login": "signin", "logon": "signin", "log-in": "signin", "register": "signup",
    "signing": "signin", "shortcut": "key", "hotkey": "key", "shortcuts": "key", "keys": "key",
    "regenerate": "again", "retry": "again", "admin": "administrator", "admins": "administrator",
    "llm": "model", "ai": "model", "database": "postgresql",
    "postgres": "postgresql", "db": "postgresql", "redis": "valkey", "provider": "connection",
    "email": "mail", "e-mail": "mail", "colour": "color", "crash": "restart",
    "fork": "branch", "rewrite": "edit", "sourcing": "log", "undo": "restore",
    "mode": "appearance", "generation": "answer",
    "response": "answer", "deletion": "delete", "stored": "store", "simultaneously": "time",
    "theme": "appearance", "run": "start", "cancel": "stop", "abort": "stop",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text one can quote, and where it stands."""

    title: str
    text: str
    source: str


def stems(text: str) -> list[str]:
    """The words of a text that say something, without their endings."""
    words = (word.lower().replace("\u2019", "'") for word in WORD.findall(joined(text)))
    return [stem(word) for word in words if not (word in STOP_WORDS or word.isdigit())]


def joined(text: str) -> str:
    """Words people write in two ways, in one."""
    return re.sub(r"\b([Ss]ign|[Ll]og)[ -](in|up|on|out)\b", r"\1\2", text)


def stem(word: str) -> str:
    """A word without its ending; the same for all forms is enough, beauty is not needed."""
    word = SAME.get(word, word)
    word = word.removesuffix("'s")
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM_CHARACTERS_MIN:
            word = word.removesuffix(ending) + instead
            break
    if len(word) > STEM_CHARACTERS_MIN and word[-1] == word[-2]:
        word = word[:-1]
    return SAME.get(word, word)


@dataclass(frozen=True, slots=True)
class Index:
    """Finds passages by their words (BM25)."""

    passages: Sequence[Passage]
    counts: tuple[Counter[str], ...] = field(init=False)
    weights: Mapping[str, float] = field(init=False)
    rare: float = field(init=False)
    length: float = field(init=False)

    def __post_init__(self) -> None:
        counts = tuple(words(each) for each in self.passages)
        holding = Counter(word for each in counts for word in each)
        total = len(counts)
        weights = {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in holding.items()}
        set_field = object.__setattr__
        set_field(self, "counts", counts)
        set_field(self, "weights", weights)
        set_field(self, "rare", math.log(1 + (total + 0.5) / 0.5))
        set_field(self, "length", sum(each.total() for each in counts) / max(1, total))

    def search(
        self, query: Mapping[str, float], extra: Sequence[Passage] = ()
    ) -> list[tuple[float, float, Passage]]:
        """Best first: score, share of the question that is covered, passage."""
        pairs = [*zip(self.counts, self.passages, strict=True), *((words(p), p) for p in extra)]
        scored = [(*self.score(query, *pair), pair[1]) for pair in pairs]
        return sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])

    def score(
        self, query: Mapping[str, float], counts: Counter[str], passage: Passage
    ) -> tuple[float, float]:
        """How well a passage fits, and which share of the question it covers."""
        exact = set(stems(passage.title.rpartition(": ")[2])) == set(query)
        norm = K1 * (1 - B + B * counts.total() / max(1.0, self.length))
        score = covered = wanted = 0.0
        for word, weight in query.items():
            rarity = weight * self.weights.get(word, self.rare)
            wanted += rarity
            if count := counts.get(word, 0):
                covered += rarity
                score += rarity * count * (K1 + 1) / (count + norm)
        return score * (EXACT_TITLE if exact else 1), covered / wanted if wanted else 0.0


def words(passage: Passage) -> Counter[str]:
    """How often each word stands in a passage; its title counts more."""
    counts = Counter(stems(passage.text))
    for word in stems(passage.title):
        counts[word] += TITLE_WEIGHT
    return counts


def manual() -> list[Passage]:
    """All sections of the manual, in the order of its pages."""
    folder = files("infrastructure.models") / "manual"
    pages = sorted((page.name, page.read_text("utf-8")) for page in folder.iterdir())
    return [each for name, text in pages if name.endswith(".md") for each in sections(name, text)]


def sections(name: str, text: str) -> Iterator[Passage]:
    """The sections of one page, each under the titles above it."""
    found = list(HEADING.finditer(text))
    page = found[0][2] if found else name
    ends = [*(each.start() for each in found[1:]), len(text)]
    for heading, end in zip(found, ends, strict=True):
        body = text[heading.end() : end].strip()
        title = heading[2] if heading[2] == page else f"{page}: {heading[2]}"
        if body:
            yield Passage(title, body, f"Quire's manual, {title}")
