"""How often somebody may do something within a minute, in all processes together."""

import hashlib
from uuid import UUID

from domain.errors import LimitReached
from infrastructure.lines import Lines

WINDOW_SECONDS = 60

TAKEN = """
    insert into credentials.attempts as a (what, failures) values (%(what)s, 1)
    on conflict (what) do update set
        failures = case when a.since < now() - make_interval(secs => %(window)s)
            then 1 else a.failures + 1 end,
        since = case when a.since < now() - make_interval(secs => %(window)s)
            then now() else a.since end
    returning failures,
        greatest(1, ceil(extract(epoch from since - now()) + %(window)s)::int)
"""


class TooManyVotes(LimitReached):
    """Somebody votes faster than anybody can read."""

    def __init__(self, most: int, seconds: int) -> None:
        said = f"At most {most} votes a minute count. Go on in {seconds} seconds."
        super().__init__(said, code="vote_rate")
        self.retry_after = seconds


class Paces:
    """Counts acts in the table of failed proofs, which forgets what is a day old."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def vote(self, voter: UUID, most: int) -> None:
        """Count a vote; refuse it when there were as many as may be within this minute."""
        what = hashlib.sha256(f"vote {voter}".encode()).digest()
        row = await self._lines.row(TAKEN, {"what": what, "window": WINDOW_SECONDS})
        assert row is not None
        if row[0] > most:
            raise TooManyVotes(most, row[1])
