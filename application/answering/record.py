"""Puts what an attempt did into the log, also when the log is away for a while."""

import asyncio
from time import monotonic
from typing import TypeVar
from uuid import UUID, uuid4

from application.command import Command, carry_out
from application.ports import SYSTEM, Log, Stale, Unavailable

R = TypeVar("R")

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 0.25
PAUSE_SECONDS_MAX = 2.0


async def record(log: Log, command: Command[R], *, patience: float = PATIENCE_SECONDS) -> R:
    """Carry out a command of the house; try again while the log is away, but not for ever.

    Raises Unavailable when patience is over, and every Refusal at once. The command id stays
    the same, so what was recorded already is not recorded again.
    """
    command_id: UUID = uuid4()
    deadline = monotonic() + patience
    pause = PAUSE_SECONDS
    while True:
        try:
            receipt = await carry_out(command, log=log, actor=SYSTEM, command_id=command_id)
        except (Unavailable, Stale) as error:
            if monotonic() + pause > deadline:
                raise Unavailable("The log is away for too long.") from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
        else:
            return receipt.result
