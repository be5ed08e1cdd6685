"""Units of work: `Read` and `Write`, and the one place where driver errors become ours."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable, Row, bindparam, exists, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from storage.prepared import Insertion, Prepared
from storage.replicas import Replicas
from storage.schema import accounts, households
from storage.standing import Standing
from zwai.errors import Conflict, DatabaseDown, StorageFull, TokenRevoked, TransactionLost, Unavailable
from zwai.operator_errors import TooFewConnections
from zwai.records.people import AccountId, HouseholdId

log = logging.getLogger("zwai.database")
T = TypeVar("T")

# How long a replica may take to begin a snapshot; then the primary is asked.
REPLICA_S = 1.0

# What errors mean: by number where they come from MySQL or MariaDB, by their words where from SQLite.
# Lock wait timed out, deadlock, row changed since read, server gone, connection lost, killed, closed as idle.
STARTED_OVER = {1205, 1213, 1020, 2006, 2013, 1927, 4031}
# Too many connections (two kinds), shutting down, no connection, read only (three kinds), statement stopped (three).
REFUSED = {1040, 1203, 1053, 2002, 2003, 1290, 1792, 1836, 1317, 1969, 3024}
FULL = {1021, 1114}

# At DEBUG the driver logs every value of every statement: e-mails, hashes, what people eat.
logging.getLogger("aiosqlite").setLevel(logging.INFO)

DISK_FULL = ("database or disk is full", "No space left")
TAKEN = ("UNIQUE constraint failed", "Duplicate entry")
UNREACHABLE = ("locked", "unable to open")


class Lists(Protocol):
    """Where a list can be read: in a unit of work, or by itself."""

    async def rows(self, query: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Plain rows of a query that many requests ask."""


class Read:
    """A snapshot of the database. `version` is the household's, when it was opened for one."""

    def __init__(self, connection: AsyncConnection, version: int | None = None) -> None:
        self._connection = connection
        self.version = version

    async def rows(self, query: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Plain rows of a query that many requests ask."""
        return await query.rows_of_snapshot(self._connection, values)

    async def all(self, query: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """`values`: of the query's parameters, if it was built once for all who ask it."""
        return (await self._connection.execute(query, values)).all()

    async def first(self, query: Executable) -> Row[Any] | None:
        return (await self._connection.execute(query)).first()

    async def chunks(self, query: Executable, size: int) -> AsyncIterator[Sequence[Row[Any]]]:
        """The rows of a long answer, `size` at a time, never all at once."""
        async with self._connection.stream(query) as rows:
            async for chunk in rows.partitions(size):
                yield chunk

    async def scalar(self, query: Executable) -> Any:
        return (await self._connection.execute(query)).scalar()


class Write(Read):
    """A transaction that may change things; `version` is the raised one, `raised` those of all that it changes."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.raised: dict[HouseholdId, int] = {}

    @property
    def updates_answer(self) -> bool:
        """Whether an update can tell what it made."""
        return self._connection.dialect.update_returning

    async def rows(self, query: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Plain rows of a query that many requests ask."""
        return await query.rows(self._connection, values)

    async def execute(
        self, statement: Executable, rows: Sequence[dict[str, Any]] | dict[str, Any] | None = None
    ) -> int:
        """Run a changing statement, once or for each of `rows`; answers how many rows it touched."""
        return (await self._connection.execute(statement, rows)).rowcount

    async def insert(self, into: Insertion, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows, each of which has a value for every column."""
        await into.add(self._connection, rows)

    async def commit(self) -> None:
        """Left to `Database.write`."""
        await self._connection.commit()


@dataclass(slots=True)
class Once:
    """One list of a household, by a statement that is a snapshot by itself: one trip, where `read` makes four.

    The last column of its rows is the household's version; `version`, once the list is read.
    """

    database: "Database"
    household: HouseholdId
    at_least: int | None = None
    replicas: bool = False
    version: int | None = None

    async def rows(self, query: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Plain rows of a query that many requests ask; no other may follow."""
        assert self.version is None, "a second list would be of another moment"
        if rows := await self.database.rows(self, query, values):
            self.version = rows[0][-1]
            return rows
        async with self.database.read(self.household) as tx:  # no row tells the version
            rows, self.version = await tx.rows(query, values), tx.version
        return rows


@dataclass(frozen=True, slots=True)
class Connections:
    """Of one server: how many are in use, and how many there may be."""

    server: str
    in_use: int
    size: int


class Database:
    """Made by `storage.engines.open_database`: a reader and a writer engine on the primary, and its replicas."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine, replicas: Replicas, deadline_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._replicas = replicas
        self._deadline_s = deadline_s
        self._standing = Standing(log, "database")

    @asynccontextmanager
    async def read(self, household: HouseholdId | None = None) -> AsyncIterator[Read]:
        """One consistent snapshot of the primary; for a household, its version is read first, in the same snapshot."""
        async with self._snapshot(self._reader, household) as tx:
            yield tx

    @asynccontextmanager
    async def read_replica(self, household: HouseholdId, at_least: int | None) -> AsyncIterator[Read]:
        """The same of a replica that has reached version `at_least` (None: the primary's), else of the primary."""
        engine = self._replicas.pick()
        async with AsyncExitStack() as stack:
            tx = None
            if engine is not None:
                least = await self._newest_version(household) if at_least is None else at_least
                tx = await self._replica_snapshot(engine, household, least, stack)
            if engine is None or tx is None:
                await stack.aclose()  # don't hold a connection of the replica meanwhile
                yield await stack.enter_async_context(self.read(household))
                return
            try:
                yield tx
            except (TransactionLost, DatabaseDown):
                self._replicas.leave_out(engine)
                raise

    async def rows(self, list_: Once, query: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The rows of one list, also of a replica that has reached its version `at_least` (None: the primary's)."""
        engine = self._replicas.pick() if list_.replicas else None
        if engine is not None:
            least = await self._newest_version(list_.household) if list_.at_least is None else list_.at_least
            try:
                async with asyncio.timeout(REPLICA_S):
                    rows = await self._rows(engine, query, values)
            except (Unavailable, DBAPIError, TimeoutError):
                self._replicas.leave_out(engine)
            else:
                if rows and least is not None and rows[0][-1] >= least:
                    return rows
        return await self._rows(self._reader, query, values)

    async def _rows(self, engine: AsyncEngine, query: Prepared, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await query.rows_at_hand(engine, values)
        except TimeoutError as error:
            raise self._too_late(engine) from error
        if found is not None:
            self._found(engine)
            return found
        async with self._unit(engine, lambda connection: query.rows_of_snapshot(connection, values)) as rows:
            return rows

    async def _newest_version(self, household: HouseholdId) -> int | None:
        async with self.read(household) as tx:
            return tx.version

    async def _replica_snapshot(
        self, engine: AsyncEngine, household: HouseholdId, at_least: int | None, stack: AsyncExitStack
    ) -> Read | None:
        try:
            async with asyncio.timeout(REPLICA_S):
                tx = await stack.enter_async_context(self._snapshot(engine, household))
        except (Unavailable, DBAPIError, TimeoutError):
            self._replicas.leave_out(engine)
            return None
        return None if at_least is None or tx.version is None or tx.version < at_least else tx

    @asynccontextmanager
    async def _snapshot(self, engine: AsyncEngine, household: HouseholdId | None) -> AsyncIterator[Read]:
        async def begin(connection: AsyncConnection) -> Read:
            await connection.begin()
            tx = Read(connection)
            if household is not None:
                tx.version = next((row[0] for row in await tx.rows(VERSION, {"household": household})), None)
            return tx

        async with self._unit(engine, begin) as tx:
            yield tx

    @asynccontextmanager
    async def write(
        self, household: HouseholdId | None = None, account: AccountId | None = None
    ) -> AsyncIterator[Write]:
        """One transaction, committed on leaving, rolled back by an exception.

        For a household, the first statement raises its version, which also puts its writers in line. Raises
        TransactionLost when it may be started over, TokenRevoked when `account` is no longer one of the household's.
        """

        async def begin(connection: AsyncConnection) -> Write:
            await connection.begin()
            return Write(connection)

        async with self._unit(self._writer, begin) as tx:
            if household is not None:
                tx.version = await raise_version(tx, household, account)
            yield tx

    @asynccontextmanager
    async def _unit(self, engine: AsyncEngine, begin: Callable[[AsyncConnection], Awaitable[T]]) -> AsyncIterator[T]:
        try:
            async with asyncio.timeout(self._deadline_s), _begun(engine, begin) as tx:
                try:
                    yield tx
                except DBAPIError as error:
                    raise _ours(error, may_start_over=True) from error
                if isinstance(tx, Write):
                    await tx.commit()
        except PoolTimeout as error:
            self._lost(engine, "all its connections are in use")
            raise DatabaseDown({"retry_after": 2}) from error
        except DBAPIError as error:
            ours = _ours(error, may_start_over=False)
            if isinstance(ours, DatabaseDown):
                self._lost(engine, error.orig)
            raise ours from error
        except TimeoutError as error:
            raise self._too_late(engine) from error
        self._found(engine)

    def _too_late(self, engine: AsyncEngine) -> DatabaseDown:
        self._lost(engine, f"not within {self._deadline_s:g} s")
        return DatabaseDown({"retry_after": 2})

    def _found(self, engine: AsyncEngine) -> None:
        if engine in (self._reader, self._writer):
            self._standing.found()

    def _lost(self, engine: AsyncEngine, reason: object) -> None:
        if engine in (self._reader, self._writer):  # `Replicas` tells of its own
            self._standing.lost(reason)

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Inside, replicas come into use as they are found well."""
        return self._replicas.watched()

    async def ping(self) -> dict[str, object]:
        """Prove that the primary answers, and tell how many replicas are used. Raises DatabaseDown."""
        async with self.read() as tx:
            await tx.scalar(select(1))
        return {"engine": self._writer.dialect.name, **self._replicas.health()}

    def connections(self) -> list[Connections]:
        """To the primary, then to each replica."""
        primary = _connections("primary", {self._reader.pool, self._writer.pool})
        return [primary, *(_connections(name, {engine.pool}) for name, engine in self._replicas.named())]

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


@asynccontextmanager
async def _begun(engine: AsyncEngine, begin: Callable[[AsyncConnection], Awaitable[T]]) -> AsyncIterator[T]:
    """A transaction on a connection that works: one that was lost while nobody used it is replaced by a new one.

    Leaving it rolls back what was not committed.
    """
    connection = engine.connect()
    try:
        try:
            tx = await begin(await connection.start())
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            await connection.close()
            connection = engine.connect()  # the pool has dropped its old ones
            tx = await begin(await connection.start())
        yield tx
    finally:
        await _give_back(connection)


async def _give_back(connection: AsyncConnection) -> None:
    """To the pool; where the server must be told of it, nobody who is cancelled meanwhile cuts that short."""
    if connection.sync_connection is None:
        return
    if connection.in_transaction():
        await asyncio.shield(asyncio.create_task(connection.close()))
    else:
        await connection.close()


def _connections(server: str, pools: set[Any]) -> Connections:
    queues = [pool for pool in pools if isinstance(pool, QueuePool)]
    return Connections(server, sum(pool.checkedout() for pool in queues), sum(pool.size() for pool in queues))


VERSION_OF_HOUSEHOLD = select(households.c.version).where(households.c.id == bindparam("household"))
VERSION = Prepared(VERSION_OF_HOUSEHOLD)


# Asked once its writers are in line: who was put out meanwhile, or left, writes nothing more there.
VERSION_OF_MEMBER = Prepared(
    select(households.c.version)
    .join(accounts, accounts.c.household_id == households.c.id)
    .where(households.c.id == bindparam("household"), accounts.c.id == bindparam("account"))
)


RAISED = update(households).where(households.c.id == bindparam("household")).values(version=households.c.version + 1)
# The same and who may, in one, where an update can answer: not in MySQL or MariaDB.
BY_MEMBER = exists().where(accounts.c.household_id == households.c.id, accounts.c.id == bindparam("account"))
RAISED_BY = Prepared(RAISED.where(BY_MEMBER).returning(households.c.version))


async def raise_version(tx: Write, household: HouseholdId, account: AccountId | None = None) -> int:
    """Put this transaction in line with the household's other writers, before it changes anything there.

    Raises TokenRevoked when the household is gone, or `account` is no longer one of its members.
    """
    values = {"household": household, "account": account}
    if account is not None and tx.updates_answer:
        found = await tx.rows(RAISED_BY, values)
    else:
        await tx.execute(RAISED, {"household": household})
        found = await tx.rows(VERSION if account is None else VERSION_OF_MEMBER, values)
    if not found:
        raise TokenRevoked
    tx.raised[household] = int(found[0][0])
    return tx.raised[household]


def _ours(error: DBAPIError, *, may_start_over: bool) -> Exception:
    text, number = str(error.orig), next(iter(getattr(error.orig, "args", ())), None)
    if number in FULL or any(sign in text for sign in DISK_FULL):
        return StorageFull()
    if isinstance(error, IntegrityError) and any(sign in text for sign in TAKEN):
        return Conflict()  # somebody else was faster with the same key
    lost = number in STARTED_OVER
    if lost and may_start_over:
        return TransactionLost({"retry_after": 1})
    if lost or number in REFUSED or error.connection_invalidated or any(sign in text for sign in UNREACHABLE):
        return DatabaseDown({"retry_after": 2})
    return error
