"""What is shown of people, their sessions and keys, and of connections."""

from uuid import UUID, uuid4

import pytest

from domain.connections import Connection
from domain.errors import NotFound
from domain.sessions import ApiKey, Session
from domain.users import Installation, Role, User
from projections import connections, sessions, users
from tests.projections.telling import Telling

ANA = UUID(int=10)


async def test_everybody_is_listed_oldest_first(told: Telling) -> None:
    names = ["Ana", "Ben", "Cleo"]
    people = [
        User.sign_up(uuid4(), email=f"{each}@example.org", name=each, role=Role.USER)
        for each in names
    ]
    await told.tell(*people)
    page = await users.page(told.db, limit=2)
    assert [each.name for each in page] == ["Ana", "Ben"]
    rest = await users.page(told.db, after=(page[-1].created_at, page[-1].id))
    assert [each.name for each in rest] == ["Cleo"]
    people[0].rename("Anna")
    people[0].change_role(Role.ADMINISTRATOR)
    await told.tell(people[0])
    row = await users.user(told.db, people[0].id)
    assert (row.name, row.role, row.email) == ("Anna", "administrator", "Ana@example.org")
    with pytest.raises(NotFound):
        await users.user(told.db, uuid4())


async def test_the_house_is_closed_until_it_is_opened(told: Telling) -> None:
    house = await users.installation(told.db)
    assert (house.claimed, house.signup_open, house.default_role) == (False, False, "pending")
    claimed = Installation.claim(ANA)
    claimed.change_sign_up(is_open=True, default_role=Role.USER)
    await told.tell(claimed)
    house = await users.installation(told.db)
    assert (house.claimed, house.signup_open, house.default_role) == (True, True, "user")


async def test_sessions_and_keys_are_listed_while_they_count(told: Telling) -> None:
    found = [
        Session.start(uuid4(), user_id=ANA, address="::1", user_agent=f"browser {n}")
        for n in range(3)
    ]
    key = ApiKey.create(uuid4(), user_id=ANA, name="script", prefix="sk-quire-ab")
    await told.tell(*found, key)
    page = await sessions.sessions_of(told.db, ANA, limit=2)
    assert [each.user_agent for each in page] == ["browser 2", "browser 1"]
    last = (page[-1].created_at, page[-1].id)
    rest = await sessions.sessions_of(told.db, ANA, before=last)
    assert [each.user_agent for each in rest] == ["browser 0"]
    assert [each.name for each in await sessions.api_keys_of(told.db, ANA)] == ["script"]
    found[0].end("sign-out")
    key.revoke(by=ANA)
    await told.tell(found[0], key)
    assert len(await sessions.sessions_of(told.db, ANA)) == 2
    assert await sessions.api_keys_of(told.db, ANA) == []


async def test_connections_are_shown_without_their_keys(told: Telling) -> None:
    server = Connection.add(uuid4(), kind="openai", base_url="http://one.example/v1")
    server.change(base_url="http://two.example/v1", prefix="two.", models=["m1"])
    server.change_secrets(has_key=True, header_names=["X-Org"])
    await told.tell(server)
    row = await connections.connection(told.db, server.id)
    assert (row.base_url, row.prefix, row.models) == ("http://two.example/v1", "two.", ["m1"])
    assert (row.has_key, row.header_names) == (True, ["X-Org"])
    assert await connections.all_connections(told.db) == [row]
    server.remove()
    await told.tell(server)
    with pytest.raises(NotFound):
        await connections.connection(told.db, server.id)
