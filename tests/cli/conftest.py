"""What tests of commands share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from interfaces.cli.main import main

Says = Callable[..., str]


@pytest.fixture
def says(
    database: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Says:
    """What a command says, on an installation without a server; it must end with a code."""
    chosen = {"database_url": database, "redis_url": redis_url, "data": str(tmp_path / "data")}
    for name, value in chosen.items():
        monkeypatch.setenv(f"QUIRE_{name.upper()}", value)

    def call(*words: str, code: int = 0) -> str:
        assert main(list(words)) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.out + told.err

    return call
