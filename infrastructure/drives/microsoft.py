"""OneDrive, and SharePoint through its shortcuts: Microsoft Graph v1.0, only to read.

`Files.Read.All` rather than `Files.Read`: a folder of SharePoint lies in another drive than one's
own. The lists of recent and of shared files are not offered; Microsoft takes them away.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from application.documents.drives import (
    DriveItem,
    DriveRefused,
    Items,
    Place,
    TokenRejected,
    Tokens,
    Trouble,
    Wanted,
)
from domain.errors import Invalid
from infrastructure.drives.client import Answer, DriveClient, Request
from infrastructure.drives.google import time_of
from infrastructure.drives.oauth import App, Endpoints, OAuth

NAME = "OneDrive"
LOGIN = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
ENDPOINTS = Endpoints(
    authorize=f"{LOGIN}/authorize",
    token=f"{LOGIN}/token",
    api="https://graph.microsoft.com/v1.0",
)
SCOPES = ("offline_access", "Files.Read.All")
PAGE = 50
PART = re.compile(r"[A-Za-z0-9!_.-]{1,240}")
FIELDS = "id,name,size,file,folder,package,remoteItem,parentReference,lastModifiedDateTime"
SIZE_MAX = 2**53
UNAUTHORIZED = 401
KNOWN: Mapping[int, tuple[Trouble, str]] = {
    403: ("not_downloadable", "Its owner does not let this file be downloaded."),
    404: ("gone", "This is not in OneDrive any more, or not for you."),
    423: ("refused", "This file is locked in OneDrive. Try again later."),
}


@dataclass(frozen=True, slots=True)
class OneDrive:
    """The `DriveServer` port for OneDrive and SharePoint."""

    app: App
    client: DriveClient
    endpoints: Endpoints = ENDPOINTS

    @property
    def places(self) -> tuple[Place, ...]:
        """Where one can look."""
        return ("mine",)

    def address(self, state: str, challenge: str) -> str:
        """Where a person says yes, and which account he means."""
        more = {"response_mode": "query", "prompt": "select_account"}
        return self._oauth.address(state, challenge, more)

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens for a yes."""
        return await self._oauth.exchange(code, verifier)

    async def refresh(self, token: str) -> Tokens:
        """Newer tokens."""
        return await self._oauth.refresh(token, {"scope": " ".join(SCOPES)})

    async def revoke(self, token: str) -> None:
        """Nothing: Microsoft has no way to revoke one token. People do it in their account."""

    async def account(self, token: str) -> str:
        """The name or address of whose drive it is."""
        found = await self._ask(token, "/me/drive", {"$select": "id,driveType,owner"})
        owner = inner(inner(found, "owner"), "user")
        return str(owner.get("email") or owner.get("displayName") or "")

    async def items(self, token: str, wanted: Wanted) -> Items:
        """A page of items."""
        path, params = place_of(wanted), {"$top": str(PAGE), "$select": FIELDS}
        if wanted.cursor:
            path, params = checked_cursor(wanted.cursor), {}
        found = await self._ask(token, path, params)
        rows = found.get("value")
        items = (
            [item_of(each) for each in rows if isinstance(each, dict)]
            if isinstance(rows, list)
            else []
        )
        after = found.get("@odata.nextLink")
        is_ours = isinstance(after, str) and after.startswith(f"{self.endpoints.api}/")
        following = str(after).removeprefix(self.endpoints.api) if is_ours else ""
        return Items(tuple(items), following)

    async def item(self, token: str, item_id: str) -> DriveItem:
        """One item as it is now."""
        row = await self._ask(token, path_of(item_id), {"$select": FIELDS})
        found = item_of(row)
        if found.is_folder or not found.fetchable:
            raise DriveRefused(
                "not_downloadable", f"{found.name or 'This'} cannot be downloaded as a file."
            )
        return found

    async def content(self, token: str, item_id: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a file; they lie elsewhere, at an address that needs no token."""
        request = Request(f"{self.endpoints.api}{path_of(item_id)}/content", token=token)
        async with aclosing(self.client.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answer):
                    raise refusal(piece)
                yield piece

    @property
    def _oauth(self) -> OAuth:
        return OAuth(NAME, self.app, self.endpoints, self.client, SCOPES)

    async def _ask(self, token: str, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        answer = await self.client.ask(Request(self.endpoints.api + path, params, token=token))
        if not answer.ok:
            raise refusal(answer)
        return answer.body


def place_of(wanted: Wanted) -> str:
    """Where in Graph the wanted items are."""
    if wanted.query:
        text = quote(wanted.query.replace("'", "''"), safe="")
        return f"/me/drive/root/search(q='{text}')"
    if wanted.folder:
        return f"{path_of(wanted.folder)}/children"
    return "/me/drive/root/children"


def path_of(item_id: str) -> str:
    """Where in Graph an item is; our ids name the drive and the item."""
    drive, _, item = item_id.partition(":")
    if not PART.fullmatch(drive) or not PART.fullmatch(item) or ".." in item_id:
        raise Invalid("That is not an id of OneDrive.")
    return f"/drives/{drive}/items/{item}"


def checked_cursor(cursor: str) -> str:
    """The rest of the address of a next page: a place in Graph, and nowhere else."""
    try:
        parts = urlsplit(cursor)
    except ValueError:
        raise Invalid("cursor: not a cursor of this list.") from None
    is_place = cursor.startswith("/") and not parts.netloc and not parts.fragment
    if not is_place or ".." in parts.path or not cursor.isprintable() or not cursor.isascii():
        raise Invalid("cursor: not a cursor of this list.")
    return cursor


def item_of(row: Mapping[str, Any]) -> DriveItem:
    """An item in our words; a shortcut into another drive is what it leads to."""
    there = inner(row, "remoteItem") or row
    drive = str(inner(there, "parentReference").get("driveId", ""))
    size = there.get("size")
    is_size = isinstance(size, int) and not isinstance(size, bool) and 0 <= size < SIZE_MAX
    return DriveItem(
        id=f"{drive}:{there.get('id', '')}",
        name=str(row.get("name") or there.get("name") or ""),
        is_folder="folder" in there,
        media_type=str(inner(there, "file").get("mimeType", "")),
        size=size if is_size and "file" in there else None,
        changed_at=time_of(there.get("lastModifiedDateTime") or row.get("lastModifiedDateTime")),
        fetchable="file" in there and "package" not in there,
    )


def inner(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside of another, or an empty one."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def refusal(answer: Answer) -> Exception:
    """What a no of Microsoft's means to people, or to us."""
    if answer.status == UNAUTHORIZED:
        return TokenRejected()
    if answer.status in KNOWN:
        return DriveRefused(*KNOWN[answer.status])
    code = inner(answer.body, "error").get("code")
    return DriveRefused("refused", f"OneDrive did not understand ({code or answer.status}).")
