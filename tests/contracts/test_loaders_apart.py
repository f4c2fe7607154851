"""Reading in a process of its own: it ends in time, takes everything with it, and sees words."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from time import monotonic

import pytest

from infrastructure.loaders.base import Limits
from infrastructure.loaders.registry import Loaders
from tests.documents import office, pages
from tests.documents.reading import Read, reader, refused

TESSERACT = shutil.which("tesseract")
SLEEPER = "#!/bin/sh\necho $$ > {folder}/shell\nsleep 300 &\necho $! > {folder}/sleep\nwait\n"
needs_tesseract = pytest.mark.skipif(TESSERACT is None, reason="tesseract is not installed")


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader(tmp_path)


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tesseract that never ends, and has a child of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tesseract"
    program.write_text(SLEEPER.format(folder=folder))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def runs(pid: int) -> bool:
    """Whether a process is there; who only waits to be buried is not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def started(folder: Path) -> list[int]:
    """The processes of a sleeper, as soon as they are there."""
    async with asyncio.timeout(10):
        while True:
            files = [folder / "shell", folder / "sleep"]
            if all(each.exists() and each.read_text().strip() for each in files):
                return [int(each.read_text()) for each in files]
            await asyncio.sleep(0.01)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def gone(pids: list[int]) -> bool:
    for _ in range(500):
        if not any(map(runs, pids)):
            return True
        await asyncio.sleep(0.01)
    return False


def long_pdf(count: int) -> bytes:
    lines = ("Some words about rivers, gardens, mountains and the houses between them.",) * 45
    return pages.pdf(*((f"Chapter {at}", *lines) for at in range(count)))


async def test_who_is_late_is_killed_with_all_it_started(read: Read, sleeper: Path) -> None:
    for data in (pages.picture("one"), pages.scan("one", "two")):
        loaders = Loaders(Limits(seconds_max=2.5))
        began = monotonic()
        task = asyncio.create_task(refused(read, data, "a", loaders))
        pids = await started(sleeper)
        assert (await task).kind == "too_slow"
        assert monotonic() - began < 4
        assert await gone(pids)


async def test_the_clock_also_runs_while_the_child_computes(read: Read) -> None:
    data = long_pdf(400)
    for seconds in (0.001, 0.4):
        refusal = await refused(read, data, "a.pdf", Loaders(Limits(seconds_max=seconds)))
        assert (refusal.kind, f"{seconds} s" in refusal.message) == ("too_slow", True)


async def test_a_cancelled_read_leaves_nothing(read: Read, sleeper: Path) -> None:
    task = asyncio.create_task(read(pages.picture("words"), "a.png", loaders=Loaders()))
    pids = await started(sleeper)
    assert all(map(runs, pids))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(pids)


WAITING = """
import asyncio, sys
from pathlib import Path
from infrastructure.loaders.registry import Loaders
asyncio.run(Loaders().read(Path(sys.argv[1]), "a.png"))
"""


async def test_a_killed_worker_leaves_nothing(sleeper: Path, tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(pages.picture("words"))
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WAITING, str(path))
    pids = await started(sleeper)
    child = parent_of(pids[0])
    assert child != worker.pid
    worker.kill()
    await worker.wait()
    assert await gone([*pids, child])


async def test_no_temporary_file_is_left(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    await read(pages.pdf(("words",)), "a.pdf")
    await refused(read, b"\0\1\2" * 99, "a.pdf", Loaders())
    assert not list(folder.iterdir())


async def test_the_child_gets_nothing_of_ours(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tesseract"
    program.write_text(
        f"#!/bin/sh\nenv > {folder}/seen\n"
        f"ulimit -t >> {folder}/seen\nulimit -c >> {folder}/seen\nulimit -v >> {folder}/seen\n"
        f"ulimit -n >> {folder}/seen\nnice >> {folder}/seen\necho words\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("QUIRE_SECRET_KEY", "hush-hush")
    assert (await read(pages.picture("x"), "a.png", loaders=Loaders())).text == "words"
    seen = (folder / "seen").read_text()
    assert "hush" not in seen
    assert "HOME=" not in seen
    assert seen.splitlines()[-5:] == ["121", "0", str(2**20), "64", "10"]


async def test_many_at_once_do_not_mix(tmp_path: Path) -> None:
    async def one(number: int) -> str:
        path = tmp_path / f"{number}"
        path.write_text(f"words of {number}")
        return (await Loaders(ocr=False).read(path, "a.txt")).text

    assert await asyncio.gather(*map(one, range(6))) == [f"words of {at}" for at in range(6)]


async def test_a_long_pdf_is_read_in_a_second_or_so(read: Read) -> None:
    data = long_pdf(200)
    seconds = []
    for _ in range(3):
        began = monotonic()
        found = await read(data, "a.pdf")
        seconds.append(monotonic() - began)
    assert found.pages == 200
    assert found.text.split("\f")[199].startswith("## Chapter 199\n")
    assert min(seconds) < 3  # one second on a machine of its own


async def test_what_was_read_in_time_is_kept(read: Read, sleeper: Path) -> None:
    program = sleeper / "tesseract"
    program.write_text(f"#!/bin/sh\nmkdir {sleeper}/once && echo words && exit\nexec sleep 300\n")
    found = await read(pages.scan("1", "2", "3"), "a.pdf", loaders=Loaders(Limits(seconds_max=4)))
    first, second, third = found.text.split("\f")
    assert (first, third) == ("words", "")
    assert "not read" in second


@needs_tesseract
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF"])
async def test_pictures_are_read_by_ocr(read: Read, kind: str) -> None:
    found = await read(pages.picture("Hello Quire", kind), "photo", loaders=Loaders())
    assert (found.text, found.loader) == ("Hello Quire", "image")


@needs_tesseract
async def test_scanned_pages_are_read_by_ocr(read: Read) -> None:
    data = pages.scan("First page", "Second page", "Third page")
    found = await read(data, "a.pdf", loaders=Loaders())
    assert found.text.split("\f") == ["First page", "Second page", "Third page"]
    few = await read(data, "a.pdf", loaders=Loaders(Limits(scans_max=1)))
    first, second, third = few.text.split("\f")
    assert first == "First page"
    assert "not read" in second
    assert third == ""
    packed = await read(
        office.packed({"p.png": pages.picture("Packed words")}), "a.zip", loaders=Loaders()
    )
    assert packed.text == "# p.png\n\nPacked words"


@needs_tesseract
async def test_ocr_says_what_is_wrong(read: Read) -> None:
    picture = pages.picture("words")
    strange = await refused(read, picture, "a.png", Loaders(languages="tlh"))
    assert (strange.kind, "tlh" in strange.message) == ("no_text", True)
    broken = await refused(read, picture[:200], "a.png", Loaders())
    assert broken.kind == "damaged"
    hostile = await read(picture, "a.png", loaders=Loaders(languages="--help; rm"))
    assert hostile.text == "words"
