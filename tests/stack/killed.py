"""A worker that is made to be killed: this process loads what it needs once, and forks it anew for each line it reads.

Its jobs are recognitions, as ordered, proposed and finished by the service; only the engine is quicker, and has seen
two things in every photo. After each fork it prints the child's pid.

killed.py DATABASE_URL QUEUE_URL
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from storage.attempts import Attempts, Bounds
from storage.cache import MemoryCache
from storage.engines import open_database
from storage.queue import open_worker
from tests.orders import clock, recognising
from zwai.knowledge import names

AT_ONCE = 4
LOOK_S = 0.02
# Short, so that a killed worker's jobs come back while others are killed; each may be killed as often as it comes.
BOUNDS = Bounds(lease=timedelta(seconds=1), attempts=1000)
SCAN_S = 0.3


async def work(database_url: str, queue_url: str) -> None:
    """Until it is killed, or told to stop."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    database = open_database(database_url)
    attempts = Attempts(database, MemoryCache(), recognising(database, LOOK_S), clock, BOUNDS)
    async with open_worker(queue_url, attempts, AT_ONCE, SCAN_S) as worker:
        await worker.work(stopped, drain_s=5)
    await database.close()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    names.warm()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asyncio.run(work(*sys.argv[1:]))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
