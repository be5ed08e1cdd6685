"""Worker processes for image work, local inference and password hashing: bounded, with deadlines, self-healing.

Each process has an executor of its own, since one death breaks all futures of a shared one. Jobs are
module-level functions; photos go by path, never by bytes. Arguments and results stay below 16 kB, which is one
write to a pipe: a process that is killed half-way through a longer one would leave its executor waiting.
"""

import asyncio
import math
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from zwai.errors import JobTimedOut, PoolFull, Unavailable, WorkerDied, ZwaiError

START_DEADLINE_S = 60.0  # a worker imports and warms well below a second, but a cold disk may take long
TRIES = 2  # a job whose worker dies is tried once more
RETRY_AFTER_S = 2
MEMORY_BYTES = 1536 * 1024 * 1024  # what a worker may map beyond its warm state

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PoolHealth:
    """`alive` are the processes that could take a job now; a dead one is replaced when its turn comes."""

    processes: int
    alive: int
    queued: int
    running: int


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    deadline_s: float
    answer: asyncio.Future[Any]


class Pool:
    """k processes behind a first-come queue, which short jobs jump. Made by `open_pool`."""

    def __init__(self, workers: list["_Worker"], queue: int) -> None:
        self._workers = workers
        self._idle = deque(workers)
        self._queue = queue
        self._first: deque[_Job] = deque()
        self._last: deque[_Job] = deque()
        self._serving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, function: Callable[[*Ts], T], *args: *Ts, deadline_s: float, last: bool = False) -> T:
        """The result of `function(*args)` in a worker. `deadline_s` counts from when a worker takes it.

        `last`: whoever waits without it goes first, as people who wait for an upload before those who asked a model.

        Raises PoolFull, JobTimedOut, WorkerDied, or what the function raised: a ZwaiError as it is, any
        other error as a RuntimeError. A cancelled caller's job leaves the queue; once running, it is let
        finish, since killing its worker would cost the others more.
        """
        if self._closed:
            raise Unavailable()
        waiting = self._last if last else self._first
        if len(self._first) + len(self._last) >= len(self._idle) + self._queue:
            raise PoolFull({"retry_after": RETRY_AFTER_S})
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = _Job(function, args, deadline_s, answer)
        waiting.append(job)
        self._dispatch()
        try:
            return await answer
        finally:
            if job in waiting:
                waiting.remove(job)

    def health(self) -> PoolHealth:
        """A snapshot, without asking the processes."""
        alive = sum(worker.alive for worker in self._workers)
        queued = len(self._first) + len(self._last)
        return PoolHealth(len(self._workers), alive, queued, len(self._workers) - len(self._idle))

    async def close(self) -> None:
        """Refuse new jobs, give up those that wait or run, and end every process."""
        self._closed = True
        while queue := self._first or self._last:
            _fail(queue.popleft(), Unavailable())
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in self._workers))

    def _dispatch(self) -> None:
        while self._idle and (queue := self._first or self._last):
            task = asyncio.create_task(self._serve(self._idle.popleft(), queue.popleft()))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _serve(self, worker: "_Worker", job: _Job) -> None:
        try:
            result = await worker.run(job)
        except asyncio.CancelledError:
            _fail(job, Unavailable())
            raise
        except Exception as error:
            _fail(job, error)
        else:
            if not job.answer.done():
                job.answer.set_result(result)
        self._idle.append(worker)  # last in line: after a replacement it is still warming
        self._dispatch()


@asynccontextmanager
async def open_pool(processes: int, queue: int, warm: Callable[[], None] | None = None) -> AsyncIterator[Pool]:
    """Start the processes without waiting for them: each calls `warm`, and jobs wait meanwhile."""
    pool = Pool([_Worker(warm) for _ in range(processes)], queue)
    try:
        yield pool
    finally:
        await pool.close()


class IdlePool:
    """A pool whose processes start with the first job, and end `idle_s` after the last one: their memory is given back.

    Made by `open_idle_pool`.
    """

    def __init__(self, make: Callable[[], Pool], idle_s: float) -> None:
        self._make, self._idle_s = make, idle_s
        self._pool: Pool | None = None
        self._running = 0
        self._rest: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, function: Callable[[*Ts], T], *args: *Ts, deadline_s: float) -> T:
        """As `Pool.run`; the first job waits for the processes to be warm."""
        if self._closed:
            raise Unavailable()
        if self._rest is not None:
            self._rest.cancel()
        self._pool = self._pool or self._make()
        self._running += 1
        try:
            return await self._pool.run(function, *args, deadline_s=deadline_s)
        finally:
            self._running -= 1
            if not self._running and not self._closed:
                self._rest = asyncio.get_running_loop().call_later(self._idle_s, self._end)

    def health(self) -> PoolHealth | None:
        """None while it has no processes."""
        return self._pool.health() if self._pool else None

    async def close(self) -> None:
        """End every process."""
        self._closed = True
        if self._rest is not None:
            self._rest.cancel()
        self._end()
        await asyncio.gather(*self._ending)

    def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            task = asyncio.create_task(pool.close())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


@asynccontextmanager
async def open_idle_pool(
    processes: int, queue: int, idle_s: float, warm: Callable[[], None] | None = None
) -> AsyncIterator[IdlePool]:
    """Start nothing yet."""
    pool = IdlePool(lambda: Pool([_Worker(warm) for _ in range(processes)], queue), idle_s)
    try:
        yield pool
    finally:
        await pool.close()


class _Worker:
    """One process behind an executor of its own, both replaced whenever the process dies or is stuck."""

    def __init__(self, warm: Callable[[], None] | None) -> None:
        self._warm = warm
        self._start()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    async def run(self, job: _Job) -> Any:
        """The job's result; a job whose process dies is given to a new one, once."""
        for _ in range(TRIES):
            if not self.alive:
                self._replace()
            try:
                return await self._try(job)
            except TimeoutError:
                self._replace()
                raise JobTimedOut() from None
            except BrokenProcessPool:
                self._replace()
        raise WorkerDied()

    def end(self) -> None:
        """Kill the process and wait for its end. Blocks for some milliseconds."""
        self._process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _try(self, job: _Job) -> Any:
        if not self._ready.done():
            async with asyncio.timeout(START_DEADLINE_S):
                await asyncio.wrap_future(self._ready)
        call = self._executor.submit(_obey, job.function, job.args, job.deadline_s)
        async with asyncio.timeout(job.deadline_s):
            return await asyncio.wrap_future(call)

    def _start(self) -> None:
        self._executor = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(self._warm,)
        )
        with _signals_blocked():
            self._ready: Future[int] = self._executor.submit(os.getpid)  # the first job starts the process
        (self._process,) = self._executor._processes.values()  # before Python 3.14 the only way to kill it

    def _replace(self) -> None:
        self._process.kill()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._start()


def _fail(job: _Job, error: Exception) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """A process started inside never sees Ctrl-C or a SIGTERM to the group: they would end it before the drain."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(warm: Callable[[], None] | None) -> None:
    """First thing in a worker. Memory is limited from the warm state on, whatever the models map."""
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    if warm is not None:
        warm()
    if sys.platform == "linux":
        mapped_pages = int(Path("/proc/self/statm").read_text().split()[0])
        _limit(resource.RLIMIT_AS, mapped_pages * resource.getpagesize() + MEMORY_BYTES)


def _end_with_parent() -> None:
    """PR_SET_PDEATHSIG would fire at the end of the thread that started us, and exists on Linux only."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _limit(kind: int, soft: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _obey(function: Callable[..., Any], args: tuple[Any, ...], budget_s: float) -> Any:
    """Run one job in the worker. The CPU limit ends it also when nobody is left to watch the deadline."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(usage.ru_utime + usage.ru_stime + budget_s) + 1)
    try:
        return function(*args)
    except ZwaiError:
        raise
    except Exception as error:  # one that cannot be unpickled would break the executor
        raise RuntimeError(f"{function.__qualname__}: {error!r}") from error
