"""OpenDocument texts and presentations (spreadsheets are read with the others)."""

from infrastructure.loaders.base import Draft, Source, encrypted
from infrastructure.loaders.packages import Package, opened
from infrastructure.loaders.trees import Element, Walk, attribute, local, parse_xml
from infrastructure.loaders.writer import Writer

SKIPPED = frozenset(("tracked-changes", "annotation", "title", "desc", "forms", "sequence-decls"))
ITEM_DEPTH_MAX = 8


def read(source: Source) -> Draft:
    """The body of a text, or the slides of a presentation."""
    with opened(source) as package:
        if b"encryption-data" in manifest(package):
            raise encrypted()
        root = parse_xml(package.read("content.xml"))
        slides = [each for each in root.iter() if local(each) == "page"]
        parts = [told(each) for each in slides or [root]]
        return Draft(parts, title(package), is_paged=bool(slides))


def manifest(package: Package) -> bytes:
    """The list of members, which tells whether they are encrypted."""
    name = "META-INF/manifest.xml"
    return package.read(name) if name in package else b""


def title(package: Package) -> str:
    """The title that the program keeps beside the text."""
    if "meta.xml" not in package:
        return ""
    root = parse_xml(package.read("meta.xml"))
    return next((each.text or "" for each in root.iter() if local(each) == "title"), "")


def told(root: Element) -> str:
    """The words of a text or a slide."""
    teller = Teller()
    walk = Walk(root)
    for event, element in walk:
        name = local(element)
        if event == "start" and name in SKIPPED:
            walk.skip()
        elif event == "start":
            teller.start(name, element)
        else:
            if event == "end":
                teller.end(name)
            if element is not root:
                teller.writer.add(element.tail)
    return teller.writer.text()


class Teller:
    """Turns the beginnings and ends of elements into blocks."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._depth = 0
        self._is_title = False

    def start(self, name: str, element: Element) -> None:
        """An element begins."""
        writer = self.writer
        if name == "h":
            digits = attribute(element, "outline-level")
            writer.heading(int(digits) if digits.isdecimal() else 1)
        elif name == "p" and self._is_title:
            writer.heading(1)
        elif name == "p":
            writer.begin()
        elif name == "list":
            self._depth += 1
        elif name == "list-item":
            writer.begin("  " * min(self._depth - 1, ITEM_DEPTH_MAX) + "- ")
        else:
            self._start_inside(name, element)
        writer.add(element.text)

    def _start_inside(self, name: str, element: Element) -> None:
        if name == "table-row":
            self.writer.open_row()
        elif name == "table-cell":
            self.writer.open_cell()
        elif name == "line-break":
            self.writer.line_break()
        elif name in {"tab", "s"}:
            self.writer.add(" ")
        elif name == "frame":
            self._is_title = attribute(element, "class") == "title"

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "p":
            self.writer.begin()
        elif name in {"h", "list-item", "frame"}:
            self.writer.end()
            self._is_title = False
        elif name == "list":
            self._depth -= 1
        elif name == "table-row":
            self.writer.close_row()
        elif name == "table-cell":
            self.writer.close_cell()
