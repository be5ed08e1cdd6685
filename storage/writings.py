"""What an AI wrote of foods, under the key of the question that it answers: the same for every household."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from storage.db import Read, Write
from storage.schema import writings
from zwai.records.ai import Purpose


async def of_keys(tx: Read, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """The documents that there are, by their keys."""
    rows = await tx.all(select(writings.c.id, writings.c.document).where(writings.c.id.in_(keys)))
    return {row.id: row.document for row in rows}


async def add(tx: Write, key: str, purpose: Purpose, model: str, document: dict[str, Any], now: datetime) -> None:
    """Raises Conflict when somebody else was faster."""
    values = {"id": key, "purpose": purpose, "model": model, "document": document, "written_at": now}
    await tx.execute(insert(writings).values(values))


async def purge(tx: Write, before: datetime) -> int:
    """Forget what was written before a moment; answers how many."""
    return await tx.execute(delete(writings).where(writings.c.written_at < before))
