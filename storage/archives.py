"""The zip of an export: written a piece at a time, and read with a bound on everything that it may claim to be.

All of it blocks. No name in an archive is ever used as a path.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from zwai.errors import NotAnExport, StorageFull
from zwai.records.photos import Copy

FORMAT, VERSION = "zwai-export", 1
MANIFEST = "zwai.json"
PHOTO = re.compile(r"photos/([0-9a-f]{32})/(display|thumbnail|ai)\.jpg")
# An export of ours stays within these; 60 bytes of directory an entry make some 60,000 photos of three copies.
LARGEST_DIRECTORY = 16 * 2**20
LONGEST_LINE = 512 * 1024
MOST_ROW_BYTES = 64 * 2**20
COPY_BYTES = 8 * 2**20
STEP = 64 * 1024
BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError, struct.error)
END, END_BYTES, LOCATOR, LOCATOR_BYTES = b"PK\x05\x06", 22, b"PK\x06\x07", 20


class ArchiveWriter:
    """Writes lines to one file after the other, then photos."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._name = ""
        self._open: IO[bytes] | None = None

    def add_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Append to the file `name`, which ends where another one begins."""
        if name != self._name:
            self._end()
            self._name, self._open = name, self._zip.open(name, "w")
        assert self._open is not None
        self._open.write(b"".join(line + b"\n" for line in lines))

    def add_photo(self, photo: str, copy: Copy, path: Path) -> None:
        """A copy as it is: JPEG does not get smaller."""
        self._end()
        self._zip.write(path, f"photos/{photo}/{copy}.jpg", zipfile.ZIP_STORED)

    def finish(self, manifest: dict[str, Any]) -> None:
        self._end()
        told = {"format": FORMAT, "version": VERSION, **manifest}
        self._zip.writestr(MANIFEST, orjson.dumps(told, option=orjson.OPT_INDENT_2))
        self._zip.close()

    def close(self) -> None:
        """Let go of the file, finished or not; whoever was cancelled may have left a thread that still writes."""
        with suppress(ValueError, OSError):
            self._end()
            self._zip.close()

    def _end(self) -> None:
        if self._open is not None:
            self._open.close()
        self._name, self._open = "", None


class ArchiveReader:
    """Reads what is one of ours. Raises NotAnExport for everything else."""

    def __init__(self, path: Path, tables: Iterable[str]) -> None:
        _check_end(path)
        self._tables = frozenset(f"{table}.jsonl" for table in tables)
        self._left = MOST_ROW_BYTES
        with _ours("zip"):
            self._zip = zipfile.ZipFile(path)
            self._entries = {entry.filename: entry for entry in self._zip.infolist()}
        if len(self._entries) != len(self._zip.infolist()):
            raise NotAnExport({"part": "zip"})
        for name in self._entries:
            if name != MANIFEST and name not in self._tables and not PHOTO.fullmatch(name):
                raise NotAnExport({"part": _shown(name)})
        self.missing_photos: frozenset[str] = frozenset()
        self._read_manifest()

    def lines(self, table: str) -> Iterator[bytes]:
        """The lines of a table, none when it has no file."""
        name = f"{table}.jsonl"
        if name not in self._entries:
            return
        with _ours(name), self._zip.open(name) as file:
            while line := file.readline(LONGEST_LINE + 1):
                self._left -= len(line)
                if len(line) > LONGEST_LINE or self._left < 0:
                    raise NotAnExport({"part": name})
                yield line

    def extract_photo(self, photo: str, folder: Path) -> None:
        """Write the three copies of a photo into a new folder."""
        folder.mkdir(parents=True)
        for copy in Copy:
            name = f"photos/{photo}/{copy}.jpg"
            if name not in self._entries:
                raise NotAnExport({"part": name})
            with (folder / f"{copy}.jpg").open("wb") as target, _ours(name), self._zip.open(name) as source:
                for step in range(COPY_BYTES // STEP + 1):
                    if not (chunk := source.read(STEP)):
                        break
                    if step == COPY_BYTES // STEP:
                        raise NotAnExport({"part": name})
                    target.write(chunk)

    def close(self) -> None:
        self._zip.close()

    def _read_manifest(self) -> None:
        with _ours(MANIFEST):
            if MANIFEST not in self._entries:
                raise NotAnExport({"part": MANIFEST})
            with self._zip.open(MANIFEST) as file:
                told = orjson.loads(file.read(STEP))
            if (told["format"], told["version"]) != (FORMAT, VERSION):
                raise NotAnExport({"part": MANIFEST})
            self.missing_photos = frozenset(told.get("missing_photos", ()))


@contextmanager
def _ours(part: str) -> Iterator[None]:
    """What the zip module makes of damage, and what a document that is not ours makes of us."""
    try:
        yield
    except StorageFull:
        raise
    except (*BAD_ZIP, KeyError, TypeError, zlib.error) as error:
        raise NotAnExport({"part": part}) from error


def _check_end(path: Path) -> None:
    """Look at the directory's size before zipfile reads it whole: an entry of 46 bytes costs it a kilobyte.

    Zip64, which an export within our bounds never needs, could tell another size; it is not taken.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - END_BYTES - LOCATOR_BYTES - 2**16))
        tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES or tail[max(0, at - LOCATOR_BYTES) :].startswith(LOCATOR):
        raise NotAnExport({"part": "zip"})
    (directory_bytes,) = struct.unpack_from("<L", tail, at + 12)
    if directory_bytes > LARGEST_DIRECTORY:
        raise NotAnExport({"part": "zip"})


def _shown(name: str) -> str:
    return name[:60].encode("ascii", "replace").decode()
