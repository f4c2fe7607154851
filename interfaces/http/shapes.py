"""How people and their credentials are shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from domain.users import Role, User
from interfaces.http.fields import Body, Line, When

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 256
EMAIL_CHARACTERS_MAX = 254
LOCAL_CHARACTERS_MAX = 64
FORBIDDEN = set('<>()[]\\,;:"')

USER: dict[str, JsonValue] = {
    "id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e21",
    "email": "ana@example.org",
    "name": "Ana",
    "role": "user",
    "created_at": "2026-01-31T12:00:00.000Z",
}


def _email(text: str) -> str:
    text = text.strip()
    local, at, host = text.rpartition("@")
    odd = any(not each.isprintable() or each.isspace() or each in FORBIDDEN for each in text)
    hosts = host.split(".")
    if not at or odd or not local or "@" in local or not all(hosts):
        raise ValueError("must be an e-mail address")
    if len(local) > LOCAL_CHARACTERS_MAX or any(each.strip("-") != each for each in hosts):
        raise ValueError("must be an e-mail address")
    return text


Email = Annotated[
    str,
    Field(min_length=3, max_length=EMAIL_CHARACTERS_MAX, json_schema_extra={"format": "email"}),
    AfterValidator(_email),
]
Password = Annotated[
    str, Field(min_length=PASSWORD_CHARACTERS_MIN, max_length=PASSWORD_CHARACTERS_MAX)
]
GivenPassword = Annotated[str, Field(max_length=PASSWORD_CHARACTERS_MAX)]
Name = Annotated[Line, Field(min_length=1, max_length=200)]


class Account(BaseModel):
    """A person as others see him."""

    model_config = ConfigDict(json_schema_extra={"example": USER})

    id: UUID
    email: str
    name: str
    role: Role
    created_at: When

    @classmethod
    def of(cls, user: User) -> "Account":
        """The account as its events tell it."""
        created: datetime = user.created_on
        return cls(id=user.id, email=user.email, name=user.name, role=user.role, created_at=created)


class NewAccount(Body):
    """An account to open for oneself."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "email": "ana@example.org",
                "password": "correct horse battery",
                "name": "Ana",
            }
        }
    )

    email: Email
    password: Password
    name: Name
