"""Taking a household along: everything of it in one zip, and back into an empty one.

The rows are told from one snapshot; photos, whose files never change, follow after it.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from ai.pool import Pool
from ai.work import check_copies
from storage import exports, households
from storage.archives import ArchiveReader, ArchiveWriter
from storage.db import Read, Write
from storage.exports import CHUNK, TABLES, Ids, Reader
from storage.files import Files
from zwai.errors import (
    BrokenImage,
    DatabaseDown,
    EmptyImage,
    HouseholdNotEmpty,
    NotAnExport,
    NotAnImage,
    StockFull,
    TooManyPixels,
    UnknownPhoto,
)
from zwai.kitchen.households import delete_files
from zwai.kitchen.inventory import MOST_BATCHES
from zwai.records.people import HouseholdId, Member
from zwai.records.photos import Copy, PhotoId

CHECK_DEADLINE_S = 20.0
# Beyond this a zip needs another format than the one that every tool reads.
LARGEST_ARCHIVE = 2_000_000_000


@dataclass(slots=True)
class Packing:
    """An archive that is being written: how many rows of each table it holds so far, and which photos it needs."""

    archive: ArchiveWriter
    rows: dict[str, int] = field(default_factory=dict)
    photos: list[PhotoId] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What an archive holds, checked and under new ids. `chunks` are rows to insert, pickled, which halves them.

    `photos` maps the new id of each photo to the one in the archive.
    """

    chunks: tuple[tuple[str, bytes], ...]
    rows: dict[str, int]
    photos: dict[PhotoId, str]
    version: int


@asynccontextmanager
async def packing(path: Path) -> AsyncIterator[Packing]:
    """Inside, an archive is written to `path`."""
    begun = Packing(await asyncio.to_thread(ArchiveWriter, path))
    try:
        yield begun
    finally:
        begun.archive.close()


async def pack_rows(tx: Read, household: HouseholdId, begun: Packing) -> None:
    """Write all rows. Each chunk goes to the disk before the next is read, so that memory holds only one."""
    begun.photos = await exports.photo_ids(tx, household)
    for name, table in TABLES.items():
        begun.rows[name] = 0
        async for lines in exports.lines(tx, table, household):
            begun.rows[name] += len(lines)
            await asyncio.to_thread(begun.archive.add_lines, f"{name}.jsonl", lines)


async def finish(begun: Packing, files: Files, time_zone: str, now: datetime) -> None:
    """Add the photos and the manifest. A photo that went since the snapshot is left out, and said to be."""
    missing = []
    for photo in begun.photos:
        try:
            for copy in Copy:
                path = await files.find(photo, copy)
                await asyncio.to_thread(begun.archive.add_photo, photo, copy, path)
        except (UnknownPhoto, FileNotFoundError):
            missing.append(photo)
    told = {"made_at": now, "time_zone": time_zone, "rows": begun.rows, "missing_photos": missing}
    await asyncio.to_thread(begun.archive.finish, told)


async def check_empty(tx: Read, household: HouseholdId) -> None:
    """Raises HouseholdNotEmpty: what is imported is never mixed with what is there."""
    if not await exports.is_empty(tx, household):
        raise HouseholdNotEmpty


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[ArchiveReader]:
    """An archive that somebody sent. Raises NotAnExport."""
    archive = await asyncio.to_thread(ArchiveReader, path, TABLES)
    try:
        yield archive
    finally:
        archive.close()


async def unpack(archive: ArchiveReader, salt: bytes) -> Unpacked:
    """Read and check every row. Raises NotAnExport."""
    return await asyncio.to_thread(_unpack, archive, Ids(salt))


@asynccontextmanager
async def kept_photos(
    archive: ArchiveReader, unpacked: Unpacked, folder: Path, files: Files, pool: Pool
) -> AsyncIterator[None]:
    """Inside, the archive's photos are kept, for their rows to follow; when that fails they go again.

    Not when the database falls silent: the rows may be committed, and an orphan is swept later.
    """
    kept: list[PhotoId] = []
    try:
        for photo, old in unpacked.photos.items():
            if old in archive.missing_photos:
                continue
            copies = folder / photo
            await asyncio.to_thread(archive.extract_photo, old, copies)
            await _check(pool, copies, old)
            await files.keep(photo, copies)
            kept.append(photo)
        yield
    except DatabaseDown:
        raise
    except Exception:
        await delete_files(files, kept)
        raise


async def restore(tx: Write, member: Member, unpacked: Unpacked) -> None:
    """Put everything into the caller's household. Raises HouseholdNotEmpty, StockFull."""
    await check_empty(tx, member.household)
    if unpacked.rows["batches"] > MOST_BATCHES:
        raise StockFull({"most": MOST_BATCHES})
    members = {one.account for one in await households.members(tx, member.household)}
    for name, pickled in unpacked.chunks:
        rows = pickle.loads(pickled)  # noqa: S301 (our own, of a moment ago)
        await exports.store(tx, TABLES[name], member.household, rows, members, member.account)
    await exports.lift_version(tx, member.household, unpacked.version)


async def _check(pool: Pool, copies: Path, old: str) -> None:
    try:
        await pool.run(check_copies, copies, deadline_s=CHECK_DEADLINE_S)
    except (EmptyImage, NotAnImage, BrokenImage, TooManyPixels) as error:
        raise NotAnExport({"part": f"photos/{old}"}) from error


def _unpack(archive: ArchiveReader, ids: Ids) -> Unpacked:
    reader = Reader(ids)
    chunks: list[tuple[str, bytes]] = []
    counts: dict[str, int] = {}
    photos: dict[PhotoId, str] = {}
    for name in TABLES:
        rows = _rows(archive, reader, name, photos)
        counts[name] = 0
        while chunk := list(islice(rows, CHUNK)):
            counts[name] += len(chunk)
            chunks.append((name, pickle.dumps(chunk)))
    return Unpacked(tuple(chunks), counts, photos, reader.version)


def _rows(archive: ArchiveReader, reader: Reader, name: str, photos: dict[PhotoId, str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(archive.lines(name), 1):
        try:
            row = reader.row(TABLES[name], line)
        except exports.WRONG as error:
            raise NotAnExport({"part": f"{name}.jsonl:{number}"}) from error
        if name == "photos":
            photos[PhotoId(row["id"])] = orjson.loads(line)["id"]
        yield row
