"""PDF files, scans and books."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from tests.documents.office import packed

Page = tuple[str, ...]


def pdf(*pages: Page, title: str = "", password: str = "", font: str = "Helvetica") -> bytes:
    """One line under the other; the first line of each page is in the outline."""
    buffer = BytesIO()
    lock = StandardEncryption(password) if password else None
    canvas = Canvas(buffer, encrypt=lock)
    canvas.setTitle(title)
    if font != "Helvetica":
        registerFont(UnicodeCIDFont(font))
    for number, lines in enumerate(pages):
        canvas.bookmarkPage(str(number))
        canvas.addOutlineEntry(lines[0] if lines else "nothing", str(number), min(number, 1))
        text = canvas.beginText(50, 800)
        text.setFont(font, 11)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def claiming(pages: int) -> bytes:
    """A PDF with one page that claims to have more."""
    return by_hand(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % pages,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length 40>>stream\nBT /F 12 Tf 20 100 Td (only page) Tj ET \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )


def by_hand(*objects: bytes) -> bytes:
    data = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return data + table + end % (len(objects) + 1, len(data))


def picture(words: str, kind: str = "PNG") -> bytes:
    """Black words on white, large enough to be read."""
    image = Image.new("L", (900, 160), 255)
    font = ImageFont.load_default(48)
    ImageDraw.Draw(image).text((40, 50), words, fill=0, font=font)
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def scan(*pages: str) -> bytes:
    """A PDF of pictures only."""
    buffer = BytesIO()
    canvas = Canvas(buffer)
    for words in pages:
        canvas.drawImage(ImageReader(BytesIO(picture(words))), 40, 600, 450, 80)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""
SPINE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>A Tale</dc:title></metadata><manifest>
<item id="a" href="one.xhtml"/><item id="b" href="text/tw%20o.xhtml#start"/>
<item id="c" href="../../../etc/passwd"/></manifest>
<spine><itemref idref="b"/><itemref idref="a"/><itemref idref="c"/></spine></package>"""
DECLARATION = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x "expanded">]>'


def book() -> bytes:
    """The chapters are read in another order than they are packed in."""
    head = f"{DECLARATION}<html xmlns='http://www.w3.org/1999/xhtml'><body>"
    first, last = "<h1>The start</h1><p>Es war einmal …</p>", "<h1>The end</h1><p>good&nbsp;bye</p>"
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": SPINE,
            "OEBPS/one.xhtml": f"{head}{last}</body></html>",
            "OEBPS/text/tw o.xhtml": f"{head}{first}</body></html>",
        }
    )
