"""What a request leaves behind: files, rows and jobs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from storage.schema import jobs, photos, recognitions
from tests.service import Client, Reply, Service

PATIENCE_S = 5.0
OPEN = ("pending", "processing")


@dataclass(frozen=True)
class Traces:
    """Folders of kept photos, temporary files, and rows of each kind."""

    kept: frozenset[str]
    temporary: frozenset[str]
    photos: int
    recognitions: int
    jobs: int


async def traces(service: Service) -> Traces:
    async with service.kitchen.database.read() as tx:
        counts = [await tx.scalar(select(func.count()).select_from(table)) for table in (photos, recognitions, jobs)]
    return Traces(_names(service.data_dir / "photos", "*/*"), _names(service.data_dir / "tmp", "*"), *counts)


async def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.01)


async def finished(client: Client, task_id: str, patience_s: float = PATIENCE_S) -> Reply:
    """Ask for a job until it has ended."""
    async with asyncio.timeout(patience_s):
        while (reply := await client.get(f"/api/recognition/status/{task_id}")).json["status"] in OPEN:
            await asyncio.sleep(0.02)
    return reply


def uploads_under_way(service: Service) -> frozenset[str]:
    return _names(service.data_dir / "tmp", "*")


def _names(folder: Path, pattern: str) -> frozenset[str]:
    return frozenset(path.name for path in folder.glob(pattern))
