"""Usage: who asked which models, how it ended, and what it took, in buckets of ten minutes.

An answer counts where it was asked for. A question counts when a model is asked it first, so
copies of chats and what was written elsewhere count nothing. The numbers stay when chats are
deleted; no words are kept. The queries are in `projections/usage_queries.py`.
"""

from typing import Any
from uuid import UUID

from domain.answers import Answer
from domain.battles import Battle, Blind
from projections.read_model import ReadModel, Writes, clean
from projections.usage_sql import ASKED, ENDED, NAMED, TABLES

usage = ReadModel("usage", version=1, tables=TABLES, lane="evaluation")

HIDDEN = "arena"
NUMBER_MAX = 10**12


@usage.on(Answer.Requested)
def on_requested(event: Answer.Requested, db: Writes) -> None:
    """Count an answer, and its question the first time; a hidden model is not told apart."""
    model = HIDDEN if Blind.parse(event.model) else clean(event.model)
    ask(event, event.question_id, db, question=True, model="")
    ask(event, event.originator_id, db, question=False, model=model)


def ask(
    event: Answer.Requested, message_id: UUID, db: Writes, *, question: bool, model: str
) -> None:
    """Count one message."""
    db.execute(
        ASKED,
        {
            "id": message_id,
            "chat": event.chat_id,
            "person": event.owner,
            "question": question,
            "model": model,
            "at": event.timestamp,
        },
    )


@usage.on(Answer.Ended)
def on_ended(event: Answer.Ended, db: Writes) -> None:
    """Count how it ended; one that is continued ends again, and took more."""
    found = event.usage or {}
    seconds = event.seconds
    db.execute(
        ENDED,
        {
            "id": event.originator_id,
            "status": event.status.value,
            "read": number(found.get("input_tokens")),
            "written": number(found.get("output_tokens")),
            "took": None if seconds is None else number(seconds * 1000),
        },
    )


@usage.on(Battle.IdentityRevealed)
def on_identity_revealed(event: Battle.IdentityRevealed, db: Writes) -> None:
    """From now on it counts for the model that it was."""
    for side in event.sides.values():
        db.execute(NAMED, {"id": side.answer_id, "model": clean(side.model)})


def number(found: Any) -> int:
    """A count as servers tell it; what is none is nothing."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return 0
    return round(found) if 0 <= found <= NUMBER_MAX else 0
