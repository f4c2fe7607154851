"""What tests of commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli.main import main
from tests.arena_sets import words_of

Says = Callable[..., str]


@pytest.fixture
def says(
    database: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Says:
    """What a command says, on an installation without a server; it must end with a code.

    What it tells of its progress is left out, unless that is asked for or it fails.
    """
    chosen = {"database_url": database, "redis_url": redis_url, "data": str(tmp_path / "data")}
    for name, value in chosen.items():
        monkeypatch.setenv(f"QUIRE_{name.upper()}", value)

    def call(*words: str, code: int = 0, progress: bool = False) -> str:
        assert main(list(words)) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.out + told.err if code or progress else told.out

    return call


def arena(says: Says, folder: Path, *more: str) -> str:
    return says("import", "arena", *words_of(folder), *more)


def board(says: Says, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(says("leaderboard", "--json", *words))
    return found
