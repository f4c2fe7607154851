"""Settings: few, documented, and never misspelt in silence."""

import re
import stat
from pathlib import Path

import pytest

from infrastructure.settings import PREFIX, CannotStart, Settings, secret_key

ROOT = Path(__file__).parent.parent.parent
FIELDS_MAX = 40
ROW = re.compile(rf"^\| `{PREFIX}(\w+)` \| (.*) \| (.*) \|$", re.MULTILINE)


def documented() -> dict[str, str]:
    """Name and meaning of each row of the page."""
    page = (ROOT / "docs/settings.md").read_text()
    return {name.lower(): meaning for name, _, meaning in ROW.findall(page)}


def test_the_page_lists_every_setting_and_nothing_else() -> None:
    assert documented() == {name: each.description for name, each in Settings.model_fields.items()}


def test_there_are_few() -> None:
    assert len(Settings.model_fields) <= FIELDS_MAX


def test_every_setting_has_a_default_that_works() -> None:
    assert Settings.from_env({}) == Settings()


def test_a_misspelt_setting_stops_the_start_and_says_what_was_meant() -> None:
    with pytest.raises(CannotStart, match=r"QUIRE_REDIS_ULR.*Did you mean QUIRE_REDIS_URL\?"):
        Settings.from_env({f"{PREFIX}REDIS_ULR": "redis://"})


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(CannotStart) as refusal:
        Settings.from_env({f"{PREFIX}PORT": "many", f"{PREFIX}LOG_LEVEL": "loud"})
    assert len(str(refusal.value).splitlines()) == 2


def test_an_empty_variable_is_as_none() -> None:
    assert Settings.from_env({f"{PREFIX}PORT": ""}).port == 8080


def test_what_others_set_is_none_of_our_business() -> None:
    Settings.from_env({"PORT": "many", "QUIREX": "1"})


def test_no_secret_is_shown() -> None:
    secrets = ("database_url", "redis_url", "secret_key", "openai_api_key", "admin_password")
    settings = Settings.from_env({f"{PREFIX}{each.upper()}": "hush-hush" for each in secrets})
    assert "hush" not in repr(settings)


def test_the_secret_key_is_made_once_and_closed(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    key = secret_key(settings)
    assert secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]


def test_a_short_or_damaged_secret_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="too short"):
        secret_key(Settings(secret_key="short"))
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(CannotStart, match="damaged"):
        secret_key(Settings(data=tmp_path))
