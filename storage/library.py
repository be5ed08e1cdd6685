"""The library of pictures that everybody shares; a row also is the claim of whoever is at making its picture."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from storage.db import Read, Write
from storage.schema import accounts, batches, library_pictures
from zwai.records.people import AccountId, HouseholdId
from zwai.records.photos import PhotoId
from zwai.records.pictures import LibraryPicture, Source
from zwai.records.stock import FoodId

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


async def foods_without_photo(tx: Read, limit: int) -> list[tuple[HouseholdId, AccountId, FoodId]]:
    """Foods of which some stock shows no photo, each with one household that holds it and one of its members."""
    held = select(batches.c.food_id, func.min(batches.c.household_id).label("household_id"))
    held = held.where(batches.c.photo_id.is_(None), batches.c.food_id.is_not(None)).group_by(batches.c.food_id)
    foods = held.limit(limit).subquery()
    who = select(foods.c.household_id, func.min(accounts.c.id).label("account_id"), foods.c.food_id)
    query = who.join(accounts, accounts.c.household_id == foods.c.household_id)
    rows = await tx.all(query.group_by(foods.c.household_id, foods.c.food_id))
    return [(HouseholdId(row.household_id), AccountId(row.account_id), FoodId(row.food_id)) for row in rows]


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
