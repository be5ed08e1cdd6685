"""The composition root: what is built, in which order, and how it is closed. Alone in seeing all parts."""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

import zwai
from ai.pool import Pool, open_pool
from ai.work import warm
from handlers.dispatch import make_site
from handlers.route import Limit
from handlers.routes import ROUTES
from handlers.stock_bodies import MOST_ITEMS
from storage import people, photos, replays
from storage.cache import LimitPolicy, MemoryCache
from storage.db import Database, open_database, sqlite_url
from storage.files import LocalFiles, open_files
from storage.lock import hold
from storage.migrate import current, migrate, newest
from storage.runner import Runner, open_runner
from zwai.errors import ZwaiError
from zwai.kitchen import jobs
from zwai.kitchen.accounts import Passwords
from zwai.kitchen.parts import Capabilities, Kitchen, Part
from zwai.kitchen.photo_urls import PhotoKeys
from zwai.kitchen.recognition import Recogniser
from zwai.kitchen.tokens import TokenKeys
from zwai.kitchen.uploads import UploadLimits, Uploads
from zwai.knowledge import names
from zwai.settings import Settings, secret_key

JOBS_AT_ONCE = 4
STALE_UPLOAD = timedelta(hours=1)
HOUSEKEEPING_S = 3600.0
SWEPT_AT_ONCE = 500
MINUTE_S = 60
MILLION = 1_000_000

log = logging.getLogger("zwai")


def clock() -> datetime:
    return datetime.now(UTC)


def database_file(settings: Settings) -> Path:
    return settings.data_dir.absolute() / "zwai.db"


def database_url(settings: Settings) -> str:
    return sqlite_url(database_file(settings))


@asynccontextmanager
async def open_kitchen(settings: Settings) -> AsyncIterator[Kitchen]:
    """Open every part, in the order in which each needs the ones before; close them in reverse."""
    async with AsyncExitStack() as stack:
        stack.enter_context(hold(settings.data_dir))
        # Processes start first: they warm up while the rest opens.
        processes = settings.pool_processes or os.cpu_count() or 1
        pool = await stack.enter_async_context(open_pool(processes, settings.pool_queue, warm))
        await _bring_up_to_date(database_url(settings))
        database = open_database(database_url(settings))
        stack.push_async_callback(database.close)
        cache = MemoryCache()
        names.warm()  # 80 ms that no request should pay
        files = await stack.enter_async_context(open_files(settings.data_dir))
        recogniser = Recogniser(pool, files)
        runner = Runner(database, cache, jobs.works(recogniser, clock), clock, JOBS_AT_ONCE)
        await stack.enter_async_context(open_runner(runner, settings.drain_s))
        await stack.enter_async_context(_housekeeping(database, files))
        key, previous = secret_key(settings), settings.previous_secret_key or None
        yield Kitchen(
            database=database,
            cache=cache,
            files=files,
            runner=runner,
            uploads=Uploads(files, pool, _upload_limits(settings)),
            recogniser=recogniser,
            passwords=Passwords(pool),
            clock=clock,
            token_keys=TokenKeys(key, previous),
            photo_keys=PhotoKeys(key, previous),
            public_url=settings.base_url,
            time_zone=settings.time_zone,
            # A backup may have been put in place since the last run: its versions must not match older ETags.
            release=f"{zwai.__version__}-{newest()}-{secrets.token_hex(4)}",
            capabilities=_capabilities(settings),
            parts=_parts(database, pool),
        )


def make_app(kitchen: Kitchen, settings: Settings) -> web.Application:
    """The web application on an opened kitchen."""
    return make_site(kitchen, ROUTES, _policies(settings))


async def _bring_up_to_date(url: str) -> None:
    if await current(url) != newest():
        await migrate(url)
        log.info("database migrated to revision %s", newest())


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
        engines=("local",),
        photo_formats=("jpeg", "png", "webp", "heic"),
        photo_mb=settings.max_photo_mb,
        photo_megapixels=settings.max_photo_megapixels,
        photos_per_request=settings.max_photos,
        items_per_bulk=MOST_ITEMS,
    )


def _parts(database: Database, pool: Pool) -> tuple[Part, ...]:
    async def check_database() -> dict[str, object]:
        await database.ping()
        return {"engine": "sqlite"}

    async def check_pool() -> dict[str, object]:
        health = pool.health()
        return {
            "processes": health.processes,
            "alive": health.alive,
            "queued": health.queued,
            "running": health.running,
        }

    return Part("database", check_database), Part("recogniser", check_pool)


@asynccontextmanager
async def _housekeeping(database: Database, files: LocalFiles) -> AsyncIterator[None]:
    """Every hour, and at the start: forget what nobody will ask for again."""
    task = asyncio.create_task(_keep_house(database, files))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _sweep_orphans(database: Database, files: LocalFiles) -> None:
    """Remove copies without a row; those of the last hour may still get theirs."""
    kept = await files.kept_before(clock() - STALE_UPLOAD)
    for start in range(0, len(kept), SWEPT_AT_ONCE):
        async with database.read() as tx:
            orphans = await photos.without_row(tx, kept[start : start + SWEPT_AT_ONCE])
        for photo in orphans:
            await files.delete(photo)


async def _keep_house(database: Database, files: LocalFiles) -> None:
    while True:
        try:
            await files.sweep(clock() - STALE_UPLOAD)
            await _sweep_orphans(database, files)
            async with database.write() as tx:
                await replays.purge(tx, clock())
                await people.purge(tx, clock())
        except (ZwaiError, OSError) as error:
            log.warning("housekeeping put off: %s", error)
        await asyncio.sleep(HOUSEKEEPING_S)
