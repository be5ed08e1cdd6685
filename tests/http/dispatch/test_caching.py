"""Answers that are kept: until a write, a day, a week, and never for somebody else."""

import pytest

from handlers.caching import matches
from storage.cache import CachedBody


async def _ran(site):
    return len(site.stub.ran)


async def test_a_kept_answer_is_given_until_the_household_writes(site):
    guest = await site.guest()
    first = await site.call("GET", "/api/notes", guest)
    again = await site.call("GET", "/api/notes", guest)
    assert (first.raw, first.headers["ETag"]) == (again.raw, again.headers["ETag"])
    assert await _ran(site) == 1
    await site.call("POST", "/api/notes", guest, json={"text": "hi"})
    after = await site.call("GET", "/api/notes", guest)
    assert after.json["notes"] == ["notes", "hi", "notes"]
    assert after.headers["ETag"] != first.headers["ETag"]


async def test_a_refused_write_leaves_the_kept_answer_as_it_is(site):
    guest = await site.guest()
    first = await site.call("GET", "/api/notes", guest)
    assert (await site.call("DELETE", "/api/notes", guest)).status == 404
    assert (await site.call("GET", "/api/notes", guest)).raw == first.raw


async def test_who_has_the_answer_gets_304_without_the_handler_running(site):
    guest = await site.guest()
    etag = (await site.call("GET", "/api/notes", guest)).headers["ETag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = await site.call("GET", "/api/notes", guest, headers={"If-None-Match": condition})
        assert (reply.status, reply.raw, reply.headers["ETag"]) == (304, b"", etag)
        assert reply.headers["Cache-Control"] == "private, no-cache"
    assert await _ran(site) == 1
    assert (await site.call("GET", "/api/notes", guest, headers={"If-None-Match": '"x"'})).status == 200


async def test_304_needs_no_kept_body(site):
    guest = await site.guest()
    etag = (await site.call("GET", "/api/notes", guest)).headers["ETag"]
    await site.kitchen.cache.keep_body(
        guest.account.household, "", CachedBody(0, "", "", bytes(2**26 - 2000))
    )  # pushes it out
    reply = await site.call("GET", "/api/notes", guest, headers={"If-None-Match": etag})
    assert (reply.status, await _ran(site)) == (304, 1)


async def test_what_may_be_shared_is_told_to_caches(site):
    headers = (await site.call("GET", "/api/notes", await site.guest())).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Vary"] == "Authorization, Accept-Language"


async def test_another_household_never_gets_the_kept_answer(site):
    ana, ben = await site.guest(), await site.guest()
    first, other = await site.call("GET", "/api/notes", ana), await site.call("GET", "/api/notes", ben)
    assert first.headers["ETag"] != other.headers["ETag"]
    assert await _ran(site) == 2


async def test_one_household_shares_an_answer_asked_for_in_one_language_but_not_a_members_own(site):
    ana = await site.guest()
    ben = await site.guest(language="en", household=ana.account.household)
    english = {"Accept-Language": "en"}
    shared = [await site.call("GET", "/api/notes", who, headers=english) for who in (ana, ben)]
    assert shared[0].raw == shared[1].raw
    assert (await site.call("GET", "/api/notes", ana)).json["language"] == "es"
    assert (await site.call("GET", "/api/notes", ben)).json["language"] == "en"
    mine = [await site.call("GET", "/api/mine", who, headers=english) for who in (ana, ben)]
    assert [reply.json["account"] for reply in mine] == [ana.account.id, ben.account.id]


async def test_the_query_counts_but_not_its_order_nor_what_is_unknown(site):
    guest = await site.guest()
    for path in ("/api/notes?days=3", "/api/notes?days=3&x=1", "/api/notes/?y=&days=3"):
        assert (await site.call("GET", path, guest)).json["days"] == 3
    assert await _ran(site) == 1
    assert (await site.call("GET", "/api/notes?days=4", guest)).json["days"] == 4
    assert await _ran(site) == 2


async def test_midnight_in_the_household_ends_an_answer(site):
    site.clock.advance(hours=16, minutes=59, seconds=58)  # 04:59:58 UTC is 23:59:58 in Lima
    guest = await site.guest()
    first = await site.call("GET", "/api/notes", guest)
    site.clock.advance(seconds=1)
    assert (await site.call("GET", "/api/notes", guest)).headers["ETag"] == first.headers["ETag"]
    site.clock.advance(seconds=1)
    after = await site.call("GET", "/api/notes", guest, headers={"If-None-Match": first.headers["ETag"]})
    assert (after.status, after.headers["ETag"] == first.headers["ETag"]) == (200, False)


async def test_the_version_is_read_again_after_five_seconds(site):
    guest = await site.guest()
    await site.call("GET", "/api/notes", guest)
    async with site.kitchen.database.write(guest.account.household):
        pass  # a write that the cache was never told of
    assert len((await site.call("GET", "/api/notes", guest)).json["notes"]) == 1
    site.clock.advance(seconds=6)
    assert len((await site.call("GET", "/api/notes", guest)).json["notes"]) == 2


@pytest.mark.parametrize(
    ("condition", "same"),
    [(None, False), ("", False), ('"a"', True), ('W/"a"', True), ('"b" , "a"', True), ("*", True), ("a", False)],
)
def test_conditions_compare_weakly(condition, same):
    assert matches(condition, '"a"') is same


async def test_of_a_member_that_comes_twice_the_kept_answer_is_that_of_the_first(site):
    guest = await site.guest()
    for days in ((1, 2), (2, 1)):
        reply = await site.call("GET", f"/api/notes?days={days[0]}&days={days[1]}", guest)
        assert reply.json["days"] == days[0]
