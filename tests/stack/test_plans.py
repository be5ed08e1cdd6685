"""Every list finds its rows by an index, also among 200,000 batches of other households."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import batches, jobs, journal, people, photos, recognitions
from storage.db import Database
from storage.schema import batches as batch_table
from storage.schema import households
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId
from zwai.records.stock import FoodId, StackRef

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ROWS = 200_000
HOUSEHOLDS = 2_000


@pytest.fixture(scope="module")
async def full(urls: tuple[str, str]) -> AsyncIterator[HouseholdId]:
    """200,000 batches in 2,000 households; one of these."""
    engine = create_async_engine(urls[0])
    ids = [f"{number:032x}" for number in range(HOUSEHOLDS)]
    async with engine.begin() as connection:
        rows = [{"id": one, "version": 0, "time_zone": "UTC", "created_at": NOW} for one in ids]
        await connection.execute(insert(households), rows)
        for start in range(0, ROWS, 10_000):
            await connection.execute(insert(batch_table), [a_row(n, ids) for n in range(start, start + 10_000)])
        await connection.execute(text("ANALYZE TABLE batches"))
    yield HouseholdId(ids[1000])
    await engine.dispose()


def a_row(number: int, ids: list[str]) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "household_id": ids[number % HOUSEHOLDS],
        "state": "available",
        "kind": "ingredient",
        "label": f"food {number % 97}",
        "label_key": f"food {number % 97}",
        "food_id": "tomato",
        "amount": Decimal(1),
        "unit": "piece",
        "place": "fridge",
        "label_kind": "best_before",
        "expiry_day": date(2026, 7, 1) + timedelta(days=number % 300),
        "expiry_source": "table",
        "expiry_reference": "a row",
        "added_at": NOW + timedelta(milliseconds=number),
        "tips": "",
    }


@pytest.fixture
def said(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database runs."""
    heard: list[tuple[str, Any]] = []

    @event.listens_for(database._reader.sync_engine, "before_cursor_execute")
    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    yield heard
    event.remove(database._reader.sync_engine, "before_cursor_execute", hear)


async def test_no_list_scans_a_table(database: Database, full: HouseholdId, said: list[tuple[str, Any]]) -> None:
    ref = StackRef("food 3", FoodId("tomato"), NOW)
    key = ("ingredient", "food 3", NOW, "0" * 32)
    async with database.read(full) as tx:
        await batches.page(tx, full)
        await batches.page(tx, full, 50, key)
        await batches.expiring(tx, full, date(2026, 7, 1), date(2026, 7, 4))
        await batches.of_stack(tx, full, ref)
        await batches.of_label(tx, full, "food 3", FoodId("tomato"))
        await batches.taken_moments(tx, full, ["food 3"], NOW)
        await journal.page(tx, full, 50, None)
        await photos.of_household(tx, full, [])
        await recognitions.moments_from(tx, full, NOW)
        await jobs.due(tx, NOW, 10)
        await people.session(tx, new_id(NOW), NOW)  # type: ignore[arg-type]
    assert len(said) >= 11
    for statement, parameters in list(said):
        for row in await explained(database, statement, parameters):
            examined = int(row["rows"] or 0)
            assert row["type"] != "ALL" or examined < 100, (statement, row)
            assert examined < ROWS / 20, (statement, row)


async def explained(database: Database, statement: str, parameters: Any) -> list[Any]:
    async with database._reader.connect() as connection:
        return list((await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).mappings())
