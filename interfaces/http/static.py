"""The web UI: files that were built, found once at the start."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.exceptions import HTTPException

import interfaces
from interfaces.http.doors import Door
from interfaces.http.errors import methods_at
from interfaces.http.security import page_policy

BUILD = Path(interfaces.__file__).parent / "web" / "build"
IMMUTABLE = "_app/immutable/"
API = ("api/", "v1/")
NOT_BUILT = (
    "Quire is running, but its web UI has not been built.\n\n"
    "In the folder interfaces/web: npm ci && npm run build, then start again.\n"
    "The HTTP API is at /api/v1, its description at /docs.\n"
)
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

router = Door(root="", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of the build, and how it may be sent."""

    path: Path
    media_type: str
    encoded: dict[str, Path]
    cache: str

    def response(self, accept_encoding: str, headers: dict[str, str]) -> Response:
        """The file, squeezed as the browser likes it."""
        headers = {**headers, "Cache-Control": self.cache, "Vary": "Accept-Encoding"}
        for name, _ in ENCODINGS:
            if name in accept_encoding and name in self.encoded:
                headers["Content-Encoding"] = name
                return FileResponse(self.encoded[name], headers=headers, media_type=self.media_type)
        return FileResponse(self.path, headers=headers, media_type=self.media_type)


class StaticFiles:
    """All files of a build by their address. What is not in the table cannot be had."""

    def __init__(self, folder: Path = BUILD) -> None:
        self.policy = page_policy(folder / "index.html")
        self.files = {
            path.relative_to(folder).as_posix(): _file(path, path.relative_to(folder).as_posix())
            for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
            if path.is_file() and path.suffix not in (".br", ".gz")
        }

    def find(self, path: str) -> StaticFile | None:
        """The file at an address; addresses of pages all have the one page."""
        found = self.files.get(path)
        if found is None and not path.startswith("_app/") and "." not in path.rpartition("/")[2]:
            found = self.files.get("index.html")
        return found

    def response(self, path: str, accept_encoding: str) -> Response:
        """What a browser gets at an address."""
        if not self.files:
            return PlainTextResponse(NOT_BUILT, headers={"Cache-Control": "no-cache"})
        found = self.find(path)
        if found is None:
            raise HTTPException(404, "There is no such file.")
        # Scripts get the policy too: a worker lives by the one of its own script.
        return found.response(accept_encoding, {"Content-Security-Policy": self.policy})


def _file(path: Path, name: str) -> StaticFile:
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(name)[0]
    encoded = {
        encoding: path.with_name(path.name + suffix)
        for encoding, suffix in ENCODINGS
        if path.with_name(path.name + suffix).is_file()
    }
    cache = "public, max-age=31536000, immutable" if name.startswith(IMMUTABLE) else "no-cache"
    return StaticFile(path, guessed or "application/octet-stream", encoded, cache)


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def serve(path: str, request: Request) -> Response:
    """Give a file of the web UI, or its page; the API's addresses are never pages."""
    if path.startswith(API) or path in ("api", "v1"):
        raise HTTPException(405 if methods_at(request) else 404)
    files: StaticFiles = request.app.state.files
    return files.response(path, request.headers.get("accept-encoding", ""))
