"""`quire knowledge` on the real log and a real folder."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest

from application.command import Command, carry_out
from application.files import TrashFile
from application.knowledge import AddFiles, CreateKnowledge, ShareKnowledge
from application.ports import SYSTEM, Actor
from application.users import AddUser
from domain.knowledge import Grant, Knowledge
from domain.knowledge import Role as Access
from domain.users import Role
from infrastructure.blobs.stores import FileStores
from infrastructure.event_log import EventLog
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from interfaces.cli.knowledge_house import House, open_house
from interfaces.cli.main import main
from projections.directories import Tree

ANA, BEN = "ana@example.org", "ben@example.org"
PEOPLE = {ANA: UUID(int=10), BEN: UUID(int=11)}
Says = Callable[..., str]


@pytest.fixture
def settings(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with an administrator and somebody else."""
    chosen = {"database_url": database, "data": str(tmp_path / "data")}
    for name, value in chosen.items():
        monkeypatch.setenv(f"QUIRE_{name.upper()}", value)
    settings = Settings.from_env(os.environ)

    async def prepare(house: House) -> None:
        await as_(house, BEN, AddUser(PEOPLE[BEN], BEN, "Ben", Role.USER))

    asyncio.run(begin(settings))
    inside(settings, prepare)
    return settings


async def begin(settings: Settings) -> None:
    async with EventLog(settings.database_url, master_key(settings)) as log:
        command = AddUser(PEOPLE[ANA], ANA, "Ana", Role.ADMINISTRATOR)
        await carry_out(command, log=log, actor=SYSTEM)


async def as_(house: House, who: str, *commands: Command[Any]) -> None:
    actor = SYSTEM if isinstance(commands[0], AddUser) else Actor(PEOPLE[who])
    for each in commands:
        await carry_out(each, log=house.log, actor=actor)


def inside(settings: Settings, work: Callable[[House], Any]) -> Any:
    """Do something in the house."""

    async def opened() -> Any:
        async with open_house(settings, None) as house:
            return await work(house)

    return asyncio.run(opened())


@pytest.fixture
def says(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Says:
    """What a command says; it must succeed unless another code is expected."""

    def call(*words: str, code: int = 0) -> str:
        assert settings.database_url
        assert main(["knowledge", *words]) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.err if code else told.out

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    for name, body in {
        "tea.txt": b"tea",
        "green/sencha.md": b"# Sencha",
        "green/deep/gyokuro.bin": os.urandom(3_000_000),
        "empty.txt": b"",
        ".hidden": b"no",
        ".git/config": b"no",
        "con.txt": b"a device",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (folder / "inside.txt").symlink_to(folder / "tea.txt")
    (folder / "outside.txt").symlink_to(tmp_path / "secret")
    (folder / "away").symlink_to("/etc")
    (folder / "broken").symlink_to("nowhere")
    (tmp_path / "secret").write_bytes(b"secret")
    os.mkfifo(folder / "pipe")
    return folder


def tree(settings: Settings, name: str = "Tea") -> Tree:
    async def read(house: House) -> Tree:
        return await house.tree(await house.knowledge(name))

    found: Tree = inside(settings, read)
    return found


def paths(settings: Settings) -> list[str]:
    return sorted("/".join(each.path) for each in tree(settings).files)


EXPECTED = ["empty.txt", "green/deep/gyokuro.bin", "green/sencha.md", "inside.txt", "tea.txt"]


def test_a_folder_is_taken_over(settings: Settings, says: Says, folder: Path) -> None:
    says("create", "Tea")
    told = says("sync", str(folder), "--knowledge", "Tea", "--yes")
    assert "+ green/deep/\n" in told
    assert "5 new, 0 changed, 0 the same, 5 left out, 0 not in the folder." in told
    for name, why in {
        "outside.txt": "out of the folder",
        "away": "not followed",
        "pipe": "no file",
        "con.txt": "devices",
        "broken": "No such file",
    }.items():
        assert any(line.startswith(f"! {name}: ") and why in line for line in told.splitlines())
    assert paths(settings) == EXPECTED
    assert "Nothing is to be done." in says("sync", str(folder), "--knowledge", "Tea")


def test_a_folder_is_followed(settings: Settings, says: Says, folder: Path) -> None:
    says("create", "Tea")
    says("sync", str(folder), "--knowledge", "Tea", "--yes")
    before = {"/".join(each.path): each for each in tree(settings).files}
    (folder / "tea.txt").write_bytes(b"more tea")
    (folder / "green/sencha.md").unlink()
    (folder / "black").mkdir()
    (folder / "black/earl.txt").write_bytes(b"grey")
    told = says("sync", str(folder), "--knowledge", "Tea", "--yes")
    assert "~ tea.txt\n" in told
    assert "- green" not in told
    assert "1 new, 2 changed, 2 the same" in told
    assert "1 not in the folder, which stay without --remove." in told
    after = {"/".join(each.path): each for each in tree(settings).files}
    assert after["tea.txt"].id == before["tea.txt"].id
    assert after["tea.txt"].sha256 != before["tea.txt"].sha256
    assert sorted(after) == sorted([*EXPECTED, "black/earl.txt"])
    (folder / "green/deep/gyokuro.bin").unlink()
    told = says("sync", str(folder), "--knowledge", "Tea", "--yes", "--remove")
    assert "- green/deep/\n" in told
    assert paths(settings) == ["black/earl.txt", "empty.txt", "inside.txt", "tea.txt"]
    assert set(tree(settings).directories.values()) == {("black",)}


def test_files_are_indexed_anew_by_name_or_id(settings: Settings, says: Says, folder: Path) -> None:
    says("create", "Tea")
    says("sync", str(folder), "--knowledge", "Tea", "--yes")

    async def wishes(house: House) -> int:
        return len(await house.log.read(0, 100, types=["knowledge.reindex_requested"]))

    assert "5 files of Tea will be" in says("reindex", "Tea")
    base = says("list").split()[0]
    assert "5 files of Tea will be" in says("reindex", base)
    assert "has no knowledge base Coffee" in says("reindex", "Coffee", code=2)
    assert inside(settings, wishes) == 2


def test_nothing_happens_unasked(
    settings: Settings, says: Says, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says("create", "Tea")
    assert "--yes" in says("sync", str(folder), "--knowledge", "Tea", code=2)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert "Nothing was changed." in says("sync", str(folder), "--knowledge", "Tea")
    assert paths(settings) == []
    monkeypatch.setattr("builtins.input", lambda _: "y")
    says("sync", str(folder), "--knowledge", "Tea")
    assert paths(settings) == EXPECTED


class Killed(BaseException):
    """What ends a process at once."""


def dying(real: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """Something that is done once, and kills the process then or when it is to be done again."""
    calls = 0

    async def once(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise Killed
        await real(*arguments)
        if after:
            raise Killed

    return once


def is_whole(says: Says, *words: str) -> bool:
    try:
        says(*words)
    except Killed:
        return False
    return True


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("place", [(House, "execute"), (FileStores, "keep")], ids=["log", "bytes"])
def test_it_goes_on_after_a_crash_at_any_point(
    settings: Settings, says: Says, folder: Path, place: tuple[type, str], *, after: bool
) -> None:
    says("create", "Tea")
    sync = ("sync", str(folder), "--knowledge", "Tea", "--yes", "--remove")
    says(*sync)
    (folder / "tea.txt").write_bytes(b"more tea")
    (folder / "empty.txt").rename(folder / "void.txt")
    (folder / "green").rename(folder / "black")
    kind, name = place
    crashes = 0
    real = getattr(kind, name)
    for _ in range(5 if after and kind is FileStores else 50):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, name, dying(real, after=after))
            if is_whole(says, *sync):
                break
            crashes += 1
    assert crashes > 1
    says(*sync)
    assert "Nothing is to be done." in says(*sync)
    moved = [each.replace("green", "black").replace("empty", "void") for each in EXPECTED]
    assert paths(settings) == sorted(moved)
    assert set(tree(settings).directories.values()) == {("black",), ("black", "deep")}


def test_bytes_come_out_as_they_went_in(
    settings: Settings, says: Says, folder: Path, tmp_path: Path
) -> None:
    says("create", "Tea")
    says("sync", str(folder), "--knowledge", "Tea", "--yes")
    target = tmp_path / "tea.zip"
    says("export", "Tea", str(target))
    with ZipFile(target) as archive:
        assert archive.testzip() is None
        files = [each for each in archive.namelist() if not each.endswith("/")]
        assert sorted(files) == EXPECTED
        for name in EXPECTED:
            assert archive.read(name) == (folder / name).read_bytes()
    assert "cannot be written" in says("export", "Tea", str(target), code=2)
    assert tree(settings).directories


def test_each_person_has_knowledge_of_his_own(settings: Settings, says: Says, folder: Path) -> None:
    says("create", "Tea", "--as", BEN)
    assert "Tea" in says("list", "--as", BEN)
    assert says("list") == ""
    assert "no knowledge base Tea" in says("sync", str(folder), "--knowledge", "Tea", code=2)
    assert "already" in says("create", "Tea", "--as", BEN, code=2)
    says("create", "Tea")
    assert says("list").split()[1:] == ["owner", "0", "files", "Tea"]
    assert "Nobody" in says("list", "--as", "eve@example.org", code=2)
    assert "no folder" in says("sync", str(folder / "x"), "--knowledge", "Tea", code=2)
    assert tree(settings).files == []


def test_files_of_others_make_room_and_readers_are_refused(
    settings: Settings, says: Says, folder: Path
) -> None:
    base = uuid4()
    for access in (Access.WRITE, Access.READ):
        command = ShareKnowledge(base, (Grant(PEOPLE[BEN], access),))

        async def share(house: House, command: ShareKnowledge = command) -> None:
            await as_(house, ANA, CreateKnowledge(base, "Tea"), command)

        inside(settings, share)
        if access == Access.WRITE:
            says("sync", str(folder), "--knowledge", str(base), "--yes")
        (folder / "tea.txt").write_bytes(access.value.encode())
        code = 0 if access == Access.WRITE else 2
        told = says("sync", str(folder), "--knowledge", "Tea", "--yes", "--as", BEN, code=code)
        assert ("only read" in told) == (access == Access.READ)
    assert paths(settings) == EXPECTED

    async def owners(house: House) -> dict[str, UUID]:
        found = await house.contents(await house.knowledge("Tea"))
        return {each.name: each.owner for each in found}

    assert inside(settings, owners)["tea.txt"] == PEOPLE[BEN]


def test_what_is_in_the_trash_counts_as_gone(settings: Settings, says: Says, folder: Path) -> None:
    says("create", "Tea")
    says("sync", str(folder), "--knowledge", "Tea", "--yes")
    (tea,) = [each for each in tree(settings).files if each.path == ("tea.txt",)]

    async def trash(house: House) -> None:
        await as_(house, ANA, TrashFile(tea.id))

    inside(settings, trash)
    assert "+ tea.txt" in says("sync", str(folder), "--knowledge", "Tea", "--yes")
    assert paths(settings) == EXPECTED

    async def placed(house: House) -> Knowledge:
        knowledge = await house.knowledge("Tea")
        await as_(house, ANA, AddFiles(knowledge.id, (tea.id,)))
        return knowledge

    assert tea.id in inside(settings, placed).files
