"""What one can ask of a table, and what is said when it makes no sense."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from application.evaluation.bootstrap import ROUNDS_MAX
from application.evaluation.bradley_terry import TIES
from domain.errors import Conflict, Invalid, NotFound

METHODS = ("bt", "elo", "approval", "openwebui")
WEIGHTINGS = ("none", "pair")
SWITCH = ("off", "on")
VOTES = ("eligible", "trusted", "all")
K = 32.0
K_MAX = 1_000.0
RATING_MAX = 1e6
POSITION_MAX = 2**63 - 1
TEXT_CHARACTERS_MAX = 300
WORDS = {
    "method": METHODS,
    "ties": TIES,
    "weighting": WEIGHTINGS,
    "style": SWITCH,
    "votes": VOTES,
}
NAMES = (
    *WORDS,
    "category",
    "language",
    "interval",
    "anchor",
    "from",
    "until",
    "as_of",
    "space",
    "k",
    "topic",
)
# What a table about a topic cannot be besides.
TOPICAL = {"method": "bt", "weighting": "none", "style": "off", "interval": "sandwich"}


class BadParameter(Invalid):
    """A parameter nobody knows, or a value it cannot have."""

    def __init__(self, parameter: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{parameter} must be: {', '.join(allowed)}.")
        self.more = {"code": "bad_parameter", "parameter": parameter, "allowed": list(allowed)}


class UnknownModel(NotFound):
    """A model that has no votes here."""

    def __init__(self, model: str) -> None:
        super().__init__("model", model)
        self.more = {"code": "unknown_model"}


class PositionInFuture(Conflict):
    """A place in the log that is not there yet."""

    def __init__(self, head: int) -> None:
        super().__init__(f"The log ends at position {head}.")
        self.more = {"code": "position_in_future", "head": head}


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the log: its position, a time, or an act of an import."""

    position: int | None = None
    at: datetime | None = None
    source: str | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A table that is asked for. `as_of` as it was written."""

    method: str = "bt"
    category: str | None = None
    language: str | None = None
    ties: str = "half"
    weighting: str = "none"
    style: str = "off"
    votes: str = "eligible"
    rounds: int = 0
    anchor: tuple[str, float] | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: str | None = None
    space: str = ""
    k: float = K
    topic: str | None = None

    @property
    def moment(self) -> Moment | None:
        """The place in the log; None is its end."""
        return None if self.as_of is None else moment_of(self.as_of)

    def params(self) -> dict[str, Any]:
        """All that was chosen, to be shown beside the numbers."""
        found = asdict(self)
        del found["as_of"], found["method"]
        rounds = found.pop("rounds")
        found["interval"] = f"bootstrap:{rounds}" if rounds else "sandwich"
        found["anchor"] = None if self.anchor is None else f"{self.anchor[0]}:{self.anchor[1]:g}"
        found["from"] = written(found.pop("since"))
        found["until"] = written(found["until"])
        if self.topic is None:
            del found["topic"]  # published tables of before have none
        return dict(sorted(found.items()))

    @classmethod
    def of(cls, given: Mapping[str, str], *, more: Sequence[str] = ()) -> "Asked":
        """What was asked for in words; `more` names parameters that others read."""
        names = (*NAMES, *more)
        for name in given:
            if name not in names:
                raise BadParameter(name, names)
        words = {name: word(name, given[name]) for name in WORDS if name in given}
        moment_of(given["as_of"]) if "as_of" in given else None
        for name, only in TOPICAL.items() if "topic" in given else ():
            if given.get(name, only) != only:
                raise BadParameter(name, [only])
        return cls(
            **words,
            category=text("category", given.get("category")),
            language=text("language", given.get("language")),
            rounds=rounds_of(given.get("interval", "sandwich")),
            anchor=anchor_of(given["anchor"]) if "anchor" in given else None,
            since=time_of("from", given["from"]) if "from" in given else None,
            until=time_of("until", given["until"]) if "until" in given else None,
            as_of=given.get("as_of"),
            space=text("space", given.get("space")) or "",
            k=k_of(given["k"]) if "k" in given else K,
            topic=topic_of(given["topic"]) if "topic" in given else None,
        )


def word(name: str, value: str) -> str:
    """One of the words a parameter can have."""
    if value not in WORDS[name]:
        raise BadParameter(name, WORDS[name])
    return value


def text(name: str, value: str | None) -> str | None:
    """A short text."""
    if value is not None and (len(value) > TEXT_CHARACTERS_MAX or "\x00" in value):
        raise BadParameter(name, [f"a text of at most {TEXT_CHARACTERS_MAX} characters"])
    return value


def topic_of(value: str) -> str:
    """What a table is about, in words."""
    if not value.strip():
        raise BadParameter("topic", [f"a text of 1 to {TEXT_CHARACTERS_MAX} characters"])
    return text("topic", value) or ""


def rounds_of(value: str) -> int:
    """How often votes are drawn for an interval."""
    name, _, count = value.partition(":")
    if value == "sandwich":
        return 0
    if name == "bootstrap" and is_digits(count) and 1 <= int(count) <= ROUNDS_MAX:
        return int(count)
    raise BadParameter("interval", ["sandwich", f"bootstrap:1 to bootstrap:{ROUNDS_MAX}"])


def anchor_of(value: str) -> tuple[str, float]:
    """A model and the rating it has."""
    model, _, rating = value.rpartition(":")
    found = number_of(rating)
    if not model or found is None or abs(found) > RATING_MAX:
        raise BadParameter("anchor", ["MODEL:RATING"])
    return model, found


def k_of(value: str) -> float:
    """How far one vote moves a rating."""
    found = number_of(value)
    if found is None or not 0 < found <= K_MAX:
        raise BadParameter("k", [f"a number above 0, at most {K_MAX:g}"])
    return found


def number_of(value: str) -> float | None:
    """A number that can be reckoned with."""
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def time_of(name: str, value: str) -> datetime:
    """A time as RFC 3339 has it."""
    found = time_or_none(value)
    if found is None:
        raise BadParameter(name, ["an RFC 3339 time such as 2026-01-31T12:00:00Z"])
    return found


def time_or_none(value: str) -> datetime | None:
    """A time with its zone; a + that came as a blank is one."""
    try:
        found = datetime.fromisoformat(value.strip().replace(" ", "+"))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def moment_of(value: str) -> Moment:
    """A place in the log, however it is named."""
    if is_digits(value) and int(value) <= POSITION_MAX:
        return Moment(position=int(value))
    if value.startswith("import:"):
        name, _, seq = value.removeprefix("import:").rpartition("@")
        if name and "\x00" not in name and is_digits(seq) and int(seq) <= POSITION_MAX:
            return Moment(source=name, seq=int(seq))
    elif (at := time_or_none(value)) is not None:
        return Moment(at=at)
    raise BadParameter("as_of", ["a position", "an RFC 3339 time", "import:NAME@SEQ"])


def is_digits(value: str) -> bool:
    """Whether it is a whole number of a sane length."""
    return value.isascii() and value.isdigit() and len(value) < 20  # noqa: PLR2004 (of 64 bits)


def written(at: datetime | None) -> str | None:
    """A time as it is shown."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")
