"""The household's stock: adding, listing, correcting and removing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from storage import batches, photos, pictures
from storage.db import Lists, Read, Write
from storage.quick import maker
from zwai.errors import StockFull, UnknownBatch, UnknownFood, UnknownStack
from zwai.kitchen import journal, keeping
from zwai.kitchen.expiry import TYPED_BY_A_MEMBER
from zwai.kitchen.naming import known_of
from zwai.knowledge.names import label_key, resolve
from zwai.records.ids import new_ids
from zwai.records.people import HouseholdId, Language, Member
from zwai.records.photos import PhotoId
from zwai.records.stock import (
    NO_MILESTONES,
    Act,
    Batch,
    BatchId,
    BatchState,
    Change,
    DishFacts,
    ExpiryDate,
    ExpiryKey,
    ExpirySource,
    FoodId,
    JournalEntry,
    Kind,
    LabelKind,
    Milestones,
    Place,
    Quantity,
    StackKey,
    StackRef,
)

MILLISECOND = timedelta(milliseconds=1)
# Ids that the mobile client makes up: a name and a place on its shelf, of a dish or of an ingredient.
MADE_UP = (
    (re.compile(r"(.+)_food_stack_(\d{1,6})"), Kind.DISH),
    (re.compile(r"(.+)_stack_(\d{1,6})"), Kind.INGREDIENT),
)
# Lists that are asked for whole must stay answerable.
MOST_BATCHES = 10_000


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to put into stock; None where the kitchen is to decide."""

    label: str
    kind: Kind
    quantity: Quantity
    place: Place | None = None
    expiry: ExpiryDate | None = None
    tips: str = ""
    photo: PhotoId | None = None
    dish: DishFacts | None = None
    label_kind: LabelKind = LabelKind.BEST_BEFORE


@dataclass(frozen=True, slots=True)
class Shelf:
    """All batches under one label, in the order of their moments."""

    kind: Kind
    label_key: str
    batches: tuple[Batch, ...]

    @property
    def newest(self) -> Batch:
        return self.batches[-1]


_shelf = maker(Shelf)


@dataclass(frozen=True, slots=True)
class Done:
    """The batches that a change left or took, and its entry in the journal, None when nothing changed."""

    batches: tuple[Batch, ...]
    entry: JournalEntry | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What to change of a stack; None leaves a field as it is. `amount` keeps the unit, `quantity` brings its own."""

    label: str | None = None
    quantity: Quantity | None = None
    amount: Decimal | None = None
    place: Place | None = None
    expiry: ExpiryDate | None = None
    tips: str | None = None
    photo: PhotoId | None = None


def today_of(member: Member, now: datetime) -> date:
    """The local date of the member's household."""
    return now.astimezone(ZoneInfo(member.time_zone)).date()


def typed_expiry(day: date) -> ExpiryDate:
    return ExpiryDate(day, ExpirySource.TYPED, TYPED_BY_A_MEMBER)


def stack_ref(label: str, added_at: datetime, language: Language) -> StackRef:
    """A stack by a name in any spelling and a moment, which counts in whole milliseconds."""
    return StackRef(label_key(label), food_of(label, language), to_millisecond(added_at))


def food_of(label: str, language: Language) -> FoodId | None:
    """The catalogue's food of that name; the same word may name another one in another language."""
    match = resolve(label, language)
    return FoodId(match.food.id) if match else None


def to_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


_batch = maker(Batch)


def draft(member: Member, item: NewItem, now: datetime) -> Batch:
    """A batch of `item` as it would be stored now; the kitchen decides place, expiry and tips where none are given."""
    return drafts(member, [item], now)[0]


def drafts(member: Member, items: Sequence[NewItem], now: datetime) -> list[Batch]:
    """The same of several."""
    today, added_at = today_of(member, now), to_millisecond(now)
    ids = new_ids(now, len(items))
    return [_draft(member, item, BatchId(one), today, added_at) for item, one in zip(items, ids, strict=True)]


def _draft(member: Member, item: NewItem, batch_id: BatchId, today: date, added_at: datetime) -> Batch:
    known = known_of(item.label, member.language, item.kind, item.place, today)
    frozen = known.place is Place.FREEZER
    return _batch(
        id=batch_id,
        household=member.household,
        kind=item.kind,
        label=item.label,
        label_key=known.label_key,
        food=known.food,
        quantity=item.quantity,
        place=known.place,
        state=BatchState.FROZEN if frozen else BatchState.AVAILABLE,
        label_kind=item.label_kind,
        expiry=item.expiry or known.expiry,
        added_at=added_at,
        tips=item.tips or known.tips,
        photo=item.photo,
        dish=item.dish,
        milestones=_milestones(item.expiry, today if frozen else None),
        made_of=None,
        reserved=None,
    )


def _milestones(given: ExpiryDate | None, frozen_on: date | None) -> Milestones:
    if given is None and frozen_on is None:
        return NO_MILESTONES
    return Milestones(printed_on=given.day if given else None, frozen_on=frozen_on)


async def add(tx: Write, member: Member, items: Sequence[NewItem], now: datetime, *, reason: str = "") -> Done:
    """Put items into stock as one entry of the journal; each gets a moment that is its label's own."""
    return await store(tx, member, drafts(member, items, now), now, reason=reason)


async def store(tx: Write, member: Member, drafted: Sequence[Batch], now: datetime, *, reason: str) -> Done:
    """Store drafted batches, moving a moment on to the next free millisecond where it is taken.

    Raises UnknownPhoto, StockFull.
    """
    if not drafted:
        return Done((), None)
    label_keys = {batch.label_key for batch in drafted}
    room = await pictures.room(tx, member.household, label_keys)
    if room.held + len(drafted) > MOST_BATCHES:
        raise StockFull({"most": MOST_BATCHES})
    if shown := {batch.photo for batch in drafted if batch.photo is not None}:
        await photos.of_household(tx, member.household, tuple(shown))  # nobody shows the photos of others
    since, taken = min(batch.added_at for batch in drafted), set()
    if room.newest is not None and room.newest >= since:  # seldom: two requests in a millisecond, or clocks that differ
        taken = await batches.taken_moments(tx, member.household, label_keys, since)
    stored = tuple(_pictured(batch, room.pictures) for batch in with_own_moments(drafted, taken))
    await batches.add(tx, stored)
    changes = [Change(None, batch) for batch in stored]
    return Done(stored, await journal.record(tx, member, Act.ADD, changes, now, reason=reason))


def _pictured(batch: Batch, assigned: Mapping[str, PhotoId]) -> Batch:
    """With the photo that its name was given, if it has none of its own."""
    photo = assigned.get(batch.label_key) if batch.photo is None else None
    return batch if photo is None else replace(batch, photo=photo)


def with_own_moments(drafts: Iterable[Batch], taken: set[tuple[str, datetime]]) -> Iterable[Batch]:
    """Each batch at a moment that no other of its label uses; fills `taken`."""
    for batch in drafts:
        moment = batch.added_at
        while (batch.label_key, moment) in taken:
            moment += MILLISECOND
        taken.add((batch.label_key, moment))
        yield batch if moment == batch.added_at else replace(batch, added_at=moment)


async def page(
    tx: Lists,
    household: HouseholdId,
    limit: int | None = None,
    after: StackKey | None = None,
    kind: Kind | None = None,
) -> tuple[list[Batch], bool]:
    """The stock in the order of its shelves, and whether there is more of it; `limit` counts batches."""
    return _cut(await batches.page(tx, household, limit and limit + 1, after, kind), limit)


async def batch(tx: Read, household: HouseholdId, batch_id: BatchId) -> Batch:
    """Raises UnknownBatch."""
    found = (await batches.by_ids(tx, household, [batch_id])).get(batch_id)
    if found is None:
        raise UnknownBatch
    return found


async def until(tx: Lists, household: HouseholdId, last: date) -> list[Batch]:
    """What expires on `last` or before, soonest first."""
    return await batches.until(tx, household, last, MOST_BATCHES)


async def dishes(
    tx: Lists, household: HouseholdId, limit: int | None = None, after: ExpiryKey | None = None
) -> tuple[list[Batch], bool]:
    """Cooked dishes, those that expire first first, and whether there are more."""
    return _cut(await batches.soonest(tx, household, Kind.DISH, limit and limit + 1, after), limit)


async def expiring(
    tx: Lists, household: HouseholdId, today: date, days: int, limit: int | None = None, after: ExpiryKey | None = None
) -> tuple[list[Batch], bool]:
    """Batches that expire from today on within `days`, soonest first, and whether there are more."""
    until = today + timedelta(days=days)
    return _cut(await batches.expiring(tx, household, today, until, limit and limit + 1, after), limit)


def _cut(found: list[Batch], limit: int | None) -> tuple[list[Batch], bool]:
    return found[:limit], limit is not None and len(found) > limit


def shelves(held: Iterable[Batch]) -> list[Shelf]:
    """Batches in their shelves' order, grouped by kind and label."""
    grouped = groupby(held, attrgetter("kind", "label_key"))
    return [_shelf(kind, key, tuple(group)) for (kind, key), group in grouped]


async def stack(tx: Write, household: HouseholdId, ref: StackRef, label: str, kind: Kind | None = None) -> Batch:
    """The batch of a stack: there is one of a label and a moment. A synonym counts when no label says it.

    Raises UnknownStack.
    """
    found = [batch for batch in await batches.of_stack(tx, household, ref) if kind is None or batch.kind is kind]
    if not found:
        raise UnknownStack({"name": label})
    return next((batch for batch in found if batch.label_key == ref.label_key), found[0])


async def named_by_client(tx: Write, household: HouseholdId, text: str) -> Batch:
    """The batch of an id: its own, or one that the client made up of a name and a place on the shelf.

    Raises UnknownFood.
    """
    if found := (await batches.by_ids(tx, household, [BatchId(text)])).get(BatchId(text)):
        return found
    for pattern, kind in MADE_UP:
        if made := pattern.fullmatch(text):
            name = label_key(made[1]).replace(" ", "_")
            if batch := await batches.of_client_id(tx, household, kind, name, int(made[2])):
                return batch
    raise UnknownFood({"name": text})


async def first_to_expire(tx: Write, member: Member, label: str) -> Batch:
    """Of every stack under a name, the one that expires first. Raises UnknownFood."""
    held = await batches.of_label(tx, member.household, label_key(label), food_of(label, member.language))
    if not held:
        raise UnknownFood({"name": label})
    return min(held, key=lambda batch: (batch.expiry.day, batch.added_at, batch.id))


async def correct(
    tx: Write,
    member: Member,
    ref: StackRef,
    label: str,
    correction: Correction,
    now: datetime,
    *,
    kind: Kind | None = None,
) -> Done:
    """Change a stack as its owner says; an amount of zero removes it. Raises UnknownStack, UseByPassed."""
    return await change(tx, member, await stack(tx, member.household, ref, label, kind), correction, now)


async def change(tx: Write, member: Member, before: Batch, correction: Correction, now: datetime) -> Done:
    """Correct a batch that is locked already."""
    if correction.amount == 0:
        return await take_out(tx, member, [before], Act.CORRECT, now)
    if correction.photo is not None:
        await photos.of_household(tx, member.household, (correction.photo,))
    after = _corrected(member, before, correction, now)
    if after.label_key != before.label_key:
        taken = await batches.taken_moments(tx, member.household, {after.label_key}, after.added_at)
        (after,) = with_own_moments([after], taken)
    await batches.change(tx, [after])
    return Done((after,), await journal.record(tx, member, Act.CORRECT, [Change(before, after)], now))


async def remove_stack(
    tx: Write, member: Member, ref: StackRef, label: str, now: datetime, *, kind: Kind | None = None
) -> Done:
    """Remove a stack that was never there: neither eaten nor wasted. Raises UnknownStack."""
    return await take_out(tx, member, [await stack(tx, member.household, ref, label, kind)], Act.DELETE, now)


async def remove_all(tx: Write, member: Member, label: str, now: datetime) -> Done:
    """Remove every stack under a name. Raises UnknownFood."""
    held = await batches.of_label(tx, member.household, label_key(label), food_of(label, member.language))
    if not held:
        raise UnknownFood({"name": label})
    return await take_out(tx, member, held, Act.DELETE, now)


async def take_out(tx: Write, member: Member, held: Sequence[Batch], act: Act, now: datetime) -> Done:
    """Delete whole batches, and tell the journal why they went."""
    await batches.remove(tx, member.household, [batch.id for batch in held])
    changes = [Change(batch, None) for batch in held]
    return Done(tuple(held), await journal.record(tx, member, act, changes, now))


def _corrected(member: Member, batch: Batch, correction: Correction, now: datetime) -> Batch:
    label = correction.label or batch.label
    today, added_on = today_of(member, now), today_of(member, batch.added_at)
    dated = correction.expiry and correction.expiry.day != batch.expiry.day
    if correction.place is Place.FREEZER and batch.place is not Place.FREEZER:
        keeping.check_freezable(replace(batch, expiry=correction.expiry) if correction.expiry else batch, today)
    after = keeping.moved(batch, correction.place or batch.place, today, added_on)
    if label_key(label) != batch.label_key and (food := food_of(label, member.language)) != batch.food:
        after = replace(after, food=food)
        if after.expiry.source not in keeping.GIVEN:
            after = keeping.dated_anew(after, added_on)
    # The client sends every field back; a date that it leaves as it was is still ours, with its source.
    if correction.expiry and dated:
        marks = replace(after.milestones, printed_on=correction.expiry.day)
        after = replace(after, expiry=correction.expiry, milestones=marks)
    return replace(
        after,
        label=label,
        label_key=label_key(label),
        quantity=_corrected_quantity(batch, correction),
        tips=batch.tips if correction.tips is None else correction.tips,
        photo=correction.photo or batch.photo,
    )


def _corrected_quantity(batch: Batch, correction: Correction) -> Quantity:
    if correction.amount is not None:
        return Quantity(correction.amount, batch.quantity.unit)
    return correction.quantity or batch.quantity
