"""A worker that is killed a hundred times, at random moments, loses no job and does none twice."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
import pytest
from sqlalchemy import func, select, text

from storage import people
from storage.db import Database
from storage.queue import Queue
from storage.schema import jobs, proposal_lines, recognitions
from tests.processes import ROOT
from tests.stack.killed import SEEN
from zwai.kitchen.jobs import order_recognition
from zwai.records.ids import new_id
from zwai.records.jobs import JobState
from zwai.records.people import Account, AccountId, HouseholdId, Language, Member, Provider, SessionId
from zwai.records.photos import Aim, PhotoId

KILLS = 100
LONGEST_LIFE_S = 0.5
PHOTOS_EACH = 3
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
    """Somebody with a household of their own; what other tests ordered is gone."""
    now = datetime.now(UTC)
    household, account = HouseholdId(new_id(now)), AccountId(new_id(now))
    person = Account(account, household, Provider.GUEST, "", None, False, None, Language.ES, {}, now, now)
    async with database.write() as tx:
        await tx.execute(text("DELETE FROM jobs"))
        await people.add_household(tx, household, "America/Lima", now)
        await people.add_account(tx, person)
    return Member(account, household, SessionId(""), Language.ES, "America/Lima")


@asynccontextmanager
async def orders(database: Database, queue: Queue, member: Member) -> AsyncIterator[dict[str, list[PhotoId]]]:
    """Order recognitions until leaving, so that always a few wait; grows by the photos of each."""
    ordered: dict[str, list[PhotoId]] = {}

    async def order() -> None:
        while True:
            if await count(database, JobState.PENDING) < MOST_WAITING:
                now = datetime.now(UTC)
                photos = [PhotoId(new_id(now)) for _ in range(PHOTOS_EACH)]
                async with database.write(member.household) as tx:
                    job = await order_recognition(tx, member, photos, Aim.INGREDIENTS, now)
                ordered[job.id] = photos
                await queue.offer(job.id)
            else:
                await asyncio.sleep(0.01)

    ordering = asyncio.create_task(order())
    try:
        yield ordered
    finally:
        ordering.cancel()
        with suppress(asyncio.CancelledError):
            await ordering


async def count(database: Database, *states: JobState) -> int:
    async with database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(jobs).where(jobs.c.state.in_(states))))


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
