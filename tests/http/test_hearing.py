"""Recordings: what administrators choose for them, and how answers cite them."""

from typing import Any

import pytest

from infrastructure.documents.keys import secret_name
from tests.answering import Answering
from tests.ingesting import eventually
from tests.retrieval import attached
from tests.transcription_server import LATER_MODEL, TALE, tone, transcription_server
from tests.uploading import uploaded
from tests.world import Person, World

SECRET = "sk-secret-of-hearing"
DEFAULT = {
    "engine": "off",
    "url": "",
    "has_key": False,
    "model": "whisper-1",
    "language": "",
    "bytes_max": 25 * 2**20,
}


async def change(person: Person, **hearing: Any) -> Any:
    answer = await person.patch("/documents/settings", json={"hearing": hearing})
    assert answer.status_code == 200, answer.text
    return answer.json()["hearing"]


async def test_an_answer_cites_when_it_was_said(answering: Answering) -> None:
    ana = await answering.world.admin()
    async with transcription_server() as server:
        await change(ana, engine="openai", url=server.url)
        file = await uploaded(ana, "Miller.wav", tone())

        async def is_ready() -> bool:
            found = (await ana.get(f"/files/{file['id']}")).json()
            assert found["state"] != "failed", found["error"]
            return bool(found["state"] == "ready")

        await eventually(is_ready)
    question = "When did the cow come back by herself?"
    asked, _ = await answering.tell(ana, question, "reader", attachments=attached(file["id"]))
    [cited, *_] = (await answering.message(ana, asked))["citations"]
    assert TALE[9] in cited["quote"]
    assert (cited["title"], cited["headings"]) == ("Miller.wav", "1:00 to 2:00")
    heard = await ana.get(f"/files/{file['id']}/content", params={"inline": True})
    assert heard.headers["content-type"] == "audio/x-wav"
    assert heard.headers["content-disposition"].startswith("inline")
    part = {"Range": "bytes=0-3"}
    answer = await ana.get(f"/files/{file['id']}/content", headers=part)
    assert (answer.status_code, answer.content) == (206, b"RIFF")


async def test_choices_are_kept_and_keys_are_sealed(world: World) -> None:
    ana = await world.admin()
    assert (await ana.get("/documents/settings")).json()["hearing"] == DEFAULT
    chosen = {"engine": "openai", "url": "https://api.example/v1/", "language": "de"}
    kept = await change(ana, **chosen, key=SECRET)
    url = "https://api.example/v1"
    assert kept == {**DEFAULT, **chosen, "url": url, "has_key": True}
    name = secret_name("hearing", ("openai", url))
    assert await world.services.credentials.secret(name) == SECRET
    assert not (await change(ana, url="https://other.example"))["has_key"]
    assert (await change(ana, url=url))["has_key"]
    rows = await world.services.lines.rows("select data::text from log.events", {})
    assert not [row for row in rows if SECRET in row[0]]
    assert not (await change(ana, key=""))["has_key"]


@pytest.mark.parametrize(
    ("hearing", "said"),
    [
        ({"engine": "ears"}, "hearing.engine"),
        ({"engine": "openai"}, "hearing.url is needed"),
        ({"engine": "openai", "url": "http://x", "model": ""}, "hearing.model is needed"),
        ({"url": "file:///etc"}, "hearing.url must begin with http://"),
        ({"language": "english"}, "hearing.language must be a code"),
        ({"language": "EN"}, "hearing.language must be a code"),
        ({"bytes_max": 0}, "hearing.bytes_max must be between 1 and"),
        ({"bytes_max": 10**12}, "hearing.bytes_max must be between 1 and"),
        ({"has_key": True}, "hearing.has_key"),
    ],
)
async def test_what_makes_no_sense_is_named(world: World, hearing: Any, said: str) -> None:
    ana = await world.admin()
    response = await ana.patch("/documents/settings", json={"hearing": hearing})
    assert response.status_code == 422
    assert said in response.json()["detail"]


async def test_a_server_is_tried_before_it_is_kept(world: World) -> None:
    ana = await world.admin()
    ben = await world.person()

    async def tried(**values: Any) -> Any:
        body = {"section": "hearing", **values}
        return (await ana.post("/documents/settings/test", json=body)).json()

    assert (await tried())["detail"] == "Recordings are not written down."
    async with transcription_server(SECRET) as server:
        chosen = {"engine": "openai", "url": server.url}
        wrong = await tried(**chosen)
        assert (wrong["ok"], wrong["detail"]) == (
            False,
            "The transcription server refused the key.",
        )
        right = await tried(**chosen, key=SECRET)
        assert (right["ok"], right["detail"]) == (True, "whisper-1 answers.")
        assert (await tried(**chosen, key=SECRET, model=LATER_MODEL))["ok"]
        assert not (await tried(**chosen, key=SECRET, model="another"))["ok"]
    assert "cannot be reached" in (await tried(**chosen))["detail"]
    assert (await ana.get("/documents/settings")).json()["hearing"] == DEFAULT
    body = {"section": "hearing", **chosen}
    assert (await ben.post("/documents/settings/test", json=body)).status_code == 403
