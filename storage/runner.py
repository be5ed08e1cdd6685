"""Runs jobs in the process that orders them: bounded, drained on stop, found again at start by their rows.

What those who order jobs need of it is `Delivery`; `storage.queue` is the other one, for workers.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

from aiojobs import Scheduler

from storage.attempts import Attempts, Work
from storage.cache import Cache
from storage.db import Database
from zwai.errors import ZwaiError
from zwai.records.jobs import JobId

log = logging.getLogger("zwai.jobs")

SCAN_S = 5.0


class Delivery(Protocol):
    """What those need who order jobs."""

    async def offer(self, job: JobId) -> None:
        """Have a committed job run soon. Never fails: a job that could not be delivered now is found by a scan."""


class Runner:
    """Runs up to `limit` jobs at once, and lets as many wait."""

    def __init__(
        self, db: Database, cache: Cache, works: Mapping[str, Work], clock: Callable[[], datetime], limit: int
    ) -> None:
        self._attempts = Attempts(db, cache, works, clock)
        self._room = limit * 2
        self._scheduler = Scheduler(limit=limit, pending_limit=limit, close_timeout=1.0)
        self._here: set[JobId] = set()
        self._scan_now = asyncio.Event()
        self._turned_away = False

    async def offer(self, job: JobId) -> None:
        if job in self._here or self._scheduler.closed:
            return
        if len(self._here) >= self._room:
            self._turned_away = True
            return
        self._here.add(job)
        await self._scheduler.spawn(self._run(job))

    async def scan(self) -> None:
        """Offer every job that nobody holds."""
        due = await self._attempts.due(self._room)
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
        """Refuse new work, let running jobs end for a while; what does not end is handed over."""
        await self._scheduler.wait_and_close(timeout_s)

    async def _run(self, job: JobId) -> None:
        try:
            await self._attempts.run(job)
        finally:
            self._here.discard(job)
            if self._turned_away:
                self._turned_away = False
                self._scan_now.set()


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
