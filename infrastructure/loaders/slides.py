"""PowerPoint files: a page for each slide, with its title as a heading and its notes below."""

import posixpath
from collections.abc import Iterator

from infrastructure.loaders.base import Draft, Source, Unreadable
from infrastructure.loaders.packages import Package, opened
from infrastructure.loaders.trees import Element, Walk, attribute, local, parse_xml
from infrastructure.loaders.word import core_title
from infrastructure.loaders.writer import Writer

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
TITLES = frozenset(("title", "ctrTitle"))
UNTOLD = frozenset(("dt", "ftr", "sldNum", "hdr", "sldImg"))


def read(source: Source) -> Draft:
    """All slides in the order of the show."""
    with opened(source) as package:
        root = parse_xml(package.read("ppt/presentation.xml"))
        targets = related(package, "ppt/presentation.xml")
        wanted = (targets.get(each.get(RELATED, "")) for each in root.iter(f"{P}sldId"))
        names = [name for name in wanted if name is not None and name in package]
        if len(names) > source.reading.limits.pages_max:
            raise Unreadable("too_large", f"The file has {len(names):,} slides.")
        return Draft([slide(package, name) for name in names], core_title(package), is_paged=True)


def related(package: Package, name: str) -> dict[str, str]:
    """The parts that a part refers to, by the names it uses."""
    folder, file = posixpath.split(name)
    path = f"{folder}/_rels/{file}.rels"
    if path not in package:
        return {}
    return {
        each.get("Id", ""): posixpath.normpath(f"/{folder}/{each.get('Target', '')}")[1:]
        for each in parse_xml(package.read(path))
        if each.get("TargetMode") != "External"
    }


def slide(package: Package, name: str) -> str:
    """What is on a slide, and what the speaker notes about it."""
    text = told(parse_xml(package.read(name)))
    for path in related(package, name).values():
        if path.startswith("ppt/notesSlides/") and path in package:
            notes = told(parse_xml(package.read(path)))
            text += f"\n\nNotes: {notes}" if notes else ""
    return text


def told(root: Element) -> str:
    """The words of a slide."""
    writer = Writer()
    walk = Walk(root)
    is_title = False
    for event, element in walk:
        name = local(element)
        if event == "start" and name == "sp":
            kind = next((attribute(each, "type") for each in _places(element)), "")
            is_title = kind in TITLES
            if kind in UNTOLD:
                walk.skip()
        elif event == "start":
            _start(writer, name, element, is_title=is_title)
        elif event == "end":
            is_title = is_title and name != "sp"
            _end(writer, name)
    return writer.text()


def _places(shape: Element) -> Iterator[Element]:
    return iter(shape.findall(f"{P}nvSpPr/{P}nvPr/{P}ph"))


def _start(writer: Writer, name: str, element: Element, *, is_title: bool) -> None:
    if name == "p" and is_title:
        writer.heading(1)
    elif name == "p":
        writer.begin()
    elif name == "t":
        writer.add(element.text)
    elif name == "br":
        writer.line_break()
    elif name == "tr":
        writer.open_row()
    elif name == "tc":
        writer.open_cell()


def _end(writer: Writer, name: str) -> None:
    if name == "p":
        writer.end()
    elif name == "tr":
        writer.close_row()
    elif name == "tc":
        writer.close_cell()
