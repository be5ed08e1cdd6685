"""Idempotency-Key: done once, answered the same; claims that live, die, and are given up."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import event

from storage import replays
from zwai.errors import DatabaseDown, NotEnough

KEY = {"Idempotency-Key": "k-1"}


async def test_the_same_key_and_body_is_done_once_and_answered_the_same(site):
    guest = await site.guest()
    first = await site.call("POST", "/api/notes", guest, json={"text": "hi", "stars": 1}, headers=KEY)
    again = await site.call("POST", "/api/notes/", guest, data=b'{ "stars":1,"text":"hi"}',
                            headers={**KEY, "Content-Type": "application/json"})  # fmt: skip
    assert (first.status, again.status, site.stub.ran) == (201, 201, ["hi"])
    assert first.raw == again.raw
    assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")


async def test_another_body_under_the_same_key_is_refused(site):
    guest = await site.guest()
    await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    reply = await site.call("POST", "/api/notes", guest, json={"text": "ho"}, headers=KEY)
    assert (reply.status, reply.json["code"]) == (422, "key_reused")
    assert site.stub.ran == ["hi"]


async def test_the_same_key_of_another_household_or_route_is_another_key(site):
    ana, ben = await site.guest(), await site.guest()
    for who in (ana, ben):
        assert (await site.call("POST", "/api/notes", who, json={"text": "hi"}, headers=KEY)).status == 201
    assert site.stub.ran == ["hi", "hi"]


async def test_after_a_day_the_key_is_fresh_again(site):
    guest = await site.guest()
    await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    site.clock.advance(hours=24, seconds=1)
    late = await site.guest(household=guest.account.household)
    reply = await site.call("POST", "/api/notes", late, json={"text": "ho"}, headers=KEY)
    assert (reply.status, site.stub.ran) == (201, ["hi", "ho"])


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "ñ", "a\tb"])
async def test_a_key_that_is_none_is_refused(site, key):
    reply = await site.call(
        "POST", "/api/notes", await site.guest(), json={"text": "hi"}, headers={"Idempotency-Key": key}
    )
    assert (reply.status, reply.json["code"], site.stub.ran) == (400, "bad_key", [])


async def test_a_refusal_is_stored_and_given_again(site):
    guest = await site.guest()
    site.stub.failure = NotEnough({"wanted": "2", "held": "1", "name": "Leche"})
    first = await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    site.stub.failure = None
    again = await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    assert (first.status, again.status, again.headers["Idempotent-Replayed"]) == (409, 409, "true")
    assert (first.raw, site.stub.ran) == (again.raw, ["hi"])


async def test_a_body_that_is_invalid_leaves_no_claim(site):
    guest = await site.guest()
    assert (await site.call("POST", "/api/notes", guest, json={}, headers=KEY)).status == 422
    assert await site.claims() == []
    assert (await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)).status == 201


@pytest.mark.parametrize(
    ("failure", "status"), [(DatabaseDown({"retry_after": 2}), 503), (ValueError("a bug of ours"), 500)]
)
async def test_a_failure_of_ours_is_not_stored(site, failure, status):
    guest = await site.guest()
    site.stub.failure = failure
    assert (await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)).status == status
    assert await site.claims() == []
    site.stub.failure = None
    assert (await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)).status == 201


async def test_a_twin_is_told_to_wait_while_the_first_is_running(site):
    guest = await site.guest()
    first = asyncio.ensure_future(site.call("POST", "/api/slow", guest, json={"text": "hi"}, headers=KEY))
    while not site.stub.ran:
        await asyncio.sleep(0)
    twin = await site.call("POST", "/api/slow", guest, json={"text": "hi"}, headers=KEY)
    assert (twin.status, twin.json["code"], twin.headers["Retry-After"]) == (409, "request_in_flight", "1")
    site.stub.gate.set()
    assert (await first).json == {"count": 1}
    again = await site.call("POST", "/api/slow", guest, json={"text": "hi"}, headers=KEY)
    assert (again.json, again.headers["Idempotent-Replayed"]) == ({"count": 1}, "true")


async def test_past_the_deadline_the_request_stops_and_gives_its_claim_up(site):
    guest = await site.guest()
    reply = await site.call("POST", "/api/slow", guest, json={"text": "hi"}, headers=KEY)
    assert (reply.status, reply.json["code"]) == (503, "took_too_long")
    assert await site.claims() == []


@contextmanager
def listening(site, name, listener):
    """`listener` is called at each `name` of the writer."""
    engine = site.kitchen.database._writer.sync_engine
    event.listen(engine, name, listener)
    try:
        yield
    finally:
        event.remove(engine, name, listener)


async def test_a_request_that_is_cut_off_while_its_claim_is_committed_gives_it_up(site):
    guest = await site.guest()
    cut_off = lambda _connection: asyncio.current_task().cancel()  # noqa: E731
    with listening(site, "commit", cut_off), pytest.raises(aiohttp.ServerDisconnectedError):
        await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    assert (await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)).status == 201


async def test_a_request_that_is_cut_off_while_its_refusal_is_stored_leaves_no_claim_in_the_way(site):
    guest, requests = await site.guest(), []

    def cut_off(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE households"):
            requests.append(asyncio.current_task())
        if statement.startswith("UPDATE claims"):
            requests[0].cancel()

    site.stub.failure = NotEnough({"wanted": "2", "held": "1", "name": "Leche"})
    with listening(site, "before_cursor_execute", cut_off), pytest.raises(aiohttp.ServerDisconnectedError):
        await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    again = await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    assert again.json["code"] == "not_enough"


async def test_a_claim_that_could_not_be_given_up_is_none_once_the_database_is_back(site):
    guest, statements = await site.guest(), []

    def go_away(_connection, _cursor, statement, *_):
        statements.append(statement)
        if statement.startswith(("UPDATE households", "DELETE FROM claims")):
            raise DatabaseDown({"retry_after": 2})

    with listening(site, "before_cursor_execute", go_away):
        reply = await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)
    assert (reply.status, statements[-1].split()[0], len(await site.claims())) == (503, "DELETE", 1)
    assert (await site.call("POST", "/api/notes", guest, json={"text": "hi"}, headers=KEY)).status == 201
    assert len(await site.claims()) == 1


async def test_a_dead_claim_is_taken_over_and_its_late_holder_changes_nothing(site):
    guest = await site.guest()
    household, now = guest.account.household, site.clock.now
    first = asyncio.ensure_future(site.call("POST", "/api/slow", guest, json={"text": "hi"}, headers=KEY))
    while not site.stub.ran:
        await asyncio.sleep(0)
    (row,) = await site.claims()
    async with site.kitchen.database.write() as tx:  # its lease runs out, and another process takes over
        later = now + timedelta(seconds=11)
        heir = replays.Claim(row.id, "0" * 32)
        await replays.claim(tx, household, heir, row.fingerprint, later, timedelta(seconds=40))
    before = await site.version(household)
    site.stub.gate.set()
    assert (await first).json["code"] == "request_in_flight"
    assert await site.version(household) == before
    assert [claim.holder for claim in await site.claims()] == ["0" * 32]


async def test_an_upload_is_known_by_its_parts(site):
    guest = await site.guest()

    def form(**parts):
        data = aiohttp.FormData(default_to_multipart=True)
        for name, value in parts.items():
            data.add_field(name, value)
        return data

    first = await site.call("POST", "/api/upload", guest, data=form(image="jpeg", name="x"), headers=KEY)
    again = await site.call("POST", "/api/upload", guest, data=form(name="x", image="jpeg"), headers=KEY)
    other = await site.call("POST", "/api/upload", guest, data=form(image="png"), headers=KEY)
    assert (first.status, first.raw, site.stub.ran) == (200, again.raw, ["upload"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.json["code"] == "key_reused"


async def test_without_a_key_every_request_is_done(site):
    guest = await site.guest()
    for _ in range(2):
        await site.call("POST", "/api/notes", guest, json={"text": "hi"})
    assert site.stub.ran == ["hi", "hi"]
    assert await site.claims() == []
