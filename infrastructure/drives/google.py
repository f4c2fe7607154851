"""Google Drive: its interface v3, with the permission to read.

The narrower permission `drive.file` only works with Google's own script in the page.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from application.documents.drives import (
    DriveItem,
    DriveRefused,
    Items,
    Place,
    TokenRejected,
    Tokens,
    Wanted,
)
from application.ports import Unavailable
from domain.errors import Invalid
from infrastructure.drives.client import Answer, DriveClient, Request
from infrastructure.drives.oauth import App, Endpoints, OAuth

NAME = "Google Drive"
ENDPOINTS = Endpoints(
    authorize="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",  # noqa: S106 (an address)
    api="https://www.googleapis.com/drive/v3",
    revoke="https://oauth2.googleapis.com/revoke",
)
SCOPES = ("https://www.googleapis.com/auth/drive.readonly",)
PAGE = 50
ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
FIELDS = (
    "id,name,mimeType,size,modifiedTime,capabilities(canDownload),"
    "shortcutDetails(targetId,targetMimeType)"
)
NATIVE = "application/vnd.google-apps."
FOLDER = f"{NATIVE}folder"
SHORTCUT = f"{NATIVE}shortcut"
OFFICE = "application/vnd.openxmlformats-officedocument"
EXPORTS = {
    "document": (".docx", f"{OFFICE}.wordprocessingml.document"),
    "spreadsheet": (".xlsx", f"{OFFICE}.spreadsheetml.sheet"),
    "presentation": (".pptx", f"{OFFICE}.presentationml.presentation"),
    "drawing": (".pdf", "application/pdf"),
}
PLACES: Mapping[Place, tuple[str, str]] = {
    "mine": ("'root' in parents", "folder,name_natural"),
    "recent": (f"mimeType != '{FOLDER}'", "recency desc"),
    "shared": ("sharedWithMe = true", "folder,name_natural"),
}
BUSY = ("rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded", "backendError")
QUOTA = ("dailyLimitExceeded", "downloadQuotaExceeded", "quotaExceeded")
SETUP = ("accessNotConfigured", "SERVICE_DISABLED", "insufficientPermissions")
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404


@dataclass(frozen=True, slots=True)
class GoogleDrive:
    """The `DriveServer` port for Google Drive."""

    app: App
    client: DriveClient
    endpoints: Endpoints = ENDPOINTS

    @property
    def places(self) -> tuple[Place, ...]:
        """Where one can look."""
        return tuple(PLACES)

    def address(self, state: str, challenge: str) -> str:
        """Where a person says yes; asked anew each time, else no lasting token is given."""
        more = {"access_type": "offline", "prompt": "consent"}
        return self._oauth.address(state, challenge, more)

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens for a yes."""
        return await self._oauth.exchange(code, verifier)

    async def refresh(self, token: str) -> Tokens:
        """Newer tokens."""
        return await self._oauth.refresh(token, {})

    async def revoke(self, token: str) -> None:
        """Have a refresh token open nothing more."""
        await self._oauth.revoke(token)

    async def account(self, token: str) -> str:
        """The address of the account."""
        found = await self._ask(token, "/about", {"fields": "user(displayName,emailAddress)"})
        user = found.get("user")
        user = user if isinstance(user, dict) else {}
        return str(user.get("emailAddress") or user.get("displayName") or "")

    async def items(self, token: str, wanted: Wanted) -> Items:
        """A page of items."""
        query, order = narrowed(wanted)
        params = {
            "q": f"{query} and trashed = false",
            "orderBy": order,
            "pageSize": str(PAGE),
            "fields": f"nextPageToken,files({FIELDS})",
            "spaces": "drive",
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        if wanted.cursor:
            params["pageToken"] = wanted.cursor
        found = await self._ask(token, "/files", params)
        files = found.get("files")
        rows = files if isinstance(files, list) else []
        after = found.get("nextPageToken")
        items = [item_of(each) for each in rows if isinstance(each, dict)]
        return Items(tuple(items), after if isinstance(after, str) else "")

    async def item(self, token: str, item_id: str) -> DriveItem:
        """One item, called as what is fetched: a document of Google's has the ending it gets."""
        found = item_of(await self._file(token, item_id))
        if found.is_folder or not found.fetchable:
            raise not_downloadable(found.name)
        return found

    async def content(self, token: str, item_id: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a file, or of an office document made of one of Google's."""
        kind = (await self._file(token, item_id)).get("mimeType", "")
        export = EXPORTS.get(str(kind).removeprefix(NATIVE))
        path, params = f"/files/{checked_id(item_id)}", {"alt": "media"}
        if export:
            path, params = f"{path}/export", {"mimeType": export[1]}
        else:
            params["supportsAllDrives"] = "true"
        request = Request(self.endpoints.api + path, params, token=token)
        async with aclosing(self.client.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answer):
                    raise refusal(piece)
                yield piece

    @property
    def _oauth(self) -> OAuth:
        return OAuth(NAME, self.app, self.endpoints, self.client, SCOPES)

    async def _file(self, token: str, item_id: str) -> Mapping[str, Any]:
        params = {"fields": FIELDS, "supportsAllDrives": "true"}
        return await self._ask(token, f"/files/{checked_id(item_id)}", params)

    async def _ask(self, token: str, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        answer = await self.client.ask(Request(self.endpoints.api + path, params, token=token))
        if not answer.ok:
            raise refusal(answer)
        return answer.body


def narrowed(wanted: Wanted) -> tuple[str, str]:
    """A query of Google's for what is wanted, and an order."""
    if wanted.query:
        text = wanted.query.replace("\\", "\\\\").replace("'", "\\'")
        return f"name contains '{text}'", "folder,name_natural"
    if wanted.folder:
        return f"'{checked_id(wanted.folder)}' in parents", "folder,name_natural"
    return PLACES[wanted.place]


def item_of(row: Mapping[str, Any]) -> DriveItem:
    """An item in our words; a shortcut is what it leads to."""
    kind, key = str(row.get("mimeType", "")), str(row.get("id", ""))
    target = row.get("shortcutDetails")
    if kind == SHORTCUT and isinstance(target, dict):
        kind, key = str(target.get("targetMimeType", "")), str(target.get("targetId", ""))
    name = str(row.get("name", ""))
    export = EXPORTS.get(kind.removeprefix(NATIVE)) if kind.startswith(NATIVE) else None
    may = row.get("capabilities")
    is_open = not isinstance(may, dict) or may.get("canDownload") is not False
    if export and not name.lower().endswith(export[0]):
        name += export[0]
    return DriveItem(
        id=key,
        name=name,
        is_folder=kind == FOLDER,
        media_type=export[1] if export else kind,
        size=None if export else size_of(row.get("size")),
        changed_at=time_of(row.get("modifiedTime")),
        fetchable=is_open and (export is not None or not kind.startswith(NATIVE)),
    )


def refusal(answer: Answer) -> Exception:
    """What a no of Google's means to people, or to us."""
    error = answer.body.get("error")
    error = error if isinstance(error, dict) else {}
    listed = error.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else {}
    reason = str(first.get("reason", "")) if isinstance(first, dict) else ""
    if answer.status == UNAUTHORIZED:
        return TokenRejected()
    if reason in BUSY:
        return Unavailable("Google Drive asks to go slower.")
    return forbidden(reason) if answer.status == FORBIDDEN else unexpected(answer.status, reason)


def unexpected(status: int, reason: str) -> DriveRefused:
    """A no of another kind."""
    if status == NOT_FOUND:
        return DriveRefused("gone", "This is not in Google Drive any more, or not for you.")
    return DriveRefused("refused", f"Google Drive did not understand ({reason or status}).")


def forbidden(reason: str) -> DriveRefused:
    """Why somebody may not, in plain words."""
    if reason in QUOTA:
        return DriveRefused(
            "quota", "The limit of downloads of Google Drive is used up. Try again tomorrow."
        )
    if reason == "exportSizeLimitExceeded":
        return DriveRefused(
            "too_large", "Google turns only documents of up to 10 MB into a file. This is larger."
        )
    if reason in SETUP:
        return DriveRefused(
            "setup", "Google Drive is not open to this installation. Tell an administrator."
        )
    return DriveRefused("not_downloadable", "Its owner does not let this file be downloaded.")


def not_downloadable(name: str) -> DriveRefused:
    """For what is no file and cannot be made one."""
    return DriveRefused("not_downloadable", f"{name or 'This'} cannot be downloaded as a file.")


def checked_id(text: str) -> str:
    """An id of Google's, so that it says nothing else in a query or an address."""
    if not ID.fullmatch(text):
        raise Invalid("That is not an id of Google Drive.")
    return text


def size_of(value: object) -> int | None:
    """A size, which Google gives as a text."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004


def time_of(value: object) -> datetime | None:
    """A time as RFC 3339 has it."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
