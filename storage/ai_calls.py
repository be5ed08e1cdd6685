"""The ledger of questions to AIs: rows go in together, a moment later; budgets also count those that wait."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, insert, select

from storage.cache import Bounded
from storage.db import Database, Read
from storage.schema import ai_calls
from zwai.errors import ZwaiError
from zwai.records.ai import AICall, Outcome, Purpose
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId

log = logging.getLogger("zwai.ai")

WRITTEN_S = 1.0
FRESH_S = 5.0
MOST_FIGURES = 10_000
EVERYBODY = ""
MOST_WAITING = 10_000
# Pictures have a budget of their own.
PAINTING = frozenset({Purpose.PICTURE})
LOOKING = frozenset(Purpose) - PAINTING


@dataclass(frozen=True, slots=True)
class Usage:
    """What questions of one purpose, model and outcome came to; `cost` in US dollars."""

    purpose: Purpose
    model: str
    outcome: Outcome
    calls: int
    bytes_out: int
    tokens_in: int
    tokens_out: int
    cost: Decimal
    latency_ms: int


@dataclass(slots=True)
class _Figure:
    """A count, as read and with what this process recorded since."""

    since: datetime
    count: int
    good_until: float = 0.0


class Ledger:
    """Made by `open_ledger`. Counts are read every few seconds: what other processes ask meanwhile comes late.

    It keeps whatever is asked, and counts what is asked for its `purposes`.
    """

    def __init__(self, database: Database, purposes: frozenset[Purpose] = LOOKING) -> None:
        self._database = database
        self._purposes = purposes
        self._waiting: deque[AICall] = deque(maxlen=MOST_WAITING)
        self._figures: Bounded[_Figure] = Bounded(MOST_FIGURES)
        self._reading = asyncio.Lock()

    def record(self, call: AICall) -> None:
        """Keep a row, soon."""
        self._waiting.append(call)
        if not self._counts(call):
            return
        for whose in (EVERYBODY, call.household):
            figure = self._figures.get(whose)
            if figure is not None and call.at >= figure.since:
                figure.count += 1

    async def paid_since(self, since: datetime, household: HouseholdId | None = None) -> int:
        """How many questions went out to a provider, of one household or of all."""
        figure = self._good(since, household)
        if figure is None:
            async with self._reading:  # a hundred who ask at once are one query
                figure = self._good(since, household) or await self._read(since, household)
        return figure.count

    def _good(self, since: datetime, household: HouseholdId | None) -> _Figure | None:
        figure = self._figures.get(household or EVERYBODY)
        return figure if figure and figure.since == since and time.monotonic() < figure.good_until else None

    async def _read(self, since: datetime, household: HouseholdId | None) -> _Figure:
        """What is recorded during the query counts at once, if need be twice: a budget errs on the low side."""
        paid = [
            ai_calls.c.at >= since,
            ai_calls.c.outcome != Outcome.REMEMBERED,
            ai_calls.c.purpose.in_(self._purposes),
        ]
        if household is not None:
            paid.append(ai_calls.c.household_id == household)
        waiting = [call for call in self._waiting if self._counts(call) and call.at >= since]
        figure = _Figure(since, sum(household in (None, call.household) for call in waiting))
        self._figures.put(household or EVERYBODY, figure)
        async with self._database.read() as tx:
            figure.count += int(await tx.scalar(select(func.count()).select_from(ai_calls).where(*paid)))
        figure.good_until = time.monotonic() + FRESH_S
        return figure

    def _counts(self, call: AICall) -> bool:
        return call.outcome is not Outcome.REMEMBERED and call.purpose in self._purposes

    async def write(self) -> None:
        """Put what waits into its table; it goes on waiting when that fails."""
        calls = list(self._waiting)
        if not calls:
            return
        async with self._database.write() as tx:
            await tx.execute(insert(ai_calls), [_row(call) for call in calls])
        for _ in calls:
            self._waiting.popleft()

    async def write_forever(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN_S)
            with contextlib.suppress(ZwaiError):  # the database tells of itself
                await self.write()


@asynccontextmanager
async def open_ledger(database: Database, purposes: frozenset[Purpose] = LOOKING) -> AsyncIterator[Ledger]:
    """Write every second, and at the end."""
    ledger = Ledger(database, purposes)
    writing = asyncio.create_task(ledger.write_forever())
    try:
        yield ledger
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
        try:
            await ledger.write()
        except ZwaiError as error:
            log.warning("some questions to the AI are not in the ledger: %s", error)


async def usage(tx: Read, since: datetime) -> list[Usage]:
    """What was asked since a moment, by purpose, model and outcome."""
    kinds = (ai_calls.c.purpose, ai_calls.c.model, ai_calls.c.outcome)
    sums = (ai_calls.c.bytes_out, ai_calls.c.tokens_in, ai_calls.c.tokens_out, ai_calls.c.latency_ms)
    query = select(ai_calls).where(ai_calls.c.at >= since).order_by(*kinds)
    grouped: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in await tx.all(query.with_only_columns(*kinds, ai_calls.c.cost, *sums)):
        total = grouped.setdefault((row.purpose, row.model, row.outcome), [Decimal(0)] * 6)
        for place, value in enumerate((1, row.cost, *row[4:])):
            total[place] += Decimal(value)
    return [_usage(kind, total) for kind, total in grouped.items()]


def _usage(kind: tuple[str, str, str], total: list[Decimal]) -> Usage:
    calls, cost, bytes_out, tokens_in, tokens_out, latency_ms = total
    purpose, model, outcome = kind
    return Usage(
        Purpose(purpose),
        model,
        Outcome(outcome),
        int(calls),
        int(bytes_out),
        int(tokens_in),
        int(tokens_out),
        cost,
        round(latency_ms / calls),
    )


def _row(call: AICall) -> dict[str, object]:
    return {
        "id": new_id(call.at),
        "household_id": call.household,
        "purpose": call.purpose,
        "model": call.model,
        "outcome": call.outcome,
        "bytes_out": call.bytes_out,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "cost": str(call.cost),
        "latency_ms": call.latency_ms,
        "at": call.at,
    }
