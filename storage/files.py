"""Photo files: what their users need of them, and the ones in a local folder.

Uploads are temporary files, kept copies lie by photo id:

    root/photos/{last two digits of the id}/{id}/display.jpg, thumbnail.jpg, ai.jpg
    root/tmp/{random}/upload and copies/

Every blocking call is made in a small thread pool of its own. A full disk becomes StorageFull here.
"""

import asyncio
import errno
import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Protocol, TypeVar, TypeVarTuple

from zwai.errors import ImageTooLarge, StorageFull, UnknownPhoto
from zwai.records.photos import Copy, PhotoId

THREADS = 4
PHOTO_ID = re.compile(r"[0-9a-f]{32}")
MEGABYTE = 1_000_000

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


class Upload:
    """A file that arrives in pieces. `copies` is a free folder name beside it, for what is made of it."""

    def __init__(self, folder: Path, limit_bytes: int, threads: ThreadPoolExecutor) -> None:
        self.path = folder / "upload"
        self.copies = folder / "copies"
        self.size = 0
        self._limit_bytes = limit_bytes
        self._threads = threads
        self._hash = hashlib.sha256()
        self._file: FileIO | None = None
        self._busy = threading.Lock()  # a step whose caller was cancelled may still run when the end comes
        self._ended = False

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written, in hexadecimal."""
        return self._hash.hexdigest()

    async def write(self, chunk: bytes) -> None:
        """Hash and write one piece, both in one step off the loop. Raises ImageTooLarge or StorageFull."""
        self.size += len(chunk)
        if self.size > self._limit_bytes:
            raise ImageTooLarge({"limit": f"{self._limit_bytes / MEGABYTE:g} MB"})
        await _in_thread(self._threads, self._step, chunk)

    def begin(self) -> None:
        """Make the file. Blocks."""
        with self._busy:
            if not self._ended:
                self.path.parent.mkdir()
                self._file = FileIO(self.path, "w")

    def end(self) -> None:
        """Remove the file and all that lies beside it. Blocks."""
        with self._busy:
            self._ended = True
            if self._file is not None:
                self._file.close()
            _remove(self.path.parent)

    def _step(self, chunk: bytes) -> None:
        with self._busy:
            if self._ended or self._file is None:
                return
            self._hash.update(chunk)
            rest = memoryview(chunk)
            while rest:  # a disk that is nearly full takes a part
                rest = rest[self._file.write(rest) :]


class Files(Protocol):
    """What both do: this module's in a folder, `storage.objects`' in a store that machines share."""

    def open_upload(self, limit_bytes: int) -> AbstractAsyncContextManager[Upload]:
        """A temporary file to write to. On leaving, it and all beside it are gone, whatever happened."""

    async def keep(self, photo: PhotoId, copies: Path) -> None:
        """Keep a folder of prepared copies under the photo's id: all of them and durably, or none."""

    async def find(self, photo: PhotoId, copy: Copy) -> Path:
        """A local file with that copy. Raises UnknownPhoto."""

    async def read(self, photo: PhotoId, copy: Copy) -> bytes:
        """The copy itself. Raises UnknownPhoto."""

    async def delete(self, photo: PhotoId) -> None:
        """Remove a photo's copies; one that is already gone is fine."""

    def kept_before(self, moment: datetime) -> AsyncIterator[list[PhotoId]]:
        """Every photo whose copies were kept before `moment`, some at a time."""

    async def sweep(self, older_than: datetime) -> int:
        """Remove what uploads that were cut off left behind; how many there were."""


class LocalFiles:
    """The folder and its threads. Made by `open_files`."""

    def __init__(self, root: Path, threads: ThreadPoolExecutor) -> None:
        self._photos = root / "photos"
        self._temporary = root / "tmp"
        self._threads = threads

    def path(self, photo: PhotoId, copy: Copy) -> Path:
        """Where a copy lies, if the photo exists. Raises UnknownPhoto for what cannot be an id."""
        return self._folder(photo) / f"{copy}.jpg"

    async def find(self, photo: PhotoId, copy: Copy) -> Path:
        path = self.path(photo, copy)
        if not await self._in_thread(path.exists):
            raise UnknownPhoto()
        return path

    async def read(self, photo: PhotoId, copy: Copy) -> bytes:
        try:
            return await self._in_thread(self.path(photo, copy).read_bytes)
        except FileNotFoundError as error:
            raise UnknownPhoto from error

    @asynccontextmanager
    async def open_upload(self, limit_bytes: int) -> AsyncIterator[Upload]:
        upload = Upload(self._temporary / secrets.token_hex(16), limit_bytes, self._threads)
        try:
            await self._in_thread(upload.begin)
            yield upload
        finally:
            ended = self._threads.submit(upload.end)  # at once, and shielded: also when cancelled a second time
            await asyncio.shield(asyncio.wrap_future(ended))

    async def keep(self, photo: PhotoId, copies: Path) -> None:
        """Move the folder to its place: whole, and on the disk when this returns."""
        await self._in_thread(_move, copies, self._folder(photo))

    async def delete(self, photo: PhotoId) -> None:
        await self._in_thread(_remove, self._folder(photo))

    async def kept_before(self, moment: datetime) -> AsyncIterator[list[PhotoId]]:
        for shelf in await self._in_thread(_entries, self._photos):
            yield await self._in_thread(_kept_before, shelf, moment.timestamp())

    async def sweep(self, older_than: datetime) -> int:
        return await self._in_thread(_sweep, self._temporary, older_than.timestamp())

    async def _in_thread(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        return await _in_thread(self._threads, function, *args)

    def _folder(self, photo: PhotoId) -> Path:
        if not PHOTO_ID.fullmatch(photo):
            raise UnknownPhoto()
        return self._photos / photo[-2:] / photo  # an id ends in random digits and begins with the time


@asynccontextmanager
async def open_files(root: Path) -> AsyncIterator[LocalFiles]:
    """Make the folders if need be, and end the threads on leaving."""
    async with open_folder(root) as threads:
        yield LocalFiles(root, threads)


@asynccontextmanager
async def open_folder(root: Path) -> AsyncIterator[ThreadPoolExecutor]:
    """Make the folders under `root` if need be; the threads in which every blocking call on them is made."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
    try:
        await _in_thread(threads, _make_folders, root)
        yield threads
    finally:
        await asyncio.to_thread(threads.shutdown)


async def _in_thread(threads: ThreadPoolExecutor, function: Callable[[*Ts], T], *args: *Ts) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, function, *args)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull() from error
        raise


def _make_folders(root: Path) -> None:
    (root / "photos").mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir(exist_ok=True)


def _move(copies: Path, target: Path) -> None:
    for file in copies.iterdir():
        _sync(file)
    _sync(copies)
    if not target.parent.exists():
        target.parent.mkdir(exist_ok=True)
        _sync(target.parent.parent)
    copies.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _kept_before(shelf: Path, moment: float) -> list[PhotoId]:
    found = []
    for folder in shelf.glob("*"):
        with suppress(FileNotFoundError):  # it may be deleted meanwhile
            if PHOTO_ID.fullmatch(folder.name) and folder.stat().st_mtime < moment:
                found.append(PhotoId(folder.name))
    return found


def _sweep(temporary: Path, older_than: float) -> int:
    swept = 0
    for folder in temporary.iterdir():
        with suppress(FileNotFoundError):  # another process may be ending an upload
            if folder.stat().st_mtime < older_than:
                shutil.rmtree(folder)
                swept += 1
    return swept
