"""The shared cache on a real Redis: exact, and away, frozen, emptied or cut off without a wrong answer."""

import asyncio
import logging
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from storage.cache import BELIEVED_S, CachedBody, CachedSession, LimitPolicy
from storage.cache_redis import ANSWER_S, BREAK_S, RedisCache, open_redis_cache
from tests.stacks import TestStack

NOW = 1_782_907_200.25
ROUTE = "GET /api/inventory?\x00\xff'\"\n{}%s"
LIMIT = LimitPolicy("reads", 100, 60)
SESSION = CachedSession("session-1", "account-1", "household-1", "es", "America/Lima", NOW + 1800)


def a_body(version: int, body: bytes = b"[1]") -> CachedBody:
    return CachedBody(version, "2026-07-01", f'"{version}"', body)


@pytest.fixture
async def redis(stack: TestStack) -> AsyncIterator[Redis]:
    """A client of the test's own, on an empty server."""
    async with Redis.from_url(stack.settings["ZWAI_REDIS_URL"]) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def cache(stack: TestStack, redis: Redis) -> AsyncIterator[RedisCache]:
    async with open_redis_cache(stack.settings["ZWAI_REDIS_URL"], wrote_s=5) as it:
        yield it


@pytest.fixture
async def other(stack: TestStack, redis: Redis) -> AsyncIterator[RedisCache]:
    """The cache of another process."""
    async with open_redis_cache(stack.settings["ZWAI_REDIS_URL"], wrote_s=5) as it:
        yield it


async def fill(cache: RedisCache, version: int = 3) -> None:
    await cache.keep_session(SESSION, NOW)
    await cache.raise_version("household-1", version, NOW)
    await cache.keep_body("household-1", ROUTE, a_body(version))


async def test_what_one_process_keeps_another_sees_at_once(cache: RedisCache, other: RedisCache) -> None:
    await fill(cache)
    seen = await other.glance("session-1", ROUTE, NOW + 1, LIMIT)
    assert (seen.session, seen.version, seen.body, seen.wrote) == (SESSION, 3, a_body(3), False)
    assert seen.verdict and (seen.verdict.allowed, seen.verdict.remaining) == (True, 99)
    await other.raise_version("household-1", 4, NOW + 1, wrote=True)
    seen = await cache.glance("session-1", ROUTE, NOW + 1, None)
    assert (seen.version, seen.body, seen.verdict, seen.wrote) == (4, None, None, True)


async def test_a_body_that_a_process_holds_is_not_sent_to_it_again(cache: RedisCache, redis: Redis) -> None:
    await fill(cache)
    await cache.keep_body("household-1", ROUTE, a_body(3, b"x" * 100_000))
    await cache.glance("session-1", ROUTE, NOW, None)
    before = (await redis.info("stats"))["total_net_output_bytes"]
    for _ in range(10):
        assert (await cache.glance("session-1", ROUTE, NOW, None)).body == a_body(3, b"x" * 100_000)
    assert (await redis.info("stats"))["total_net_output_bytes"] - before < 50_000


async def test_a_body_of_another_version_or_household_is_not_used_though_held(
    cache: RedisCache, other: RedisCache
) -> None:
    await fill(cache)
    assert (await cache.glance("session-1", ROUTE, NOW, None)).body == a_body(3)
    await other.raise_version("household-1", 4, NOW)
    assert (await cache.glance("session-1", ROUTE, NOW, None)).body is None
    await other.keep_body("household-1", ROUTE, a_body(4, b"[4]"))
    assert (await cache.glance("session-1", ROUTE, NOW, None)).body == a_body(4, b"[4]")
    # The person moves to a household that happens to be at the same version.
    await other.keep_session(replace(SESSION, household="household-2"), NOW + 1)
    await other.raise_version("household-2", 4, NOW + 1)
    assert (await cache.glance("session-1", ROUTE, NOW + 1, None)).body is None
    await other.keep_body("household-2", ROUTE, a_body(4, b"[2]"))
    assert (await cache.glance("session-1", ROUTE, NOW + 1, None)).body == a_body(4, b"[2]")


async def test_a_glance_is_one_round_trip(cache: RedisCache, redis: Redis) -> None:
    await fill(cache)
    await cache.glance("session-1", ROUTE, NOW, LIMIT)  # loads the script
    sent: list[str] = []
    async with redis.monitor() as monitor:
        for _ in range(10):
            await cache.glance("session-1", ROUTE, NOW, LIMIT)
        await redis.echo("end")
        async for heard in monitor.listen():
            if heard["command"] == "ECHO end":
                break
            if heard["client_type"] != "lua":
                sent.append(heard["command"].split()[0])
    assert [name for name in sent if name not in ("HELLO", "CLIENT")] == ["EVALSHA"] * 10


async def test_a_version_is_only_ever_raised(cache: RedisCache, other: RedisCache) -> None:
    order = list(range(1, 101))
    random.Random(3).shuffle(order)
    await cache.keep_session(SESSION, NOW)
    await asyncio.gather(
        *(one.raise_version("household-1", version, NOW) for version in order for one in (cache, other))
    )
    assert (await other.glance("session-1", ROUTE, NOW, None)).version == 100


async def test_a_body_is_given_for_the_current_version_only(cache: RedisCache) -> None:
    await fill(cache, version=1)
    await cache.raise_version("household-1", 12, NOW)
    assert (await cache.glance("session-1", ROUTE, NOW, None)).body is None  # 1 begins 12, and is not 12
    await cache.keep_body("household-1", ROUTE, a_body(12, bytes(range(256)) * 100))
    assert (await cache.glance("session-1", ROUTE, NOW, None)).body == a_body(12, bytes(range(256)) * 100)


async def test_sessions_and_versions_are_believed_for_five_seconds(cache: RedisCache, redis: Redis) -> None:
    await fill(cache)
    assert (await cache.glance("session-1", ROUTE, NOW + BELIEVED_S - 0.1, None)).version == 3
    late = await cache.glance("session-1", ROUTE, NOW + BELIEVED_S, None)
    assert (late.version, late.body) == (None, None)
    assert 0 < await redis.pttl("s:session-1") <= BELIEVED_S * 1000


async def test_a_dropped_session_is_not_put_back_by_who_read_it_before(cache: RedisCache, other: RedisCache) -> None:
    await fill(cache)
    await cache.drop_sessions(["session-1", "session-2"], NOW + 1)
    assert (await other.glance("session-1", ROUTE, NOW + 1, LIMIT)).session is None
    await other.keep_session(SESSION, NOW + 0.9)
    assert (await other.glance("session-1", ROUTE, NOW + 1, LIMIT)).session is None
    changed = replace(SESSION, language="en")
    await other.keep_session(changed, NOW + 1.1)
    assert (await cache.glance("session-1", ROUTE, NOW + 1.2, LIMIT)).session == changed


async def test_a_limit_is_exact_among_processes(cache: RedisCache, other: RedisCache) -> None:
    await fill(cache)
    allowed: list[bool] = []
    for _ in range(5):
        glances = [one.glance("session-1", ROUTE, NOW, LIMIT) for _ in range(15) for one in (cache, other)]
        allowed += [bool(glance.verdict and glance.verdict.allowed) for glance in await asyncio.gather(*glances)]
    assert (len(allowed), sum(allowed)) == (150, 100)
    verdicts = []
    for _ in range(5):
        counts = [one.limit("10.0.0.1", LIMIT, NOW) for _ in range(15) for one in (cache, other)]
        verdicts += await asyncio.gather(*counts)
    assert sum(verdict.allowed for verdict in verdicts) == 100
    assert all(0 < verdict.reset_s <= 60 for verdict in verdicts)


async def test_an_emptied_cache_knows_less_and_nothing_wrong(cache: RedisCache, redis: Redis) -> None:
    """Emptied again and again while bodies of a growing version are kept: never an old one for a new version."""
    newest = 0

    async def write() -> None:
        nonlocal newest
        for version in range(1, 200):
            newest = version
            await cache.raise_version("household-1", version, NOW)
            await cache.keep_body("household-1", ROUTE, a_body(version, str(version).encode()))

    async def read() -> int:
        found = 0
        while newest < 199:
            least = newest - 1  # what was acknowledged before the glance began
            await cache.keep_session(SESSION, NOW)
            seen = await cache.glance("session-1", ROUTE, NOW, None)
            if seen.body is not None:
                assert int(seen.body.body) == seen.body.version == seen.version
                assert seen.body.version >= least
                found += 1
        return found

    async def empty() -> None:
        while newest < 199:
            await redis.flushall()
            await redis.script_flush()
            await asyncio.sleep(0.01)

    _, found, _ = await asyncio.gather(write(), read(), empty())
    assert found > 10


async def test_cancelled_requests_leave_no_wrong_answer(cache: RedisCache, redis: Redis) -> None:
    chance = random.Random(11)
    for number in range(300):
        await cache.keep_session(replace(SESSION, id=f"s{number}", account=f"a{number}", household=f"h{number}"), NOW)
        await cache.raise_version(f"h{number}", number, NOW)
    wrong = []

    async def ask(number: int) -> None:
        seen = await cache.glance(f"s{number}", ROUTE, NOW, LIMIT)
        if seen.session is None or seen.session.account != f"a{number}" or seen.version != number:
            wrong.append((number, seen))

    async def cut_off(number: int) -> None:
        task = asyncio.create_task(ask(number))
        await asyncio.sleep(chance.random() * 0.003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for start in range(0, 300, 30):
        jobs = [job(number) for number in range(start, start + 30) for job in (ask, cut_off)]
        await asyncio.gather(*jobs)
    assert not wrong
    assert (await cache.check())["reachable"]


async def timed(cache: RedisCache) -> float:
    began = time.monotonic()
    await cache.glance("session-1", ROUTE, NOW, LIMIT)
    return time.monotonic() - began


async def until_back(cache: RedisCache) -> None:
    async with asyncio.timeout(5):
        while not (await cache.check())["reachable"]:
            await asyncio.sleep(0.05)


async def test_a_frozen_server_costs_one_short_wait_and_one_line(
    cache: RedisCache, stack: TestStack, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(cache)
    caplog.set_level(logging.INFO, "zwai.cache")
    with stack.frozen("redis"):
        first = await asyncio.gather(*(timed(cache) for _ in range(100)))
        assert max(first) < ANSWER_S + 1
        assert max(await asyncio.gather(*(timed(cache) for _ in range(100)))) < 0.1
        for _ in range(3):  # later on, only who tries whether it is back waits
            await asyncio.sleep(BREAK_S)
            again = await asyncio.gather(*(timed(cache) for _ in range(100)))
            assert sorted(again)[-2] < 0.1
        assert (await cache.glance("session-1", ROUTE, NOW, None)).body == a_body(3)  # its own
    await until_back(cache)
    await cache.keep_session(SESSION, NOW)
    assert (await cache.glance("session-1", ROUTE, NOW, None)).body == a_body(3)
    await asyncio.sleep(BREAK_S)
    await cache.check()
    lines = [record.message.split(":")[0] for record in caplog.records]
    assert lines == ["Redis does not answer", "Redis answers again"]


async def test_a_killed_server_is_replaced_at_once_and_found_again(
    cache: RedisCache, stack: TestStack, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(cache)
    os.kill(int(str(stack.parts["redis"]["pid"])), signal.SIGKILL)
    try:
        assert max(await asyncio.gather(*(timed(cache) for _ in range(100)))) < 0.5
        assert max(await asyncio.gather(*(timed(cache) for _ in range(100)))) < 0.1
        await cache.raise_version("household-1", 4, NOW)
        assert (await cache.glance("session-1", ROUTE, NOW, LIMIT)).version == 4
    finally:
        stack.run("start", "redis")
    await until_back(cache)
    assert (await cache.glance("session-1", ROUTE, NOW, LIMIT)).session is None  # the new server knows nothing
    await fill(cache, version=4)
    assert (await cache.glance("session-1", ROUTE, NOW, LIMIT)).body == a_body(4)
    assert len([record for record in caplog.records if "does not answer" in record.message]) == 1


async def test_a_write_while_the_server_is_away_is_seen_by_others_within_five_seconds(
    cache: RedisCache, other: RedisCache, stack: TestStack
) -> None:
    await fill(cache)
    with stack.frozen("redis"):
        await cache.raise_version("household-1", 4, NOW + 1)  # lost
    await until_back(other)
    seen = await other.glance("session-1", ROUTE, NOW + 2, None)
    assert seen.version in (3, 4)  # 4 when the frozen server still found it in its socket
    assert (await other.glance("session-1", ROUTE, NOW + 1 + BELIEVED_S, None)).version is None
