"""Which replicas may be read: those that replicate and are not behind. Looked at every second, by itself."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger("zwai.database")

LOOK_EVERY_S = 1.0
LOOK_DEADLINE_S = 1.5
# MariaDB's and MySQL 8's names of the same column.
BEHIND = ("Seconds_Behind_Master", "Seconds_Behind_Source")


class Replicas:
    """Engines of replicas; `max_lag_s` is how far behind one may be and still be read."""

    def __init__(self, engines: Sequence[AsyncEngine], max_lag_s: int = 2) -> None:
        self._engines = list(engines)
        self._max_lag_s = max_lag_s
        self._well: list[AsyncEngine] = []
        self._turn = itertools.count()

    def pick(self) -> AsyncEngine | None:
        """The next replica that is well, in turn; None when there is none."""
        return self._well[next(self._turn) % len(self._well)] if self._well else None

    def leave_out(self, engine: AsyncEngine) -> None:
        """Don't read from it before the next look finds it well."""
        self._well = [one for one in self._well if one is not engine]

    def health(self) -> dict[str, object]:
        return {"replicas": len(self._engines), "replicas_well": len(self._well)} if self._engines else {}

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look after the replicas until leaving."""
        if not self._engines:
            yield
            return
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def close(self) -> None:
        for engine in self._engines:
            await engine.dispose()

    async def _watch(self) -> None:
        while True:
            looks = await asyncio.gather(*(self._is_well(engine) for engine in self._engines))
            well = [engine for engine, good in zip(self._engines, looks, strict=True) if good]
            if len(well) != len(self._well):
                log.warning("%d of %d replicas are read", len(well), len(self._engines))
            self._well = well
            await asyncio.sleep(LOOK_EVERY_S)

    async def _is_well(self, engine: AsyncEngine) -> bool:
        try:
            async with asyncio.timeout(LOOK_DEADLINE_S), engine.connect() as connection:
                row = (await connection.execute(text("SHOW REPLICA STATUS"))).mappings().first()
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        if row is None:
            return False
        behind = next((row[name] for name in BEHIND if name in row), None)
        return behind is not None and int(behind) <= self._max_lag_s
