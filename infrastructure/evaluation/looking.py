"""What else is asked about a table: how it came about, who moved it, who is odd."""

import asyncio
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from application.evaluation.bradley_terry import TIES, kept
from application.evaluation.identified import identified
from application.evaluation.influence import MOST, pulls
from application.evaluation.voters import METHOD, Suspicion
from application.evaluation.votes import FLIPPED, Counts
from application.leaderboards.asking import Asked, UnknownModel, written
from application.leaderboards.content import matrix
from application.leaderboards.judging import Row, Ruling, suspected
from domain.voters import BY_HAND
from infrastructure.evaluation.boards import Boards, Place
from projections.voters import RulingRow

VOTES_SHOWN_MAX = 200


async def matrix_of(boards: Boards, asked: Asked, place: Place) -> dict[str, Any]:
    """Who beat whom how often; models in the order of the table."""
    counts = await boards.counts(asked, place)
    found = await boards.board(replace(asked, method="bt", anchor=None), place)
    models = [each["model"] for each in found["entries"]]
    only = [each for each in models if each in counts.models]
    return {"position": place.position, "models": only, "cells": matrix(counts, only)}


async def history_of(
    boards: Boards, asked: Asked, place: Place, model: str, days: int
) -> dict[str, Any]:
    """The rating of a model at the end of each of the last days that saw votes."""
    await must_be_known(boards, asked, place, model)
    rows = await boards.rows(asked.space, place)
    ends: dict[str, datetime] = {}
    for each in rows:
        day = each.at.replace(hour=0, minute=0, second=0, microsecond=0)
        ends[day.date().isoformat()] = day + timedelta(days=1) - timedelta(microseconds=1)
    points = []
    for date in sorted(ends)[-days:]:
        then = replace(asked, as_of=written(ends[date]))
        at = await boards.place(then)
        at = place if at.position > place.position else replace(at, hidden=place.hidden)
        found = entry_of(await boards.board(then, at), model)
        numbers = {name: found[name] for name in ("rating", "lower", "upper")} if found else NONE
        points.append({"date": date, "position": at.position, **numbers})
    return {"model": model, "points": points}


NONE = {"rating": None, "lower": None, "upper": None}


def entry_of(board: dict[str, Any], model: str) -> dict[str, Any] | None:
    """The row of a model."""
    return next((each for each in board["entries"] if each["model"] == model), None)


async def changes_of(boards: Boards, asked: Asked, before: Place, after: Place) -> dict[str, Any]:
    """Which ranks moved between two places, and the votes that moved them."""
    old = {each["model"]: each for each in (await boards.board(asked, before))["entries"]}
    new = {each["model"]: each for each in (await boards.board(asked, after))["entries"]}
    empty = {"rank": None, "rating": None}
    moves = []
    for model in sorted({*old, *new}):
        then, now = old.get(model, empty), new.get(model, empty)
        if (then["rank"], then["rating"]) != (now["rank"], now["rating"]):
            moves.append(
                {
                    "model": model,
                    "rank_before": then["rank"],
                    "rank_after": now["rank"],
                    "rating_before": then["rating"],
                    "rating_after": now["rating"],
                }
            )
    earlier = {each.place for each in await boards.chosen(asked, before) if each.reason is None}
    votes = [
        each
        for each in await boards.chosen(asked, after)
        if each.reason is None and each.place not in earlier
    ]
    return {
        "from": before.position,
        "to": after.position,
        "moves": moves,
        "votes": [shown(each) for each in votes[-VOTES_SHOWN_MAX:]],
        "votes_count": len(votes),
    }


async def influence_of(boards: Boards, asked: Asked, place: Place, model: str) -> dict[str, Any]:
    """The votes whose removal would move a model most."""
    await must_be_known(boards, asked, place, model)
    rows = [each for each in await boards.chosen(asked, place) if each.reason is None]
    return {"model": model, "items": await asyncio.to_thread(pulling, rows, asked, model)}


def pulling(rows: list[Row], asked: Asked, model: str) -> list[dict[str, Any]]:
    """Votes one by one, those that pull most first."""
    ties = next(each for each in TIES if each == asked.ties)
    counts = kept(Counts.of(each.game for each in rows), ties)
    counts = counts.only(identified(counts))
    if model not in counts.models:
        return []
    by_kind: dict[tuple[str, str, str], list[Row]] = {}
    for each in rows:
        a, b, winner = each.model_a, each.model_b, each.winner
        if a > b:
            a, b, winner = b, a, FLIPPED[winner]
        by_kind.setdefault((a, b, winner), []).append(each)
    found: list[dict[str, Any]] = []
    for pull in pulls(counts, model):
        for each in by_kind.get((pull.model_a, pull.model_b, pull.winner), []):
            found.append({**shown(each), "change": pull.change})
            if len(found) == MOST:
                return found
    return found


async def must_be_known(boards: Boards, asked: Asked, place: Place, model: str) -> None:
    """Refuse a model that was never compared."""
    if model not in await boards.known_models(asked.space, place):
        raise UnknownModel(model)


async def voters_of(boards: Boards, asked: Asked, place: Place) -> list[dict[str, Any]]:
    """How odd everybody with enough counted votes is, the oddest first.

    Who was flagged or cleared by hand is there in any case. `at` of one whom only the arithmetic
    flags is when that was recorded.
    """
    rows = await boards.rows(asked.space, place)
    rulings = await boards.rulings(asked.space, place)
    records = await boards.records(asked, place)
    found = {each.voter: each for each in await asyncio.to_thread(suspected, rows, rulings)}
    for voter in rulings.keys() - found.keys():
        found[voter] = Suspicion(voter, 0, "", 0.0, 0.0)
    items = [
        told(each, rulings.get(each.voter), records.get(each.voter)) for each in found.values()
    ]
    return sorted(items, key=lambda each: (not each["flagged"], -each["score"], each["voter"]))


def told(found: Suspicion, ruling: Ruling | None, record: RulingRow | None) -> dict[str, Any]:
    """A voter as he is shown: how odd, and what was said of him by whom."""
    by_hand = ruling is not None and ruling.flagged
    flagged = by_hand or found.is_flagged
    state = "flagged" if flagged else "cleared" if ruling is not None else "trusted"
    fits = record is not None and record.flagged == flagged
    shown = record if fits and state != "trusted" else None
    return {
        **asdict(found),
        "score": found.score,
        "flagged": flagged,
        "state": state,
        "method": (BY_HAND if by_hand else METHOD) if flagged else None,
        "by": str(shown.by) if shown and shown.by else None,
        "at": written(shown.at) if shown else None,
        "reason": shown.reason if shown else "",
    }


def shown(row: Row) -> dict[str, Any]:
    """A vote as it is shown."""
    return {
        "place": row.place,
        "seq": row.seq,
        "battle": row.battle,
        "battle_id": row.battle,
        "voter": row.voter,
        "winner": row.winner,
        "at": written(row.at),
        "model_a": row.model_a or None,
        "model_b": row.model_b or None,
        "category": row.category,
        "language": row.language,
        "verdict": "counted" if row.reason is None else "dropped",
        "reason": row.reason,
    }
