"""How soon the service answers after its start, and how much memory it and its worker processes hold when idle.

Installed and migrated, as at a second start: process start to the first 200 of /health/live, the best of several
starts, since other programs of the machine can only add to it. Memory is RSS, after every worker has loaded its models.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from measuring import MEGABYTE, ROOT, START_DEADLINE_S, Line, print_table

PORT = 38_217
START_TARGET_S = 1.5
WEB_TARGET_MB = 150
WORKER_TARGET_MB = 120
CALM_S = 0.5
POLL_S = 0.01


@contextmanager
def serving(folder: str) -> Iterator[psutil.Process]:
    """`zwai serve` on `folder`, from its first answer on."""
    environ = {**os.environ, "ZWAI_DATA_DIR": folder, "ZWAI_PORT": str(PORT)}
    command = [sys.executable, "-m", "zwai", "serve"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        try:
            while not _answers():
                if child.poll() is not None:
                    raise SystemExit("The service ended before it answered.")
                time.sleep(POLL_S)
            yield psutil.Process(child.pid)
        finally:
            child.terminate()


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/live", timeout=START_DEADLINE_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def first_answer(folder: str) -> tuple[float, float]:
    """Seconds to the first answer, and the CPU seconds that the web process needed for it."""
    began = time.perf_counter()
    with serving(folder) as process:
        seconds = time.perf_counter() - began
        used = process.cpu_times()
        return seconds, used.user + used.system


def idle_mb(folder: str) -> tuple[float, list[float]]:
    """Memory of the web process and of each worker, once their CPU time stands still."""
    with serving(folder) as process:
        before = None
        while before != (now := [one.cpu_times() for one in [process, *process.children()]]):
            before = now
            time.sleep(CALM_S)
        workers = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
        return process.memory_info().rss / MEGABYTE, [worker.memory_info().rss / MEGABYTE for worker in workers]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench/start", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--starts", type=int, default=5, help="how often to start; default: 5")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first_answer(folder)  # migrates, and compiles what has no bytecode yet
        starts = [first_answer(folder) for _ in range(options.starts)]
        web_mb, workers_mb = idle_mb(folder)
    best_s, worker_mb = min(starts)[0], max(workers_mb)
    return print_table("Start and memory", [
        Line("start to first answer, best", f"{best_s:.2f} s", f"< {START_TARGET_S} s", best_s < START_TARGET_S),
        Line("all starts", " ".join(f"{seconds:.2f}" for seconds, _ in starts)),
        Line("CPU time of a start, web process", f"{min(cpu_s for _, cpu_s in starts):.2f} s"),
        Line("web process, idle", f"{web_mb:.0f} MB", f"< {WEB_TARGET_MB} MB", web_mb < WEB_TARGET_MB),
        Line(f"worker process, idle (largest of {len(workers_mb)})", f"{worker_mb:.0f} MB", f"≤ {WORKER_TARGET_MB} MB",
             worker_mb <= WORKER_TARGET_MB),
    ])  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
