"""The product with drives: what tests of drives share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.drive_servers import CLIENT_ID, PUBLIC_URL, SECRET, DriveDouble, Kept, drives_at
from tests.google_drive import GoogleDouble
from tests.one_drive import OneDriveDouble
from tests.world import Person, World

DOUBLES = ("google", "microsoft")
TEA = b"Green tea is brewed at seventy degrees.\n"
Json = dict[str, Any]


@dataclass(slots=True)
class Drives:
    """The doubles, and the product that is known to them."""

    world: World
    google: GoogleDouble
    microsoft: OneDriveDouble

    def of(self, kind: str) -> DriveDouble:
        return self.google if kind == "google" else self.microsoft

    async def away(self, person: Person, kind: str) -> str:
        """Where a person who was sent to a drive and said yes comes back to."""
        sent = await person.get(f"/drives/{kind}/link")
        assert sent.status_code == 303, sent.text
        async with httpx.AsyncClient() as browser:
            said = await browser.get(sent.headers["location"])
        assert said.status_code == 302, said.text
        back = str(said.headers["location"])
        assert back.startswith(f"{PUBLIC_URL}/api/v1/drives/{kind}/callback?")
        return f"/drives/{kind}/callback?{urlsplit(back).query}"

    async def link(self, person: Person, kind: str) -> None:
        assert await outcome(person, await self.away(person, kind)) == {
            "kind": kind,
            "outcome": "linked",
        }

    async def items(self, person: Person, kind: str, **params: str) -> Json:
        answer = await person.get(f"/drives/{kind}/items", params=params)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def choose(self, person: Person, kind: str, *items: str, **more: Any) -> list[Json]:
        body = {"kind": kind, "items": [{"item": each, "name": "Tea"} for each in items], **more}
        answer = await person.post("/drive-files", json=body)
        assert answer.status_code == 201, answer.text
        found: list[Json] = answer.json()
        return found


async def outcome(person: Person, path: str) -> Json:
    """What the page is told to which a person comes back in the end."""
    answer = await person.send("GET", path)
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "/drives")
    return dict(parse_qsl(parts.query))


async def enable(world: World, **more: Any) -> None:
    """Have administrators allow both drives."""
    app = {"enabled": True, "client_id": CLIENT_ID, "key": SECRET}
    body = {"drives": {"google": app, "microsoft": app}, **more}
    answer = await (await world.admin()).patch("/documents/settings", json=body)
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    assert answer.json()["drives"]["google"]["has_key"]


@asynccontextmanager
async def driving(world: World, public_url: str = PUBLIC_URL) -> AsyncIterator[Drives]:
    """The product, for which drives are on loopback; both are set up, nobody has linked one."""
    back = f"{public_url}/api/v1/drives"
    google = GoogleDouble(f"{back}/google/callback")
    microsoft = OneDriveDouble(f"{back}/microsoft/callback")
    async with drives_at(world.services, google, microsoft, public_url) as services:
        world.services = world.app.state.services = services
        await enable(world)
        allowed = await (await world.admin()).get("/documents/features")
        assert allowed.json()["drives"] == list(DOUBLES)
        yield Drives(world, google, microsoft)
    assert google.refused + microsoft.refused == [], "the doubles did not understand"


def shelf(double: DriveDouble) -> None:
    """A few files: a folder with one in it, and four beside it."""
    double.put(
        Kept("f1", "Recipes", is_folder=True),
        Kept("tea", "Tea's \\ notes.txt", body=TEA),
        Kept("bread", "Bread.txt", body=b"Flour, water, salt."),
        Kept("salt", "Salt.txt", body=b"Salt."),
        Kept("soup", "Soup.txt", parent="f1", body=b"Leeks."),
    )
