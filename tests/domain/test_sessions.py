"""Sessions and API keys decide."""

from uuid import UUID

import pytest

from domain.errors import Invalid, NotFound
from domain.sessions import ApiKey, Session
from tests.scenario import KEY, fact, given, news

ANA, BEN = UUID(int=10), UUID(int=11)

STARTED = fact(Session.Started, user_id=ANA, address="192.0.2.1", user_agent="Browser")
CREATED = fact(ApiKey.Created, user_id=ANA, name="notebook", prefix="sk-quire-ab12")


def test_a_session_starts_and_ends_once() -> None:
    session = Session.start(KEY, **STARTED.details)
    session.end("signed out")
    session.end("again")
    assert news(session) == [STARTED, fact(Session.Ended, reason="signed out")]
    assert (given(Session, STARTED).is_closed, session.is_closed) == (False, True)
    assert session.owner_id == ANA


def test_a_key_is_made_and_revoked_once() -> None:
    key = ApiKey.create(KEY, **CREATED.details)
    key.revoke(by=ANA)
    key.revoke(by=ANA)
    assert news(key) == [CREATED, fact(ApiKey.Revoked)]
    assert (given(ApiKey, CREATED).is_closed, key.is_closed) == (False, True)
    assert key.owner_id == ANA


def test_a_key_has_a_name() -> None:
    with pytest.raises(Invalid):
        ApiKey.create(KEY, user_id=ANA, name=" ", prefix="sk-quire-ab12")


def test_others_do_not_know_that_a_key_exists() -> None:
    key = given(ApiKey, CREATED)
    with pytest.raises(NotFound):
        key.revoke(by=BEN)
    assert news(key) == []
