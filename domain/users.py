"""People: who they are, what they may, and how they come and go."""

from __future__ import annotations

from enum import StrEnum
from typing import Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, Forbidden, Invalid

EMAILS = UUID("6f1b2c3e-0d5a-5c1e-9a77-51a1c1a1e3a0")
INSTALLATION = UUID("0b7c5a52-6a2e-5d0b-8a4c-3f9f0e5d7b11")
NAME_CHARACTERS_MAX = 200


class Role(StrEnum):
    """What a person may do here."""

    ADMINISTRATOR = "administrator"
    USER = "user"
    PENDING = "pending"


def email_claim_id(email: str) -> UUID:
    """One stream per address, so an address belongs to one person at most."""
    return uuid5(EMAILS, email.strip().lower())


def checked_name(name: str) -> str:
    """A name as it is kept; refused when it is empty or endless."""
    name = name.strip()
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise Invalid(f"A name has 1 to {NAME_CHARACTERS_MAX} characters.")
    return name


class EmailClaim(Aggregate):
    """Says whose an e-mail address is."""

    TOPIC = "email_claim"

    class Event(Aggregate.Event):
        """Anything that happens to an address."""

    class Claimed(Event, Created):
        TOPIC = "email_claim.claimed"
        user_id: UUID

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id

    @classmethod
    def claim(cls, email: str, user_id: UUID) -> Self:
        """Give an address to a person."""
        return cls._create(cls.Claimed, id=email_claim_id(email), user_id=user_id)


class Installation(Aggregate):
    """The whole house: whether it is open, and who looks after it."""

    TOPIC = "installation"

    class Event(Aggregate.Event):
        """Anything that happens to the house."""

    class Claimed(Event, Created):
        TOPIC = "installation.claimed"
        administrator_id: UUID

    class SignUpChanged(Event):
        TOPIC = "installation.sign_up_changed"
        is_open: bool
        default_role: Role

        def apply(self, installation: Installation) -> None:
            installation.is_open = self.is_open
            installation.default_role = self.default_role

    class AdministratorAppointed(Event):
        TOPIC = "installation.administrator_appointed"
        user_id: UUID

        def apply(self, installation: Installation) -> None:
            installation.administrators.add(self.user_id)

    class AdministratorDismissed(Event):
        TOPIC = "installation.administrator_dismissed"
        user_id: UUID

        def apply(self, installation: Installation) -> None:
            installation.administrators.discard(self.user_id)

    def __init__(self, administrator_id: UUID) -> None:
        self.administrators = {administrator_id}
        self.is_open = False
        self.default_role = Role.PENDING

    @classmethod
    def claim(cls, administrator_id: UUID) -> Self:
        """The first person looks after the house, and sign-up closes behind him."""
        return cls._create(cls.Claimed, id=INSTALLATION, administrator_id=administrator_id)

    def admit(self) -> Role:
        """The role of somebody who signs up now; refused while sign-up is closed."""
        if not self.is_open:
            raise Forbidden("Sign-up is closed. Ask an administrator for an account.")
        return self.default_role

    def change_sign_up(self, *, is_open: bool, default_role: Role) -> None:
        """Open or close sign-up, and say what newcomers may."""
        if default_role == Role.ADMINISTRATOR:
            raise Invalid("Newcomers cannot be administrators.")
        if (is_open, default_role) != (self.is_open, self.default_role):
            self.trigger_event(self.SignUpChanged, is_open=is_open, default_role=default_role)

    def appoint(self, user_id: UUID) -> None:
        """Make somebody an administrator."""
        if user_id not in self.administrators:
            self.trigger_event(self.AdministratorAppointed, user_id=user_id)

    def dismiss(self, user_id: UUID) -> None:
        """Take the office back; somebody must keep it."""
        if user_id not in self.administrators:
            return
        if len(self.administrators) == 1:
            raise Conflict("The last administrator must stay one.")
        self.trigger_event(self.AdministratorDismissed, user_id=user_id)


class User(Aggregate):
    """A person with an account. Passwords and tokens are elsewhere, never in the log."""

    TOPIC = "user"

    class Event(Aggregate.Event):
        """Anything that happens to an account."""

    class SignedUp(Event, Created):
        TOPIC = "user.signed_up"
        PERSONAL = ("email", "name")
        email: str
        name: str
        role: Role

    class Renamed(Event):
        TOPIC = "user.renamed"
        PERSONAL = ("name",)
        name: str

        def apply(self, user: User) -> None:
            user.name = self.name

    class RoleChanged(Event):
        TOPIC = "user.role_changed"
        role: Role

        def apply(self, user: User) -> None:
            user.role = self.role

    class PasswordChanged(Event):
        TOPIC = "user.password_changed"

    def __init__(self, email: str, name: str, role: Role) -> None:
        self.email = email
        self.name = name
        self.role = role

    @property
    def owner_id(self) -> UUID:
        return self.id

    @classmethod
    def sign_up(cls, user_id: UUID, *, email: str, name: str, role: Role) -> Self:
        """Open an account."""
        return cls._create(
            cls.SignedUp, id=user_id, email=email.strip(), name=checked_name(name), role=role
        )

    def rename(self, name: str) -> None:
        """Go by another name."""
        if (name := checked_name(name)) != self.name:
            self.trigger_event(self.Renamed, name=name)

    def change_role(self, role: Role) -> None:
        """Let somebody do more, or less."""
        if role != self.role:
            self.trigger_event(self.RoleChanged, role=role)

    def change_password(self) -> None:
        """Record that there is a new password."""
        self.trigger_event(self.PasswordChanged)
