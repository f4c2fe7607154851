"""Drives as a browser sees them: the product in this process, beside doubles of both."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from infrastructure.settings import Settings
from tests.driving import driving, shelf
from tests.ingesting import open_ingesting
from tests.product import ROOT
from tests.world import API, World

WEB = ROOT / "interfaces/web"
SECONDS_MAX = 300
MIRA = {"email": "mira@example.org", "password": "a long enough password", "name": "Mira Test"}


async def sign_up(world: World) -> None:
    """Have the administrator be the person of the browser's tests."""
    response = await world.client().post(f"{API}/auth/signup", json=MIRA)
    assert response.status_code == 201, response.text
    world.administrator = world._person(response)  # noqa: SLF001 (another first person)


@pytest.mark.skipif(not (WEB / "node_modules").is_dir(), reason="needs `make web chromium`")
@pytest.mark.skipif(not (WEB / "build/index.html").is_file(), reason="needs `make web`")
async def test_files_are_picked_from_drives(database: str, redis_url: str, tmp_path: Path) -> None:
    settings = Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
    )
    npx = shutil.which("npx")
    assert npx
    async with open_ingesting(settings) as product:
        world = product.world
        await sign_up(world)
        async with driving(world, world.base_url) as drives:
            for double in (drives.google, drives.microsoft):
                shelf(double)
            product.start_worker()
            browser = await asyncio.create_subprocess_exec(
                npx,
                *("playwright", "test", "drives.spec.ts"),
                cwd=WEB,
                env={**os.environ, "QUIRE_URL": world.base_url, "QUIRE_DRIVES": "1"},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            async with asyncio.timeout(SECONDS_MAX):
                told, _ = await browser.communicate()
            for worker in product.workers:
                await worker.end()
            assert browser.returncode == 0, told.decode()[-6_000:]
