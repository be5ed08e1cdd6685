"""The report as a picture: what it came to, how long each route took, and how the requests came over time."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from scripts.load.report import MOST_P95_MS, Outcome, RouteFigures

WIDTH, EDGE = 900, 28
TILE_TOP, TILE_HEIGHT = 84, 68
BAR_TOP, BAR_STEP, BAR_HEIGHT = 214, 30, 16
NAME_WIDTH = 262
SCALE_LEFT, SCALE_RIGHT = EDGE + NAME_WIDTH, WIDTH - EDGE - 62
LEAST_MS, MOST_MS = 0.1, 10_000.0
CURVE_HEIGHT = 150
GREEN, AMBER, BLUE, RED, INK, GREY, LINE = "#1a7f37", "#9a6700", "#0969da", "#cf222e", "#1f2328", "#59636e", "#d0d7de"
STYLE = f"""
text {{ fill: {INK}; font-size: 13px }} .title {{ font-size: 20px; font-weight: 600 }}
.small {{ font-size: 11px; fill: {GREY} }}
.number {{ font-size: 22px; font-weight: 600 }} .end {{ text-anchor: end }} .middle {{ text-anchor: middle }}
"""


def svg(outcome: Outcome) -> str:
    """A picture of its own, 900 wide."""
    routes = sorted(outcome.routes, key=lambda one: one.p95_ms, reverse=True)
    curve_top = BAR_TOP + BAR_STEP * len(routes) + 74
    height = curve_top + CURVE_HEIGHT + 44
    parts = [*_head(outcome), *_tiles(outcome), *_bars(routes), *_curve(outcome, curve_top)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif">'
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" rx="10" fill="#ffffff" stroke="{LINE}"/>'
        + "".join(f"\n{part}" for part in parts)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, kind: str = "", fill: str = "") -> str:
    style = f' style="fill:{fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}"{style}>{escape(text)}</text>'


def _head(outcome: Outcome) -> Iterator[str]:
    yield _text(EDGE, 42, outcome.title, "title")
    yield _text(EDGE, 64, outcome.machine, "small")


def _tiles(outcome: Outcome) -> Iterator[str]:
    tiles = [(f"{outcome.rate:.0f}/s", "requests", INK)]
    tiles.append((f"{outcome.errors}", f"failed of {len(outcome.samples):,}", RED if outcome.errors else GREEN))
    if worst := outcome.worst:
        colour = GREEN if worst.p95_ms < MOST_P95_MS else RED
        tiles.append((f"{worst.p95_ms:.0f} ms", "slowest p95, no model", colour))
    if (ratio := outcome.watched.hit_ratio) is not None:
        tiles.append((f"{ratio:.0%}", "of lists from the cache", INK))
    apps = [usage for name, usage in outcome.watched.usage.items() if name.startswith("app") and "pool" not in name]
    if apps:
        each_ms = sum(usage.cpu_s for usage in apps) * 1000 / max(1, len(outcome.samples))
        tiles.append((f"{each_ms:.2f} ms", "CPU a request, apps", INK))
    width = (WIDTH - 2 * EDGE - 12 * (len(tiles) - 1)) / len(tiles)
    for place, (number, meaning, colour) in enumerate(tiles):
        x = EDGE + place * (width + 12)
        yield (
            f'<rect x="{x:.1f}" y="{TILE_TOP}" width="{width:.1f}" height="{TILE_HEIGHT}" rx="8" fill="#f6f8fa" '
            f'stroke="{LINE}"/>'
        )
        yield _text(x + 14, TILE_TOP + 32, number, "number", colour)
        yield _text(x + 14, TILE_TOP + 52, meaning, "small")


def _x(ms: float) -> float:
    """Where a latency lies, on a scale of tens."""
    share = math.log10(min(max(ms, LEAST_MS), MOST_MS) / LEAST_MS) / math.log10(MOST_MS / LEAST_MS)
    return SCALE_LEFT + share * (SCALE_RIGHT - SCALE_LEFT)


def _bars(routes: Sequence[RouteFigures]) -> Iterator[str]:
    bottom = BAR_TOP + BAR_STEP * len(routes)
    yield _text(EDGE, BAR_TOP - 16, "How long each route took: to the median, to 95 %, to 99 %")
    for ms, label in ((0.1, "0.1 ms"), (1, "1 ms"), (10, "10 ms"), (100, "100 ms"), (1000, "1 s"), (10_000, "10 s")):
        yield f'<path d="M{_x(ms):.1f} {BAR_TOP - 6}V{bottom}" stroke="{LINE}"/>'
        yield _text(_x(ms), bottom + 16, label, "small middle")
    yield f'<path d="M{_x(MOST_P95_MS):.1f} {BAR_TOP - 6}V{bottom}" stroke="{RED}" stroke-dasharray="4 3"/>'
    yield _text(_x(MOST_P95_MS), BAR_TOP - 12, f"{MOST_P95_MS:.0f} ms", "small middle", RED)
    yield _text(WIDTH - EDGE, BAR_TOP - 12, "95 %", "small end")
    for place, one in enumerate(routes):
        y = BAR_TOP + BAR_STEP * place
        colour = AMBER if one.is_ai else RED if one.p95_ms >= MOST_P95_MS else GREEN
        yield _text(EDGE, y + 13, one.route.removeprefix("POST ").removeprefix("GET ").removeprefix("/api/"))
        for ms, opacity in ((one.p99_ms, 0.2), (one.p95_ms, 0.4), (one.p50_ms, 1.0)):
            width = max(2.0, _x(ms) - SCALE_LEFT)
            yield (
                f'<rect x="{SCALE_LEFT}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT}" rx="3" fill="{colour}" '
                f'fill-opacity="{opacity}"/>'
            )
        yield _text(WIDTH - EDGE, y + 13, f"{one.p95_ms:.0f} ms", "small end")


def _curve(outcome: Outcome, top: float) -> Iterator[str]:
    """Requests of each second as an area; those that failed on top of it, in red."""
    seconds = max(1, math.ceil(outcome.seconds))
    made, failed = [0] * seconds, [0] * seconds
    for sample in outcome.samples:
        second = min(seconds - 1, int(sample.began_s))
        made[second] += 1
        failed[second] += bool(sample.fault)
    highest, bottom = max(*made, 1), top + CURVE_HEIGHT
    step = (WIDTH - 2 * EDGE - 40) / max(1, seconds - 1)
    points = [(EDGE + 40 + place * step, bottom - number / highest * CURVE_HEIGHT) for place, number in enumerate(made)]
    yield _text(EDGE, top - 18, "Requests of each second")
    for share in (0, 0.5, 1):
        y = bottom - share * CURVE_HEIGHT
        yield f'<path d="M{EDGE + 40} {y:.1f}H{WIDTH - EDGE}" stroke="{LINE}"/>'
        yield _text(EDGE + 32, y + 4, f"{share * highest:.0f}", "small end")
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{EDGE + 40},{bottom} {line} {points[-1][0]:.1f},{bottom}"
    yield f'<polygon points="{area}" fill="{BLUE}" fill-opacity="0.15"/>'
    yield f'<polyline points="{line}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>'
    for (x, y), faults in zip(points, failed, strict=True):
        if faults:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{RED}"/>'
    yield _text(EDGE + 40, bottom + 18, "0 s", "small")
    yield _text(WIDTH - EDGE, bottom + 18, f"{seconds} s", "small end")
