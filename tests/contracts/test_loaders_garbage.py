"""Whatever comes, a loader has two answers: a text that keeps its promises, or a reason."""

import asyncio
import os
import string
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from zipfile import ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infrastructure.loaders.archives import deeper, safe_name
from infrastructure.loaders.base import Draft, Limits, Reading, Source, Unreadable
from infrastructure.loaders.cleaning import clean, joined
from infrastructure.loaders.detect import detect
from infrastructure.loaders.encodings import decode
from infrastructure.loaders.reading import LOADERS
from infrastructure.loaders.registry import Loaders
from tests.documents import office, pages
from tests.documents.reading import check

T = TypeVar("T")
EXAMPLES = int(os.environ.get("GARBAGE_EXAMPLES", "40"))
KINDS = {
    "encrypted", "empty", "damaged", "unsupported", "too_large", "too_slow", "memory", "no_text",
}  # fmt: skip
LETTER = b"""Subject: =?utf-8?q?x?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<p>x
--b
Content-Disposition: attachment

y
--b--"""
GOOD = (
    office.word(),
    office.slides(),
    office.workbook(),
    office.old_workbook(),
    office.opendocument("text", office.ODT_BODY),
    pages.pdf(("one", "two"), ("three",)),
    pages.book(),
    office.packed({"a.txt": "words", "b.html": "<p>words"}),
    rb"{\rtf1\ansi Stra\'dfe \b bold\b0\par {\*\x y}}",
    LETTER,
    b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x"], "outputs": [{}]}]}',
    b'a,b\n"1,2\n3",4',
)
SUFFIXES = (
    *("pdf", "docx", "pptx", "xlsx", "xls", "odt", "ods", "epub", "zip", "png", "rtf", "eml"),
    *("html", "csv", "json", "ipynb", "md", "py", "txt", ""),
)
names = st.one_of(st.sampled_from([f"a.{each}" for each in SUFFIXES]), st.text(max_size=300))


@st.composite
def harmed(draw: st.DrawFn) -> bytes:
    """A good file with some bytes changed, left out or put in."""
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 40))] = draw(st.binary(max_size=20))
    return bytes(data)


def told(action: Callable[[], T]) -> T | Unreadable:
    try:
        return action()
    except Unreadable as refusal:
        return refusal


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(harmed(), st.binary(max_size=3000)), name=names)
def test_every_file_has_a_text_or_a_reason(data: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blob"
        path.write_bytes(data)
        loaders = Loaders(Limits(seconds_max=20), ocr=False)
        found = told(lambda: asyncio.run(loaders.read(path, name)))
    if isinstance(found, Unreadable):
        assert found.kind in KINDS - {"too_slow"}
        assert found.message.endswith(".")
    else:
        check(found)


@settings(deadline=None)
@given(data=st.one_of(harmed(), st.binary(max_size=3000)), name=names)
def test_every_file_is_of_a_kind_or_refused(data: bytes, name: str) -> None:
    kind = told(lambda: detect(Source(name, data)))
    assert kind.kind in KINDS if isinstance(kind, Unreadable) else kind in LOADERS


@given(text=st.text())
def test_clean_text_stays_clean_and_keeps_its_letters(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()
    letters = {each for each in text if each in string.ascii_letters}
    assert letters <= set(once)


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_every_text_is_decoded_as_it_was(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


@given(parts=st.lists(st.text(max_size=20)), paged=st.booleans())
def test_only_pages_are_parted_by_form_feeds(parts: list[str], paged: bool) -> None:  # noqa: FBT001
    draft = Draft(parts, is_paged=paged)
    text, count = joined(draft.parts, Limits(), paged=paged)
    assert text.count("\f") == (max(count - 1, 0) if paged else 0)


@given(name=st.text(max_size=300))
def test_no_name_leads_anywhere(name: str) -> None:
    member = ZipInfo()
    member.filename = name
    safe = safe_name(member)
    assert safe
    assert not safe.startswith(("/", "\\"))
    assert not {"..", "."} & set(safe.split("/"))
    assert safe.isprintable() or not set(safe) & set("\0\n\r\t")


def test_headings_go_deeper_but_not_in_code() -> None:
    text = "# a\n```\n# b\n```\n###### c\n#d\n## e"
    assert deeper(text) == "## a\n```\n# b\n```\n###### c\n#d\n### e"


def test_what_is_unpacked_is_counted_over_all_archives() -> None:
    reading = Reading(Limits(unpacked_bytes_max=10))
    reading.unpack(6)
    with pytest.raises(Unreadable, match="unpacks to more"):
        reading.unpack(6)
