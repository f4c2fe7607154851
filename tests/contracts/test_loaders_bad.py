"""What becomes of bad files: they fail alone, with a reason, within limits."""

import struct
import zlib
from pathlib import Path

import pytest

from infrastructure.loaders.base import Limits, Unreadable
from infrastructure.loaders.registry import Loaders
from tests.documents import office, pages
from tests.documents.reading import Read, reader, refused

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>"""
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY c SYSTEM "file:///etc/passwd">]>'
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


def limited(**limits: float) -> Loaders:
    return Loaders(Limits(**limits), ocr=False)  # type: ignore[arg-type]


def named(stream: str) -> bytes:
    """The old container of Office with a stream of that name."""
    return OLE + (stream + "\0").encode("utf-16-le") + bytes(400)


def locked() -> bytes:
    """A ZIP archive whose members say that they are encrypted."""
    data = bytearray(office.packed({"a.txt": "a secret"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


ENCRYPTED = {
    "a.pdf": pages.pdf(("secret",), password="tell nobody"),
    "a.docx": named("EncryptedPackage"),
    "a.zip": locked(),
    "a.odt": office.changed(
        office.opendocument("text", office.ODT_BODY),
        {"META-INF/manifest.xml": "<m><encryption-data/></m>"},
    ),
    "a.epub": office.changed(pages.book(), {"META-INF/rights.xml": "<rights/>"}),
}


@pytest.mark.parametrize("name", ENCRYPTED)
async def test_encrypted_files_are_told_apart(read: Read, name: str) -> None:
    refusal = await refused(read, ENCRYPTED[name], name)
    assert refusal.kind == "encrypted"
    assert "password" in refusal.message


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.docx", "a"])
async def test_empty_files_are_empty(read: Read, name: str) -> None:
    assert (await refused(read, b"", name)).kind == "empty"


GOOD = {
    "a.pdf": pages.pdf(*((f"page {number}", "words " * 20) for number in range(20))),
    "a.docx": office.word(),
    "a.pptx": office.slides(),
    "a.xlsx": office.workbook(),
    "a.xls": office.old_workbook(),
    "a.odt": office.opendocument("text", office.ODT_BODY),
    "a.epub": pages.book(),
    "a.zip": office.packed({"a.txt": "words", "b.md": "words"}),
}


@pytest.mark.parametrize("name", GOOD)
async def test_half_a_file_is_damaged(read: Read, name: str) -> None:
    data = GOOD[name]
    assert (await refused(read, data[: len(data) // 2], name)).kind == "damaged"


@pytest.mark.parametrize(
    ("name", "missing"),
    [("a.docx", "word/document.xml"), ("a.odt", "content.xml"), ("a.epub", "OEBPS/book.opf")],
)
async def test_a_missing_part_is_damage(read: Read, name: str, missing: str) -> None:
    members = office.unpacked(GOOD[name])
    members[missing] = b"<open>"
    assert (await refused(read, office.packed(members), name)).kind == "damaged"


NOISE = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("name", "data", "kind", "words"),
    [
        ("a.docx", NOISE, "damaged", "no DOCX file"),
        ("a.pdf", NOISE, "damaged", "no PDF file"),
        ("a.txt", NOISE, "unsupported", "not a text"),
        ("a", b"\x7fELF" + NOISE, "unsupported", "a program"),
        ("a.pdf", b"Rar!\x1a\x07" + NOISE, "unsupported", "as ZIP"),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + NOISE, "no_text", "film"),
        ("a.heic", b"\0\0\0\x18ftypheic" + NOISE, "unsupported", "Save it as JPEG"),
        ("a.doc", named("WordDocument"), "unsupported", "old Word file"),
        ("a.ppt", named("PowerPoint Document"), "unsupported", "PPTX"),
        ("a.msg", named("__nothing"), "unsupported", "no kind of file"),
        (
            "a.docx",
            office.changed(office.word(), {"word/document.xml": "<a/>"}),
            "no_text",
            "no words",
        ),
        ("a.html", b"<html><script>x</script></html>", "no_text", "no words"),
        ("a.txt", b" \n\t \n", "no_text", "no words"),
        ("a.zip", office.packed({"x.bin": NOISE}), "unsupported", "Nothing in the archive"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "empty", "archive is empty"),
    ],
)
async def test_every_refusal_says_why(
    read: Read, name: str, data: bytes, kind: str, words: str
) -> None:
    refusal = await refused(read, data, name)
    assert (refusal.kind, words in refusal.message) == (kind, True), refusal.message


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_xml_entities_are_refused(read: Read, head: str, encoding: str) -> None:
    text = (
        f"{head}<w:document xmlns:w='{WORD}'><w:body><w:p><w:r><w:t>&c;</w:t></w:r></w:p></w:body>"
    )
    xml = f"{text}</w:document>".encode(encoding)
    data = office.changed(office.word(), {"word/document.xml": xml})
    refusal = await refused(read, data, "a.docx")
    assert (refusal.kind, "entities" in refusal.message) == ("unsupported", True)
    book = office.changed(pages.book(), {"OEBPS/book.opf": f"{head}<package>&c;</package>"})
    assert (await refused(read, book, "a.epub")).kind == "unsupported"


async def test_entities_in_pages_and_loose_xml_are_only_words(read: Read) -> None:
    page = await read(f"{BOMB}<html><p>x &c; y</p></html>".encode(), "a.html")
    assert page.text == "x &c; y"
    assert (await read(f"{OUTSIDE}<x>&c;</x>".encode(), "a.xml")).text.endswith("<x>&c;</x>\n```")


def bomb(claim: int) -> bytes:
    """A ZIP member of zeros: 200 MB of them, whatever it claims."""
    piece = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = piece.compress(bytes(2**20)) + piece.flush(zlib.Z_FULL_FLUSH)
    body = first * 200 + piece.flush()
    sizes = struct.pack("<III", 0, len(body), claim)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    local += struct.pack("<HH", 5, 0) + b"a.txt" + body
    central = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
    central += struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"a.txt"
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end


@pytest.mark.parametrize("claim", [200 * 2**20, 2**32 - 2])
async def test_an_archive_bomb_is_not_unpacked(read: Read, claim: int) -> None:
    data = bomb(claim)
    assert len(data) < 10**6
    refusal = await refused(read, data, "a.zip", limited(seconds_max=5))
    assert (refusal.kind, "unpacks to" in refusal.message) == ("too_large", True)
    inner = await refused(read, office.packed({"b.zip": data}), "a.zip", limited(seconds_max=5))
    assert inner.kind == "too_large"


async def test_a_bomb_that_lies_about_its_size_is_damaged(read: Read) -> None:
    assert (await refused(read, bomb(100), "a.zip", limited(seconds_max=5))).kind == "damaged"


async def test_a_bomb_in_an_office_file_is_not_unpacked(read: Read) -> None:
    members: office.Members = {
        "xl/workbook.xml": "<x/>",
        "xl/worksheets/sheet1.xml": bytes(30_000_000),
    }
    assert (await refused(read, office.packed(members), "a.xlsx")).kind == "too_large"
    words: office.Members = {"a": "", "word/document.xml": bytes(30_000_000)}
    assert (await refused(read, office.packed(words), "a.docx")).kind == "too_large"


async def test_archives_have_a_depth_and_a_number(read: Read) -> None:
    data = office.packed({"a.txt": "found"})
    for _ in range(2):
        data = office.packed({"in.zip": data})
    assert "found" in (await read(data, "a.zip")).text
    for _ in range(20):
        data = office.packed({"in.zip": data})
    assert (await refused(read, data, "a.zip")).kind == "too_large"
    many = office.packed({f"{at}.txt": "x" for at in range(11)})
    assert (await refused(read, many, "a.zip", limited(members_max=10))).kind == "too_large"
    sizes = office.packed({f"{at}.txt": "x" * 1000 for at in range(11)})
    loaders = limited(unpacked_bytes_max=10_000)
    assert (await refused(read, sizes, "a.zip", loaders)).kind == "too_large"


def contents(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_names_in_archives_never_touch_the_disk(read: Read, tmp_path: Path) -> None:
    names = ("../../../../tmp/up.txt", "/abs.txt", "C:\\x\\..\\win.txt", "a\nb.txt", "u\u202e.md")
    found = await read(office.packed({name: f"words {name!r}" for name in names}), "a.zip")
    headings = [line for line in found.text.split("\n") if line.startswith("# ")]
    assert sorted(headings) == [
        "# a b.txt",
        "# abs.txt",
        "# tmp/up.txt",
        "# u.md",
        "# x/win.txt",
    ]
    assert contents(tmp_path) == ["blob"]


async def test_a_pdf_that_claims_a_million_pages(read: Read) -> None:
    refusal = await refused(read, pages.claiming(1_000_000), "a.pdf")
    assert refusal.kind == "too_large"
    assert "1,000,000 pages" in refusal.message
    found = await read(pages.claiming(4_000), "a.pdf")
    assert (found.text, found.pages) == ("only page", 1)


async def test_a_scan_without_ocr_says_what_would_help(read: Read) -> None:
    for name, data in (("a.pdf", pages.scan("words")), ("a.png", pages.picture("words"))):
        refusal = await refused(read, data, name)
        assert (refusal.kind, "tesseract" in refusal.message) == ("no_text", True)


async def test_too_much_text_is_refused(read: Read) -> None:
    loaders = limited(text_bytes_max=10_000)
    for name, data in (
        ("a.txt", b"words " * 2000),
        ("a.pdf", GOOD["a.pdf"] * 1),
        ("b.txt", b"x" * 99_000),
    ):
        small = limited(text_bytes_max=500) if name == "a.pdf" else loaders
        assert (await refused(read, data, name, small)).kind == "too_large"


async def test_memory_is_limited(read: Read) -> None:
    loaders = limited(memory_bytes_max=150 * 2**20)
    refusal = await refused(read, b"words and " * 9_000_000, "a.txt", loaders)
    assert (refusal.kind, "150 MB" in refusal.message) == ("memory", True)


async def test_a_sheet_as_wide_as_the_world_is_refused(read: Read) -> None:
    members = office.unpacked(office.workbook())
    sheet = "xl/worksheets/sheet1.xml"
    content = members[sheet]
    assert isinstance(content, bytes)
    far = content.replace(b'r="A1"', b'r="XFD1048576"').replace(b'r="1"', b'r="1048576"')
    assert far != content
    assert (await refused(read, office.packed({**members, sheet: far}), "a.xlsx")).kind == "memory"


async def test_a_file_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Loaders().read(tmp_path / "gone", "a.txt")


async def test_one_bad_file_does_not_harm_the_next(read: Read) -> None:
    for name, data in (*ENCRYPTED.items(), ("a.pdf", NOISE)):
        with pytest.raises(Unreadable):
            await read(data, name)
    assert (await read(b"well", "a.txt")).text == "well"
