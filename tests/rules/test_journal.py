"""What the kitchen records of its changes, and the moments that batches get."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from storage.db import Database
from tests.storage.households import NOON, batch, household, opened
from zwai.errors import AlreadyUndone, CannotUndo, UndoIsFinal, UnknownEntry
from zwai.kitchen import consumption, inventory, journal
from zwai.kitchen.inventory import Correction, NewItem, shelves, stack_ref, to_millisecond, with_own_moments
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.stock import Act, Kind, Quantity, Unit

MILLISECOND = timedelta(milliseconds=1)
BREAD = NewItem("Pan", Kind.INGREDIENT, Quantity(Decimal(2), Unit.PIECE))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def member_of(database: Database) -> Member:
    home = await household(database)
    return Member(AccountId("a" * 32), home, SessionId("s" * 32), Language.ES, "America/Lima")


async def test_every_change_is_an_entry_with_what_was_and_what_is(database: Database) -> None:
    me = await member_of(database)
    ref = stack_ref("Pan", NOON, Language.ES)
    async with database.write(me.household) as tx:
        await inventory.add(tx, me, [BREAD], NOON)
    async with database.write(me.household) as tx:
        await consumption.eat(tx, me, ref, "Pan", Decimal(1), NOON, reason="lonche")
    async with database.write(me.household) as tx:
        await inventory.correct(tx, me, ref, "Pan", Correction(amount=Decimal(5)), NOON)
    async with database.write(me.household) as tx:
        await inventory.remove_stack(tx, me, ref, "Pan", NOON)
    async with database.read(me.household) as tx:
        entries, more = await journal.history(tx, me.household, 10)
    assert more is False
    assert [entry.act for entry in entries] == [Act.DELETE, Act.CORRECT, Act.EAT, Act.ADD]
    assert [entry.version for entry in entries] == [4, 3, 2, 1]
    assert (entries[2].reason, entries[2].account) == ("lonche", me.account)
    for later, earlier in pairwise(entries):
        assert later.changes[0].before == earlier.changes[0].after
    assert (entries[-1].changes[0].before, entries[0].changes[0].after) == (None, None)


async def test_adding_nothing_is_no_entry(database: Database) -> None:
    me = await member_of(database)
    async with database.write(me.household) as tx:
        done = await inventory.add(tx, me, [], NOON)
    assert (done.batches, done.entry) == ((), None)


async def test_an_undo_restores_once_and_in_order(database: Database) -> None:
    me = await member_of(database)
    async with database.write(me.household) as tx:
        added = (await inventory.add(tx, me, [BREAD], NOON)).entry
    async with database.write(me.household) as tx:
        eaten = (await consumption.eat(tx, me, stack_ref("pan", NOON, Language.ES), "pan", None, NOON)).entry
    assert added is not None
    async with database.write(me.household) as tx:
        with pytest.raises(CannotUndo):
            await journal.undo(tx, me, added.id, NOON)
        undone = await journal.undo(tx, me, eaten.id, NOON)
    assert (undone.act, undone.undoes, undone.changes[0].after) == (Act.UNDO, eaten.id, eaten.changes[0].before)
    async with database.write(me.household) as tx:
        with pytest.raises(AlreadyUndone):
            await journal.undo(tx, me, eaten.id, NOON)
        with pytest.raises(UndoIsFinal):
            await journal.undo(tx, me, undone.id, NOON)


async def test_a_stranger_knows_of_no_entry(database: Database) -> None:
    me, stranger = await member_of(database), await member_of(database)
    async with database.write(me.household) as tx:
        added = (await inventory.add(tx, me, [BREAD], NOON)).entry
    assert added is not None
    async with database.write(stranger.household) as tx:
        with pytest.raises(UnknownEntry):
            await journal.undo(tx, stranger, added.id, NOON)


def test_a_taken_moment_moves_on_to_the_next_free_millisecond_of_its_label() -> None:
    home = HouseholdId("h")
    drafts = [batch(home, "pan"), batch(home, "pan"), batch(home, "queso"), batch(home, "pan")]
    taken = {("pan", NOON + MILLISECOND)}
    moments = [one.added_at - NOON for one in with_own_moments(drafts, taken)]
    assert moments == [0 * MILLISECOND, 2 * MILLISECOND, 0 * MILLISECOND, 3 * MILLISECOND]


def test_moments_count_in_whole_milliseconds_and_are_never_rounded_up() -> None:
    assert to_millisecond(datetime(2026, 1, 1, 0, 0, 0, 999_999, UTC)).microsecond == 999_000


def test_shelves_group_by_kind_and_label_and_are_told_by_their_newest() -> None:
    home = HouseholdId("h")
    held = [
        batch(home, "pan", kind=Kind.DISH),
        batch(home, "Pan", label_key="pan"),
        batch(home, "PAN", label_key="pan", added_at=NOON + MILLISECOND),
    ]
    assert [(one.kind, one.newest.label, len(one.batches)) for one in shelves(held)] == [
        (Kind.DISH, "pan", 1),
        (Kind.INGREDIENT, "PAN", 2),
    ]
