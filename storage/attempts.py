"""Attempts at jobs: each claimed under a lease, fenced by its number, and handed over when its process stops."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from storage import jobs
from storage.cache import Cache
from storage.db import Database, Write
from zwai.errors import Unavailable, Unexpected, ZwaiError
from zwai.records.jobs import Job, JobId

log = logging.getLogger("zwai.jobs")

Progress = Callable[[int, str], Awaitable[None]]
# Applied in the transaction that finishes the job's row, so that it happens once; answers the result.
Effect = Callable[[Write], Awaitable[dict[str, Any]]]
# Does the slow part, without a transaction.
Work = Callable[[Job, Progress], Awaitable[Effect]]

# With a scan every few seconds, the job of a killed process is retaken within 15 s.
LEASE = timedelta(seconds=8)
PUT_OFF = timedelta(seconds=2)
RENEWALS = 3  # in the time of a lease
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an attempt holds its job, and how many there are before the job is given up."""

    lease: timedelta = LEASE
    attempts: int = ATTEMPTS


class LeaseLost(Exception):
    """Another attempt holds the job now, or it was cancelled: stop, and change nothing."""


class PutOff(Exception):
    """Nothing is wrong, but it is not this job's turn: it takes no place, and no attempt, and comes again."""


class Attempts:
    """`works` maps a job's kind to what it does; `clock` tells the time. Whoever delivers jobs bounds them."""

    def __init__(
        self,
        db: Database,
        cache: Cache,
        works: Mapping[str, Work],
        clock: Callable[[], datetime],
        bounds: Bounds = Bounds(),
    ) -> None:
        self._db = db
        self._cache = cache
        self._works = works
        self._clock = clock
        self._lease, self._most = bounds.lease, bounds.attempts

    async def due(self, limit: int) -> list[JobId]:
        """Jobs that nobody holds, the longest waiting first."""
        async with self._db.read() as tx:
            return await jobs.due(tx, self._clock(), limit)

    async def run(self, job_id: JobId) -> None:
        """One attempt, unless somebody else holds the job. Cancelled, it hands the job over."""
        claiming = asyncio.create_task(self._claim(job_id))
        try:
            job = await asyncio.shield(claiming)
            if job is not None and job.attempt > self._most:
                await self._fail(job, Unexpected())  # no attempt lived to tell what is wrong with it
            elif job is not None:
                await self._attempt(job)
        except LeaseLost:
            log.info("job %s: another attempt took over, or it was cancelled", job_id)
        except asyncio.CancelledError:  # this process stops; another is to begin at once
            await self._hand_over(claiming)
            raise
        except ZwaiError as error:
            log.warning("job %s: not told how it ended, its lease will run out: %s", job_id, error)
        except Exception:
            log.exception("job %s: not told how it ended, its lease will run out", job_id)

    async def _claim(self, job_id: JobId) -> Job | None:
        async with self._db.write() as tx:
            return await jobs.claim(tx, job_id, self._clock(), self._lease)

    async def _attempt(self, job: Job) -> None:
        try:
            async with self._renewing(job):
                effect = await self._works[job.kind](job, lambda percent, step: self._advance(job, percent, step))
            await self._finish(job, effect)
        except Unavailable as error:
            await self._try_later(job, error)
        except ZwaiError as error:
            await self._fail(job, error)
        except PutOff:
            async with self._db.write() as tx:
                await jobs.hand_over(tx, job, self._clock() + PUT_OFF)
        except LeaseLost:
            raise
        except Exception:
            log.exception("job %s: attempt %d ended unexpectedly", job.id, job.attempt)
            await self._fail(job, Unexpected())

    async def _finish(self, job: Job, effect: Effect) -> None:
        now = self._clock()
        async with self._db.write(job.household) as tx:
            if not await jobs.finish(tx, job, await effect(tx), now):
                raise LeaseLost
        assert tx.version is not None
        await self._cache.raise_version(job.household, tx.version, now.timestamp(), wrote=True)

    async def _advance(self, job: Job, percent: int, step: str) -> None:
        async with self._db.write() as tx:
            if not await jobs.advance(tx, job, percent, step, self._clock(), self._lease):
                raise LeaseLost

    @asynccontextmanager
    async def _renewing(self, job: Job) -> AsyncIterator[None]:
        """Keep the lease alive while a long piece of work runs."""
        renewal = asyncio.create_task(self._renew(job))
        try:
            yield
        finally:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal

    async def _renew(self, job: Job) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / RENEWALS)
            with contextlib.suppress(Unavailable):  # the next one may find the database back
                async with self._db.write() as tx:
                    await jobs.renew(tx, job, self._clock(), self._lease)

    async def _try_later(self, job: Job, error: Unavailable) -> None:
        if job.attempt >= self._most:
            await self._fail(job, error)
            return
        pause = timedelta(seconds=2**job.attempt)
        async with self._db.write() as tx:
            await jobs.give_back(tx, job, self._clock() + pause)

    async def _hand_over(self, claiming: asyncio.Task[Job | None]) -> None:
        with contextlib.suppress(ZwaiError):  # then its lease runs out
            job = await claiming
            if job is not None:
                async with self._db.write() as tx:
                    await jobs.hand_over(tx, job, self._clock())

    async def _fail(self, job: Job, error: ZwaiError) -> None:
        log.warning("job %s failed: %s", job.id, error)
        document = {"code": error.code, "es": error.sentence("es"), "en": error.sentence("en")}
        async with self._db.write() as tx:
            await jobs.fail(tx, job, document, self._clock())
