"""Eating from stock: first expired, first out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from storage import batches
from storage.db import Write
from zwai.errors import CannotConvert, NotEnough
from zwai.kitchen import inventory, journal
from zwai.records.people import Member
from zwai.records.stock import Act, Batch, Change, JournalEntry, Kind, Quantity, StackRef, Unit


@dataclass(frozen=True, slots=True)
class Draw:
    """The part taken from one batch."""

    batch: Batch
    amount: Decimal

    @property
    def left(self) -> Decimal:
        return self.batch.quantity.amount - self.amount


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


def first_expired(held: Sequence[Batch], wanted: Decimal | None) -> tuple[Draw, ...]:
    """Split `wanted` (None: all) over batches of one unit, earliest expiry first; every batch gets its draw.

    Raises NotEnough, naming what is there.
    """
    unit = held[0].quantity.unit
    there = sum((batch.quantity.amount for batch in held), Decimal(0))
    if wanted is not None and wanted > there:
        fields: dict[str, object] = {"wanted": f"{wanted:f} {unit}", "held": f"{there:f} {unit}", "name": held[0].label}
        raise NotEnough(fields)
    missing = there if wanted is None else wanted
    draws = []
    for batch in sorted(held, key=lambda batch: (batch.expiry.day, batch.added_at, batch.id)):
        taken = min(missing, batch.quantity.amount)
        missing -= taken
        draws.append(Draw(batch, taken))
    return tuple(draws)


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
    """Take `wanted`, or all, from one stack; `unit`, when given, must be the stack's.

    Raises UnknownStack, NotEnough, CannotConvert.
    """
    batch = await inventory.stack(tx, member.household, ref, label, kind)
    if unit is not None and unit is not batch.quantity.unit:
        raise CannotConvert({"source": unit, "target": batch.quantity.unit, "name": batch.label})
    draws = first_expired([batch], wanted)
    changes = [Change(draw.batch, _after(draw)) for draw in draws if draw.amount > 0]
    await batches.change(tx, [change.after for change in changes if change.after])
    await batches.remove(tx, member.household, [c.before.id for c in changes if c.before and not c.after])
    return Eaten(draws, await journal.record(tx, member, Act.EAT, changes, now, reason=reason))


def _after(draw: Draw) -> Batch | None:
    if draw.left == 0:
        return None
    return replace(draw.batch, quantity=Quantity(draw.left, draw.batch.quantity.unit))
