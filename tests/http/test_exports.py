"""Exports over HTTP, written by the worker's chore."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import datasets
import pytest

from application.exporting.formats import FORMATS
from application.exporting.samples import Judged
from application.importing.arena import Source
from application.imports import Import
from application.ports import SYSTEM
from infrastructure.chores import Chores
from infrastructure.evaluation.lines import LoggedStreams
from interfaces.jobs.exports import exporting
from tests.arena_sets import simulated
from tests.world import Person, World

JUDGED = [name for name, form in FORMATS.items() if Judged in form.of]


@pytest.fixture
async def ana(world: World) -> Person:
    """An administrator of a house with some hundred votes in it."""
    data = simulated(300)
    source = Source(SYSTEM.id, "", "club")
    services = world.services
    taking = Import(services.log, LoggedStreams(services.lines))
    battles = [{**each, "response_b": f"{each['response_b']} Or not."} for each in data.battles]
    await taking.run(enumerate(battles, 1), source.battle)
    await taking.run(enumerate(data.votes, 1), source.vote)
    await world.settle()
    return await world.admin()


async def exported(world: World, ana: Person, **wish: Any) -> dict[str, Any]:
    """Order an export and have it written."""
    asked = await ana.post("/exports", json={"formats": JUDGED, **wish})
    assert asked.status_code == 202, asked.text
    key = asked.json()["export_id"]
    await world.settle()
    await written(world, UUID(key))
    found = await ana.get(f"/exports/{key}")
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


async def written(world: World, key: UUID) -> None:
    """What a worker does for an export; twice, which must change nothing."""
    chore = exporting(world.services)["export"]
    for _ in range(2):
        await chore.work(key)
    await world.settle()


async def fetched(ana: Person, export: dict[str, Any], folder: Path) -> Path:
    """All files of an export."""
    for each in export["files"]:
        response = await ana.get(f"/exports/{export['id']}/files/{each['path']}")
        assert response.status_code == 200
        assert len(response.content) == each["size"]
        (folder / each["path"]).write_bytes(response.content)
    return folder


async def test_what_was_ordered_can_be_fetched_and_loaded(
    world: World, ana: Person, tmp_path: Path
) -> None:
    export = await exported(world, ana)
    assert export["state"] == "done"
    folder = await fetched(ana, export, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    counts = {each["format"]: each["rows"] for each in manifest["files"]}
    board = (await ana.get("/evaluations/leaderboard")).json()
    assert counts["arena-battles"] == board["totals"]["accepted"] > 100
    for name in JUDGED:
        path = str(folder / f"{name}-00000.jsonl")
        loaded = datasets.load_dataset(
            "json", data_files=path, split="train", cache_dir=str(tmp_path / "cache")
        )
        assert loaded.column_names == list(FORMATS[name].columns), name
        assert len(loaded) == counts[name]
    lines = (folder / "trl-preference-00000.jsonl").read_text("utf-8").splitlines()
    preference = [json.loads(each) for each in lines]
    for row in preference:
        assert row["prompt"][-1]["role"] == "user"
        assert row["chosen"][0]["role"] == row["rejected"][0]["role"] == "assistant"
        assert row["chosen"] != row["rejected"]


async def annotated(ana: Person, **sieve: str) -> str:
    """Have a queue of three battles judged; its id."""
    body = {"name": "Look", "size": 3, "people": 1, **sieve}
    key = (await ana.post("/evaluations/queues", json=body)).json()["queue_id"]
    for item in range(3):
        assert (await ana.post(f"/evaluations/queues/{key}/take")).status_code == 200
        said = {"winner": "model_a", "comment": f"Because of {item}."}
        path = f"/evaluations/queues/{key}/items/{item}/annotation"
        assert (await ana.post(path, json=said)).status_code == 204
    return str(key)


async def test_annotations_of_queues_are_exported_with_their_texts(
    world: World, ana: Person, tmp_path: Path
) -> None:
    code = await annotated(ana, category="code")
    maths = await annotated(ana, category="maths")
    export = await exported(world, ana, formats=["annotations", "annotations-csv"])
    folder = await fetched(ana, export, tmp_path)
    loaded = datasets.load_dataset(
        "json",
        data_files=str(folder / "annotations-00000.jsonl"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert loaded.column_names == list(FORMATS["annotations"].columns)
    assert loaded["queue_id"] == [code] * 3 + [maths] * 3
    assert loaded["comment"][2] == "Because of 2."
    assert all(each.startswith("voter-") for each in loaded["annotator"])
    assert all(each[-1]["role"] == "assistant" for each in loaded["conversation_a"])
    fewer = await exported(world, ana, formats=["annotations"], where={"category": "maths"})
    assert fewer["rows"] == 3


async def test_the_same_range_gives_the_same_files(world: World, ana: Person) -> None:
    until = await world.services.log.head()
    first = await exported(world, ana, until=until)
    second = await exported(world, ana, until=until)
    sums = [
        {each["path"]: each["sha256"] for each in export["files"] if "manifest" not in each["path"]}
        for export in (first, second)
    ]
    assert sums[0] == sums[1]
    early = await exported(world, ana, until=until // 2, formats=["arena-battles"])
    assert 0 < early["rows"] < first["rows"]
    assert early["to_position"] == until // 2


async def test_a_choice_narrows_it_down(world: World, ana: Person) -> None:
    every = await exported(world, ana, formats=["arena-battles"])
    for wish in (
        {"where": {"category": "code"}},
        {"where": {"language": "en"}},
        {"after": every["to_position"] // 2},
    ):
        some = await exported(world, ana, formats=["arena-battles"], **wish)
        assert some["state"] == "failed" or some["rows"] < every["rows"], wish


async def test_what_must_go_since_an_earlier_export_is_named(
    world: World, ana: Person, tmp_path: Path
) -> None:
    wish = {"formats": ["arena-battles"]}
    earlier = await exported(world, ana, **wish)
    same = await exported(world, ana, since=earlier["id"], **wish)
    assert counts_of(same)["tombstones.jsonl"] == 0
    less = await exported(world, ana, since=earlier["id"], where={"category": "code"}, **wish)
    folder = await fetched(ana, less, tmp_path)
    gone = [json.loads(each) for each in (folder / "tombstones.jsonl").read_text().splitlines()]
    assert len(gone) == earlier["rows"] - counts_of(less)["arena-battles-00000.jsonl"]
    assert {each["format"] for each in gone} == {"arena-battles"}
    assert len({each["row_id"] for each in gone}) == len(gone)


def counts_of(export: dict[str, Any]) -> dict[str, int]:
    return {each["path"]: each["rows"] for each in export["files"]}


async def test_an_earlier_export_that_is_gone_is_refused(world: World, ana: Person) -> None:
    wish = {"formats": ["trl-sft"]}
    earlier = await exported(world, ana, **wish)
    asked = await ana.post("/exports", json={**wish, "since": earlier["id"]})
    assert asked.status_code == 202
    assert (await ana.delete(f"/exports/{earlier['id']}")).status_code == 204
    await world.settle()
    await written(world, UUID(earlier["id"]))
    key = asked.json()["export_id"]
    await written(world, UUID(key))
    found = (await ana.get(f"/exports/{key}")).json()
    assert (found["state"], found["files"]) == ("failed", [])
    assert found["reason"] == "since: the files of that export are gone."
    for since in (earlier["id"], str(uuid4()), ana.id):
        refused = await ana.post("/exports", json={**wish, "since": since})
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith("since: there is no such export")
    assert (await ana.post("/exports", json={**wish, "since": "x"})).status_code == 422


async def test_parts_of_a_file_can_be_asked_for(world: World, ana: Person) -> None:
    export = await exported(world, ana, formats=["trl-sft"])
    path = f"/exports/{export['id']}/files/trl-sft-00000.jsonl"
    whole = (await ana.get(path)).content
    part = await ana.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert (await ana.get(f"/exports/{export['id']}/files/other")).status_code == 404


async def test_what_matches_nothing_fails_with_its_reason(world: World) -> None:
    ana = await world.admin()
    export = await exported(world, ana, formats=["trl-sft"])
    assert (export["state"], export["reason"], export["files"]) == (
        "failed",
        "Nothing matches.",
        [],
    )
    beyond = await exported(world, ana, formats=["trl-sft"], until=10**9)
    assert beyond["state"] == "failed"
    assert "to:" in beyond["reason"]


async def test_a_removed_export_leaves_no_bytes(world: World, ana: Person) -> None:
    export = await exported(world, ana, formats=["trl-sft"])
    assert (await ana.delete(f"/exports/{export['id']}")).status_code == 204
    await world.settle()
    await written(world, UUID(export["id"]))
    assert (await ana.get(f"/exports/{export['id']}")).status_code == 404
    assert (await ana.get("/exports")).json()["items"] == []
    blobs = world.services.files.blobs
    for each in export["files"]:
        assert not await blobs.exists(each["sha256"])


async def test_only_administrators_may(world: World, ana: Person) -> None:
    export = await exported(world, ana, formats=["trl-sft"])
    ben = await world.person()
    path = f"/exports/{export['id']}"
    for method, there in (
        ("POST", "/exports"),
        ("GET", "/exports"),
        ("GET", path),
        ("GET", f"{path}/files/manifest.json"),
        ("DELETE", path),
    ):
        body = {"json": {"formats": ["trl-sft"]}} if method == "POST" else {}
        assert (await ben.send(method, there, **body)).status_code == 403


async def test_wishes_that_make_no_sense_are_refused(world: World) -> None:
    ana = await world.admin()
    for wish, named in (
        ({"formats": ["pdf"]}, "format"),
        ({"formats": []}, "formats"),
        ({"formats": ["trl-sft"], "votes": "some"}, "votes"),
        ({"formats": ["trl-sft"], "where": {"colour": "red"}}, "where"),
        ({"formats": ["trl-sft"], "redact": ["names"]}, "redact"),
        ({"formats": ["trl-sft"], "after": 9, "until": 3}, "from"),
    ):
        response = await ana.post("/exports", json=wish)
        assert response.status_code == 422, wish
        assert named in response.text


async def test_a_worker_takes_the_order_by_itself(world: World, ana: Person) -> None:
    asked = await ana.post("/exports", json={"formats": ["trl-prompt-only"], "distinct": True})
    await world.settle()
    chores = Chores(world.services.lines, exporting(world.services), 1)
    assert await chores._take() == 1  # noqa: SLF001 (as its own loop does)
    for task in list(chores._running):  # noqa: SLF001
        await task
    await world.settle()
    found = (await ana.get(f"/exports/{asked.json()['export_id']}")).json()
    assert found["state"] == "done"
