"""Whatever was done to a kitchen, undone in reverse, leaves it row for row as it was."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage import photos, schema
from storage.db import Database, Write
from tests.storage.households import NOON, household, opened
from zwai.errors import AlreadyUndone, CannotUndo, NotEnough, UndoIsFinal, WrongState
from zwai.kitchen import consumption, inventory, journal, proposals, recognition, states
from zwai.kitchen.inventory import Correction, Done, NewItem, typed_expiry
from zwai.kitchen.proposals import Edit
from zwai.kitchen.recognition import Seen
from zwai.records.people import AccountId, Language, Member, SessionId
from zwai.records.photos import Aim, Decision, Engine, Photo, PhotoId, Sighting
from zwai.records.proposals import LineState
from zwai.records.stock import Batch, EntryId, Kind, Meal, Place, Quantity, Reservation, StackRef, Unit

LABELS = ("Pan", "Leche", "Palta", "Queso fresco", "Sopa de la abuela")
PHOTO = PhotoId("f" * 32)
SIGHTINGS = (
    (PHOTO, Sighting("tomato", "ingredient", 0.9, Decision.ITEM, "whole photo")),
    (PHOTO, Sighting("carrot", "ingredient", 0.8, Decision.CONFIRM, "part")),
)


class Household:
    """A kitchen in which things happen at random, each in its own transaction."""

    def __init__(self, database: Database, member: Member, seed: int) -> None:
        self._database = database
        self._member = member
        self._chance = random.Random(seed)
        self._now = NOON

    async def rows(self) -> Sequence[Any]:
        """The batches as the database holds them."""
        async with self._database.read() as tx:
            return await tx.all(select(schema.batches).order_by(schema.batches.c.id))

    async def entries(self) -> list[EntryId]:
        """All entries, newest first."""
        async with self._database.read() as tx:
            table = schema.journal
            rows = await tx.all(select(table.c.id).order_by(table.c.version.desc()))
            return [EntryId(row.id) for row in rows]

    async def open_lines(self) -> list[bool]:
        table = schema.proposal_lines.c
        async with self._database.read() as tx:
            rows = await tx.all(select(table.accepted_at, table.accepted_label, table.accepted_batch_id))
            return [row == (None, None, None) for row in rows]

    async def do_something(self, *, undoing: bool) -> bool:
        """One change at random; whether it was one."""
        choices: list[Callable[[Write, list[Batch]], Awaitable[bool]]] = [
            self._add, self._add, self._eat, self._finish, self._move, self._correct, self._rename, self._take_out,
            self._remove_all, self._accept, self._reserve, self._set_aside, self._release, self._open,
            self._move_a_part, self._discard, self._cook, self._leave_over,
        ]  # fmt: skip
        change = self._chance.choice([*choices, self._undo_any, self._undo_any] if undoing else choices)
        self._now += timedelta(seconds=self._chance.choice((0, 1, 40_000)))
        try:
            async with self._database.write(self._member.household) as tx:
                held, _ = await inventory.page(tx, self._member.household)
                return await change(tx, held)
        except (NotEnough, WrongState, CannotUndo, UndoIsFinal, AlreadyUndone):
            return False

    async def undo(self, entry: EntryId) -> None:
        async with self._database.write(self._member.household) as tx:
            await journal.undo(tx, self._member, entry, self._now)

    async def _add(self, tx: Write, _held: list[Batch]) -> bool:
        items = [self._item() for _ in range(self._chance.randint(1, 3))]
        await inventory.add(tx, self._member, items, self._now)
        return True

    async def _eat(self, tx: Write, held: list[Batch]) -> bool:
        if not held:
            return False
        batch = self._chance.choice(held)
        await consumption.eat(tx, self._member, ref(batch), batch.label, Decimal("0.5"), self._now, kind=batch.kind)
        return True

    async def _finish(self, tx: Write, held: list[Batch]) -> bool:
        if not held:
            return False
        batch = self._chance.choice(held)
        await consumption.eat(tx, self._member, ref(batch), batch.label, None, self._now, kind=batch.kind)
        return True

    async def _move(self, tx: Write, held: list[Batch]) -> bool:
        """To another place; to the freezer is freezing, out of it thawing."""
        return await self._change(tx, held, Correction(place=self._chance.choice(list(Place))))

    async def _correct(self, tx: Write, held: list[Batch]) -> bool:
        amount = Decimal(self._chance.choice((0, 3, 50)))
        day = (self._now + timedelta(days=self._chance.randint(0, 400))).date()
        return await self._change(tx, held, Correction(amount=amount, expiry=typed_expiry(day), tips="corregido"))

    async def _rename(self, tx: Write, held: list[Batch]) -> bool:
        return await self._change(tx, held, Correction(label=self._chance.choice(LABELS)))

    async def _take_out(self, tx: Write, held: list[Batch]) -> bool:
        if not held:
            return False
        batch = self._chance.choice(held)
        await inventory.remove_stack(tx, self._member, ref(batch), batch.label, self._now, kind=batch.kind)
        return True

    async def _remove_all(self, tx: Write, held: list[Batch]) -> bool:
        if len(held) < 10:
            return False
        await inventory.remove_all(tx, self._member, self._chance.choice(held).label, self._now)
        return True

    async def _accept(self, tx: Write, _held: list[Batch]) -> bool:
        """A new proposal, accepted whole, or in part and corrected."""
        seen = Seen(Aim.BOTH, Engine.LOCAL, (PHOTO,), SIGHTINGS)
        made = await recognition.propose(tx, self._member, seen, self._now)
        edits = [Edit(line=made.lines[1].id, label=self._chance.choice(LABELS), amount=Decimal(2))]
        whole = self._chance.random() < 0.5
        choice = proposals.everything if whole else lambda _: edits
        review = await proposals.accept(tx, self._member, made.recognition.id, choice, self._now, close=False)
        assert LineState.ACCEPTED in [line.state for line in review.proposal.lines]
        return True

    async def _reserve(self, tx: Write, held: list[Batch]) -> bool:
        kept_for = Reservation(self._now.date(), self._chance.choice(list(Meal)))
        return bool(held) and changed(
            await states.reserve(tx, self._member, self._chance.choice(held).id, kept_for, self._now)
        )

    async def _set_aside(self, tx: Write, held: list[Batch]) -> bool:
        return bool(held) and changed(
            await states.quarantine(tx, self._member, self._chance.choice(held).id, self._now)
        )

    async def _release(self, tx: Write, held: list[Batch]) -> bool:
        return bool(held) and changed(await states.release(tx, self._member, self._chance.choice(held).id, self._now))

    async def _open(self, tx: Write, held: list[Batch]) -> bool:
        return bool(held) and changed(
            await states.open_packet(tx, self._member, self._chance.choice(held).id, self._now)
        )

    async def _move_a_part(self, tx: Write, held: list[Batch]) -> bool:
        batch, place = self._chance.choice(held or [None]), self._chance.choice(list(Place))
        return batch is not None and changed(
            await states.move(tx, self._member, batch.id, place, self._now, amount=self._part())
        )

    async def _discard(self, tx: Write, held: list[Batch]) -> bool:
        batch = self._chance.choice(held or [None])
        return batch is not None and changed(
            await states.discard(tx, self._member, batch.id, self._now, amount=self._part(), reason="expired")
        )

    async def _cook(self, tx: Write, held: list[Batch]) -> bool:
        batch = self._chance.choice(held or [None])
        if batch is None:
            return False
        soup = NewItem("Sopa de la abuela", Kind.DISH, Quantity(Decimal(2), Unit.PORTION))
        await states.transform(tx, self._member, batch.id, soup, self._now, amount=self._part())
        return True

    async def _leave_over(self, tx: Write, _held: list[Batch]) -> bool:
        soup = NewItem("Sopa de la abuela", Kind.DISH, Quantity(Decimal(1), Unit.PORTION))
        return changed(await states.leave_over(tx, self._member, soup, self._now, reason="cena"))

    def _part(self) -> Decimal | None:
        """All, or a part."""
        return self._chance.choice((None, Decimal("0.5")))

    async def _undo_any(self, tx: Write, _held: list[Batch]) -> bool:
        """Any of the last entries, in whatever order."""
        table = schema.journal
        rows = await tx.all(select(table.c.id).order_by(table.c.version.desc()).limit(15))
        if not rows:
            return False
        await journal.undo(tx, self._member, EntryId(self._chance.choice(rows).id), self._now)
        return True

    async def _change(self, tx: Write, held: list[Batch], correction: Correction) -> bool:
        if not held:
            return False
        batch = self._chance.choice(held)
        await inventory.correct(tx, self._member, ref(batch), batch.label, correction, self._now, kind=batch.kind)
        return True

    def _item(self) -> NewItem:
        label = self._chance.choice(LABELS)
        kind = Kind.DISH if label.startswith("Sopa") else Kind.INGREDIENT
        unit = Unit.PORTION if kind is Kind.DISH else self._chance.choice((Unit.PIECE, Unit.KG, Unit.L))
        return NewItem(label, kind, Quantity(Decimal(self._chance.randint(1, 9)), unit))


def changed(done: Done) -> bool:
    return done.entry is not None


def ref(batch: Batch) -> StackRef:
    return StackRef(batch.label_key, batch.food, batch.added_at)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def household_of(database: Database, seed: int) -> Household:
    home = await household(database)
    member = Member(AccountId("a" * 32), home, SessionId("s" * 32), Language.ES, "America/Lima")
    async with database.write(home) as tx:
        await photos.add(tx, photo(member, NOON))
    return Household(database, member, seed)


def photo(member: Member, now: datetime) -> Photo:
    return Photo(PHOTO, member.household, member.account, "", "recognition", "0" * 64, 10, 10, 100, now)


SEEDS = [1, pytest.param(2, marks=pytest.mark.slow)]
CHANGES = {1: 60, 2: 1000}


@pytest.mark.parametrize("seed", SEEDS)
async def test_changes_undone_in_reverse_leave_each_earlier_stock(database: Database, seed: int) -> None:
    home = await household_of(database, seed)
    shots = []
    while len(shots) < CHANGES[seed]:
        shot = await home.rows()
        if await home.do_something(undoing=False):
            shots.append((shot, (await home.entries())[0]))
    for shot, entry in reversed(shots):
        await home.undo(entry)
        assert await home.rows() == shot
    assert await home.rows() == []
    assert all(await home.open_lines())


@pytest.mark.parametrize("seed", SEEDS)
async def test_undoing_what_stands_after_changes_and_undos_leaves_nothing(database: Database, seed: int) -> None:
    home = await household_of(database, seed)
    done = 0
    while done < CHANGES[seed]:
        done += await home.do_something(undoing=True)
    for entry in await home.entries():
        try:
            await home.undo(entry)
        except (AlreadyUndone, UndoIsFinal):
            continue
    assert await home.rows() == []
    assert all(await home.open_lines())
