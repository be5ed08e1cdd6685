"""A worker process for tests, whose jobs take as long as they say and leave a row in `effects`.

worker.py DATABASE_URL QUEUE_URL LIMIT DRAIN_S
"""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from storage.attempts import Attempts, Effect, Progress
from storage.cache import MemoryCache
from storage.db import Write
from storage.engines import open_database
from storage.queue import open_worker
from zwai.records.jobs import Job


async def note(job: Job, progress: Progress) -> Effect:
    await asyncio.sleep(job.request["seconds"])

    async def effect(tx: Write) -> dict[str, Any]:
        await tx.execute(text("INSERT INTO effects (job) VALUES (:job)").bindparams(job=job.id))
        return {}

    return effect


async def main(database_url: str, queue_url: str, limit: int, drain_s: float) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    database = open_database(database_url)
    attempts = Attempts(database, MemoryCache(), {"note": note}, lambda: datetime.now(UTC))
    async with open_worker(queue_url, attempts, limit) as worker:
        print("ready", flush=True)
        await worker.work(stopped, drain_s)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
