"""Electronic books: the chapters in the order they are meant to be read."""

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from infrastructure.loaders.base import Draft, Source, Unreadable, encrypted
from infrastructure.loaders.markup import markdown_of
from infrastructure.loaders.packages import Package, opened
from infrastructure.loaders.trees import Element, local, parse_xml
from infrastructure.loaders.web import page_text

CONTAINER = "META-INF/container.xml"


def read(source: Source) -> Draft:
    """All chapters of the spine."""
    with opened(source) as package:
        if "META-INF/rights.xml" in package:
            raise encrypted()
        root = parse_xml(package.read(CONTAINER))
        path = next((each.get("full-path", "") for each in _named(root, "rootfile")), "")
        book = parse_xml(package.read(path))
        title = next((each.text or "" for each in _named(book, "title")), "")
        chapters = [name for name in spine(book, path) if name in package]
        if not chapters:
            raise Unreadable("damaged", "The book has no chapters.")
        return Draft([_chapter(package, name) for name in chapters], title)


def spine(book: Element, path: str) -> Iterator[str]:
    """The names of the chapters, as the archive has them."""
    folder = posixpath.dirname(path)
    items = {each.get("id"): each.get("href", "") for each in _named(book, "item")}
    for each in _named(book, "itemref"):
        href = unquote(items.get(each.get("idref"), "")).partition("#")[0]
        if href:
            yield posixpath.normpath(f"/{folder}/{href}").lstrip("/")


def _chapter(package: Package, name: str) -> str:
    return markdown_of(page_text(package.read(name)))


def _named(root: Element, name: str) -> Iterator[Element]:
    return (each for each in root.iter() if local(each) == name)
