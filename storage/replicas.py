"""Which replicas may be read: those that replicate and are not behind. Looked at every second, by itself."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.standing import Standing

log = logging.getLogger("zwai.database")

LOOK_EVERY_S = 1.0
LOOK_DEADLINE_S = 1.5
MAX_LAG_S = 2
# MariaDB's and MySQL 8's names of the same column.
BEHIND = ("Seconds_Behind_Master", "Seconds_Behind_Source")


class Replicas:
    """Engines of replicas; `max_lag_s` is how far behind one may be and still be read."""

    def __init__(self, engines: Sequence[AsyncEngine], max_lag_s: int = MAX_LAG_S) -> None:
        self._engines = list(engines)
        self._max_lag_s = max_lag_s
        self._standings = [Standing(log, f"replica {_address(engine)}") for engine in engines]
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

    def named(self) -> list[tuple[str, AsyncEngine]]:
        return [(f"replica {_address(engine)}", engine) for engine in self._engines]

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
            flaws = await asyncio.gather(*(self._flaw(engine) for engine in self._engines))
            for standing, flaw in zip(self._standings, flaws, strict=True):
                standing.lost(flaw) if flaw else standing.found()
            self._well = [engine for engine, flaw in zip(self._engines, flaws, strict=True) if not flaw]
            await asyncio.sleep(LOOK_EVERY_S)

    async def _flaw(self, engine: AsyncEngine) -> str | None:
        try:
            async with asyncio.timeout(LOOK_DEADLINE_S), engine.connect() as connection:
                return await flaw(connection, self._max_lag_s)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            return str(getattr(error, "orig", error)) or type(error).__name__


async def flaw(replica: AsyncConnection, max_lag_s: int = MAX_LAG_S) -> str | None:
    """Why a replica should not be read, or None."""
    row = (await replica.execute(text("SHOW REPLICA STATUS"))).mappings().first()
    behind = next((row[name] for name in BEHIND if name in row), None) if row else None
    if behind is None:
        return "it does not replicate"
    return f"it is {behind} s behind" if int(behind) > max_lag_s else None


def _address(engine: AsyncEngine) -> str:
    return f"{engine.url.host}:{engine.url.port}"
