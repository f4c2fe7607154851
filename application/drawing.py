"""Who is drawn: from the models that answer now, by the choices of the administrators."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from application.arena import Contestant, Drawing, names_of
from application.evaluation.sampling import VERSION, Pool, TooFew, draw, draw_one
from application.evaluation.votes import Counts
from application.evaluation_settings import Arena, ArenaEntry
from application.ports import ModelInfo
from domain.battles import Draw
from domain.errors import Conflict, Invalid

READER_KIND = "reader"  # it quotes, and has no words of its own
SEED_BYTES = 6  # a seed is a number that JSON keeps


def seed_of(secret: bytes, command_id: UUID, part: str = "") -> int:
    """The same for a repeated command; nobody outside of the house can foretell it."""
    digest = hmac.digest(secret, f"draw {command_id} {part}".encode(), sha256)
    return int.from_bytes(digest[:SEED_BYTES])


class Lots:
    """The models of one entry, ready to be drawn."""

    def __init__(self, models: Sequence[ModelInfo], arena: Arena, entry_id: str) -> None:
        self.entry = entry_of(arena, entry_id)
        self._sampler = arena.sampler
        self._known = {
            each.id: each
            for each in models
            if each.kind != READER_KIND and self.entry.admits(each.id)
        }
        self._pool = Pool(sorted(self._known), arena.weights, arena.targets, arena.outages)

    @property
    def is_worth_it(self) -> bool:
        """Whether there are at least two to draw from; one alone would not be hidden."""
        return len(self._pool.live) > 1

    def pair(self, seed: int, counts: Counts | None = None) -> Drawing:
        """Draw both models of a battle; `counts` of votes so far, if they are known."""
        sampler = "weighted" if counts is None else self._sampler
        try:
            found = draw(self._pool, seed, sampler=sampler, counts=counts)
        except TooFew as error:
            raise Conflict(str(error), code="too_few_models") from None
        return self._drawing((found.model_a, found.model_b), sampler, seed, found.probability)

    def alone(self, seed: int) -> Drawing:
        """Draw one model that answers without its name."""
        try:
            model, probability = draw_one(self._pool, seed)
        except TooFew as error:
            raise Conflict(str(error), code="too_few_models") from None
        return self._drawing((model,), "weighted", seed, probability)

    def _drawing(
        self, models: tuple[str, ...], sampler: str, seed: int, probability: float
    ) -> Drawing:
        found = Draw(self._pool.live, sampler, VERSION, seed, probability)
        contestants = tuple(
            Contestant(each, names_of(each, self._known[each].name)) for each in models
        )
        return Drawing(contestants, found, self.entry.id)


def entry_of(arena: Arena, entry_id: str) -> ArenaEntry:
    """An entry; without an id the first, and where there are none, all models."""
    if not entry_id:
        return arena.entries[0] if arena.entries else ArenaEntry()
    if (found := arena.entry(entry_id)) is None:
        known = ", ".join(each.id for each in arena.entries) or "none"
        raise Invalid(f"pool: there is no {entry_id!r} here. There are: {known}.")
    return found
