"""Accepting photos: limits while they arrive, copies made in a worker process, a row when all is stored."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from ai.pool import Pool
from ai.work import prepare
from storage import photos
from storage.db import Write
from storage.files import Files, Upload
from zwai.errors import DatabaseDown, EmptyImage, ImportsFull, UploadsFull
from zwai.records.ids import new_id
from zwai.records.people import Member
from zwai.records.photos import ImageLimits, Photo, PhotoId

PREPARE_DEADLINE_S = 20.0
UNPACKED_AT_ONCE = 2  # archives, of one process


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """`in_flight` uploads at once in this process; `bytes` and `pixels` of one photo; photos of one request."""

    in_flight: int
    bytes: int
    pixels: int
    photos: int


class Uploads:
    """Takes photos in: a temporary file first, then the copies that are kept."""

    def __init__(self, files: Files, pool: Pool, limits: UploadLimits) -> None:
        self.limits = limits
        self._files = files
        self._pool = pool
        self.in_flight = 0
        self._unpacking = 0

    @asynccontextmanager
    async def receive(self, most_bytes: int | None = None) -> AsyncIterator[Upload]:
        """A place to write one arriving photo to, or a larger file; nothing of it is left on leaving.

        Raises UploadsFull.
        """
        if self.in_flight >= self.limits.in_flight:
            raise UploadsFull({"retry_after": 2})
        self.in_flight += 1
        try:
            async with self._files.open_upload(most_bytes or self.limits.bytes) as upload:
                yield upload
        finally:
            self.in_flight -= 1

    @asynccontextmanager
    async def unpacking(self) -> AsyncIterator[None]:
        """Room to take a whole archive apart: its rows are all in memory until they are stored. Raises ImportsFull."""
        if self._unpacking >= UNPACKED_AT_ONCE:
            raise ImportsFull({"retry_after": 5})
        self._unpacking += 1
        try:
            yield
        finally:
            self._unpacking -= 1

    async def keep(self, upload: Upload, member: Member, name: str, purpose: str, now: datetime) -> Photo:
        """Make and store the copies of a whole upload; the row comes after (`add`), so a crash leaves no dead row.

        Raises EmptyImage, NotAnImage, BrokenImage, TooManyPixels, PoolFull, StorageFull.
        """
        if upload.size == 0:
            raise EmptyImage
        limits = ImageLimits(max_pixels=self.limits.pixels)
        prepared = await self._pool.run(prepare, upload.path, upload.copies, limits, deadline_s=PREPARE_DEADLINE_S)
        photo = Photo(
            id=PhotoId(new_id(now)),
            household=member.household,
            account=member.account,
            name=name,
            purpose=purpose,
            content_hash=upload.digest,
            width=prepared.width,
            height=prepared.height,
            size_bytes=upload.size,
            uploaded_at=now,
        )
        await self._files.keep(photo.id, upload.copies)
        return photo

    @asynccontextmanager
    async def unless_added(self, kept: Iterable[Photo]) -> AsyncIterator[None]:
        """Inside, photos are kept and their rows written; when that fails, the copies of those in `kept` go again.

        Not when it is cancelled or the database falls silent: the rows may be committed, and an orphan, which is swept
        later, is better than a row without its file.
        """
        try:
            yield
        except DatabaseDown:
            raise
        except Exception:
            for photo in kept:
                await self._files.delete(photo.id)
            raise


async def add(tx: Write, photo: Photo) -> None:
    """Make a kept photo known to its household."""
    await photos.add(tx, photo)
