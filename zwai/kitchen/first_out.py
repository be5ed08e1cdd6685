"""Eating a food without saying which stack: first expired, first out, over all that there is of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from storage import batches
from storage.db import Write
from zwai.errors import CannotConvert, NotEnough, UnknownFood
from zwai.kitchen import consumption
from zwai.kitchen.consumption import Draw, Eaten, drawn, not_enough
from zwai.kitchen.inventory import food_of, today_of
from zwai.knowledge import catalogue
from zwai.knowledge.catalogue import Food
from zwai.knowledge.names import label_key
from zwai.knowledge.units import Converted, convert
from zwai.records.people import Member
from zwai.records.stock import Batch, BatchState, Kind, LabelKind, Quantity, Unit


@dataclass(frozen=True, slots=True)
class EatenAcross:
    """What was taken of which batches, and how much of the food is left to eat, in the unit that was asked for."""

    eaten: Eaten
    amount: Decimal
    left: Decimal
    unit: Unit


async def eat(
    tx: Write, member: Member, label: str, wanted: Decimal | None, unit: Unit | None, now: datetime, *, reason: str = ""
) -> EatenAcross:
    """Take `wanted`, or all, of a food from whichever stacks expire first.

    Without a unit, that of the stack that is eaten first counts. What is set aside, or past its use-by, is not eaten;
    what is kept for a meal only when nothing else is left. Raises UnknownFood, NotEnough, CannotConvert.
    """
    named = await batches.of_label(tx, member.household, label_key(label), food_of(label, member.language))
    held = _of_one_kind(named, unit)
    if not held:
        raise UnknownFood({"name": label})
    queue = in_order(held, today_of(member, now))
    asked = unit or (queue or held)[0].quantity.unit
    there = [(batch, in_unit) for batch in queue if (in_unit := _in_unit(batch, asked)) is not None]
    if queue and not there:
        convert(queue[0].quantity, asked, _food(queue[0]), queue[0].label)  # tells which units
    total = sum((in_unit.quantity.amount for _, in_unit in there), Decimal(0))
    if total == 0 or (wanted is not None and wanted > total):
        raise not_enough(Quantity(wanted or Decimal(0), asked), Quantity(total, asked), queue or held)
    draws = [draw for draw in split(there, total if wanted is None else wanted, asked) if draw.amount > 0]
    eaten = await consumption.take(tx, member, draws, now, reason=reason)
    amount = total if wanted is None else wanted
    return EatenAcross(eaten, amount, total - amount, asked)


def in_order(held: Sequence[Batch], today: date) -> list[Batch]:
    """What may be eaten, the first to expire first, what is kept for a meal last."""
    return sorted((batch for batch in held if _may_be_eaten(batch, today)), key=_turn)


def split(there: Sequence[tuple[Batch, Converted]], wanted: Decimal, unit: Unit) -> list[Draw]:
    """Take `wanted` from batches in their order, each with what it holds in `unit`."""
    draws, missing = [], wanted
    for batch, in_unit in there:
        if missing >= in_unit.quantity.amount:
            draws.append(_whole(batch, in_unit))
            missing -= in_unit.quantity.amount
        elif missing > 0:
            draws.extend(_part(batch, Quantity(missing, unit), in_unit, is_rest=bool(draws)))
            missing = Decimal(0)
    return draws


def _of_one_kind(named: Sequence[Batch], unit: Unit | None) -> list[Batch]:
    """Dishes where portions are asked for and there are any; else ingredients before dishes."""
    kinds = {batch.kind for batch in named}
    first = Kind.DISH if unit is Unit.PORTION else Kind.INGREDIENT
    wanted = first if first in kinds else next(iter(kinds), first)
    return [batch for batch in named if batch.kind is wanted]


def _may_be_eaten(batch: Batch, today: date) -> bool:
    past_use = batch.label_kind is LabelKind.USE_BY and batch.expiry.day < today
    return batch.state is not BatchState.QUARANTINE and not past_use


def _turn(batch: Batch) -> tuple[bool, date, datetime, str]:
    return batch.state is BatchState.RESERVED, batch.expiry.day, batch.added_at, batch.id


def _in_unit(batch: Batch, unit: Unit) -> Converted | None:
    try:
        return convert(batch.quantity, unit, _food(batch), batch.label)
    except CannotConvert:
        return None


def _whole(batch: Batch, in_unit: Converted) -> Draw:
    other = in_unit.quantity.unit is not batch.quantity.unit
    return Draw(batch, batch.quantity.amount, conversion=in_unit if other else None)


def _part(batch: Batch, missing: Quantity, in_unit: Converted, *, is_rest: bool) -> list[Draw]:
    """What is drawn of the last batch; the rest of a wish, below a thousandth of the batch's unit, is nothing."""
    try:
        return [drawn(batch, missing)]
    except NotEnough:  # it holds enough, but for a rounding
        return [_whole(batch, in_unit)]
    except CannotConvert:
        if not is_rest:
            raise
        return []


def _food(batch: Batch) -> Food | None:
    return catalogue.load().food(batch.food)
