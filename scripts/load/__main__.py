"""Loads the service the way a hundred people would, and tells how it took it.

Each person signs in as a guest and goes round: refreshes the token, looks at the lists, photographs something and
has it recognised, adds fifty items in bulk, eats one; between these, five looks at all stock and at what expires.
Everybody pauses between steps as people do, so that a hundred make about 250 requests a second.

The exit code is 1 when more than 1 % of the requests failed, or 95 % of some route that asks no model took 500 ms
or longer.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from scripts.load import inventory
from scripts.load.people import Plan, Sample, live_all
from scripts.load.picture import svg
from scripts.load.report import Outcome, figures, machine, text
from scripts.load.watching import listener, watched

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = tuple(f"tests/photos/{name}.jpg" for name in ("avocado", "carrots", "fridge", "lemon", "pizza", "tomato"))
LAST_ANSWERS_S = 90.0


class Failed(Exception):
    """What went wrong, in one sentence for whoever typed the command."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the load goes; `apps` tell at /metrics, `pids` are looked at when they are on this machine."""

    url: str
    apps: dict[str, str]
    pids: dict[str, int]

    @property
    def is_here(self) -> bool:
        return urlsplit(self.url).hostname in ("127.0.0.1", "localhost")


def running_stack() -> Target:
    """The stack that `scripts/stack up` started."""
    asked = subprocess.run([ROOT / "scripts" / "stack", "status", "--json"], capture_output=True, text=True)
    if asked.returncode:
        raise Failed(f"scripts/stack status failed: {asked.stderr.strip()}")
    told = json.loads(asked.stdout)
    parts = told["parts"]
    if down := [name for name, part in parts.items() if not part["up"]]:
        raise Failed(
            f"Not up: {', '.join(down)}. Start the stack with scripts/stack up, or say where it is with --url."
        )
    apps = {name: f"http://127.0.0.1:{part['port']}" for name, part in parts.items() if name.startswith("app")}
    return Target(told["url"], apps, {name: part["pid"] for name, part in parts.items()})


def single_service(url: str) -> Target:
    """A service given by its address; one of this machine is looked at as well."""
    target = Target(url.rstrip("/"), {"app": url.rstrip("/")}, {})
    pid = listener(urlsplit(url).port or 80) if target.is_here else None
    return Target(target.url, target.apps, {"app": pid} if pid else {})


async def run(target: Target, options: argparse.Namespace) -> Outcome:
    """Everybody at once, with progress on standard error."""
    samples: list[Sample] = []
    before = machine()
    began, cpu_s = time.monotonic(), time.process_time()
    photos = tuple(ROOT / photo for photo in options.photo or PHOTOS)
    plan = Plan(target.url, options.loops, options.pause, photos, began, began + options.seconds)
    own_addresses = target.is_here and sys.platform == "linux"
    async with watched(target.apps, target.pids) as seen:
        progress = asyncio.create_task(_tell(samples, began))
        try:
            async with asyncio.timeout(options.seconds + LAST_ANSWERS_S):
                await live_all(plan, options.users, options.ramp, samples.append, own=own_addresses)
        finally:
            progress.cancel()
        seconds = time.monotonic() - began
    title = f"{options.users} people at once, {options.loops} round{'s' * (options.loops > 1)} each"
    return Outcome(title, before, seconds, samples, figures(samples), seen, time.process_time() - cpu_s)


async def _tell(samples: list[Sample], began: float) -> None:
    while True:
        before = len(samples)
        await asyncio.sleep(1)
        failed = sum(bool(sample.fault) for sample in samples)
        elapsed_s, rate = time.monotonic() - began, len(samples) - before
        line = f"{elapsed_s:4.0f} s  {len(samples):>7} requests  {rate:>5}/s  {failed} failed"
        print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="scripts/loadtest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--url", help="the service's address (default: the stack that scripts/stack up started)")
    top.add_argument("--users", type=int, default=100, metavar="N", help="people (100)")
    top.add_argument("--ramp", type=float, default=30, metavar="S", help="seconds in which they all come (30)")
    top.add_argument("--loops", type=int, default=10, metavar="N", help="rounds of each (10)")
    top.add_argument("--pause", type=float, default=0.7, metavar="S", help="between steps, on average (0.7); 0: none")
    top.add_argument("--seconds", type=float, default=300, metavar="S", help="nobody goes on after that (300)")
    top.add_argument("--photo", action="append", metavar="FILE", help="to upload, may repeat (six of tests/photos)")
    top.add_argument("--picture", type=Path, default=ROOT / "build" / "loadtest.svg", metavar="FILE",
                     help="where the picture goes (build/loadtest.svg)")  # fmt: skip
    top.add_argument("--inventory", action="store_true",
                     help="instead: the inventory as hard as it goes, warm and cold, on a stack of its own, beside a "
                          "bare aiohttp app; and bulk adds, and a rolling restart")  # fmt: skip
    return top


def main() -> int:
    options = parser().parse_args()
    if options.inventory:
        return inventory.main()
    try:
        target = single_service(options.url) if options.url else running_stack()
    except Failed as failure:
        sys.exit(f"scripts/loadtest: {failure}")
    outcome = uvloop.run(run(target, options))
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    options.picture.write_text(svg(outcome))
    print(text(outcome))
    print(f"Picture: {options.picture}")
    return 0 if all(one.met for one in outcome.verdicts()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
