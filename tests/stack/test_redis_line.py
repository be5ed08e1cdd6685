"""The shared connection to a real Redis: every question gets its own answer, whatever happens to the others."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from storage.redis_line import Line, Script
from tests.stacks import TestStack

ECHO = Script("return {KEYS[1], ARGV[1]}")
ANSWER_S = 2.0


@pytest.fixture
async def redis(stack: TestStack) -> AsyncIterator[Redis]:
    async with Redis.from_url(stack.settings["ZWAI_REDIS_URL"]) as client:
        yield client


@pytest.fixture
async def line(stack: TestStack) -> AsyncIterator[Line]:
    line = Line(stack.settings["ZWAI_REDIS_URL"], ANSWER_S)
    yield line
    line.close()


async def ask(line: Line, number: int) -> None:
    words = [f"é{number}\r\n$1\r\n" * (1 + number % 50)]
    assert await line.run(ECHO, f"key {number}", words) == [f"key {number}".encode(), words[0].encode()]


async def test_a_thousand_questions_at_once_each_get_their_own_answer(line: Line):
    await asyncio.gather(*(ask(line, number) for number in range(1000)))


async def test_nobody_gets_the_answer_of_who_went_away(line: Line):
    chance = random.Random(1)

    async def impatient(number: int) -> None:
        await asyncio.wait_for(ask(line, number), chance.uniform(0, 0.004))

    for _ in range(10):
        tasks = [(impatient if number % 2 else lambda n: ask(line, n))(number) for number in range(100)]
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in ended} <= {type(None), TimeoutError}
        assert all(one is None for one in ended[::2])


async def test_a_lost_connection_is_opened_again_without_an_error(line: Line, redis: Redis):
    await ask(line, 1)
    for _ in range(5):
        await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await asyncio.gather(*(ask(line, number) for number in range(20)))


async def test_a_script_that_redis_forgot_is_told_again(line: Line, redis: Redis):
    await ask(line, 1)
    await redis.script_flush()
    await asyncio.gather(*(ask(line, number) for number in range(20)))


async def test_a_connection_that_does_not_answer_is_given_up(stack: TestStack, redis: Redis):
    line = Line(stack.settings["ZWAI_REDIS_URL"], 0.6)
    await ask(line, 1)
    await redis.execute_command("CLIENT", "PAUSE", "900", "ALL")
    with pytest.raises(TimeoutError):
        await ask(line, 2)
    await asyncio.sleep(0.4)
    await ask(line, 3)
    line.close()


async def test_a_wrong_script_is_an_error_of_its_question_only(line: Line):
    wrong, right = await asyncio.gather(line.run(Script("nonsense("), "k", []), ask(line, 1), return_exceptions=True)
    assert isinstance(wrong, RedisError)
    assert right is None


async def test_password_and_database_of_the_address_are_used(stack: TestStack, redis: Redis):
    await redis.execute_command("ACL", "SETUSER", "reader", "on", ">se:cret", "~*", "+@all")
    address = f"127.0.0.1:{stack.port('redis')}"
    line = Line(f"redis://reader:se%3Acret@{address}/3", ANSWER_S)
    await line.run(Script("return redis.call('SET', KEYS[1], 'x')"), "only in 3", [])
    line.close()
    async with Redis.from_url(f"redis://{address}/3") as third:
        assert await third.getdel("only in 3") == b"x"
    with pytest.raises(RedisError):
        await Line(f"redis://reader:wrong@{address}/3", ANSWER_S).run(ECHO, "k", ["x"])
