"""Brings a database to the newest revision, and tells which one it has."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from zwai.operator_errors import DatabaseTooNew, DatabaseUnreachable, DatabaseUnreadable

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
LOCK_WAIT_S = 120


def newest() -> str:
    """The newest revision that this release knows; files are numbered in order."""
    return _known()[-1]


async def current(url: str) -> str | None:
    """The database's revision, None when it is empty. Raises DatabaseTooNew and as `engine_of`."""
    async with engine_of(url) as engine, engine.connect() as connection:
        revision = await connection.run_sync(_revision)
    if revision and revision not in _known():
        raise DatabaseTooNew({"revision": revision})
    return revision


async def migrate(url: str, target: str = "head") -> None:
    """Run what is missing up to `target`, or back down to it when it is older ("base": empty).

    Of several processes that migrate at once, one does it and the others find it done.
    """
    async with engine_of(url) as engine, engine.begin() as connection:
        if engine.dialect.name == "mysql":
            logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it warns of each name that a primary key can't have
            # Let go when the connection closes.
            lock = text("SELECT GET_LOCK('zwai_migrate', :wait_s)")
            if not (await connection.execute(lock, {"wait_s": LOCK_WAIT_S})).scalar():
                raise DatabaseUnreachable({"database": str(engine.url), "reason": "another process migrates it"})
        await connection.run_sync(_move, target)


@asynccontextmanager
async def engine_of(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine for what the operator does. Raises DatabaseUnreadable (a file) and DatabaseUnreachable (a server)."""
    engine = create_async_engine(url)
    try:
        yield engine
    except DatabaseError as error:
        if engine.dialect.name == "mysql":
            raise DatabaseUnreachable({"database": str(engine.url), "reason": str(error.orig)}) from error
        raise DatabaseUnreadable({"file": engine.url.database, "reason": str(error.orig)}) from error
    finally:
        await engine.dispose()


def _known() -> list[str]:
    return sorted(file.name.split("_")[0] for file in (FOLDER / "versions").glob("[0-9]*.py"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _move(connection: Connection, target: str) -> None:
    from alembic import command  # loaded only when there is something to migrate: it costs 0.2 s of every start

    config = _config(connection)
    known = _known()
    here = _revision(connection)
    down = target == "base" or (target in known and here is not None and known.index(target) < known.index(here))
    (command.downgrade if down else command.upgrade)(config, target)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
