"""Word documents: headings by their styles, lists, tables, notes; macros are never looked at."""

from infrastructure.loaders.base import Draft, Source
from infrastructure.loaders.packages import Package, opened
from infrastructure.loaders.trees import Element, Walk, attribute, local, parse_xml
from infrastructure.loaders.writer import Writer

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Deleted words, field codes, and the second telling of a text box for old programs.
SKIPPED = frozenset(("del", "moveFrom", "instrText", "Fallback", "pPr", "rPr", "sectPr"))
BREAKS = frozenset(("br", "cr"))
ITEM_DEPTH_MAX = 8


def read(source: Source) -> Draft:
    """The body of a document, then its notes."""
    with opened(source) as package:
        styles = heading_levels(package)
        body = told(parse_xml(package.read("word/document.xml")), styles)
        notes = [
            told(parse_xml(package.read(name)), {})
            for name in ("word/footnotes.xml", "word/endnotes.xml")
            if name in package
        ]
        return Draft((body, *notes), core_title(package))


def core_title(package: Package) -> str:
    """The title that Office keeps beside the text."""
    if "docProps/core.xml" not in package:
        return ""
    root = parse_xml(package.read("docProps/core.xml"))
    return next((each.text or "" for each in root if local(each) == "title"), "")


def heading_levels(package: Package) -> dict[str, int]:
    """Which styles are headings, by their outline level or by name."""
    levels: dict[str, int] = {}
    if "word/styles.xml" in package:
        for style in parse_xml(package.read("word/styles.xml")).iter(f"{W}style"):
            level = _level(style)
            if level:
                levels[attribute(style, "styleId")] = level
    return levels


def _level(style: Element) -> int:
    outline = style.find(f"{W}pPr/{W}outlineLvl")
    name = style.find(f"{W}name")
    called = "" if name is None else attribute(name, "val").lower()
    if called == "title":
        return 1
    digits = called.removeprefix("heading ") if outline is None else attribute(outline, "val")
    if not (digits.isascii() and digits.isdigit()):
        return 0
    level = int(digits[:2]) + (outline is not None)
    return level if level <= 9 else 0  # noqa: PLR2004 (9 is "body text")


def told(root: Element, styles: dict[str, int]) -> str:
    """The words of one part of a document."""
    writer = Writer()
    walk = Walk(root)
    for event, element in walk:
        name = local(element)
        if event == "start":
            if name in SKIPPED:
                walk.skip()
            else:
                _start(writer, name, element, styles)
        elif event == "end":
            _end(writer, name)
    return writer.text()


def _start(writer: Writer, name: str, element: Element, styles: dict[str, int]) -> None:
    if name == "p":
        _begin(writer, element.find(f"{W}pPr"), styles)
    elif name == "t":
        writer.add(element.text)
    elif name == "tab":
        writer.add(" ")
    elif name in BREAKS:
        writer.line_break()
    elif name == "noBreakHyphen":
        writer.add("-")
    else:
        _start_table(writer, name)


def _start_table(writer: Writer, name: str) -> None:
    if name == "tr":
        writer.open_row()
    elif name == "tc":
        writer.open_cell()


def _begin(writer: Writer, properties: Element | None, styles: dict[str, int]) -> None:
    style = None if properties is None else properties.find(f"{W}pStyle")
    level = 0 if style is None else styles.get(attribute(style, "val"), 0)
    depth = None if properties is None else properties.find(f"{W}numPr/{W}ilvl")
    if level:
        writer.heading(level)
    elif depth is not None or (style is not None and attribute(style, "val").startswith("List")):
        digits = "0" if depth is None else attribute(depth, "val")
        writer.begin("  " * min(int(digits) if digits.isdecimal() else 0, ITEM_DEPTH_MAX) + "- ")
    else:
        writer.begin()


def _end(writer: Writer, name: str) -> None:
    if name == "p":
        writer.end()
    elif name == "tr":
        writer.close_row()
    elif name == "tc":
        writer.close_cell()
