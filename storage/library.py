"""The library of pictures that everybody shares; a row also is the claim of whoever is at making its picture."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from storage.db import Read, Write
from storage.schema import library_pictures
from zwai.records.photos import PhotoId
from zwai.records.pictures import LibraryPicture, Source

THERE = (Source.INSTALLED, Source.GENERATED)


async def made_since(tx: Read, moment: datetime, limit: int) -> list[LibraryPicture]:
    """What has been made since a moment, the newest first."""
    query = select(library_pictures).where(library_pictures.c.source.in_(THERE), library_pictures.c.made_at >= moment)
    return [_picture(row) for row in await tx.all(query.order_by(library_pictures.c.made_at.desc()).limit(limit))]


async def of_keys(tx: Read, keys: Collection[str]) -> list[LibraryPicture]:
    """What there is under these keys, claims too."""
    return [
        _picture(row) for row in await tx.all(select(library_pictures).where(library_pictures.c.name_key.in_(keys)))
    ]


async def put(tx: Write, picture: LibraryPicture, instead_of: LibraryPicture | None = None) -> bool:
    """Add a row, or change the one that was read; False when somebody else was faster with that."""
    values = {
        "name_key": picture.key,
        "photo_id": picture.photo,
        "source": picture.source,
        "model": picture.model,
        "made_at": picture.made_at,
    }
    if instead_of is None:
        await tx.execute(insert(library_pictures).values(values))
        return True
    return await tx.execute(update(library_pictures).where(*_this(instead_of)).values(values)) == 1


async def drop(tx: Write, picture: LibraryPicture) -> None:
    await tx.execute(delete(library_pictures).where(*_this(picture)))


async def without_row(tx: Read, photos: Sequence[PhotoId]) -> list[PhotoId]:
    """Those of `photos` that the library does not show."""
    rows = await tx.all(select(library_pictures.c.photo_id).where(library_pictures.c.photo_id.in_(photos)))
    return sorted(set(photos) - {PhotoId(row.photo_id) for row in rows})


def _this(picture: LibraryPicture) -> tuple[Any, ...]:
    return library_pictures.c.name_key == picture.key, library_pictures.c.photo_id == picture.photo


def _picture(row: Row[Any]) -> LibraryPicture:
    return LibraryPicture(row.name_key, PhotoId(row.photo_id), Source(row.source), row.model, row.made_at)
