"""A double of OneDrive, by the references of Microsoft Graph v1.0 and of its identity platform."""

import re
from dataclasses import dataclass, field

from tests.drive_servers import PUBLIC_URL, DriveDouble, Json, Kept, Refused, page_of, said
from tests.plain_http import Asked, Reply

DRIVE = "b!aBcD-1"
TEAM = "b!tEaM-2"
FIELDS = "id,name,size,file,folder,package,remoteItem,parentReference,lastModifiedDateTime"
SEARCH = re.compile(r"/v1\.0/me/drive/root/search\(q='((?:[^']|'')+)'\)")
ITEM = re.compile(r"/v1\.0/drives/([\w!-]+)/items/([\w!-]+)(/children|/content)?")
LOGIN = "/common/oauth2/v2.0"


def error(status: int, code: str) -> Refused:
    return Refused(status, {"error": {"code": code, "message": "It is so."}})


@dataclass
class OneDriveDouble(DriveDouble):
    """One account of Microsoft; `there` of a file names the drive it lies in, when another."""

    redirect_uri: str = f"{PUBLIC_URL}/api/v1/drives/microsoft/callback"
    scopes: str = "offline_access Files.Read.All"
    asks: dict[str, str] = field(
        default_factory=lambda: {"response_mode": "query", "prompt": "select_account"}
    )
    rotates: bool = True
    given: str | None = "https://graph.microsoft.com/Files.Read.All profile"
    leads: str = ""

    def answer(self, asked: Asked) -> Reply:
        if asked.path == f"{LOGIN}/authorize":
            return self.authorize(asked)
        if asked.path == f"{LOGIN}/token":
            return self.token(asked, frozenset({"scope"}))
        return self.bytes_of(asked) if asked.path.startswith("/content/") else self.read(asked)

    def read(self, asked: Asked) -> Reply:
        self.check_token(asked, {"error": {"code": "InvalidAuthenticationToken"}})
        if asked.path == "/v1.0/me/drive":
            self.check_names(asked.query, {"$select"})
            owner = {"user": {"email": "ana@outlook.example", "displayName": "Ana"}}
            return said({"id": DRIVE, "driveType": "business", "owner": owner})
        return self.looked_up(asked)

    def looked_up(self, asked: Asked) -> Reply:
        if asked.path == "/v1.0/me/drive/root/children":
            return self.listing(asked, self.below("root"))
        if found := SEARCH.fullmatch(asked.path):
            text = found[1].replace("''", "'").lower()
            return self.listing(
                asked, [each for each in self.files.values() if text in each.name.lower()]
            )
        return self.item(asked)

    def below(self, parent: str) -> list[Kept]:
        return [each for each in self.files.values() if each.parent == parent]

    def listing(self, asked: Asked, rows: list[Kept]) -> Reply:
        if "$skiptoken" not in asked.query:
            self.check_names(asked.query, {"$top", "$select"})
        if asked.query.get("$select") != FIELDS:
            raise error(400, "invalidRequest")
        found, more = page_of(rows, int(asked.query.get("$skiptoken", "s0")[1:]))
        body: Json = {"value": [self.shown(each) for each in found]}
        if more is not None:
            base = f"http://127.0.0.1:{self.port}{asked.path}"
            body["@odata.nextLink"] = f"{base}?%24select={FIELDS}&%24skiptoken=s{more}"
        return said(body)

    def item(self, asked: Asked) -> Reply:
        place = ITEM.fullmatch(asked.path)
        kept = self.files.get(place[2]) if place else None
        if place is None or kept is None or place[1] != (kept.there or DRIVE):
            raise error(404, "itemNotFound")
        if place[3] == "/children":
            return self.listing(asked, self.below(kept.id))
        if place[3] is None:
            self.check_names(asked.query, {"$select"})
            return said(self.shown(kept, there=True))
        if not kept.open:
            raise error(403, "accessDenied")
        address = self.leads or f"http://127.0.0.1:{self.port}/content/{kept.id}?tempauth=1"
        return Reply(302, {"location": address}, b"")

    def bytes_of(self, asked: Asked) -> Reply:
        """Where bytes lie: a token has no business there."""
        kept = self.files.get(asked.path.removeprefix("/content/"))
        if "authorization" in asked.headers or asked.query != {"tempauth": "1"} or kept is None:
            raise error(401, "unauthenticated")
        return Reply(200, {"content-type": kept.media_type}, kept.body)

    def shown(self, kept: Kept, *, there: bool = False) -> Json:
        found: Json = {
            "id": kept.id,
            "name": kept.name,
            "lastModifiedDateTime": "2026-01-31T12:00:00Z",
            "parentReference": {"driveId": kept.there or DRIVE},
        }
        if kept.is_folder:
            found["folder"] = {"childCount": len(self.below(kept.id))}
        else:
            found["file"] = {"mimeType": kept.media_type}
            found["size"] = len(kept.body)
        if kept.native:
            found["package"] = {"type": kept.native}
        if kept.there and not there:
            return {
                "id": f"s-{kept.id}",
                "name": kept.name,
                "parentReference": {"driveId": DRIVE},
                "remoteItem": found,
            }
        return found
