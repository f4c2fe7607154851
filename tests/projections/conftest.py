"""Read models for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.projections.telling import Telling, telling


@pytest.fixture
async def told(database: str) -> AsyncIterator[Telling]:
    async with telling(database) as found:
        yield found
