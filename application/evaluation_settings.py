"""The choices for ratings, arena and leaderboards: typed, complete and within their limits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from application.command import Command, Work
from application.documents.choices import parsed, within
from application.documents.settings import plain
from application.ports import Actor, Log
from application.users import require_administrator
from domain import evaluation_settings as domain
from domain.errors import Forbidden, Invalid, NotFound

ENTRIES_MAX = 50
MODELS_MAX = 500
WEIGHT_MAX = 1_000.0
ENTRY_ID = re.compile(r"arena(-[a-z0-9]+(-[a-z0-9]+)*)?")
ENTRY_CHARACTERS_MAX = 100


@dataclass(frozen=True, slots=True)
class ArenaEntry:
    """A line of the list of models behind which one of several hides; nothing included: all."""

    id: str = "arena"
    name: str = "Arena"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def admits(self, model: str) -> bool:
        """Whether a model may hide here."""
        return model not in self.exclude and (not self.include or model in self.include)


Who = Literal["everybody", "administrators"]


def admits(who: Who, *, is_administrator: bool) -> bool:
    """Whether somebody of that role is among them."""
    return who == "everybody" or is_administrator


@dataclass(frozen=True, slots=True)
class Ratings:
    """Whether answers can be rated and compared, and who may."""

    enabled: bool = True
    who: Who = "everybody"

    def admits(self, *, is_administrator: bool) -> bool:
        """Whether somebody of that role may say what he thinks of answers."""
        return self.enabled and admits(self.who, is_administrator=is_administrator)


@dataclass(frozen=True, slots=True)
class Arena:
    """How hidden models are drawn and shown.

    `weights` by model, 1 where none is given; a model of `targets` is drawn more often, one with
    an outage never.
    """

    enabled: bool = True
    who: Who = "everybody"
    pacing: Literal["lockstep", "free"] = "lockstep"
    sampler: Literal["weighted", "informative"] = "weighted"
    votes_minute_max: int = within(1, 1_000_000, 30)
    targets: tuple[str, ...] = ()
    outages: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    entries: tuple[ArenaEntry, ...] = (ArenaEntry(),)

    def admits(self, *, is_administrator: bool) -> bool:
        """Whether somebody of that role may have hidden models answer."""
        return self.enabled and admits(self.who, is_administrator=is_administrator)

    def entry(self, entry_id: str) -> ArenaEntry | None:
        """The entry of that id; None when there is none, or no arena."""
        found = (each for each in self.entries if self.enabled and each.id == entry_id)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Policy:
    """How many votes of one kind count; a change of a cap raises the version."""

    prompt_votes_max: int = within(1, 1_000_000_000, 20)
    voter_day_votes_max: int = within(1, 1_000_000_000, 50)
    version: int = within(1, 1_000_000_000, 1)


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """All choices for evaluation."""

    ratings: Ratings = field(default_factory=Ratings)
    arena: Arena = field(default_factory=Arena)
    policy: Policy = field(default_factory=Policy)


def settings_of(values: Mapping[str, Any]) -> EvaluationSettings:
    """The choices in plain values; Invalid names what is wrong, and what is allowed."""
    arena = values.get("arena", {})
    special: dict[str, Any] = {}
    if isinstance(arena, Mapping):
        if "weights" in arena:
            special["weights"] = weights_of(arena["weights"])
        if "entries" in arena:
            special["entries"] = entries_of(arena["entries"])
        arena = {name: value for name, value in arena.items() if name not in special}
        values = {**values, "arena": arena}
    found = parsed(EvaluationSettings, values)
    return EvaluationSettings(
        found.ratings,
        Arena(**{name: getattr(found.arena, name) for name in Arena.__slots__} | special),
        found.policy,
    )


def weights_of(given: object) -> dict[str, float]:
    """Weights by model."""
    if not isinstance(given, Mapping) or len(given) > MODELS_MAX:
        raise Invalid(f"arena.weights must be an object of {MODELS_MAX} numbers at most.")
    for name, weight in given.items():
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not (is_number and 0 <= weight <= WEIGHT_MAX):
            raise Invalid(f"arena.weights.{name} must be between 0 and {WEIGHT_MAX:g}.")
    return {str(name): float(weight) for name, weight in given.items()}


def entries_of(given: object) -> tuple[ArenaEntry, ...]:
    """Entries of the list of models, each with an id of its own."""
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > ENTRIES_MAX:
        raise Invalid(f"arena.entries must be a list of {ENTRIES_MAX} objects at most.")
    found = tuple(parsed(ArenaEntry, each, f"arena.entries.{n}") for n, each in enumerate(given))
    for n, each in enumerate(found):
        if not ENTRY_ID.fullmatch(each.id) or len(each.id) > ENTRY_CHARACTERS_MAX:
            raise Invalid(f"arena.entries.{n}.id must be arena, or arena- and small letters.")
        if not each.name or len(each.name) > ENTRY_CHARACTERS_MAX:
            raise Invalid(f"arena.entries.{n}.name has 1 to {ENTRY_CHARACTERS_MAX} characters.")
    if len({each.id for each in found}) < len(found):
        raise Invalid("arena.entries: every entry needs an id of its own.")
    return found


def values_of(settings: EvaluationSettings) -> domain.Values:
    """The choices in plain values, as events and JSON have them."""
    values: domain.Values = plain(asdict(settings))
    return values


async def evaluation_settings(log: Log) -> EvaluationSettings:
    """The choices as they hold now."""
    try:
        chosen = await log.get(domain.EvaluationSettings, domain.EVALUATION_SETTINGS)
    except NotFound:
        return EvaluationSettings()
    return settings_of(chosen.values)


async def chosen_in(work: Work) -> EvaluationSettings:
    """The choices, to a command; what was remembered may be forbidden by now."""
    key = domain.EVALUATION_SETTINGS
    chosen = await work.find(domain.EvaluationSettings, key, fresh=True)
    return EvaluationSettings() if chosen is None else settings_of(chosen.values)


async def require_ratings(work: Work) -> None:
    """Refuse opinions of answers where they are switched off, or not for this person."""
    ratings = (await chosen_in(work)).ratings
    if not ratings.enabled:
        raise Forbidden("Rating answers is switched off here.")
    if not ratings.admits(is_administrator=work.actor.is_administrator):
        raise Forbidden("Only administrators rate answers here.")


async def require_arena(work: Work) -> None:
    """Refuse hidden models where there is no arena, or not for this person."""
    refuse_closed_arena((await chosen_in(work)).arena, work.actor)


def refuse_closed_arena(arena: Arena, actor: Actor) -> None:
    """Refuse whom the arena does not admit, and say why."""
    if not arena.enabled:
        raise Forbidden("The arena is switched off here.", code="arena_not_allowed")
    if not arena.admits(is_administrator=actor.is_administrator):
        raise Forbidden("Only administrators use the arena here.", code="arena_not_allowed")


@dataclass(frozen=True, slots=True)
class ChangeEvaluationSettings(Command[EvaluationSettings]):
    """Choose something else for evaluation; what is left out stays."""

    values: domain.Values = field(default_factory=dict)

    async def execute(self, work: Work) -> EvaluationSettings:
        require_administrator(work)
        chosen = await work.find(domain.EvaluationSettings, domain.EVALUATION_SETTINGS)
        if chosen is None:
            chosen = domain.EvaluationSettings.open()
            work.add(chosen)
        before = values_of(settings_of(chosen.values))
        after = {
            section: {**choices, **given}
            for section, choices in before.items()
            if isinstance(given := self.values.get(section, {}), Mapping)
        }
        unknown = {name: value for name, value in self.values.items() if name not in after}
        if "version" in self.values.get("policy", {}):
            raise Invalid("policy.version rises by itself.")
        chosen.change(before, values_of(settings_of({**after, **unknown})))
        return settings_of(chosen.values)
