"""`quire files` on the real log and real files."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.command import Command, carry_out
from application.document_settings import ChangeDocumentSettings
from application.files import RecordFailure, TrashFile
from application.ports import SYSTEM, Actor
from application.users import AddUser
from domain.users import Role
from infrastructure.blobs.content import hash_of
from infrastructure.event_log import EventLog
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from interfaces.cli.main import main

ANA, BEN = UUID(int=10), UUID(int=11)
Says = Callable[..., str]


@pytest.fixture
def settings(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with an administrator and somebody else."""
    monkeypatch.setenv("QUIRE_DATABASE_URL", database)
    monkeypatch.setenv("QUIRE_DATA", str(tmp_path / "data"))
    settings = Settings.from_env(os.environ)
    do(settings, AddUser(ANA, "ana@example.org", "Ana", Role.ADMINISTRATOR))
    do(settings, AddUser(BEN, "ben@example.org", "Ben", Role.USER))
    return settings


def do(settings: Settings, command: Command[Any], actor: Actor = SYSTEM) -> None:
    async def inside() -> None:
        async with EventLog(settings.database_url, master_key(settings)) as log:
            await carry_out(command, log=log, actor=actor)

    asyncio.run(inside())


@pytest.fixture
def says(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Says:
    """What a command says, also of what went wrong."""

    def call(*words: str, code: int = 0) -> str:
        assert settings.database_url
        assert main(["files", *words]) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.out + told.err

    return call


def written(tmp_path: Path, **files: str) -> list[str]:
    """Files on this machine; their names have an ending."""
    paths = [tmp_path / f"{name}.txt" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return [str(each) for each in paths]


def ids(told: str) -> list[UUID]:
    return [UUID(line.split()[0]) for line in told.splitlines()]


def test_files_are_brought_in_and_listed(says: Says, settings: Settings, tmp_path: Path) -> None:
    paths = written(tmp_path, tea="Hot.", copy="Hot.", coffee="Cold.")
    told = says("add", *paths).splitlines()
    assert [line[0] for line in told] == ["+", "=", "+"]
    listed = says("list").splitlines()
    assert ["tea.txt" in listed[0], "coffee.txt" in listed[1], len(listed)] == [True, True, 2]
    assert all("queued" in line for line in listed)
    assert says("list", "--as", "ben@example.org") == ""
    blobs = [each for each in (settings.data_folder / "files").rglob("*") if each.is_file()]
    assert len(blobs) == 2
    assert (tmp_path / "tea.txt").read_text() == "Hot."


def test_folders_are_looked_through(says: Says, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / ".hidden").write_text("x")
    (folder / "deep/tea.txt").write_text("Hot.")
    (folder / "out.txt").symlink_to("/etc/passwd")
    told = says("add", str(folder))
    assert "tea.txt" in told
    assert "out of the folder" in told
    assert len(says("list").splitlines()) == 1


def test_what_cannot_come_is_named_and_the_rest_comes(
    says: Says, settings: Settings, tmp_path: Path
) -> None:
    do(settings, ChangeDocumentSettings({"limits": {"file_bytes_max": 5}}))
    paths = written(tmp_path, long="Too long.", tea="Hot.")
    os.mkfifo(tmp_path / "pipe.txt")
    odd = [str(tmp_path / name) for name in ("none.txt", "pipe.txt")]
    told = says("add", *odd, *paths, code=2)
    assert "none.txt: No such file" in told
    assert "pipe.txt: It is no file." in told
    assert "long.txt: A file has at most 5 bytes." in told
    assert "3 files were left out." in told
    assert len(says("list").splitlines()) == 1


def test_what_failed_is_tried_again(says: Says, settings: Settings, tmp_path: Path) -> None:
    paths = written(tmp_path, tea="Hot.", coffee="Cold.")
    says("add", *paths)
    tea, coffee = ids(says("list"))
    for path, key in zip(paths, (tea, coffee), strict=True):
        sha256, _ = hash_of(Path(path))
        do(settings, RecordFailure(key, "reading", sha256, "damaged", "It is \x1b[31mcut."))
    assert "failed" in says("list")
    assert "(reading: It is ?[31mcut.)" in says("list")
    assert "1 files" in says("retry", str(tea))
    assert "1 files" in says("retry", "--failed")
    assert "failed" not in says("list")
    assert "There is no file" in says("retry", str(tea), "--as", "ben@example.org", code=2)


def test_the_trash_is_not_listed(says: Says, settings: Settings, tmp_path: Path) -> None:
    says("add", *written(tmp_path, tea="Hot."))
    (tea,) = ids(says("list"))
    do(settings, TrashFile(tea), Actor(ANA))
    assert says("list") == ""
    told = says("add", *written(tmp_path, tea="Hot."))
    assert told.startswith("+")
