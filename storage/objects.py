"""Photo files in an object store that machines share (S3, GCS); what was asked for lately is at hand in a folder.

The store is the truth: {prefix}/{id}/{copy}.jpg. Copies never change, so a local one is good as long as its photo is.
Credentials and endpoints come from the store's own variables (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL,
GOOGLE_APPLICATION_CREDENTIALS, …).
"""

import asyncio
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from storage.files import MEGABYTE, PHOTO_ID, LocalFiles, open_folder
from zwai.errors import FilesDown, UnknownPhoto
from zwai.operator_errors import FilesUnreachable
from zwai.records.photos import Copy, PhotoId

log = logging.getLogger("zwai.files")

AT_HAND_BYTES = 1000 * MEGABYTE
# A photo that another machine deleted is gone here too after this long.
BELIEVED = timedelta(days=1)
CHUNK_BYTES = 256 * 1024
COPY_BYTES = 25 * MEGABYTE
LISTED = 1000  # objects: what a store tells in one answer
KEY = re.compile(rf"({PHOTO_ID.pattern})/({'|'.join(Copy)})\.jpg")
TELL_EVERY_S = 10.0


class ObjectFiles(LocalFiles):
    """`at_hand_bytes` bounds the local copies. Made by `open_object_files`."""

    def __init__(self, store: ObjectStore, root: Path, threads: ThreadPoolExecutor, at_hand_bytes: int) -> None:
        super().__init__(root, threads)
        self._store = store
        self._at_hand_bytes = at_hand_bytes
        self._fetching: dict[Path, asyncio.Task[None]] = {}
        self._new_bytes = 0
        self._quiet_until = 0.0

    async def read(self, photo: PhotoId, copy: Copy) -> bytes:
        await self.find(photo, copy)
        return await super().read(photo, copy)

    async def find(self, photo: PhotoId, copy: Copy) -> Path:
        """The copy at hand, fetched when it is not; once, however many ask at once. Raises FilesDown."""
        path = self.path(photo, copy)
        if not await self._in_thread(_use, path):
            fetching = self._fetching.get(path)
            if fetching is None:
                fetching = self._fetching[path] = asyncio.create_task(self._fetch(photo, copy, path))
                fetching.add_done_callback(lambda done: self._fetched(path, done))
            await asyncio.shield(fetching)  # others may wait for it too
        return path

    async def keep(self, photo: PhotoId, copies: Path) -> None:
        """Store all copies, then put them at hand. What is left of a failure is removed. Raises FilesDown."""
        self._folder(photo)
        try:
            with self._errors():
                for copy in Copy:
                    await obstore.put_async(self._store, _key(photo, copy), copies / f"{copy}.jpg")
            await super().keep(photo, copies)
        except BaseException:
            with suppress(FilesDown):
                await asyncio.shield(self.delete(photo))
            raise
        await self._trim_sometimes(self._folder(photo))

    async def delete(self, photo: PhotoId) -> None:
        await super().delete(photo)
        for copy in Copy:
            with suppress(UnknownPhoto), self._errors():
                await obstore.delete_async(self._store, _key(photo, copy))

    async def kept_before(self, moment: datetime) -> AsyncIterator[list[PhotoId]]:
        """Of the store, which is more than what is at hand. Raises FilesDown."""
        with self._errors():
            async for found in obstore.list(self._store, chunk_size=LISTED):
                old = [KEY.fullmatch(one["path"]) for one in found if one["last_modified"] < moment]
                yield list(dict.fromkeys(PhotoId(key[1]) for key in old if key))

    async def sweep(self, older_than: datetime) -> int:
        await self._trim()
        return await super().sweep(older_than)

    async def close(self) -> None:
        """End what is being fetched."""
        fetching = list(self._fetching.values())
        for task in fetching:
            task.cancel()
        await asyncio.gather(*fetching, return_exceptions=True)

    async def _fetch(self, photo: PhotoId, copy: Copy, path: Path) -> None:
        async with self.open_upload(COPY_BYTES) as arriving:
            with self._errors():
                found = await obstore.get_async(self._store, _key(photo, copy))
                async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                    await arriving.write(bytes(chunk))
            await self._in_thread(_put, arriving.path, path)
        await self._trim_sometimes(path)

    def _fetched(self, path: Path, task: asyncio.Task[None]) -> None:
        del self._fetching[path]
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; nobody may be left

    async def _trim_sometimes(self, new: Path) -> None:
        """Look through the folder when a tenth of what it may hold has come in since the last time."""
        self._new_bytes += await self._in_thread(_size, new)
        if self._new_bytes > self._at_hand_bytes / 10:
            await self._trim()

    async def _trim(self) -> None:
        self._new_bytes = 0
        await self._in_thread(_trim, self._photos, self._at_hand_bytes, time.time() - BELIEVED.total_seconds())

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The store's errors become ours; of many that it does not answer, one a while is told."""
        try:
            yield
        except FileNotFoundError as error:
            raise UnknownPhoto from error
        except BaseError as error:
            if time.monotonic() >= self._quiet_until:
                self._quiet_until = time.monotonic() + TELL_EVERY_S
                log.warning("the store of photos does not answer: %s", str(error).partition("\n")[0])
            raise FilesDown({"retry_after": 2}) from error


@asynccontextmanager
async def open_object_files(url: str, root: Path, at_hand_bytes: int = AT_HAND_BYTES) -> AsyncIterator[ObjectFiles]:
    """A store by its URL (s3://BUCKET/PREFIX, gs://…); uploads and the copies at hand lie under `root`."""
    async with open_folder(root) as threads:
        files = ObjectFiles(_store(url), root, threads, at_hand_bytes)
        try:
            yield files
        finally:
            await files.close()


async def look_in(url: str) -> None:
    """Prove that a store lets its objects be listed. Raises FilesUnreachable."""
    try:
        await anext(aiter(obstore.list(_store(url), chunk_size=1)), None)
    except (BaseError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise FilesUnreachable({"store": url, "reason": reason}) from error


def _store(url: str) -> ObjectStore:
    return from_url(
        url,
        client_options={"connect_timeout": "1s", "timeout": "5s", "allow_http": True},
        # The defaults try ten times, for three minutes: longer than any client waits.
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=5),
            "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(milliseconds=500)},
        },
    )


def _key(photo: PhotoId, copy: Copy) -> str:
    return f"{photo}/{copy}.jpg"


def _use(path: Path) -> bool:
    """Note in the file's access time that it was asked for; False when it is not there."""
    try:
        os.utime(path, (time.time(), path.stat().st_mtime))
    except FileNotFoundError:
        return False
    return True


def _put(arrived: Path, path: Path) -> None:
    for _ in range(2):  # a trim may remove the folder in between
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            arrived.replace(path)
            return


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        files = path.iterdir() if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    return 0


def _trim(photos: Path, most_bytes: int, fetched_before: float) -> None:
    """Remove what was fetched long ago, then what was asked for longest ago, until the rest fits."""
    held = []
    for path in photos.glob("*/*/*.jpg"):
        with suppress(FileNotFoundError):  # another process may be trimming
            held.append((path.stat(), path))
    held.sort(key=lambda one: one[0].st_atime, reverse=True)
    total = 0
    for status, path in held:
        total += status.st_size
        if total > most_bytes or status.st_mtime < fetched_before:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # other copies may be left in it
                path.parent.rmdir()
