"""Units of work: snapshots, turns, cancelled work, and errors made ours."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import batches
from storage.db import Database, Once
from storage.engines import open_database, sqlite_url
from storage.migrate import migrate
from storage.schema import accounts
from tests.storage.counting import counted
from tests.storage.households import NOON, batch, household, opened
from zwai.errors import Conflict, DatabaseDown, StorageFull, TokenRevoked
from zwai.records.people import AccountId, HouseholdId

SOMEBODY = {
    "provider": "guest",
    "name": "Ana",
    "email_verified": False,
    "language": "es",
    "preferences": {},
    "created_at": NOON,
    "last_login_at": NOON,
}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def labels(database: Database, owner: HouseholdId) -> list[str]:
    async with database.read(owner) as tx:
        return [one.label for one in await batches.page(tx, owner)]


async def test_a_write_raises_the_version_before_all_else(database: Database) -> None:
    owner = await household(database)
    with counted(database) as statements:
        async with database.write(owner) as tx:
            assert tx.version == 1
    assert [one.split()[0] for one in statements.all] == ["UPDATE", "SELECT"]
    async with database.read(owner) as tx:
        assert tx.version == 1


async def test_an_exception_takes_everything_back(database: Database) -> None:
    owner = await household(database)
    with pytest.raises(ZeroDivisionError):
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner)])
            _ = 1 / 0
    assert await labels(database, owner) == []
    async with database.read(owner) as tx:
        assert tx.version == 0


async def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    owner = await household(database)
    async with database.read(owner) as before:
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner)])
        assert (before.version, await batches.page(before, owner)) == (0, [])
    assert await labels(database, owner) == ["Leche"]


async def test_a_list_by_itself_is_one_statement_and_tells_the_version_that_it_is_of(database: Database) -> None:
    owner = await household(database)
    async with database.write(owner) as tx:
        await batches.add(tx, [batch(owner)])
    alone = Once(database, owner)
    with counted(database) as statements:
        held = await batches.page(alone, owner)
    assert ([one.label for one in held], alone.version, len(statements.all)) == (["Leche"], 1, 1)
    with pytest.raises(AssertionError, match="another moment"):
        await batches.page(alone, owner)


async def test_an_empty_list_by_itself_tells_its_version_too(database: Database) -> None:
    owner = await household(database)
    alone = Once(database, owner)
    assert (await batches.page(alone, owner), alone.version) == ([], 0)


async def test_a_reader_cannot_write(database: Database) -> None:
    owner = await household(database)
    with pytest.raises(DBAPIError, match="readonly"):
        async with database.read(owner) as tx:
            await tx._connection.execute(text("DELETE FROM households"))


async def test_a_household_that_is_gone_cannot_be_written(database: Database) -> None:
    with pytest.raises(TokenRevoked):
        async with database.write(HouseholdId("0" * 32)):
            pass


async def test_who_is_no_longer_of_the_household_cannot_write_there(database: Database) -> None:
    owner, other = await household(database), await household(database)
    async with database.write() as tx:
        await tx.execute(insert(accounts).values(id="ana", household_id=other, **SOMEBODY))
    with pytest.raises(TokenRevoked):
        async with database.write(owner, AccountId("ana")):
            pass
    async with database.write(other, AccountId("ana")) as tx:
        assert tx.version == 1


async def test_a_file_is_in_wal_mode_before_it_is_used(tmp_path: Path) -> None:
    """Connections that change the mode at the same moment are refused with "database is locked"."""
    await migrate(sqlite_url(tmp_path / "zwai.db"))
    database = open_database(sqlite_url(tmp_path / "zwai.db"))
    with closing(sqlite3.connect(tmp_path / "zwai.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await database.close()


@pytest.mark.slow
async def test_twenty_writers_of_twenty_rows_each_wait_their_turn(database: Database) -> None:
    owner = await household(database)

    async def write(writer: int) -> None:
        for n in range(20):
            async with database.write(owner) as tx:
                await batches.add(tx, [batch(owner, f"{writer}-{n}")])

    await asyncio.gather(*(write(writer) for writer in range(20)))
    assert len(await labels(database, owner)) == 400
    async with database.read(owner) as tx:
        assert tx.version == 400


async def test_writers_of_two_processes_take_turns_even_when_they_read_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as one:
        owner = await household(one)
        two = open_database(sqlite_url(tmp_path / "zwai.db"))

        async def write(database: Database, name: str) -> None:
            async with database.write() as tx:
                held = await batches.page(tx, owner)
                await asyncio.sleep(0.005)
                await batches.add(tx, [batch(owner, f"{name}{len(held)}")])

        await asyncio.gather(*(write(one if n % 2 else two, f"{n}-") for n in range(10)))
        await two.close()
        assert sorted(int(label.partition("-")[2]) for label in await labels(one, owner)) == list(range(10))


async def test_cancelled_writers_leave_nothing_and_the_pool_whole(database: Database) -> None:
    owner = await household(database)

    async def write(n: int) -> None:
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner, f"{n}")])
            await asyncio.sleep(0.001)

    tasks = [asyncio.create_task(write(n)) for n in range(60)]
    for n, task in enumerate(tasks):
        if n % 2:
            asyncio.get_running_loop().call_later(0.002 * n, task.cancel)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    kept = {f"{n}" for n, one in enumerate(ended) if one is None}
    assert {f"{n}" for n in range(0, 60, 2)} <= kept
    assert set(await labels(database, owner)) == kept
    async with database.read(owner) as tx:
        assert tx.version == len(kept)
    assert database._writer.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_cancelled_readers_give_their_connections_back(database: Database) -> None:
    owner = await household(database)

    async def read() -> None:
        async with database.read(owner) as tx:
            await batches.page(tx, owner)
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(read()) for _ in range(30)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(2):
        assert await asyncio.gather(*(labels(database, owner) for _ in range(8))) == [[]] * 8
    assert database._reader.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_a_cancelled_list_costs_its_own_connection_only(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    owner = await household(database)
    async with database.write(owner) as tx:
        await batches.add(tx, [batch(owner)])

    async def ask() -> None:
        assert len(await batches.page(Once(database, owner), owner)) == 1

    for _ in range(20):
        asks = [asyncio.create_task(ask()) for _ in range(4)]
        await asyncio.sleep(0)
        asks[0].cancel()
        assert [one for one in await asyncio.gather(*asks, return_exceptions=True) if isinstance(one, Exception)] == []
    assert [one.message for one in caplog.records if one.name.startswith("sqlalchemy")] == []


async def test_a_unit_of_work_past_its_deadline_is_database_down_and_rolled_back(tmp_path: Path) -> None:
    async with opened(tmp_path, deadline_s=0.1) as database:
        owner = await household(database)
        with pytest.raises(DatabaseDown):
            async with database.write(owner) as tx:
                await batches.add(tx, [batch(owner)])
                await asyncio.sleep(5)
        assert await labels(database, owner) == []


async def test_a_full_disk_is_storage_full(database: Database) -> None:
    owner = await household(database)
    async with database.write() as tx:
        await tx.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageFull):
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner, f"{n}", tips="x" * 2000) for n in range(500)])
    assert await labels(database, owner) == []


async def test_a_broken_rule_of_the_tables_is_a_bug_not_the_callers_fault(database: Database) -> None:
    owner = await household(database)
    with pytest.raises(IntegrityError):
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner), batch(HouseholdId("0" * 32))])
    assert await labels(database, owner) == []


async def test_a_taken_key_is_a_conflict(database: Database) -> None:
    owner = await household(database)
    with pytest.raises(Conflict):
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner), batch(owner)])
    assert await labels(database, owner) == []


async def test_an_acknowledged_write_survives_a_power_cut(database: Database) -> None:
    """In WAL mode only synchronous=FULL syncs the log at each commit."""
    async with database.write() as tx:
        assert (await tx.scalar(text("PRAGMA journal_mode")), await tx.scalar(text("PRAGMA synchronous"))) == ("wal", 2)
        assert await tx.scalar(text("PRAGMA foreign_keys")) == 1


async def test_ping_tells_a_database_that_is_gone(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await database.ping()
        await database.close()
        (tmp_path / "zwai.db").unlink()
        (tmp_path / "zwai.db").mkdir()
        with pytest.raises(DatabaseDown):
            await database.ping()


async def test_opened_and_closed_fifty_times_no_thread_and_no_file_stays_open(tmp_path: Path) -> None:
    def held() -> tuple[int, int]:
        files = Path("/proc/self/fd")
        return threading.active_count(), len(list(files.iterdir())) if files.exists() else 0

    before = held()
    for _ in range(50):
        async with opened(tmp_path) as database:
            await database.ping()
        (tmp_path / "zwai.db").unlink()
    async with asyncio.timeout(5):
        while held() > before:
            await asyncio.sleep(0.01)
