"""What was written of foods is shared by processes that share nothing but the database, and forgotten in time."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from ai.gemini import open_gemini
from ai.guard import Guard
from storage.db import Database
from storage.memo import MemoryMemo, MemoryQuota
from tests.ai.test_guard import LIMITS, NOW, Ledger
from tests.gemini import FakeGemini, fake_gemini
from tests.storage.households import batch, opened
from zwai.kitchen import writings
from zwai.kitchen.writings import KEPT, Writings, open_writings
from zwai.records.people import HouseholdId, Language
from zwai.records.stock import FoodId

IDEA = {"title": "Compota", "description": "Cuécela despacio.", "type": "use_up"}


async def write_at_once(database: Database, fake: FakeGemini, processes: int) -> list[int]:
    """So many processes are asked for the details of an apple at the same moment; how many ideas each has then."""
    apple = batch(HouseholdId("home"), "manzana", food=FoodId("apple"))
    fake.otherwise, fake.pause_s = {"ideas": [IDEA], "advice": {"quality_check": "Firme."}}, 0.1

    async def read(one: Writings) -> int:
        async with database.read() as tx:
            return len((await one.of(tx, apple, Language.ES)).ideas)

    async with AsyncExitStack() as stack:
        several = []
        for _ in range(processes):
            gemini = await stack.enter_async_context(open_gemini("the-key", "gemini-test", fake.url))
            guard = Guard(gemini, MemoryMemo(), MemoryQuota(100_000), Ledger(), LIMITS, lambda: NOW)
            stack.push_async_callback(guard.close)
            several.append(await stack.enter_async_context(open_writings(database, guard, gemini.model, lambda: NOW)))
        assert await asyncio.gather(*map(read, several)) == [0] * processes
        async with asyncio.timeout(20):
            while any(each.busy for each in several):
                await asyncio.sleep(0.02)
        return await asyncio.gather(*map(read, several))


async def test_who_writes_the_same_at_the_same_time_agrees(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, fake_gemini() as fake:
        assert await write_at_once(database, fake, 3) == [1, 1, 1]


async def test_what_was_written_long_ago_is_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, fake_gemini() as fake:
        await write_at_once(database, fake, 1)
        forgotten = []
        for age in (KEPT, KEPT + timedelta(seconds=1)):
            async with database.write() as tx:
                forgotten.append(await writings.purge(tx, NOW + age))
    assert forgotten == [0, 2]
