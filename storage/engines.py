"""Opens a database by its URL: one SQLite file, or a MySQL or MariaDB primary with its replicas."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from storage.db import Database
from storage.replicas import Replicas
from storage.sqlite_cursor import use_one_trip
from zwai.operator_errors import DatabaseUnreadable

SQLITE_READERS = 4
MYSQL_RECYCLE_S = 1800
CONNECT_S = 2
# Texts that each connection keeps prepared at the server: values and rows then travel in binary, unescaped.
STATEMENTS = 64


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Connections of one engine, and how long a unit of work waits for one."""

    size: int = 10
    wait_s: float = 2.0


def open_database(
    url: str, replica_urls: Sequence[str] = (), pool: PoolSize = PoolSize(), deadline_s: float = 10.0
) -> Database:
    """Connections are made when first needed; `Database.ping` proves that there are any.

    Raises DatabaseUnreadable (a file).
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url, deadline_s)
    primary = _mysql_engine(url, pool)
    replicas = Replicas([_of_snapshots(_mysql_engine(one, pool)) for one in replica_urls])
    return Database(_of_snapshots(primary), _without_gap_locks(primary), replicas, deadline_s)


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _mysql_engine(url: str, pool: PoolSize) -> AsyncEngine:
    address = make_url(url).update_query_dict({"charset": "utf8mb4"})
    options = {"stmt_cache_size": STATEMENTS} if address.drivername.endswith("asyncmy") else {}
    return create_async_engine(
        address,
        pool_size=pool.size,
        max_overflow=0,
        pool_timeout=pool.wait_s,
        pool_recycle=MYSQL_RECYCLE_S,
        # Whoever takes a connection tries it (`storage.db`), and ends what they began: neither needs a trip of its own.
        pool_reset_on_return=None,
        # A list is one statement, and its own transaction; all other units of work say that they begin.
        connect_args={"connect_timeout": CONNECT_S, "autocommit": True, **options},
    )


def _of_snapshots(engine: AsyncEngine) -> AsyncEngine:
    """The same pool, for reading: units of work are snapshots."""
    reader = engine.execution_options()

    @event.listens_for(reader.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql("START TRANSACTION")

    return reader


def _without_gap_locks(primary: AsyncEngine) -> AsyncEngine:
    """The same pool, for writing: transactions that lock rows, but not the gaps between them.

    Gaps belong to nobody: on REPEATABLE READ, the default, requests of different households that look for a row
    and then add it stop each other in deadlocks. Writers of one household stand in line anyway.
    """
    writer = primary.execution_options()

    @event.listens_for(writer.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql("START TRANSACTION")

    return writer


def _open_sqlite(url: str, deadline_s: float) -> Database:
    """One writer, a few readers, on one file in WAL mode."""
    _use_wal(make_url(url).database or "")
    queue = AsyncAdaptedQueuePool
    reader = create_async_engine(url, poolclass=queue, pool_size=SQLITE_READERS, max_overflow=0, pool_timeout=2)
    writer = create_async_engine(url, poolclass=queue, pool_size=1, max_overflow=0, pool_timeout=5)
    _prepare_sqlite(reader.sync_engine, begin="BEGIN", query_only=True)
    _prepare_sqlite(writer.sync_engine, begin="BEGIN IMMEDIATE", query_only=False)
    return Database(reader, writer, Replicas([]), deadline_s)


def _use_wal(file: str) -> None:
    """Before anything else opens the file, which keeps the mode: connections that change it at once are refused."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        raise DatabaseUnreadable({"file": file, "reason": str(error)}) from error


def _prepare_sqlite(engine: Engine, *, begin: str, query_only: bool) -> None:
    # synchronous=FULL: in WAL mode only this makes an acknowledged commit survive a power cut.
    pragmas = ["synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"]
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
