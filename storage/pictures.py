"""Which photo a household shows for a name, and its reference images."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, func, insert, null, select, union_all, update

from storage.db import Read, Write
from storage.prepared import padded
from storage.schema import batches, photos, pictures, reference_images
from zwai.errors import UnknownReference
from zwai.records.people import HouseholdId
from zwai.records.photos import PhotoId
from zwai.records.pictures import Picture, Reference, ReferenceId

MOST_COMPARED = 200  # of each kind: a search looks at all of them, at 75 µs a name that is new to it
# What the mobile client calls photos that nobody has named; `_` stands for any character.
MADE_UP = ("scan_%", "food_scan_%", "item_%", "uploaded_food")


async def put(tx: Write, household: HouseholdId, label_key: str, picture: Picture, now: datetime) -> None:
    """From now on the name shows this photo."""
    this = (pictures.c.household_id == household, pictures.c.label_key == label_key)
    values = {"label": picture.label, "photo_id": picture.photo, "assigned_at": now}
    if await tx.execute(update(pictures).where(*this).values(values)) == 0:
        await tx.execute(insert(pictures).values(household_id=household, label_key=label_key, **values))


async def assigned(tx: Read, household: HouseholdId) -> list[Picture]:
    """The newest first."""
    query = _with_purpose(household, pictures.c.label, pictures.c.photo_id).join(
        pictures, and_(pictures.c.photo_id == photos.c.id, pictures.c.household_id == household)
    )
    return await _pictures(tx, query.order_by(pictures.c.assigned_at.desc()))


async def of_stock(tx: Read, household: HouseholdId) -> list[Picture]:
    """What batches show, the newest first."""
    query = _with_purpose(household, batches.c.label, batches.c.photo_id).join(
        batches, and_(batches.c.photo_id == photos.c.id, batches.c.household_id == household)
    )
    return await _pictures(tx, query.order_by(batches.c.added_at.desc(), batches.c.id))


async def named(tx: Read, household: HouseholdId) -> list[Picture]:
    """Photos under the names that they were uploaded with, the newest first."""
    query = _with_purpose(household, photos.c.name.label("label"), photos.c.id.label("photo_id"))
    given = (photos.c.name.not_like(made_up) for made_up in MADE_UP)
    return await _pictures(
        tx, query.where(photos.c.name != "", *given).order_by(photos.c.uploaded_at.desc(), photos.c.id)
    )


ROOM = union_all(
    select(
        func.count().label("held"),
        func.max(batches.c.added_at).label("newest"),
        null().label("label_key"),
        null().label("photo_id"),
    ).where(batches.c.household_id == bindparam("household")),
    select(null(), null(), pictures.c.label_key, pictures.c.photo_id).where(
        pictures.c.household_id == bindparam("household"),
        pictures.c.label_key.in_(bindparam("label_keys", expanding=True)),
    ),
)


@dataclass(frozen=True, slots=True)
class Room:
    """How many batches a household holds, when the newest was added, and which pictures names have, by label key."""

    held: int
    newest: datetime | None
    pictures: Mapping[str, PhotoId]


async def room(tx: Read, household: HouseholdId, label_keys: Collection[str]) -> Room:
    """What adding to stock asks beforehand, in one statement."""
    rows = await tx.all(ROOM, {"household": household, "label_keys": padded(label_keys)})
    (stock,) = (row for row in rows if row.held is not None)
    return Room(stock.held, stock.newest, {row.label_key: PhotoId(row.photo_id) for row in rows if row.held is None})


async def of_keys(tx: Read, household: HouseholdId, label_keys: Collection[str]) -> dict[str, PhotoId]:
    """The assigned ones of these names, by label key."""
    this = (pictures.c.household_id == household, pictures.c.label_key.in_(label_keys))
    query = select(pictures.c.label_key, pictures.c.photo_id).where(*this)
    return {row.label_key: PhotoId(row.photo_id) for row in await tx.all(query)}


async def add_reference(tx: Write, household: HouseholdId, reference: Reference) -> None:
    await tx.execute(
        insert(reference_images).values(
            id=reference.id,
            household_id=household,
            photo_id=reference.photo,
            label=reference.label,
            category=reference.category,
            created_at=reference.created_at,
        )
    )


async def get_reference(tx: Read, household: HouseholdId, reference: ReferenceId) -> Reference:
    """Raises UnknownReference."""
    row = await tx.first(select(reference_images).where(*_this(household, reference)))
    if row is None:
        raise UnknownReference
    return _reference(row)


async def update_reference(tx: Write, household: HouseholdId, reference: Reference) -> None:
    changed = update(reference_images).where(*_this(household, reference.id))
    await tx.execute(changed.values(label=reference.label, category=reference.category))


async def delete_reference(tx: Write, household: HouseholdId, reference: ReferenceId) -> None:
    """Raises UnknownReference."""
    if await tx.execute(delete(reference_images).where(*_this(household, reference))) == 0:
        raise UnknownReference


async def page_references(
    tx: Read, household: HouseholdId, limit: int, offset: int, label: str | None, category: str | None
) -> tuple[list[Reference], int]:
    """The newest first, and how many there are in all."""
    where = [reference_images.c.household_id == household]
    if label is not None:
        where.append(reference_images.c.label == label)
    if category is not None:
        where.append(reference_images.c.category == category)
    total: int = await tx.scalar(select(func.count()).select_from(reference_images).where(*where))
    query = select(reference_images).where(*where)
    newest = query.order_by(reference_images.c.created_at.desc(), reference_images.c.id.desc())
    return [_reference(row) for row in await tx.all(newest.limit(limit).offset(offset))], total


def _with_purpose(household: HouseholdId, *columns: Any) -> Select[Any]:
    query = select(*columns, photos.c.purpose).select_from(photos)
    return query.where(photos.c.household_id == household).limit(MOST_COMPARED)


async def _pictures(tx: Read, query: Select[Any]) -> list[Picture]:
    return [Picture(row.label, PhotoId(row.photo_id), row.purpose) for row in await tx.all(query)]


def _this(household: HouseholdId, reference: ReferenceId) -> tuple[Any, ...]:
    return reference_images.c.household_id == household, reference_images.c.id == reference


def _reference(row: Row[Any]) -> Reference:
    return Reference(ReferenceId(row.id), PhotoId(row.photo_id), row.label, row.category, row.created_at)
