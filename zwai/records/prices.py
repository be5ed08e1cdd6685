"""Prices: what was paid for a batch, as the receipt that it came from says."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from zwai.records.stock import BatchId, FoodId, Quantity


@dataclass(frozen=True, slots=True)
class Price:
    """`paid` is for all of `quantity`."""

    id: str
    batch: BatchId
    label_key: str
    food: FoodId | None
    shop: str
    bought_on: date
    quantity: Quantity
    paid: Decimal
    currency: str
