"""The cache that processes share, on Redis: one round trip a request, and one of its own for when Redis is away.

Everything here may vanish at any moment. Keys: s:{session}, d:{session} (dropped at), v:{household},
b:{household}{request}, l:{class}:{subject}, w:{household} (wrote lately). Cut off from Redis, a process believes its
own copies for BELIEVED_S, as after a crash. Scripts make some keys themselves, so this is not for a Redis Cluster.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from storage.cache import BELIEVED_S, Bounded, CachedBody, CachedSession, Glance, LimitPolicy, MemoryCache, Verdict
from storage.redis_line import Line, Script, Word
from storage.standing import Standing
from zwai.records.people import HouseholdId

log = logging.getLogger("zwai.cache")

# The longest that a request waits for Redis, and how long after a failure none waits.
ANSWER_S = 0.6
BREAK_S = 1.0
ALL_BUSY = "No connection available"  # how redis-py says that its pool stayed empty
# Longer than a request can hold what it read of a session before it keeps it.
KEPT_DROP_S = 60
KEPT_BODY_S = 3600
KEPT_VERSION_S = 86_400
# Sessions whose household a process remembers, to know which body it holds for them.
KEPT_HOMES = 50_000
T = TypeVar("T")

# KEYS: session. ARGV: request, now, class, limit, window, seconds that a version is believed, version and household
# of the body that the process holds already: if that is still good, 1 stands for it, and nobody copies it.
# A session is five lines; a version is "number stamp"; a body "version\ndate\netag\nbytes".
GLANCE = """
local session = redis.call('GET', KEYS[1])
local account, household = string.match(session or '', '^([^\\n]*)\\n([^\\n]*)\\n')
if not account then return false end
local used, left = 0, 0
if ARGV[3] ~= '' then
    local window = 'l:' .. ARGV[3] .. ':' .. account
    used = redis.call('INCR', window)
    if used == 1 then redis.call('EXPIRE', window, ARGV[5]) end
    left = redis.call('TTL', window)
end
local body = false
local number, stamp = string.match(redis.call('GET', 'v:' .. household) or '', '^(%d+) (%S+)$')
if number and tonumber(ARGV[2]) - tonumber(stamp) < tonumber(ARGV[6]) then
    if number == ARGV[7] and household == ARGV[8] then
        body = 1
    else
        body = redis.call('GET', 'b:' .. household .. ARGV[1])
        if body and string.sub(body, 1, #number + 1) ~= number .. '\\n' then body = false end
    end
else
    number = false
end
return {session, number, body, used, left, redis.call('EXISTS', 'w:' .. household)}
"""

# KEYS: session, dropped. ARGV: lines, milliseconds to keep, when it was read.
KEEP = """
if tonumber(ARGV[3]) <= tonumber(redis.call('GET', KEYS[2]) or 0) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS: sessions, then as many dropped. ARGV: now, seconds to remember it.
DROP = """
for place = 1, #KEYS / 2 do
    redis.call('DEL', KEYS[place])
    redis.call('SET', KEYS[#KEYS / 2 + place], ARGV[1], 'EX', ARGV[2])
end
"""

# KEYS: version. ARGV: household, number, now, seconds to keep, seconds that a write counts as recent or 0.
RAISE = """
if tonumber(ARGV[5]) > 0 then redis.call('SET', 'w:' .. ARGV[1], 1, 'EX', ARGV[5]) end
local known = string.match(redis.call('GET', KEYS[1]) or '', '^%d+')
if known and tonumber(known) > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[3], 'EX', ARGV[4])
return 1
"""

# KEYS: window. ARGV: seconds.
COUNT = """
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('TTL', KEYS[1])}
"""


class RedisCache:
    """As `MemoryCache`; `wrote_s`: how long a household counts as one that wrote lately."""

    def __init__(self, redis: Redis, line: Line, wrote_s: int) -> None:
        self._redis = redis
        self._line = line
        self._own = MemoryCache()
        self._homes: Bounded[str] = Bounded(KEPT_HOMES)
        self._wrote_s = wrote_s
        self._standing = Standing(log, "Redis")
        self._resting_until = 0.0
        self._away = False
        self._glance = Script(GLANCE)
        self._keep = redis.register_script(KEEP)
        self._drop = redis.register_script(DROP)
        self._raise = Script(RAISE)
        self._count = redis.register_script(COUNT)

    async def glance(self, session_id: str, request: str, now: float, policy: LimitPolicy | None) -> Glance:
        limits = (policy.name, policy.limit, policy.window_s) if policy else ("", 0, 0)
        home = self._homes.get(session_id) or ""
        mine = self._own.kept_body(home, request)
        arguments = [request, now, *limits, BELIEVED_S, mine.version if mine else "", home]
        return await self._ask(
            lambda: self._read_glance(session_id, arguments, policy, mine),
            lambda: self._own.glance(session_id, request, now, policy),
        )

    async def limit(self, subject: str, policy: LimitPolicy, now: float) -> Verdict:
        return await self._ask(lambda: self._read_count(subject, policy), lambda: self._own.limit(subject, policy, now))

    async def keep_session(self, session: CachedSession, now: float) -> None:
        await self._own.keep_session(session, now)
        lines = (session.account, session.household, session.language, session.time_zone, repr(session.expires_at))
        life_ms = max(1, int(min(BELIEVED_S, session.expires_at - now) * 1000))
        keys = [f"s:{session.id}", f"d:{session.id}"]
        await self._tell(lambda: self._keep(keys=keys, args=["\n".join(lines), life_ms, now]))

    async def drop_sessions(self, ids: list[str], now: float) -> None:
        await self._own.drop_sessions(ids, now)
        keys = [*(f"s:{one}" for one in ids), *(f"d:{one}" for one in ids)]
        await self._tell(lambda: self._drop(keys=keys, args=[now, KEPT_DROP_S]))

    async def raise_version(
        self, household: HouseholdId | str, version: int, now: float, *, wrote: bool = False
    ) -> None:
        await self._own.raise_version(household, version, now)
        arguments: list[Word] = [household, version, now, KEPT_VERSION_S, self._wrote_s if wrote else 0]
        await self._ask(lambda: self._line.run(self._raise, f"v:{household}", arguments), _nothing)

    async def keep_body(self, household: HouseholdId | str, request: str, body: CachedBody) -> None:
        await self._own.keep_body(household, request, body)
        head = f"{body.version}\n{body.local_date}\n{body.etag}\n".encode()
        words = ("SET", f"b:{household}{request}", head + body.body, "EX", KEPT_BODY_S)
        await self._ask(lambda: self._line.tell(*words), _nothing)

    async def check(self) -> dict[str, object]:
        reachable = await self._ask(self._is_there, _no)
        return {"engine": "redis", "reachable": reachable}

    async def _is_there(self) -> bool:
        async with asyncio.timeout(ANSWER_S):
            return bool(await self._redis.ping())

    async def _read_glance(
        self, session_id: str, arguments: list[Any], policy: LimitPolicy | None, mine: CachedBody | None
    ) -> Glance:
        found = await self._line.run(self._glance, f"s:{session_id}", arguments)
        if found is None:
            return Glance(None, None, None, None)
        session, version, body, used, left, wrote = found
        account, household, language, time_zone, expires_at = session.decode().split("\n")
        self._homes.put(session_id, household)
        if isinstance(body, bytes):
            mine = _body(body)
            await self._own.keep_body(household, arguments[0], mine)
        return Glance(
            CachedSession(session_id, account, household, language, time_zone, float(expires_at)),
            int(version) if version else None,
            mine if body else None,
            _verdict(policy, used, left) if policy else None,
            wrote=bool(wrote),
        )

    async def _read_count(self, subject: str, policy: LimitPolicy) -> Verdict:
        async with asyncio.timeout(ANSWER_S):
            used, left = await self._count(keys=[f"l:{policy.name}:{subject}"], args=[policy.window_s])
        return _verdict(policy, used, left)

    async def _tell(self, say: Callable[[], Awaitable[Any]]) -> None:
        async def within() -> None:
            async with asyncio.timeout(ANSWER_S):
                await say()

        await self._ask(within, _nothing)

    async def _ask(self, ask: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]) -> T:
        """Redis's answer, or our own when it is away; then one request after the other finds out whether it is back.

        `ask` waits no longer than ANSWER_S by itself, as the line does.
        """
        now = time.monotonic()
        if now < self._resting_until:
            return await instead()
        if self._away:
            self._resting_until = now + ANSWER_S
        try:
            answer = await ask()
        except (TimeoutError, RedisError, OSError) as error:
            if ALL_BUSY not in str(error):  # that is too many requests at once: Redis may be well
                self._away = True
                self._resting_until = time.monotonic() + BREAK_S
                self._standing.lost(str(error) or "it takes too long")
            return await instead()
        if self._away:
            self._away, self._resting_until = False, 0.0
        self._standing.found()
        return answer


async def _nothing() -> None:
    return None


async def _no() -> bool:
    return False


def _verdict(policy: LimitPolicy, used: int, left: int) -> Verdict:
    allowed = used <= policy.limit
    return Verdict(allowed, policy.limit, max(0, policy.limit - used), max(1, left))


def _body(kept: bytes) -> CachedBody:
    version, local_date, etag, body = kept.split(b"\n", 3)
    return CachedBody(int(version), local_date.decode(), etag.decode(), body)


@asynccontextmanager
async def open_redis_cache(url: str, wrote_s: int, connections: int = 50) -> AsyncIterator[RedisCache]:
    """Redis's own defaults wait for seconds when it is down; these fail within a few tenths."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=0.3,
        socket_timeout=0.5,
        socket_connect_timeout=0.3,
        socket_keepalive=True,
        retry=Retry(ExponentialWithJitterBackoff(base=0.01, cap=0.05), 1),
    )
    redis, line = Redis(connection_pool=pool), Line(url, ANSWER_S)
    try:
        yield RedisCache(redis, line, wrote_s)
    finally:
        line.close()
        await redis.aclose()
        await pool.aclose()
