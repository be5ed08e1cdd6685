"""Engines and units of work: `Read` and `Write`, and the one place where driver errors become ours."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Executable, Row, event, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from storage.schema import households
from storage.sqlite_cursor import use_one_trip
from zwai.errors import DatabaseDown, StorageFull, TokenRevoked
from zwai.records.people import HouseholdId

# At DEBUG the driver logs every value of every statement: e-mails, hashes, what people eat.
logging.getLogger("aiosqlite").setLevel(logging.INFO)

DISK_FULL = ("database or disk is full", "No space left")


class Read:
    """A snapshot of the database. `version` is the household's, when it was opened for one."""

    def __init__(self, connection: AsyncConnection, version: int | None = None) -> None:
        self._connection = connection
        self.version = version

    async def all(self, query: Executable) -> Sequence[Row[Any]]:
        return (await self._connection.execute(query)).all()

    async def first(self, query: Executable) -> Row[Any] | None:
        return (await self._connection.execute(query)).first()

    async def scalar(self, query: Executable) -> Any:
        return (await self._connection.execute(query)).scalar()


class Write(Read):
    """A transaction that may change things; `version` is the raised one."""

    async def execute(self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None) -> int:
        """Run a changing statement, once or for each of `rows`; answers how many rows it touched."""
        return (await self._connection.execute(statement, rows)).rowcount


class Database:
    """Two engines on one database: readers, and writers that queue for their turn."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine, deadline_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._deadline_s = deadline_s

    @asynccontextmanager
    async def read(self, household: HouseholdId | None = None) -> AsyncIterator[Read]:
        """One consistent snapshot; for a household, its version is read first, in the same snapshot."""
        async with self._unit(self._reader) as connection:
            tx = Read(connection)
            if household is not None:
                tx.version = await tx.scalar(select(households.c.version).where(households.c.id == household))
            yield tx

    @asynccontextmanager
    async def write(self, household: HouseholdId | None = None) -> AsyncIterator[Write]:
        """One transaction, committed on leaving, rolled back by an exception.

        For a household, the first statement raises its version, which also puts its writers in line.
        """
        async with self._unit(self._writer) as connection:
            tx = Write(connection)
            if household is not None:
                tx.version = await _raise_version(tx, household)
            yield tx

    @asynccontextmanager
    async def _unit(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with asyncio.timeout(self._deadline_s), engine.begin() as connection:
                yield connection
        except PoolTimeout as error:
            raise DatabaseDown({"retry_after": 2}) from error
        except DBAPIError as error:
            raise _ours(error) from error
        except TimeoutError as error:
            raise DatabaseDown({"retry_after": 2}) from error

    async def ping(self) -> None:
        """Prove that both engines answer. Raises DatabaseDown."""
        async with self.read() as tx:
            await tx.scalar(select(1))

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


async def _raise_version(tx: Write, household: HouseholdId) -> int:
    raised = update(households).where(households.c.id == household).values(version=households.c.version + 1)
    if await tx.execute(raised) == 0:
        raise TokenRevoked
    version: int = await tx.scalar(select(households.c.version).where(households.c.id == household))
    return version


def _ours(error: DBAPIError) -> Exception:
    text = str(error.orig)
    if any(sign in text for sign in DISK_FULL):
        return StorageFull()
    unreachable = error.connection_invalidated or "locked" in text or "unable to open" in text
    return DatabaseDown({"retry_after": 2}) if unreachable else error


def open_database(url: str, deadline_s: float = 10.0) -> Database:
    """Open the embedded database: one writer, a few readers, on one SQLite file in WAL mode."""
    reader = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=4, max_overflow=0, pool_timeout=2)
    writer = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0, pool_timeout=5)
    _prepare_sqlite(reader.sync_engine, begin="BEGIN", query_only=True)
    _prepare_sqlite(writer.sync_engine, begin="BEGIN IMMEDIATE", query_only=False)
    return Database(reader, writer, deadline_s)


def _prepare_sqlite(engine: Engine, *, begin: str, query_only: bool) -> None:
    # synchronous=FULL: in WAL mode only this makes an acknowledged commit survive a power cut.
    pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"]
    if query_only:
        pragmas.append("query_only=ON")

    use_one_trip(engine, begin)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver would defer it
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"
