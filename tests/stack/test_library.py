"""The library on MariaDB: the claim of a picture holds among processes that share nothing but the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ai.pool import open_pool
from storage import library
from storage.db import Database
from storage.files import open_files
from tests.storage.test_library import MILK, Guard, paint_in_turn
from zwai.errors import Conflict
from zwai.kitchen.library import generated_key, open_library
from zwai.kitchen.painting import Model, Painter
from zwai.records.photos import PhotoId
from zwai.records.pictures import LibraryPicture, Source

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def painters(database: Database, tmp_path: Path) -> AsyncIterator[tuple[Guard, list[Painter]]]:
    guard = Guard()
    async with AsyncExitStack() as stack:
        files = await stack.enter_async_context(open_files(tmp_path))
        pool = await stack.enter_async_context(open_pool(1, 64))
        made = []
        for number in range(5):
            pictures = open_library(database, files, pool, tmp_path / str(number), "1")
            one = await stack.enter_async_context(pictures)
            made.append(Painter(database, one, Model(guard, "painter"), lambda: datetime.now(UTC)))
        yield guard, made


async def test_what_five_processes_lack_at_once_is_paid_for_once(
    database: Database, painters: tuple[Guard, list[Painter]]
) -> None:
    guard, five = painters
    assert await asyncio.gather(*map(paint_in_turn, five * 4)) == [True] * 20
    assert guard.asked == 1
    async with database.write() as tx:
        (row,) = await library.of_keys(tx, [generated_key(MILK)])
        assert row.source is Source.GENERATED
        await library.drop(tx, row)


async def test_a_row_is_changed_by_who_read_it_last(database: Database) -> None:
    mine = LibraryPicture("1:claimed", PhotoId("a" * 32), Source.WANTED, "painter", NOW)
    theirs = replace(mine, photo=PhotoId("b" * 32), made_at=NOW + timedelta(minutes=5))
    async with database.write() as tx:
        assert await library.put(tx, mine)
    with pytest.raises(Conflict):
        async with database.write() as tx:
            await library.put(tx, theirs)
    async with database.write() as tx:
        assert await library.put(tx, theirs, mine)
    async with database.write() as tx:
        assert not await library.put(tx, replace(mine, source=Source.GENERATED), mine)
        assert await library.put(tx, replace(theirs, source=Source.GENERATED), theirs)
        assert [one.photo for one in await library.made_since(tx, NOW, 10)] == [theirs.photo]
        assert await library.without_row(tx, [mine.photo, theirs.photo]) == [mine.photo]
        await library.drop(tx, theirs)
