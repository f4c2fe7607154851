"""A double of the site of videos, and a client for which it is there."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from infrastructure.guarded import BYTES_MAX, Fetched, GuardedClient
from infrastructure.search.transcripts import SITE
from tests.plain_http import Asked, Reply

VIDEO = "aB3-_x9Yz01"
WATCH = f"{SITE}/watch?v={VIDEO}"
HEARD = {"baseUrl": f"{SITE}/api/timedtext?v={VIDEO}&lang=en&kind=asr&sig=1", "kind": "asr"}
WRITTEN = {"baseUrl": f"/api/timedtext?v={VIDEO}&lang=en&sig=2&fmt=srv3", "languageCode": "en"}
EVENTS: list[Any] = [
    {"tStartMs": 0, "dDurationMs": 90_000, "id": 1},
    {"tStartMs": 1_200, "segs": [{"utf8": "The tide"}, {"utf8": " comes in\nat noon"}]},
    {"tStartMs": 2_000, "segs": [{"utf8": "\n"}]},
    {"tStartMs": 3_661_000, "segs": [{"utf8": "& goes out; it's late."}]},
]


def player(*tracks: Any, status: str = "OK", **more: Any) -> dict[str, Any]:
    listed = {"playerCaptionsTracklistRenderer": {"captionTracks": list(tracks)}}
    return {
        "playabilityStatus": {"status": status, **more},
        "videoDetails": {"title": "About tides"},
        "captions": listed,
    }


@dataclass
class Site:
    """The pages of the site: the page of a video, and its transcript for who asks rightly."""

    player: Any = field(default_factory=lambda: player(HEARD, WRITTEN))
    words: bytes = json.dumps({"events": EVENTS}).encode()
    page: str = "<script>var ytInitialPlayerResponse = %s;var meta = 1;</script>"
    asked: list[str] = field(default_factory=list)

    def reply(self, asked: Asked) -> Reply:
        query = asked.query
        self.asked.append(f"{asked.path}?{urlencode(query)}")
        if asked.path == "/watch" and query == {"v": VIDEO}:
            body = self.page.replace("%s", json.dumps(self.player)).encode()
            return Reply(200, {"content-type": "text/html; charset=utf-8"}, body)
        right = {"v": VIDEO, "lang": "en", "fmt": "json3"}
        if asked.path == "/api/timedtext" and right.items() <= query.items() and "sig" in query:
            return Reply(200, {"content-type": "application/json"}, self.words)
        return Reply(404, {}, b"")


class Mapped(GuardedClient):
    """The guarded client, for which the site is in another place."""

    def __init__(self, port: int) -> None:
        super().__init__(allowed=["127.0.0.1"], ports=[port])
        self._site = f"http://127.0.0.1:{port}"

    async def fetch(self, url: str, *, bytes_max: int = BYTES_MAX) -> Fetched:
        assert url.startswith(f"{SITE}/")
        found = await super().fetch(url.replace(SITE, self._site, 1), bytes_max=bytes_max)
        return replace(found, url=url)
