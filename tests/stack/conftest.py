"""Real MariaDB and Redis servers for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal

import pytest
from redis.asyncio import Redis
from sqlalchemy.engine import make_url

from storage.db import Database
from storage.engines import PoolSize, open_database
from storage.migrate import migrate
from storage.queue import Queue, open_queue
from tests.stacks import TestStack, stack_up
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId
from zwai.records.stock import (
    Batch,
    BatchId,
    BatchState,
    ExpiryDate,
    ExpirySource,
    Kind,
    LabelKind,
    Place,
    Quantity,
    Unit,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/stack/" in str(item.path):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStack]:
    with stack_up(tmp_path_factory.mktemp("stack"), "primary", "replica", "redis", "queue") as it:
        yield it


@pytest.fixture(scope="session")
async def urls(stack: TestStack) -> tuple[str, str]:
    """A migrated database on the primary, and the same on its replica."""
    primary = make_url(stack.secret("DATABASE_URL"))
    replica = make_url(stack.secret("DATABASE_REPLICA_URLS"))
    stack.sql("primary", "CREATE DATABASE IF NOT EXISTS zwai_tests")
    named = [url.set(database="zwai_tests").render_as_string(hide_password=False) for url in (primary, replica)]
    await migrate(named[0])
    return named[0], named[1]


@asynccontextmanager
async def opened(primary: str, *replicas: str, connections: int = 10, wait_s: float = 2.0) -> AsyncIterator[Database]:
    database = open_database(primary, replicas, PoolSize(connections, wait_s))
    try:
        async with database.watched():
            yield database
    finally:
        await database.close()


@pytest.fixture
async def database(urls: tuple[str, str]) -> AsyncIterator[Database]:
    async with opened(urls[0]) as it:
        yield it


@pytest.fixture
def queue_url(stack: TestStack) -> str:
    return stack.settings["ZWAI_QUEUE_URL"]


@pytest.fixture
async def redis(queue_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(queue_url) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
async def queue(queue_url: str, redis: Redis) -> AsyncIterator[Queue]:
    async with open_queue(queue_url) as queue:
        yield queue


def a_batch(household: HouseholdId, label: str, added_at: datetime) -> Batch:
    expiry = ExpiryDate(date(2026, 7, 9), ExpirySource.TABLE, "a row", None, None)
    return Batch(
        id=BatchId(new_id(added_at)),
        household=household,
        kind=Kind.INGREDIENT,
        label=label,
        label_key=label,
        food=None,
        quantity=Quantity(Decimal("1.5"), Unit.KG),
        place=Place.PANTRY,
        state=BatchState.AVAILABLE,
        label_kind=LabelKind.BEST_BEFORE,
        expiry=expiry,
        added_at=added_at,
        tips="",
        photo=None,
        dish=None,
    )
