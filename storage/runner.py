"""Runs claimed jobs in this process: bounded, fenced by the attempt, drained on stop, found again at start."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from aiojobs import Scheduler

from storage import jobs
from storage.cache import MemoryCache
from storage.db import Database, Write
from zwai.errors import Unavailable, Unexpected, ZwaiError
from zwai.records.jobs import Job, JobId

log = logging.getLogger("zwai.jobs")

Progress = Callable[[int, str], Awaitable[None]]
# Applied in the transaction that finishes the job's row, so that it happens once; answers the result.
Effect = Callable[[Write], Awaitable[dict[str, Any]]]
# Does the slow part, without a transaction.
Work = Callable[[Job, Progress], Awaitable[Effect]]

LEASE = timedelta(seconds=30)
ATTEMPTS = 3
SCAN_S = 5.0


class LeaseLost(Exception):
    """Another attempt holds the job now: stop, and change nothing."""


class Runner:
    """`works` maps a job's kind to what it does; `clock` tells the time."""

    def __init__(
        self, db: Database, cache: MemoryCache, works: Mapping[str, Work], clock: Callable[[], datetime], limit: int
    ) -> None:
        self._db = db
        self._cache = cache
        self._works = works
        self._clock = clock
        self._room = limit * 2
        self._scheduler = Scheduler(limit=limit, pending_limit=limit, close_timeout=1.0)
        self._here: set[JobId] = set()
        self._scan_now = asyncio.Event()
        self._turned_away = False

    async def offer(self, job: JobId) -> None:
        """Run a committed job soon; when this process has no room, a scan offers it again once it has."""
        if job in self._here or self._scheduler.closed:
            return
        if len(self._here) >= self._room:
            self._turned_away = True
            return
        self._here.add(job)
        await self._scheduler.spawn(self._run(job))

    async def scan(self) -> None:
        """Offer every job that nobody holds."""
        async with self._db.read() as tx:
            due = await jobs.due(tx, self._clock(), self._room)
        for job in due:
            await self.offer(job)
        self._turned_away |= len(due) == self._room  # there may be more

    async def scan_forever(self) -> None:
        while True:
            try:
                await self.scan()
            except ZwaiError as error:
                log.warning("jobs not scanned: %s", error)
            except Exception:
                log.exception("jobs not scanned")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._scan_now.wait(), SCAN_S)
            self._scan_now.clear()

    async def drain(self, timeout_s: float) -> None:
        """Refuse new work, let running jobs end for a while; what does not end is offered again at the next start."""
        await self._scheduler.wait_and_close(timeout_s)

    async def _run(self, job_id: JobId) -> None:
        claiming = asyncio.create_task(self._claim(job_id))
        try:
            job = await asyncio.shield(claiming)
            if job is not None and job.attempt > ATTEMPTS:
                await self._fail(job, Unexpected())  # no attempt lived to tell what is wrong with it
            elif job is not None:
                await self._attempt(job)
        except LeaseLost:
            log.info("job %s: another attempt took over", job_id)
        except asyncio.CancelledError:  # this process stops; the next one is to begin at once
            if (job := await claiming) is not None:
                await self._give_back(job, self._clock())
            raise
        except Exception:
            log.exception("job %s: not told how it ended; its lease will run out", job_id)
        finally:
            self._here.discard(job_id)
            if self._turned_away:
                self._turned_away = False
                self._scan_now.set()

    async def _claim(self, job_id: JobId) -> Job | None:
        async with self._db.write() as tx:
            return await jobs.claim(tx, job_id, self._clock(), LEASE)

    async def _attempt(self, job: Job) -> None:
        try:
            async with self._renewing(job):
                effect = await self._works[job.kind](job, lambda percent, step: self._advance(job, percent, step))
            await self._finish(job, effect)
        except Unavailable as error:
            await self._try_later(job, error)
        except ZwaiError as error:
            await self._fail(job, error)
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
        await self._cache.raise_version(job.household, tx.version, now.timestamp())

    async def _advance(self, job: Job, percent: int, step: str) -> None:
        async with self._db.write() as tx:
            if not await jobs.advance(tx, job, percent, step, self._clock(), LEASE):
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
            await asyncio.sleep(LEASE.total_seconds() / 3)
            async with self._db.write() as tx:
                await jobs.renew(tx, job, self._clock(), LEASE)

    async def _try_later(self, job: Job, error: Unavailable) -> None:
        if job.attempt >= ATTEMPTS:
            await self._fail(job, error)
            return
        await self._give_back(job, self._clock() + timedelta(seconds=2**job.attempt))

    async def _give_back(self, job: Job, offer_at: datetime) -> None:
        async with self._db.write() as tx:
            await jobs.give_back(tx, job, offer_at)

    async def _fail(self, job: Job, error: ZwaiError) -> None:
        log.warning("job %s failed: %s", job.id, error)
        document = {"code": error.code, "es": error.sentence("es"), "en": error.sentence("en")}
        async with self._db.write() as tx:
            await jobs.fail(tx, job, document, self._clock())


@asynccontextmanager
async def open_runner(runner: Runner, drain_s: float) -> AsyncIterator[Runner]:
    """Scan for jobs until leaving, then drain."""
    scanning = asyncio.create_task(runner.scan_forever())
    try:
        yield runner
    finally:
        scanning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await scanning
        await runner.drain(drain_s)
