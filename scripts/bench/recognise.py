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
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import psutil
import uvloop
from measuring import MEGABYTE, Line, print_table
from PIL import Image, ImageOps

from ai.images import prepare
from ai.local import look
from ai.names import MODELS
from ai.pool import Pool, open_pool
from ai.work import look as look_in_worker
from ai.work import warm
from zwai.errors import ZwaiError
from zwai.records.photos import Aim, Copy, Decision, ImageLimits

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
        said = look(copy, Aim.BOTH)
        glance = bool(said) and said[0].decision is not Decision.CONFIRM
        (whole if glance else parts).append(copy)
    return whole, parts


def plain_loop(photos: Sequence[Path], rounds: int) -> tuple[float, float, list[float]]:
    """One process's share: when it began and ended, and the ms of each session run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(MODELS / "backbone.onnx", options, providers=["CPUExecutionProvider"])
    runs_ms: list[float] = []

    def once(path: Path) -> None:
        with Image.open(path) as photo:
            scale = SIDE_PX / min(photo.size)
            if scale < 1:
                photo.draft("RGB", (round(photo.width * scale), round(photo.height * scale)))
            square = ImageOps.fit(photo.convert("RGB"), (SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
        x = ((np.asarray(square, np.float32) - np.float32(127)) / np.float32(128)).transpose(2, 0, 1)[None]
        began = time.perf_counter()
        session.run(["features", "logits"], {"x": x})
        runs_ms.append((time.perf_counter() - began) * 1000)

    once(photos[0])
    runs_ms.clear()
    began = time.time()
    for _ in range(rounds):
        for path in photos:
            once(path)
    return began, time.time(), runs_ms


def plain_rate(processes: int, photos: Sequence[Path], rounds: int) -> tuple[float, float]:
    """Photos a second of all processes together, and the median ms of a session run."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        done = pool.starmap(plain_loop, [(photos, rounds)] * processes, chunksize=1)
    seconds = max(end for _, end, _ in done) - min(begin for begin, _, _ in done)
    return processes * rounds * len(photos) / seconds, statistics.median(ms for *_, runs in done for ms in runs)


async def looked_at(pool: Pool, processes: int, jobs: Sequence[Path]) -> tuple[float, list[float]]:
    """Photos a second with the pool always full, and the loop's lags in ms meanwhile."""
    lags_ms: list[float] = []
    waiting = iter(jobs)

    async def client() -> None:
        for path in waiting:
            await pool.run(look_in_worker, path, Aim.BOTH, deadline_s=DEADLINE_S)

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


def workers_rss_mb() -> float:
    """The largest of the pool's processes (multiprocessing's own tracker is far smaller)."""
    return max(child.memory_info().rss for child in psutil.Process().children(recursive=True)) / MEGABYTE


async def measure(processes: int, whole: list[Path], parts: list[Path], turns: int, rounds: int) -> list[Line]:
    plain, session_ms, pooled, lags_ms = [], [], [], []
    async with open_pool(processes, queue=8 * processes, warm=warm) as pool:
        await looked_at(pool, processes, whole)
        for turn in range(turns):
            rate, lags = await looked_at(pool, processes, whole * rounds * processes)
            pooled.append(rate)
            lags_ms += lags
            rate, run_ms = await asyncio.to_thread(plain_rate, processes, whole, rounds)
            plain.append(rate)
            session_ms.append(run_ms)
            print(f"turn {turn + 1} of {turns}: {pooled[-1]:.1f} of {plain[-1]:.1f} photos/s", flush=True)
        glance_mb = workers_rss_mb()
        parts_rate, lags = await looked_at(pool, processes, parts * 2) if parts else (0.0, [])
        lags_ms += lags
        parts_mb = workers_rss_mb()
    share = statistics.median(pool_rate / plain_rate for pool_rate, plain_rate in zip(pooled, plain, strict=True))
    lag_ms = statistics.quantiles(lags_ms, n=100)[-1]
    return [
        Line("plain loop", f"{statistics.median(plain):.1f} photos/s"),
        Line("through the pool", f"{statistics.median(pooled):.1f} photos/s"),
        Line("share of the plain loop (median of turns)", f"{share:.0%}", ">= 90 %", share >= 0.9),
        Line("a session run in the plain loop", f"{statistics.median(session_ms):.1f} ms"),
        Line("photos searched for parts, through the pool", f"{parts_rate:.1f} photos/s"),
        Line("worker RSS after photos told at a glance", f"{glance_mb:.0f} MB", "<= 120 MB", glance_mb <= 120),
        Line("worker RSS after photos searched for parts", f"{parts_mb:.0f} MB", "<= 120 MB", parts_mb <= 120),
        Line("event loop lag p99, pool saturated", f"{lag_ms:.1f} ms", "< 20 ms", lag_ms < 20),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench/recognise", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "tests/photos", help="photos (tests/photos)")
    parser.add_argument("--processes", type=int, default=psutil.cpu_count(logical=False) or 1, help="workers (cores)")
    parser.add_argument("--turns", type=int, default=5, help="how often both are measured (5)")
    parser.add_argument("--rounds", type=int, default=6, help="how often each photo is seen in a turn (6)")
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


if __name__ == "__main__":
    raise SystemExit(main())
