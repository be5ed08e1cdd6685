"""Batches: rows in and out, always of one household."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, and_, bindparam, delete, func, or_, select, update

from storage.db import VERSION_OF_HOUSEHOLD, Lists, Read, Write
from storage.prepared import Insertion, Prepared, padded
from storage.quick import maker
from storage.schema import batches
from zwai.errors import UnknownBatch
from zwai.records.people import HouseholdId
from zwai.records.photos import PhotoId
from zwai.records.stock import (
    NO_MILESTONES,
    Batch,
    BatchId,
    BatchState,
    DishFacts,
    ExpiryDate,
    ExpiryKey,
    ExpirySource,
    FoodId,
    Kind,
    LabelKind,
    Meal,
    Milestones,
    Place,
    Quantity,
    Reservation,
    StackKey,
    StackRef,
    Unit,
)

BY_STACK = (batches.c.kind, batches.c.label_key, batches.c.added_at, batches.c.id)
BY_EXPIRY = (batches.c.expiry_day, batches.c.id)


ALL = 1_000_000  # of a household's batches


def _later(order: Sequence[Column[Any]]) -> ColumnElement[bool]:
    """What comes after a key in an order. Spelled out, since engines plan row-value comparisons differently."""
    key = [bindparam(f"after_{place}", type_=column.type) for place, column in enumerate(order)]
    equal = [column == value for column, value in zip(order, key, strict=True)]
    beyond = [column > value for column, value in zip(order, key, strict=True)]
    return or_(*(and_(*equal[:place], beyond[place]) for place in range(len(order))))


def _lists(order: Sequence[Column[Any]], *where: ColumnElement[bool]) -> tuple[Prepared, Prepared]:
    """The first page of a list, and any other one; the last column is the household's version."""
    query = select(batches, VERSION_OF_HOUSEHOLD.scalar_subquery())
    query = query.where(batches.c.household_id == bindparam("household"), *where)
    query = query.order_by(*order).limit(bindparam("limit"))
    return Prepared(query), Prepared(query.where(_later(order)))


BATCHES = Insertion(batches)
STOCK = _lists(BY_STACK)
STOCK_OF_KIND = _lists(BY_STACK, batches.c.kind == bindparam("kind"))
SOONEST = _lists(BY_EXPIRY, batches.c.kind == bindparam("kind"))
EXPIRING = _lists(BY_EXPIRY, batches.c.expiry_day.between(bindparam("since"), bindparam("until")))


MOMENTS = select(batches.c.id, batches.c.label_key, batches.c.added_at).where(
    batches.c.household_id == bindparam("household"),
    batches.c.label_key.in_(bindparam("label_keys", expanding=True)),
    batches.c.added_at >= bindparam("since"),
)


async def page(
    tx: Lists,
    household: HouseholdId,
    limit: int | None = None,
    after: StackKey | None = None,
    kind: Kind | None = None,
) -> list[Batch]:
    """Batches by kind, label key, moment of adding and id; from just after the key `after`."""
    values = {"household": household, "limit": limit or ALL}
    if kind is None:
        return await _listed(tx, STOCK, after, values)
    return await _listed(tx, STOCK_OF_KIND, after, {**values, "kind": kind.value})


async def expiring(
    tx: Lists,
    household: HouseholdId,
    since: date,
    until: date,
    limit: int | None = None,
    after: ExpiryKey | None = None,
) -> list[Batch]:
    """Batches that expire from `since` to `until`, soonest first; from just after the key `after`."""
    values = {"household": household, "since": since, "until": until, "limit": limit or ALL}
    return await _listed(tx, EXPIRING, after, values)


async def until(tx: Lists, household: HouseholdId, last: date, limit: int) -> list[Batch]:
    """Batches that expire on `last` or before, also long before, soonest first."""
    values = {"household": household, "since": date.min, "until": last, "limit": limit}
    return await _listed(tx, EXPIRING, None, values)


async def soonest(
    tx: Lists, household: HouseholdId, kind: Kind, limit: int | None = None, after: ExpiryKey | None = None
) -> list[Batch]:
    """Batches of a kind, those that expire first first; from just after the key `after`."""
    values = {"household": household, "kind": kind.value, "limit": limit or ALL}
    return await _listed(tx, SOONEST, after, values)


async def of_stack(tx: Write, household: HouseholdId, stack: StackRef) -> list[Batch]:
    """Added at that moment, under that label or as the same food; locked until the end."""
    query = select(batches).where(
        batches.c.household_id == household, batches.c.added_at == stack.added_at, _named(stack.label_key, stack.food)
    )
    return [from_row(row) for row in await tx.all(query.order_by(*BY_STACK).with_for_update())]


async def of_label(tx: Write, household: HouseholdId, label_key: str, food: FoodId | None) -> list[Batch]:
    """Every batch under a label; only when there is none, every batch of the same food. Locked until the end."""
    query = select(batches).where(batches.c.household_id == household, _named(label_key, food))
    found = [from_row(row) for row in await tx.all(query.order_by(*BY_STACK).with_for_update())]
    return [batch for batch in found if batch.label_key == label_key] or found


async def held(
    tx: Read, household: HouseholdId, label_key: str, food: FoodId | None, added_at: datetime | None = None
) -> list[Batch]:
    """Batches under a label, only when there is none, of the same food; all, or those added at one moment."""
    query = select(batches).where(batches.c.household_id == household, _named(label_key, food))
    if added_at is not None:
        query = query.where(batches.c.added_at == added_at)
    found = [from_row(row) for row in await tx.all(query.order_by(*BY_STACK))]
    return [batch for batch in found if batch.label_key == label_key] or found


async def of_client_id(tx: Write, household: HouseholdId, kind: Kind, name: str, index: int) -> Batch | None:
    """The stack at a place in its shelf's order, by a label key whose spaces became underscores. Locked."""
    spelled = func.replace(batches.c.label_key, " ", "_") == name
    query = select(batches).where(batches.c.household_id == household, batches.c.kind == kind.value, spelled)
    rows = await tx.all(query.order_by(*BY_STACK).offset(index).limit(1).with_for_update())
    return from_row(rows[0]) if rows else None


async def by_ids(tx: Read, household: HouseholdId, ids: Collection[BatchId]) -> dict[BatchId, Batch]:
    query = select(batches).where(batches.c.household_id == household, batches.c.id.in_(padded(ids)))
    return {BatchId(row.id): from_row(row) for row in await tx.all(query)}


async def locked(tx: Write, household: HouseholdId, batch_id: BatchId) -> Batch:
    """Locked until the end. Raises UnknownBatch."""
    query = select(batches).where(batches.c.household_id == household, batches.c.id == batch_id)
    row = await tx.first(query.with_for_update())
    if row is None:
        raise UnknownBatch
    return from_row(row)


async def taken_moments(
    tx: Read,
    household: HouseholdId,
    label_keys: Collection[str],
    since: datetime,
    besides: Collection[BatchId] = (),
) -> set[tuple[str, datetime]]:
    """The (label key, added at) pairs that these labels already use from `since` on, `besides` some batches."""
    values = {"household": household, "label_keys": padded(label_keys), "since": since}
    return {(row.label_key, row.added_at) for row in await tx.all(MOMENTS, values) if row.id not in besides}


async def add(tx: Write, new: Sequence[Batch]) -> None:
    if new:
        await tx.insert(BATCHES, [to_row(batch) for batch in new])


async def change(tx: Write, changed: Sequence[Batch]) -> None:
    """Write whole rows back under their ids."""
    if not changed:
        return
    rows = [{**to_row(batch), "this_id": batch.id, "of_household": batch.household} for batch in changed]
    this = (batches.c.id == bindparam("this_id"), batches.c.household_id == bindparam("of_household"))
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name not in ("this_id", "of_household")}
    await tx.execute(update(batches).where(*this).values(columns), rows)


async def remove(tx: Write, household: HouseholdId, ids: Collection[BatchId]) -> None:
    if ids:
        await tx.execute(delete(batches).where(batches.c.household_id == household, batches.c.id.in_(ids)))


def _named(label_key: str, food: FoodId | None) -> ColumnElement[bool]:
    by_label = batches.c.label_key == label_key
    return by_label if food is None else or_(by_label, batches.c.food_id == food)


async def _listed(
    tx: Lists, pages: tuple[Prepared, Prepared], after: Sequence[Any] | None, values: dict[str, Any]
) -> list[Batch]:
    first, later = pages
    if after is None:
        return [from_row(row) for row in await tx.rows(first, values)]
    key = {f"after_{place}": value for place, value in enumerate(after)}
    return [from_row(row) for row in await tx.rows(later, {**values, **key})]


def to_row(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "household_id": batch.household,
        "state": batch.state.value,
        "kind": batch.kind.value,
        "label": batch.label,
        "label_key": batch.label_key,
        "food_id": batch.food,
        "amount": batch.quantity.amount,
        "unit": batch.quantity.unit.value,
        "place": batch.place.value,
        "label_kind": batch.label_kind.value,
        "expiry_day": batch.expiry.day,
        "expiry_source": batch.expiry.source.value,
        "expiry_reference": batch.expiry.reference,
        "expiry_low": batch.expiry.low,
        "expiry_high": batch.expiry.high,
        "added_at": batch.added_at,
        "tips": batch.tips,
        "photo_id": batch.photo,
        "dish": batch.dish and dish_to_document(batch.dish),
        "printed_on": batch.milestones.printed_on,
        "opened_on": batch.milestones.opened_on,
        "frozen_on": batch.milestones.frozen_on,
        "thawed_on": batch.milestones.thawed_on,
        "warmed_on": batch.milestones.warmed_on,
        "made_of": batch.made_of,
        "reserved": batch.reserved and {"day": batch.reserved.day.isoformat(), "meal": batch.reserved.meal},
    }


# Looked up in a list's every row, where calling the enum would cost more than all the rest.
_KINDS = {kind.value: kind for kind in Kind}
_UNITS = {unit.value: unit for unit in Unit}
_PLACES = {place.value: place for place in Place}
_STATES = {state.value: state for state in BatchState}
_LABEL_KINDS = {kind.value: kind for kind in LabelKind}
_SOURCES = {source.value: source for source in ExpirySource}
_batch, _quantity, _expiry = maker(Batch), maker(Quantity), maker(ExpiryDate)


def from_row(row: Sequence[Any]) -> Batch:
    """A batch from a whole row, taken apart by position, which is three times as fast as by name."""
    (
        batch_id, household, state, kind, label, label_key, food, amount, unit, place, label_kind, expiry_day,
        expiry_source, expiry_reference, expiry_low, expiry_high, added_at, tips, photo, dish,
        printed, opened, frozen, thawed, warmed, made_of, reserved, *_,
    ) = row  # fmt: skip
    marked = printed or opened or frozen or thawed or warmed
    return _batch(
        batch_id,
        household,
        _KINDS[kind],
        label,
        label_key,
        food,
        _quantity(amount, _UNITS[unit]),
        _PLACES[place],
        _STATES[state],
        _LABEL_KINDS[label_kind],
        _expiry(expiry_day, _SOURCES[expiry_source], expiry_reference, expiry_low, expiry_high),
        added_at,
        tips,
        photo,
        dish and dish_from_document(dish),
        Milestones(printed, opened, frozen, thawed, warmed) if marked else NO_MILESTONES,
        made_of,
        reserved and _reservation(reserved),
    )


def expiry_from_row(row: Row[Any]) -> ExpiryDate:
    return ExpiryDate(
        row.expiry_day, ExpirySource(row.expiry_source), row.expiry_reference, row.expiry_low, row.expiry_high
    )


def dish_to_document(dish: DishFacts) -> dict[str, Any]:
    return {
        "main_ingredients": list(dish.main_ingredients),
        "category": dish.category,
        "calories": None if dish.calories is None else str(dish.calories),
        "description": dish.description,
    }


def dish_from_document(document: dict[str, Any]) -> DishFacts:
    calories = document["calories"]
    return DishFacts(
        main_ingredients=tuple(document["main_ingredients"]),
        category=document["category"],
        calories=None if calories is None else Decimal(calories),
        description=document["description"],
    )


MILESTONES = tuple(Milestones.__slots__)


def to_document(batch: Batch) -> dict[str, Any]:
    """A batch as the journal keeps it: every column, for JSON, whose days and moments are those of ISO 8601."""
    document = to_row(batch)
    document["amount"] = str(batch.quantity.amount)
    return document


def from_document(document: dict[str, Any]) -> Batch:
    def day(name: str) -> date | None:  # entries from before a column had a value for it lack its key
        return date.fromisoformat(document[name]) if document.get(name) else None

    expiry_day = date.fromisoformat(document["expiry_day"])
    source = ExpirySource(document["expiry_source"])
    return Batch(
        id=BatchId(document["id"]),
        household=HouseholdId(document["household_id"]),
        kind=Kind(document["kind"]),
        label=document["label"],
        label_key=document["label_key"],
        food=document["food_id"] and FoodId(document["food_id"]),
        quantity=Quantity(Decimal(document["amount"]), Unit(document["unit"])),
        place=Place(document["place"]),
        state=BatchState(document["state"]),
        label_kind=LabelKind(document["label_kind"]),
        expiry=ExpiryDate(expiry_day, source, document["expiry_reference"], day("expiry_low"), day("expiry_high")),
        added_at=datetime.fromisoformat(document["added_at"]),
        tips=document["tips"],
        photo=document["photo_id"] and PhotoId(document["photo_id"]),
        dish=document["dish"] and dish_from_document(document["dish"]),
        milestones=Milestones(*map(day, MILESTONES)),
        made_of=document.get("made_of"),
        reserved=_reservation(document["reserved"]) if document.get("reserved") else None,
    )


def _reservation(document: dict[str, Any]) -> Reservation:
    return Reservation(date.fromisoformat(document["day"]), Meal(document["meal"]))
