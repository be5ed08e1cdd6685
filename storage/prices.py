"""What was paid for what, as receipts tell it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select

from storage.db import Read, Write
from storage.schema import prices
from zwai.records.people import HouseholdId
from zwai.records.prices import Price
from zwai.records.stock import BatchId, FoodId, Quantity, Unit


async def add(tx: Write, household: HouseholdId, paid: Sequence[Price]) -> None:
    if paid:
        await tx.execute(insert(prices), [_to_row(household, one) for one in paid])


async def of_label(tx: Read, household: HouseholdId, label_key: str, limit: int) -> list[Price]:
    """What was paid for what goes by a label, the newest first."""
    query = select(prices).where(prices.c.household_id == household, prices.c.label_key == label_key)
    rows = await tx.all(query.order_by(prices.c.bought_on.desc(), prices.c.id.desc()).limit(limit))
    return [_price(row) for row in rows]


async def remove(tx: Write, household: HouseholdId, ids: Collection[BatchId]) -> None:
    """Forget what was paid for batches that were never added."""
    if ids:
        await tx.execute(delete(prices).where(prices.c.household_id == household, prices.c.batch_id.in_(ids)))


def _to_row(household: HouseholdId, price: Price) -> dict[str, Any]:
    return {
        "id": price.id,
        "household_id": household,
        "batch_id": price.batch,
        "label_key": price.label_key,
        "food_id": price.food,
        "shop": price.shop,
        "bought_on": price.bought_on,
        "amount": price.quantity.amount,
        "unit": price.quantity.unit.value,
        "price": price.paid,
        "currency": price.currency,
    }


def _price(row: Row[Any]) -> Price:
    return Price(
        id=row.id,
        batch=BatchId(row.batch_id),
        label_key=row.label_key,
        food=row.food_id and FoodId(row.food_id),
        shop=row.shop,
        bought_on=row.bought_on,
        quantity=Quantity(row.amount, Unit(row.unit)),
        paid=row.price,
        currency=row.currency,
    )
