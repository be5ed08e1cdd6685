"""What to eat first."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marshmallow import fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import place_field
from handlers.schemas import RequestSchema
from handlers.stock_answers import StockBatchSchema
from zwai.kitchen import inventory
from zwai.kitchen.expiry import days_left
from zwai.kitchen.inventory import today_of
from zwai.kitchen.urgency import urgency
from zwai.records.stock import Batch, Place

MOST_DAYS = 365


@dataclass(frozen=True, slots=True)
class SoonQuery:
    days: int = 3
    place: Place | None = None


class SoonQuerySchema(RequestSchema):
    """`withinDays` and `storage` are the names of the service before."""

    record = SoonQuery
    days = fields.Integer(data_key="withinDays", validate=validate.Range(min=1, max=MOST_DAYS))
    storage = place_field(attribute="place")


class SoonSchema(StockBatchSchema):
    urgency_score = fields.Float(required=True)
    days_to_expiry = fields.Integer(required=True, strict=True)
    ingredient_uid = fields.String(required=True, allow_none=True)
    qty = fields.Float(required=True)
    unit = fields.String(required=True)
    expiry_date = fields.NaiveDateTime(required=True)
    storage_location = fields.String(required=True)
    label_type = fields.String(required=True)


async def expiring_soon(call: Call[None, SoonQuery]) -> Answer:
    """What to eat first: also what is past its day; the most urgent first."""
    today, query = today_of(call.member, call.now), call.query
    async with call.listing() as tx:
        held = await inventory.until(tx, call.member.household, today + timedelta(days=query.days))
        soon = [_soon(call, batch, today) for batch in held if query.place in (None, batch.place)]
        return call.answer(sorted(soon, key=lambda one: (-one["urgency_score"], one["days_to_expiry"])))


def _soon(call: Call[Any, Any], batch: Batch, today: date) -> dict[str, Any]:
    left = days_left(batch.expiry.day, today)
    return {
        **wire.batch(call, batch),
        "ingredient_uid": batch.food,
        "qty": batch.quantity.amount,
        "unit": wire.unit(call, batch),
        "expiry_date": wire.day(batch.expiry.day),
        "storage_location": batch.place,
        "label_type": batch.label_kind,
        "days_to_expiry": left,
        "urgency_score": urgency(batch, left),
    }
