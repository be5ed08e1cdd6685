"""Brings a database to the newest revision, and tells which one it has."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def newest() -> str:
    """The newest revision that this release knows; files are numbered in order."""
    return max(file.name.split("_")[0] for file in (FOLDER / "versions").glob("[0-9]*.py"))


async def current(url: str) -> str | None:
    """The database's revision, None when it is empty."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)
    finally:
        await engine.dispose()


async def migrate(url: str, target: str = "head") -> None:
    """Run what is missing up to `target`, or back down to it when it is older ("base": empty)."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_move, target)
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _move(connection: Connection, target: str) -> None:
    from alembic import command  # loaded only when there is something to migrate: it costs 0.2 s of every start

    config = _config(connection)
    known = sorted(file.name.split("_")[0] for file in (FOLDER / "versions").glob("[0-9]*.py"))
    here = _revision(connection)
    down = target == "base" or (target in known and here is not None and known.index(target) < known.index(here))
    (command.downgrade if down else command.upgrade)(config, target)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
