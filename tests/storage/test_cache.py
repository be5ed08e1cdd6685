"""The cache in process: bounded, never older than it says, and fair."""

import pytest

from storage.cache import BELIEVED_S, Bounded, CachedBody, CachedSession, LimitPolicy, MemoryCache

NOW = 1_000_000.0
READS = LimitPolicy("read", 3, 60)
SESSION = CachedSession("s", "account", "home", "es", "America/Lima", NOW + 1000)


def body(version: int, size: int = 10) -> CachedBody:
    return CachedBody(version, "2026-07-01", '"tag"', b"x" * size)


async def known(cache: MemoryCache) -> MemoryCache:
    """A cache that knows SESSION and its household's version 7."""
    await cache.keep_session(SESSION, NOW)
    await cache.raise_version("home", 7, NOW)
    return cache


def test_the_least_recently_used_is_forgotten_first() -> None:
    kept: Bounded[int] = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)


def test_what_is_kept_never_weighs_more_than_its_bound() -> None:
    kept: Bounded[bytes] = Bounded(100, len)
    for n in range(200):
        kept.put(f"{n % 37}", b"x" * (n % 60))
        held = [value for key in map(str, range(37)) if (value := kept.get(key)) is not None]
        assert sum(map(len, held)) <= 100
        assert len(held) == len(kept)


def test_what_is_heavier_than_the_bound_pushes_nothing_out() -> None:
    kept: Bounded[bytes] = Bounded(100, len)
    kept.put("a", b"x" * 60)
    kept.put("b", b"x" * 101)
    assert (kept.get("a") is not None, kept.get("b")) == (True, None)
    kept.put("a", b"x" * 101)  # not even the old value stays
    assert kept.get("a") is None


async def test_one_look_tells_session_version_body_and_verdict() -> None:
    cache = await known(MemoryCache())
    await cache.keep_body("home", "/list", body(7))
    glance = await cache.glance("s", "/list", NOW, READS)
    assert (glance.session, glance.version, glance.body) == (SESSION, 7, body(7))
    assert glance.verdict is not None
    assert (glance.verdict.allowed, glance.verdict.remaining) == (True, 2)


async def test_an_unknown_session_tells_nothing_and_counts_nothing() -> None:
    cache = await known(MemoryCache())
    glance = await cache.glance("other", "/list", NOW, READS)
    assert (glance.session, glance.version, glance.body, glance.verdict) == (None, None, None, None)
    first = await cache.glance("s", "/list", NOW, READS)
    assert first.verdict is not None
    assert first.verdict.remaining == 2


async def test_a_version_is_only_raised() -> None:
    cache = await known(MemoryCache())
    await cache.raise_version("home", 6, NOW)
    assert (await cache.glance("s", "", NOW, None)).version == 7
    await cache.raise_version("home", 8, NOW)
    assert (await cache.glance("s", "", NOW, None)).version == 8


@pytest.mark.parametrize("version", [6, 8])
async def test_a_body_of_another_version_is_not_given(version: int) -> None:
    cache = await known(MemoryCache())
    await cache.keep_body("home", "/list", body(version))
    assert (await cache.glance("s", "/list", NOW, None)).body is None


async def test_a_body_of_another_household_is_not_given() -> None:
    cache = await known(MemoryCache())
    await cache.raise_version("away", 7, NOW)
    await cache.keep_body("away", "/list", body(7))
    assert (await cache.glance("s", "/list", NOW, None)).body is None


async def test_a_version_is_believed_for_five_seconds() -> None:
    cache = await known(MemoryCache())
    await cache.keep_body("home", "/list", body(7))
    assert (await cache.glance("s", "/list", NOW + BELIEVED_S - 0.1, None)).version == 7
    await cache.keep_session(SESSION, NOW + BELIEVED_S)
    late = await cache.glance("s", "/list", NOW + BELIEVED_S, None)
    assert (late.session, late.version) == (SESSION, None)
    await cache.raise_version("home", 7, NOW + BELIEVED_S)  # read again: believed again
    assert (await cache.glance("s", "/list", NOW + BELIEVED_S, None)).version == 7


async def test_a_session_is_believed_for_five_seconds_and_never_past_its_end() -> None:
    cache = MemoryCache()
    await cache.keep_session(SESSION, NOW)
    assert (await cache.glance("s", "", NOW + BELIEVED_S, None)).session is None
    ending = CachedSession("e", "account", "home", "es", "America/Lima", NOW + 1)
    await cache.keep_session(ending, NOW)
    assert (await cache.glance("e", "", NOW + 0.9, None)).session == ending
    assert (await cache.glance("e", "", NOW + 1, None)).session is None


async def test_a_dropped_session_is_unknown_at_once_and_not_put_back_by_who_read_it_before() -> None:
    cache = await known(MemoryCache())
    await cache.drop_sessions(["s", "never known"], NOW + 1)
    assert (await cache.glance("s", "", NOW + 1, None)).session is None
    await cache.keep_session(SESSION, NOW + 1)
    assert (await cache.glance("s", "", NOW + 1, None)).session is None
    await cache.keep_session(SESSION, NOW + 1.1)  # read again, as after a change of language
    assert (await cache.glance("s", "", NOW + 1.1, None)).session == SESSION


async def test_bodies_are_bounded_by_their_bytes_however_often_they_are_replaced() -> None:
    cache = await known(MemoryCache(body_bytes=100_000))
    for n in range(500):
        await cache.keep_body("home", f"/list/{n % 50}", body(7, 9_000))
    held = [n for n in range(50) if (await cache.glance("s", f"/list/{n}", NOW, None)).body]
    assert 5 <= len(held) <= 11


async def test_entries_are_bounded() -> None:
    cache = MemoryCache(entries=10)
    for n in range(100):
        await cache.keep_session(CachedSession(f"{n}", "a", "home", "es", "UTC", NOW + 9), NOW)
    held = [n for n in range(100) if (await cache.glance(f"{n}", "", NOW, None)).session]
    assert held == list(range(90, 100))


async def test_a_window_lets_its_number_through_and_says_when_it_begins_anew() -> None:
    cache = MemoryCache()
    verdicts = [await cache.limit("me", READS, NOW + n) for n in range(5)]
    assert [one.allowed for one in verdicts] == [True, True, True, False, False]
    assert [one.remaining for one in verdicts] == [2, 1, 0, 0, 0]
    assert [one.reset_s for one in verdicts] == [60, 59, 58, 57, 56]
    assert (await cache.limit("me", READS, NOW + 59.9)).allowed is False
    assert (await cache.limit("me", READS, NOW + 60)).allowed is True


async def test_limits_count_each_subject_and_class_alone() -> None:
    cache = MemoryCache()
    for _ in range(4):
        await cache.limit("me", READS, NOW)
    assert (await cache.limit("you", READS, NOW)).allowed is True
    assert (await cache.limit("me", LimitPolicy("write", 3, 60), NOW)).allowed is True
