"""`quire users`: look after accounts without the web UI, also when nobody can sign in."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from application.command import Command, carry_out
from application.ports import SYSTEM, Unavailable
from application.users import AddUser, ChangeUser, RecordPassword
from domain.errors import NotFound, Refusal
from domain.users import EmailClaim, Role, User, email_claim_id
from infrastructure.credentials import Credentials
from infrastructure.event_log import EventLog
from infrastructure.lines import Lines
from infrastructure.passwords import Passwords
from infrastructure.postgres import pool
from infrastructure.secrets import Vault, master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database
from interfaces.http.shapes import Email, Password

PAGE = 500
ROLES = [each.value for each in Role]


@dataclass(frozen=True, slots=True)
class House:
    """What is needed to look after accounts."""

    log: EventLog
    credentials: Credentials
    passwords: Passwords

    async def execute(self, command: Command[Any]) -> None:
        """Carry out a command in the name of the house."""
        await carry_out(command, log=self.log, actor=SYSTEM)

    async def find(self, email: str) -> User:
        """The person with an address."""
        try:
            claim = await self.log.get(EmailClaim, email_claim_id(email))
        except NotFound:
            raise CannotStart(f"Nobody has the address {email}.") from None
        return await self.log.get(User, claim.user_id)


Action = Callable[[House, argparse.Namespace], Awaitable[None]]


def register(subparsers: Any) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser("users", help="List and change people's accounts.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    parts.add_parser("list", help="show everybody").set_defaults(run=run, action=show)
    adding = parts.add_parser("add", help="open an account; the password is asked for")
    adding.add_argument("email")
    adding.add_argument("--name", default="")
    adding.add_argument("--role", choices=ROLES, default=Role.USER.value)
    adding.set_defaults(run=run, action=add)
    role = parts.add_parser("role", help="change what somebody may do")
    role.add_argument("email")
    role.add_argument("role", choices=ROLES)
    role.set_defaults(run=run, action=change_role)
    reset = parts.add_parser("reset-password", help="set another password; sessions end")
    reset.add_argument("email")
    reset.set_defaults(run=run, action=reset_password)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part; a refusal is told in its own words."""
    with with_database(settings) as found:
        try:
            asyncio.run(act(arguments, found))
        except (Refusal, Unavailable) as error:
            raise CannotStart(str(error)) from None
    return 0


async def act(arguments: argparse.Namespace, settings: Settings) -> None:
    """Open what is needed, and do it."""
    action: Action = arguments.action
    async with open_house(settings) as house:
        await action(house, arguments)


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """The log and the credentials of an installation."""
    key = master_key(settings)
    own = pool(settings.database_url, size_max=2, name="quire users")
    async with own, EventLog(settings.database_url, key, connections=own) as log:
        with closing(Passwords()) as passwords:
            yield House(log, Credentials(Lines(own), Vault(key)), passwords)


async def show(house: House, _: argparse.Namespace) -> None:
    """List everybody, from the log itself."""
    position = 0
    while page := await house.log.read(position, PAGE, types=["user.signed_up"]):
        position = page[-1].position
        for each in page:
            user = await house.log.get(User, each.stream_id)
            say(f"{user.role.value:<14} {user.email:<40} {user.name}")


async def add(house: House, arguments: argparse.Namespace) -> None:
    """Open an account."""
    email = checked(Email, arguments.email)
    user_id = uuid4()
    await house.credentials.add_password(user_id, await house.passwords.hash(asked()))
    name = arguments.name or email.partition("@")[0]
    await house.execute(AddUser(user_id, email, name, Role(arguments.role)))
    say(f"{email} can sign in now.")


async def change_role(house: House, arguments: argparse.Namespace) -> None:
    """Change what somebody may do; the last administrator stays one."""
    user = await house.find(arguments.email)
    await house.execute(ChangeUser(user.id, Role(arguments.role)))
    say(f"{user.email} is {arguments.role} now.")


async def reset_password(house: House, arguments: argparse.Namespace) -> None:
    """Set another password."""
    user = await house.find(arguments.email)
    hashed = await house.passwords.hash(asked())
    ended = await house.credentials.change_password(user.id, hashed, keep=None)
    await house.execute(RecordPassword(user.id, tuple(ended)))
    say(f"{user.email} has a new password; {len(ended)} sessions ended.")


def asked() -> str:
    """A password from the terminal, or the first line of what is piped in."""
    if sys.stdin.isatty():
        return checked(Password, getpass.getpass("Password: "))
    return checked(Password, sys.stdin.readline().rstrip("\n"))


def checked(kind: Any, text: str) -> str:
    """The text, if it is of a kind."""
    try:
        found: str = TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        raise CannotStart(error.errors()[0]["msg"]) from None
    return found


def say(line: str) -> None:
    """Show a line to whoever called us."""
    print(line)  # noqa: T201 (what a terminal shows)
