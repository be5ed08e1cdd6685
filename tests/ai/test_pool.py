"""The pool with real processes: bounds, deadlines, deaths, cancellation, and nothing left at the end."""

import asyncio
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pillow_heif
import psutil
import pytest
import uvloop
from PIL import Image

from ai.images import prepare
from ai.pool import Pool, PoolHealth, open_idle_pool, open_pool
from tests.ai import pool_jobs as jobs
from zwai.errors import JobTimedOut, NotAnImage, PoolFull, TooManyPixels, Unavailable, WorkerDied
from zwai.records.photos import ImageLimits

DEADLINE_S = 20.0


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with open_pool(1, queue=2) as pool:
        yield pool


async def until(condition: Callable[[], bool], deadline_s: float = 10.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(0.005)


def workers() -> list[psutil.Process]:
    """The pool's processes that still run (a tracker of the standard library is not one of them)."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "--multiprocessing-fork" in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    """Of one that ended since it was listed: nothing."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


async def test_a_job_runs_in_another_process(pool):
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) != os.getpid()


async def test_jobs_run_in_all_processes_at_once(tmp_path):
    async with open_pool(2, queue=0) as pool:
        gate = tmp_path / "gate"
        running = [
            asyncio.create_task(pool.run(jobs.wait_for, gate, tmp_path / name, deadline_s=DEADLINE_S)) for name in "ab"
        ]
        await until(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
        assert pool.health() == PoolHealth(processes=2, alive=2, queued=0, running=2)
        gate.touch()
        assert len(set(await asyncio.gather(*running))) == 2


async def test_jobs_are_done_first_come_first_served(tmp_path):
    async with open_pool(1, queue=9) as pool:
        words = [f"job {n}" for n in range(10)]
        await asyncio.gather(*(pool.run(jobs.note, tmp_path / "log", word, deadline_s=DEADLINE_S) for word in words))
    assert (tmp_path / "log").read_text().splitlines() == words


async def test_who_can_wait_comes_last(tmp_path):
    async with open_pool(1, queue=9) as pool:
        last = [(f"model {n}", True) for n in range(4)]
        first = [(f"upload {n}", False) for n in range(4)]
        asked = [
            pool.run(jobs.note, tmp_path / "log", word, deadline_s=DEADLINE_S, last=late) for word, late in last + first
        ]
        await asyncio.gather(*asked)
    done = (tmp_path / "log").read_text().splitlines()
    assert done == ["model 0", *(word for word, _ in first), *(word for word, _ in last[1:])]


async def test_every_process_is_warmed_once_before_its_first_job(tmp_path):
    async with open_pool(2, queue=4, warm=partial(jobs.warm, "hot", tmp_path)) as pool:
        seen = await asyncio.gather(*(pool.run(jobs.warm_words, deadline_s=DEADLINE_S) for _ in range(4)))
        await until(lambda: len(list(tmp_path.iterdir())) == 2)
    assert seen == [["hot"]] * 4


async def test_an_error_of_ours_arrives_as_it_was_raised(pool):
    with pytest.raises(TooManyPixels, match="over 64 megapixels") as raised:
        await pool.run(jobs.refuse, deadline_s=DEADLINE_S)
    assert raised.value.fields == {"limit": 64}
    with pytest.raises(NotAnImage):
        await pool.run(jobs.refuse_plainly, deadline_s=DEADLINE_S)


async def test_an_error_that_cannot_be_pickled_does_not_cost_the_process(pool):
    before = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        await pool.run(jobs.fail, deadline_s=DEADLINE_S)
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) == before


async def test_a_job_whose_process_dies_is_done_by_the_next_one(pool, tmp_path):
    assert await pool.run(jobs.die, tmp_path / "tries", 1, deadline_s=DEADLINE_S) == 2


async def test_a_job_that_kills_two_processes_is_given_up(pool, tmp_path):
    with pytest.raises(WorkerDied):
        await pool.run(jobs.die, tmp_path / "tries", 9, deadline_s=DEADLINE_S)
    assert (tmp_path / "tries").read_text() == "xx"
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S)


async def test_a_death_costs_no_other_job(tmp_path):
    async with open_pool(2, queue=9) as pool:
        gate, started = tmp_path / "gate", tmp_path / "started"
        other = asyncio.create_task(pool.run(jobs.wait_for, gate, started, deadline_s=DEADLINE_S))
        await until(started.exists)
        with pytest.raises(WorkerDied):
            await pool.run(jobs.die, tmp_path / "tries", 9, deadline_s=DEADLINE_S)
        queued = [pool.run(jobs.pid, deadline_s=DEADLINE_S) for _ in range(4)]
        assert len(await asyncio.gather(*queued)) == 4
        gate.touch()
        assert await other


async def test_an_idle_process_that_was_killed_is_replaced_for_the_next_job(pool):
    before = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    os.kill(before, signal.SIGKILL)
    await until(lambda: pool.health().alive == 0)
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) != before
    assert pool.health().alive == 1


async def test_processes_that_cannot_start_are_an_error_not_a_wait():
    async with open_pool(1, queue=1, warm=jobs.break_at_start) as pool:
        with pytest.raises(WorkerDied):
            await pool.run(jobs.pid, deadline_s=DEADLINE_S)


async def test_a_stuck_job_is_stopped_at_its_deadline_and_its_process_replaced(pool, tmp_path):
    stuck = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    began = time.monotonic()
    with pytest.raises(JobTimedOut):
        await pool.run(jobs.sleep, 60.0, tmp_path / "started", deadline_s=0.2)
    assert time.monotonic() - began < 2
    await until(lambda: not psutil.pid_exists(stuck))
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) != stuck


async def test_the_deadline_does_not_count_the_wait_for_a_process(pool, tmp_path):
    first = asyncio.create_task(pool.run(jobs.sleep, 0.5, tmp_path / "started", deadline_s=DEADLINE_S))
    await until((tmp_path / "started").exists)
    assert await pool.run(jobs.pid, deadline_s=0.3) == await first


async def test_a_full_queue_says_when_to_come_back(tmp_path):
    async with open_pool(1, queue=1) as pool:
        gate, started = tmp_path / "gate", tmp_path / "started"
        running = asyncio.create_task(pool.run(jobs.wait_for, gate, started, deadline_s=DEADLINE_S))
        queued = asyncio.create_task(pool.run(jobs.pid, deadline_s=DEADLINE_S))
        await until(started.exists)
        assert pool.health() == PoolHealth(processes=1, alive=1, queued=1, running=1)
        with pytest.raises(PoolFull) as raised:
            await pool.run(jobs.pid, deadline_s=DEADLINE_S)
        assert raised.value.fields["retry_after"] >= 1
        gate.touch()
        assert await running == await queued == await pool.run(jobs.pid, deadline_s=DEADLINE_S)


async def test_a_cancelled_job_leaves_the_queue_and_is_never_done(tmp_path):
    async with open_pool(1, queue=1) as pool:
        gate, started = tmp_path / "gate", tmp_path / "started"
        running = asyncio.create_task(pool.run(jobs.wait_for, gate, started, deadline_s=DEADLINE_S))
        queued = asyncio.create_task(pool.run(jobs.note, tmp_path / "log", "cancelled", deadline_s=DEADLINE_S))
        await until(started.exists)
        queued.cancel()
        with pytest.raises(asyncio.CancelledError):
            await queued
        assert pool.health().queued == 0
        next_one = asyncio.create_task(pool.run(jobs.note, tmp_path / "log", "done", deadline_s=DEADLINE_S))
        gate.touch()
        await asyncio.gather(running, next_one)
    assert (tmp_path / "log").read_text() == "done\n"


async def test_a_job_whose_caller_has_gone_is_let_finish(pool, tmp_path):
    before = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    gate, started = tmp_path / "gate", tmp_path / "started"
    running = asyncio.create_task(pool.run(jobs.wait_for, gate, started, deadline_s=DEADLINE_S))
    await until(started.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pool.health().running == 1  # it still holds its process
    gate.touch()
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) == before


async def test_a_stuck_job_whose_caller_has_gone_is_stopped_too(pool, tmp_path):
    running = asyncio.create_task(pool.run(jobs.sleep, 60.0, tmp_path / "started", deadline_s=0.3))
    await until((tmp_path / "started").exists)
    running.cancel()
    await until(lambda: pool.health().running == 0)
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S)


async def test_closing_ends_every_process_and_answers_every_caller(tmp_path):
    async with open_pool(2, queue=2) as pool:
        callers = [
            asyncio.create_task(pool.run(jobs.sleep, 60.0, tmp_path / str(n), deadline_s=DEADLINE_S)) for n in range(4)
        ]
        await until(lambda: len(list(tmp_path.iterdir())) == 2)
        assert len(workers()) == 2
    assert workers() == []
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 4
    with pytest.raises(Unavailable):
        await pool.run(jobs.pid, deadline_s=DEADLINE_S)


async def test_closing_before_the_processes_are_warm_leaves_none():
    async with open_pool(2, queue=2):
        pass
    assert workers() == []


async def test_replaced_processes_leave_no_descriptor_thread_or_task_behind(pool, tmp_path):
    async def fds_after(deaths: int) -> tuple[int, int]:
        for n in range(deaths):
            with pytest.raises(WorkerDied):
                await pool.run(jobs.die, tmp_path / f"tries-{n}-{deaths}", 9, deadline_s=DEADLINE_S)
        await pool.run(jobs.pid, deadline_s=DEADLINE_S)
        await until(lambda: len(workers()) == 1)
        return psutil.Process().num_fds(), psutil.Process().num_threads()

    first = await fds_after(1)
    tasks = len(asyncio.all_tasks())
    last = await fds_after(6)
    assert last[0] <= first[0] + 2
    assert last[1] <= first[1] + 2
    assert len(asyncio.all_tasks()) == tasks


async def test_ctrl_c_and_a_term_to_the_group_do_not_reach_the_processes(pool):
    assert {signal.SIGINT, signal.SIGTERM} <= await pool.run(jobs.blocked_signals, deadline_s=DEADLINE_S)
    assert not {signal.SIGINT, signal.SIGTERM} & signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
async def test_a_job_cannot_take_all_memory(pool):
    before = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    with pytest.raises(RuntimeError, match="MemoryError"):
        await pool.run(jobs.hoard, 8 * 1024**3, deadline_s=DEADLINE_S)
    assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) == before


def test_it_works_on_uvloop():
    async def main() -> int:
        async with open_pool(1, queue=1) as pool:
            return await pool.run(jobs.pid, deadline_s=DEADLINE_S)

    assert uvloop.run(main()) != os.getpid()


PARENT = """
import asyncio
from ai.pool import open_pool
from tests.ai import pool_jobs as jobs

async def main():
    async with open_pool(2, queue=2) as pool:
        pids = await asyncio.gather(*(pool.run(jobs.sleep, 0.2, jobs.Path("/dev/null"), deadline_s=9) for _ in "ab"))
        print(*pids, flush=True)
        await pool.run(jobs.sleep, 60.0, jobs.Path("/dev/null"), deadline_s=90)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_the_processes_end_with_a_parent_that_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    root = Path(__file__).parents[2]
    command = [sys.executable, str(tmp_path / "parent.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in (await asyncio.to_thread(parent.stdout.readline)).split()]
        assert len(set(pids)) == 2
        parent.kill()
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp", "photo.heic"])
async def test_a_photo_of_just_the_allowed_size_fits_into_a_worker(pool, tmp_path, name):
    pillow_heif.register_heif_opener()
    side = math.isqrt(ImageLimits().max_pixels)
    mode = "RGB" if name in ("photo.jpg", "photo.heic") else "RGBA"  # whichever needs most
    options = {"enc_params": {"preset": "ultrafast"}} if name == "photo.heic" else {}
    Image.new(mode, (side, side), "green").save(tmp_path / name, **options)
    made = await pool.run(prepare, tmp_path / name, tmp_path / "copies", ImageLimits(), deadline_s=60.0)
    assert made.width == side


async def test_an_idle_pool_has_no_process_until_it_is_asked_and_after_a_while():
    async with open_idle_pool(1, queue=1, idle_s=0.2) as pool:
        assert (workers(), pool.health()) == ([], None)
        first = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
        assert [process.pid for process in workers()] == [first]
        await until(lambda: pool.health() is None and not workers())
        assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) != first
    assert workers() == []


async def test_an_idle_pool_stays_while_it_is_asked(tmp_path):
    async with open_idle_pool(1, queue=1, idle_s=0.5) as pool:
        first = await pool.run(jobs.pid, deadline_s=DEADLINE_S)
        assert await pool.run(jobs.sleep, 0.8, tmp_path / "started", deadline_s=DEADLINE_S) == first
        assert await pool.run(jobs.pid, deadline_s=DEADLINE_S) == first


async def test_an_idle_pool_refuses_what_its_queue_cannot_hold(tmp_path):
    async with open_idle_pool(1, queue=0, idle_s=60) as pool:
        started = tmp_path / "started"
        running = asyncio.create_task(pool.run(jobs.sleep, 0.5, started, deadline_s=DEADLINE_S))
        await until(started.exists)
        with pytest.raises(PoolFull):
            await pool.run(jobs.pid, deadline_s=DEADLINE_S)
        await running


async def test_a_closed_idle_pool_starts_nothing():
    async with open_idle_pool(1, queue=0, idle_s=60) as pool:
        await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    with pytest.raises(Unavailable):
        await pool.run(jobs.pid, deadline_s=DEADLINE_S)
    assert workers() == []
