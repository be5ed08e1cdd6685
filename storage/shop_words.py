"""What the words of a shop's receipts mean to a household."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from storage.db import Read, Write
from storage.schema import shop_words
from zwai.records.people import HouseholdId
from zwai.records.stock import FoodId

MOST = 500  # of one shop, the newest: those that near ones are looked for among


@dataclass(frozen=True, slots=True)
class Learned:
    """What a household calls a shop's words."""

    shop_key: str
    words_key: str
    label: str
    food: FoodId | None


async def of_words(tx: Read, household: HouseholdId, words_keys: Collection[str]) -> list[Learned]:
    """What these words mean, at whatever shop, the newest first."""
    words = shop_words.c
    query = select(shop_words).where(words.household_id == household, words.words_key.in_(words_keys))
    rows = await tx.all(query.order_by(words.learned_at.desc(), words.shop_key).limit(MOST)) if words_keys else []
    return [_learned(row) for row in rows]


async def of_shop(tx: Read, household: HouseholdId, shop_key: str) -> list[Learned]:
    """What a shop's words mean, the newest first."""
    words = shop_words.c
    query = select(shop_words).where(words.household_id == household, words.shop_key == shop_key)
    rows = await tx.all(query.order_by(words.learned_at.desc(), words.words_key).limit(MOST))
    return [_learned(row) for row in rows]


async def put(tx: Write, household: HouseholdId, learned: Learned, now: datetime) -> None:
    """From now on the words mean this, at this shop."""
    words = shop_words.c
    this = (
        words.household_id == household,
        words.shop_key == learned.shop_key,
        words.words_key == learned.words_key,
    )
    values = {"label": learned.label, "food_id": learned.food, "learned_at": now}
    if await tx.execute(update(shop_words).where(*this).values(values)) == 0:
        keys = {"shop_key": learned.shop_key, "words_key": learned.words_key}
        await tx.execute(insert(shop_words).values(household_id=household, **keys, **values))


def _learned(row: Row[Any]) -> Learned:
    return Learned(row.shop_key, row.words_key, row.label, row.food_id and FoodId(row.food_id))
