"""A transcription server: what it is asked, and how each of its failures is told."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.documents.hearing import Heard, Segment
from application.documents.ports import Unfit
from application.documents.settings import Hearing
from application.ports import Unavailable
from infrastructure.audio import hearing
from infrastructure.audio.hearing import Hearings, OpenAIHearing, heard_in
from infrastructure.loaders.registry import Loaders
from infrastructure.models.http import open_client
from tests.documents import office
from tests.documents.reading import Read, reader, refused
from tests.transcription_server import (
    LATER_MODEL,
    TALE,
    TranscriptionServer,
    tone,
    transcription_server,
)

KEY = "key-for-hearing"
SOUND = tone()
# The beginnings of recordings of each kind; the double does not listen.
BEGINNINGS = {
    "mp3": (b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + bytes(200), "recording.mp3"),
    "bare mp3": (b"\xff\xfb\x90\x64" + bytes(200), "recording.mp3"),
    "m4a": (b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(200), "recording.m4a"),
    "mp4": (b"\0\0\0\x20ftypisom\0\0\0\0" + bytes(200), "recording.mp4"),
    "wav": (SOUND, "recording.wav"),
    "ogg": (b"OggS\0\2" + bytes(200) + b"OpusHead", "recording.ogg"),
    "flac": (b"fLaC\0\0\0\x22" + bytes(200), "recording.flac"),
    "webm": (b"\x1aE\xdf\xa3\x9fB\x86\x81\1" + bytes(200), "recording.webm"),
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client() as found:
        yield found


def by(client: httpx.AsyncClient, server: TranscriptionServer, **choice: Any) -> Loaders:
    choices = Hearing("openai", server.url, **choice)
    return Loaders(hearing=Hearings(client).hearing(choices, server.key or ""))


async def test_a_recording_is_sent_whole_and_told_with_its_times(
    read: Read, client: httpx.AsyncClient
) -> None:
    async with transcription_server(KEY) as server:
        loaders = by(client, server, language="de")
        found = await read(SOUND, "Größe\r\n“1”.wav", "audio/wav", loaders)
    assert server.mistakes == []
    (sent,) = server.asked
    assert sent["file"].content == SOUND
    assert {name: part.content for name, part in sent.items() if name != "file"} == {
        "model": b"whisper-1",
        "response_format": b"verbose_json",
        "language": b"de",
    }
    assert found.text.startswith("# 0:00 to 1:00\n\nOnce there lived a miller")
    assert "# 1:00 to 2:00\n\nIt was made of silver" in found.text
    assert (found.title, found.pages, found.loader) == ("Größe “1”", 0, "hearing")
    assert KEY not in repr(OpenAIHearing(client, Hearing(), KEY))


@pytest.mark.parametrize("kind", BEGINNINGS)
async def test_recordings_are_known_by_their_content(
    read: Read, client: httpx.AsyncClient, kind: str
) -> None:
    data, name = BEGINNINGS[kind]
    async with transcription_server() as server:
        found = await read(data, "Notes.pdf", "application/pdf", by(client, server))
    assert "Clementine" in found.text
    assert server.mistakes == []
    assert (server.asked[0]["file"].file_name, server.asked[0]["file"].content) == (name, data)


@pytest.mark.parametrize("kind", BEGINNINGS)
async def test_without_a_server_the_reason_says_what_is_lacking(read: Read, kind: str) -> None:
    reason = await refused(read, BEGINNINGS[kind][0], "a.txt")
    assert reason.kind == "no_text"
    assert "choose a transcription server" in reason.message
    packed = office.packed({"a.mp3": BEGINNINGS[kind][0], "b.txt": b"words"})
    assert "words" in (await read(packed, "a.zip")).text


async def test_texts_and_pictures_are_not_heard(read: Read, client: httpx.AsyncClient) -> None:
    async with transcription_server() as server:
        loaders = by(client, server)
        for text in (b"ID3 is a form of tags.", b"OggS", b"fLaC stands for", b"\xff\xfea\0b\0"):
            await read(text, "a.txt", loaders=loaders)
        picture = b"\0\0\0\x20ftypavif" + bytes(200)
        assert "rare kind" in (await refused(read, picture, "a.avif", loaders)).message
        film = b"RIFF\0\0\0\0AVI " + bytes(200)
        assert "rare kind" in (await refused(read, film, "a.avi", loaders)).message
        for strange in (b"\xff\xea\x90\0", b"\xff\xfb\xf0\0", b"\xff\xfb\x9c\0", b"\xff\xfd\x90\0"):
            await refused(read, strange + bytes(200), "a.mp3", loaders)
    assert server.asked == []


async def test_a_model_without_times_gives_plain_text(
    read: Read, client: httpx.AsyncClient
) -> None:
    async with transcription_server() as server:
        hearings = Hearings(client)
        choice = Hearing("openai", server.url, model=LATER_MODEL)
        for _ in range(2):
            loaders = Loaders(hearing=hearings.hearing(choice, ""))
            assert (await read(SOUND, "a.wav", loaders=loaders)).text == " ".join(TALE)
    formats = [server.field(n, "response_format") for n in range(len(server.asked))]
    assert formats == ["verbose_json", "json", "json"]  # learnt once


@pytest.mark.parametrize("segments", [None, [], {}, "x", [{"text": "a"}], [1]])
async def test_segments_that_are_none_leave_the_text(
    read: Read, client: httpx.AsyncClient, segments: Any
) -> None:
    async with transcription_server(alter=lambda all_: all_ | {"segments": segments}) as server:
        found = await read(SOUND, "a.wav", loaders=by(client, server))
    assert found.text == " ".join(TALE)


@pytest.mark.parametrize("time", [-1, True, "0", None, 1e9, float("inf"), float("nan")])
def test_a_time_that_is_none_is_not_believed(time: Any) -> None:
    odd = {"start": time, "end": 1, "text": "a"}
    assert heard_in({"text": "a", "segments": [odd]}) == Heard("a")
    odd = {"start": 2, "end": time, "text": "a"}
    assert heard_in({"text": "a", "segments": [odd]}) == Heard("a", (Segment(2, 2, "a"),))


async def test_a_recording_that_is_too_large_is_not_sent(
    read: Read, client: httpx.AsyncClient
) -> None:
    async with transcription_server() as server:
        reason = await refused(read, SOUND, "a.wav", by(client, server, bytes_max=2_000))
        await read(SOUND[:2_000], "a.wav", loaders=by(client, server, bytes_max=2_000))
    assert reason.message.startswith("This recording has ")
    assert len(server.asked) == 1


async def test_a_recording_without_words_says_so(read: Read, client: httpx.AsyncClient) -> None:
    async with transcription_server(alter=lambda _: {"text": " ", "segments": []}) as server:
        reason = await refused(read, SOUND, "a.wav", by(client, server))
    assert (reason.kind, reason.message) == ("no_text", "No words are heard in this recording.")


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 500, 503])
async def test_a_server_that_cannot_now_delays(
    read: Read, client: httpx.AsyncClient, status: int
) -> None:
    async with transcription_server(KEY) as server:
        server.headers = {"location": "http://127.0.0.1:9/"}
        server.refusals = [(status, {"error": {"message": f"Wrong key {KEY}"}})] * 4
        with pytest.raises(Unavailable) as delay:
            await read(SOUND, "a.wav", loaders=by(client, server))
    assert KEY not in str(delay.value)
    if status in {401, 403}:
        assert str(delay.value) == "The transcription server refused the key."


@pytest.mark.parametrize(("status", "wait"), [(500, ""), (429, "0")])
async def test_a_short_trouble_is_waited_for(
    read: Read, client: httpx.AsyncClient, status: int, wait: str
) -> None:
    async with transcription_server() as server:
        server.headers = {"retry-after": wait} if wait else {}
        server.refusals = [(status, {})]
        await read(SOUND, "a.wav", loaders=by(client, server))
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_a_recording_that_is_refused_is_unreadable(
    read: Read, client: httpx.AsyncClient, status: int
) -> None:
    async with transcription_server() as server:
        server.refusals = [(status, {"error": {"message": "It cannot be decoded."}})]
        reason = await refused(read, SOUND, "a.wav", by(client, server))
    assert reason.message == (
        f"The transcription server refused this recording with error {status}. "
        "It said: It cannot be decoded."
    )
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [b"plain words", b"[]", b"{}", b'{"text": 3}', b"{"])
async def test_an_answer_in_another_form_is_not_paid_for_again_and_again(
    read: Read, client: httpx.AsyncClient, answer: bytes
) -> None:
    async with transcription_server(alter=lambda _: answer) as server:
        reason = await refused(read, SOUND, "a.wav", by(client, server))
    assert reason.kind == "unsupported"
    assert len(server.asked) == 1


async def test_a_server_that_is_away_or_misnamed_delays(
    read: Read, client: httpx.AsyncClient
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = TranscriptionServer(port=taken.getsockname()[1])
        with pytest.raises(Unavailable, match="cannot be reached"):
            await read(SOUND, "a.wav", loaders=by(client, nobody))
    strange = replace(nobody, key="Schlüssel")
    with pytest.raises(Unavailable, match="no key can have"):
        await read(SOUND, "a.wav", loaders=by(client, strange))


async def test_a_server_that_is_silent_is_too_slow(
    read: Read, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "SECONDS_MAX", 0.3)
    async with transcription_server(is_silent=True) as server:
        reason = await refused(read, SOUND, "a.wav", by(client, server))
    assert "took longer than" in reason.message


async def test_what_a_server_says_is_cleaned(read: Read, client: httpx.AsyncClient) -> None:
    said = {"start": 1, "end": 2, "text": "\0one\u2028\x1b[31m\ftwo"}
    async with transcription_server(alter=lambda _: {"text": "x", "segments": [said]}) as server:
        found = await read(SOUND, "a.wav", loaders=by(client, server))
    assert found.text == "# 0:01 to 0:02\n\none [31m two"


async def test_the_largest_recording_goes_through(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(SOUND + bytes(25 * 2**20 - len(SOUND)))
    async with transcription_server() as server:
        found = Hearings(client).hearing(Hearing("openai", server.url), "")
        assert found is not None
        assert len((await found.hear(path, "recording.wav")).segments) == len(TALE)
        with path.open("ab") as file:
            file.write(b"\0")
        with pytest.raises(Unfit) as refusal:
            await found.hear(path, "recording.wav")
    assert str(refusal.value) == (
        "This recording has 25.1 MB. The transcription server is sent 25 MB at most."
    )
    assert server.mistakes == []
