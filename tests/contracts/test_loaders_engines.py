"""Engines elsewhere: what they are asked, and how each of their failures is told."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from application.ports import Unavailable
from infrastructure.loaders import external
from infrastructure.loaders.base import Unreadable
from infrastructure.loaders.registry import Loaders
from tests.documents import pages
from tests.documents.engines import Server, serving
from tests.documents.reading import Read, reader

KINDS = ("tika", "docling", "http")
KEY = "key-for-reading"
NAME = "Größe “1”\r\nx: y.pdf"
DATA = pages.pdf(("one",), ("two",))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def by(server: Server, **settings: Any) -> Loaders:
    place = external.Server(server.url, server.key, **settings)
    return Loaders(engine=external.engine_at(server.kind, place))


async def test_a_file_is_sent_whole_and_its_pages_come_back(read: Read, kind: str) -> None:
    async with serving(kind, key=KEY) as server:
        found = await read(DATA, NAME, "application/pdf", loaders=by(server))
    assert server.mistakes == []
    first, second = found.text.split("\f")
    assert first in {"# One\n\nfirst & ü", "# One\n\n\nfirst ü", "# One\n\n\n\nfirst ü", "one ü"}
    assert second in {"second", "two"}
    assert (found.pages, found.loader) == (2, kind)
    request = server.asked[0]
    field = {"docling": "files", "http": "file"}.get(kind)
    assert (request.form()[field][1] if field else request.body) == DATA
    assert KEY not in repr(external.engine_at(kind, external.Server(server.url, KEY)))


async def test_texts_are_read_without_an_engine(read: Read, kind: str) -> None:
    async with serving(kind) as server:
        for data, name in ((b"# words", "a.md"), (b"<html><p>words", "a.html"), (b"x = 1", "a.py")):
            await read(data, name, loaders=by(server))
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 502, 503])
async def test_a_server_that_cannot_now_delays(read: Read, kind: str, status: int) -> None:
    async with serving(kind, status=status, headers={"location": "http://127.0.0.1:9/"}) as server:
        with pytest.raises(Unavailable, match=f"127.0.0.1 answers {status}"):
            await read(DATA, "a.pdf", loaders=by(server))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "unsupported"), (413, "too_large"), (415, "unsupported"), (422, "unsupported")],
)
async def test_a_file_that_is_refused_is_unreadable(
    read: Read, kind: str, status: int, reason: str
) -> None:
    async with serving(kind, status=status) as server:
        with pytest.raises(Unreadable) as refusal:
            await read(DATA, "a.pdf", loaders=by(server))
    assert refusal.value.kind == reason


async def test_an_error_of_tika_is_about_the_file_that_of_others_is_not(
    read: Read, kind: str
) -> None:
    async with serving(kind, status=500) as server:
        with pytest.raises(Unreadable if kind == "tika" else Unavailable):
            await read(DATA, "a.pdf", loaders=by(server))


async def test_a_server_that_is_away_delays(read: Read, kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = Server(kind, port=taken.getsockname()[1])
        with pytest.raises(Unavailable, match="away"):
            await read(DATA, "a.pdf", loaders=by(nobody))
    with pytest.raises(Unavailable, match="away"):
        await read(
            DATA,
            "a.pdf",
            loaders=Loaders(engine=external.engine_at(kind, external.Server("no url"))),
        )


async def test_a_server_that_is_silent_is_too_slow(read: Read, kind: str) -> None:
    async with serving(kind, is_silent=True) as server:
        with pytest.raises(Unreadable) as refusal:
            await read(DATA, "a.pdf", loaders=by(server, seconds=1.0))
    assert refusal.value.kind == "too_slow"


async def test_an_endless_answer_is_cut(
    read: Read, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "ANSWER_BYTES_MAX", 1000)
    async with serving(kind, answer=b"x" * 2000) as server:
        with pytest.raises(Unreadable) as refusal:
            await read(DATA, "a.pdf", loaders=by(server))
    assert refusal.value.kind == "too_large"


async def test_a_packed_answer_is_not_unpacked(read: Read, kind: str) -> None:
    async with serving(kind, headers={"content-encoding": "gzip"}) as server:
        with pytest.raises(Unavailable, match="unasked"):
            await read(DATA, "a.pdf", loaders=by(server))


async def test_an_answer_without_words_is_no_text(read: Read, kind: str) -> None:
    nothing = {"tika": {}, "docling": {"status": "success"}, "http": {"text": ""}}[kind]
    answer = b"" if kind == "tika" else json.dumps(nothing).encode()
    async with serving(kind, answer=answer) as server:
        with pytest.raises(Unreadable) as refusal:
            await read(DATA, "a.pdf", loaders=by(server))
    assert refusal.value.kind == "no_text"


@pytest.mark.parametrize("answer", [b"{", b"{}", b"[]", b'{"text": 1}'])
async def test_an_answer_in_another_form_delays_or_is_damage(read: Read, answer: bytes) -> None:
    async with serving("docling", answer=answer) as server:
        with pytest.raises((Unavailable, Unreadable)):
            await read(DATA, "a.pdf", loaders=by(server))
    async with serving("http", answer=answer) as server:
        if answer != b"[]":  # which is a text as good as any
            with pytest.raises(Unavailable):
                await read(DATA, "a.pdf", loaders=by(server))


async def test_docling_can_fail_politely(read: Read) -> None:
    answer = json.dumps({"status": "failure", "document": {}, "errors": [{}]}).encode()
    async with serving("docling", answer=answer) as server:
        with pytest.raises(Unreadable) as refusal:
            await read(DATA, "a.pdf", loaders=by(server))
    assert refusal.value.kind == "damaged"


async def test_any_extractor_may_answer_in_plain_text(read: Read) -> None:
    async with serving("http", answer="plain ü\0 words".encode()) as server:
        found = await read(DATA, "a.pdf", loaders=by(server))
    assert (found.text, found.pages) == ("plain ü words", 0)


def test_no_engine_is_our_own() -> None:
    assert external.engine_at("built_in", external.Server("http://127.0.0.1")) is None
