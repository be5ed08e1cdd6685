"""Units of work on a real MariaDB: cancelled, exhausted, deadlocked, and read from a replica."""

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import literal, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from handlers.answer import Answer
from handlers.replay import KeyedRequest, Replayed
from storage import batches, people, replays
from storage.db import Database, Once
from storage.migrate import current, migrate, newest
from storage.schema import households
from tests.stack.conftest import a_batch, opened
from tests.stacks import TestStack
from zwai.errors import Conflict, DatabaseDown, KeyReused, RequestInFlight, TransactionLost
from zwai.kitchen import accounts
from zwai.kitchen.accounts import NewAccount, Refusal, SignedIn
from zwai.kitchen.inventory import with_own_moments
from zwai.kitchen.tokens import TokenKeys, TokenPair
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId, Language

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KEYS = TokenKeys("k" * 32)


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


@pytest.mark.parametrize(("alone", "connections"), [(False, 10), (True, 10), (True, 60)])
async def test_no_household_gets_anothers_list_when_half_of_them_are_cancelled(
    urls: tuple[str, str], alone: bool, connections: int
) -> None:
    """Lists go past SQLAlchemy, straight to the driver; with a connection for each, past its units of work too."""
    async with opened(urls[0], connections=connections) as database:
        await ask_for_lists_and_cancel_half(database, alone=alone)
        assert [one.in_use for one in database.connections()] == [0]


async def ask_for_lists_and_cancel_half(database: Database, *, alone: bool) -> None:
    chance = random.Random(7)
    homes = [await add_household(database) for _ in range(8)]
    for number, household in enumerate(homes):
        async with database.write(household) as tx:
            await batches.add(tx, [a_batch(household, f"food {one}", NOW) for one in range(20 * number)])
    wrong = []

    async def ask(number: int) -> None:
        reading = contextlib.nullcontext(Once(database, homes[number])) if alone else database.read(homes[number])
        async with reading as tx:
            held = await batches.page(tx, homes[number])
            if len(held) != 20 * number or {batch.household for batch in held} - {homes[number]} or tx.version != 1:
                wrong.append((number, tx.version, held))

    async def cut_off(number: int) -> None:
        task = asyncio.create_task(ask(number))
        await asyncio.sleep(chance.random() * 0.02)
        task.cancel()
        for _ in range(chance.randrange(3)):  # and again, while its connection is being given up
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(20):
        turns = [n % 8 for n in range(50)]
        jobs = [cut_off(n) if chance.random() < 0.5 else ask(n) for n in turns]
        failed = [one for one in await asyncio.gather(*jobs, return_exceptions=True) if one is not None]
        assert not failed
    assert not wrong


async def test_a_list_that_is_prepared_already_outlives_a_change_of_its_table(
    stack: TestStack, urls: tuple[str, str]
) -> None:
    async with opened(urls[0], connections=1) as database:
        household = await add_household(database)
        async with database.write(household) as tx:
            await batches.add(tx, [a_batch(household, f"food {one}", NOW) for one in range(3)])
        for change in ("", "ADD COLUMN later INT NULL AFTER id", "MODIFY later VARCHAR(9) NULL", "DROP COLUMN later"):
            if change:
                stack.sql("primary", f"ALTER TABLE zwai_tests.batches {change}")
            async with database.read(household) as tx:
                assert [one.label for one in await batches.page(tx, household)] == ["food 0", "food 1", "food 2"]


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


async def test_a_replica_that_stops_is_left_out_and_comes_back(
    urls: tuple[str, str], stack: TestStack, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(*urls) as database:
        household = await add_household(database)
        await until_well(database, 1)
        stack.run("stop", "replica")
        try:
            for _ in range(20):
                began = time.monotonic()
                assert not await read_only(database, household, at_least=0)
                assert time.monotonic() - began < 1
            await until_well(database, 0)
        finally:
            stack.run("start", "replica")
        await until_well(database, 1)
        assert await read_only(database, household, at_least=0)
    lines = [record.message for record in caplog.records if record.name == "zwai.database"]
    assert len(lines) <= 3  # a new replica follows for a moment before it is up to date


async def test_a_frozen_replica_costs_a_second_at_most(urls: tuple[str, str], stack: TestStack) -> None:
    async with opened(*urls) as database:
        household = await add_household(database)
        await until_well(database, 1)
        await until_replicated(urls[1], household)
        with stack.frozen("replica"):
            began = time.monotonic()
            reads = await asyncio.gather(*(read_only(database, household, at_least=0) for _ in range(10)))
            assert not any(reads)
            assert time.monotonic() - began < 2.5
            await until_well(database, 0)
            assert not await read_only(database, household, at_least=0)
        await until_well(database, 1)


async def test_a_stopped_primary_refuses_at_once_and_is_found_again(
    urls: tuple[str, str], stack: TestStack, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(urls[0]) as database:
        household = await add_household(database)
        acknowledged = 0
        stack.run("stop", "primary")
        try:
            for _ in range(20):
                began = time.monotonic()
                with pytest.raises(DatabaseDown):
                    async with database.write(household):
                        raise AssertionError
                with pytest.raises(DatabaseDown):
                    await database.ping()
                assert time.monotonic() - began < 0.5
        finally:
            stack.run("start", "primary")
        async with asyncio.timeout(5):
            while acknowledged == 0:
                with contextlib.suppress(DatabaseDown, TransactionLost):
                    async with database.write(household):
                        pass
                    acknowledged = 1
        await asyncio.sleep(1.1)
        async with database.read(household) as tx:
            assert tx.version == acknowledged
    lines = [record.message.split(":")[0] for record in caplog.records if record.name == "zwai.database"]
    assert lines == ["database does not answer", "database answers again"]


async def test_no_acknowledged_write_is_lost_when_the_primary_is_killed(
    urls: tuple[str, str], stack: TestStack
) -> None:
    async with opened(urls[0]) as database:
        household = await add_household(database)
        acknowledged, over = 0, False

        async def write() -> None:
            nonlocal acknowledged
            while not over:
                try:
                    async with database.write(household) as tx:
                        version = tx.version
                except (DatabaseDown, TransactionLost):
                    await asyncio.sleep(0.05)
                else:
                    assert version is not None
                    acknowledged = max(acknowledged, version)

        writers = [asyncio.create_task(write()) for _ in range(5)]
        await asyncio.sleep(1)
        os.kill(int(str(stack.parts["primary"]["pid"])), signal.SIGKILL)
        before = acknowledged
        await asyncio.to_thread(stack.run, "start", "primary")
        async with asyncio.timeout(10):
            while acknowledged <= before:
                await asyncio.sleep(0.05)
        over = True
        await asyncio.gather(*writers)
        async with database.read(household) as tx:
            assert tx.version is not None
            assert tx.version >= acknowledged > before > 0


async def test_a_killed_connection_is_started_over(urls: tuple[str, str], stack: TestStack) -> None:
    async with opened(urls[0], connections=1) as database:
        household = await add_household(database)
        with pytest.raises(TransactionLost):
            async with database.write(household) as tx:
                stack.sql("primary", f"KILL {await tx.scalar(text('SELECT CONNECTION_ID()'))}")
                await tx.scalar(select(1))
        async with database.write(household) as tx:
            assert tx.version == 1
            idle = await tx.scalar(text("SELECT CONNECTION_ID()"))
        stack.sql("primary", f"KILL {idle}")
        async with database.write(household) as tx:
            assert tx.version == 2


async def test_connections_that_were_lost_while_they_rested_are_not_noticed(
    urls: tuple[str, str], stack: TestStack
) -> None:
    async with opened(urls[0], connections=3) as database:
        household = await add_household(database)

        async def rested() -> None:
            """All of the pool's connections are open, and the server has closed them."""
            async with database.read() as one, database.read() as two, database.read() as three:
                numbers = [await tx.scalar(text("SELECT CONNECTION_ID()")) for tx in (one, two, three)]
            for number in numbers:
                stack.sql("primary", f"KILL {number}")

        await rested()
        async with database.read(household) as tx:
            assert await batches.page(tx, household) == []
        await rested()
        async with database.read() as tx:
            assert await tx.scalar(select(1)) == 1
        await rested()
        async with database.write(household) as write:
            await batches.add(write, [a_batch(household, "acelga", NOW)])
        await rested()
        async with database.write() as write:
            await write.scalar(select(1))


async def test_a_read_sees_what_was_committed_since_the_last_one_on_its_connection(urls: tuple[str, str]) -> None:
    async with opened(urls[0], connections=1) as database, opened(urls[0]) as other:
        household = await add_household(database)
        for number in range(3):
            async with database.read(household) as tx:
                assert tx.version == number
                assert len(await batches.page(tx, household)) == number
            async with other.write(household) as write:
                await batches.add(write, [a_batch(household, f"food {number}", NOW)])


async def test_a_read_only_server_refuses_writes_and_serves_reads(urls: tuple[str, str]) -> None:
    async with opened(urls[1]) as replica:
        with pytest.raises(DatabaseDown):
            await add_household(replica)
        await replica.ping()


async def test_one_key_asked_twenty_times_at_once_has_one_claim(database: Database) -> None:
    for number in range(10):
        key = hashlib.sha256(f"{number} {new_id(NOW)}".encode()).hexdigest()
        requests = [KeyedRequest(database, set(), HouseholdId("1"), key, 10, NOW) for _ in range(20)]
        outcomes = await asyncio.gather(*(request.claim("f") for request in requests), return_exceptions=True)
        kinds = sorted(type(outcome).__name__ for outcome in outcomes)
        assert kinds == ["NoneType"] + ["RequestInFlight"] * 19
        (winner,) = [request for request, outcome in zip(requests, outcomes, strict=True) if outcome is None]
        await winner.settle(Answer(201, b"{}"))
        late = [KeyedRequest(database, set(), HouseholdId("1"), key, 10, NOW).claim("f") for _ in range(20)]
        replayed = await asyncio.gather(*late, return_exceptions=True)
        assert all(isinstance(one, Replayed) and one.answer.body == b"{}" for one in replayed)
        other = await asyncio.gather(requests[0].claim("another body"), return_exceptions=True)
        assert isinstance(other[0], KeyReused)


async def test_requests_of_different_keys_do_not_stop_each_other(database: Database) -> None:
    keys = [hashlib.sha256(f"{number} {new_id(NOW)}".encode()).hexdigest() for number in range(200)]
    await asyncio.gather(
        *(KeyedRequest(database, set(), HouseholdId("1"), key, 10, NOW).claim("f") for key in keys[:100])
    )
    async with database.write() as tx:  # the first look alone, without the second
        await replays.claim(tx, HouseholdId("1"), replays.Claim(keys[100], "h"), "f", NOW, timedelta(seconds=1))


async def test_a_dead_claim_is_taken_over_once(database: Database) -> None:
    key = hashlib.sha256(new_id(NOW).encode()).hexdigest()
    dead = KeyedRequest(database, set(), HouseholdId("1"), key, 10, NOW)
    await dead.claim("f")
    later = NOW + timedelta(minutes=1)
    heirs = [KeyedRequest(database, set(), HouseholdId("1"), key, 10, later) for _ in range(20)]
    outcomes = await asyncio.gather(*(heir.claim("f") for heir in heirs), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType"] + ["RequestInFlight"] * 19
    with pytest.raises(RequestInFlight):
        async with database.write() as tx:
            await dead.store(tx, Answer(201, b"late"))


async def test_one_address_registers_once(database: Database) -> None:
    new = NewAccount("Ana", f"{new_id(NOW)}@example.com", Language.ES)

    async def register() -> SignedIn:
        async with database.write() as tx:
            return await accounts.register(tx, new, "hash", "UTC", KEYS, NOW)

    outcomes = await asyncio.gather(*(register() for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 1
    assert all(isinstance(outcome, SignedIn | Conflict) for outcome in outcomes)


async def test_one_refresh_token_traded_ten_times_at_once_yields_ten_pairs(database: Database) -> None:
    async with database.write() as tx:
        visitor = await accounts.visit(tx, NewAccount("", None, Language.ES), "UTC", KEYS, NOW)

    async def refresh() -> TokenPair | Refusal:
        async with database.write() as tx:
            return await accounts.refresh(tx, visitor.tokens.refresh_token, KEYS, NOW + timedelta(seconds=1))

    pairs = await asyncio.gather(*(refresh() for _ in range(10)))
    assert all(isinstance(pair, TokenPair) for pair in pairs)


async def test_new_households_add_their_first_stock_at_once(database: Database) -> None:
    """Each looks in a part of the index where nothing is yet: with gap locks they would stop each other."""

    async def begin(number: int) -> None:
        async with database.write() as tx:
            visitor = await accounts.visit(tx, NewAccount("", None, Language.ES), "UTC", KEYS, NOW)
        household = visitor.account.household
        for step in range(5):
            async with database.write(household) as tx:
                await batches.of_label(tx, household, "arroz", None)
                await batches.add(tx, [a_batch(household, "arroz", NOW + timedelta(milliseconds=step))])

    await asyncio.gather(*(begin(number) for number in range(20)))


async def test_the_same_label_added_at_once_gets_moments_of_its_own(database: Database) -> None:
    household = await add_household(database)

    async def add() -> None:
        async with database.write(household) as tx:
            draft = a_batch(household, "arroz", NOW)
            taken = await batches.taken_moments(tx, household, {"arroz"}, NOW)
            await batches.add(tx, tuple(with_own_moments([draft], taken)))

    await asyncio.gather(*(add() for _ in range(20)))
    async with database.read(household) as tx:
        moments = [batch.added_at for batch in await batches.page(tx, household)]
    assert moments == [NOW + timedelta(milliseconds=step) for step in range(20)]


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
