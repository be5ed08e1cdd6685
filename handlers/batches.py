"""One batch, by its id: kept for a meal, frozen, opened, moved, set aside, thrown away, cooked; and leftovers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Amount, ExpiryDay, Label, Word, place_field, unit_field
from handlers.schemas import RequestSchema
from handlers.stock_answers import ChangedSchema, StockBatchSchema
from zwai.errors import Invalid, Problem
from zwai.kitchen import details, inventory, states
from zwai.kitchen.inventory import Done, NewItem, today_of, typed_expiry
from zwai.knowledge.words import meal_of, waste_reason_of
from zwai.records.stock import (
    BatchId,
    BatchState,
    DishFacts,
    Kind,
    Meal,
    Place,
    Quantity,
    Reservation,
    Unit,
    WasteReason,
)


class Required(ExpiryDay):
    """A day that may not be left empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        day = super()._deserialize(value, attr, data, **more)
        if day is None:
            raise ValidationError("Missing data for required field.")
        return day


@dataclass(frozen=True, slots=True)
class ReserveBody:
    day: date
    meal: Meal


class ReserveSchema(RequestSchema):
    record = ReserveBody
    planner_date = Required(required=True, attribute="day")
    meal_type = Word(meal_of, "breakfast, lunch, dinner, dessert, snack", required=True, attribute="meal")


@dataclass(frozen=True, slots=True)
class MoveBody:
    place: Place = Place.FREEZER
    amount: Decimal | None = None
    until: date | None = None


class FreezeSchema(RequestSchema):
    """All of a batch, or a part; its day in the freezer is ours unless one is given."""

    record = MoveBody
    new_best_before = ExpiryDay(attribute="until", allow_none=True)
    quantity = Amount(attribute="amount", allow_none=True)


class MoveSchema(RequestSchema):
    record = MoveBody
    storage_type = place_field(required=True, attribute="place")
    quantity = Amount(attribute="amount", allow_none=True)


class ThawSchema(RequestSchema):
    """Out of the freezer, into the fridge unless told otherwise."""

    record = MoveBody
    storage_type = place_field(attribute="place", load_default=Place.FRIDGE)
    quantity = Amount(attribute="amount", allow_none=True)


@dataclass(frozen=True, slots=True)
class TransformBody:
    name: str
    quantity: Decimal
    unit: Unit
    eat_by: date
    place: Place | None = None
    amount: Decimal | None = None


class TransformSchema(RequestSchema):
    record = TransformBody
    output_type = Label(required=True, attribute="name")
    yield_qty = Amount(required=True, attribute="quantity")
    unit = unit_field(required=True)
    eat_by = Required(required=True)
    storage_type = place_field(attribute="place", allow_none=True)
    quantity = Amount(attribute="amount", allow_none=True)


@dataclass(frozen=True, slots=True)
class DiscardBody:
    reason: WasteReason
    weight: Decimal | None = None
    unit: Unit | None = None
    amount: Decimal | None = None


class DiscardSchema(RequestSchema):
    """All of a batch, or `quantity` of it; `estimated_weight` with its `unit` says what that weighs."""

    record = DiscardBody
    reason = Word(waste_reason_of, "expired, bad_condition, other", required=True)
    estimated_weight = Amount(attribute="weight", allow_none=True)
    unit = unit_field(allow_none=True)
    quantity = Amount(attribute="amount", allow_none=True)


@dataclass(frozen=True, slots=True)
class LeftoversBody:
    title: str
    portions: Decimal
    eat_by: date
    place: Place
    recipe: str = ""
    of: str | None = None


class LeftoversSchema(RequestSchema):
    """A dish after a meal, with its last day; `batch_id`, if it is in stock, is the batch that it is left over from."""

    record = LeftoversBody
    title = Label(required=True)
    portions = Amount(required=True)
    eat_by = Required(required=True)
    storage_location = place_field(required=True, attribute="place")
    recipe_uid = fields.String(attribute="recipe", validate=validate.Length(max=64), load_default="")
    batch_id = fields.String(attribute="of", allow_none=True, validate=validate.Length(max=64))


class BatchSchema(StockBatchSchema):
    """`original_batch_id`: which batch it was split from, made of or left over from; that one may be gone."""

    original_batch_id = fields.String(required=True, allow_none=True)


class BatchChangedSchema(ChangedSchema):
    batch_id = fields.String(required=True)
    state = fields.String(required=True)


class ReservedSchema(BatchChangedSchema):
    reserved_for = fields.Dict(required=True)


class MovedSchema(BatchChangedSchema):
    storage_location = fields.String(required=True)
    new_expiry_date = fields.NaiveDateTime(required=True)


class TransformedSchema(Schema):
    original_batch_id = fields.String(required=True)
    new_batch_id = fields.String(required=True)
    output_type = fields.String(required=True)
    yield_qty = fields.Float(required=True)
    unit = fields.String(required=True)
    eat_by = fields.NaiveDateTime(required=True)
    entry_id = fields.String(required=True)


class DiscardedSchema(BatchChangedSchema):
    """`items` holds what is left, and `state` is its state; with nothing left it is `expired`."""

    waste_id = fields.String(required=True)
    discarded_quantity = fields.Float(required=True)
    remaining_quantity = fields.Float(required=True)
    unit = fields.String(required=True)
    co2e_wasted_kg = fields.Float(required=True, allow_none=True)
    co2e_wasted_low_kg = fields.Float(required=True, allow_none=True)
    co2e_wasted_high_kg = fields.Float(required=True, allow_none=True)
    co2e_source = fields.String(required=True, allow_none=True)
    discarded_at = fields.AwareDateTime(required=True)


class LeftoversAnswerSchema(ChangedSchema):
    leftover_id = fields.String(required=True)
    title = fields.String(required=True)
    portions = fields.Float(required=True)
    eat_by = fields.Date(required=True)
    storage_location = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    planner_suggestion = fields.Dict(required=True)
    original_batch_id = fields.String(required=True, allow_none=True)


async def show(call: Call[None]) -> Answer:
    async with call.read() as tx:
        one = await inventory.batch(tx, call.member.household, _id(call))
        return call.answer({**wire.batch(call, one), "original_batch_id": one.made_of})


async def reserve(call: Call[ReserveBody]) -> Answer:
    _check_not_past(call, "planner_date", call.body.day)
    reservation = Reservation(call.body.day, call.body.meal)
    async with call.write() as tx:
        done = await states.reserve(tx, call.member, _id(call), reservation, call.now)
        told = {"reserved_for": {"date": reservation.day, "meal_type": reservation.meal}}
        return call.answer(_changed(call, done) | told)


async def release(call: Call[None]) -> Answer:
    return await _simple(call, states.release)


async def open_packet(call: Call[None]) -> Answer:
    return await _simple(call, states.open_packet)


async def quarantine(call: Call[None]) -> Answer:
    """Nothing is told, as the service before did."""
    async with call.write() as tx:
        await states.quarantine(tx, call.member, _id(call), call.now)
        return call.nothing()


async def move(call: Call[MoveBody]) -> Answer:
    """Into another place, all or a part: the freezer and back too."""
    body = call.body
    if body.until is not None:
        _check_not_past(call, "new_best_before", body.until)
    until = typed_expiry(body.until) if body.until is not None else None
    async with call.write() as tx:
        done = await states.move(tx, call.member, _id(call), body.place, call.now, amount=body.amount, until=until)
        return call.answer(_moved(call, done))


async def thaw(call: Call[MoveBody]) -> Answer:
    async with call.write() as tx:
        done = await states.thaw(tx, call.member, _id(call), call.body.place, call.now, amount=call.body.amount)
        return call.answer(_moved(call, done))


async def transform(call: Call[TransformBody]) -> Answer:
    body = call.body
    _check_not_past(call, "eat_by", body.eat_by)
    kind = Kind.DISH if body.unit is Unit.PORTION else Kind.INGREDIENT
    item = NewItem(
        label=body.name,
        kind=kind,
        quantity=Quantity(body.quantity, body.unit),
        place=body.place,
        expiry=typed_expiry(body.eat_by),
        dish=DishFacts((), "general", None, "") if kind is Kind.DISH else None,
    )
    async with call.write() as tx:
        cooked = await states.transform(tx, call.member, _id(call), item, call.now, amount=body.amount)
        return call.answer(
            {
                "original_batch_id": cooked.made_of.id,
                "new_batch_id": cooked.dish.id,
                "output_type": cooked.dish.label,
                "yield_qty": cooked.dish.quantity.amount,
                "unit": wire.unit(call, cooked.dish),
                "eat_by": wire.day(cooked.dish.expiry.day),
                "entry_id": cooked.entry_id,
            }
        )


async def discard(call: Call[DiscardBody]) -> Answer:
    body = call.body
    async with call.write() as tx:
        done = await states.discard(tx, call.member, _id(call), call.now, amount=body.amount, reason=body.reason)
        wasted, *left = done.batches
        weighed = Quantity(body.weight, body.unit or Unit.KG) if body.weight is not None else wasted.quantity
        lost = details.spared(wasted, weighed)
        told = {
            "waste_id": done.entry and done.entry.id,
            "discarded_quantity": wasted.quantity.amount,
            "remaining_quantity": sum(one.quantity.amount for one in left),
            "unit": wire.unit(call, wasted),
            "co2e_wasted_kg": lost and lost.kg_co2e.mid,
            "co2e_wasted_low_kg": lost and lost.kg_co2e.low,
            "co2e_wasted_high_kg": lost and lost.kg_co2e.high,
            "co2e_source": lost and lost.source,
            "discarded_at": call.now,
        }
        state = left[0].state if left else BatchState.EXPIRED
        items = [wire.batch(call, one) for one in left]
        return call.answer(_changed(call, done) | told | {"state": state, "items": items}, status=201)


async def leftovers(call: Call[LeftoversBody]) -> Answer:
    body, today = call.body, today_of(call.member, call.now)
    _check_not_past(call, "eat_by", body.eat_by)
    item = NewItem(
        label=body.title,
        kind=Kind.DISH,
        quantity=Quantity(body.portions, Unit.PORTION),
        place=body.place,
        expiry=typed_expiry(body.eat_by),
        dish=DishFacts((), "general", None, ""),
    )
    async with call.write() as tx:
        reason = f"leftovers {body.recipe}".strip()
        of = BatchId(body.of) if body.of is not None else None
        done = await states.leave_over(tx, call.member, item, call.now, reason=reason, of=of)
        (left,) = done.batches
        best = states.meal_suggestion(body.eat_by, today)
        told = {
            "message": wire.sentence(call, f"Guardamos «{left.label}».", f'Kept "{left.label}".'),
            "leftover_id": left.id,
            "title": left.label,
            "portions": left.quantity.amount,
            "eat_by": body.eat_by,
            "storage_location": left.place,
            "created_at": left.added_at,
            "planner_suggestion": {"date": best.day, "meal_type": best.meal},
            "original_batch_id": left.made_of,
        }
        return call.answer(told | wire.done(call, done), status=201)


def _check_not_past(call: Call[Any], name: str, day: date) -> None:
    if day < today_of(call.member, call.now):
        raise Invalid({}, (Problem(f"/{name}", "past", f"«{name}» ya pasó.", f'"{name}" is past.'),))


async def _simple(call: Call[None], change: Callable[..., Awaitable[Done]]) -> Answer:
    async with call.write() as tx:
        return call.answer(_changed(call, await change(tx, call.member, _id(call), call.now)))


def _moved(call: Call[Any], done: Done) -> dict[str, Any]:
    moved = done.batches[-1]
    told = {"storage_location": moved.place, "new_expiry_date": wire.day(moved.expiry.day)}
    return _changed(call, done) | told


def _changed(call: Call[Any], done: Done) -> dict[str, Any]:
    batch = done.batches[-1]
    message = wire.sentence(call, f"Actualizamos «{batch.label}».", f'Updated "{batch.label}".')
    return {"message": message, "batch_id": batch.id, "state": batch.state, **wire.done(call, done)}


def _id(call: Call[Any]) -> BatchId:
    return BatchId(call.path["batch_id"])
