"""Products: what a barcode stands for, and teaching it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Amount, Label, unit_field
from handlers.schemas import RequestSchema
from zwai.errors import NotAProductCode
from zwai.kitchen import products
from zwai.kitchen.gs1 import is_a_shops_own, normalised, printed
from zwai.knowledge.words import render_unit
from zwai.records.products import Product
from zwai.records.reading import Gtin
from zwai.records.stock import Quantity, Unit


@dataclass(frozen=True, slots=True)
class TaughtBody:
    name: str
    quantity: Decimal = Decimal(1)
    unit: Unit = Unit.PIECE


class TaughtSchema(RequestSchema):
    """What one pack holds is its quantity."""

    record = TaughtBody
    name = Label(required=True)
    quantity = Amount()
    type_unit = unit_field(attribute="unit")


class ProductSchema(Schema):
    """`source`: "own" (the household's word) or "installed" (the operator's file). `allergens`: what its label says."""

    gtin = fields.String(required=True)
    name = fields.String(required=True)
    food_id = fields.String(required=True, allow_none=True)
    quantity = fields.Float(required=True, allow_none=True)
    type_unit = fields.String(required=True, allow_none=True)
    brand = fields.String(required=True)
    allergens = fields.List(fields.String(), required=True)
    source = fields.String(required=True)


class ForgottenSchema(Schema):
    message = fields.String(required=True)
    gtin = fields.String(required=True)


async def show(call: Call[None]) -> Answer:
    gtin = _gtin(call)
    async with call.read() as tx:
        return call.answer(_told(call, await products.product(tx, call.member.household, gtin)))


async def teach(call: Call[TaughtBody]) -> Answer:
    gtin, body = _gtin(call), call.body
    async with call.write() as tx:
        quantity = Quantity(body.quantity, body.unit)
        return call.answer(_told(call, await products.teach(tx, call.member, gtin, body.name, quantity, call.now)))


async def forget(call: Call[None]) -> Answer:
    gtin = _gtin(call)
    async with call.write() as tx:
        await products.forget(tx, call.member.household, gtin)
        message = wire.sentence(call, "Olvidamos ese código.", "We forgot that code.")
        return call.answer({"message": message, "gtin": printed(gtin)})


def _gtin(call: Call[Any]) -> Gtin:
    gtin = normalised(call.path["gtin"])
    if gtin is None or is_a_shops_own(gtin):
        raise NotAProductCode({"code": call.path["gtin"]})
    return gtin


def _told(call: Call[Any], product: Product) -> dict[str, Any]:
    quantity = product.quantity
    return {
        "gtin": printed(product.gtin),
        "name": product.label,
        "food_id": product.food,
        "quantity": quantity and quantity.amount,
        "type_unit": quantity and render_unit(quantity.unit, call.language),
        "brand": product.brand,
        "allergens": product.allergens,
        "source": product.source,
    }
