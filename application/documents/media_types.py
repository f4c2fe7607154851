"""What kind of document a name promises, where nobody said it better."""

from mimetypes import MimeTypes

from domain.files import OCTETS, checked_media_type

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
MORE = {
    ".docx": f"{OFFICE}.wordprocessingml.document",
    ".pptx": f"{OFFICE}.presentationml.presentation",
    ".xlsx": f"{OFFICE}.spreadsheetml.sheet",
    ".odt": f"{OPEN}.text",
    ".ods": f"{OPEN}.spreadsheet",
    ".odp": f"{OPEN}.presentation",
    ".epub": "application/epub+zip",
    ".rtf": "application/rtf",
    ".eml": "message/rfc822",
    ".ipynb": "application/x-ipynb+json",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".weba": "audio/webm",
    ".ts": "text/plain",
    ".yaml": "text/plain",
    ".yml": "text/plain",
    ".toml": "text/plain",
    ".log": "text/plain",
}

KNOWN = MimeTypes()  # what Python knows by itself, not what this machine says
for ending, kind in MORE.items():
    KNOWN.add_type(kind, ending)


def media_type_of(name: str, said: str = "", otherwise: str = OCTETS) -> str:
    """The media type somebody said, else the one that goes with the name."""
    found = checked_media_type(said)
    if found != OCTETS:
        return found
    guessed, packed = KNOWN.guess_type(f"x/{name}", strict=True)
    return otherwise if guessed is None or packed else guessed
