"""Processes killed without warning: what was acknowledged stays, what was begun is done, once."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import ClientError, ClientSession

from tests.processes import Served, served, until
from tests.service import PHOTOS, Client, Reply, signed_in

pytestmark = pytest.mark.slow

LEASE_ENDS_S = 60.0


def kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        process.kill()


async def killed(service: Served) -> None:
    """The whole service dies at once, as by a power cut."""
    children = service.children()
    service.process.kill()
    kill(children)
    await service.ended()


async def test_an_acknowledged_write_survives_a_kill(http: ClientSession, tmp_path: Path):
    acknowledged: set[str] = set()

    async def write(client: Client, number: int) -> None:
        await client.add(f"food {number}")
        acknowledged.add(f"food {number}")

    async with served(tmp_path / "data") as service:
        client = await signed_in(http, service.url)
        writes = [asyncio.create_task(write(client, number)) for number in range(40)]
        await until(lambda: len(acknowledged) >= 10)
        await killed(service)
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, ClientError | OSError) for outcome in outcomes), outcomes
    async with served(tmp_path / "data") as service:
        client.url = service.url
        assert acknowledged <= (await client.stock()).keys()


async def test_a_key_that_was_answered_before_a_kill_is_not_applied_again(http: ClientSession, tmp_path: Path):
    body = {"ingredients": [{"name": "leche", "quantity": 1, "type_unit": "litros"}]}
    sent: dict[str, Any] = {"json": body, "headers": {"Idempotency-Key": "once"}}
    async with served(tmp_path / "data") as service:
        client = await signed_in(http, service.url)
        first = await client.post("/api/inventory/ingredients", **sent)
        await killed(service)
    async with served(tmp_path / "data") as service:
        client.url = service.url
        again = await client.post("/api/inventory/ingredients", **sent)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.body == first.body
        assert len((await client.stock())["leche"]) == 1


async def test_a_job_whose_process_was_killed_is_done_after_the_restart_once(http: ClientSession, tmp_path: Path):
    async with served(tmp_path / "data") as service:
        client = await signed_in(http, service.url)
        photo = (await client.upload(PHOTOS / "avocado.jpg")).json["image"]["image_path"]
        [worker] = service.workers()
        worker.suspend()  # so that the job cannot be over before the kill
        ordered = await client.post("/api/recognition/ingredients/async", json={"images_paths": [photo]})
        assert ordered.status == 202
        path = f"/api/recognition/status/{ordered.json['task_id']}"
        async with asyncio.timeout(10):
            while (await client.get(path)).json["status"] != "processing":
                await asyncio.sleep(0.05)
        await killed(service)
    async with served(tmp_path / "data") as service:
        client.url = service.url
        async with asyncio.timeout(LEASE_ENDS_S):
            while (task := (await client.get(path)).json)["status"] != "completed":
                assert task["status"] in ("pending", "processing")
                await asyncio.sleep(0.2)
    with sqlite3.connect(tmp_path / "data" / "zwai.db") as connection:
        proposals = connection.execute("SELECT count(*) FROM recognitions").fetchone()
    connection.close()
    assert proposals == (1,)


async def test_a_worker_killed_under_load_costs_no_request(http: ClientSession, tmp_path: Path):
    async with served(tmp_path / "data", pool_processes=2) as service:
        client = await signed_in(http, service.url)
        await until(lambda: len(service.workers()) == 2)
        before = {worker.pid for worker in service.workers()}
        uploads = [asyncio.create_task(client.upload(PHOTOS / "exif_rot_gps.jpg")) for _ in range(30)]
        while sum(upload.done() for upload in uploads) < 5:
            await asyncio.sleep(0.01)
        os.kill(min(before), signal.SIGKILL)
        replies: list[Reply] = await asyncio.gather(*uploads)
        assert {reply.status for reply in replies} == {201}
        pool = (await client.get("/health/ready")).json["parts"]["recogniser"]
        assert pool["alive"] == 2
        after = {worker.pid for worker in service.workers() if worker.status() != psutil.STATUS_ZOMBIE}
        assert max(before) in after
        assert min(before) not in after
