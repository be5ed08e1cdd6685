"""The ledger of what was paid: a row for each line of a receipt that was put into stock."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from storage import prices
from storage.db import Write
from zwai.kitchen.inventory import today_of
from zwai.records.ids import new_id
from zwai.records.people import Member
from zwai.records.prices import Price
from zwai.records.stock import Batch


async def record(tx: Write, member: Member, accepted: Iterable[tuple[Mapping[str, str], Batch]], now: datetime) -> None:
    """Keep what was paid for batches, each with the evidence of the line that it was; undoing their adding forgets it.

    A receipt that tells no day was of today.
    """
    today = today_of(member, now)
    paid = [_price(told, batch, today, now) for told, batch in accepted if told.get("price")]
    await prices.add(tx, member.household, paid)


def _price(told: Mapping[str, str], batch: Batch, today: date, now: datetime) -> Price:
    bought_on = told.get("bought_on")
    return Price(
        id=new_id(now),
        batch=batch.id,
        label_key=batch.label_key,
        food=batch.food,
        shop=told.get("shop", ""),
        bought_on=date.fromisoformat(bought_on) if bought_on else today,
        quantity=batch.quantity,
        paid=Decimal(told["price"]),
        currency=told.get("currency", ""),
    )
