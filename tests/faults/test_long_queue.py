"""A thousand queued jobs are done in the memory of a few."""

import asyncio
from pathlib import Path

import psutil
import pytest

from storage.cache import MemoryCache
from storage.engines import open_database, sqlite_url
from storage.migrate import migrate
from storage.runner import Runner, open_runner
from tests.orders import clock, count, order, recognising, somebody
from zwai.records.jobs import JobState

pytestmark = pytest.mark.slow

JOBS, SETTLED, AT_ONCE = 1000, 200, 4
MOST_GROWTH_MB = 20


async def test_a_thousand_queued_jobs_are_done_in_the_memory_of_a_few(tmp_path: Path) -> None:
    await migrate(url := sqlite_url(tmp_path / "jobs.db"))
    database = open_database(url)
    await order(database, await somebody(database), JOBS)
    runner = Runner(database, MemoryCache(), recognising(database, 0), clock, AT_ONCE)
    seen: dict[int, float] = {}
    async with open_runner(runner, 5), asyncio.timeout(90):
        while (done := await count(database, JobState.COMPLETED)) < JOBS:
            seen[done] = psutil.Process().memory_info().rss / 2**20
            await asyncio.sleep(0.02)
    await database.close()
    settled = next(rss for done, rss in seen.items() if done >= SETTLED)
    assert max(seen.values()) - settled < MOST_GROWTH_MB, seen
