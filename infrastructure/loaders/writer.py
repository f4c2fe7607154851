"""Puts blocks of text together while somebody walks through a document."""

BREAK = "\x1e"


class Writer:
    """Headings, paragraphs, items and rows, in Markdown's manner."""

    def __init__(self) -> None:
        self._frames: list[list[tuple[str, str]]] = [[]]
        self._rows: list[list[str]] = []
        self._line: list[str] = []
        self._prefix = ""

    def add(self, text: str | None) -> None:
        """Some words of the block that is being written; white space counts as one space."""
        if text:
            self._line.append(text)

    def line_break(self) -> None:
        """Go on in a new line of the same block."""
        self._line.append(BREAK)

    def begin(self, prefix: str = "") -> None:
        """Begin a block; a prefix that nothing was written after waits for the next one."""
        self._flush()
        self._prefix = prefix or self._prefix

    def heading(self, level: int) -> None:
        """Begin a heading."""
        self.begin("#" * max(1, min(level, 6)) + " ")

    def end(self) -> None:
        """End a block, with its prefix."""
        self._flush()
        self._prefix = ""

    def keep(self, block: str, kind: str = "") -> None:
        """A finished block; those of one named kind follow each other without an empty line."""
        self._flush()
        if block.strip():
            self._frames[-1].append((kind, block))

    def open_row(self) -> None:
        """Begin a row of a table."""
        self.end()
        self._rows.append([])

    def close_row(self) -> None:
        """End a row, unless it is empty."""
        self.end()
        cells = self._rows.pop()
        if any(cells):
            self.keep(row(cells), "row")

    def open_cell(self) -> None:
        """Begin a cell: all blocks until its end are one line."""
        self.end()
        self._frames.append([])

    def close_cell(self) -> None:
        """End a cell."""
        self.end()
        text = " ".join(block for _, block in self._frames.pop())
        if self._rows:
            self._rows[-1].append(text)
        else:
            self.keep(text)

    def text(self) -> str:
        """All blocks."""
        self.end()
        taken: list[str] = []
        before = ""
        for kind, block in self._frames[0]:
            if taken:
                taken.append("\n" if kind and kind == before else "\n\n")
            taken.append(block)
            before = kind
        return "".join(taken)

    def _flush(self) -> None:
        lines = "".join(self._line).split(BREAK)
        self._line.clear()
        text = "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
        if not text:
            return
        prefix, self._prefix = self._prefix, ""
        if prefix.startswith("#"):
            text = text.replace("\n", " ")
        kind = "item" if prefix.lstrip(" ").startswith(("- ", "1. ")) else ""
        self._frames[-1].append((kind, prefix + text))


def row(cells: list[str]) -> str:
    """A row of a table on one line."""
    return " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells).rstrip()


def fenced(code: str, language: str = "") -> str:
    """A block of code behind a fence that is longer than any in it."""
    fence = "```"
    while fence in code:
        fence += "`"
    code = code.strip("\n")
    return f"{fence}{language}\n{code}\n{fence}" if code.strip() else ""
