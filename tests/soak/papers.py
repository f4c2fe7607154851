"""Files of many kinds with a fact in each, and some that cannot be read."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO, StringIO
from random import Random

import docx

from tests.bench.documents import Document
from tests.bench.prose import Needle, hiding, needles, prose
from tests.documents.pages import pdf

LINE_CHARACTERS = 90
PAGE_LINES = 50
BROKEN_EACH = 5  # one of so many cannot be read
CSV_COLUMNS = ("number", "remark")


@dataclass(frozen=True, slots=True)
class Paper:
    """A file, the fact in it if it can be read, and else what is wrong with it."""

    document: Document
    needle: Needle | None
    wrong: str = ""


def txt(text: str) -> bytes:
    return text.encode("utf-16")


def paged(text: str, password: str = "") -> bytes:
    lines = [line for each in text.split("\n\n") for line in broken(each)]
    pages = [tuple(lines[n : n + PAGE_LINES]) for n in range(0, len(lines), PAGE_LINES)]
    return pdf(*pages, title="Paper", password=password)


def broken(paragraph: str) -> list[str]:
    """Lines between words, none of them too long for a page."""
    lines, line = [], ""
    for word in paragraph.split():
        if len(line) + len(word) >= LINE_CHARACTERS:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line]


def office(text: str) -> bytes:
    paper = docx.Document()
    for each in text.split("\n\n"):
        if each.startswith("## "):
            paper.add_heading(each[3:], 2)
        else:
            paper.add_paragraph(each)
    buffer = BytesIO()
    paper.save(buffer)
    return buffer.getvalue()


def table(text: str) -> bytes:
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    writer.writerows(enumerate(text.split("\n\n")))
    return buffer.getvalue().encode()


def web(text: str) -> bytes:
    parts = [f"<p>{escape(each)}</p>" for each in text.split("\n\n")]
    head = "<!doctype html><title>Paper</title><body><article>"
    return f"{head}{''.join(parts)}</article></body>".encode()


GOOD: dict[str, Callable[[str], bytes]] = {
    "txt": txt,
    "pdf": paged,
    "docx": office,
    "csv": table,
    "html": web,
}
BROKEN: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "encrypted": ("pdf", lambda text: paged(text, password="secret")),
    "cut off": ("docx", lambda text: office(text)[:-2_000]),
    "mislabelled": ("pdf", lambda text: bytes(range(256)) * 40 + text.encode()[:100]),
    "without words": ("html", lambda _: b"<!doctype html><body><p> </p></body>"),
    "empty": ("txt", lambda _: b""),
}


def papers(rng: Random, count: int, characters: tuple[int, int]) -> list[Paper]:
    """So many, all kinds in turn."""
    facts = needles(rng, count)
    return [paper(rng, number, facts[number], characters) for number in range(count)]


def paper(rng: Random, number: int, fact: Needle, characters: tuple[int, int]) -> Paper:
    text = prose(rng, rng.randint(*characters))
    if number % BROKEN_EACH == BROKEN_EACH - 1:
        wrong = list(BROKEN)[number // BROKEN_EACH % len(BROKEN)]
        ending, make = BROKEN[wrong]
        return Paper(Document(f"broken {number}.{ending}", make(text)), None, wrong)
    ending = list(GOOD)[number % len(GOOD)] if number % 2 else list(GOOD)[number // 2 % len(GOOD)]
    content = GOOD[ending](hiding(rng, text, fact))
    return Paper(Document(f"paper {number}.{ending}", content), fact)


def questions(some: Sequence[Paper], count: int) -> list[str]:
    """Questions that the papers answer."""
    return [each.needle.question for each in some if each.needle][:count]
