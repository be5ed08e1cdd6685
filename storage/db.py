"""Units of work: `Read` and `Write`, and the one place where driver errors become ours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.replicas import Replicas
from storage.schema import households
from zwai.errors import (
    Conflict,
    DatabaseDown,
    StorageFull,
    TokenRevoked,
    TooFewConnections,
    TransactionLost,
    Unavailable,
)
from zwai.records.people import HouseholdId

DISK_FULL = ("database or disk is full", "No space left", "The table is full")
# MySQL: lock wait timeout, deadlock, server gone away, lost connection, connection killed.
STARTED_OVER = {1205, 1213, 2006, 2013, 1927}
TAKEN = ("UNIQUE constraint failed", "Duplicate entry")
UNREACHABLE = ("locked", "unable to open", "Can't connect", "Too many connections")


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
    """Made by `storage.engines.open_database`: a reader and a writer engine on the primary, and its replicas."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine, replicas: Replicas, deadline_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._replicas = replicas
        self._deadline_s = deadline_s

    @asynccontextmanager
    async def read(self, household: HouseholdId | None = None) -> AsyncIterator[Read]:
        """One consistent snapshot of the primary; for a household, its version is read first, in the same snapshot."""
        async with self._unit(self._reader) as connection:
            yield await _snapshot(connection, household)

    @asynccontextmanager
    async def read_replica(self, household: HouseholdId, at_least: int | None) -> AsyncIterator[Read]:
        """The same of a replica that has reached version `at_least` (None: the primary's), else of the primary."""
        async with AsyncExitStack() as stack:
            engine = self._replicas.pick()
            if engine is not None and at_least is None:
                async with self.read(household) as newest:
                    at_least = newest.version
            tx = await self._replica_snapshot(engine, household, stack) if engine is not None else None
            if tx is None or tx.version is None or at_least is None or tx.version < at_least:
                tx = await stack.enter_async_context(self.read(household))
                engine = None
            try:
                yield tx
            except (TransactionLost, DatabaseDown):
                if engine is not None:
                    self._replicas.leave_out(engine)
                raise

    async def _replica_snapshot(
        self, engine: AsyncEngine, household: HouseholdId, stack: AsyncExitStack
    ) -> Read | None:
        try:
            return await _snapshot(await stack.enter_async_context(self._unit(engine)), household)
        except (Unavailable, DBAPIError):
            self._replicas.leave_out(engine)
            return None

    @asynccontextmanager
    async def write(self, household: HouseholdId | None = None) -> AsyncIterator[Write]:
        """One transaction, committed on leaving, rolled back by an exception.

        For a household, the first statement raises its version, which also puts its writers in line.
        Raises TransactionLost when it may be started over.
        """
        async with self._unit(self._writer) as connection:
            tx = Write(connection)
            if household is not None:
                tx.version = await _raise_version(tx, household)
            yield tx

    @asynccontextmanager
    async def _unit(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with asyncio.timeout(self._deadline_s), engine.connect() as connection, connection.begin():
                try:
                    yield connection
                except DBAPIError as error:
                    raise _ours(error, may_start_over=True) from error
        except PoolTimeout as error:
            raise DatabaseDown({"retry_after": 2}) from error
        except DBAPIError as error:
            raise _ours(error, may_start_over=False) from error
        except TimeoutError as error:
            raise DatabaseDown({"retry_after": 2}) from error

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Inside, replicas come into use as they are found well."""
        return self._replicas.watched()

    async def ping(self) -> dict[str, object]:
        """Prove that the primary answers, and tell how many replicas are used. Raises DatabaseDown."""
        async with self.read() as tx:
            await tx.scalar(select(1))
        return {"engine": self._writer.dialect.name, **self._replicas.health()}

    async def check_room(self, connections: int) -> None:
        """Raises TooFewConnections when the primary cannot serve so many."""
        if self._writer.dialect.name != "mysql":
            return
        async with self.read() as tx:
            most = int(await tx.scalar(text("SELECT @@max_connections")))
        if connections > most:
            raise TooFewConnections({"wanted": connections, "most": most})

    async def close(self) -> None:
        await self._replicas.close()
        await self._reader.dispose()
        await self._writer.dispose()


async def _snapshot(connection: AsyncConnection, household: HouseholdId | None) -> Read:
    tx = Read(connection)
    if household is not None:
        tx.version = await tx.scalar(select(households.c.version).where(households.c.id == household))
    return tx


async def _raise_version(tx: Write, household: HouseholdId) -> int:
    raised = update(households).where(households.c.id == household).values(version=households.c.version + 1)
    if await tx.execute(raised) == 0:
        raise TokenRevoked
    version: int = await tx.scalar(select(households.c.version).where(households.c.id == household))
    return version


def _ours(error: DBAPIError, *, may_start_over: bool) -> Exception:
    text = str(error.orig)
    if any(sign in text for sign in DISK_FULL):
        return StorageFull()
    if isinstance(error, IntegrityError) and any(sign in text for sign in TAKEN):
        return Conflict()  # somebody else was faster with the same key
    arguments = getattr(error.orig, "args", ())
    if may_start_over and arguments and arguments[0] in STARTED_OVER:
        return TransactionLost({"retry_after": 1})
    lost = arguments and arguments[0] in STARTED_OVER
    if lost or error.connection_invalidated or any(sign in text for sign in UNREACHABLE):
        return DatabaseDown({"retry_after": 2})
    return error
