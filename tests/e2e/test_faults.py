"""A small piece of `make chaos`, for every test run."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bench.world import World, running
from tests.soak.audit import audit
from tests.soak.documents import Plan, documents
from tests.soak.faults import one_round
from tests.soak.writers import two_clients

SEED = 20_26
CLIENT_ROUNDS = 25
PATIENCE_SECONDS = 45.0  # many tests share one machine; `make chaos` wants 15
FAULTS = ("web", "worker", "valkey", "postgres", "everything")

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("product")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world() -> AsyncIterator[World]:
    async with running() as world:
        yield world


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_lost_when_something_is_killed(world: World, fault: str) -> None:
    seed = SEED + FAULTS.index(fault)  # the same seed would ask the same questions
    async with asyncio.timeout(90):
        token = world.api.token
        told = await one_round(world.product, token, fault, seed, patience=PATIENCE_SECONDS)
    assert told.violations == []
    assert await audit(world.product.database_url, told.questions, None) == []


async def test_two_clients_in_one_chat_lose_nothing(world: World) -> None:
    shared = await two_clients(world.product, world.api.token, CLIENT_ROUNDS, SEED - 10)
    assert shared.violations == []
    assert await audit(world.product.database_url, shared.questions, shared) == []


async def test_files_survive_a_worker_that_is_killed(world: World) -> None:
    plan = Plan(SEED, files=10, kills=5, characters=(5_000, 30_000), questions=5, pace=0.4, work=1)
    async with asyncio.timeout(300):
        told = await documents(world, plan, own_worker=False)
    assert told.violations == []
    assert told.ends.total() == plan.files
