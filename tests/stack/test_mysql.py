"""Units of work on a real MariaDB: cancelled, exhausted, deadlocked, and read from a replica."""

import asyncio
import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import literal, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from storage import people
from storage.db import Database
from storage.migrate import current, migrate, newest
from storage.schema import households
from tests.stack.conftest import opened
from tests.stacks import TestStack
from zwai.errors import DatabaseDown, TransactionLost
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


async def add_household(database: Database) -> HouseholdId:
    household = HouseholdId(new_id(datetime.now(UTC)))
    async with database.write() as tx:
        await people.add_household(tx, household, "America/Lima", NOW)
    return household


async def test_no_request_reads_anothers_rows_when_half_of_them_are_cancelled(database: Database) -> None:
    chance = random.Random(7)
    wrong = []

    async def ask(number: int) -> None:
        async with database.read() as tx:
            answer = await tx.all(select(literal(number), literal("x" * (number % 3000))))
            if [tuple(row) for row in answer] != [(number, "x" * (number % 3000))]:
                wrong.append((number, answer))

    async def cut_off(number: int) -> None:
        task = asyncio.create_task(ask(number))
        await asyncio.sleep(chance.random() * 0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    whole = 0
    for start in range(0, 1000, 50):
        jobs = [cut_off(n) if chance.random() < 0.5 else ask(n) for n in range(start, start + 50)]
        done = await asyncio.gather(*jobs, return_exceptions=True)
        whole += sum(result is None for result in done)
    assert not wrong
    assert whole > 900
    await ask(1)


async def test_a_cancelled_write_leaves_nothing(database: Database) -> None:
    household = await add_household(database)

    async def write() -> None:
        async with database.write(household):
            await asyncio.sleep(5)

    task = asyncio.create_task(write())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.read(household) as tx:
        assert tx.version == 0
    async with database.write(household) as tx:
        assert tx.version == 1


async def test_a_full_pool_is_a_quick_refusal_and_not_a_hang(urls: tuple[str, str]) -> None:
    async with opened(urls[0], connections=1, wait_s=0.2) as database, database.read():
        with pytest.raises(DatabaseDown) as refusal:
            async with asyncio.timeout(2), database.read() as tx:
                await tx.scalar(select(1))
    assert refusal.value.fields["retry_after"]


async def test_twenty_writers_of_one_household_stand_in_line(database: Database) -> None:
    household = await add_household(database)

    async def write() -> None:
        async with database.write(household) as tx:
            version = tx.version
            await asyncio.sleep(0.005)
            assert await tx.scalar(select(households.c.version).where(households.c.id == household)) == version

    await asyncio.gather(*(write() for _ in range(20)))
    async with database.read(household) as tx:
        assert tx.version == 20


async def test_a_deadlock_says_that_the_transaction_may_be_started_over(database: Database) -> None:
    first, second = await add_household(database), await add_household(database)
    met = asyncio.Barrier(2)

    async def cross(one: HouseholdId, other: HouseholdId) -> None:
        async with database.write(one) as tx:
            await met.wait()
            await tx.execute(update(households).where(households.c.id == other).values(time_zone="UTC"))

    outcomes = await asyncio.gather(cross(first, second), cross(second, first), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "TransactionLost"]
    assert any(isinstance(outcome, TransactionLost) for outcome in outcomes)


async def test_a_replica_is_read_once_it_has_what_is_asked_for(urls: tuple[str, str], stack: TestStack) -> None:
    async with opened(*urls) as database:
        household = await add_household(database)
        await until_well(database, 1)
        await until_replicated(urls[1], household)
        assert await read_only(database, household, at_least=0)
        stack.sql("replica", "STOP REPLICA SQL_THREAD")
        try:
            async with database.write(household):
                pass
            async with database.read_replica(household, at_least=1) as tx:
                assert tx.version == 1  # from the primary: the replica has not heard of it
            await until_well(database, 0)
        finally:
            stack.sql("replica", "START REPLICA SQL_THREAD")
        await until_well(database, 1)


async def test_several_processes_may_migrate_at_once(urls: tuple[str, str], stack: TestStack) -> None:
    stack.sql("primary", "CREATE DATABASE zwai_at_once")
    url = urls[0].replace("zwai_tests", "zwai_at_once")
    await asyncio.gather(*(migrate(url) for _ in range(3)))
    assert await current(url) == newest()


async def until_well(database: Database, replicas: int) -> None:
    async with asyncio.timeout(20):
        while (await database.ping())["replicas_well"] != replicas:
            await asyncio.sleep(0.1)


async def until_replicated(url: str, household: HouseholdId) -> None:
    engine = create_async_engine(url)
    async with asyncio.timeout(20), engine.connect() as connection:
        while not (await connection.execute(select(households.c.id).where(households.c.id == household))).first():
            await connection.rollback()
            await asyncio.sleep(0.05)
    await engine.dispose()


async def read_only(database: Database, household: HouseholdId, at_least: int) -> bool:
    async with database.read_replica(household, at_least) as tx:
        return bool(await tx.scalar(text("SELECT @@read_only")))
