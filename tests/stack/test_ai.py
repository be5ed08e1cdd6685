"""Questions to an AI from many processes: one memory, one quota and one ledger, on real servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from ai.gemini import open_gemini
from ai.guard import Guard, GuardLimits
from storage.ai_calls import Ledger, usage
from storage.db import Database
from storage.memo_redis import open_redis_memo
from tests.gemini import fake_gemini
from tests.stacks import TestStack
from zwai.records.ai import Outcome, Purpose, Question
from zwai.records.people import HouseholdId

HOME = HouseholdId("home")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = GuardLimits(50, 1000, 1000, Decimal("0.1"), Decimal("0.4"))
QUESTION = Question(
    Purpose.INGREDIENTS, "ingredients-1-es", "Nombra la comida.", "¿Qué hay?", {"type": "object"}, 10.0, (b"photo",)
)
MILK = {"ingredients": ["leche"]}

OpenGuard = Callable[[], Awaitable[Guard]]


@pytest.fixture
async def redis_url(stack: TestStack) -> AsyncIterator[str]:
    url = stack.settings["ZWAI_REDIS_URL"]
    async with Redis.from_url(url) as client:
        await client.flushall()
    yield url


@asynccontextmanager
async def guards(redis_url: str, gemini_url: str, ledger: Ledger) -> AsyncIterator[OpenGuard]:
    """Makes guards as so many processes would: all they share is Redis, and a ledger that is written."""
    async with AsyncExitStack() as stack:

        async def opened() -> Guard:
            memo, quota = await stack.enter_async_context(open_redis_memo(redis_url, 100_000))
            gemini = await stack.enter_async_context(open_gemini("the-key", "gemini-test", gemini_url))
            guard = Guard(gemini, memo, quota, ledger, LIMITS, lambda: NOW)
            stack.push_async_callback(guard.close)
            return guard

        yield opened


async def test_what_five_processes_ask_at_once_is_paid_for_once_and_told_by_the_ledger(
    redis_url: str, database: Database
) -> None:
    ledger = Ledger(database)
    async with fake_gemini() as fake, guards(redis_url, fake.url, ledger) as opened:
        fake.otherwise, fake.pause_s = MILK, 0.5
        five = [await opened() for _ in range(5)]
        assert await asyncio.gather(*(guard.ask(QUESTION, HOME) for guard in five * 10)) == [MILK] * 50
        assert len(fake.asked) == 1
        await five[0].ask(replace(QUESTION, text="¿Y ahora?"), HOME)
        assert len(fake.asked) == 2
    await ledger.write()
    async with database.read() as tx:
        told = {one.outcome: (one.calls, one.cost, one.tokens_in) for one in await usage(tx, NOW)}
    assert told == {Outcome.ANSWERED: (2, Decimal("0.00028"), 2000), Outcome.REMEMBERED: (49, Decimal(0), 0)}
    assert await Ledger(database).paid_since(NOW, HOME) == 2


async def test_processes_take_their_turns_from_one_quota(redis_url: str) -> None:
    async with open_redis_memo(redis_url, 60) as (_, one), open_redis_memo(redis_url, 60) as (_, other):
        waits = [await quota.wait_s(NOW.timestamp()) for quota in (one, other) * 4]  # one a second, six at once
    assert waits == pytest.approx([0, 0, 0, 0, 0, 0, 1, 2], abs=0.01)
