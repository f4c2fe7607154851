"""What administrators choose for ratings, the arena and the leaderboards."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from domain.aggregate import Aggregate, Created

EVALUATION_SETTINGS = UUID("a3c1d7f2-0d1b-5e0a-8b5d-6c1f4d2e9b71")
RULES = (
    "unknown_battle",
    "self_pair",
    "not_blind",
    "incomplete",
    "identity_leak",
    "duplicate_prompt",
    "prompt_cap",
    "voter_daily_cap",
    "flagged_voter",
)

Values = dict[str, Any]


class EvaluationSettings(Aggregate):
    """The choices of an installation, by section; what was never chosen has its default.

    The caps of the leaderboards are a policy with a version, so that every table can name the
    one by which its votes were counted.
    """

    TOPIC = "evaluation_settings"

    class Event(Aggregate.Event):
        """Anything that happens to the choices."""

    class Opened(Event, Created):
        TOPIC = "evaluation_settings.opened"

    class Changed(Event):
        TOPIC = "evaluation_settings.changed"
        values: dict[str, Any]

        def apply(self, settings: EvaluationSettings) -> None:
            for section, choices in self.values.items():
                settings.values[section] = {**settings.values.get(section, {}), **choices}

    class PolicyChanged(Event):
        TOPIC = "leaderboard_policy.changed"
        version: int
        caps: dict[str, int]
        rules: list[str]

        def apply(self, settings: EvaluationSettings) -> None:
            settings.values["policy"] = {**self.caps, "version": self.version}

    def __init__(self) -> None:
        self.values: Values = {}

    @classmethod
    def open(cls) -> Self:
        """Be ready for the first choice."""
        return cls._create(cls.Opened, id=EVALUATION_SETTINGS)

    def change(self, before: Values, after: Values) -> None:
        """Record what differs between all choices as they hold now and as they shall hold."""
        news = {
            section: found
            for section, choices in after.items()
            if section != "policy" and (found := difference(before[section], choices))
        }
        if news:
            self.trigger_event(self.Changed, values=news)
        caps = {name: cap for name, cap in after["policy"].items() if name != "version"}
        if difference(before["policy"], caps):
            version = before["policy"]["version"] + 1
            self.trigger_event(self.PolicyChanged, version=version, caps=caps, rules=list(RULES))


def difference(before: Values, after: Values) -> Values:
    """The choices of one section that say something else."""
    return {name: value for name, value in after.items() if before.get(name) != value}
