"""Statements that are worked out once: building and compiling a list's query costs more than the server's own work."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Dialect, Select, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.util import greenlet_spawn

from storage.sqlite_cursor import OneTripConnection

Convert = Callable[[Any], Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Form:
    """A select in one dialect: `values` by name, with what else is sent; which columns come out as something else."""

    text: str
    values: tuple[tuple[str, Any, Convert | None], ...]
    columns: tuple[tuple[int, Convert], ...]


class Prepared:
    """A select, or an update that answers, whose values are named parameters; none may stand for a list."""

    def __init__(self, query: Select[Any] | ReturningUpdate[Any]) -> None:
        self._query = query
        self._forms: dict[str, _Form] = {}

    async def rows(self, connection: AsyncConnection, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Plain rows, their values in the order of the columns and as the tables' types make them."""
        form, sent = self._ready(connection.dialect, values)
        return _made(await _asked(connection, form.text, sent), form)

    async def rows_at_hand(self, engine: AsyncEngine, values: Mapping[str, Any]) -> list[Sequence[Any]] | None:
        """The same by itself, on a connection that is free right now: what leads to it costs as much as the answer.

        None where that cannot be, or went wrong: it is to be asked again through SQLAlchemy, as below.
        """
        pool: Any = engine.sync_engine.pool
        if not _by_driver(engine, "asyncmy", "aiosqlite") or not pool.checkedin():
            return None
        form, sent = self._ready(engine.dialect, values)
        try:
            proxied = await greenlet_spawn(pool.connect)  # which opens a new one in place of one that grew old
        except Exception:
            return None
        try:
            rows = await _asked_driver(proxied, form.text, sent)
        except BaseException as error:
            await greenlet_spawn(proxied.invalidate, error)  # stopped half-way: what is still to come is nobody's
            if isinstance(error, Exception):
                return None
            raise
        proxied.close()
        return _made(rows, form)

    async def rows_of_snapshot(self, connection: AsyncConnection, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The same where nothing has been changed, by the driver itself if it can: half the CPU.

        What it cannot answer is asked again through SQLAlchemy, which knows what each error means for the pool.
        """
        form, sent = self._ready(connection.dialect, values)
        if not _by_driver(connection.engine, "asyncmy"):
            return _made(await _asked(connection, form.text, sent), form)
        proxied: Any = connection.sync_connection
        try:
            return _made(await _asked_mysql(proxied.connection.driver_connection, form.text, sent), form)
        except Exception:
            return _made(await _asked(connection, form.text, sent), form)
        except BaseException as error:
            await connection.invalidate(error)  # stopped half-way: what is still to come is nobody's
            raise

    def _ready(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[_Form, tuple[Any, ...]]:
        form = self._forms.get(dialect.name) or self._worked_out(dialect)
        return form, tuple(_sent(values.get(name, own), convert) for name, own, convert in form.values)

    def _worked_out(self, dialect: Dialect) -> _Form:
        compiled: Any = self._query.compile(dialect=dialect)
        binds = [compiled.binds[name] for name in compiled.positiontup]
        values = tuple((one.key, one.value, one.type.dialect_impl(dialect).bind_processor(dialect)) for one in binds)
        types = [column.type.dialect_impl(dialect) for column in self._query.exported_columns]
        converts = [one.result_processor(dialect, None) for one in types]
        columns = tuple((place, convert) for place, convert in enumerate(converts) if convert is not None)
        form = self._forms[dialect.name] = _Form(str(compiled), values, columns)
        return form


class Insertion:
    """Rows into one table, many at a time: SQLAlchemy's own way costs as much again for each."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: dict[str, Sequence[tuple[str, str, Convert | None]]] = {}

    async def add(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Each row has a value for every column. One that is None in all rows isn't sent: MariaDB's bulk needs that."""
        dialect, sent = connection.dialect, {}
        for name, quoted, convert in self._columns.get(dialect.name) or self._worked_out(dialect):
            values = [row[name] for row in rows]
            if values.count(None) < len(values):
                sent[quoted] = [convert(value) for value in values] if convert else values
        mark = "?" if dialect.paramstyle == "qmark" else "%s"
        names, marks = ", ".join(sent), ", ".join([mark] * len(sent))
        text = f"INSERT INTO {self._table.name} ({names}) VALUES ({marks})"  # noqa: S608 (all of it is the table's)
        await connection.exec_driver_sql(text, [*zip(*sent.values(), strict=True)])

    def _worked_out(self, dialect: Dialect) -> Sequence[tuple[str, str, Convert | None]]:
        types = {column.name: column.type.dialect_impl(dialect) for column in self._table.columns}
        quote = dialect.identifier_preparer.quote
        columns = [(name, quote(name), kind.bind_processor(dialect)) for name, kind in types.items()]
        self._columns[dialect.name] = columns
        return columns


def padded(values: Collection[T]) -> list[T]:
    """With the last one repeated up to a power of two, for `IN`: lists of all lengths make only a few texts."""
    known = list(values)
    return known + known[-1:] * ((1 << (len(known) - 1).bit_length()) - len(known)) if known else known


async def _asked(connection: AsyncConnection, text: str, sent: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
    result = await connection.exec_driver_sql(text, sent)
    # SQLAlchemy's own rows would cost as much again, only to be taken apart by position.
    return result.cursor.fetchall() if result.cursor else []


def _by_driver(engine: AsyncEngine, *known: str) -> bool:
    """Whether the driver can be asked itself: one that is known, and nobody listens to the statements."""
    return engine.dialect.driver in known and not engine.sync_engine.dispatch.before_cursor_execute


async def _asked_driver(proxied: Any, text: str, sent: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
    if isinstance(proxied.dbapi_connection, OneTripConnection):
        return await proxied.dbapi_connection.rows(text, sent)
    return await _asked_mysql(proxied.driver_connection, text, sent)


async def _asked_mysql(connection: Any, text: str, sent: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
    cursor = connection.cursor()
    await cursor.execute(text, sent)
    rows: Sequence[Sequence[Any]] = await cursor.fetchall()
    return rows


def _made(rows: Sequence[Sequence[Any]], form: _Form) -> list[Sequence[Any]]:
    made = [list(row) for row in rows]
    for place, convert in form.columns:
        for row in made:
            row[place] = convert(row[place])
    return [*made]


def _sent(value: Any, convert: Convert | None) -> Any:
    return convert(value) if convert else value
