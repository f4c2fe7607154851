"""Standing by a table."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.command import Command, Work
from domain.errors import Conflict
from domain.leaderboards import Leaderboard


@dataclass(frozen=True, slots=True)
class PublishLeaderboard(Command[None]):
    """Publish a table under a name, which it keeps."""

    name: str
    params: Mapping[str, str]
    position: int
    content_sha256: str

    async def execute(self, work: Work) -> None:
        """Publish it once."""
        if await work.find(Leaderboard, Leaderboard.id_of(self.name)):
            raise Conflict(f"{self.name} is published already; choose another name.")
        published = Leaderboard.publish(
            self.name,
            params=dict(self.params),
            position=self.position,
            content_sha256=self.content_sha256,
        )
        work.add(published)
