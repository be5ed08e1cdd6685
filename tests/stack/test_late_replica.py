"""Two processes read from a replica that stops and falls behind: nobody sees an old list, then or later."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.service import Client, Service, running, signed_in
from tests.stacks import TestStack

STOPPED_S = 6.0


@pytest.fixture
async def two(stack: TestStack, urls: tuple[str, str], tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    settings = {
        "profile": "scaled",
        "database_url": urls[0],
        "database_replica_urls": urls[1],
        "redis_url": stack.settings["ZWAI_REDIS_URL"],
        "queue_url": stack.settings["ZWAI_QUEUE_URL"],
        "replica_lag_s": 1,
        "secret_key": "k" * 43,
    }
    async with AsyncExitStack() as both:
        first, second = [await both.enter_async_context(running(tmp_path, **settings)) for _ in range(2)]
        yield first, second


async def test_a_late_replica_shows_no_old_list_and_leaves_none_in_the_cache(
    two: tuple[Service, Service], stack: TestStack, http: ClientSession
) -> None:
    writer = await signed_in(http, two[0].url)
    readers = [writer, Client(http, two[1].url, writer.token)]
    added: set[str] = set()

    async def look() -> None:
        for reader in readers:
            assert set(await reader.stock()) == added
            soon = (await reader.get("/api/inventory/expiring?days=3650")).body.decode()
            assert {label for label in added if label in soon} == added

    async def live(until: float) -> None:
        while time.monotonic() < until:
            label = f"cosa {len(added):03}"
            await writer.add(label)
            added.add(label)
            await look()
            await asyncio.sleep(0.3)
            await look()

    await live(time.monotonic() + 2)
    stack.sql("replica", "STOP REPLICA")
    try:
        await live(time.monotonic() + STOPPED_S)
    finally:
        stack.sql("replica", "START REPLICA")
    await live(time.monotonic() + 2)
    async with asyncio.timeout(10):
        while (await two[0].kitchen.database.ping())["replicas_well"] != 1:
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.1)  # the last write is no longer recent
    await look()


async def test_a_restarted_primary_loses_no_answer_and_shows_no_old_list(
    two: tuple[Service, Service], stack: TestStack, http: ClientSession
) -> None:
    writer = await signed_in(http, two[0].url)
    other = Client(http, two[1].url, writer.token)
    await writer.add("antes")
    acknowledged, statuses = {"antes"}, set()

    async def write() -> None:
        for number in range(40):
            item = {"name": f"cosa {number}", "quantity": 1, "type_unit": "unidades"}
            key = {"Idempotency-Key": f"restart-{number}"}
            while True:
                answer = await writer.post("/api/inventory/ingredients", json={"ingredients": [item]}, headers=key)
                statuses.add(answer.status)
                if answer.status == 201:
                    break
                assert answer.status in (409, 503), answer.body
                assert answer.headers["Retry-After"]
                await asyncio.sleep(0.2)
            acknowledged.add(item["name"])  # type: ignore[arg-type]

    async def restart() -> None:
        await asyncio.to_thread(stack.run, "stop", "primary")
        await asyncio.sleep(1)
        await asyncio.to_thread(stack.run, "start", "primary")

    async with asyncio.timeout(90):  # a claim that could not be given up ends with its lease
        await asyncio.gather(write(), restart())
    assert 503 in statuses
    for reader in (writer, other):
        stock = await reader.stock()
        assert set(stock) == acknowledged
        assert all(len(stacks) == 1 for stacks in stock.values())  # each added once
