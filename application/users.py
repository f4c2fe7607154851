"""How people come, what they may, and how the house is opened and closed."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from domain.errors import Conflict, Forbidden
from domain.sessions import Session
from domain.users import INSTALLATION, EmailClaim, Installation, Role, User, email_claim_id


def require_administrator(work: Work) -> None:
    """Refuse what only administrators may do."""
    if not work.actor.is_administrator:
        raise Forbidden("Only administrators may do this.")


async def claim_email(work: Work, email: str, user_id: UUID) -> bool:
    """Give an address to somebody; False when he has it already."""
    claim = await work.known(EmailClaim, email_claim_id(email))
    if claim is None:
        work.add(EmailClaim.claim(email, user_id))
        return True
    if claim.user_id != user_id:
        raise Conflict("This e-mail address has an account already.")
    return False


@dataclass(frozen=True, slots=True)
class SignUp(Command[Role]):
    """Open an account for oneself; the first person becomes the administrator."""

    user_id: UUID
    email: str
    name: str

    async def execute(self, work: Work) -> Role:
        if known := await work.known(User, self.user_id):
            return known.role
        role = await self._admitted(work)
        await claim_email(work, self.email, self.user_id)
        work.add(User.sign_up(self.user_id, email=self.email, name=self.name, role=role))
        return role

    async def _admitted(self, work: Work) -> Role:
        installation = await work.find(Installation, INSTALLATION)
        if installation is None:
            work.add(Installation.claim(self.user_id))
            return Role.ADMINISTRATOR
        return installation.admit()


@dataclass(frozen=True, slots=True)
class AddUser(Command[None]):
    """Open an account for somebody else."""

    user_id: UUID
    email: str
    name: str
    role: Role

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        if not await claim_email(work, self.email, self.user_id):
            return
        user = User.sign_up(self.user_id, email=self.email, name=self.name, role=self.role)
        work.add(user)
        installation = await work.find(Installation, INSTALLATION)
        if installation is None and self.role == Role.ADMINISTRATOR:
            work.add(Installation.claim(self.user_id))
        elif installation is None:
            raise Conflict("The first account must be an administrator's.")
        elif self.role == Role.ADMINISTRATOR:
            installation.appoint(self.user_id)


@dataclass(frozen=True, slots=True)
class ChangeUser(Command[User]):
    """Change what somebody may, or what he is called; what is None stays."""

    user_id: UUID
    role: Role | None = None
    name: str | None = None

    async def execute(self, work: Work) -> User:
        require_administrator(work)
        user = await work.get(User, self.user_id)
        if self.name is not None:
            user.rename(self.name)
        if self.role is not None:
            installation = await work.get(Installation, INSTALLATION)
            if self.role == Role.ADMINISTRATOR:
                installation.appoint(user.id)
            else:
                installation.dismiss(user.id)
            user.change_role(self.role)
        return user


@dataclass(frozen=True, slots=True)
class RenameMyself(Command[User]):
    """Go by another name."""

    name: str

    async def execute(self, work: Work) -> User:
        user = await work.get(User, work.actor.id)
        user.rename(self.name)
        return user


@dataclass(frozen=True, slots=True)
class RecordPassword(Command[None]):
    """Record that somebody has a new password, and which sessions ended with the old one."""

    user_id: UUID
    ended: tuple[UUID, ...] = ()

    async def execute(self, work: Work) -> None:
        if self.user_id != work.actor.id:
            require_administrator(work)
        (await work.get(User, self.user_id)).change_password()
        for each in self.ended:
            if session := await work.find(Session, each):
                session.end("password changed")


@dataclass(frozen=True, slots=True)
class SignUpRules(Command[Installation]):
    """Open or close sign-up, and say what newcomers may; what is None stays."""

    is_open: bool | None = None
    default_role: Role | None = None

    async def execute(self, work: Work) -> Installation:
        require_administrator(work)
        installation = await work.get(Installation, INSTALLATION)
        installation.change_sign_up(
            is_open=installation.is_open if self.is_open is None else self.is_open,
            default_role=self.default_role or installation.default_role,
        )
        return installation
