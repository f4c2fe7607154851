"""The first administrator without a browser, and `quire users`."""

import argparse
import io
from pathlib import Path

import pytest

from infrastructure.settings import CannotStart, Settings
from interfaces.cli import users
from interfaces.http.first import ensure_administrator
from interfaces.services import open_services

PASSWORD = "correct horse battery"


def settings_of(database: str, redis_url: str, folder: Path, **more: str) -> Settings:
    return Settings.from_env(
        {},
        data=folder / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
        **more,
    )


async def test_the_settings_name_the_first_administrator(
    database: str, redis_url: str, tmp_path: Path
) -> None:
    settings = settings_of(
        database, redis_url, tmp_path, admin_email="root@localhost", admin_password=PASSWORD
    )
    async with open_services(settings) as services:
        await ensure_administrator(services)
        before = await services.log.head()
        await ensure_administrator(services)
        assert await services.log.head() == before > 0


def call(settings: Settings, *words: str) -> int:
    """Run `quire users` with these words."""
    parser = argparse.ArgumentParser()
    users.register(parser.add_subparsers())
    arguments = parser.parse_args(["users", *words])
    return int(arguments.run(arguments, settings))


def test_accounts_are_looked_after_by_hand(
    database: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_of(database, redis_url, tmp_path)

    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    typed("short\n")
    with pytest.raises(CannotStart, match="at least 8"):
        call(settings, "add", "ana@example.org", "--role", "administrator")
    typed(PASSWORD)
    call(settings, "add", "ana@example.org", "--role", "administrator", "--name", "Ana")
    typed(PASSWORD)
    call(settings, "add", "ben@example.org")
    with pytest.raises(CannotStart, match="last administrator"):
        call(settings, "role", "ana@example.org", "user")
    with pytest.raises(CannotStart, match="Nobody"):
        call(settings, "role", "eve@example.org", "user")
    call(settings, "role", "ben@example.org", "pending")
    typed("another horse")
    call(settings, "reset-password", "ben@example.org")
    capsys.readouterr()
    call(settings, "list")
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert told == [
        ["administrator", "ana@example.org", "Ana"],
        ["pending", "ben@example.org", "ben"],
    ]
