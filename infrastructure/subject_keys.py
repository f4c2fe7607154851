"""The key of each person, with which what is personal in the log is encrypted."""

import secrets
from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.lines import Lines
from infrastructure.secrets import KEY_BYTES, Vault

REMEMBERED_MAX = 50_000


class Keys(Protocol):
    """Where the keys of people are kept."""

    async def load(self, subjects: Iterable[UUID]) -> dict[UUID, AESGCM | None]:
        """The ciphers of these people; None for an erased or unknown key."""

    async def obtain(self, subject: UUID) -> AESGCM | None:
        """The cipher of somebody, made now if there never was one; None once erased."""

    async def erase(self, subject: UUID) -> None:
        """Forget a key for ever, and with it all that is personal."""

    def forget(self, subject: UUID | None = None) -> None:
        """Drop what is remembered of one person, or of all: somebody else changed it."""


class SubjectKeys:
    """Keys in the database, each sealed with the master key, and remembered here."""

    def __init__(self, lines: Lines, master_key: bytes) -> None:
        self._lines = lines
        self._vault = Vault(master_key)
        self._known: OrderedDict[UUID, AESGCM | None] = OrderedDict()

    async def load(self, subjects: Iterable[UUID]) -> dict[UUID, AESGCM | None]:
        wanted = set(subjects)
        found = {each: self._known[each] for each in wanted if each in self._known}
        if missing := [each for each in wanted if each not in found]:
            rows = await self._lines.rows(
                "select subject_id, key from log.subject_keys where subject_id = any(%(who)s)",
                {"who": missing},
            )
            for subject, sealed in rows:
                found[subject] = self._remember(subject, sealed)
        return {each: found.get(each) for each in wanted}

    async def obtain(self, subject: UUID) -> AESGCM | None:
        if subject in self._known:
            return self._known[subject]
        fresh = self._vault.seal(secrets.token_bytes(KEY_BYTES), label(subject))
        row = await self._lines.row(
            "with made as (insert into log.subject_keys (subject_id, key) values (%(who)s, %(key)s)"
            " on conflict do nothing returning key)"
            " select key from made union all"
            " select key from log.subject_keys where subject_id = %(who)s",
            {"who": subject, "key": fresh},
        )
        if row is None:  # somebody else made it in this very moment
            return (await self.load([subject]))[subject]
        return self._remember(subject, row[0])

    async def erase(self, subject: UUID) -> None:
        await self._lines.run(
            "with erased as (insert into log.subject_keys (subject_id, erased_at)"
            " values (%(who)s, now()) on conflict (subject_id)"
            " do update set key = null, erased_at = now() returning subject_id),"
            " drives as (delete from credentials.drives where user_id = %(who)s)"
            " select pg_notify('quire_keys', subject_id::text) from erased",
            {"who": subject},
        )
        self._known[subject] = None

    def forget(self, subject: UUID | None = None) -> None:
        if subject is None:
            self._known.clear()
        else:
            self._known.pop(subject, None)

    def _remember(self, subject: UUID, sealed: bytes | None) -> AESGCM | None:
        cipher = AESGCM(self._vault.open(sealed, label(subject))) if sealed else None
        self._known[subject] = cipher
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return cipher


class MemoryKeys:
    """Keys in memory, for tests."""

    def __init__(self) -> None:
        self._keys: dict[UUID, AESGCM | None] = {}

    async def load(self, subjects: Iterable[UUID]) -> dict[UUID, AESGCM | None]:
        return {each: self._keys.get(each) for each in subjects}

    async def obtain(self, subject: UUID) -> AESGCM | None:
        if subject not in self._keys:
            self._keys[subject] = AESGCM(secrets.token_bytes(KEY_BYTES))
        return self._keys[subject]

    async def erase(self, subject: UUID) -> None:
        self._keys[subject] = None

    def forget(self, subject: UUID | None = None) -> None:
        """Nobody else changes what is in memory."""


def label(subject: UUID) -> str:
    """What a sealed key says it is."""
    return f"key of {subject}"
