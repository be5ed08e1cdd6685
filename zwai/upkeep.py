"""What operators do with the database: see to failed jobs, renew its id after a restore, read what AIs cost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from storage import ai_calls, installation, jobs
from storage.db import Database
from storage.engines import open_database
from zwai.app import clock, database_url
from zwai.records.ids import new_id
from zwai.records.jobs import JobId
from zwai.settings import Settings

MOST = 200
TITLES = ("purpose", "model", "outcome", "calls", "bytes out", "tokens in", "tokens out", "cost USD", "latency ms")
WORDS = 3  # of the columns


async def failed(settings: Settings) -> list[str]:
    """One line for each of the newest failed jobs."""
    async with _database(settings) as database, database.read() as tx:
        dead = await jobs.failed(tx, MOST)
    return [f"{job.id}  {job.kind}  {job.finished_at:%Y-%m-%d %H:%M:%S}  {(job.error or {}).get('en')}" for job in dead]


async def retry(settings: Settings, job: str) -> None:
    """Raises UnknownJob unless it has failed."""
    async with _database(settings) as database, database.write() as tx:
        await jobs.retry(tx, JobId(job), clock())


async def renew(settings: Settings) -> None:
    """Let nothing match that was cached before."""
    async with _database(settings) as database, database.write() as tx:
        await installation.renew(tx, new_id(clock()))


async def usage(settings: Settings, days: int) -> list[dict[str, Any]]:
    """What was asked of AIs in the last days, by purpose, model and outcome."""
    async with _database(settings) as database, database.read() as tx:
        used = await ai_calls.usage(tx, clock() - timedelta(days=days))
    return [
        {
            "purpose": one.purpose,
            "model": one.model,
            "outcome": one.outcome,
            "calls": one.calls,
            "bytes_out": one.bytes_out,
            "tokens_in": one.tokens_in,
            "tokens_out": one.tokens_out,
            "cost_usd": float(one.cost),
            "latency_ms": one.latency_ms,
        }
        for one in used
    ]


def usage_table(used: list[dict[str, Any]]) -> str:
    """Aligned columns: words to the left, numbers to the right."""
    rows = [TITLES, *(tuple(f"{value:.4f}" if isinstance(value, float) else str(value) for value in one.values())
                      for one in used)]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < WORDS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    total = sum(one["cost_usd"] for one in used)
    return "\n".join([*lines, "", f"{sum(one['calls'] for one in used)} calls, {total:.4f} USD"])


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = open_database(database_url(settings))
    try:
        yield database
    finally:
        await database.close()
