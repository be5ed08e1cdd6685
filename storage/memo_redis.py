"""The same as `storage.memo` for many processes, on Redis; when that is away, each process minds its own."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from storage.memo import KEPT_S, MemoryMemo, MemoryQuota, burst
from storage.standing import Standing

log = logging.getLogger("zwai.ai")
T = TypeVar("T")

# KEYS: bucket. ARGV: now, seconds between two, seconds of burst. Answers seconds to wait, as text.
PACE = """
local next = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), ARGV[1] - ARGV[3]) + ARGV[2]
redis.call('SET', KEYS[1], string.format('%.6f', next), 'EX', 120)
return string.format('%.6f', math.max(0, next - ARGV[1]))
"""


class RedisMemo:
    """Keys: m:{question} (its answer), q:{question} (somebody is asking)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._own = MemoryMemo()
        self._standing = Standing(log, "Redis")

    async def recall(self, key: str) -> bytes | None:
        return await self._or(self._redis.get(f"m:{key}"), lambda: self._own.recall(key))

    async def keep(self, key: str, value: bytes) -> None:
        await self._own.keep(key, value)
        await self._or(self._redis.set(f"m:{key}", value, ex=KEPT_S), _nothing)

    async def claim(self, key: str, lease_s: float) -> bool:
        """Be the one who asks; False while somebody else is."""
        taken = self._redis.set(f"q:{key}", 1, nx=True, px=int(lease_s * 1000))
        return bool(await self._or(taken, lambda: self._own.claim(key, lease_s)))

    async def release(self, key: str) -> None:
        await self._own.release(key)
        await self._or(self._redis.delete(f"q:{key}"), _nothing)

    async def _or(self, asked: Awaitable[Any], instead: Callable[[], Awaitable[T]]) -> T:
        return await answered(self._standing, asked, instead)


class RedisQuota:
    """The bucket that all processes take from."""

    def __init__(self, redis: Redis, a_minute: int) -> None:
        self._pace = redis.register_script(PACE)
        self._own = MemoryQuota(a_minute)
        self._arguments = (60 / a_minute, 60 / a_minute * burst(a_minute))
        self._standing = Standing(log, "Redis")

    async def wait_s(self, now: float) -> float:
        """Take a place in line; answers how many seconds to wait for it."""
        asked = self._pace(keys=["pace"], args=[now, *self._arguments])
        return float(await answered(self._standing, asked, lambda: self._own.wait_s(now)))


async def answered(standing: Standing, asked: Awaitable[Any], instead: Callable[[], Awaitable[T]]) -> T:
    """Redis's answer, else our own."""
    try:
        answer: T = await asked
    except (RedisError, OSError, TimeoutError) as error:
        standing.lost(str(error))
        return await instead()
    standing.found()
    return answer


async def _nothing() -> None:
    return None


@asynccontextmanager
async def open_redis_memo(url: str, a_minute: int) -> AsyncIterator[tuple[RedisMemo, RedisQuota]]:
    """On connections of its own: a question takes seconds anyway, so that half a second for Redis is little."""
    pool = BlockingConnectionPool.from_url(
        url, max_connections=20, timeout=0.3, socket_timeout=0.5, socket_connect_timeout=0.3, socket_keepalive=True
    )
    redis = Redis(connection_pool=pool)
    try:
        yield RedisMemo(redis), RedisQuota(redis, a_minute)
    finally:
        await redis.aclose()
        await pool.aclose()
