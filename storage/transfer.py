"""Copies all rows of one database into another, empty one: how an embedded installation moves to MySQL."""

from collections.abc import Callable

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.migrate import current, engine_of, migrate, newest
from storage.schema import metadata
from zwai.operator_errors import CopyDiffers, NotMigrated, TargetNotEmpty

CHUNK = 1000

Progress = Callable[[str, int, int], None]


async def transfer(source: str, target: str, progress: Progress) -> dict[str, int]:
    """Copy every table from URL to URL, in one transaction of the target; answers the rows of each.

    `progress` hears of each chunk: table, rows done, rows in all. Nothing may write to the source meanwhile.
    Raises NotMigrated, TargetNotEmpty and CopyDiffers; then the target holds no rows.
    """
    if (revision := await current(source)) != newest():
        raise NotMigrated({"revision": revision or "none", "newest": newest()})
    await migrate(target)
    async with (
        engine_of(source) as reading,
        engine_of(target) as writing,
        reading.connect() as from_here,
        writing.begin() as to_there,
    ):
        await _check_empty(to_there)
        return {table.name: await _copy(table, from_here, to_there, progress) for table in metadata.sorted_tables}


async def _check_empty(connection: AsyncConnection) -> None:
    for table in metadata.sorted_tables:
        if await _count(connection, table):
            raise TargetNotEmpty({"table": table.name})


async def _copy(table: Table, from_here: AsyncConnection, to_there: AsyncConnection, progress: Progress) -> int:
    total, done = await _count(from_here, table), 0
    rows = await from_here.stream(select(table).order_by(*table.primary_key))
    async for chunk in rows.mappings().partitions(CHUNK):
        await to_there.execute(insert(table), [dict(row) for row in chunk])
        done += len(chunk)
        progress(table.name, done, total)
    if not done == total == await _count(to_there, table):
        raise CopyDiffers({"table": table.name})
    return done


async def _count(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
