"""An empty database of its own, and batches to put into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import StaticPool, create_engine

from storage import people
from storage.db import Database
from storage.engines import open_database, sqlite_url
from storage.schema import metadata
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId
from zwai.records.stock import (
    Batch,
    BatchId,
    BatchState,
    ExpiryDate,
    ExpirySource,
    Kind,
    LabelKind,
    Place,
    Quantity,
    Unit,
)

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@cache
def empty() -> bytes:
    """The file of an empty database: made once, since making it costs more than most tests."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        made: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    engine.dispose()
    return made


@asynccontextmanager
async def opened(folder: Path, deadline_s: float = 10.0) -> AsyncIterator[Database]:
    (folder / "zwai.db").write_bytes(empty())
    database = open_database(sqlite_url(folder / "zwai.db"), deadline_s=deadline_s)
    try:
        yield database
    finally:
        await database.close()


async def household(database: Database) -> HouseholdId:
    made = HouseholdId(new_id(NOON))
    async with database.write() as tx:
        await people.add_household(tx, made, "America/Lima", NOON)
    return made


def batch(owner: HouseholdId, label: str = "Leche", **more: Any) -> Batch:
    plain = Batch(
        id=BatchId(new_id(NOON)),
        household=owner,
        kind=Kind.INGREDIENT,
        label=label,
        label_key=label.lower(),
        food=None,
        quantity=Quantity(Decimal("1.5"), Unit.L),
        place=Place.FRIDGE,
        state=BatchState.AVAILABLE,
        label_kind=LabelKind.BEST_BEFORE,
        expiry=ExpiryDate(date(2026, 7, 8), ExpirySource.TYPED, "typed"),
        added_at=NOON,
        tips="",
        photo=None,
        dish=None,
    )
    return replace(plain, **more)
