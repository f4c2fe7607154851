"""Users: everybody with an account, and the settings of the house."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from domain.users import Installation, User
from projections.read_model import Db, ReadModel, Writes, clean

users = ReadModel(
    "users",
    version=1,
    tables="""
        create table users (
            id         uuid        primary key,
            email      text        not null,
            name       text        not null,
            role       text        not null,
            created_at timestamptz not null
        );
        create index on users (created_at, id);
        create table installation (
            claimed      boolean not null,
            signup_open  boolean not null,
            default_role text    not null
        );
        insert into installation values (false, false, 'pending');
    """,
)


@users.on(User.SignedUp)
def on_signed_up(event: User.SignedUp, db: Writes) -> None:
    """List a new person."""
    db.execute(
        """
        insert into users (id, email, name, role, created_at)
        values (%(id)s, %(email)s, %(name)s, %(role)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "email": clean(event.email),
            "name": clean(event.name),
            "role": event.role.value,
            "at": event.timestamp,
        },
    )


@users.on(User.Renamed)
def on_renamed(event: User.Renamed, db: Writes) -> None:
    """Keep the new name."""
    db.execute(
        "update users set name = %(name)s where id = %(id)s",
        {"id": event.originator_id, "name": clean(event.name)},
    )


@users.on(User.RoleChanged)
def on_role_changed(event: User.RoleChanged, db: Writes) -> None:
    """Keep the new role."""
    db.execute(
        "update users set role = %(role)s where id = %(id)s",
        {"id": event.originator_id, "role": event.role.value},
    )


@users.on(Installation.Claimed)
def on_claimed(_: Installation.Claimed, db: Writes) -> None:
    """Note that somebody looks after the house."""
    db.execute("update installation set claimed = true", {})


@users.on(Installation.SignUpChanged)
def on_sign_up_changed(event: Installation.SignUpChanged, db: Writes) -> None:
    """Keep whether newcomers are welcome."""
    db.execute(
        "update installation set signup_open = %(is_open)s, default_role = %(role)s",
        {"is_open": event.is_open, "role": event.default_role.value},
    )


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person as others see him."""

    id: UUID
    email: str
    name: str
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InstallationRow:
    """Whether the house is looked after, and open."""

    claimed: bool
    signup_open: bool
    default_role: str


async def user(db: Db, user_id: UUID) -> UserRow:
    """One person, or NotFound."""
    await db.execute("select * from users where id = %s", [user_id])
    row = await db.fetchone()
    if row is None:
        raise NotFound("user", user_id)
    return UserRow(**row)


async def found(db: Db, ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """Those of these people who are there."""
    await db.execute("select * from users where id = any(%s)", [list(ids)])
    return {row["id"]: UserRow(**row) for row in await db.fetchall()}


async def page(
    db: Db, *, limit: int = 50, after: tuple[datetime, UUID] | None = None
) -> list[UserRow]:
    """Everybody, oldest first, after (created_at, id) of the last one seen."""
    where, params = "", dict[str, Any](limit=limit)
    if after:
        where = "where (created_at, id) > (%(at)s, %(id)s)"
        params |= {"at": after[0], "id": after[1]}
    await db.execute(f"select * from users {where} order by created_at, id limit %(limit)s", params)  # noqa: S608
    return [UserRow(**row) for row in await db.fetchall()]


async def installation(db: Db) -> InstallationRow:
    """The settings of the house."""
    await db.execute("select * from installation")
    row = await db.fetchone()
    assert row is not None
    return InstallationRow(**row)
