"""XML and HTML, parsed without entities, without a network and without recursion."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from lxml import etree
from lxml import html as lxml_html

from infrastructure.loaders.base import Unreadable

DECLARATIONS = re.compile(r"<!doctype[^>\[]*\[[^\]]*\]\s*>", re.IGNORECASE)

Element = Any
Event = tuple[Literal["start", "end", "skipped"], Element]


def parse_xml(data: bytes) -> Element:
    """The root of an XML document that declares nothing of its own."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _declares()
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise Unreadable("damaged", "The file is damaged: its XML cannot be read.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _declares()
    return root


def parse_html(text: str) -> Element | None:
    """The root of a page, however badly it is written; None when there is nothing in it."""
    parser = lxml_html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(DECLARATIONS.sub("", text, 1).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if any(each.level_name == "FATAL" for each in parser.error_log):
        raise Unreadable("damaged", "The page is nested more deeply than any page should be.")
    return root


class Walk:
    """Goes through a tree in reading order; what is skipped has an end of its own."""

    def __init__(self, root: Element) -> None:
        self._walker = etree.iterwalk(root, events=("start", "end"))

        self._skipped: list[Element] = []
        self._last: Element = root

    def __iter__(self) -> Iterator[Event]:
        for event, element in self._walker:
            self._last = element
            if event == "end" and self._skipped and self._skipped[-1] is element:
                self._skipped.pop()
                yield "skipped", element
            else:
                yield event, element

    def skip(self) -> None:
        """Leave out what is inside the element that just began."""
        self._skipped.append(self._last)
        self._walker.skip_subtree()


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute whatever its namespace, "" when it is not there."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def _declares() -> Unreadable:
    return Unreadable(
        "unsupported", "The file declares XML entities, which documents do not need. It is refused."
    )
