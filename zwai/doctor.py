"""What `zwai doctor` looks at: whether this machine can run the service as it is set up."""

import asyncio
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zwai.settings import Settings

ROOM_NEEDED_BYTES = 500 * 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    good: bool
    sentence: str


def examine(settings: Settings) -> list[Finding]:
    """Every part, good or bad, each with what to do about it."""
    return list(_findings(settings))


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _folder(settings.data_dir)
    yield _database(settings)
    yield _port(settings)
    yield _timed("recogniser", _load_recogniser)
    yield _timed("catalogue", _load_catalogue)


def _folder(folder: Path) -> Finding:
    there = folder if folder.exists() else folder.absolute().parent
    if not os.access(there, os.W_OK):
        return Finding("data folder", good=False, sentence=f"{there} cannot be written to; set ZWAI_DATA_DIR.")
    free = shutil.disk_usage(there).free
    enough = free >= ROOM_NEEDED_BYTES
    return Finding("data folder", good=enough, sentence=f"{folder.absolute()}, {free / 1e9:.1f} GB free.")


def _database(settings: Settings) -> Finding:
    from storage.migrate import current, newest
    from zwai.app import database_file, database_url

    file = database_file(settings)
    if not file.exists():
        return Finding("database", good=True, sentence="none yet; made at the first start.")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    revision = asyncio.run(current(database_url(settings)))
    good = verdict == "ok"
    return Finding("database", good=good, sentence=f"{verdict}; revision {revision}, this release has {newest()}.")


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            sentence = f"{settings.host}:{settings.port} cannot be used: {error.strerror}; set ZWAI_PORT."
            return Finding("port", good=False, sentence=sentence)
    return Finding("port", good=True, sentence=f"{settings.host}:{settings.port} is free.")


def _timed(part: str, load: Callable[[], str]) -> Finding:
    start = time.perf_counter()
    try:
        sentence = load()
    except (ImportError, OSError) as error:
        return Finding(part, good=False, sentence=f"cannot be loaded: {error}")
    return Finding(part, good=True, sentence=f"{sentence} loaded in {time.perf_counter() - start:.2f} s.")


def _load_recogniser() -> str:
    from ai.local import warm

    warm()
    return "the on-device model"


def _load_catalogue() -> str:
    from zwai.knowledge import catalogue

    return f"{len(catalogue.load().foods)} foods"
