"""What a web process does by itself: the first administrator, and tidying up."""

import asyncio
import logging
from uuid import uuid5

import psycopg

from application.ports import SYSTEM, Stale, Unavailable
from application.users import AddUser
from domain.errors import Conflict, NotFound
from domain.users import INSTALLATION, Installation, Role, email_claim_id
from infrastructure.settings import CannotStart
from interfaces.http.shapes import PASSWORD_CHARACTERS_MIN
from interfaces.services import Services

TIDY_SECONDS = 3600.0

logger = logging.getLogger("quire.web")


async def ensure_administrator(services: Services) -> None:
    """Make the administrator of the settings, when nobody is there yet."""
    settings = services.settings
    if not settings.admin_email:
        return
    try:
        await services.log.get(Installation, INSTALLATION)
    except NotFound:
        await make_administrator(services)


async def make_administrator(services: Services) -> None:
    """Open the first account. Of several processes at once, one does."""
    settings = services.settings
    if len(settings.admin_password) < PASSWORD_CHARACTERS_MIN:
        raise CannotStart(
            f"QUIRE_ADMIN_PASSWORD needs at least {PASSWORD_CHARACTERS_MIN} characters."
        )
    user_id = uuid5(email_claim_id(settings.admin_email), "first administrator")
    hashed = await services.passwords.hash(settings.admin_password)
    await services.credentials.add_password(user_id, hashed)
    command = AddUser(
        user_id, settings.admin_email.strip(), settings.admin_name, Role.ADMINISTRATOR
    )
    try:
        await services.execute(command, SYSTEM)
    except (Conflict, Stale):
        logger.info("another process made the first administrator")


async def tidy_often(services: Services) -> None:
    """Drop what is past, from time to time."""
    while True:
        try:
            await services.credentials.tidy()
            await services.attempts.tidy()
        except (Unavailable, psycopg.Error) as error:
            logger.warning("tidying up: %s", error)
        await asyncio.sleep(TIDY_SECONDS)
