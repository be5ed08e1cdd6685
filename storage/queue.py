"""Delivers jobs through a queue on Redis that processes and machines share (SAQ's), to the workers that pull from it.

SAQ keeps the order and drops a second offer of a job that waits, nothing more: its copy ends when a worker has it,
before the attempt begins, and it never retries. Leases, attempts and retries are the row's; so the whole queue may
vanish at any moment, and the scan of any worker brings it back. SAQ's own worker is not used: it waits out its timers
on a stop, and while Redis is away it turns without a pause.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError
from saq.job import Job as Copy
from saq.job import Status
from saq.queue.redis import RedisQueue

from storage.attempts import Attempts
from zwai.errors import Unavailable
from zwai.records.jobs import JobId

log = logging.getLogger("zwai.jobs")

NAME = "zwai"
AWAY = (RedisError, OSError, TimeoutError)
BREAK_S = 1.0
WAIT_S = 1.0
SCAN_S = 3.0
SCANNED = 100


class Queue:
    """The offering side. Made by `open_queue`."""

    def __init__(self, redis: Redis) -> None:
        self._saq = RedisQueue(redis, name=NAME)
        self._redis = redis
        self._broken_until = 0.0

    async def offer(self, job: JobId) -> None:
        """Put a committed job in line, unless it is; when Redis is away, a worker's scan does so later."""
        if time.monotonic() < self._broken_until:
            return
        try:
            await self.put(job)
        except AWAY as error:
            self._broken_until = time.monotonic() + BREAK_S
            log.warning("job %s not offered, a scan will: the queue does not answer: %s", job, error)

    async def put(self, job: JobId) -> bool:
        """False when a copy of it is there."""
        return await self._saq.enqueue(self._copy(job)) is not None

    async def put_again(self, job: JobId) -> None:
        """As `put`, for a job that nobody holds: a copy that does not wait was lost by whoever took it."""
        if await self.put(job):
            return
        if await self._redis.lpos(self._saq.namespace("queued"), self._saq.job_id(job)) is None:
            await self._saq.finish(self._copy(job), Status.ABORTED)
            await self.put(job)

    async def take(self, wait_s: float) -> JobId | None:
        """The next job in line; from here on only its row knows of it."""
        copy = await self._saq.dequeue(timeout=wait_s)
        if copy is None:
            return None
        await self._saq.finish(copy, Status.COMPLETE)
        return JobId(copy.key)

    def _copy(self, job: JobId) -> Copy:
        """No retry and no time limit (the row has both), and nothing is kept when it ends."""
        return Copy("attempt", queue=self._saq, key=job, retries=1, timeout=0, heartbeat=0, ttl=-1)


class Worker:
    """Pulls jobs and runs up to `limit` of them at once. Made by `open_worker`."""

    def __init__(self, queue: Queue, attempts: Attempts, limit: int, scan_s: float = SCAN_S) -> None:
        self._queue = queue
        self._attempts = attempts
        self._limit = limit
        self._scan_s = scan_s
        self._away = False

    async def work(self, stopped: asyncio.Event, drain_s: float) -> None:
        """Work until `stopped`, then let running jobs end for a while; what does not end is handed over."""
        async with asyncio.TaskGroup() as group:
            places = [group.create_task(self._serve(stopped)) for _ in range(self._limit)]
            scan = group.create_task(self._scan(stopped))
            await stopped.wait()
            _, late = await asyncio.wait([*places, scan], timeout=drain_s)
            for task in late:
                task.cancel()

    async def _serve(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            job = await self._take(stopped)
            if job is not None:
                await self._attempts.run(job)

    async def _take(self, stopped: asyncio.Event) -> JobId | None:
        try:
            job = await self._queue.take(WAIT_S)
        except AWAY as error:
            self._tell(error)
            await _pause(stopped, WAIT_S)
            return None
        self._away = False
        return job

    async def _scan(self, stopped: asyncio.Event) -> None:
        """Put in line what nobody holds: jobs that were not offered, those of a killed worker, all after a flush."""
        while not stopped.is_set():
            try:
                for job in await self._attempts.due(SCANNED):
                    await self._queue.put_again(job)
            except Unavailable as error:
                log.warning("jobs not scanned: %s", error)
            except AWAY as error:
                self._tell(error)
            await _pause(stopped, self._scan_s)

    def _tell(self, error: Exception) -> None:
        if not self._away:
            log.warning("the queue does not answer, waiting for it: %s", error)
        self._away = True


@asynccontextmanager
async def open_queue(url: str) -> AsyncIterator[Queue]:
    """For those who offer: fails within a second when Redis is down or frozen, since a request waits."""
    async with _redis(url, connections=20, socket_timeout=0.5) as redis:
        yield Queue(redis)


@asynccontextmanager
async def open_worker(url: str, attempts: Attempts, limit: int, scan_s: float = SCAN_S) -> AsyncIterator[Worker]:
    """For those who pull: each place blocks on a connection, for less than its time-out."""
    async with _redis(url, connections=limit + 2, socket_timeout=WAIT_S + 4) as redis:
        yield Worker(Queue(redis), attempts, limit, scan_s)


@asynccontextmanager
async def _redis(url: str, connections: int, socket_timeout: float) -> AsyncIterator[Redis]:
    logging.getLogger("saq").setLevel(logging.WARNING)  # it tells of every copy twice
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=0.3,
        socket_timeout=socket_timeout,
        socket_connect_timeout=0.3,
        socket_keepalive=True,
        retry=Retry(ExponentialWithJitterBackoff(base=0.01, cap=0.05), 1),
    )
    redis = Redis(connection_pool=pool)
    try:
        yield redis
    finally:
        await redis.aclose()
        await pool.aclose()


async def _pause(stopped: asyncio.Event, pause_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), pause_s)
