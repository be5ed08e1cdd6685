"""What this process has done and holds, as Prometheus reads it: counted in plain numbers, told when asked.

Each process tells of itself only, so each has a port of its own for whoever collects.
"""

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from resource import getpagesize

from aiohttp import web

from handlers.call import Call
from handlers.crowd import CROWD, Crowd
from handlers.health import state_of
from handlers.route import CacheFor, Route
from zwai.errors import NoSuchRoute, ZwaiError
from zwai.kitchen import jobs
from zwai.kitchen.parts import Kitchen

TYPE = "text/plain; version=0.0.4; charset=utf-8"
ANSWER_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LAG_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
LAG_STEP_S = 0.05
JOBS_S = 1.0

# Suffix of the name, labels, value.
Line = tuple[str, str, float]


class Histogram:
    """How often something took how long."""

    __slots__ = ("bounds", "counts", "sum_s")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum_s += seconds

    def lines(self, labels: str) -> Iterator[Line]:
        """Buckets as Prometheus wants them: each holds those before it."""
        comma, reached = "," if labels else "", 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            reached += count
            yield "_bucket", f'{labels}{comma}le="{bound}"', reached
        yield "_sum", labels, self.sum_s
        yield "_count", labels, reached


class Tally:
    """What one route has answered; counting an answer takes half a microsecond.

    Of cached routes also how: `kept` as it lay in the cache, `unchanged` for the client, or `made`.
    """

    __slots__ = ("answers", "kept", "made", "route", "unchanged")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.answers: dict[int, Histogram] = {}
        self.kept = self.unchanged = self.made = 0

    def count(self, status: int, seconds: float) -> None:
        histogram = self.answers.get(status // 100)
        if histogram is None:
            histogram = self.answers[status // 100] = Histogram(ANSWER_BOUNDS_S)
        histogram.add(seconds)

    @property
    def labels(self) -> str:
        path = self.route.path.replace("\\", r"\\").replace('"', r"\"")
        return f'method="{self.route.method}",path="{path}"'


@dataclass(frozen=True, slots=True)
class Meter:
    """All that is counted in this process; `lag` is how late the event loop is."""

    tallies: tuple[Tally, ...]
    lag: Histogram = field(default_factory=lambda: Histogram(LAG_BOUNDS_S))


METER = web.AppKey("meter", Meter)


async def watched(app: web.Application) -> AsyncIterator[None]:
    """Look how late the loop is, as long as the application runs."""
    watching = asyncio.create_task(_watch(app[METER].lag))
    yield
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


async def _watch(lag: Histogram) -> None:
    while True:
        due = time.monotonic() + LAG_STEP_S
        await asyncio.sleep(LAG_STEP_S)
        lag.add(max(0.0, time.monotonic() - due))


async def show(call: Call) -> web.Response:
    """For collectors on the inside: who comes through a proxy gets what any unknown path gets."""
    if "X-Forwarded-For" in call.request.headers:
        raise NoSuchRoute
    meter, kitchen, crowd = call.request.app[METER], call.kitchen, call.request.app[CROWD]
    up, work = await asyncio.gather(_parts(kitchen), _jobs(kitchen))
    families = [*_answers(meter), *_holdings(kitchen, crowd), up, *work, *_process()]
    return web.Response(text="".join(families), headers={"Content-Type": TYPE})


def _family(name: str, kind: str, meaning: str, lines: Iterable[Line]) -> str:
    """One metric with all its lines."""
    told = [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
    told += [f"{name}{suffix}{labels and f'{{{labels}}}'} {value:.16g}" for suffix, labels, value in lines]
    return "\n".join(told) + "\n"


def _answers(meter: Meter) -> Iterator[str]:
    times = (
        line
        for tally in meter.tallies
        for status, histogram in tally.answers.items()
        for line in histogram.lines(f'{tally.labels},status="{status}xx"')
    )
    yield _family("zwai_request_seconds", "histogram", "Answers and how long each took, by route and status.", times)
    cached = [tally for tally in meter.tallies if tally.route.cache is not CacheFor.NONE]
    ways = (
        ("", f'{tally.labels},how="{how}"', getattr(tally, how))
        for tally in cached
        for how in ("kept", "unchanged", "made")
    )
    meaning = "Answers of cached routes: kept in the cache, unchanged (304), or made."
    yield _family("zwai_cache_answers_total", "counter", meaning, ways)
    yield _family("zwai_loop_lag_seconds", "histogram", "How late the event loop is.", meter.lag.lines(""))


def _holdings(kitchen: Kitchen, crowd: Crowd) -> Iterator[str]:
    held = kitchen.database.connections()
    in_use = [("", f'server="{one.server}"', float(one.in_use)) for one in held]
    yield _family("zwai_database_connections_in_use", "gauge", "Connections that a unit of work holds.", in_use)
    most = [("", f'server="{one.server}"', float(one.size)) for one in held]
    yield _family("zwai_database_connections_most", "gauge", "Connections that there may be.", most)
    pool = kitchen.pool.health()
    gauges = (
        ("zwai_pool_processes_alive", "Worker processes that could take a job.", pool.alive),
        ("zwai_pool_running", "Jobs that worker processes are at.", pool.running),
        ("zwai_pool_queued", "Jobs that wait for a worker process.", pool.queued),
        ("zwai_requests_in_flight", "Requests that are being answered.", crowd.inside),
        ("zwai_uploads_in_flight", "Photos that are arriving.", kitchen.uploads.in_flight),
    )
    for name, meaning, value in gauges:
        yield _family(name, "gauge", meaning, [("", "", value)])


async def _parts(kitchen: Kitchen) -> str:
    states = await asyncio.gather(*(state_of(part) for part in kitchen.parts))
    lines = [
        ("", f'part="{part.name}"', float(state["state"] == "up"))
        for part, state in zip(kitchen.parts, states, strict=True)
    ]
    return _family("zwai_up", "gauge", "1 while a part answers.", lines)


async def _jobs(kitchen: Kitchen) -> list[str]:
    """Nothing while the database is away."""
    try:
        async with asyncio.timeout(JOBS_S), kitchen.database.read() as tx:
            counted = await jobs.unfinished(tx)
    except (ZwaiError, TimeoutError):
        return []
    lines = [("", f'state="{state}"', float(number)) for state, number in counted.items()]
    return [_family("zwai_jobs", "gauge", "Jobs of the whole installation that are not completed.", lines)]


def _process() -> Iterator[str]:
    """Under the names that Prometheus's own libraries use."""
    yield _family("process_cpu_seconds_total", "counter", "CPU time of this process.", [("", "", time.process_time())])
    with contextlib.suppress(OSError):  # Linux only
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory = [("", "", float(pages * getpagesize()))]
        yield _family("process_resident_memory_bytes", "gauge", "Memory of this process.", memory)
