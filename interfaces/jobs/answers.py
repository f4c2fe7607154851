"""The actors of what follows answers. A message only wakes; what is due is in the database."""

from collections.abc import Callable

import dramatiq
from dramatiq import Broker


def register(broker: Broker, *, wake_chores: Callable[[], None]) -> None:
    """Declare this module's actors on a broker; there is no global one."""

    @dramatiq.actor(broker=broker, queue_name="default")
    def do_chores() -> None:
        """Do what is due, such as finding titles. Running it again does no harm."""
        wake_chores()
