"""What becomes of a batch beside being eaten: reserved, frozen, opened, set aside, thrown away, cooked, left over.

Each is one entry in the journal; a part of a batch is split off as a batch of its own, made of the first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from storage import batches
from storage.db import Write
from zwai.errors import NotFrozen, WrongState
from zwai.kitchen import inventory, journal, keeping
from zwai.kitchen.consumption import not_enough
from zwai.kitchen.inventory import Done, NewItem, today_of
from zwai.knowledge.words import state_in_words
from zwai.records.ids import new_id
from zwai.records.people import Member
from zwai.records.stock import (
    Act,
    Batch,
    BatchId,
    BatchState,
    Change,
    ExpiryDate,
    Meal,
    Place,
    Quantity,
    Reservation,
)

AT_HAND = (BatchState.AVAILABLE, BatchState.LEFTOVER, BatchState.FROZEN)


@dataclass(frozen=True, slots=True)
class Cooked:
    """What a batch, or a part of it, was made into."""

    made_of: Batch
    dish: Batch
    entry_id: str


async def reserve(tx: Write, member: Member, batch_id: BatchId, reservation: Reservation, now: datetime) -> Done:
    """Keep a batch for a meal. Raises UnknownBatch, WrongState when it is kept for one already, or set aside."""

    def reserved(batch: Batch) -> Batch:
        if batch.state not in AT_HAND:
            raise WrongState({"name": batch.label, "state": state_in_words(batch.state)})
        return replace(batch, state=BatchState.RESERVED, reserved=reservation)

    return await _change(tx, member, batch_id, Act.RESERVE, reserved, now)


async def release(tx: Write, member: Member, batch_id: BatchId, now: datetime) -> Done:
    """Let a batch that was reserved or set aside be eaten again. Raises UnknownBatch, WrongState."""

    def released(batch: Batch) -> Batch:
        if batch.state not in (BatchState.RESERVED, BatchState.QUARANTINE):
            raise WrongState({"name": batch.label, "state": state_in_words(batch.state)})
        state = BatchState.FROZEN if batch.place is Place.FREEZER else BatchState.AVAILABLE
        return replace(batch, state=state, reserved=None)

    return await _change(tx, member, batch_id, Act.RELEASE, released, now)


async def quarantine(tx: Write, member: Member, batch_id: BatchId, now: datetime) -> Done:
    """Set a batch aside: it is there, and nobody eats of it. Raises UnknownBatch."""

    def set_aside(batch: Batch) -> Batch:
        return replace(batch, state=BatchState.QUARANTINE, reserved=None)

    return await _change(tx, member, batch_id, Act.QUARANTINE, set_aside, now)


async def open_packet(tx: Write, member: Member, batch_id: BatchId, now: datetime) -> Done:
    """Say that a batch was opened, or cut, today. Raises UnknownBatch."""
    today = today_of(member, now)
    return await _change(tx, member, batch_id, Act.OPEN, lambda batch: keeping.opened(batch, today), now)


async def move(
    tx: Write,
    member: Member,
    batch_id: BatchId,
    place: Place,
    now: datetime,
    *,
    amount: Decimal | None = None,
    until: ExpiryDate | None = None,
) -> Done:
    """Put a batch, or `amount` of it, into another place: freezing and thawing, when that is the freezer.

    `until` is the day that somebody gives it there. Raises UnknownBatch, NotEnough, WrongState, and UseByPassed for
    what can no longer be frozen.
    """
    batch = await batches.locked(tx, member.household, batch_id)
    if batch.state is BatchState.QUARANTINE:
        raise WrongState({"name": batch.label, "state": state_in_words(batch.state)})
    if place is batch.place and until is None:
        return Done((batch,), None)
    today = today_of(member, now)
    if place is Place.FREEZER and batch.place is not place:
        keeping.check_freezable(batch, today)
    rest, part = await _split(tx, batch, amount, now)
    after = keeping.moved(part, place, today, today_of(member, batch.added_at))
    if until is not None:
        after = replace(after, expiry=until, milestones=replace(after.milestones, printed_on=until.day))
    return await _put(tx, member, _act(batch.place, place), batch, [one for one in (rest, after) if one], now)


def _act(before: Place, after: Place) -> Act:
    if after is before:
        return Act.CORRECT
    if after is Place.FREEZER:
        return Act.FREEZE
    return Act.THAW if before is Place.FREEZER else Act.MOVE


async def thaw(
    tx: Write, member: Member, batch_id: BatchId, place: Place, now: datetime, *, amount: Decimal | None = None
) -> Done:
    """Take a batch, or `amount` of it, out of the freezer. Raises what `move` does, and NotFrozen."""
    batch = await batches.locked(tx, member.household, batch_id)
    if batch.place is not Place.FREEZER:
        raise NotFrozen({"name": batch.label})
    return await move(tx, member, batch_id, place, now, amount=amount)


async def discard(
    tx: Write, member: Member, batch_id: BatchId, now: datetime, *, amount: Decimal | None = None, reason: str
) -> Done:
    """Throw a batch, or `amount` of it, away: it counts as wasted; answers what was thrown away, then what is left.

    Raises UnknownBatch, NotEnough.
    """
    batch = await batches.locked(tx, member.household, batch_id)
    wasted = batch.quantity.amount if amount is None else amount
    rest = _less(batch, wasted)
    done = await _put(tx, member, Act.WASTE, batch, [rest] if rest else [], now, reason=reason)
    return Done((replace(batch, quantity=Quantity(wasted, batch.quantity.unit)), *done.batches), done.entry)


async def transform(
    tx: Write, member: Member, batch_id: BatchId, dish: NewItem, now: datetime, *, amount: Decimal | None = None
) -> Cooked:
    """Make a batch, or `amount` of it, into something else, a dish say. Raises UnknownBatch, NotEnough, WrongState."""
    batch = await batches.locked(tx, member.household, batch_id)
    if batch.state is BatchState.QUARANTINE:
        raise WrongState({"name": batch.label, "state": state_in_words(batch.state)})
    rest = _less(batch, batch.quantity.amount if amount is None else amount)
    made = await _with_own_moment(tx, replace(inventory.draft(member, dish, now), made_of=batch.id))
    done = await _put(tx, member, Act.COOK, batch, [one for one in (rest, made) if one], now)
    assert done.entry is not None
    return Cooked(batch, made, done.entry.id)


async def leave_over(
    tx: Write, member: Member, dish: NewItem, now: datetime, *, reason: str, of: BatchId | None = None
) -> Done:
    """Keep portions of a dish after a meal; where the dish is a batch counted in portions, they come out of it.

    Raises UnknownBatch, NotEnough, WrongState.
    """
    left = replace(inventory.draft(member, dish, now), state=BatchState.LEFTOVER, made_of=of)
    if of is None:
        return await inventory.store(tx, member, [left], now, reason=reason)
    batch = await batches.locked(tx, member.household, of)
    if batch.state is BatchState.QUARANTINE:
        raise WrongState({"name": batch.label, "state": state_in_words(batch.state)})
    if batch.quantity.unit is not left.quantity.unit:
        return await inventory.store(tx, member, [left], now, reason=reason)
    rest, own = _less(batch, left.quantity.amount), await _with_own_moment(tx, left)
    done = await _put(tx, member, Act.MOVE, batch, [one for one in (rest, own) if one], now, reason=reason)
    return Done((own,), done.entry)


def _less(batch: Batch, amount: Decimal) -> Batch | None:
    """The batch without `amount`, None when nothing is left. Raises NotEnough."""
    held, unit = batch.quantity.amount, batch.quantity.unit
    if amount > held:
        raise not_enough(Quantity(amount, unit), batch.quantity, [batch])
    return None if amount == held else replace(batch, quantity=Quantity(held - amount, unit))


async def _split(tx: Write, batch: Batch, amount: Decimal | None, now: datetime) -> tuple[Batch | None, Batch]:
    """What stays, if anything, and the part: the whole batch itself, or a new one made of it."""
    rest = _less(batch, batch.quantity.amount if amount is None else amount)
    if rest is None:
        return None, batch
    assert amount is not None
    part = replace(batch, id=BatchId(new_id(now)), quantity=Quantity(amount, batch.quantity.unit), made_of=batch.id)
    return rest, await _with_own_moment(tx, part)


async def _with_own_moment(tx: Write, batch: Batch) -> Batch:
    taken = await batches.taken_moments(tx, batch.household, {batch.label_key}, batch.added_at)
    (own,) = inventory.with_own_moments([batch], taken)
    return own


async def _change(
    tx: Write, member: Member, batch_id: BatchId, act: Act, changed: Callable[[Batch], Batch], now: datetime
) -> Done:
    before = await batches.locked(tx, member.household, batch_id)
    after = changed(before)
    return Done((after,), None) if after == before else await _put(tx, member, act, before, [after], now)


async def _put(
    tx: Write, member: Member, act: Act, before: Batch, after: Sequence[Batch], now: datetime, *, reason: str = ""
) -> Done:
    """Store what came of `before`, under its own id or new ones, and write one entry."""
    same = next((batch for batch in after if batch.id == before.id), None)
    new = [batch for batch in after if batch.id != before.id]
    if same is None:
        await batches.remove(tx, member.household, [before.id])
    else:
        await batches.change(tx, [same])
    await batches.add(tx, new)
    changes = [Change(before, same), *(Change(None, batch) for batch in new)]
    return Done(tuple(after), await journal.record(tx, member, act, changes, now, reason=reason))


def meal_suggestion(eat_by: date, today: date) -> Reservation:
    """When leftovers are best eaten: at dinner today, or on their last day when that is no later than tomorrow."""
    return Reservation(today if (eat_by - today).days > 1 else eat_by, Meal.DINNER)
