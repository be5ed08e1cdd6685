"""The id under which cached answers and ETags hold; a restored backup gets a new one."""

from sqlalchemy import delete, insert, select

from storage.db import Write
from storage.schema import installation


async def current(tx: Write, new_id: str) -> str:
    """The installation's id; `new_id` from now on, when it has none."""
    known: str | None = await tx.scalar(select(installation.c.id).limit(1))
    if known is None:
        await renew(tx, new_id)
    return known or new_id


async def renew(tx: Write, new_id: str) -> None:
    """Let nothing match that was cached before."""
    await tx.execute(delete(installation))
    await tx.execute(insert(installation).values(id=new_id))
