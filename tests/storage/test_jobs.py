"""Job rows: what an operator sees of failed jobs and does with them, and what a stopping process hands over."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import jobs, people
from storage.db import Database
from storage.engines import open_database, sqlite_url
from storage.migrate import migrate
from zwai.errors import UnknownJob
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.people import Account, AccountId, HouseholdId, Language, Provider

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=8)
LATER = START + timedelta(minutes=1)
ERROR = {"code": "pool_full", "es": "…", "en": "…"}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = sqlite_url(tmp_path / "zwai.db")
    await migrate(url)
    database = open_database(url)
    yield database
    await database.close()


async def ordered(database: Database) -> Job:
    household, account = HouseholdId(new_id(START)), AccountId(new_id(START))
    person = Account(account, household, Provider.GUEST, "", None, False, None, Language.ES, {}, START, START)
    job = Job(
        JobId(new_id(START)), household, account, "work", JobState.PENDING, 0, 0, "waiting",
        {}, None, None, START, None, None,
    )  # fmt: skip
    async with database.write() as tx:
        await people.add_household(tx, household, "America/Lima", START)
        await people.add_account(tx, person)
        await jobs.add(tx, job)
    return job


async def claimed(database: Database, job: Job, now: datetime = START) -> Job:
    async with database.write() as tx:
        held = await jobs.claim(tx, job.id, now, LEASE)
    assert held is not None
    return held


async def failed(database: Database) -> Job:
    held = await claimed(database, await ordered(database))
    async with database.write() as tx:
        await jobs.fail(tx, held, ERROR, START)
    return held


async def test_failed_jobs_are_listed_the_latest_first(database: Database) -> None:
    await ordered(database)
    first = await failed(database)
    later = await claimed(database, await ordered(database), LATER)
    async with database.write() as tx:
        await jobs.fail(tx, later, ERROR, LATER)
    async with database.read() as tx:
        listed = await jobs.failed(tx, 10)
        assert [job.id for job in listed] == [later.id, first.id]
        assert listed[0].error == ERROR
        assert [job.id for job in await jobs.failed(tx, 1)] == [later.id]


async def test_a_retried_job_is_due_again_with_all_its_attempts(database: Database) -> None:
    job = await failed(database)
    async with database.write() as tx:
        await jobs.retry(tx, job.id, LATER)
        assert await jobs.due(tx, LATER, 10) == [job.id]
        again = await jobs.get(tx, job.household, job.id)
    assert (again.state, again.error, again.finished_at) == (JobState.PENDING, None, None)
    assert (await claimed(database, job, LATER)).attempt == 1


async def test_only_a_failed_job_can_be_retried(database: Database) -> None:
    open_job = await ordered(database)
    for job in (open_job.id, JobId(new_id(START))):
        with pytest.raises(UnknownJob):
            async with database.write() as tx:
                await jobs.retry(tx, job, LATER)


async def test_a_job_that_is_handed_over_is_due_at_once_and_no_attempt_is_counted(database: Database) -> None:
    held = await claimed(database, await ordered(database))
    async with database.write() as tx:
        await jobs.hand_over(tx, held, START)
        assert await jobs.due(tx, START, 10) == [held.id]
    assert (await claimed(database, held)).attempt == held.attempt


async def test_a_job_that_somebody_else_took_is_not_handed_over(database: Database) -> None:
    held = await claimed(database, await ordered(database))
    other = await claimed(database, held, LATER)
    async with database.write() as tx:
        await jobs.hand_over(tx, held, LATER)
        assert await jobs.due(tx, LATER, 10) == []
        assert (await jobs.get(tx, other.household, other.id)).attempt == 2


async def test_a_job_that_ended_a_month_ago_is_forgotten_and_no_other(database: Database) -> None:
    waits, runs, dead, done = [await ordered(database) for _ in range(4)]
    await claimed(database, runs)
    month = START + jobs.KEPT
    async with database.write() as tx:
        for job in (dead, done):
            held = await jobs.claim(tx, job.id, START, LEASE)
            assert held is not None
            ended = await jobs.fail(tx, held, ERROR, START) if job is dead else await jobs.finish(tx, held, {}, START)
            assert ended is not False
        assert await jobs.purge(tx, month) == 0
        assert await jobs.purge(tx, month + LEASE) == 2
        for job in (waits, runs):
            assert (await jobs.get(tx, job.household, job.id)).state in jobs.OPEN
        for job in (dead, done):
            with pytest.raises(UnknownJob):
                await jobs.get(tx, job.household, job.id)
