"""What a run came to: figures by route, verdicts, and all of it as aligned text."""

import os
import platform
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from scripts.load.people import AI, Sample
from scripts.load.watching import Watched

MOST_ERRORS = 0.01
MOST_P95_MS = 500.0
LEAST_HITS = 0.8


@dataclass(frozen=True, slots=True)
class RouteFigures:
    """Latencies of one route, of whatever was answered."""

    route: str
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    most_ms: float

    @property
    def is_ai(self) -> bool:
        return self.route in AI


@dataclass(frozen=True, slots=True)
class Verdict:
    what: str
    measured: str
    target: str
    met: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run; `load_cpu_s` is what making the requests took of the same machine."""

    title: str
    machine: str
    seconds: float
    samples: Sequence[Sample]
    routes: Sequence[RouteFigures]
    watched: Watched
    load_cpu_s: float

    @property
    def errors(self) -> int:
        return sum(bool(sample.fault) for sample in self.samples)

    @property
    def error_rate(self) -> float:
        return self.errors / len(self.samples) if self.samples else 1.0

    @property
    def rate(self) -> float:
        return len(self.samples) / self.seconds

    @property
    def worst(self) -> RouteFigures | None:
        """The slowest route that asks no model, by p95."""
        return max((route for route in self.routes if not route.is_ai), key=lambda route: route.p95_ms, default=None)

    def verdicts(self) -> list[Verdict]:
        rate = self.error_rate
        found = [Verdict("requests that failed", f"{rate:.2%}", f"<= {MOST_ERRORS:.0%}", rate <= MOST_ERRORS)]
        if worst := self.worst:
            told = f"{worst.p95_ms:.0f} ms ({worst.route})"
            target = f"< {MOST_P95_MS:.0f} ms"
            found.append(Verdict("slowest p95 but for the model's", told, target, worst.p95_ms < MOST_P95_MS))
        return found


def figures(samples: Iterable[Sample]) -> list[RouteFigures]:
    """By route, in the order in which each was first asked for."""
    by_route: dict[str, list[Sample]] = {}
    for sample in samples:
        by_route.setdefault(sample.route, []).append(sample)
    return [_figures(route, found) for route, found in by_route.items()]


def _figures(route: str, samples: list[Sample]) -> RouteFigures:
    times_ms = sorted(sample.seconds * 1000 for sample in samples)
    cuts = statistics.quantiles(times_ms, n=100, method="inclusive") if len(times_ms) > 1 else times_ms * 99
    errors = sum(bool(sample.fault) for sample in samples)
    return RouteFigures(route, len(samples), errors, cuts[49], cuts[94], cuts[98], times_ms[-1])


def machine() -> str:
    load1 = os.getloadavg()[0]
    python = platform.python_version()
    return f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, load before {load1:.1f}, Python {python}"


def text(outcome: Outcome) -> str:
    """The report as a person reads it in a terminal."""
    total = f"{len(outcome.samples)} requests in {outcome.seconds:.0f} s: {outcome.rate:.0f}/s, {outcome.errors} failed"
    blocks = [
        f"{outcome.title}\n{outcome.machine}\n{total}",
        table(("route", "requests", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms"), _route_rows(outcome)),
        table(("part", "CPU s", "CPU ms a request", "most MB"), _usage_rows(outcome)),
        table(("what", "measured"), _told_rows(outcome)),
        table(("must hold", "measured", "target", "verdict"), _verdict_rows(outcome)),
    ]
    faults = Counter(f"{sample.route}: {sample.fault}" for sample in outcome.samples if sample.fault)
    if faults:
        blocks.append("\n".join(f"{number:>6} x {fault}" for fault, number in faults.most_common(10)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _route_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    return [
        (one.route, f"{one.requests}", f"{one.errors}", *(f"{ms:.1f}" for ms in _times(one))) for one in outcome.routes
    ]


def _times(one: RouteFigures) -> tuple[float, float, float, float]:
    return one.p50_ms, one.p95_ms, one.p99_ms, one.most_ms


def _usage_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    rows = [
        (name, f"{one.cpu_s:.1f}", f"{one.cpu_s * 1000 / max(1, len(outcome.samples)):.2f}", f"{one.most_mb:.0f}")
        for name, one in outcome.watched.usage.items()
    ]
    each_ms = outcome.load_cpu_s * 1000 / max(1, len(outcome.samples))
    return [*rows, ("the load itself", f"{outcome.load_cpu_s:.1f}", f"{each_ms:.2f}", "")]


def _told_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    """What the apps told of themselves at /metrics."""
    watched, rows = outcome.watched, list[tuple[str, ...]]()
    if (ratio := watched.hit_ratio) is not None:
        rows.append(("lists that the cache had", f"{ratio:.1%}"))
    for key in sorted({key for numbers in watched.most.values() for key in numbers if "connections_in_use" in key}):
        server = key.partition('"')[2].partition('"')[0]
        limit = watched.highest(key.replace("in_use", "most"))
        rows.append((f"connections to {server}, most at once in an app", f"{watched.highest(key):.0f} of {limit:.0f}"))
    if watched.most:
        rows.append(("photos waiting for a worker, most in an app", f"{watched.highest('zwai_pool_queued'):.0f}"))
        rows.append(("uploads in flight, most in an app", f"{watched.highest('zwai_uploads_in_flight'):.0f}"))
    if (lag_ms := watched.lag_ms()) is not None:
        rows.append(("loop lag, 99 %", f"<= {lag_ms:g} ms"))
    return rows


def _verdict_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    return [(one.what, one.measured, one.target, "met" if one.met else "MISSED") for one in outcome.verdicts()]


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Names to the left, numbers to the right; nothing without rows."""
    if not rows:
        return ""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    numbers = [all(_is_number(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numbers, strict=True)
        ).rstrip()
        for line in lines
    )


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(".", "").isdigit()
