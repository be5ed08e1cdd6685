"""What the service does meanwhile: CPU and memory of its processes, and what each app tells at /metrics."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil
from aiohttp import ClientError, ClientSession, ClientTimeout

STEP_S = 1.0
MEGABYTE = 2**20
# Shares of requests that a histogram's quantile is read at.
LAG_QUANTILE = 0.99

Numbers = dict[str, float]


@dataclass
class Usage:
    """CPU seconds since the beginning, and the most memory (PSS where Linux tells it, so that nothing counts twice)."""

    cpu_s: float = 0.0
    most_mb: float = 0.0


@dataclass
class Watched:
    """`usage` by part; `first` and `last` metrics of each app, and `most` of its gauges."""

    usage: dict[str, Usage] = field(default_factory=dict)
    first: dict[str, Numbers] = field(default_factory=dict)
    last: dict[str, Numbers] = field(default_factory=dict)
    most: dict[str, Numbers] = field(default_factory=dict)

    def grown(self, name: str) -> float:
        """How much counters that begin with `name` grew, over all apps; of the part of a name after *, any."""
        pattern = re.compile(re.escape(name).replace(r"\*", ".*"))
        return sum(
            value - self.first[app].get(key, 0.0)
            for app, numbers in self.last.items()
            for key, value in numbers.items()
            if pattern.match(key)
        )

    @property
    def hit_ratio(self) -> float | None:
        """Answers of cached routes that did not have to be made; None when nobody told."""
        made, kept, unchanged = (
            self.grown(f'zwai_cache_answers_total{{*how="{how}"') for how in ("made", "kept", "unchanged")
        )
        return (kept + unchanged) / (made + kept + unchanged) if made + kept + unchanged else None

    def lag_ms(self) -> float | None:
        """The bound below which 99 % of the looks at the loops were late."""
        counts = {
            float(found[1]): self.grown(key)
            for numbers in self.last.values()
            for key in numbers
            if (found := re.fullmatch(r'zwai_loop_lag_seconds_bucket\{le="([^"]+)"\}', key))
        }
        if not counts:
            return None
        enough = LAG_QUANTILE * max(counts.values())
        return 1000 * min(bound for bound, count in counts.items() if count >= enough)

    def highest(self, name: str) -> float:
        return max(
            (value for numbers in self.most.values() for key, value in numbers.items() if key == name), default=0
        )


@asynccontextmanager
async def watched(apps: Mapping[str, str], pids: Mapping[str, int]) -> AsyncIterator[Watched]:
    """Look every second, and at the beginning and the end. `apps`: name → URL; `pids`: part → process."""
    seen = Watched()
    parts = {name: psutil.Process(pid) for name, pid in pids.items()}
    before = _cpu(parts, apps)
    async with ClientSession(timeout=ClientTimeout(5)) as http:
        seen.first = await _metrics(http, apps)
        seen.last = seen.first
        watching = asyncio.create_task(_watch(seen, http, apps, parts))
        try:
            yield seen
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            seen.last = await _metrics(http, apps)
            for name, cpu_s in _cpu(parts, apps).items():
                seen.usage.setdefault(name, Usage()).cpu_s = max(0.0, cpu_s - before.get(name, 0.0))


async def _watch(
    seen: Watched, http: ClientSession, apps: Mapping[str, str], parts: Mapping[str, psutil.Process]
) -> None:
    while True:
        for app, numbers in (await _metrics(http, apps)).items():
            most = seen.most.setdefault(app, {})
            most.update({name: max(value, most.get(name, 0.0)) for name, value in numbers.items()})
        for name, memory_mb in _memory(parts, apps).items():
            usage = seen.usage.setdefault(name, Usage())
            usage.most_mb = max(usage.most_mb, memory_mb)
        await asyncio.sleep(STEP_S)


async def _metrics(http: ClientSession, apps: Mapping[str, str]) -> dict[str, Numbers]:
    """An app that does not tell is left out."""
    found = await asyncio.gather(*(_numbers(http, url) for url in apps.values()))
    return {app: numbers for app, numbers in zip(apps, found, strict=True) if numbers}


async def _numbers(http: ClientSession, url: str) -> Numbers:
    try:
        async with http.get(f"{url}/metrics") as answer:
            text = await answer.text() if answer.status == 200 else ""
    except (ClientError, OSError, TimeoutError):
        return {}
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def _groups(parts: Mapping[str, psutil.Process], apps: Mapping[str, str]) -> dict[str, list[psutil.Process]]:
    """Processes by what they are told as: an app's worker processes apart from itself."""
    groups: dict[str, list[psutil.Process]] = {}
    for name, process in parts.items():
        try:
            children = process.children(recursive=True)
        except psutil.Error:
            continue
        if name in apps:
            groups |= {name: [process], f"{name}'s pool": children}
        else:
            groups[name] = [process, *children]
    return groups


def _cpu(parts: Mapping[str, psutil.Process], apps: Mapping[str, str]) -> dict[str, float]:
    return {name: sum(map(_cpu_s, processes)) for name, processes in _groups(parts, apps).items()}


def _cpu_s(process: psutil.Process) -> float:
    try:
        used = process.cpu_times()
        return float(used.user + used.system)
    except psutil.Error:
        return 0.0


def _memory(parts: Mapping[str, psutil.Process], apps: Mapping[str, str]) -> dict[str, float]:
    return {name: sum(map(_memory_mb, processes)) for name, processes in _groups(parts, apps).items()}


def _memory_mb(process: psutil.Process) -> float:
    try:
        told = process.memory_full_info()
        return float(getattr(told, "pss", told.rss) / MEGABYTE)
    except psutil.Error:
        return 0.0


def listener(port: int) -> int | None:
    """The process that listens on a port of this machine, if it is ours to see."""
    try:
        found = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    return next((one.pid for one in found if one.status == psutil.CONN_LISTEN and one.laddr.port == port), None)
