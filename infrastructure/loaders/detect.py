"""What a file is: its content decides, its name only where the content leaves it open."""

import re
from zipfile import BadZipFile, ZipFile

from infrastructure.loaders.base import Source, Unreadable, encrypted, unheard
from infrastructure.loaders.encodings import encoding_of, no_text

HEAD_BYTES = 65_536

MAGIC = (
    (b"{\\rtf", "rtf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x89PNG\r\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
)
STRANGE = (
    (b"Rar!", "a RAR archive; pack it as ZIP"),
    (b"7z\xbc\xaf", "a 7z archive; pack it as ZIP"),
    (b"\x1f\x8b", "a gzip archive; pack it as ZIP"),
    (b"BZh", "a bzip2 archive; pack it as ZIP"),
    (b"\xfd7zXZ", "an xz archive; pack it as ZIP"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; pack it as ZIP"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"SQLite format 3", "a database"),
)
SOUNDS = (
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"\x1aE\xdf\xa3", "webm"),
)
PICTURES = {b"ftyp" + each for each in (b"avif", b"avis", b"heif", b"msf1")}
MEMBERS = (
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "sheets"),
    ("xl/workbook.bin", "sheets"),
    ("META-INF/container.xml", "epub"),
)
MIMETYPES = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.text": "odf",
    b"application/vnd.oasis.opendocument.text-template": "odf",
    b"application/vnd.oasis.opendocument.presentation": "odf",
    b"application/vnd.oasis.opendocument.spreadsheet": "sheets",
}
OLE_STREAMS = (
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "sheets"),
    ("Book", "sheets"),
)
SUFFIXES = {
    **dict.fromkeys(("html", "htm", "xhtml"), "html"),
    **dict.fromkeys(("eml", "mht", "mhtml"), "mail"),
    **dict.fromkeys(("csv", "tsv", "tab"), "table"),
    **dict.fromkeys(("md", "markdown", "mdx"), "markdown"),
    **dict.fromkeys(("json", "jsonl", "ndjson", "geojson", "ipynb"), "json"),
}
MEDIA_TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "message/rfc822": "mail",
    "text/csv": "table",
    "text/tab-separated-values": "table",
    "text/markdown": "markdown",
    "application/json": "json",
}
HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
MAIL = re.compile(
    rb"(?:(?:Received|Return-Path|Delivered-To|MIME-Version|Message-ID|DKIM-Signature|X-[\w-]+"
    rb"|Date|From|To|Subject): [^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){4}"
)
HEIC = {b"ftyp" + each for each in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1")}
HEIC_HINT = (
    "This is a picture in HEIC. Save it as JPEG and upload that, or attach it to a question: "
    "then the browser converts it."
)
OFFICE = {"docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "xlsb", "odt", "ods", "odp", "epub"}
BINARY = {*OFFICE, "pdf", "zip", "xls", "doc", "ppt"}


def sound_of(head: bytes) -> str:
    """The ending that names of such recordings have, or "" for what is none."""
    found = next((ending for start, ending in SOUNDS if head.startswith(start)), "")
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        found = "wav"
    elif head[4:8] == b"ftyp" and head[4:12] not in PICTURES | HEIC:
        found = "m4a" if head[8:11] in (b"M4A", b"M4B") else "mp4"
    elif _is_frame(head[:3]):
        found = "mp3"
    return found if found and encoding_of(head) is None else ""


def _is_frame(head: bytes) -> bool:
    """Whether sound in layer III of MPEG begins here: sync, and no reserved value after it."""
    if len(head) < 3 or head[0] != 0xFF:  # noqa: PLR2004
        return False
    layer_iii = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08  # noqa: PLR2004
    return layer_iii and head[2] >> 4 != 0xF and head[2] & 0x0C != 0x0C  # noqa: PLR2004


def magic(head: bytes) -> str:
    """The kind that the first bytes tell, "" for texts; programs, films and so on are refused."""
    for start, what in STRANGE:
        if head.startswith(start) and encoding_of(head) is None:
            raise Unreadable("unsupported", f"This is {what}.")
    if sound_of(head):
        raise unheard()
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head[4:12] in HEIC:
        raise Unreadable("unsupported", HEIC_HINT)
    if head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] != b"WEBP"):
        raise Unreadable("unsupported", "This is a film or a picture of a rare kind.")
    if head[:4] == b"RIFF":
        return "image"
    return next((kind for start, kind in MAGIC if head.startswith(start)), "")


def detect(source: Source) -> str:
    """The kind of a file, or Unreadable when there is no loader for it."""
    head = source.head(HEAD_BYTES)
    if not head:
        raise Unreadable("empty", "The file is empty.")
    kind = magic(head)
    if kind == "zip":
        return _packed(source)
    if kind == "ole":
        return _compound(source)
    return kind if kind and not _is_misled(kind, head) else _text(source, head)


def _is_misled(kind: str, head: bytes) -> bool:
    """A text may begin with the letters that pictures begin with."""
    return kind == "image" and encoding_of(head) is not None


def _strange(source: Source) -> Unreadable:
    """Nothing is known of the content, so the name says what it should have been."""
    if source.suffix not in BINARY:
        return no_text()
    what = source.suffix.upper()
    return Unreadable("damaged", f"This is no {what} file, or a damaged one.")


def _text(source: Source, head: bytes) -> str:
    if encoding_of(head) is None:
        raise _strange(source)
    by_name = SUFFIXES.get(source.suffix) or MEDIA_TYPES.get(source.media_type)
    if by_name in {"mail", "markdown"}:
        return by_name
    if HTML.match(head):
        return "html"
    if not source.suffix and MAIL.match(head):
        return "mail"
    return by_name or "text"


def _packed(source: Source) -> str:
    try:
        with source.open() as file, ZipFile(file) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:  # noqa: PLR2004
                stated = MIMETYPES.get(archive.read("mimetype").strip())
                if stated:
                    return stated
    except (BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        raise Unreadable("damaged", "The file is damaged or was cut off.") from None
    return next((kind for member, kind in MEMBERS if member in names), "zip")


def _compound(source: Source) -> str:
    """The old container of Office files; its directory names the streams in UTF-16."""
    data = source.data()
    found = (kind for name, kind in OLE_STREAMS if f"{name}\0".encode("utf-16-le") in data)
    kind = next(found, "")
    if kind == "encrypted":
        raise encrypted()
    if kind == "sheets":
        return kind
    old = {"doc": ("Word", "DOCX"), "ppt": ("PowerPoint", "PPTX")}.get(kind)
    if old is None:
        raise _strange(source)
    raise Unreadable("unsupported", f"This is an old {old[0]} file. Save it as {old[1]} or PDF.")
