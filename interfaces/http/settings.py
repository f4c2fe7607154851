"""Whether newcomers may sign up, and what they may then."""

from typing import Literal

from pydantic import BaseModel, Field

from application.users import SignUpRules
from domain.users import INSTALLATION, Installation, Role
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body

router = Door("/settings", tags=["settings"])


class HouseSettings(BaseModel):
    """What holds for the whole installation."""

    signup_open: bool
    default_role: Role

    @classmethod
    def of(cls, installation: Installation) -> "HouseSettings":
        """The settings as their events tell them."""
        return cls(signup_open=installation.is_open, default_role=installation.default_role)


class SettingsChange(Body):
    """What changes; what is left out stays."""

    signup_open: bool | None = Field(default=None, strict=True)
    default_role: Literal[Role.USER, Role.PENDING] | None = None


@router.get("", responses=problems())
async def read_settings(call: AdministratorCall) -> HouseSettings:
    """Whether sign-up is open, and the role of newcomers."""
    return HouseSettings.of(await call.services.log.get(Installation, INSTALLATION))


@router.patch("", responses=problems("stale"))
async def change_settings(body: SettingsChange, call: AdministratorCall) -> HouseSettings:
    """Open or close sign-up, and choose the role of newcomers."""
    return HouseSettings.of(await call.execute(SignUpRules(body.signup_open, body.default_role)))
