"""Rows of uploaded photos; their files are in `storage.files`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, insert, select

from storage.db import Lists, Read, Write
from storage.prepared import Prepared, padded
from storage.schema import households, photos
from zwai.errors import UnknownPhoto
from zwai.records.people import AccountId, HouseholdId
from zwai.records.photos import Photo, PhotoId


async def add(tx: Write, photo: Photo) -> None:
    await tx.execute(
        insert(photos).values(
            id=photo.id,
            household_id=photo.household,
            account_id=photo.account,
            name=photo.name,
            purpose=photo.purpose,
            content_hash=photo.content_hash,
            width=photo.width,
            height=photo.height,
            size_bytes=photo.size_bytes,
            uploaded_at=photo.uploaded_at,
        )
    )


async def of_household(tx: Read, household: HouseholdId, ids: Sequence[PhotoId]) -> list[Photo]:
    """The photos in the order of `ids`. Raises UnknownPhoto when one is not this household's."""
    rows = await tx.all(select(photos).where(photos.c.household_id == household, photos.c.id.in_(ids)))
    found = {row.id: _photo(row) for row in rows}
    if any(photo_id not in found for photo_id in ids):
        raise UnknownPhoto
    return [found[photo_id] for photo_id in ids]


@lru_cache
def _owned(number: int) -> Prepared:
    """Which of so many ids are a household's."""
    given: list[BindParameter[str]] = [bindparam(f"id{place}") for place in range(number)]
    query = select(photos.c.id, households.c.version).join(households, households.c.id == photos.c.household_id)
    return Prepared(query.where(photos.c.household_id == bindparam("household"), photos.c.id.in_(given)))


async def check_owned(tx: Lists, household: HouseholdId, ids: Sequence[PhotoId]) -> None:
    """Raises UnknownPhoto when one is not this household's."""
    given = {f"id{place}": photo for place, photo in enumerate(padded(ids))}
    found = {row[0] for row in await tx.rows(_owned(len(given)), {"household": household, **given})}
    if not found.issuperset(ids):
        raise UnknownPhoto


async def without_row(tx: Read, ids: Sequence[PhotoId]) -> list[PhotoId]:
    """Those of `ids`, of any household, that no row knows: what a crash between file and row leaves."""
    rows = await tx.all(select(photos.c.id).where(photos.c.id.in_(ids)))
    return sorted(set(ids) - {PhotoId(row.id) for row in rows})


def _photo(row: Row[Any]) -> Photo:
    return Photo(
        id=PhotoId(row.id),
        household=HouseholdId(row.household_id),
        account=AccountId(row.account_id),
        name=row.name,
        purpose=row.purpose,
        content_hash=row.content_hash,
        width=row.width,
        height=row.height,
        size_bytes=row.size_bytes,
        uploaded_at=row.uploaded_at,
    )
