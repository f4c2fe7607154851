"""What every loader makes of a good file: its words, headings, pages, tables."""

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.documents import office, pages
from tests.documents.reading import Read, reader


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


async def test_a_pdf_keeps_pages_headings_and_title(read: Read) -> None:
    data = pages.pdf(("Opening", "Words of page one."), ("Depth", "More wo"), title="Big Book")
    found = await read(data, "a.pdf")
    assert found.text == "# Opening\nWords of page one.\f## Depth\nMore wo"
    assert (found.title, found.pages, found.loader) == ("Big Book", 2, "pdf")


async def test_a_pdf_has_letters_of_all_the_world(read: Read) -> None:
    found = await read(pages.pdf(("日本語の文書",), font="HeiseiMin-W3"), "a.pdf")
    assert "日本語の文書" in found.text


async def test_an_empty_page_is_a_page(read: Read) -> None:
    found = await read(pages.pdf(("one",), (), ("three",)), "a.pdf")
    assert [each.lstrip("# ") for each in found.text.split("\f")] == ["one", "", "three"]


async def test_a_word_document_keeps_its_structure(read: Read) -> None:
    found = await read(office.word(), "a.docx")
    assert found.text == (
        "# Handbook\n\n# First steps\n\nÖffne die Tür — 世界.\n\n## Details\n\n- one\n- two\n\n"
        "Name | Age\nAna | 41\n\nkept"
    )
    assert (found.title, found.pages) == ("Handbook of Straßen", 0)


async def test_macros_are_never_looked_at(read: Read) -> None:
    data = office.changed(office.word(), {"word/vbaProject.bin": b"AutoOpen Shell evil"})
    found = await read(data, "a.docm")
    assert "First steps" in found.text
    assert "evil" not in found.text


async def test_slides_are_pages_with_titles_and_notes(read: Read) -> None:
    found = await read(office.slides(), "a.pptx")
    first, second = found.text.split("\f")
    assert first == "# Slide 1 über\n\nfirst point\n\nsecond point\n\nNotes: say it slowly 1"
    assert "left | right" in second
    assert (found.pages, found.title) == (2, "Quarter")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", office.workbook()),
        ("a.xls", office.old_workbook()),
        ("a.ods", office.opendocument("spreadsheet", office.ODS_BODY)),
    ],
)
async def test_sheets_have_headings_and_rows(read: Read, name: str, data: bytes) -> None:
    found = await read(data, name)
    assert found.text.startswith("# Fruits\n\nName | Price")
    assert "\nÄpfel" in found.text
    assert " | 3.5" in found.text
    assert found.loader == "sheets"


async def test_sheets_tell_values_as_people_write_them(read: Read) -> None:
    found = await read(office.workbook(), "a.xlsx")
    assert "Äpfel\\|rot | 3.5 | 2024-05-01\nBirnen | 4 |" in found.text
    assert "Empty" not in found.text
    assert found.text.endswith("# Second\n\nalone")


async def test_opendocument_texts_and_slides(read: Read) -> None:
    text = await read(office.opendocument("text", office.ODT_BODY), "a.odt")
    assert text.text == (
        "# Chapter\n\nSome bold words and more.\nNext\n\n## Part\n\n- one\n  - deep\n\nA | B"
    )
    assert text.title == "Paper"
    show = await read(office.opendocument("presentation", office.ODP_BODY), "a.odp")
    assert show.text == "# Opening\n\npoint\fsecond"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_tables_whatever_separates_the_cells(read: Read, delimiter: str) -> None:
    rows = (("Name", "Note"), ("Ana", f'"one{delimiter} two\nthree"'), ("Bo", "x"))
    data = "\r\n".join(delimiter.join(row) for row in rows).encode("utf-16")
    found = await read(data, "a.csv")
    middle = f"one{delimiter} two three" if delimiter != "|" else "one\\| two three"
    middle = " ".join(middle.split())
    assert found.text == f"Name | Note\nAna | {middle}\nBo | x"


HTML = """<html><head><meta charset="cp1252"><title>My &amp; page</title><style>p{}</style></head>
<body><h1>Größe</h1><p>First<br>second <b>bold</b>text<ol><li>one<ul><li>deep</ul><li>two</ol>
<table><tr><th>A<th>B<tr><td>1<td><table><tr><td>x<td>y</table></table><pre>a  b
  c</pre><h2>Sub
heading</h2><img alt="a boat"><p hidden>secret</p><div style="display: none">secret</div>
<script>alert(1)</script>tail</body></html>"""


async def test_a_page_keeps_headings_lists_and_tables(read: Read) -> None:
    found = await read(HTML.encode("cp1252"), "a.html")
    assert found.text == (
        "# Größe\n\nFirst\nsecond boldtext\n\n1. one\n  - deep\n1. two\n\nA | B\n1 | x \\| y\n\n"
        "```\na  b\n  c\n```\n\n## Sub heading\n\na boat\n\ntail"
    )
    assert found.title == "My & page"


async def test_a_page_of_the_web_is_read_without_its_furniture(read: Read) -> None:
    words = " ".join(["The tide at Saint-Malo rises by twelve metres, more than elsewhere."] * 5)
    data = f"""<html><title>Tides</title><nav><ul><li>Home<li>Shop</ul></nav><main><article>
    <h1>Tides</h1><p>{words}</p><h2>Places</h2><p>{words}</p><table><tr><th>Place<th>Range
    <tr><td>Fundy<td>16</table></article></main><aside><p>Win a boat!</p></aside></html>"""
    found = await read(data.encode(), "page.html", "text/html")
    assert "Shop" not in found.text
    assert "Win a boat" not in found.text
    assert found.text.startswith("# Tides\n\nThe tide")
    assert "\n## Places\n" in found.text
    assert "Place | Range\nFundy | 16" in found.text


async def test_a_deeply_nested_page_loses_nothing(read: Read) -> None:
    data = b"<html><body>" + b"<div>" * 2000 + b"deep words" + b"</div>" * 2000 + b"<p>after"
    assert (await read(data, "a.html")).text == "deep words\n\nafter"


TEXT = "Die Straße führt über die Brücke, schöne Grüße aus Köln. Das Café öffnet früh.\n" * 3
RUSSIAN = "Быстрая коричневая лиса перепрыгивает через ленивую собаку. Мы читаем документы.\n" * 3
JAPANESE = "これは日本語の文章です。文書を読み、質問に答えます。東京は大きい都市です。\n" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((TEXT, each) for each in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le")),
        *((TEXT, each) for each in ("utf-16-be", "cp1252", "iso8859_15")),
        ("One \ufffd sign — may be meant.", "utf-8"),
        *((RUSSIAN, each) for each in ("utf-8", "utf-16", "cp1251", "koi8_r")),
        *((JAPANESE, each) for each in ("utf-8", "shift_jis", "euc_jp", "iso2022_jp")),
    ],
)
async def test_text_in_any_encoding(read: Read, text: str, encoding: str) -> None:
    found = await read(text.encode(encoding), "notes.txt")
    assert found.text == text.strip()


async def test_text_is_cleaned(read: Read) -> None:
    data = "\ufeffa\0b  \r\nc\rd\u2028e\x07\f\n\n\n\n\n\nZu\u0308rich \ud83d".encode(
        "utf-8", "surrogatepass"
    )
    found = await read(data + b" more" * 200, "a.txt")
    assert found.text.startswith("ab\nc\nd\ne\n\n\nZürich")


async def test_markdown_is_as_it_is_and_names_itself(read: Read) -> None:
    found = await read("# Über uns\n\nWords\n\n- a\n".encode(), "README.md")
    assert (found.text, found.title) == ("# Über uns\n\nWords\n\n- a", "Über uns")


async def test_source_code_is_fenced(read: Read) -> None:
    code = 'def f():\n    return """```"""'
    found = await read(code.encode(), "src/a.py")
    assert found.text == f"````python\n{code}\n````"
    assert (await read(b"FROM scratch", "Dockerfile")).text.startswith("```dockerfile\n")


async def test_data_is_laid_out(read: Read) -> None:
    value = {"über": ["x" * 50] * 60}
    found = await read(json.dumps(value).encode(), "a.json")
    assert found.text.startswith('```json\n{\n "über": [\n  "xxx')
    lines = await read(b'{"a": 1}\n{"b": 2}\n', "a.jsonl")
    assert lines.text == '```json\n{"a": 1}\n{"b": 2}\n```'
    deep = await read(b"[" * 100_000, "deep.json")
    assert len(deep.text) > 100_000


async def test_a_notebook_cell_by_cell(read: Read) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Plan\n", "words"]},
        {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": "2"}}]},
        {"cell_type": "code", "source": "", "outputs": None},
        "garbage",
    ]
    notebook = {"nbformat": 4, "cells": cells, "metadata": {"language_info": {"name": "julia"}}}
    found = await read(json.dumps(notebook).encode(), "a.ipynb")
    assert found.text == "# Plan\nwords\n\n```julia\n1 + 1\n```\n\n```\n2\n```"


async def test_a_book_in_reading_order(read: Read) -> None:
    found = await read(pages.book(), "a.epub")
    assert found.text == "# The start\n\nEs war einmal …\n\n# The end\n\ngood bye"
    assert found.title == "A Tale"


def letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Grüße aus Köln"
    message["From"], message["To"] = "Ana <ana@example.org>", "bo@example.org"
    message.set_content("Plain words ü")
    message.add_alternative("<p>Other form</p>", subtype="html")
    return message


async def test_a_letter_with_what_is_attached(read: Read) -> None:
    message = letter()
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../boat.png")
    message.add_attachment("a,b", subtype="csv", filename="data.csv")
    message.add_attachment(letter())
    found = await read(message.as_bytes(), "a.eml")
    assert found.title == "Grüße aus Köln"
    assert found.text.startswith("# Grüße aus Köln\n\nFrom: Ana <ana@example.org>\nTo: bo@")
    assert "Plain words ü" in found.text
    assert "Other form" not in found.text
    assert "Attachment: ../boat.png (image/png)" in found.text
    assert "Attachment: data.csv (text/csv)\n\na,b" in found.text
    assert "\n## Grüße aus Köln\n" in found.text


async def test_a_letter_of_html_only(read: Read) -> None:
    data = b"Subject: x\nContent-Type: text/html; charset=utf-8\n\n<h2>Hi</h2><p>there \xc3\xbc"
    assert (await read(data, "a.eml")).text == "# x\n\n## Hi\n\nthere ü"


async def test_a_letter_says_everything_once(read: Read) -> None:
    message = EmailMessage()
    message.set_content("Plain words")
    message.add_attachment("more words", filename="more.txt")
    found = await read(message.as_bytes(), "a.eml")
    assert found.text == "Plain words\n\nAttachment: more.txt (text/plain)\n\nmore words"


async def test_rich_text(read: Read) -> None:
    found = await read(rb"{\rtf1\ansi\ansicpg1252 Stra\'dfe \b bold\b0\par next \u8364?}", "a.rtf")
    assert found.text == "Straße bold\nnext €"


async def test_an_archive_tells_all_that_can_be_read(read: Read) -> None:
    inner = office.packed({"deep/notes.md": "# Inside\n\ninner words"})
    members: office.Members = {
        "b.docx": office.word(),
        "../../etc/a.txt": "a words",
        "c/inner.zip": inner,
        "d.pdf": pages.pdf(("p1",), ("p2",)),
        "e.bin": bytes(range(256)) * 4,
        "f.py": "# no heading\nx = 1",
        "__MACOSX/x.txt": "not told",
    }
    found = await read(office.packed(members), "a.zip")
    text = found.text
    names = [line for line in text.split("\n") if line.startswith("# ")]
    assert names[:4] == ["# b.docx", "# c/inner.zip", "# d.pdf", "# e.bin"]
    assert "# etc/a.txt\n\na words" in text
    assert "## deep/notes.md\n\n### Inside\n\ninner words" in text
    assert "## First steps" in text
    assert "# e.bin\n\n(Not read: This is not a text" in text
    assert "```python\n# no heading\n" in text
    assert "not told" not in text
    assert found.pages == 0


@pytest.mark.parametrize(
    ("name", "data", "loader"),
    [
        ("report.pdf", b"<!doctype html><h1>Hi</h1>", "html"),
        ("page.html", pages.pdf(("Hi",)), "pdf"),
        ("a.txt", office.word(), "docx"),
        ("a.docx", office.workbook(), "sheets"),
        ("a.zip", office.slides(), "pptx"),
        ("a.doc", rb"{\rtf1 Hi}", "rtf"),
        ("a.png", b"just words", "text"),
        ("noname", office.word(), "docx"),
        ("letter", letter().as_bytes(), "mail"),
    ],
)
async def test_a_wrong_name_does_not_matter(
    read: Read, name: str, data: bytes, loader: str
) -> None:
    assert (await read(data, name)).loader == loader


async def test_the_type_helps_where_there_is_no_name(read: Read) -> None:
    assert (await read(b"a;b\n1;2", "blob", "text/csv")).text == "a | b\n1 | 2"
