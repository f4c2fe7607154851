"""Counts failed proofs, so that nobody can try for long."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from domain.errors import LimitReached
from infrastructure.lines import Lines

WINDOW_SECONDS = 15 * 60
ACCOUNT_FAILURES_MAX = 10
ADDRESS_FAILURES_MAX = 100

WAITING = """
    select ceil(extract(epoch from since - now()) + %(window)s)::int
    from credentials.attempts, unnest(%(what)s::bytea[], %(most)s::int[]) as limits (key, most)
    where what = key and failures >= most and since > now() - make_interval(secs => %(window)s)
    order by 1 desc limit 1
"""

FAILED = """
    insert into credentials.attempts as a (what, failures)
    select distinct key, 1 from unnest(%(what)s::bytea[]) as keys (key) order by key
    on conflict (what) do update set
        failures = case when a.since < now() - make_interval(secs => %(window)s)
            then 1 else a.failures + 1 end,
        since = case when a.since < now() - make_interval(secs => %(window)s)
            then now() else a.since end
"""

TIDY = "delete from credentials.attempts where since < now() - interval '1 day'"


class TooManyAttempts(LimitReached):
    """Too many failed proofs; it may be tried again later."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many failed attempts. Try again in {max(1, ceil(seconds / 60))} min."
        )
        self.retry_after = max(1, seconds)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what fails, and how often that may be."""

    digest: bytes
    failures_max: int

    @classmethod
    def account(cls, key: object) -> "Subject":
        """Somebody whose password is being guessed, whether the account exists or not."""
        return cls(hashlib.sha256(f"account {key}".encode()).digest(), ACCOUNT_FAILURES_MAX)

    @classmethod
    def address(cls, address: str) -> "Subject":
        """Where the guesses come from."""
        return cls(hashlib.sha256(f"address {address}".encode()).digest(), ADDRESS_FAILURES_MAX)


class Attempts:
    """Failed attempts of this installation, shared by all its processes."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def admit(self, subjects: Sequence[Subject]) -> None:
        """Refuse whoever has failed too often lately."""
        row = await self._lines.row(
            WAITING,
            {
                "what": [each.digest for each in subjects],
                "most": [each.failures_max for each in subjects],
                "window": WINDOW_SECONDS,
            },
        )
        if row is not None:
            raise TooManyAttempts(row[0])

    async def failed(self, subjects: Sequence[Subject]) -> None:
        """Count a failure."""
        what = [each.digest for each in subjects]
        await self._lines.run(FAILED, {"what": what, "window": WINDOW_SECONDS})

    async def succeeded(self, subject: Subject) -> None:
        """Forget the failures of somebody who proved himself after all."""
        await self._lines.run(
            "delete from credentials.attempts where what = %(what)s", {"what": subject.digest}
        )

    async def tidy(self) -> None:
        """Drop what is long past."""
        await self._lines.run(TIDY, {})
