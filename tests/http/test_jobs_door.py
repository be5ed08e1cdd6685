"""Jobs by their own addresses: looked at, listed, followed to their end, and cancelled."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientResponse, ClientSession
from sqlalchemy import select

from handlers import jobs as door
from handlers import streams
from storage import jobs as rows
from storage.attempts import LEASE
from storage.schema import accounts
from tests.http.expecting import refused
from tests.processes import served
from tests.service import PHOTOS, Client, Service, running, signed_in
from tests.traces import finished
from zwai.kitchen.jobs import order_recognition
from zwai.records.jobs import Job, JobId
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, PhotoId

LATER = "/api/recognition/ingredients/async"
TOMATO = PHOTOS / "tomato.jpg"
ENGLISH = {"Accept-Language": "en"}
MEMBERS = {
    "job_id", "kind", "state", "progress", "step", "result", "error", "error_code",
    "created_at", "started_at", "finished_at",
}  # fmt: skip


async def order(client: Client, photos: int = 1) -> str:
    paths = [(await client.upload(TOMATO)).json["image"]["image_path"] for _ in range(photos)]
    reply = await client.post(LATER, json={"images_paths": paths})
    assert reply.status == 202, reply.body
    return str(reply.json["task_id"])


async def waiting(service: Service, client: Client) -> JobId:
    """A job that nobody has been offered: the runner finds it within seconds, unless it is held before."""
    assert client.user is not None
    photo = (await client.upload(TOMATO)).json["image"]["uid"]
    async with service.kitchen.database.write() as tx:
        household = await tx.scalar(select(accounts.c.household_id).where(accounts.c.id == client.user["uid"]))
        member = Member(
            AccountId(client.user["uid"]), HouseholdId(household), SessionId(""), Language.ES, "America/Lima"
        )
        return (await order_recognition(tx, member, [PhotoId(photo)], Aim.INGREDIENTS, service.kitchen.clock())).id


async def held(service: Service, client: Client) -> Job:
    """A job that this test runs: claimed, with a lease that outlives it."""
    job = await waiting(service, client)
    async with service.kitchen.database.write() as tx:
        claimed = await rows.claim(tx, job, service.kitchen.clock(), 100 * LEASE)
    assert claimed is not None
    return claimed


async def advance(service: Service, job: Job, progress: int, step: str) -> bool:
    async with service.kitchen.database.write() as tx:
        return await rows.advance(tx, job, progress, step, service.kitchen.clock(), 100 * LEASE)


async def finish(service: Service, job: Job) -> bool:
    async with service.kitchen.database.write() as tx:
        return await rows.finish(tx, job, {"recognition_id": "r"}, service.kitchen.clock())


@asynccontextmanager
async def following(client: Client, job: str, **headers: str) -> AsyncIterator[ClientResponse]:
    sent = {"Authorization": f"Bearer {client.token}", **headers}
    async with client.http.get(f"{client.url}/api/jobs/{job}/events", headers=sent) as response:
        yield response


async def next_event(response: ClientResponse) -> dict[str, Any]:
    """The next event, comments and the rest left out; nothing when the stream is over."""
    lines: dict[str, Any] = {}
    async with asyncio.timeout(10):
        async for raw in response.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name in ("id", "event", "data"):
                lines[name] = orjson.loads(value) if name == "data" else value
            if not name and "event" in lines:
                return lines
    return {}


async def events_of(response: ClientResponse) -> list[dict[str, Any]]:
    events = []
    while event := await next_event(response):
        events.append(event)
    return events


# Looking


async def test_a_job_tells_what_came_of_it(client: Client) -> None:
    job = await order(client)
    await finished(client, job)
    told = (await client.get(f"/api/jobs/{job}")).json
    assert told.keys() == MEMBERS
    assert (told["state"], told["progress"], told["step"], told["error"]) == ("completed", 100, "Listo.", None)
    assert (await client.get(f"/api/proposals/{told['result']['recognition_id']}")).status == 200
    assert told["created_at"] <= told["started_at"] <= told["finished_at"]


async def test_a_step_is_told_in_the_readers_language(client: Client, service: Service) -> None:
    job = await held(service, client)
    await advance(service, job, 34, "looking 3/10")
    spanish, english = [(await client.get(f"/api/jobs/{job.id}", headers=asked)).json for asked in ({}, ENGLISH)]
    assert spanish["step"] == "Mirando las fotos: 3 de 10."
    assert english["step"] == "Looking at the photos: 3 of 10."
    assert (spanish["state"], spanish["progress"], spanish["result"]) == ("processing", 34, None)


async def test_jobs_are_listed_newest_first_in_pages(client: Client, service: Service) -> None:
    ordered = [await waiting(service, client) for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await client.get("/api/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json
        seen += [job["job_id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
    assert seen == sorted(ordered, reverse=True)


async def test_a_page_that_is_no_page_is_refused(client: Client) -> None:
    for query in ({"limit": "0"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "WzFd"}):
        refused(await client.get("/api/jobs", params=query), 422)


async def test_another_households_job_is_unknown(client: Client, guest: Callable[[], Awaitable[Client]]) -> None:
    job, stranger = await order(client), await guest()
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
        refused(await stranger.request(method, f"/api/jobs/{job}{path}"), 404, "unknown_job")
    assert (await stranger.get("/api/jobs")).json["jobs"] == []


# Following


async def test_a_job_is_followed_photo_by_photo_to_its_end(client: Client) -> None:
    job = await order(client, photos=4)
    async with following(client, job) as stream:
        assert stream.content_type == "text/event-stream"
        events = await events_of(stream)
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["completed"]
    numbers = [int(event["id"]) for event in events]
    assert numbers == sorted(set(numbers))
    assert events[-1]["data"] == (await client.get(f"/api/jobs/{job}")).json


async def test_each_photo_that_is_done_counts(client: Client, service: Service) -> None:
    """Through the recogniser itself, since a poll may miss what is quick."""
    done: list[int] = []

    async def told(number: int) -> None:
        done.append(number)

    photos = [PhotoId((await client.upload(TOMATO)).json["image"]["uid"]) for _ in range(3)]
    member = Member(AccountId(""), HouseholdId(""), SessionId(""), Language.ES, "America/Lima")
    await service.kitchen.recogniser.look(photos, Aim.INGREDIENTS, member, told=told)
    assert done == [1, 2, 3]


async def test_a_stream_tells_each_change_once(client: Client, service: Service) -> None:
    job = await held(service, client)
    async with following(client, job.id) as stream:
        first = await next_event(stream)
        await advance(service, job, 40, "looking 1/2")
        second = await next_event(stream)
        await finish(service, job)
        last = await next_event(stream)
        assert await next_event(stream) == {}
    assert [event["event"] for event in (first, second, last)] == ["progress", "progress", "completed"]
    assert [event["data"]["progress"] for event in (first, second, last)] == [0, 40, 100]


async def test_who_comes_back_is_told_only_what_is_new(client: Client, service: Service) -> None:
    job = await held(service, client)
    await advance(service, job, 40, "looking 1/2")
    async with following(client, job.id) as stream:
        seen = (await next_event(stream))["id"]
    await finish(service, job)
    async with following(client, job.id, **{"Last-Event-ID": seen}) as stream:
        (last,) = await events_of(stream)
    assert last["event"] == "completed"
    async with following(client, job.id, **{"Last-Event-ID": last["id"]}) as stream:
        assert stream.status == 204  # and a browser connects no more


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 5000, "1.5"])
async def test_an_event_id_that_is_none_of_ours_begins_at_the_beginning(
    client: Client, service: Service, seen: str
) -> None:
    job = await held(service, client)
    await finish(service, job)
    async with following(client, job.id, **{"Last-Event-ID": seen}) as stream:
        assert [event["event"] for event in await events_of(stream)] == ["completed"]


async def test_the_numbers_rise_when_a_job_begins_again(client: Client, service: Service) -> None:
    job = await held(service, client)
    await advance(service, job, 70, "looking 1/2")
    async with following(client, job.id) as stream:
        before = int((await next_event(stream))["id"])
        async with service.kitchen.database.write() as tx:
            await rows.hand_over(tx, job, service.kitchen.clock())
            again = await rows.claim(tx, job.id, service.kitchen.clock(), 100 * LEASE)
        assert again is not None
        await advance(service, again, 10, "looking 0/2")
        after = await next_event(stream)
    assert after["data"]["progress"] in (10, 70) and int(after["id"]) > before


async def test_a_failed_job_ends_its_stream_with_the_sentence(client: Client, service: Service) -> None:
    job = await held(service, client)
    async with service.kitchen.database.write() as tx:
        await rows.fail(tx, job, {"code": "ai_down", "es": "No.", "en": "No!"}, service.kitchen.clock())
    async with following(client, job.id, **ENGLISH) as stream:
        (event,) = await events_of(stream)
    assert (event["event"], event["data"]["error"], event["data"]["error_code"]) == ("failed", "No!", "ai_down")


async def test_a_silent_stream_is_kept_alive(client: Client, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.1)
    job = await held(service, client)
    async with following(client, job.id) as stream, asyncio.timeout(5):
        while not (await stream.content.readline()).startswith(b":"):
            pass


async def test_a_stream_that_has_lived_long_ends(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LONGEST_LIFE_S", 0.1)
    job = await held(service, client)
    async with following(client, job.id) as stream:
        assert [event["event"] for event in await events_of(stream)] == ["progress"]


@pytest.mark.direct  # Nginx keeps the word to itself
async def test_a_stream_asks_proxies_not_to_hold_it_back(client: Client) -> None:
    async with following(client, await order(client)) as stream:
        assert stream.headers["X-Accel-Buffering"] == "no"


async def test_a_head_request_does_not_wait(client: Client, service: Service) -> None:
    job = await held(service, client)
    async with asyncio.timeout(2):
        assert (await client.request("HEAD", f"/api/jobs/{job.id}/events")).status == 200


@pytest.mark.direct  # the bound is of one process
@pytest.mark.parametrize("bound", ["MOST_STREAMS", "MOST_OF_HOUSEHOLD"])
async def test_beyond_the_bound_a_stream_is_refused_until_one_ends(
    tmp_path: Path, http: ClientSession, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(streams, bound, 2)
    monkeypatch.setattr(door, "POLL_S", 0.05)
    async with running(tmp_path) as service:
        client = await signed_in(http, service.url)
        job = (await held(service, client)).id
        async with following(client, job) as one:
            await next_event(one)
            async with following(client, job) as two:
                await next_event(two)
                reply = await client.get(f"/api/jobs/{job}/events")
                refused(reply, 503, "streams_full")
                assert int(reply.headers["Retry-After"]) > 0
            two.close()
            async with asyncio.timeout(5):  # who hangs up leaves room
                while (reply_status := await opened(client, job)) == 503:
                    await asyncio.sleep(0.05)
            assert reply_status == 200


async def opened(client: Client, job: str) -> int:
    async with following(client, job) as stream:
        stream.close()
        return stream.status


# Cancelling


async def test_a_job_that_waits_is_cancelled(client: Client, service: Service) -> None:
    job = await waiting(service, client)
    first, again = [await client.post(f"/api/jobs/{job}/cancel") for _ in range(2)]
    assert (first.status, first.json["state"], first.json["step"]) == (200, "cancelled", "Se canceló.")
    assert again.json == first.json
    async with service.kitchen.database.write() as tx:
        assert await rows.claim(tx, job, service.kitchen.clock(), LEASE) is None
    async with following(client, job) as stream:
        assert [event["event"] for event in await events_of(stream)] == ["cancelled"]


async def test_a_job_that_runs_is_cancelled_and_its_attempt_changes_nothing(client: Client, service: Service) -> None:
    job = await held(service, client)
    async with following(client, job.id) as stream:
        await next_event(stream)
        assert (await client.post(f"/api/jobs/{job.id}/cancel")).json["state"] == "cancelled"
        assert (await next_event(stream))["event"] == "cancelled"
    assert not await advance(service, job, 50, "looking 1/2")
    assert not await finish(service, job)
    assert (await client.get(f"/api/jobs/{job.id}")).json["state"] == "cancelled"


async def test_a_real_job_is_either_cancelled_without_a_proposal_or_too_late(client: Client) -> None:
    for _ in range(5):
        job = await order(client)
        reply = await client.post(f"/api/jobs/{job}/cancel")
        if reply.status == 200:
            await asyncio.sleep(0.2)
        told = (await client.get(f"/api/jobs/{job}")).json
        assert (reply.status, told["state"]) in ((200, "cancelled"), (409, "completed"))
        assert (told["result"] is None) == (reply.status == 200)
    jobs = (await client.get("/api/jobs")).json["jobs"]
    proposals = (await client.get("/api/proposals")).json["proposals"]
    assert len(proposals) == sum(job["state"] == "completed" for job in jobs)


async def test_what_has_ended_is_not_cancelled(client: Client, service: Service) -> None:
    job = await held(service, client)
    await finish(service, job)
    refused(await client.post(f"/api/jobs/{job.id}/cancel"), 409, "job_ended")
    assert (await client.get(f"/api/jobs/{job.id}")).json["state"] == "completed"


async def test_the_mobile_client_reads_a_cancelled_job_as_failed(client: Client, service: Service) -> None:
    job = await waiting(service, client)
    await client.post(f"/api/jobs/{job}/cancel")
    for path in ("/api/recognition/status", "/api/recognition/images/status", "/api/images/status"):
        reply = await client.get(f"{path}/{job}")
        assert (reply.status, reply.json["status"]) == (200, "failed")


# Stopping


@pytest.mark.slow
async def test_a_service_that_stops_does_not_wait_for_its_streams(tmp_path: Path, http: ClientSession) -> None:
    async with running(tmp_path / "data") as service:  # leaves a job that somebody else holds
        client = await signed_in(http, service.url)
        job = (await held(service, client)).id
    async with served(tmp_path / "data") as process:
        client.url = process.url
        async with following(client, job) as stream:
            await next_event(stream)
            began = time.monotonic()
            process.process.terminate()
            assert await events_of(stream) == []
            assert time.monotonic() - began < 3
