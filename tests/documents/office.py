"""Documents of offices."""

from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import docx
import openpyxl
import pptx
import xlwt
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

Members = dict[str, str | bytes]


def packed(members: Members) -> bytes:
    """A ZIP archive; the first member is stored, as OpenDocument and EPUB want their type."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for at, (name, content) in enumerate(members.items()):
            archive.writestr(name, content, compress_type=None if at else 0)
    return buffer.getvalue()


def unpacked(data: bytes) -> Members:
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(data: bytes, members: Members) -> bytes:
    """The same archive with other members."""
    return packed({**unpacked(data), **members})


def word() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Handbook of Straßen"
    document.add_heading("Handbook", 0)
    document.add_heading("First steps", 1)
    document.add_paragraph("Öffne die Tür — 世界.")
    document.add_heading("Details", 2)
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(rows=2, cols=2)
    for at, words in enumerate(("Name", "Age", "Ana", "41")):
        table.cell(at // 2, at % 2).text = words
    paragraph = document.add_paragraph("kept ")
    deletion = OxmlElement("w:del")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "struck out"
    run.append(text)
    deletion.append(run)
    deletion.set(qn("w:id"), "1")
    paragraph._p.append(deletion)  # noqa: SLF001 (python-docx cannot track changes)
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def slides() -> bytes:
    show = pptx.Presentation()
    show.core_properties.title = "Quarter"
    for number in (1, 2):
        slide = show.slides.add_slide(show.slide_layouts[1])
        assert slide.shapes.title is not None
        slide.shapes.title.text = f"Slide {number} über"
        slide.placeholders[1].text = "first point\nsecond point"
        notes = slide.notes_slide.notes_text_frame
        assert notes is not None
        notes.text = f"say it slowly {number}"
    size = pptx.util.Inches(2)
    table = show.slides[1].shapes.add_table(1, 2, size, size, size, size).table
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    buffer = BytesIO()
    show.save(buffer)
    return buffer.getvalue()


ROWS = (("Name", "Price", "Since"), ("Äpfel|rot", 3.5, date(2024, 5, 1)), ("Birnen", 4.0, None))


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Fruits"
    for row in ROWS:
        sheet.append(row)
    book.create_sheet("Empty")
    second = book.create_sheet("Second")
    second["B2"] = "alone"
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Fruits")
    for y, row in enumerate(ROWS):
        for x, value in enumerate(row):
            sheet.write(y, x, str(value) if isinstance(value, date) else value)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
NAMESPACES = " ".join(
    (
        f'xmlns:office="{OFFICE}"',
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"',
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"',
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"',
        'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    )
)
ODT_BODY = """<office:text><text:tracked-changes><text:p>gone</text:p></text:tracked-changes>
<text:h text:outline-level="1">Chapter</text:h>
<text:p>Some <text:span>bold</text:span> words<text:s/>and<text:tab/>more.<text:line-break/>Next
</text:p>
<text:h text:outline-level="2">Part</text:h>
<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>deep</text:p>
</text:list-item></text:list></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>
<table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table></office:text>"""
ODP_BODY = """<office:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box>
<text:p>Opening</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>point</text:p>
</draw:text-box></draw:frame></draw:page><draw:page><draw:frame><draw:text-box><text:p>second</text:p>
</draw:text-box></draw:frame></draw:page></office:presentation>"""
CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
NUMBER = (
    '<table:table-cell office:value-type="float" office:value="3.5"><text:p>3,5</text:p>'
    "</table:table-cell>"
)
ODS_BODY = (
    '<office:spreadsheet><table:table table:name="Fruits">'
    f"<table:table-row>{CELL.format('Name')}{CELL.format('Price')}</table:table-row>"
    f"<table:table-row>{CELL.format('Äpfel')}{NUMBER}</table:table-row>"
    "</table:table></office:spreadsheet>"
)


def opendocument(kind: str, body: str) -> bytes:
    content = (
        f"<?xml version='1.0'?><office:document-content {NAMESPACES}><office:body>{body}"
        "</office:body></office:document-content>"
    )
    meta = (
        f"<office:document-meta {NAMESPACES}><office:meta><dc:title>Paper</dc:title></office:meta>"
        "</office:document-meta>"
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mimetype}"/>'
        "</manifest:manifest>"
    )
    return packed(
        {
            "mimetype": mimetype,
            "content.xml": content,
            "meta.xml": meta,
            "META-INF/manifest.xml": manifest,
        }
    )
