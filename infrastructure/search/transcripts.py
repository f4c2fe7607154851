"""What is said in a video of YouTube: its transcript, read instead of its page."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from application.documents.ports import Unfit, WebPage
from infrastructure.guarded import GuardedClient
from infrastructure.loaders.cleaning import clean, title_of

SITE = "https://www.youtube.com"
HOSTS = ("youtube.com", "m.youtube.com", "music.youtube.com", "youtube-nocookie.com")
SHORT_HOST = "youtu.be"
FOLDERS = ("shorts", "live", "embed", "v")
VIDEO = re.compile(r"[\w-]{11}", re.ASCII)
PLAYER = re.compile(r"ytInitialPlayerResponse\s*=\s*(?=\{)")
WORDS_PATH = "/api/timedtext"
SECONDS_TOGETHER = 60
REASON_CHARACTERS_MAX = 200


def watch_address(url: str) -> str | None:
    """Where a video is watched, if the address is one of a video."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.")
    folders = [*parts.path.strip("/").split("/"), ""]
    if parts.scheme not in ("http", "https") or host not in (*HOSTS, SHORT_HOST):
        return None
    if host == SHORT_HOST:
        video = folders[0]
    elif folders[0] in FOLDERS:
        video = folders[1]
    else:
        video = parse_qs(parts.query).get("v", [""])[0] if folders[0] == "watch" else ""
    return f"{SITE}/watch?v={video}" if VIDEO.fullmatch(video) else None


async def transcript(client: GuardedClient, address: str) -> WebPage:
    """What is said in a video, under the times at which it is said."""
    page = await client.fetch(address)
    player = await asyncio.to_thread(player_in, page.body.decode("utf-8", "replace"))
    words = await client.fetch(words_address(player))
    told = await asyncio.to_thread(told_in, words.body)
    if not told:
        raise Unfit("YouTube gave an empty transcript for this video.")
    title = _at(player, "videoDetails", "title")
    named = title_of(title, "") if isinstance(title, str) else ""
    text = f"# {named or address}\n\n{told}"
    return WebPage(address, named or address, clean(text))


def player_in(page: str) -> object:
    """What the page of a video tells its player."""
    found = PLAYER.search(page)
    if not found:
        raise Unfit("YouTube did not show this video; it may ask visitors to agree or sign in.")
    try:
        player: object = json.JSONDecoder().raw_decode(page, found.end())[0]
    except (ValueError, RecursionError):
        raise Unfit("The page of this video cannot be understood.") from None
    status = _at(player, "playabilityStatus", "status")
    if status not in ("OK", None):
        reason = str(_at(player, "playabilityStatus", "reason") or status)
        raise Unfit(f"YouTube does not show this video: {reason[:REASON_CHARACTERS_MAX]}")
    return player


def words_address(player: object) -> str:
    """Where the transcript is: one that a person wrote before one that was heard by a machine."""
    tracks = _at(player, "captions", "playerCaptionsTracklistRenderer", "captionTracks")
    found = [
        each
        for each in (tracks if isinstance(tracks, list) else ())
        if isinstance(each, Mapping) and isinstance(each.get("baseUrl"), str)
    ]
    if not found:
        raise Unfit("This video has no transcript.")
    best = min(found, key=lambda each: each.get("kind") == "asr")
    try:
        parts = urlsplit(urljoin(SITE, best["baseUrl"]))
    except ValueError:
        raise Unfit("The transcript of this video cannot be found.") from None
    if f"{parts.scheme}://{parts.netloc}" != SITE or parts.path != WORDS_PATH:
        raise Unfit("The transcript of this video is not at YouTube.")
    query = parse_qs(parts.query) | {"fmt": ["json3"]}
    return f"{SITE}{WORDS_PATH}?{urlencode(query, doseq=True)}"


def told_in(body: bytes) -> str:
    """A transcript as text: a heading for each minute in which something is said."""
    if not body.strip():
        return ""
    try:
        events = _at(json.loads(body), "events")
    except (ValueError, RecursionError):
        raise Unfit("The transcript of this video cannot be understood.") from None
    minutes: dict[int, list[str]] = {}
    for second, words in _said(events):
        minutes.setdefault(second // SECONDS_TOGETHER, []).append(words)
    return "\n\n".join(
        f"## {clock(minute * SECONDS_TOGETHER)}\n\n{' '.join(words)}"
        for minute, words in sorted(minutes.items())
    )


def clock(seconds: int) -> str:
    """A time in a recording, as its players show it."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _said(events: object) -> Iterator[tuple[int, str]]:
    for event in events if isinstance(events, list) else ():
        begin, pieces = _at(event, "tStartMs"), _at(event, "segs")
        if not isinstance(begin, int) or begin < 0 or not isinstance(pieces, list):
            continue
        words = " ".join("".join(str(_at(each, "utf8") or "") for each in pieces).split())
        if words:
            yield begin // 1000, words


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
