"""The composition root: what is built, in which order, and how it is closed. Alone in seeing all parts."""

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

import zwai
from ai.measured import measured
from ai.pool import Pool, open_idle_pool, open_pool
from ai.work import warm, warm_reading, warm_search
from handlers.dispatch import make_site
from handlers.route import Limit
from handlers.routes import ROUTES
from handlers.stock_bodies import MOST_ITEMS
from storage import installation, people, replays
from storage.ai_calls import PAINTING, open_ledger
from storage.attempts import Work
from storage.cache import Cache, LimitPolicy, MemoryCache
from storage.db import Database
from storage.engines import PoolSize, open_database, sqlite_url
from storage.files import Files, open_files
from storage.lock import hold
from storage.memo import MemoryMemo, MemoryQuota, NoMemo
from storage.migrate import current, migrate, newest
from storage.runner import Delivery, Runner, open_runner
from zwai.errors import ZwaiError
from zwai.google_keys import fetch_from
from zwai.kitchen import jobs, writings
from zwai.kitchen.accounts import Passwords
from zwai.kitchen.admin import sweep_unasked
from zwai.kitchen.captures import Captures
from zwai.kitchen.cooks import Cooks
from zwai.kitchen.firebase import Firebase, open_firebase
from zwai.kitchen.library import Library, open_library
from zwai.kitchen.looking import Gemini, Local, Order, Recogniser
from zwai.kitchen.painting import Model, Painter
from zwai.kitchen.parts import Capabilities, Kitchen, Part
from zwai.kitchen.photo_urls import PhotoKeys
from zwai.kitchen.reading import Reader, can_read
from zwai.kitchen.recipe_book import BookWriter
from zwai.kitchen.recipes import RecipeWriter
from zwai.kitchen.report_card import ReportCard
from zwai.kitchen.tokens import TokenKeys
from zwai.kitchen.uploads import UploadLimits, Uploads
from zwai.kitchen.writings import open_writings
from zwai.knowledge import allergens, names, receipt_words
from zwai.operator_errors import NotMigrated
from zwai.records.ids import new_id
from zwai.records.ports import Asker, Memo, Quota
from zwai.settings import Settings, listed, secret_key

JOBS_AT_ONCE = 4
QUESTIONS_AT_ONCE = 100  # to an AI behind a network, of one process
STALE_UPLOAD = timedelta(hours=1)
HOUSEKEEPING_S = 3600.0
ORPHANS_EVERY_H = 24
MINUTE_S = 60
IDLE_S = 120.0  # of who reads (half a gigabyte, a second to load) and who searches (a tenth of both)
MOST_SEARCHES = 32  # waiting, for half a second each
MILLION = 1_000_000

log = logging.getLogger("zwai")


def clock() -> datetime:
    return datetime.now(UTC)


def database_file(settings: Settings) -> Path:
    return settings.data_dir.absolute() / "zwai.db"


def database_url(settings: Settings) -> str:
    return settings.database_url or sqlite_url(database_file(settings))


@asynccontextmanager
async def open_kitchen(settings: Settings) -> AsyncIterator[Kitchen]:
    """Open every part, in the order in which each needs the ones before; close them in reverse."""
    async with AsyncExitStack() as stack:
        if settings.profile == "embedded":
            stack.enter_context(hold(settings.data_dir))
        # Processes start first: they warm up while the rest opens.
        pool = await stack.enter_async_context(open_pool(_pool_processes(settings), settings.pool_queue, warm))
        await bring_up_to_date(settings)
        database = await stack.enter_async_context(_database(settings))
        cache = await stack.enter_async_context(_cache(settings))
        names.warm()  # 70 ms that no request should pay
        allergens.warm()  # as much again
        receipt_words.warm()
        files = await stack.enter_async_context(_files(settings))
        guard = await stack.enter_async_context(_guard(settings, database))
        written = open_writings(database, guard, settings.gemini_model, clock)
        pictures = open_library(database, files, pool, settings.data_dir, zwai.__version__)
        library = await stack.enter_async_context(pictures)
        painter = await stack.enter_async_context(_painter(settings, database, library))
        gemini = Gemini(guard, files) if guard is not None and settings.asks_gemini else None
        searchers = await stack.enter_async_context(open_idle_pool(1, MOST_SEARCHES, IDLE_S, warm_search))
        recogniser = Recogniser(Local(pool, searchers, files), gemini, _order(settings))
        reader = await stack.enter_async_context(_reader(settings, files))
        works = jobs.works(recogniser, captures := Captures(database, recogniser, reader, pool, files), painter, clock)
        delivery = await stack.enter_async_context(_delivery(settings, database, cache, works))
        await stack.enter_async_context(_housekeeping(database, files, library))
        yield Kitchen(
            database=database,
            cache=cache,
            files=files,
            delivery=delivery,
            pool=pool,
            uploads=Uploads(files, pool, _upload_limits(settings)),
            library=library,
            writings=await stack.enter_async_context(written),
            painter=painter,
            recogniser=recogniser,
            reader=reader,
            captures=captures,
            cooks=Cooks(BookWriter(), RecipeWriter(guard) if guard and settings.recipes != "local" else None),
            report_card=ReportCard(database, measured()),
            passwords=Passwords(pool),
            firebase=await stack.enter_async_context(_firebase(settings)),
            release=f"{zwai.__version__}-{newest()}-{await _installation(settings, database)}",
            parts=_parts(database, cache, pool),
            **_chosen(settings),
        )


def make_app(kitchen: Kitchen, settings: Settings) -> web.Application:
    """The web application on an opened kitchen."""
    return make_site(kitchen, ROUTES, _policies(settings), listed(settings.trusted_proxies), settings.max_requests)


async def bring_up_to_date(settings: Settings) -> None:
    """Migrate the embedded database; many processes share a scaled one, whose operator says when (`zwai migrate`)."""
    url = database_url(settings)
    if (revision := await current(url)) == newest():
        return
    if settings.profile == "scaled":
        raise NotMigrated({"revision": revision or "none", "newest": newest()})
    await migrate(url)
    log.info("database migrated to revision %s", newest())


def _chosen(settings: Settings) -> dict[str, Any]:
    """What the kitchen has of the settings alone."""
    key, previous = secret_key(settings), settings.previous_secret_key or None
    return {
        "internal_secret": settings.internal_secret,
        "clock": clock,
        "token_keys": TokenKeys(key, previous),
        "photo_keys": PhotoKeys(key, previous),
        "public_url": settings.base_url,
        "time_zone": settings.time_zone,
        "capabilities": _capabilities(settings),
    }


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    pool = PoolSize(settings.database_pool)
    database = open_database(database_url(settings), listed(settings.database_replica_urls), pool)
    try:
        await database.check_room(settings.workers * settings.database_pool)
        async with database.watched():
            yield database
    finally:
        await database.close()


async def _installation(settings: Settings, database: Database) -> str:
    """The id that ETags hold under.

    A backup may have been put in place since the last run, whose versions must not match older ETags: the embedded
    profile renews the id at every start; of a scaled one, which many processes share, the operator does (`zwai db
    renew`).
    """
    async with database.write() as tx:
        if settings.profile == "scaled":
            return await installation.current(tx, new_id(clock()))
        await installation.renew(tx, new := new_id(clock()))
        return new


@asynccontextmanager
async def _cache(settings: Settings) -> AsyncIterator[Cache]:
    if settings.profile == "embedded":
        yield MemoryCache()
        return
    from storage.cache_redis import open_redis_cache  # the embedded profile does without this library

    async with open_redis_cache(settings.redis_url, settings.replica_lag_s) as cache:
        yield cache


@asynccontextmanager
async def _reader(settings: Settings, files: Files) -> AsyncIterator[Reader]:
    async with open_idle_pool(1, settings.pool_queue, IDLE_S, warm_reading) as pool:
        yield Reader(pool, files)


def _files(settings: Settings) -> AbstractAsyncContextManager[Files]:
    if not settings.files_url:
        return open_files(settings.data_dir)
    from storage.objects import open_object_files  # obstore costs memory that the embedded profile can do without

    return open_object_files(settings.files_url, settings.data_dir)


@asynccontextmanager
async def _delivery(
    settings: Settings, database: Database, cache: Cache, works: Mapping[str, Work]
) -> AsyncIterator[Delivery]:
    """Jobs are run here, or put in line for the workers."""
    if settings.profile == "scaled":
        from storage.queue import open_queue  # so is SAQ

        async with open_queue(settings.queue_url) as queue:
            yield queue
        return
    runner = Runner(database, cache, works, clock, JOBS_AT_ONCE)
    async with open_runner(runner, settings.drain_s):
        yield runner


def _pool_processes(settings: Settings) -> int:
    """Those of one app process: the cores are shared among the app processes of a machine."""
    return settings.pool_processes or max(1, (os.cpu_count() or 1) // settings.workers)


def _upload_limits(settings: Settings) -> UploadLimits:
    return UploadLimits(
        in_flight=settings.max_uploads,
        bytes=settings.max_photo_mb * MILLION,
        pixels=settings.max_photo_megapixels * MILLION,
        photos=settings.max_photos,
    )


def _policies(settings: Settings) -> dict[Limit, LimitPolicy]:
    if settings.rate_limits == "off":
        return {}
    limits = {limit: getattr(settings, f"limit_{limit}") for limit in Limit if limit is not Limit.NONE}
    return {limit: LimitPolicy(limit, number, MINUTE_S) for limit, number in limits.items()}


def _capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        engines=("local", "gemini") if settings.asks_gemini else ("local",),
        reads_text=can_read(),
        photo_formats=("jpeg", "png", "webp", "heic"),
        photo_mb=settings.max_photo_mb,
        photo_megapixels=settings.max_photo_megapixels,
        photos_per_request=settings.max_photos,
        items_per_bulk=MOST_ITEMS,
    )


def _parts(database: Database, cache: Cache, pool: Pool) -> tuple[Part, ...]:
    async def check_pool() -> dict[str, object]:
        health = pool.health()
        return {
            "processes": health.processes,
            "alive": health.alive,
            "queued": health.queued,
            "running": health.running,
        }

    return Part("database", database.ping), Part("cache", cache.check), Part("recogniser", check_pool)


def _order(settings: Settings) -> Order:
    return Order.GEMINI_FIRST if settings.recognition == "gemini-first" else Order.LOCAL_FIRST


@asynccontextmanager
async def _guard(settings: Settings, database: Database) -> AsyncIterator[Asker | None]:
    """Neither loaded nor called without a key."""
    if not settings.gemini_api_key:
        yield None
        return
    async with open_guard(settings, database) as guard:
        yield guard


@asynccontextmanager
async def open_guard(settings: Settings, database: Database) -> AsyncIterator[Asker]:
    """Whoever asks Gemini asks through this. A key must be set."""
    from ai.gemini import open_gemini  # 0.5 s and 27 MB
    from ai.guard import Guard, GuardLimits

    limits = GuardLimits(
        at_once=QUESTIONS_AT_ONCE,
        household_a_day=settings.ai_household_a_day,
        everybody_a_day=settings.ai_a_day,
        price_in=Decimal(settings.ai_price_in),
        price_out=Decimal(settings.ai_price_out),
    )
    async with (
        open_ledger(database) as ledger,
        _memo(settings) as (memo, quota),
        open_gemini(settings.gemini_api_key, settings.gemini_model, settings.gemini_url) as provider,
    ):
        guard = Guard(provider, memo, quota, ledger, limits, clock)
        try:
            yield guard
        finally:
            await guard.close()


@asynccontextmanager
async def _painter(settings: Settings, database: Database, library: Library) -> AsyncIterator[Painter]:
    """Asks nobody without a key and a model that makes pictures. What it made is remembered by the library."""
    if not settings.makes_pictures:
        yield Painter(database, library, None, clock)
        return
    from ai.gemini import open_gemini
    from ai.guard import Guard, GuardLimits

    limits = GuardLimits(
        at_once=QUESTIONS_AT_ONCE,
        household_a_day=settings.ai_images_a_day,
        everybody_a_day=settings.ai_images_a_day,
        price_in=Decimal(0),
        price_out=Decimal(0),
        price_each=Decimal(settings.ai_price_image),
    )
    async with (
        open_ledger(database, PAINTING) as ledger,
        _memo(settings) as (_, quota),
        open_gemini(settings.gemini_api_key, settings.gemini_image_model, settings.gemini_url) as provider,
    ):
        guard = Guard(provider, NoMemo(), quota, ledger, limits, clock)
        try:
            yield Painter(database, library, Model(guard, provider.model), clock)
        finally:
            await guard.close()


@asynccontextmanager
async def _memo(settings: Settings) -> AsyncIterator[tuple[Memo, Quota]]:
    if settings.profile == "embedded":
        yield MemoryMemo(), MemoryQuota(settings.ai_a_minute)
        return
    from storage.memo_redis import open_redis_memo

    async with open_redis_memo(settings.redis_url, settings.ai_a_minute) as opened:
        yield opened


@asynccontextmanager
async def _firebase(settings: Settings) -> AsyncIterator[Firebase | None]:
    """Calls out only where a project is named."""
    if not settings.firebase_project_id:
        yield None
        return
    async with ClientSession() as http:
        fetch = fetch_from(http, settings.firebase_keys_url)
        async with open_firebase(settings.firebase_project_id, fetch) as firebase:
            yield firebase


@asynccontextmanager
async def _housekeeping(database: Database, files: Files, library: Library) -> AsyncIterator[None]:
    """At the start and every hour, forget what nobody will ask for again."""
    task = asyncio.create_task(_keep_house(database, files, library))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_house(database: Database, files: Files, library: Library) -> None:
    for hour in itertools.count():
        try:
            await files.sweep(clock() - STALE_UPLOAD)
            await library.tidy(clock())
            async with database.write() as tx:
                await replays.purge(tx, clock())
                await people.purge(tx, clock())
                await jobs.purge(tx, clock())
                await writings.purge(tx, clock())
            if hour % ORPHANS_EVERY_H == 0:  # looks at every photo that there is
                await sweep_unasked(database, files, clock() - STALE_UPLOAD)
        except (ZwaiError, OSError) as error:
            log.warning("housekeeping put off: %s", error)
        await asyncio.sleep(HOUSEKEEPING_S)
