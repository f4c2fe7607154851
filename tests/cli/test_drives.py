"""`quire drives` on the real log."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.command import Command, carry_out
from application.drives import LinkDrive
from application.ports import SYSTEM, Actor
from application.users import AddUser
from domain.users import Role
from infrastructure.event_log import EventLog
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from interfaces.cli.main import main

ANA, BEN = UUID(int=10), UUID(int=11)


@pytest.fixture
def settings(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with an administrator and somebody else who has linked a drive."""
    monkeypatch.setenv("QUIRE_DATABASE_URL", database)
    monkeypatch.setenv("QUIRE_DATA", str(tmp_path / "data"))
    settings = Settings.from_env(os.environ)
    do(settings, AddUser(ANA, "ana@example.org", "Ana", Role.ADMINISTRATOR))
    do(settings, AddUser(BEN, "ben@example.org", "Ben", Role.USER))
    do(settings, LinkDrive("google", "ben@gmail.example"), Actor(BEN))
    return settings


def do(settings: Settings, command: Command[Any], actor: Actor = SYSTEM) -> None:
    async def inside() -> None:
        async with EventLog(settings.database_url, master_key(settings)) as log:
            await carry_out(command, log=log, actor=actor)

    asyncio.run(inside())


def test_drives_are_listed_and_unlinked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.database_url
    assert main(["drives", "list"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["drives", "list", "--as", "ben@example.org"]) == 0
    assert capsys.readouterr().out == "google  Google Drive\n"
    assert main(["drives", "unlink", "google"]) == 2
    assert "ana@example.org has not linked Google Drive" in capsys.readouterr().err
    for kind, code in (("microsoft", 2), ("google", 0), ("google", 2)):
        assert main(["drives", "unlink", kind, "--as", "ben@example.org"]) == code
    assert "Google Drive is unlinked" in capsys.readouterr().out
    assert main(["drives", "list", "--as", "ben@example.org"]) == 0
    assert capsys.readouterr().out == ""
