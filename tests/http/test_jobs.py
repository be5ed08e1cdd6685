"""Recognition as a job: ordered, polled, fenced, bounded, and alive after a restart."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, update

from storage import jobs as rows
from storage import people
from storage.attempts import ATTEMPTS, LEASE, PUT_OFF, Effect, Progress, PutOff, Work
from storage.cache import MemoryCache
from storage.db import Database, Write
from storage.engines import open_database, sqlite_url
from storage.migrate import migrate
from storage.runner import Runner, open_runner
from storage.schema import accounts, households, jobs
from tests.http.test_recognition import assert_item, names_of
from tests.service import PHOTOS, Client, Service, running, signed_in
from tests.traces import finished, traces
from zwai.errors import BrokenImage, PoolFull
from zwai.kitchen.jobs import order_recognition
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.people import Account, AccountId, HouseholdId, Language, Member, Provider, SessionId
from zwai.records.photos import Aim, PhotoId

LATER = "/api/recognition/ingredients/async"
TOMATO = PHOTOS / "tomato.jpg"


# By the public door


async def test_an_ordered_recognition_is_polled_to_its_result(client: Client) -> None:
    image_path = (await client.upload(TOMATO)).json["image"]["image_path"]
    ordered = await client.post(LATER, json={"images_paths": [image_path]})
    assert (ordered.status, ordered.json["status"], ordered.json["progress_percentage"]) == (202, "pending", 0)
    told = (await finished(client, ordered.json["task_id"])).json
    assert (told["status"], told["progress_percentage"]) == ("completed", 100)
    assert isinstance(told["progress_percentage"], int) and isinstance(told["message"], str)
    for item in told["result_data"]["ingredients"]:
        assert_item(item)
    assert names_of(told["result_data"]) == {"tomato"}


async def test_a_photo_may_come_with_the_order(client: Client) -> None:
    ordered = await client.upload(TOMATO, LATER)
    assert ordered.status == 202
    assert (await finished(client, ordered.json["task_id"])).json["status"] == "completed"


async def test_the_image_task_has_the_fields_that_the_client_requires(client: Client) -> None:
    task = (await client.upload(TOMATO, LATER)).json["task_id"]
    await finished(client, task)
    told = (await client.get(f"/api/recognition/images/status/{task}")).json
    for field in ("task_id", "status", "current_step", "created_at", "message", "completed_at"):
        assert isinstance(told[field], str)


async def test_what_a_job_recognised_goes_into_stock_once(client: Client) -> None:
    task = (await client.upload(TOMATO, LATER)).json["task_id"]
    items = (await finished(client, task)).json["result_data"]["ingredients"]
    for _ in range(2):
        reply = await client.post("/api/inventory/ingredients/from-recognition", json={"ingredients": items})
        assert reply.status == 201
    assert await client.quantity(items[0]["name"]) == 1


async def test_a_keyed_order_that_comes_again_is_one_job(client: Client, service: Service) -> None:
    image_path = (await client.upload(TOMATO)).json["image"]["image_path"]
    body, key = {"images_paths": [image_path]}, {"Idempotency-Key": "j1"}
    first, again = [await client.post(LATER, json=body, headers=key) for _ in range(2)]
    assert (again.status, again.json) == (202, first.json)
    await finished(client, first.json["task_id"])


async def test_a_job_whose_photo_is_lost_ends_failed_with_a_sentence(client: Client, service: Service) -> None:
    image = (await client.upload(TOMATO)).json["image"]
    before = await traces(service)
    shutil.rmtree(next((service.data_dir / "photos").glob(f"*/{image['uid']}")))
    ordered = (await client.post(LATER, json={"images_paths": [image["image_path"]]})).json
    spanish = (await finished(client, ordered["task_id"])).json
    english = (
        await client.get(f"/api/recognition/status/{ordered['task_id']}", headers={"Accept-Language": "en"})
    ).json
    assert spanish["status"] == "failed" and "result_data" not in spanish
    assert spanish["error_message"] != english["error_message"] and "Traceback" not in english["error_message"]
    assert (await traces(service)).recognitions == before.recognitions


async def test_many_orders_at_once_all_complete(client: Client) -> None:
    image_path = (await client.upload(TOMATO)).json["image"]["image_path"]
    ordered = [(await client.post(LATER, json={"images_paths": [image_path]})).json["task_id"] for _ in range(20)]
    ended = await asyncio.gather(*(finished(client, task) for task in ordered))
    assert [reply.json["status"] for reply in ended] == ["completed"] * 20


# Restarts


async def order_without_running_it(service: Service, client: Client, photo: str) -> JobId:
    """A job as it lies in the database when its process dies right after the commit."""
    database, now = service.kitchen.database, service.kitchen.clock()
    assert client.user is not None
    async with database.write() as tx:
        query = select(accounts.c.household_id).where(accounts.c.id == client.user["uid"])
        household = HouseholdId(await tx.scalar(query))
        member = Member(AccountId(client.user["uid"]), household, SessionId(""), Language.ES, "America/Lima")
        return (await order_recognition(tx, member, [PhotoId(photo)], Aim.INGREDIENTS, now)).id


@pytest.mark.slow
async def test_a_job_that_was_ordered_before_a_restart_completes_after_it(tmp_path: Path, http: ClientSession) -> None:
    async with running(tmp_path) as service:
        client = await signed_in(http, service.url)
        photo = (await client.upload(TOMATO)).json["image"]["uid"]
        task = await order_without_running_it(service, client, photo)
    async with running(tmp_path) as service:
        client.url = service.url
        told = (await finished(client, task)).json
        assert told["status"] == "completed" and names_of(told["result_data"]) == {"tomato"}


@pytest.mark.slow
async def test_a_job_that_a_stop_interrupts_begins_again_at_the_next_start(tmp_path: Path, http: ClientSession) -> None:
    async with running(tmp_path, drain_s=0) as service:
        client = await signed_in(http, service.url)
        tasks = [(await client.upload(TOMATO, LATER)).json["task_id"] for _ in range(5)]
    async with running(tmp_path) as service:
        client.url = service.url
        for task in tasks:
            assert (await finished(client, task)).json["status"] == "completed"


@pytest.mark.slow
async def test_a_job_whose_process_was_killed_begins_again_when_its_lease_is_over(
    tmp_path: Path, http: ClientSession
) -> None:
    async with running(tmp_path) as service:
        client = await signed_in(http, service.url)
        photo = (await client.upload(TOMATO)).json["image"]["uid"]
        task = await order_without_running_it(service, client, photo)
        async with service.kitchen.database.write() as tx:  # claimed by a process that is no more
            long_ago = service.kitchen.clock() - 2 * LEASE
            taken = {"state": JobState.PROCESSING, "attempt": 1, "offer_at": long_ago + LEASE, "started_at": long_ago}
            await tx.execute(update(jobs).where(jobs.c.id == task).values(taken))
    async with running(tmp_path) as service:
        client.url = service.url
        assert (await finished(client, task)).json["status"] == "completed"


# The runner by itself


START = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = sqlite_url(tmp_path / "jobs.db")
    await migrate(url)
    opened = open_database(url)
    try:
        yield opened
    finally:
        await opened.close()


async def ordered(database: Database) -> Job:
    """A job of kind "work" in a household of its own."""
    household, account = HouseholdId(new_id(START)), AccountId(new_id(START))
    job = Job(
        JobId(new_id(START)), household, account, "work", JobState.PENDING, 0, 0, "waiting", {}, None, None, START,
        None, None,
    )  # fmt: skip
    person = Account(account, household, Provider.GUEST, "", None, False, None, Language.ES, {}, START, START)
    async with database.write() as tx:
        await people.add_household(tx, household, "America/Lima", START)
        await people.add_account(tx, person)
        await rows.add(tx, job)
    return job


async def now_of(database: Database, job: Job) -> Job:
    async with database.read() as tx:
        return await rows.get(tx, job.household, job.id)


async def until_ended(database: Database, job: Job) -> Job:
    async with asyncio.timeout(5):
        while (now := await now_of(database, job)).state in (JobState.PENDING, JobState.PROCESSING):
            await asyncio.sleep(0.01)
    return now


def runner_of(database: Database, work: Work, clock: Clock, limit: int = 2) -> Runner:
    return Runner(database, MemoryCache(), {"work": work}, clock, limit)


def moving(household: HouseholdId, zone: str) -> Effect:
    """An effect that can be seen: the household's time zone."""

    async def effect(tx: Write) -> dict[str, Any]:
        await tx.execute(update(households).where(households.c.id == household).values(time_zone=zone))
        return {"zone": zone}

    return effect


async def test_an_attempt_that_lost_its_lease_changes_nothing(database: Database) -> None:
    clock, go_on, looking = Clock(), asyncio.Event(), asyncio.Event()

    async def slow(job: Job, progress: Progress) -> Effect:
        looking.set()
        await go_on.wait()
        return moving(job.household, "Europe/Madrid")

    job = await ordered(database)
    async with open_runner(runner_of(database, slow, clock), 1) as runner:
        await runner.offer(job.id)
        await looking.wait()
        clock.now += 2 * LEASE
        async with database.write() as tx:
            other = await rows.claim(tx, job.id, clock.now, LEASE)
        assert other is not None and other.attempt == 2
        go_on.set()
        await runner.drain(5)
    assert (await now_of(database, job)).state is JobState.PROCESSING
    async with database.write(job.household) as tx:
        assert await people.time_zone(tx, job.household) == "America/Lima"
        result = await moving(job.household, "America/Bogota")(tx)
        assert await rows.finish(tx, other, result, clock.now)
    assert (await now_of(database, job)).result == {"zone": "America/Bogota"}


async def test_an_attempt_that_lost_its_lease_cannot_report_progress(database: Database) -> None:
    job = await ordered(database)
    async with database.write() as tx:
        first = await rows.claim(tx, job.id, START, LEASE)
        second = await rows.claim(tx, job.id, START + 2 * LEASE, LEASE)
        assert first is not None and second is not None
        assert not await rows.advance(tx, first, 50, "looking", START, LEASE)
        assert await rows.advance(tx, second, 20, "looking", START + 2 * LEASE, LEASE)
        await rows.fail(tx, first, {}, START)
        await rows.give_back(tx, first, START)
    assert ((await now_of(database, job)).state, (await now_of(database, job)).progress) == (JobState.PROCESSING, 20)


async def test_of_many_who_claim_a_job_one_gets_it(database: Database) -> None:
    job = await ordered(database)

    async def claim() -> Job | None:
        async with database.write() as tx:
            return await rows.claim(tx, job.id, START, LEASE)

    claims = await asyncio.gather(*(claim() for _ in range(8)))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_job_that_cannot_be_done_fails_at_once(database: Database) -> None:
    tries = 0

    async def broken(job: Job, progress: Progress) -> Effect:
        nonlocal tries
        tries += 1
        raise BrokenImage

    job = await ordered(database)
    async with open_runner(runner_of(database, broken, Clock()), 1):
        ended = await until_ended(database, job)
    assert (ended.state, tries) == (JobState.FAILED, 1)
    assert ended.error is not None and ended.error["code"] == "broken_image" and ended.error["es"] != ended.error["en"]


async def test_a_job_that_ends_by_a_fault_of_ours_fails_and_is_not_tried_for_ever(database: Database) -> None:
    async def faulty(job: Job, progress: Progress) -> Effect:
        raise RuntimeError("a secret of the inside")

    job = await ordered(database)
    async with open_runner(runner_of(database, faulty, Clock()), 1):
        ended = await until_ended(database, job)
    assert ended.state is JobState.FAILED and ended.error is not None
    assert ended.error["code"] == "unexpected" and "secret" not in str(ended.error)


async def test_a_job_that_needs_what_is_down_is_tried_again_a_few_times(database: Database) -> None:
    clock, tries = Clock(), 0

    async def busy(job: Job, progress: Progress) -> Effect:
        nonlocal tries
        tries += 1
        raise PoolFull({"retry_after": 2})

    job = await ordered(database)
    runner = runner_of(database, busy, clock)
    for attempt in range(1, ATTEMPTS + 1):
        await runner.scan()
        async with asyncio.timeout(5):
            while (await now_of(database, job)).state is JobState.PROCESSING or tries < attempt:
                await asyncio.sleep(0.01)
        async with database.read() as tx:
            assert await rows.due(tx, clock.now, 10) == [], "offered again without a pause"
        clock.now += timedelta(minutes=1)
    await runner.drain(1)
    assert (await now_of(database, job)).state is JobState.FAILED


async def test_a_job_that_takes_its_process_along_is_given_up(database: Database) -> None:
    clock, ran = Clock(), False

    async def deadly(job: Job, progress: Progress) -> Effect:
        nonlocal ran
        ran = True
        return moving(job.household, "Europe/Madrid")

    job = await ordered(database)
    async with database.write() as tx:
        for _ in range(ATTEMPTS):
            assert await rows.claim(tx, job.id, clock.now, LEASE)
            clock.now += 2 * LEASE
    async with open_runner(runner_of(database, deadly, clock), 1):
        ended = await until_ended(database, job)
    assert ended.state is JobState.FAILED and not ran
    assert ended.error is not None and ended.error["code"] == "unexpected"


async def test_more_jobs_than_there_is_room_for_all_run(database: Database) -> None:
    at_once, most = 0, 0

    async def counted(job: Job, progress: Progress) -> Effect:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        return moving(job.household, "Europe/Madrid")

    many = [await ordered(database) for _ in range(15)]
    async with open_runner(runner_of(database, counted, Clock(), limit=2), 1) as runner:
        for job in many:
            await runner.offer(job.id)
        ended = [await until_ended(database, job) for job in many]
    assert {job.state for job in ended} == {JobState.COMPLETED} and most <= 2


async def test_a_job_that_is_put_off_takes_no_attempt_and_comes_again(database: Database) -> None:
    clock, turns = Clock(), 0

    async def in_its_turn(job: Job, progress: Progress) -> Effect:
        nonlocal turns
        turns += 1
        if turns <= 5:
            raise PutOff
        return moving(job.household, "Europe/Madrid")

    job = await ordered(database)
    runner = runner_of(database, in_its_turn, clock)
    for turn in range(1, 7):
        await runner.scan()
        async with asyncio.timeout(5):
            while turns < turn or (await now_of(database, job)).state is JobState.PROCESSING:
                await asyncio.sleep(0.01)
        assert (await now_of(database, job)).attempt == (turn == 6)
        clock.now += 2 * PUT_OFF
    await runner.drain(5)
    assert (await now_of(database, job)).state is JobState.COMPLETED
