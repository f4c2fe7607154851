"""Web pages, and what Tika makes of other files: a web page with a part for each page."""

import re
from contextlib import suppress

from infrastructure.loaders.base import Draft, Source
from infrastructure.loaders.encodings import decode
from infrastructure.loaders.markup import title_in, told
from infrastructure.loaders.trees import Element, parse_html

DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{2,40})""", re.IGNORECASE)
DECLARATION_BYTES = 4096
FURNITURE = "//nav | //aside | //*[@role='navigation']"
MAIN_SHARE_MIN = 0.2  # when less than that is left, the words are not where they are looked for
RULER = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")


def read(source: Source) -> Draft:
    """A page: all it says; of pages with menus and advertisements only what they are about."""
    text = page_text(source.data())
    root = parse_html(text)
    if root is None:
        return Draft(())
    words = told(root)
    if root.xpath(FURNITURE):
        main = main_words(text)
        words = main if len(main) >= len(words) * MAIN_SHARE_MIN else words
    return Draft((words,), title_in(root))


def main_words(text: str) -> str:
    """What a page of the web is about, in our form."""
    from trafilatura import extract  # noqa: PLC0415 (slow to import)

    found = extract(text, output_format="markdown", include_comments=False, favor_recall=True)
    lines = (line.rstrip() for line in (found or "").split("\n"))
    return "\n".join(_row(line) for line in lines if not RULER.fullmatch(line))


def _row(line: str) -> str:
    return line[1:-1].strip() if line.startswith("|") and line.endswith("|") else line


def read_tika(source: Source) -> Draft:
    """Tika marks the pages of those files that have any."""
    root = parse_html(source.data().decode("utf-8", "replace"))
    if root is None:
        return Draft(())
    pages: list[Element] = root.xpath('//div[@class="page"]')
    return Draft([told(each) for each in pages or [root]], title_in(root), is_paged=bool(pages))


def page_text(data: bytes) -> str:
    """A page's characters; it may name its encoding itself."""
    declared = DECLARED.search(data[:DECLARATION_BYTES])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        with suppress(LookupError, ValueError):
            return data.decode(declared[1].decode("ascii", "replace"))
    return decode(data)
