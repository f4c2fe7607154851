"""HTML as Markdown-like text: headings, lists, tables and code are kept, the rest is words."""

from infrastructure.loaders.trees import Element, Walk, local, parse_html
from infrastructure.loaders.writer import Writer, fenced

SKIPPED = frozenset(
    (
        *("head", "script", "style", "noscript", "template", "svg", "iframe", "object"),
        *("nav", "button", "select", "input", "textarea"),
    )
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    (
        *("p", "div", "section", "article", "main", "header", "footer", "aside", "body", "hr"),
        *("blockquote", "figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot"),
        *("form", "fieldset", "details", "summary", "address", "dl", "dt", "dd", "ul", "ol"),
    )
)
LISTS = frozenset(("ul", "ol"))
ITEM_DEPTH_MAX = 8


def markdown_of(text: str) -> str:
    """The words of a page."""
    root = parse_html(text)
    return "" if root is None else told(root)


def title_in(root: Element) -> str:
    """The title of a page."""
    title = root.find(".//title")
    return "" if title is None else "".join(title.itertext())


def told(root: Element) -> str:
    """The words below an element."""
    teller = Teller()
    walk = Walk(root)
    for event, element in walk:
        name = local(element).lower()
        if event != "start":
            (teller.end if event == "end" else teller.skipped)(name)
            if element is not root:
                teller.writer.add(element.tail)
        elif name in SKIPPED or _is_hidden(element):
            walk.skip()
        elif name == "pre":
            teller.writer.keep(fenced("".join(element.itertext())))
            walk.skip()
        else:
            teller.start(name, element)
    return teller.writer.text()


def _is_hidden(element: Element) -> bool:
    style = element.get("style", "").replace(" ", "").lower()
    return element.get("hidden") is not None or "display:none" in style


class Teller:
    """Turns the beginnings and ends of elements into blocks."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._lists: list[str] = []

    def start(self, name: str, element: Element) -> None:
        """An element begins."""
        writer = self.writer
        if name in LISTS:
            self._lists.append("1. " if name == "ol" else "- ")
        if name in HEADINGS:
            writer.heading(HEADINGS[name])
        elif name == "li":
            mark = self._lists[-1] if self._lists else "- "
            writer.begin("  " * min(len(self._lists) - 1, ITEM_DEPTH_MAX) + mark)
        elif name in BLOCKS:
            writer.begin()
        else:
            self._start_inside(name, element)
        writer.add(element.text)

    def _start_inside(self, name: str, element: Element) -> None:
        if name == "tr":
            self.writer.open_row()
        elif name in {"td", "th"}:
            self.writer.open_cell()
        elif name == "br":
            self.writer.line_break()
        elif name == "img":
            self.writer.add(element.get("alt"))

    def skipped(self, name: str) -> None:
        """An element that is not told ends; words before and after it stay apart."""
        if name in BLOCKS:
            self.writer.begin()

    def end(self, name: str) -> None:
        """An element ends."""
        if name in LISTS and self._lists:
            self._lists.pop()
        if name in HEADINGS or name == "li":
            self.writer.end()
        elif name in BLOCKS:
            self.writer.begin()
        elif name == "tr":
            self.writer.close_row()
        elif name in {"td", "th"}:
            self.writer.close_cell()
