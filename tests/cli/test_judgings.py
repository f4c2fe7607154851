"""`quire evaluation judge` and `judges`, beside a running house."""

import asyncio
import json

import pytest

from interfaces.cli.main import main
from tests.answering import Answering
from tests.http.test_judgings import complete, furnished


async def test_a_model_judges_from_the_command_line(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = answering.world.services.settings
    monkeypatch.setenv("QUIRE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("QUIRE_REDIS_URL", settings.redis_url)
    monkeypatch.setenv("QUIRE_DATA", str(settings.data_folder))

    async def says(*words: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, list(words)) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.out + told.err

    _, battles = await furnished(answering, 12)
    count = len(complete(battles, language="en"))
    words = ("evaluation", "judge", "--model", "judge_longer", "--limit", "50")
    told = await says(*words, "--where", "language=en")
    assert f"{count} of {count}, 0 failed" in told
    assert "finished: 0 inconsistent" in told
    (judge,) = json.loads(await says("evaluation", "judges", "--json"))
    assert (judge["judge"], judge["judged"]) == ("judge_longer", count)
    assert judge["pairs"] == sum(each["pairs"] for each in judge["categories"].values()) > 0
    assert "judge_longer" in await says("evaluation", "judges")
    assert "No battle is left" in await says(*words, "--where", "language=en", code=2)
    assert "limit" in await says(*words[:-1], "0", code=2)
    assert "It cannot go on" in await says(*words[:3], "nobody", *words[4:], code=1)
