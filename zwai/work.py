"""Runs a worker of the scaled profile: pulls jobs, tells when it is ready, and drains on SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import uvloop

from storage.attempts import Attempts
from storage.queue import Worker, open_worker
from zwai.app import JOBS_AT_ONCE, open_kitchen
from zwai.kitchen import jobs
from zwai.kitchen.parts import Kitchen
from zwai.settings import BadSetting, Settings


def work(settings: Settings, announce: Callable[[], None]) -> None:
    """Work until a signal; `announce` is called once jobs are taken. Raises BadSetting."""
    if settings.profile == "embedded":
        raise BadSetting("The embedded profile does its jobs itself; workers need ZWAI_PROFILE=scaled.")
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings, announce))


async def _work(settings: Settings, announce: Callable[[], None]) -> None:
    stopped = asyncio.Event()

    def stop() -> None:
        print("Stopping: ending the jobs in hand …", file=sys.stderr)  # noqa: T201
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with open_kitchen(settings) as kitchen, _worker(settings, kitchen) as worker:
        announce()
        await worker.work(stopped, settings.drain_s)


def _worker(settings: Settings, kitchen: Kitchen) -> AbstractAsyncContextManager[Worker]:
    works = jobs.works(kitchen.recogniser, kitchen.captures, kitchen.painter, kitchen.clock)
    attempts = Attempts(kitchen.database, kitchen.cache, works, kitchen.clock)
    return open_worker(settings.queue_url, attempts, JOBS_AT_ONCE)
