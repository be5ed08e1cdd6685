"""Begin and end of a write: whole or not at all, whoever is cancelled; routes' rows that cannot be."""

import asyncio
from contextlib import suppress

import pytest

from handlers.route import Auth, CacheFor, Replay, Route
from handlers.shielded import to_its_end
from zwai.records.people import SessionId


async def test_a_cancelled_write_rolls_back_and_frees_the_writer(site):
    guest = await site.guest()
    household = guest.account.household
    entered = asyncio.Event()

    async def work():
        async with site.kitchen.database.write(household):
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())
    await entered.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await site.version(household) == 0
    assert (await site.call("POST", "/api/notes", guest, json={"text": "hi"})).status == 201


async def test_work_that_must_end_ends_although_its_caller_is_cancelled():
    steps, half_way = [], asyncio.Event()

    async def commit():
        steps.append("begun")
        half_way.set()
        await asyncio.sleep(0.01)
        steps.append("ended")

    caller = asyncio.ensure_future(to_its_end(commit()))
    await half_way.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert steps == ["begun", "ended"]


async def test_forgotten_sessions_leave_the_cache_with_the_commit(site):
    guest = await site.guest()
    await site.call("GET", "/api/notes", guest)
    (session,) = list(site.kitchen.cache._sessions._kept)

    async def leave(call):
        async with call.write():
            call.forget([SessionId(session)])
            return call.answer({})

    site.stub.hook = leave
    assert (await site.call("POST", "/api/hook", guest)).status == 200
    assert len(site.kitchen.cache._sessions) == 0


def test_a_row_that_contradicts_itself_cannot_be_made():
    async def nothing(call):
        raise NotImplementedError

    for row in (
        {"method": "POST", "cache": CacheFor.HOUSEHOLD},
        {"method": "GET", "cache": CacheFor.MEMBER, "auth": Auth.NONE},
        {"method": "GET", "replay": Replay.KEYED},
        {"method": "POST", "replay": Replay.KEYED, "auth": Auth.REFRESH},
    ):
        with pytest.raises(AssertionError):
            Route(path="/x", handler=nothing, summary="x", **row)
