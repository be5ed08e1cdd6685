"""Recognition through the worker processes against a plain loop: draft, decode, resize, a one-thread session.

Both see the AI copies of the same photos, on the same number of processes, turn by turn in one run. Photos that
the recogniser goes on to search for parts are timed apart: the plain loop has nothing like it.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import uvloop
from measuring import MEGABYTE, Line, print_table
from PIL import Image, ImageOps

from ai.images import prepare
from ai.local import glance
from ai.names import MODELS
from ai.pool import Pool, open_pool
from ai.quiet import onnxruntime
from ai.work import glance as glance_in_worker
from ai.work import search, warm
from zwai.errors import ZwaiError
from zwai.records.photos import Aim, Copy, Glance, ImageLimits, Sighting

ROOT = Path(__file__).resolve().parents[2]
SIDE_PX = 320
DEADLINE_S = 30.0
TICK_S = 0.005


def ai_copies(folder: Path, target: Path) -> tuple[list[Path], list[Path]]:
    """The AI copies of all readable photos: those told at a glance, and those searched for parts."""
    whole, parts = [], []
    for number, source in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        try:
            prepare(source, target / str(number), ImageLimits())
        except ZwaiError:
            continue
        copy = target / str(number) / f"{Copy.AI}.jpg"
        (parts if glance(copy, Aim.BOTH).unsure else whole).append(copy)
    return whole, parts


class Plain:
    """The plain loop's state in each of its processes."""

    session: onnxruntime.InferenceSession


def begin_plain() -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    Plain.session = onnxruntime.InferenceSession(MODELS / "backbone.onnx", options, providers=["CPUExecutionProvider"])


def plain_loop(photos: Sequence[Path], rounds: int) -> float:
    """One process's share; the CPU seconds that its session runs took."""
    session_s = 0.0
    for path in list(photos) * rounds:
        with Image.open(path) as photo:
            scale = SIDE_PX / min(photo.size)
            if scale < 1:
                photo.draft("RGB", (round(photo.width * scale), round(photo.height * scale)))
            square = ImageOps.fit(photo.convert("RGB"), (SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
        x = ((np.asarray(square, np.float32) - np.float32(127)) / np.float32(128)).transpose(2, 0, 1)[None]
        began = time.process_time()
        Plain.session.run(["features", "logits"], {"x": x})
        session_s += time.process_time() - began
    return session_s


class PlainProcesses:
    """As many processes as the pool has, each with a session of its own."""

    def __init__(self, processes: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._executors = [ProcessPoolExecutor(1, spawn, begin_plain) for _ in range(processes)]

    def run(self, photos: Sequence[Path], rounds: int) -> tuple[float, float]:
        """Photos a second of all together, and the CPU ms of a session run."""
        began = time.perf_counter()
        jobs = [executor.submit(plain_loop, photos, rounds) for executor in self._executors]
        session_s = sum(job.result() for job in jobs)
        done = len(jobs) * rounds * len(photos)
        return done / (time.perf_counter() - began), session_s / done * 1000

    def close(self) -> None:
        for executor in self._executors:
            executor.shutdown()


def searched(path: Path) -> list[Sighting]:
    return search(path, Aim.BOTH, [])


def glanced(path: Path) -> Glance:
    return glance_in_worker(path, Aim.BOTH)


async def looked_at(
    pool: Pool, processes: int, jobs: Sequence[Path], look: Callable[[Path], object] = glanced
) -> tuple[float, list[float]]:
    """Photos a second with the pool always full, and the loop's lags in ms meanwhile."""
    lags_ms: list[float] = []
    waiting = iter(jobs)

    async def client() -> None:
        for path in waiting:
            await pool.run(look, path, deadline_s=DEADLINE_S)

    async def watch() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(TICK_S)
            lags_ms.append((time.perf_counter() - asked - TICK_S) * 1000)

    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(4 * processes)))
    seconds = time.perf_counter() - began
    watching.cancel()
    return len(jobs) / seconds, lags_ms


def children_cpu_s() -> float:
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def worker_rss_mb(workers: Sequence[psutil.Process]) -> float:
    """The largest of them (multiprocessing's own helper is among them, and far smaller)."""
    return max(worker.memory_info().rss for worker in workers) / MEGABYTE


@dataclass
class Turns:
    """What was measured, turn by turn."""

    plain: list[float] = field(default_factory=list)
    pooled: list[float] = field(default_factory=list)
    plain_cpu_ms: list[float] = field(default_factory=list)
    pooled_cpu_ms: list[float] = field(default_factory=list)
    session_ms: list[float] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)

    async def take(self, pool: Pool, plain: PlainProcesses, processes: int, photos: list[Path], rounds: int) -> None:
        count = processes * rounds * len(photos)
        before = children_cpu_s()
        rate, lags = await looked_at(pool, processes, photos * rounds * processes)
        between = children_cpu_s()
        plain_rate, session_ms = await asyncio.to_thread(plain.run, photos, rounds)
        self.pooled.append(rate)
        self.plain.append(plain_rate)
        self.pooled_cpu_ms.append((between - before) / count * 1000)
        self.plain_cpu_ms.append((children_cpu_s() - between) / count * 1000)
        self.session_ms.append(session_ms)
        self.lags_ms += lags


async def measure(processes: int, whole: list[Path], parts: list[Path], turns: int, rounds: int) -> list[Line]:
    took, median = Turns(), statistics.median
    async with open_pool(processes, queue=8 * processes, warm=warm) as pool:
        await looked_at(pool, processes, whole * 2 * processes)
        workers = psutil.Process().children()
        plain = PlainProcesses(processes)
        await asyncio.to_thread(plain.run, whole, 1)
        for _ in range(turns):
            await took.take(pool, plain, processes, whole, rounds)
        plain.close()
        glance_mb = worker_rss_mb(workers)
        parts_rate, lags = await looked_at(pool, processes, parts * 2, searched) if parts else (0.0, [])
        took.lags_ms += lags
        parts_mb = worker_rss_mb(workers)
    share = median(one / other for one, other in zip(took.pooled, took.plain, strict=True))
    cpu_share = median(one / other for one, other in zip(took.plain_cpu_ms, took.pooled_cpu_ms, strict=True))
    lag_ms = statistics.quantiles(took.lags_ms, n=100)[-1]
    return [
        Line("plain loop", f"{median(took.plain):.1f} photos/s"),
        Line("through the pool", f"{median(took.pooled):.1f} photos/s"),
        Line("share of the plain loop (median of turns)", f"{share:.0%}", ">= 90 %", share >= 0.9),
        Line("CPU of a photo, plain loop", f"{median(took.plain_cpu_ms):.1f} ms"),
        Line("  of which the session run", f"{median(took.session_ms):.1f} ms"),
        Line("CPU of a photo, the pool's workers", f"{median(took.pooled_cpu_ms):.1f} ms"),
        Line("share of the plain loop, by CPU time", f"{cpu_share:.0%}", ">= 90 %", cpu_share >= 0.9),
        Line("photos searched for parts, through the pool", f"{parts_rate:.1f} photos/s"),
        Line("worker RSS after photos told at a glance", f"{glance_mb:.0f} MB", "<= 120 MB", glance_mb <= 120),
        Line("worker RSS after photos searched for parts", f"{parts_mb:.0f} MB", "<= 120 MB", parts_mb <= 120),
        Line("event loop lag p99, pool saturated", f"{lag_ms:.1f} ms", "< 20 ms", lag_ms < 20),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench/recognise", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "tests/photos", help="photos (tests/photos)")
    parser.add_argument("--processes", type=int, default=psutil.cpu_count(logical=False) or 1, help="workers (cores)")
    parser.add_argument("--turns", type=int, default=15, help="how often both are measured (15)")
    parser.add_argument("--rounds", type=int, default=2, help="how often a process sees each photo in a turn (2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as target:
        whole, parts = ai_copies(options.folder, Path(target))
        if not whole:
            raise SystemExit(f"no photo in {options.folder} is told at a glance")
        lines = uvloop.run(measure(options.processes, whole, parts, options.turns, options.rounds))
    return print_table(
        f"Recognition, {options.processes} processes, {len(whole)} photos told at a glance, "
        f"{len(parts)} searched for parts", lines,
    )  # fmt: skip
