"""A worker that is killed a hundred times, at random moments, loses no job and does none twice."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
import pytest
from sqlalchemy import select, text

from storage.db import Database
from storage.queue import Queue
from storage.schema import jobs, proposal_lines, recognitions
from tests.orders import SEEN, count, order, somebody
from tests.processes import ROOT
from zwai.records.jobs import JobState
from zwai.records.people import Member

KILLS = 100
LONGEST_LIFE_S = 0.5
MOST_WAITING = 20
DRAINED_S = 30.0


@dataclass
class Nursery:
    """Forks a worker whenever it is asked for one (see `tests.stack.killed`)."""

    process: asyncio.subprocess.Process

    async def worker(self) -> psutil.Process:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(b"\n")
        return psutil.Process(int(await asyncio.wait_for(self.process.stdout.readline(), 20)))


@pytest.fixture
async def nursery(urls: tuple[str, str], queue_url: str) -> AsyncIterator[Nursery]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stack.killed", urls[0], queue_url, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    try:
        yield Nursery(process)
    finally:
        for child in psutil.Process(process.pid).children():
            child.kill()
        process.kill()
        await process.communicate()


@pytest.fixture
async def member(database: Database) -> Member:
    """Somebody; what other tests ordered is gone."""
    async with database.write() as tx:
        await tx.execute(text("DELETE FROM jobs"))
    return await somebody(database)


@asynccontextmanager
async def orders(database: Database, queue: Queue, member: Member) -> AsyncIterator[dict[str, list[str]]]:
    """Order recognitions until leaving, so that always a few wait; grows by the photos of each."""
    ordered: dict[str, list[str]] = {}
    enough = asyncio.Event()

    async def keep_ordering() -> None:
        while not enough.is_set():  # cancelled in a commit, it could not tell whether there is a job
            if await count(database, JobState.PENDING) < MOST_WAITING:
                (job,) = await order(database, member)
                ordered[job.id] = job.request["photos"]
                await queue.offer(job.id)
            else:
                await asyncio.sleep(0.01)

    ordering = asyncio.create_task(keep_ordering())
    try:
        yield ordered
    finally:
        enough.set()
        await ordering


async def test_a_hundred_kills_lose_no_job_and_double_none(
    database: Database, queue: Queue, member: Member, nursery: Nursery
) -> None:
    seed = random.randrange(2**32)
    lives = random.Random(seed)
    async with orders(database, queue, member) as ordered:
        for _ in range(KILLS):
            worker = await nursery.worker()
            await asyncio.sleep(lives.uniform(0, LONGEST_LIFE_S))
            worker.kill()
    await nursery.worker()
    async with asyncio.timeout(DRAINED_S):
        while await count(database, JobState.PENDING, JobState.PROCESSING):
            await asyncio.sleep(0.1)
    async with database.read() as tx:
        done = await tx.all(select(jobs))
        found = await tx.all(select(recognitions).where(recognitions.c.household_id == member.household))
        lines = await tx.all(select(proposal_lines.c.id).where(proposal_lines.c.household_id == member.household))
    made = {row.id: row.photos for row in found}
    cut_short = sum(row.attempt - 1 for row in done)
    told = f"seed {seed}, {len(ordered)} jobs, {cut_short} attempts cut short"
    print(told)
    assert {row.state for row in done} == {JobState.COMPLETED}, told
    assert {row.id: made[row.result["recognition_id"]] for row in done} == ordered, told
    assert len(made) == len(ordered) and len(lines) == len(ordered) * len(SEEN), told
    assert cut_short >= KILLS / 2, told  # else they came too early to show anything
