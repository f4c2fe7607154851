"""What an installation can choose. What its people can choose is events, not settings."""

import os
import secrets
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "QUIRE_"


class CannotStart(Exception):
    """The installation cannot start; the message says why, and the way out."""


def default_data() -> Path:
    """Where the data lives unless somebody chose."""
    if os.geteuid() == 0:
        return Path("/var/lib/quire")
    return Path.home() / ".local" / "share" / "quire"


class Settings(BaseModel):
    """Read once, at the start, from the environment; every field has a default that works.

    A misspelt variable stops the start, and docs/settings.md lists every field (both tested).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(
        default_factory=default_data,
        description="The folder of everything that is kept. "
        "Default: `/var/lib/quire` as root, else `~/.local/share/quire`.",
    )
    host: str = Field(default="127.0.0.1", description="The address the web server listens at.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="The port the web server listens at."
    )
    public_url: str = Field(
        default="", description="The address people use, such as `https://chat.example.org`."
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks whose `X-Forwarded-*` headers count, comma separated.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`debug`, `info`, `warning` or `error`."
    )
    database_url: str = Field(
        default="",
        repr=False,
        description="PostgreSQL 15 or newer, `postgresql://...`. Empty: an embedded one.",
    )
    redis_url: str = Field(
        default="",
        repr=False,
        description="Redis or Valkey 6.2 or newer, `redis://...`. Empty: an embedded one.",
    )
    database_connections_max: int = Field(
        default=10, ge=2, description="Connections to the database, for each process."
    )
    secret_key: str = Field(
        default="",
        repr=False,
        description="What secrets are encrypted with, at least 32 characters; the same on all "
        "machines. Empty: made at random at the first start, in `secret.key` in the data folder.",
    )
    blobs_url: str = Field(
        default="",
        description="Where the bytes of files lie: `s3://bucket/prefix`, `az://container/prefix` "
        "or `gs://bucket/prefix`. Empty: in the data folder.",
    )
    s3_endpoint: str = Field(
        default="",
        description="An S3-compatible server, such as `https://minio.example.org`. Empty: AWS.",
    )
    s3_access_key: str = Field(
        default="", repr=False, description="The name of the key for that server."
    )
    s3_secret_key: str = Field(default="", repr=False, description="The key for that server.")
    s3_region: str = Field(default="", description="The region of the bucket.")
    openai_base_url: str = Field(
        default="",
        description="An OpenAI-compatible server to offer, such as `https://api.openai.com/v1`.",
    )
    openai_api_key: str = Field(default="", repr=False, description="The key for that server.")
    ollama_base_url: str = Field(
        default="http://127.0.0.1:11434",
        description="Where an Ollama server is looked for. `off`: nowhere.",
    )
    admin_email: str = Field(
        default="",
        description="The first administrator, made at the first start when nobody is there yet.",
    )
    admin_password: str = Field(
        default="", repr=False, description="The first administrator's password."
    )
    admin_name: str = Field(default="Administrator", description="The first administrator's name.")
    sink_hosts: str = Field(
        default="",
        description="Places in private networks, or at unusual ports, that evaluation sinks may "
        "be, as `host:port`, comma separated.",
    )
    session_days: int = Field(default=30, ge=1, description="How long a sign-in lasts.")
    request_bytes_max: int = Field(
        default=10 * 1024 * 1024, ge=1024, description="The largest request that is read."
    )
    answers_process_max: int = Field(
        default=1000,
        ge=1,
        description="Answers written at once by one worker; the rest wait visibly.",
    )
    answers_user_max: int = Field(
        default=400,
        ge=1,
        description="Answers written at once for one person; the rest wait visibly.",
    )
    answers_connection_max: int = Field(
        default=1000,
        ge=1,
        description="Answers asked at once of one connection; the rest wait visibly.",
    )
    automatic_titles: bool = Field(
        default=True,
        description="Whether the model of a chat's first answer is asked for a title.",
    )
    silence_seconds_max: float = Field(
        default=60,
        gt=0,
        description="How long a model may say nothing before its answer is given up.",
    )
    web_processes: int = Field(
        default=1, ge=1, le=64, description="Web processes of `quire serve`."
    )
    worker_processes: int = Field(default=1, ge=1, le=64, description="Workers of `quire serve`.")
    listen_fd: int = Field(
        default=-1,
        description="An inherited socket to serve at; set by `quire serve` for its children.",
    )
    engine_user: str = Field(
        default="nobody",
        description="Whom the embedded engines run as when Quire is started by root.",
    )
    postgres_bin: str = Field(
        default="",
        description="Folder of `postgres` and `initdb`. Empty: the bundled ones, else PATH.",
    )
    valkey_bin: str = Field(
        default="", description="Path of `valkey-server`. Empty: the bundled one, else PATH."
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str], **chosen: Any) -> Self:
        """Take what carries our prefix and is not empty; what was chosen by hand wins.

        Raises CannotStart with one line for each mistake.
        """
        ours = {k.removeprefix(PREFIX).lower(): v for k, v in env.items() if k.startswith(PREFIX)}
        given = {name: value for name, value in ours.items() if value != ""}
        unknown = sorted(set(ours) - set(cls.model_fields))
        try:
            return cls.model_validate({**dict.fromkeys(unknown, ""), **given, **chosen})
        except ValidationError as error:
            lines = [
                cls._explain(each["loc"], each["msg"], each["type"]) for each in error.errors()
            ]
            raise CannotStart("\n".join(lines)) from None

    @classmethod
    def _explain(cls, place: tuple[int | str, ...], message: str, kind: str) -> str:
        name = str(place[0]) if place else ""
        if kind != "extra_forbidden":
            return f"{PREFIX}{name.upper()}: {message}."
        near = get_close_matches(name, cls.model_fields, n=1)
        hint = f" Did you mean {PREFIX}{near[0].upper()}?" if near else ""
        return f"{PREFIX}{name.upper()} is not a setting.{hint} docs/settings.md lists them all."

    @property
    def data_folder(self) -> Path:
        """The data folder, absolute."""
        return self.data.expanduser().absolute()


SECRET_CHARACTERS_MIN = 32


def secret_key(settings: Settings) -> str:
    """What secrets are encrypted with; made at random when this is the first start."""
    if settings.secret_key:
        if len(settings.secret_key) < SECRET_CHARACTERS_MIN:
            raise CannotStart(
                f"{PREFIX}SECRET_KEY is too short: {SECRET_CHARACTERS_MIN} characters at least. "
                "`openssl rand -base64 48` makes a good one."
            )
        return settings.secret_key
    path = settings.data_folder / "secret.key"
    if not path.exists():
        _make_secret(path)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SECRET_CHARACTERS_MIN:
        raise CannotStart(
            f"{path} is damaged. Put it back from a backup; without it, stored provider keys "
            "cannot be read."
        )
    return key


def _make_secret(path: Path) -> None:
    """Write a new key whole or not at all; of several processes at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
