"""What operators do to the database: see to failed jobs, and renew its id after a restore."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage import installation, jobs
from storage.db import Database
from storage.engines import open_database
from zwai.app import clock, database_url
from zwai.records.ids import new_id
from zwai.records.jobs import JobId
from zwai.settings import Settings

MOST = 200


async def failed(settings: Settings) -> list[str]:
    """One line for each of the newest failed jobs."""
    async with _database(settings) as database, database.read() as tx:
        dead = await jobs.failed(tx, MOST)
    return [f"{job.id}  {job.kind}  {job.finished_at:%Y-%m-%d %H:%M:%S}  {(job.error or {}).get('en')}" for job in dead]


async def retry(settings: Settings, job: str) -> None:
    """Raises UnknownJob unless it has failed."""
    async with _database(settings) as database, database.write() as tx:
        await jobs.retry(tx, JobId(job), clock())


async def renew(settings: Settings) -> None:
    """Let nothing match that was cached before."""
    async with _database(settings) as database, database.write() as tx:
        await installation.renew(tx, new_id(clock()))


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(database_url(settings))
    try:
        yield database
    finally:
        await database.close()
