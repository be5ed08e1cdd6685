"""What `zwai products` does: install a file of products, tell how many are there."""

import gzip
import pickle
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from errno import EIO
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from storage import products
from storage.db import Database
from storage.engines import open_database
from storage.migrate import current, newest
from zwai.app import database_url
from zwai.kitchen.products import LONGEST_LINE, read
from zwai.operator_errors import NotMigrated
from zwai.records.products import Product
from zwai.settings import Settings

CHUNK = 2000
MEGABYTE = 1_000_000
LONGEST_S = 3600.0  # of the transaction, with millions of rows

# Is told how many megabytes of the file are read, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Installed:
    """`bad` rows have no name or no number of a product; `repeated` ones have a number that was there before."""

    products: int
    bad: int
    repeated: int


async def install(settings: Settings, file: Path, told: Progress) -> Installed:
    """Replace the installed products by those of a file, whole or not at all.

    All is read and matched to the catalogue beforehand, so that the service can't write for as short a time as
    possible. Raises NotAProductFile, NotMigrated.
    """
    with TemporaryFile() as kept:
        good, bad = _sift(file, kept, told)
        kept.seek(0)
        async with _database(settings) as database, database.write() as tx:
            await products.uninstall(tx)
            while chunk := _next_chunk(kept):
                await products.install(tx, chunk)
            count = await products.count(tx)
    return Installed(count, bad, good - count)


async def count(settings: Settings) -> int:
    """How many products are installed."""
    async with _database(settings) as database, database.read() as tx:
        return await products.count(tx)


def _sift(file: Path, kept: IO[bytes], told: Progress) -> tuple[int, int]:
    """Keep the rows that are products, in chunks; tells how many they are, and how many are not."""
    size, good, bad = file.stat().st_size, 0, 0
    with file.open("rb") as raw, _text(raw) as lines:
        rows = read(lines)
        while chunk := list(islice(rows, CHUNK)):
            found = [product for product in chunk if product is not None]
            good, bad = good + len(found), bad + len(chunk) - len(found)
            pickle.dump(found, kept)
            told(raw.tell() // MEGABYTE, size // MEGABYTE)
    return good, bad


@contextmanager
def _text(raw: IO[bytes]) -> Iterator[Iterator[str]]:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    stream = gzip.GzipFile(fileobj=raw) if packed else raw
    with TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="") as lines:
        try:
            yield _lines(lines)
        except (EOFError, zlib.error) as error:  # as what is no packed file at all is told
            raise OSError(EIO, "The packed file is cut off or damaged", raw.name) from error


def _lines(text: TextIOWrapper) -> Iterator[str]:
    """The lines; of one that is too long no more than shows it, since a packed file can unfold to any length."""
    while line := text.readline(LONGEST_LINE + 1):
        rest = line
        while rest and not rest.endswith(("\n", "\r")):
            rest = text.readline(LONGEST_LINE)
        yield line


def _next_chunk(kept: IO[bytes]) -> list[Product]:
    """The next one that has any; none at the end."""
    try:
        while not (chunk := pickle.load(kept)):  # noqa: S301 (our own, of a moment ago, in a file without a name)
            pass
    except EOFError:
        return []
    return list(chunk)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    url = database_url(settings)
    if (revision := await current(url)) != newest():
        raise NotMigrated({"revision": revision or "none", "newest": newest()})
    database = open_database(url, deadline_s=LONGEST_S)
    try:
        yield database
    finally:
        await database.close()
