"""Counts the SQL statements that a database runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from storage.db import Database

# What dispatch and the unit of work say: sessions, where it begins, whether the connection works, the version.
FRAME = (
    "START TRANSACTION", "SET TRANSACTION", "UPDATE households", "SELECT households.version", "SELECT sessions.id",
    "SELECT 1",
)  # fmt: skip


@dataclass
class Statements:
    """Every statement, and those that the kitchen caused: not the version's, an executemany counts once."""

    all: list[str] = field(default_factory=list)

    @property
    def of_the_kitchen(self) -> list[str]:
        return [statement for statement in self.all if not statement.startswith(FRAME)]


@contextmanager
def counted(database: Database) -> Iterator[Statements]:
    statements = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.all.append(statement)

    reader, writer = database._reader.sync_engine, database._writer.sync_engine
    # On MySQL the writer is a view of the reader, which hears of its statements too.
    engines = [reader] if reader.pool is writer.pool else [reader, writer]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
