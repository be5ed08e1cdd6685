"""Every migration goes up, down and up again, and ends at the tables that the code knows."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from storage.engines import sqlite_url
from storage.migrate import FOLDER, current, migrate, newest
from storage.schema import metadata

REVISIONS = sorted(file.name.split("_")[0] for file in (FOLDER / "versions").glob("[0-9]*.py"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "zwai.db")


async def test_an_empty_database_has_no_revision_and_a_migrated_one_the_newest(url: str) -> None:
    assert await current(url) is None
    await migrate(url)
    assert await current(url) == newest() == REVISIONS[-1]


async def test_every_step_goes_up_down_and_up(url: str) -> None:
    for before, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        await migrate(url, revision)
        await migrate(url, before)
        await migrate(url, revision)
    assert await current(url) == newest()


async def test_the_migrated_tables_are_those_that_the_code_knows(url: str) -> None:
    await migrate(url)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    await engine.dispose()
    assert differences == []
