"""What a process counts, as a collector reads it and as the route table has it."""

import asyncio
import re
import time
import timeit
from pathlib import Path

import pytest
from aiohttp import ClientSession

from handlers.metrics import Tally
from handlers.routes import ROUTES
from tests.service import PHOTOS, Client, Service, running, signed_in

LINE = re.compile(r'[a-z_]+(\{([a-z]+="[^"]*"(,[a-z]+="[^"]*")*)?\})? [0-9.e+-]+')
STOCK = 'method="GET",path="/api/inventory"'


@pytest.fixture
async def alone(tmp_path: Path):
    """A service that nobody else calls."""
    async with running(tmp_path / "data") as service:
        yield service


async def numbers(http: ClientSession, service: Service) -> dict[str, float]:
    """Every line of /metrics: name and labels → value."""
    async with http.get(f"{service.url}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await answer.text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    pairs = [line.rsplit(" ", 1) for line in lines]
    assert len({name for name, _ in pairs}) == len(pairs)
    return {name: float(value) for name, value in pairs}


async def test_every_metric_says_what_it_is_before_its_first_line(alone: Service, http: ClientSession):
    async with http.get(f"{alone.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    declared = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    explained = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert declared == explained
    assert len(set(declared)) == len(declared)
    seen: list[str] = []
    for line in lines:
        if line.startswith("# TYPE"):
            seen.append(line.split()[2])
        elif not line.startswith("#"):
            assert line.startswith(seen[-1])


async def test_answers_are_counted_by_route_and_status(alone: Service, http: ClientSession):
    person = await signed_in(http, alone.url)
    for _ in range(3):
        assert (await person.get("/api/inventory")).status == 200
    assert (await person.get("/api/inventory/")).status == 200
    assert (await Client(http, alone.url).get("/api/inventory")).status == 401
    told = await numbers(http, alone)
    assert told[f'zwai_request_seconds_count{{{STOCK},status="2xx"}}'] == 4
    assert told[f'zwai_request_seconds_count{{{STOCK},status="4xx"}}'] == 1
    assert told[f'zwai_request_seconds_bucket{{{STOCK},status="2xx",le="+Inf"}}'] == 4
    assert 0 < told[f'zwai_request_seconds_sum{{{STOCK},status="2xx"}}'] < 5


async def test_buckets_only_grow(alone: Service, http: ClientSession):
    person = await signed_in(http, alone.url)
    await person.get("/api/inventory")
    told = await numbers(http, alone)
    buckets = [value for name, value in told.items() if name.startswith(f"zwai_request_seconds_bucket{{{STOCK}")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1


async def test_of_cached_routes_it_is_told_how_they_were_answered(alone: Service, http: ClientSession):
    person = await signed_in(http, alone.url)
    await person.add("arroz")
    made = await person.get("/api/inventory")
    await person.get("/api/inventory")
    unchanged = await person.get("/api/inventory", headers={"If-None-Match": made.headers["ETag"]})
    assert unchanged.status == 304
    await person.add("pan")
    await person.get("/api/inventory")
    told = await numbers(http, alone)
    ways = {how: told[f'zwai_cache_answers_total{{{STOCK},how="{how}"}}'] for how in ("made", "kept", "unchanged")}
    assert ways == {"made": 2, "kept": 1, "unchanged": 1}


async def test_what_is_held_is_told_and_given_back(alone: Service, http: ClientSession):
    person = await signed_in(http, alone.url)
    assert (await person.upload(PHOTOS / "tomato.jpg")).status == 201
    told = await numbers(http, alone)
    assert told["zwai_uploads_in_flight"] == told["zwai_pool_running"] == told["zwai_pool_queued"] == 0
    assert told["zwai_pool_processes_alive"] == 1
    assert told['zwai_database_connections_most{server="primary"}'] > 1
    assert told['zwai_database_connections_in_use{server="primary"}'] <= 1  # the look at the jobs
    assert told['zwai_up{part="database"}'] == told['zwai_up{part="cache"}'] == 1
    assert told["process_cpu_seconds_total"] > 0


async def test_connections_in_use_are_seen_while_they_are(alone: Service, http: ClientSession):
    async with alone.kitchen.database.read(), alone.kitchen.database.read():
        told = await numbers(http, alone)
    assert told['zwai_database_connections_in_use{server="primary"}'] >= 2


async def test_jobs_are_told_by_state(alone: Service, http: ClientSession):
    person = await signed_in(http, alone.url)
    photo = (await person.upload(PHOTOS / "tomato.jpg")).json["image"]["image_path"]
    ordered = await person.post("/api/recognition/ingredients/async", json={"images_paths": [photo]})
    assert ordered.status == 202
    told = await numbers(http, alone)
    states = {state: told[f'zwai_jobs{{state="{state}"}}'] for state in ("pending", "processing", "failed")}
    assert sum(states.values()) <= 1
    assert states["failed"] == 0


async def test_a_loop_that_is_held_up_shows(alone: Service, http: ClientSession):
    held_s = 0.3
    asyncio.get_running_loop().call_soon(time.sleep, held_s)
    await asyncio.sleep(0.2)
    told = await numbers(http, alone)
    late = told['zwai_loop_lag_seconds_bucket{le="+Inf"}'] - told['zwai_loop_lag_seconds_bucket{le="0.1"}']
    assert late >= 1


async def test_who_comes_through_a_proxy_finds_nothing_there(alone: Service, http: ClientSession):
    async with http.get(f"{alone.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"}) as answer:
        assert answer.status == 404
        assert (await answer.json())["code"] == "no_such_route"


def test_counting_an_answer_takes_no_more_than_two_microseconds():
    tally = Tally(ROUTES[0])
    best_s = min(timeit.repeat(lambda: tally.count(200, 0.003), number=10_000, repeat=7)) / 10_000
    assert best_s < 2e-6
