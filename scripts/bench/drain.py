"""Memory along a thousand queued recognitions: of the service that does them itself, and of a stack's worker.

Every job is ordered by HTTP and looks at a real photo. Memory is the RSS of the process that runs jobs and of its
processes for photos, each time that another hundred jobs are done.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvloop
from aiohttp import ClientSession, ClientTimeout

from scripts.bench.measuring import MEGABYTE, ROOT, Line, print_table, service
from scripts.native.parts import down, status, up
from scripts.native.stack import Stack

PHOTO = ROOT / "tests/photos/tomato.jpg"
BASE_PORT = 3700
PARTS = ["primary", "replica", "redis", "queue", "app1", "worker"]
ORDERS_AT_ONCE = 16
STEP = 100
SETTLED = 200  # jobs after which everything is loaded
MOST_GROWTH_MB = 20
LOOK_AGAIN_S = 0.2
SLOWEST_S = 0.5  # a job


@dataclass(frozen=True)
class Target:
    """Where jobs are ordered, and who does them."""

    url: str
    runner: psutil.Process

    def rss_mb(self) -> tuple[float, float]:
        """The process that runs jobs, and its processes for photos together."""
        children = sum(child.memory_info().rss for child in self.runner.children(recursive=True))
        return self.runner.memory_info().rss / MEGABYTE, children / MEGABYTE


@contextmanager
def embedded() -> Iterator[Target]:
    with service(rate_limits="off") as server:
        yield Target(f"http://127.0.0.1:{server.port}", server.process)


@contextmanager
def scaled() -> Iterator[Target]:
    os.environ["ZWAI_RATE_LIMITS"] = "off"  # the stack's parts inherit it
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), BASE_PORT)
        try:
            with redirect_stdout(sys.stderr):
                up(stack, PARTS)
            told = status(stack)
            yield Target(f"http://127.0.0.1:{told['app1']['port']}", psutil.Process(int(str(told["worker"]["pid"]))))
        finally:
            with redirect_stdout(sys.stderr):
                down(stack)


@asynccontextmanager
async def somebody(url: str) -> AsyncIterator[ClientSession]:
    """A guest's session."""
    timeout = ClientTimeout(total=60)
    async with ClientSession(url, timeout=timeout) as http, http.post("/api/auth/guest-login") as reply:
        token = (await reply.json())["access_token"]
    async with ClientSession(url, timeout=timeout, headers={"Authorization": f"Bearer {token}"}) as http:
        yield http


async def order(http: ClientSession, jobs: int) -> None:
    async with http.post("/api/image_management/upload_image", data={"image": PHOTO.open("rb")}) as reply:
        photo = (await reply.json())["image"]["image_path"]
    numbers = iter(range(jobs))

    async def one_after_another() -> None:
        for _ in numbers:
            body = {"images_paths": [photo]}
            async with http.post("/api/recognition/ingredients/async", json=body) as reply:
                assert reply.status == 202, await reply.text()

    await asyncio.gather(*(one_after_another() for _ in range(ORDERS_AT_ONCE)))


async def waiting(http: ClientSession) -> int:
    async with http.get("/metrics") as reply:
        told = await reply.text()
    counts = {state: int(n) for state, n in re.findall(r'zwai_jobs\{state="(\w+)"\} (\d+)', told)}
    assert counts["failed"] == 0
    return counts["pending"] + counts["processing"]


async def drain(target: Target, jobs: int) -> list[tuple[int, float, float]]:
    """Jobs done, and both memories, at the beginning and after each hundred."""
    seen = [(0, *target.rss_mb())]
    async with somebody(target.url) as http, asyncio.timeout(60 + jobs * SLOWEST_S):
        await order(http, jobs)
        print(f"{await waiting(http)} of {jobs} jobs wait", file=sys.stderr)
        while seen[-1][0] < jobs:
            done = jobs - await waiting(http)
            if done // STEP > seen[-1][0] // STEP:
                seen.append((done, *target.rss_mb()))
            await asyncio.sleep(LOOK_AGAIN_S)
    return seen


def lines(name: str, seen: list[tuple[int, float, float]]) -> list[Line]:
    told = [Line(f"{name}: {done} jobs done", f"{own:.0f} MB + {photos:.0f} MB") for done, own, photos in seen]
    settled = next(one for one in seen if one[0] >= SETTLED)
    growth = [after - before for before, after in zip(settled[1:], seen[-1][1:], strict=True)]
    met = max(growth) < MOST_GROWTH_MB
    what = f"{name}: growth from job {settled[0]} on"
    return [*told, Line(what, f"{growth[0]:+.1f} MB + {growth[1]:+.1f} MB", f"< {MOST_GROWTH_MB} MB each", met)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench/drain", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--embedded", action="store_true", help="without the stack")
    options = parser.parse_args()
    if options.jobs < SETTLED:
        parser.error(f"--jobs must be at least {SETTLED}")
    told: list[Line] = []
    for name, opened in {"embedded": embedded, **({} if options.embedded else {"stack": scaled})}.items():
        with opened() as target:
            told += lines(name, uvloop.run(drain(target, options.jobs)))
    return print_table(f"{options.jobs} recognitions, queued and done (process + its processes for photos)", told)


if __name__ == "__main__":
    sys.exit(main())
