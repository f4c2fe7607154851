"""Votes: every act, the verdict on every vote, and the counts from which tables are made."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from domain.aggregate import Aggregate
from domain.battles import Battle, RecordedBattle, RecordedVote
from domain.evaluation_settings import EvaluationSettings
from projections.read_model import ReadModel, Writes, as_json, clean
from projections.votes_sql import ALL

votes = ReadModel("votes", version=2, tables=ALL, lane="evaluation")

FACT = "select tell_fact(%(position)s, %(space)s, %(battle)s, %(fact)s)"
POLICY = """
    select tell_policy(%(position)s, %(version)s, %(prompt_votes_max)s, %(voter_day_votes_max)s)
"""
ACTION = """
    select tell_action(row(%(position)s, %(space)s, %(source)s, %(seq)s, %(voter)s, %(battle)s,
        %(action)s, %(winner)s, %(after_reveal)s, %(at)s)::actions)
"""


@votes.on(Battle.Started)
def on_started(event: Battle.Started, db: Writes) -> None:
    """Two models are compared; one alone is not."""
    if len(event.sides) == 2:  # noqa: PLR2004 (a and b)
        a, b = event.sides["a"], event.sides["b"]
        fact = {
            "model_a": a.model,
            "model_b": b.model,
            "blind": event.blind,
            "prompt": mark(event.prompt_key),
        }
        tell(db, "", str(event.originator_id), fact)


@votes.on(Battle.SideFinished)
def on_side_finished(event: Battle.SideFinished, db: Writes) -> None:
    """Whether it can count, and how it is written."""
    slot = event.slot
    fact = {
        f"status_{slot}": event.status,
        f"leaked_{slot}": event.leaked,
        f"style_{slot}": event.style,
    }
    tell(db, "", str(event.originator_id), fact)


@votes.on(Battle.TopicAssigned)
def on_topic_assigned(event: Battle.TopicAssigned, db: Writes) -> None:
    """What it is about."""
    fact = {"category": event.category, "language": event.language}
    tell(db, "", str(event.originator_id), fact)


@votes.on(Battle.VoteCast)
def on_cast(event: Battle.VoteCast, db: Writes) -> None:
    """Somebody says who was better."""
    act(event, db, "cast", winner=event.winner)


@votes.on(Battle.VoteChanged)
def on_changed(event: Battle.VoteChanged, db: Writes) -> None:
    """He thinks otherwise."""
    act(event, db, "change", winner=event.winner)


@votes.on(Battle.VoteRetracted)
def on_retracted(event: Battle.VoteRetracted, db: Writes) -> None:
    """He takes it back."""
    act(event, db, "retract", winner=None)


@votes.on(EvaluationSettings.PolicyChanged)
def on_policy_changed(event: EvaluationSettings.PolicyChanged, db: Writes) -> None:
    """Other limits hold, for all votes there are."""
    what = {"position": db.position, "version": event.version}
    caps = {name: event.caps[name] for name in ("prompt_votes_max", "voter_day_votes_max")}
    db.execute(POLICY, what | caps)


@votes.on(RecordedBattle.Recorded)
def on_battle_recorded(event: RecordedBattle.Recorded, db: Writes) -> None:
    """A battle from elsewhere, whole at once."""
    found = event.recording
    names = ("model_a", "model_b", "blind", "category", "language", "status_a", "status_b")
    more = ("style_a", "style_b", "leaked_a", "leaked_b")
    fact = {name: getattr(found, name) for name in (*names, *more)}
    tell(db, found.space, found.key, {**fact, "prompt": mark(event.prompt_key)})


@votes.on(RecordedBattle.TopicAssigned)
def on_recorded_topic_assigned(event: RecordedBattle.TopicAssigned, db: Writes) -> None:
    """What a battle from elsewhere is about."""
    tell(db, event.space, event.key, {"category": event.category, "language": event.language})


@votes.on(RecordedVote.Recorded)
def on_vote_recorded(event: RecordedVote.Recorded, db: Writes) -> None:
    """An act from elsewhere."""
    db.execute(
        ACTION,
        {
            "position": db.position,
            "space": clean(event.space),
            "source": clean(event.source),
            "seq": event.seq,
            "voter": clean(event.voter),
            "battle": clean(event.battle),
            "action": event.action,
            "winner": event.winner,
            "after_reveal": event.after_reveal,
            "at": event.timestamp,
        },
    )


def tell(db: Writes, space: str, battle: str, fact: Mapping[str, Any]) -> None:
    """Have a fact about a battle count."""
    what = {"position": db.position, "space": clean(space), "battle": clean(battle)}
    db.execute(FACT, {**what, "fact": as_json(fact)})


def act(event: Aggregate.Event, db: Writes, action: str, *, winner: str | None) -> None:
    """Have an act of a voter of this house count."""
    facts = vars(event)
    db.execute(
        ACTION,
        {
            "position": db.position,
            "space": "",
            "source": "",
            "seq": db.position,
            "voter": str(facts["voter_id"]),
            "battle": str(event.originator_id),
            "action": action,
            "winner": winner,
            "after_reveal": facts["after_reveal"],
            "at": event.timestamp,
        },
    )


def mark(prompt_key: str) -> str:
    """What tells prompts apart without saying them."""
    return sha256(prompt_key.encode(errors="replace")).hexdigest()[:32]
