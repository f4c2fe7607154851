"""People and the house decide."""

from uuid import UUID

import pytest

from domain.errors import Conflict, Forbidden, Invalid
from domain.users import INSTALLATION, EmailClaim, Installation, Role, User, email_claim_id
from tests.scenario import KEY, fact, given, memory, news, retold

ANA, BEN = UUID(int=10), UUID(int=11)

CLAIMED = fact(Installation.Claimed, administrator_id=ANA)
OPENED = fact(Installation.SignUpChanged, is_open=True, default_role=Role.USER)
BEN_TOO = fact(Installation.AdministratorAppointed, user_id=BEN)
SIGNED_UP = fact(User.SignedUp, email="ana@example.org", name="Ana", role=Role.USER)


def test_an_address_has_one_stream_however_it_is_written() -> None:
    assert email_claim_id(" Ana@Example.org ") == email_claim_id("ana@example.org")
    claim = EmailClaim.claim("ana@example.org", ANA)
    assert news(claim) == [fact(EmailClaim.Claimed, user_id=ANA)]
    assert (claim.owner_id, claim.is_closed, claim.root_id) == (None, False, claim.id)


def test_sign_up_closes_behind_the_first() -> None:
    installation = Installation.claim(ANA)
    assert installation.id == INSTALLATION
    assert installation.administrators == {ANA}
    with pytest.raises(Forbidden):
        installation.admit()


def test_sign_up_can_be_opened() -> None:
    installation = given(Installation, CLAIMED)
    for _ in range(2):
        installation.change_sign_up(is_open=True, default_role=Role.USER)
    assert news(installation) == [OPENED]
    assert installation.admit() == Role.USER


def test_newcomers_are_never_administrators() -> None:
    with pytest.raises(Invalid):
        given(Installation, CLAIMED).change_sign_up(is_open=True, default_role=Role.ADMINISTRATOR)


def test_administrators_come_and_go_but_one_stays() -> None:
    installation = given(Installation, CLAIMED)
    installation.dismiss(BEN)
    with pytest.raises(Conflict):
        installation.dismiss(ANA)
    installation.appoint(BEN)
    installation.appoint(BEN)
    installation.dismiss(ANA)
    assert news(installation) == [
        BEN_TOO,
        fact(Installation.AdministratorDismissed, user_id=ANA),
    ]
    assert installation.administrators == {BEN}


def test_an_account_is_opened_tidily() -> None:
    user = User.sign_up(KEY, email=" ana@example.org ", name=" Ana ", role=Role.USER)
    assert news(user) == [SIGNED_UP]
    assert user.owner_id == KEY


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_is_short_but_not_empty(name: str) -> None:
    with pytest.raises(Invalid):
        User.sign_up(KEY, email="ana@example.org", name=name, role=Role.USER)
    with pytest.raises(Invalid):
        given(User, SIGNED_UP).rename(name)


def test_people_change() -> None:
    user = given(User, SIGNED_UP)
    for _ in range(2):
        user.rename("Ana B.")
        user.change_role(Role.PENDING)
    user.change_password()
    assert news(user) == [
        fact(User.Renamed, name="Ana B."),
        fact(User.RoleChanged, role=Role.PENDING),
        fact(User.PasswordChanged),
    ]


def test_the_past_alone_explains_the_present() -> None:
    installation = Installation.claim(ANA)
    installation.appoint(BEN)
    installation.dismiss(ANA)
    installation.change_sign_up(is_open=True, default_role=Role.USER)
    assert memory(retold(installation)) == memory(installation)
