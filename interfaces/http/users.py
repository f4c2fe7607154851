"""People, for those who look after the house."""

from uuid import UUID

from application.users import AddUser, ChangeUser, RecordPassword
from domain.users import Role, User
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body
from interfaces.http.paging import Page, Paging
from interfaces.http.shapes import Account, Email, Name, Password
from projections import users as projection

router = Door("/users", tags=["users"])


class NewUser(Body):
    """An account to open for somebody."""

    email: Email
    name: Name
    password: Password
    role: Role = Role.USER


class UserChange(Body):
    """What changes; what is left out stays."""

    role: Role | None = None
    name: Name | None = None


class GivenNewPassword(Body):
    """A password for somebody else."""

    new_password: Password


@router.get("", responses=problems("projection_lagging"))
async def list_users(call: AdministratorCall, paging: Paging) -> Page[Account]:
    """Everybody, oldest first."""
    place = paging.place()
    async with call.read(projection.users) as db:
        rows = await projection.page(db, limit=paging.more, after=place)
    return paging.page(rows, shown, lambda row: (row.created_at, row.id))


@router.post("", status_code=201, responses=problems("conflict"))
async def add_user(body: NewUser, call: AdministratorCall) -> Account:
    """Open an account for somebody."""
    user_id = call.new_id("user")
    hashed = await call.services.passwords.hash(body.password)
    await call.services.credentials.add_password(user_id, hashed)
    await call.execute(AddUser(user_id, body.email, body.name, body.role))
    return Account.of(await call.services.log.get(User, user_id))


@router.patch("/{user_id}", responses=problems("not_found", "conflict"))
async def change_user(user_id: UUID, body: UserChange, call: AdministratorCall) -> Account:
    """Change what somebody may or is called; the last administrator stays one."""
    user = await call.execute(ChangeUser(user_id, body.role, body.name))
    call.services.access.forget(user_id)
    return Account.of(user)


@router.post("/{user_id}/password", status_code=204, responses=problems("not_found", "stale"))
async def reset_password(user_id: UUID, body: GivenNewPassword, call: AdministratorCall) -> None:
    """Set somebody's password; all his sessions end."""
    await call.services.log.get(User, user_id)
    hashed = await call.services.passwords.hash(body.new_password)
    keep = call.identity.session_id if user_id == call.actor.id else None
    ended = await call.services.credentials.change_password(user_id, hashed, keep=keep)
    call.services.access.forget(user_id)
    await call.execute(RecordPassword(user_id, tuple(ended)))


def shown(row: projection.UserRow) -> Account:
    """A row of the list."""
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
    )
