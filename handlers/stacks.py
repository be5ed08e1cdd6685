"""One stack of the inventory, addressed by its name and the moment it was added: correct, eat, remove."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Amount, ExpiryDay, parse_moment, readable, unit_field
from handlers.schemas import RequestSchema
from handlers.stock_bodies import ItemBody, expiry_given
from zwai.errors import UnknownStack
from zwai.kitchen import consumption, details, inventory
from zwai.kitchen.consumption import Eaten
from zwai.kitchen.details import Spared
from zwai.kitchen.inventory import Correction, Done, stack_ref, typed_expiry
from zwai.knowledge import references
from zwai.knowledge.quantities import said
from zwai.knowledge.words import render_unit
from zwai.records.stock import Act, Kind, Quantity, StackRef, Unit

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class QuantityBody:
    quantity: Decimal


class QuantitySchema(RequestSchema):
    record = QuantityBody
    quantity = Amount(required=True, zero=True)


@dataclass(frozen=True, slots=True)
class AmountBody:
    quantity: Decimal
    unit: Unit | None = None


class AmountSchema(RequestSchema):
    """A quantity that may bring its own unit."""

    record = AmountBody
    quantity = Amount(required=True, zero=True)
    unit = unit_field(allow_none=True)


@dataclass(frozen=True, slots=True)
class ExpirationBody:
    day: date


class ExpirationSchema(RequestSchema):
    record = ExpirationBody
    expiration_date = ExpiryDay(required=True, attribute="day")

    def _record(self, values: dict[str, Any]) -> ExpirationBody:
        if values["day"] is None:
            raise ValidationError({"expiration_date": ["Missing data for required field."]})
        return ExpirationBody(values["day"])


class ServingsSchema(RequestSchema):
    """Portions, under the name of either contract."""

    record = QuantityBody
    serving_quantity = Amount(zero=True)
    quantity = Amount(zero=True)

    def _record(self, values: dict[str, Any]) -> QuantityBody:
        given = [values[name] for name in ("serving_quantity", "quantity") if name in values]
        if not given:
            raise ValidationError({"serving_quantity": ["Missing data for required field."]})
        return QuantityBody(given[0])


@dataclass(frozen=True, slots=True)
class ConsumeBody:
    amount: Decimal | None = None
    unit: Unit | None = None
    reason: str | None = None


class ConsumeSchema(RequestSchema):
    """How much was eaten, under the name of any contract; left out, all of the stack."""

    record = ConsumeBody
    consumed_quantity = Amount(allow_none=True)
    portions = Amount(allow_none=True)
    consumed_portions = Amount(allow_none=True)
    unit = unit_field(allow_none=True)
    consumption_reason = fields.String(allow_none=True, validate=[validate.Length(max=LONGEST_REASON), readable])

    def _record(self, values: dict[str, Any]) -> ConsumeBody:
        names = ("consumed_quantity", "portions", "consumed_portions")
        amount = next((values[name] for name in names if values.get(name) is not None), None)
        return ConsumeBody(amount, values.get("unit"), values.get("consumption_reason"))


async def update(call: Call[ItemBody]) -> Answer:
    """Replace what a stack says; a date or place that is not sent stays."""
    return await _correct(call, _replacement(call), None)


async def update_by_id(call: Call[ItemBody]) -> Answer:
    """The same, of a stack that is named by an id: a batch's, or one that the client made up."""
    async with call.write() as tx:
        before = await inventory.named_by_client(tx, call.member.household, _id(call))
        done = await inventory.change(tx, call.member, before, _replacement(call), call.now)
        return call.answer(_updated(call, before.label, done))


async def remove_by_id(call: Call[None]) -> Answer:
    async with call.write() as tx:
        batch = await inventory.named_by_client(tx, call.member.household, _id(call))
        done = await inventory.take_out(tx, call.member, [batch], Act.DELETE, call.now)
        body = {"message": _removed(call, batch.label), "ingredient": batch.label, "food": batch.label}
        return call.answer({**body, "deleted_stack_added_at": batch.added_at, **wire.done(call, done)})


async def set_expiration(call: Call[ExpirationBody]) -> Answer:
    return await _correct(call, Correction(expiry=typed_expiry(call.body.day)), None)


async def set_dish_expiration(call: Call[ExpirationBody]) -> Answer:
    return await _correct(call, Correction(expiry=typed_expiry(call.body.day)), Kind.DISH)


async def set_nearest_expiration(call: Call[ExpirationBody]) -> Answer:
    """Of the stack under a name that expires first, whose date is the one that is shown of the name."""
    label = name_of(call)
    async with call.write() as tx:
        before = await inventory.first_to_expire(tx, call.member, label)
        correction = Correction(expiry=typed_expiry(call.body.day))
        done = await inventory.change(tx, call.member, before, correction, call.now)
        return call.answer(_updated(call, label, done))


async def set_amount(call: Call[AmountBody]) -> Answer:
    return await _correct(call, _amount(call.body), None)


async def set_dish_amount(call: Call[AmountBody]) -> Answer:
    return await _correct(call, _amount(call.body), Kind.DISH)


async def set_quantity(call: Call[QuantityBody]) -> Answer:
    return await _set_quantity(call, None)


async def set_servings(call: Call[QuantityBody]) -> Answer:
    return await _set_quantity(call, Kind.DISH)


async def consume(call: Call[ConsumeBody]) -> Answer:
    return await _eat(call, None)


async def consume_dish(call: Call[ConsumeBody]) -> Answer:
    return await _eat(call, Kind.DISH)


async def remove(call: Call[None]) -> Answer:
    """Remove one stack; ingredients and dishes alike, since the client uses one path for both."""
    return await _remove(call, None)


async def remove_dish(call: Call[None]) -> Answer:
    return await _remove(call, Kind.DISH)


async def remove_all(call: Call[None]) -> Answer:
    label = name_of(call)
    async with call.write() as tx:
        done = await inventory.remove_all(tx, call.member, label, call.now)
        body = {"message": _removed(call, label), "ingredient": label, "deleted": "all_stacks"}
        return call.answer({**body, **wire.done(call, done)})


async def _remove(call: Call[None], kind: Kind | None) -> Answer:
    ref, label = _stack(call)
    async with call.write() as tx:
        done = await inventory.remove_stack(tx, call.member, ref, label, call.now, kind=kind)
        body = {"message": _removed(call, label), "ingredient": label, "food": label}
        return call.answer({**body, "deleted_stack_added_at": ref.added_at, **wire.done(call, done)})


async def _set_quantity(call: Call[QuantityBody], kind: Kind | None) -> Answer:
    return await _correct(call, Correction(amount=call.body.quantity), kind)


async def _correct(call: Call[Any], correction: Correction, kind: Kind | None) -> Answer:
    ref, label = _stack(call)
    async with call.write() as tx:
        done = await inventory.correct(tx, call.member, ref, label, correction, call.now, kind=kind)
        return call.answer(_updated(call, label, done, correction.amount))


def _updated(call: Call[Any], label: str, done: Done, left: Decimal | None = None) -> dict[str, Any]:
    message = wire.sentence(call, f"Actualizamos «{label}».", f'Updated "{label}".')
    amount = done.batches[0].quantity.amount if left is None else left
    told = {"message": message, "ingredient": label, "food": label, "new_quantity": amount}
    return {**told, "new_serving_quantity": amount, **wire.done(call, done)}


def _replacement(call: Call[ItemBody]) -> Correction:
    body = call.body
    return Correction(
        label=body.name,
        quantity=Quantity(body.quantity, body.unit),
        place=body.place,
        expiry=expiry_given(body, call.member, call.now),
        tips=body.tips or None,
        photo=body.photo,
    )


def _amount(body: AmountBody) -> Correction:
    """Zero removes a stack, whatever its unit."""
    if body.unit is None or body.quantity == 0:
        return Correction(amount=body.quantity)
    return Correction(quantity=Quantity(body.quantity, body.unit))


async def _eat(call: Call[ConsumeBody], kind: Kind | None) -> Answer:
    ref, label = _stack(call)
    async with call.write() as tx:
        body = call.body
        eaten = await consumption.eat(
            tx, call.member, ref, label, body.amount, call.now, unit=body.unit, kind=kind, reason=body.reason or ""
        )
        shown = _eaten_dish(call, eaten) if eaten.batch.kind is Kind.DISH else {}
        return call.answer({**_eaten(call, eaten), **shown, "conversion": _conversion(call, eaten)})


def _eaten(call: Call[Any], eaten: Eaten) -> dict[str, Any]:
    batch = eaten.batch
    unit = render_unit(eaten.unit, call.language)
    gone = eaten.left == 0
    much = said(Quantity(eaten.amount, eaten.unit), call.language)
    es = f"Anotamos que comieron {much} de «{batch.label}»."
    return {
        "message": wire.sentence(call, es, f'Noted: {much} of "{batch.label}" eaten.'),
        "action": "full_consumption" if gone else "partial_consumption",
        "ingredient": batch.label,
        "consumed_quantity": eaten.amount,
        "remaining_quantity": eaten.left,
        "unit": unit,
        "stack_removed": gone,
        "consumed_at": call.now,
        "original_added_at": batch.added_at,
        "consumption_data": {"consumed_quantity": eaten.amount, "remaining_quantity": eaten.left, "unit": unit},
        "entry_id": eaten.entry.id,
    }


def _conversion(call: Call[ConsumeBody], eaten: Eaten) -> dict[str, Any] | None:
    """What was asked for in another unit than the stack's, and how it was converted."""
    body, conversion = call.body, eaten.draws[0].conversion
    if conversion is None or body.unit is None:
        return None
    asked = {"quantity": body.amount, "unit": render_unit(body.unit, call.language)}
    return {**asked, "assumed": conversion.assumed, "source": references.said(conversion.source, call.language)}


def _eaten_dish(call: Call[Any], eaten: Eaten) -> dict[str, Any]:
    return {
        "food": eaten.batch.label,
        "consumed_portions": eaten.amount,
        "remaining_portions": eaten.left,
        "food_removed": eaten.left == 0,
        "food_details": wire.dish(eaten.batch),
        "consumption_date": call.now,
        "environmental_impact": _spared(details.spared(eaten.batch, Quantity(eaten.amount, eaten.unit))),
        "coins_earned": None,  # nobody gives coins, and the client takes null
    }


def _spared(spared: Spared | None) -> dict[str, Any] | None:
    if spared is None:
        return None
    carbon, water = spared.kg_co2e, spared.litres_water
    return {
        "co2_saved": carbon.mid,
        "co2_saved_low": carbon.low,
        "co2_saved_high": carbon.high,
        "water_saved": water.mid,
        "water_saved_low": water.low,
        "water_saved_high": water.high,
        "source": spared.source,
    }


def _removed(call: Call[Any], label: str) -> str:
    return wire.sentence(call, f"Quitamos «{label}» del inventario.", f'Removed "{label}" from the inventory.')


def name_of(call: Call[Any]) -> str:
    """The name in the path; the client writes a slash as `_SLASH_`."""
    return call.path["name"].replace("_SLASH_", "/")


def _id(call: Call[Any]) -> str:
    return call.path["stack_id"].replace("_SLASH_", "/")


def stack_of(call: Call[Any]) -> tuple[datetime, str]:
    """The moment and the name in the path. Raises UnknownStack for what is no moment."""
    label = name_of(call)
    moment = parse_moment(call.path["added_at"])
    if moment is None:
        raise UnknownStack({"name": label})
    return moment, label


def _stack(call: Call[Any]) -> tuple[StackRef, str]:
    """The stack in the path, and its name as it was sent."""
    moment, label = stack_of(call)
    return stack_ref(label, moment, call.member.language), label
