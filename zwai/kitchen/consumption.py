"""Eating from one stack, in any unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from storage import batches
from storage.db import Write
from zwai.errors import NotEnough, WrongState
from zwai.kitchen import inventory, journal
from zwai.knowledge import catalogue
from zwai.knowledge.quantities import told
from zwai.knowledge.units import Converted, convert, is_exact
from zwai.knowledge.words import state_in_words
from zwai.records.people import Member
from zwai.records.stock import Act, Batch, BatchState, Change, JournalEntry, Kind, Quantity, StackRef, Unit


@dataclass(frozen=True, slots=True)
class Draw:
    """The part taken from one batch, in the batch's unit, or in that of `held`, in which it is counted from then on.

    `conversion` is how it was converted, where another unit was asked for.
    """

    batch: Batch
    amount: Decimal
    held: Quantity | None = None
    conversion: Converted | None = None

    @property
    def unit(self) -> Unit:
        return (self.held or self.batch.quantity).unit

    @property
    def left(self) -> Decimal:
        return (self.held or self.batch.quantity).amount - self.amount


@dataclass(frozen=True, slots=True)
class Eaten:
    """What was taken of a stack, what is left of it, and the journal's entry."""

    draws: tuple[Draw, ...]
    entry: JournalEntry

    @property
    def amount(self) -> Decimal:
        return sum((draw.amount for draw in self.draws), Decimal(0))

    @property
    def left(self) -> Decimal:
        return sum((draw.left for draw in self.draws), Decimal(0))

    @property
    def batch(self) -> Batch:
        return self.draws[0].batch

    @property
    def unit(self) -> Unit:
        return self.draws[0].unit


def drawn(batch: Batch, wanted: Quantity) -> Draw:
    """Take `wanted` from a batch, whatever unit it is kept in.

    Where the batch's unit can't say exactly what is left, and the other can, the batch is counted in the other: a dozen
    less one is eleven pieces. Raises NotEnough, CannotConvert.
    """
    held, food = batch.quantity, catalogue.load().food(batch.food)
    if wanted.unit is held.unit:
        draw = Draw(batch, wanted.amount)
    elif is_exact(held, wanted.unit) and not is_exact(wanted, held.unit):
        conversion = convert(held, wanted.unit, food, batch.label)
        draw = Draw(batch, wanted.amount, conversion.quantity, conversion)
    else:
        conversion = convert(wanted, held.unit, food, batch.label)
        draw = Draw(batch, conversion.quantity.amount, conversion=conversion)
    if draw.left < 0:
        raise not_enough(wanted, held, [batch])
    return draw


def not_enough(wanted: Quantity, held: Quantity, there: Sequence[Batch]) -> NotEnough:
    """Told in a sentence, and as what there is: `held` of all, and each of the batches in its own unit."""
    said = {"wanted": told(wanted), "held": told(held), "name": there[0].label}
    return NotEnough({**said, "available": held, "batches": tuple(there)})


async def eat(
    tx: Write,
    member: Member,
    ref: StackRef,
    label: str,
    wanted: Decimal | None,
    now: datetime,
    *,
    unit: Unit | None = None,
    kind: Kind | None = None,
    reason: str = "",
) -> Eaten:
    """Take `wanted`, or all, from one stack, in its unit or another one.

    Raises UnknownStack, NotEnough, CannotConvert, and WrongState for what is set aside.
    """
    batch = await inventory.stack(tx, member.household, ref, label, kind)
    if batch.state is BatchState.QUARANTINE:
        raise WrongState({"name": batch.label, "state": state_in_words(batch.state)})
    held = batch.quantity
    draw = drawn(batch, held if wanted is None else Quantity(wanted, unit or held.unit))
    return await take(tx, member, [draw], now, reason=reason)


async def take(tx: Write, member: Member, draws: Sequence[Draw], now: datetime, *, reason: str) -> Eaten:
    """Take what was drawn out of stock, as one entry of the journal."""
    changes = [Change(draw.batch, _after(draw)) for draw in draws if draw.amount > 0]
    await batches.change(tx, [change.after for change in changes if change.after])
    await batches.remove(tx, member.household, [c.before.id for c in changes if c.before and not c.after])
    return Eaten(tuple(draws), await journal.record(tx, member, Act.EAT, changes, now, reason=reason))


def _after(draw: Draw) -> Batch | None:
    if draw.left == 0:
        return None
    return replace(draw.batch, quantity=Quantity(draw.left, draw.unit))
