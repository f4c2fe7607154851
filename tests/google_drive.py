"""A double of Google Drive, by the reference of its interface v3 and of Google's OAuth 2.0."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tests.drive_servers import PUBLIC_URL, DriveDouble, Json, Kept, Refused, page_of, said
from tests.plain_http import Asked, Reply

OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NATIVE = "application/vnd.google-apps."
FILE_FIELDS = (
    "id,name,mimeType,size,modifiedTime,capabilities(canDownload),"
    "shortcutDetails(targetId,targetMimeType)"
)
LISTED = {
    "q",
    "orderBy",
    "pageSize",
    "fields",
    "spaces",
    "supportsAllDrives",
    "includeItemsFromAllDrives",
}
ORDERS = ("folder,name_natural", "recency desc")
IN_FOLDER = re.compile(r"'([\w-]+)' in parents and trashed = false")
NAMED = re.compile(r"name contains '((?:[^'\\]|\\.)*)' and trashed = false")
RECENT = f"mimeType != '{NATIVE}folder' and trashed = false"
SHARED = "sharedWithMe = true and trashed = false"


def error(status: int, reason: str) -> Refused:
    body = {"code": status, "errors": [{"domain": "usageLimits", "reason": reason}]}
    return Refused(status, {"error": body})


@dataclass
class GoogleDouble(DriveDouble):
    """One account of Google."""

    redirect_uri: str = f"{PUBLIC_URL}/api/v1/drives/google/callback"
    scopes: str = "https://www.googleapis.com/auth/drive.readonly"
    asks: dict[str, str] = field(
        default_factory=lambda: {"access_type": "offline", "prompt": "consent"}
    )
    rotates: bool = False
    queries: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/o/oauth2/v2/auth":
            return self.authorize(asked)
        if asked.path == "/token":
            return self.token(asked, frozenset())
        return self.revoke(asked) if asked.path == "/revoke" else self.read(asked)

    def revoke(self, asked: Asked) -> Reply:
        token = dict(parse_qsl(asked.body.decode()))["token"]
        if asked.method != "POST" or token not in self.refreshes:
            raise Refused(400, {"error": "invalid_token"})
        self.revoked.append(token)
        self.refreshes.discard(token)
        return said({})

    def read(self, asked: Asked) -> Reply:
        self.check_token(asked, {"error": {"code": 401, "errors": [{"reason": "authError"}]}})
        if asked.path == "/drive/v3/about":
            self.check_names(asked.query, {"fields"})
            return said({"user": {"emailAddress": "ana@gmail.example", "displayName": "Ana"}})
        return self.listing(asked) if asked.path == "/drive/v3/files" else self.file(asked)

    def listing(self, asked: Asked) -> Reply:
        query = asked.query
        self.check_names({name: "" for name in query if name != "pageToken"}, LISTED)
        if query["fields"] != f"nextPageToken,files({FILE_FIELDS})" or query["spaces"] != "drive":
            raise error(400, "invalidParameter")
        if query["orderBy"] not in ORDERS or not 1 <= int(query["pageSize"]) <= 1000:
            raise error(400, "badRequest")
        self.queries.append(query["q"])
        found, more = page_of(self.wanted(query["q"]), int(query.get("pageToken", "0")))
        body: Json = {"files": [self.shown(each) for each in found]}
        if more is not None:
            body["nextPageToken"] = str(more)
        return said(body)

    def wanted(self, query: str) -> list[Kept]:
        files = list(self.files.values())
        if folder := IN_FOLDER.fullmatch(query):
            return [each for each in files if each.parent == folder[1]]
        if named := NAMED.fullmatch(query):
            text = re.sub(r"\\(.)", r"\1", named[1]).lower()
            return [each for each in files if text in each.name.lower()]
        if query == RECENT:
            return [each for each in files if not each.is_folder]
        if query == SHARED:
            return [each for each in files if each.parent == "shared"]
        raise error(400, "invalid")

    def file(self, asked: Asked) -> Reply:
        parts = asked.path.removeprefix("/drive/v3/files/").split("/")
        kept = self.files.get(parts[0])
        if kept is None:
            raise error(404, "notFound")
        if parts[1:] == ["export"]:
            return self.exported(kept, asked)
        if len(parts) > 1:
            raise error(404, "notFound")
        if asked.query.get("alt") != "media":
            self.check_names(asked.query, {"fields", "supportsAllDrives"})
            if asked.query["fields"] != FILE_FIELDS:
                raise error(400, "invalidParameter")
            return said(self.shown(kept))
        self.check_names(asked.query, {"alt", "supportsAllDrives"})
        if kept.native or kept.is_folder:
            raise error(403, "fileNotDownloadable")
        if not kept.open:
            raise error(403, "cannotDownloadFile")
        return Reply(200, {"content-type": kept.media_type}, kept.body)

    def exported(self, kept: Kept, asked: Asked) -> Reply:
        self.check_names(asked.query, {"mimeType"})
        if kept.native != "document" or asked.query["mimeType"] != OFFICE:
            raise error(400, "badRequest")
        if not kept.open:
            raise error(403, "exportSizeLimitExceeded")
        return Reply(200, {"content-type": OFFICE}, kept.body)

    def shown(self, kept: Kept) -> Json:
        kind = f"{NATIVE}{kept.native}" if kept.native else kept.media_type
        kind = f"{NATIVE}folder" if kept.is_folder else kind
        found: Json = {
            "id": kept.id,
            "name": kept.name,
            "mimeType": kind,
            "modifiedTime": "2026-01-31T12:00:00.000Z",
            "capabilities": {"canDownload": kept.open or bool(kept.native)},
        }
        if kept.native == "shortcut":
            found["shortcutDetails"] = {"targetId": kept.there, "targetMimeType": "text/plain"}
        elif not kept.is_folder:
            found["size"] = str(len(kept.body))
        return found
