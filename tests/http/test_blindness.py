"""Nothing that names a model reaches who judges, before he is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from domain.battles import Battle
from infrastructure.settings import Settings
from tests import upstream_behaviours
from tests.answering import Answering, new_id, open_answering
from tests.arena import BATTLES, followed, fought, shape_of, started
from tests.http.test_feed import opened
from tests.jobs.test_titles import title_of
from tests.recording import Recording, recorded
from tests.upstream import upstream
from tests.upstream_call import TEXT, WORDS, Call, Reset
from tests.world import API, Json, Person

BATTLE_COUNT = 30
ALONE_COUNT = 8
VENDOR, PREFIX = "zorvex", "plimsolt"


def name(animal: str) -> str:
    return f"{VENDOR}/{animal}-7b"


async def good(call: Call) -> None:
    """Names itself wherever there are no words."""
    model = call.body["model"]
    await call.begin()
    await call.delta(reasoning_content=f"I, {model}, think.")
    await call.words(*WORDS)
    await call.delta(f"stop {model}")
    usage = {"prompt_tokens": 7, "completion_tokens": 8, "model": model, "by": {model: 1}}
    await call.event({"choices": [], "model": model, "usage": usage})
    await call.raw(b"data: [DONE]\n\n")
    await call.end()


async def refusing(call: Call) -> None:
    await call.error(400, f"{call.body['model']} of {VENDOR} at {call.headers['host']} says no.")


async def broken(call: Call) -> None:
    await call.error(500, f"{call.body['model']} at {call.headers['host']} fell over.")


async def tearing(call: Call) -> None:
    await call.begin()
    await call.words(*WORDS[:4])
    raise Reset


async def missing(call: Call) -> None:
    await call.error(404, f"model '{call.body['model']}' not found")


async def tooling(call: Call) -> None:
    model = call.body["model"]
    await call.begin()
    function = {"name": model, "arguments": "{}"}
    await call.delta(tool_calls=[{"index": 0, "id": model, "function": function}])
    await call.finish("tool_calls")


ANIMALS: dict[str, Callable[[Call], object]] = {
    "quokka": good,
    "wombat": good,
    "numbat": good,
    "dugong": refusing,
    "kakapo": broken,
    "takahe": tearing,
    "weka": missing,
    "bilby": tooling,
}
CANARIES = [*ANIMALS, VENDOR, PREFIX]


@pytest.fixture
async def blind(
    database: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Answering]:
    """The product with titles by models, and models that would give themselves away."""
    for animal, behaviour in ANIMALS.items():
        monkeypatch.setitem(upstream_behaviours.BEHAVIOURS, name(animal), behaviour)
    async with upstream() as server:
        server.listing = tuple(name(each) for each in ANIMALS)
        settings = Settings.from_env(
            {},
            data=tmp_path / "data",
            database_url=database,
            redis_url=redis_url,
            ollama_base_url="off",
        )
        async with open_answering(settings, server) as product:
            product.start_worker()
            ana = await product.world.admin()
            body = {"kind": "openai", "base_url": server.url, "prefix": PREFIX}
            assert (await ana.post("/connections", json=body)).status_code == 201
            yield product


async def look_around(blind: Answering, person: Person, chat: str, answers: list[str]) -> None:
    """All that can be asked about what hides."""
    await asyncio.gather(*(blind.follow(person, each) for each in answers))
    await blind.world.settle()
    for path in (f"/chats/{chat}/messages", f"/chats/{chat}", "/chats", BATTLES):
        assert (await person.get(path)).status_code == 200
    answer = answers[-1]
    for method, path, body in (
        ("GET", f"/chats/{chat}/messages/{answer}", None),
        ("PATCH", f"/chats/{chat}/messages/{answer}", {"content": "x"}),
        ("POST", f"/chats/{chat}/messages/{answer}/answers", {}),
        ("POST", f"/answers/{answer}/continue", None),
        ("POST", f"/answers/{answer}/stop", None),
        ("GET", "/evaluations/settings", None),
        ("GET", "/evaluations/ratings?mine=true", None),
    ):
        assert (await person.send(method, path, json=body)).status_code < 500, path


async def watched(blind: Answering, person: Person, prompt: str) -> Json:
    """A battle, read in every way there is, and voted on."""
    battle = await started(person, prompt)
    await followed(blind, person, battle)
    watching = await opened(blind, person, f"?answers={','.join(battle['answer_ids'])}")
    await look_around(blind, person, battle["chat_id"], battle["answer_ids"])
    await watching.close()
    await person.post(f"{BATTLES}/{battle['battle_id']}/vote", json={"winner": "tie"})
    return battle


def leaks(recording: Recording, host: str) -> list[str]:
    return [each for each in (*CANARIES, host) if recording.said(each)]


async def test_no_byte_names_a_model_before_the_reveal(blind: Answering) -> None:
    ben, recording = recorded(blind.world, await blind.world.person())
    feed = await opened(blind, ben)
    battles = [await watched(blind, ben, f"Question {n}?") for n in range(BATTLE_COUNT)]
    await feed.close()
    shapes = [await shape_of(ben, each) for each in battles]
    failed = [side for each in shapes for side in each["sides"] if side["status"] == "error"]
    assert len(failed) >= BATTLE_COUNT // 3
    assert recording.size > 100_000
    assert leaks(recording, blind.server.host) == []
    assert b"side_failed" in b"".join(recording.parts)

    recording.forget()
    named = set()
    for battle in battles:
        told = (await ben.post(f"{BATTLES}/{battle['battle_id']}/reveal")).json()
        named |= {each["model"] for each in told["sides"]}
    await blind.world.settle()
    assert named == {f"{PREFIX}.{name(each)}" for each in ANIMALS}
    recording.forget()
    for battle in battles:
        for answer in battle["answer_ids"]:  # the branch of a chat has one side of two
            told = await ben.get(f"/chats/{battle['chat_id']}/messages/{answer}")
            assert told.status_code == 200, told.text
    assert {*ANIMALS} <= set(leaks(recording, blind.server.host))


async def test_an_entry_of_the_list_tells_no_more(blind: Answering) -> None:
    ben, recording = recorded(blind.world, await blind.world.person())
    feed = await opened(blind, ben)
    chats = []
    for number in range(ALONE_COUNT):
        chat = (await ben.post("/chats", json={})).json()["id"]
        body = {"id": new_id(), "content": f"Question {number}?", "models": ["arena", "arena"]}
        path, headers = f"{API}/chats/{chat}/messages", {"Accept": "text/event-stream"}
        async with ben.web.stream("POST", path, json=body, headers=headers) as response:
            assert response.status_code == 200
            await response.aread()
        await blind.world.settle()
        page = (await ben.get(f"/chats/{chat}/messages?parent_id={body['id']}")).json()
        answers = [each["id"] for each in page["items"]]
        assert len(answers) == 2
        await look_around(blind, ben, chat, answers)
        chats.append((chat, answers))
    await feed.close()
    assert leaks(recording, blind.server.host) == []
    for chat, answers in chats:
        for answer in answers:
            rated = await ben.put(f"/chats/{chat}/messages/{answer}/rating", json={"value": 1})
            assert rated.status_code == 200, rated.text
    await blind.world.settle()
    recording.forget()
    for chat, _ in chats:
        await ben.get(f"/chats/{chat}/messages")
    found = leaks(recording, blind.server.host)
    assert VENDOR in found
    assert len(found) > 3


async def only(ana: Person, *animals: str) -> None:
    """Let the arena have no other models."""
    include = [f"{PREFIX}.{name(each)}" for each in animals]
    entry = {"id": "arena", "name": "Arena", "include": include}
    changed = await ana.patch("/evaluations/settings", json={"arena": {"entries": [entry]}})
    assert changed.status_code == 200, changed.text


async def test_a_hidden_model_is_not_asked_for_a_title(blind: Answering) -> None:
    ana = await blind.world.admin()
    await only(ana, "quokka", "wombat")
    battle = await started(ana, "Why is it so?")
    await followed(blind, ana, battle)
    asked, _ = await blind.tell(ana, "And this?", f"{PREFIX}.{name('quokka')}")
    assert await title_of(ana, asked["chat"], "automatic") == TEXT
    assert await title_of(ana, battle["chat_id"], "derived") == "Why is it so?"
    assert len(blind.server.asked) == 4  # two sides, one answer, and its title


async def test_the_true_error_is_kept_for_who_looks_after_it(blind: Answering) -> None:
    ana = await blind.world.admin()
    await only(ana, "dugong", "weka")
    battle = await started(ana)
    events = await followed(blind, ana, battle)
    ends = [each.data["data"] for each in events if each.data["kind"] == "done"]
    told = {"kind": "side_failed", "message": "This side could not answer."}
    assert [each["error"] for each in ends] == [told, told]
    log = [each.event for each in await blind.world.services.log.read(0)]
    kept = [each.error or {} for each in log if isinstance(each, Battle.SideFinished)]
    assert {each["kind"] for each in kept} == {"refused", "unknown_model"}
    assert any(blind.server.host in each["message"] for each in kept)


async def test_administrators_read_true_errors_but_not_of_their_own_hidden_battles(
    blind: Answering,
) -> None:
    ana, ben = await blind.world.admin(), await blind.world.person()
    await only(ana, "dugong", "weka")
    path = "/evaluations/failures"
    assert (await ben.get(path)).status_code == 403
    mine = await fought(blind, ana)
    ana.position = await blind.world.services.log.head()
    assert (await ana.get(path)).json()["items"] == []
    other = await fought(blind, ben)
    ana.position = await blind.world.services.log.head()
    first = (await ana.get(f"{path}?limit=1")).json()
    rest = (await ana.get(f"{path}?limit=1&cursor={first['next_cursor']}")).json()
    assert rest["next_cursor"] is None
    items = [*first["items"], *rest["items"]]
    assert {each["battle_id"] for each in items} == {other["battle_id"]}
    assert {each["slot"] for each in items} == {"a", "b"}
    assert {each["kind"] for each in items} == {"refused", "unknown_model"}
    assert {each["model"] for each in items} == {f"{PREFIX}.{name(x)}" for x in ("dugong", "weka")}
    await ana.post(f"{BATTLES}/{mine['battle_id']}/reveal")
    ana.position = await blind.world.services.log.head()
    assert len((await ana.get(path)).json()["items"]) == 4
