"""What `zwai doctor` looks at: whether this machine can run the service as it is set up."""

import asyncio
import os
import shutil
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

from zwai.errors import ZwaiError
from zwai.settings import BadSetting, Settings, listed

SAMPLE = Path(__file__).parent / "samples" / "avocado.jpg"
LABEL = Path(__file__).parent / "samples" / "label.jpg"
ROOM_NEEDED_BYTES = 500 * 1_000_000
ASK_S = 2.0
SERVER_S = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    good: bool
    sentence: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Every part, good or bad, each with what to do about it."""
    yield _folder(settings.data_dir)
    if settings.profile == "scaled":
        yield from _servers(settings)
    else:
        yield _database(settings)
    yield _port(settings)
    yield _timed("catalogue", _load_catalogue)
    yield _timed("recogniser", _recognise_sample)
    yield _reading()


def _folder(folder: Path) -> Finding:
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding("data folder", good=False, sentence=f"{there} cannot be written to; set ZWAI_DATA_DIR.")
    free = shutil.disk_usage(there).free
    enough = free >= ROOM_NEEDED_BYTES
    short = "" if enough else f"; {ROOM_NEEDED_BYTES / 1e9:.1f} GB are needed"
    return Finding("data folder", good=enough, sentence=f"{folder.absolute()}, {free / 1e9:.1f} GB free{short}.")


def _database(settings: Settings) -> Finding:
    from storage.migrate import current, newest
    from zwai.app import database_file, database_url

    file = database_file(settings)
    if not file.exists():
        return Finding("database", good=True, sentence="none yet; made at the first start.")
    try:
        revision = asyncio.run(current(database_url(settings)))
        verdict = _quick_check(file)
    except (sqlite3.Error, ZwaiError) as error:
        return Finding("database", good=False, sentence=str(error))
    state = f"revision {revision}" if revision == newest() else f"revision {revision}, {newest()} after the next start"
    return Finding("database", good=verdict == "ok", sentence=f"{verdict}; {state}.")


def _servers(settings: Settings) -> Iterator[Finding]:
    yield _asked("database", _primary(settings))
    for url in listed(settings.database_replica_urls):
        yield _asked("replica", _replica(url))
    yield _asked("cache", _cache(settings.redis_url))
    yield _asked("queue", _queue(settings.queue_url))
    if settings.files_url:
        yield _asked("photos", _photos(settings.files_url))


def _asked(part: str, told: Coroutine[None, None, tuple[bool, str]]) -> Finding:
    async def in_time() -> tuple[bool, str]:
        async with asyncio.timeout(SERVER_S):
            return await told

    try:
        good, sentence = asyncio.run(in_time())
    except TimeoutError:
        return Finding(part, good=False, sentence=f"does not answer within {SERVER_S:g} s.")
    except (ImportError, ZwaiError) as error:
        return Finding(part, good=False, sentence=str(error))
    return Finding(part, good, sentence)


async def _primary(settings: Settings) -> tuple[bool, str]:
    from storage.migrate import current, newest
    from storage.servers import database_server

    version, most = await database_server(settings.database_url)
    revision = await current(settings.database_url)
    if revision != newest():
        return False, f"{version}, at revision {revision or 'none'}; {newest()} is needed: zwai migrate."
    wanted = settings.workers * settings.database_pool
    told = f"{version}, revision {revision}; {wanted} of its {most} connections may be used from here"
    return (True, f"{told}.") if wanted <= most else (False, f"{told}: lower ZWAI_WORKERS or ZWAI_DATABASE_POOL.")


async def _replica(url: str) -> tuple[bool, str]:
    from storage.servers import database_server, replica_flaw

    version, _ = await database_server(url)
    flaw = await replica_flaw(url)
    return (False, f"{version}, not read: {flaw}.") if flaw else (True, f"{version}, follows.")


async def _cache(url: str) -> tuple[bool, str]:
    from storage.servers import redis_server

    server = await redis_server(url)
    if server.most_bytes and server.policy.startswith("allkeys"):
        return True, f"Redis {server.version}, at most {server.most_bytes / 1e6:.0f} MB, then {server.policy}."
    return False, f"Redis {server.version} would fill up: set maxmemory, and maxmemory-policy allkeys-lru."


async def _queue(url: str) -> tuple[bool, str]:
    from storage.servers import redis_server

    server = await redis_server(url)
    if server.policy != "noeviction":
        return False, f"Redis {server.version} may evict jobs that wait: set maxmemory-policy noeviction."
    kept = "kept on disk" if server.append_only else "not kept on disk, so that its restart delays jobs"
    return True, f"Redis {server.version}, evicts nothing, {kept}."


async def _photos(url: str) -> tuple[bool, str]:
    from storage.objects import look_in

    await look_in(url)
    return True, f"{url} answers."


def _quick_check(file: Path) -> str:
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        return str(connection.execute("PRAGMA quick_check").fetchone()[0])
    finally:
        connection.close()


def _port(settings: Settings) -> Finding:
    from zwai.listener import bound
    from zwai.serve import address

    try:
        bound(settings.host, settings.port).close()
    except BadSetting as error:
        url = address(settings)
        if _is_alive(url):
            return Finding("port", good=True, sentence=f"zwai answers on {url}.")
        return Finding("port", good=False, sentence=str(error))
    return Finding("port", good=True, sentence=f"{settings.host}:{settings.port} is free.")


def _is_alive(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/live", timeout=ASK_S) as answer:  # noqa: S310 (our own address)
            return bool(answer.headers["Server"] == "zwai")
    except OSError:
        return False


def _timed(part: str, load: Callable[[], str]) -> Finding:
    start = time.perf_counter()
    try:
        sentence = load()
    except (ImportError, OSError, ZwaiError) as error:
        return Finding(part, good=False, sentence=f"does not work: {error}")
    return Finding(part, good=True, sentence=f"{sentence} in {time.perf_counter() - start:.2f} s.")


def _reading() -> Finding:
    from zwai.kitchen.reading import can_read

    if not can_read():
        return Finding("text", good=True, sentence="receipts and date labels are not read; to have them: zwai[ocr].")
    return _timed("text", _read_sample)


def _load_catalogue() -> str:
    from zwai.knowledge import catalogue

    return f"{len(catalogue.load().foods)} foods loaded"


def _recognise_sample() -> str:
    from ai.local import look
    from zwai.records.photos import Aim

    return f"loaded, and a sample photo recognised as {look(SAMPLE, Aim.BOTH)[0].food},"


def _read_sample() -> str:
    from ai.reading import read_text

    return f"loaded, and a sample label read as {read_text(LABEL)[-1].text!r},"
