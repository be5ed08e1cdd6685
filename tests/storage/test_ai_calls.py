"""The ledger of questions to AIs: what counts against a budget, from the first moment on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage import ai_calls
from storage.ai_calls import Ledger
from storage.db import Database
from storage.engines import open_database, sqlite_url
from storage.migrate import migrate
from zwai.records.ai import AICall, Outcome, Purpose
from zwai.records.people import HouseholdId

HOME, OTHER = HouseholdId("home"), HouseholdId("other")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.replace(hour=0)


def call(household: HouseholdId = HOME, outcome: Outcome = Outcome.ANSWERED, at: datetime = NOW) -> AICall:
    return AICall(household, Purpose.BOTH, "model", outcome, 100, 10, 1, Decimal("0.001"), 40, at)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = sqlite_url(tmp_path / "zwai.db")
    await migrate(url)
    database = open_database(url)
    yield database
    await database.close()


async def test_a_call_counts_at_once_and_still_once_when_it_is_written(database: Database) -> None:
    ledger = Ledger(database)
    assert await ledger.paid_since(TODAY, HOME) == await ledger.paid_since(TODAY) == 0
    ledger.record(call())
    ledger.record(call(OTHER))
    ledger.record(call(outcome=Outcome.REMEMBERED))
    ledger.record(call(outcome=Outcome.FAILED))
    assert (await ledger.paid_since(TODAY, HOME), await ledger.paid_since(TODAY)) == (2, 3)
    await ledger.write()
    assert (await ledger.paid_since(TODAY, HOME), await ledger.paid_since(TODAY)) == (2, 3)
    assert (await Ledger(database).paid_since(TODAY, HOME), await Ledger(database).paid_since(TODAY)) == (2, 3)


async def test_a_new_day_begins_at_nothing(database: Database) -> None:
    ledger = Ledger(database)
    ledger.record(call())
    await ledger.write()
    assert await ledger.paid_since(TODAY, HOME) == 1
    ledger.record(call(at=TODAY + timedelta(days=1)))
    assert await ledger.paid_since(TODAY + timedelta(days=1), HOME) == 1


async def test_another_process_is_counted_a_moment_later(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ai_calls, "FRESH_S", 0.3)
    ledger, other = Ledger(database), Ledger(database)
    assert await ledger.paid_since(TODAY) == 0
    other.record(call())
    await other.write()
    async with asyncio.timeout(10):
        while await ledger.paid_since(TODAY) != 1:
            await asyncio.sleep(0.05)
