"""Eating by the name of a food: first expired, first out."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Amount, Label, readable, unit_field
from handlers.schemas import RequestSchema
from handlers.stacks import LONGEST_REASON
from zwai.kitchen import first_out
from zwai.kitchen.consumption import Draw
from zwai.kitchen.first_out import EatenAcross
from zwai.knowledge import references
from zwai.knowledge.quantities import said
from zwai.knowledge.words import render_unit
from zwai.records.stock import Quantity, Unit


@dataclass(frozen=True, slots=True)
class EatBody:
    name: str
    amount: Decimal | None = None
    unit: Unit | None = None
    reason: str | None = None


class EatSchema(RequestSchema):
    """How much of a food was eaten; left out, all of it. Without a unit, the unit of the stack that is eaten first."""

    record = EatBody
    name = Label(required=True)
    quantity = Amount(attribute="amount", allow_none=True)
    unit = unit_field(allow_none=True)
    consumption_reason = fields.String(
        attribute="reason", allow_none=True, validate=[validate.Length(max=LONGEST_REASON), readable]
    )


class DrawSchema(Schema):
    """What was taken of one batch, in the unit in which it is counted now; how that was converted, if it was."""

    batch_id = fields.String(required=True)
    name = fields.String(required=True)
    added_at = fields.AwareDateTime(required=True)
    expiration_date = fields.NaiveDateTime(required=True)
    consumed_quantity = fields.Float(required=True)
    remaining_quantity = fields.Float(required=True)
    unit = fields.String(required=True)
    stack_removed = fields.Boolean(required=True)
    conversion_assumed = fields.Boolean(required=True, allow_none=True)
    conversion_source = fields.String(required=True, allow_none=True)


class EatenAcrossSchema(Schema):
    """`remaining_quantity` is what is left to eat of the food, in the unit of the answer."""

    message = fields.String(required=True)
    name = fields.String(required=True)
    consumed_quantity = fields.Float(required=True)
    remaining_quantity = fields.Float(required=True)
    unit = fields.String(required=True)
    draws = fields.List(fields.Nested(DrawSchema), required=True)
    consumed_at = fields.AwareDateTime(required=True)
    entry_id = fields.String(required=True)


async def eat(call: Call[EatBody]) -> Answer:
    body = call.body
    async with call.write() as tx:
        eaten = await first_out.eat(
            tx, call.member, body.name, body.amount, body.unit, call.now, reason=body.reason or ""
        )
        return call.answer(_eaten(call, eaten))


def _eaten(call: Call[Any], across: EatenAcross) -> dict[str, Any]:
    name, much = call.body.name, said(Quantity(across.amount, across.unit), call.language)
    es = f"Anotamos que comieron {much} de «{name}»."
    return {
        "message": wire.sentence(call, es, f'Noted: {much} of "{name}" eaten.'),
        "name": name,
        "consumed_quantity": across.amount,
        "remaining_quantity": across.left,
        "unit": render_unit(across.unit, call.language),
        "draws": [_draw(call, draw) for draw in across.eaten.draws],
        "consumed_at": call.now,
        "entry_id": across.eaten.entry.id,
    }


def _draw(call: Call[Any], draw: Draw) -> dict[str, Any]:
    batch = draw.batch
    return {
        "batch_id": batch.id,
        "name": batch.label,
        "added_at": batch.added_at,
        "expiration_date": wire.day(batch.expiry.day),
        "consumed_quantity": draw.amount,
        "remaining_quantity": draw.left,
        "unit": render_unit(draw.unit, call.language),
        "stack_removed": draw.left == 0,
        "conversion_assumed": draw.conversion and draw.conversion.assumed,
        "conversion_source": draw.conversion and references.said(draw.conversion.source, call.language),
    }
