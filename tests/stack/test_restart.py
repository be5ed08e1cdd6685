"""Both app processes are replaced, one after the other, while people use the service."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from tests.service import Client, signed_in
from tests.stacks import TestStack, stack_up

PARTS = ("nginx", "app1", "app2", "primary", "replica", "redis", "queue")
USERS = 12


@pytest.fixture
async def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestStack]:
    monkeypatch.setenv("ZWAI_RATE_LIMITS", "off")
    with stack_up(tmp_path / "s", *PARTS) as stack:
        yield stack


async def use(client: Client, over: asyncio.Event) -> Counter[str]:
    """Change and read in turns, with methods that no client library sends again by itself."""
    outcomes: Counter[str] = Counter()
    while not over.is_set():
        try:
            replies = [
                await client.post("/api/inventory", json={"name": "leche", "quantity": 1, "unit": "litro"}),
                await client.put("/api/user/profile", json={"displayName": "Rosa"}),
                await client.get("/api/inventory/expiring"),
            ]
            outcomes.update(str(reply.status) for reply in replies)
        except ClientError as error:
            outcomes[repr(error)] += 1
    return outcomes


async def test_a_rolling_restart_loses_no_request(whole: TestStack, http: ClientSession) -> None:
    url = f"http://127.0.0.1:{whole.port('nginx')}"
    over = asyncio.Event()
    clients = [await signed_in(http, url) for _ in range(USERS)]
    using = [asyncio.create_task(use(client, over)) for client in clients]
    for _ in range(2):
        for part in ("app1", "app2"):
            await asyncio.to_thread(whole.run, "stop", part)
            await asyncio.to_thread(whole.run, "start", part)
    over.set()
    outcomes = sum(await asyncio.gather(*using), Counter[str]())
    assert set(outcomes) == {"200", "201"}, outcomes
    assert outcomes["201"] > USERS

    litres = [await client.quantity("leche") for client in clients]
    assert sum(litres) == outcomes["201"]  # what was acknowledged is there, once
