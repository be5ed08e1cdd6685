"""Jobs through the queue, on MariaDB and Redis, with worker processes that are killed, stopped and flushed."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from storage import jobs, people
from storage.db import Database
from storage.queue import Queue
from tests.stacks import TestStack
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.people import Account, AccountId, HouseholdId, Language, Provider

ROOT = Path(__file__).parent.parent.parent
RETAKEN_S = 15.0

Order = Callable[[float], Awaitable[Job]]
Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def order(database: Database) -> Order:
    """Orders jobs of so many seconds, in a household of this test; what other tests left open is gone."""
    now = datetime.now(UTC)
    household, account = HouseholdId(new_id(now)), AccountId(new_id(now))
    person = Account(
        account, household, Provider.GUEST, "", None, False, None, Language.ES, {}, now, now
    )  # fmt: skip
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE IF NOT EXISTS effects (job CHAR(32) NOT NULL)"))
        await tx.execute(text("DELETE FROM jobs"))
        await people.add_household(tx, household, "America/Lima", now)
        await people.add_account(tx, person)

    async def order_one(seconds: float) -> Job:
        now = datetime.now(UTC)
        job = Job(
            JobId(new_id(now)), household, account, "note", JobState.PENDING, 0, 0, "waiting",
            {"seconds": seconds}, None, None, now, None, None,
        )  # fmt: skip
        async with database.write() as tx:
            await jobs.add(tx, job)
        return job

    return order_one


@pytest.fixture
async def start(urls: tuple[str, str], queue_url: str) -> AsyncIterator[Start]:
    """Starts worker processes; those that are left at the end are killed."""
    async with AsyncExitStack() as stack:

        async def start_one(*, limit: int = 4, drain_s: float = 10) -> asyncio.subprocess.Process:
            return await stack.enter_async_context(_worker(urls[0], queue_url, str(limit), str(drain_s)))

        yield start_one


@asynccontextmanager
async def _worker(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stack.worker", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert worker.stdout is not None
        assert await asyncio.wait_for(worker.stdout.readline(), 20) == b"ready\n"
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
        await worker.communicate()


async def row_of(database: Database, job: Job) -> Job:
    async with database.read() as tx:
        return await jobs.get(tx, job.household, job.id)


async def until(database: Database, job: Job, state: JobState, within_s: float) -> Job:
    async with asyncio.timeout(within_s):
        while (row := await row_of(database, job)).state is not state:
            await asyncio.sleep(0.05)
    return row


async def effects_of(database: Database, ordered: list[Job]) -> dict[str, int]:
    async with database.read() as tx:
        rows = await tx.all(text("SELECT job, COUNT(*) FROM effects GROUP BY job"))
    counted = {row[0]: row[1] for row in rows}
    return {job.id: counted.get(job.id, 0) for job in ordered}


async def test_the_job_of_a_killed_worker_is_completed_by_another_once(
    database: Database, queue: Queue, order: Order, start: Start
) -> None:
    job = await order(2)
    doomed = await start()
    await queue.offer(job.id)
    await until(database, job, JobState.PROCESSING, 5)
    await start()
    doomed.kill()
    killed_at = time.monotonic()
    while (row := await row_of(database, job)).attempt < 2:
        assert time.monotonic() - killed_at < RETAKEN_S
        await asyncio.sleep(0.05)
    row = await until(database, job, JobState.COMPLETED, 10)
    assert row.attempt == 2
    assert await effects_of(database, [job]) == {job.id: 1}


async def test_a_job_that_takes_longer_than_its_lease_is_not_retaken(
    database: Database, queue: Queue, order: Order, start: Start
) -> None:
    job = await order(12)
    await start()
    await start()
    await queue.offer(job.id)
    assert (await until(database, job, JobState.COMPLETED, 20)).attempt == 1
    assert await effects_of(database, [job]) == {job.id: 1}


async def test_a_flushed_queue_loses_no_job(
    database: Database, queue: Queue, redis: Redis, order: Order, start: Start
) -> None:
    ordered = [await order(0.05) for _ in range(50)]
    for job in ordered:
        await queue.offer(job.id)
    await start()
    await until(database, ordered[5], JobState.COMPLETED, 10)
    await redis.flushall()
    for job in ordered:
        await until(database, job, JobState.COMPLETED, 20)
    assert await effects_of(database, ordered) == {job.id: 1 for job in ordered}


async def test_a_hundred_jobs_are_done_once_each_by_two_workers(
    database: Database, queue: Queue, order: Order, start: Start
) -> None:
    ordered = [await order(0) for _ in range(100)]
    await start()
    await start()
    await asyncio.gather(*(queue.offer(job.id) for job in [*ordered, *ordered]))  # twice: dropped, or found taken
    for job in ordered:
        assert (await until(database, job, JobState.COMPLETED, 20)).attempt == 1
    assert await effects_of(database, ordered) == {job.id: 1 for job in ordered}


async def test_a_stopped_worker_ends_its_job_and_takes_no_other(
    database: Database, queue: Queue, order: Order, start: Start
) -> None:
    first, second = await order(2), await order(0)
    worker = await start(limit=1)
    await queue.offer(first.id)
    await queue.offer(second.id)
    await until(database, first, JobState.PROCESSING, 5)
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.wait(), 5) == 0
    assert (await row_of(database, first)).state is JobState.COMPLETED
    assert (await row_of(database, second)).state is JobState.PENDING


async def test_an_idle_worker_stops_at_once(start: Start, order: Order) -> None:
    worker = await start()
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.wait(), 3) == 0


async def test_a_job_that_a_stopped_worker_cannot_end_is_handed_over(
    database: Database, queue: Queue, order: Order, start: Start
) -> None:
    job = await order(4)
    worker = await start(drain_s=0.5)
    await queue.offer(job.id)
    await until(database, job, JobState.PROCESSING, 5)
    await start()
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.wait(), 5) == 0
    await until(database, job, JobState.PROCESSING, 5)  # long before a lease would have run out
    assert (await until(database, job, JobState.COMPLETED, 10)).attempt == 1
    assert await effects_of(database, [job]) == {job.id: 1}


async def test_a_job_offered_while_the_queue_is_down_runs_when_it_is_back(
    stack: TestStack, database: Database, queue: Queue, order: Order, start: Start
) -> None:
    worker = await start()
    await asyncio.to_thread(stack.run, "stop", "queue")
    try:
        job = await order(0)
        began = time.monotonic()
        await queue.offer(job.id)
        assert time.monotonic() - began < 1.5
        await asyncio.sleep(2)
        assert worker.returncode is None
    finally:
        await asyncio.to_thread(stack.run, "start", "queue")
    await until(database, job, JobState.COMPLETED, 10)


async def test_a_copy_whose_taker_died_before_the_claim_does_not_block_the_job(
    redis: Redis, queue: Queue, order: Order
) -> None:
    job = await order(0)
    await queue.offer(job.id)
    assert await redis.lmove("saq:zwai:queued", "saq:zwai:active", "LEFT", "RIGHT")  # taken, and then nothing
    assert not await queue.put(job.id)
    await queue.put_again(job.id)
    assert await queue.take(0.1) == job.id
    assert await queue.take(0.1) is None


async def test_a_job_that_waits_is_in_line_once(redis: Redis, queue: Queue, order: Order) -> None:
    job = await order(0)
    for _ in range(3):
        await queue.offer(job.id)
        await queue.put_again(job.id)
    assert await queue.take(0.1) == job.id
    assert await queue.take(0.1) is None
    assert await redis.keys("saq:job:*") == []
