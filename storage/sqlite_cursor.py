"""A SQLite cursor that crosses to the connection's thread once a statement; SQLAlchemy's own crosses four times.

Each crossing costs about 60 µs, more than most of our statements.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from sqlite3 import Connection, Cursor
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """Runs a statement, reads its rows and closes, all in one go."""

    __slots__ = ("_description", "_lastrowid", "_rowcount")

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._description: Any = None
        self._rowcount = -1
        self._lastrowid = 0

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        return self._lastrowid

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Closed already."""

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self.trip(Cursor.execute, operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self.trip(Cursor.executemany, operation, seq_of_parameters)

    async def trip(self, *statement: Any) -> None:
        """Run a function of a sqlite3 cursor's on the connection's thread, and keep what came of it."""
        connection: Any = self._connection
        adapter: Any = self._adapt_connection
        async with adapter._execute_mutex:
            begin, adapter.begin = adapter.begin, ""
            adapter.ended &= not begin  # a statement by itself leaves nothing open
            done = await connection._execute(partial(_run, connection._conn, begin, *statement))
        self._description, self._rowcount, self._lastrowid, self._rows = done


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """`begin` goes out with the next statement: a transaction begins with its first one.

    `ended`: no transaction has begun since the last one ended, so that the pool's rollback has nothing to do.
    """

    __slots__ = ("begin", "ended")
    _cursor_cls = OneTripCursor
    begin: str
    ended: bool

    def commit(self) -> None:
        super().commit()
        self.ended = True

    def rollback(self) -> None:
        self.begin = ""
        if not self.ended:
            super().rollback()
            self.ended = True

    async def rows(self, operation: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of one query; without SQLAlchemy's greenlets, which cost as much again."""
        cursor = OneTripCursor(self)
        await cursor.trip(Cursor.execute, operation, parameters)
        return cursor._rows


def use_one_trip(engine: Engine, begin: str) -> None:
    """Have all connections of an aiosqlite engine use OneTripCursor, and begin transactions by `begin`."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, options: Any) -> OneTripConnection:
        connection = OneTripConnection(dialect.dbapi, dialect.connect(*arguments, **options)._connection)
        connection.begin, connection.ended = "", True
        return connection

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.connection.dbapi_connection.begin = begin


def _run(
    connection: Connection, begin: str, execute: Any, operation: str, parameters: Any
) -> tuple[Any, int, int, deque[Any]]:
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        execute(cursor, operation, parameters)
        rows = deque(cursor.fetchall() if cursor.description else ())
        return cursor.description, cursor.rowcount, cursor.lastrowid or 0, rows
    finally:
        cursor.close()
