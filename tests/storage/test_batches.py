"""Batches in SQL: whole rows in and out, always of one household, never by a full scan."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import event, text

from storage import batches, journal
from storage.db import Database, Write
from tests.storage.counting import counted
from tests.storage.households import NOON, batch, household, opened
from zwai.errors import UnknownEntry
from zwai.kitchen import inventory
from zwai.kitchen.inventory import NewItem
from zwai.records.ids import new_id
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import PhotoId
from zwai.records.stock import (
    ONE_PIECE,
    Act,
    Batch,
    BatchState,
    Change,
    DishFacts,
    EntryId,
    ExpiryDate,
    ExpirySource,
    FoodId,
    JournalEntry,
    Kind,
    Place,
    Quantity,
    StackRef,
    Unit,
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


def full(owner: HouseholdId) -> Batch:
    """A batch with something in every field."""
    return batch(
        owner,
        "Ají de gallina 🐔",
        kind=Kind.DISH,
        food=FoodId("aji_de_gallina"),
        quantity=Quantity(Decimal("12.345"), Unit.PORTION),
        place=Place.FREEZER,
        state=BatchState.FROZEN,
        expiry=ExpiryDate(date(2026, 8, 1), ExpirySource.TABLE, "row 7", date(2026, 8, 1), date(2026, 9, 1)),
        added_at=NOON + timedelta(milliseconds=7),
        tips="Tápala",
        photo=PhotoId("f" * 32),
        dish=DishFacts(("gallina", "ají"), "main", Decimal("412.5"), "Con papas"),
    )


async def test_a_batch_comes_back_as_it_was_stored(database: Database) -> None:
    owner = await household(database)
    stored = [full(owner), batch(owner)]  # dishes first
    async with database.write(owner) as tx:
        await batches.add(tx, stored)
    async with database.read(owner) as tx:
        assert await batches.page(tx, owner) == stored


async def test_the_journals_document_of_a_batch_is_the_batch(database: Database) -> None:
    owner = await household(database)
    for one in (full(owner), batch(owner)):
        kept = orjson.loads(orjson.dumps(batches.to_document(one)))
        assert batches.from_document(kept) == one
        assert kept["added_at"] == one.added_at.isoformat()
        assert kept["expiry_day"] == one.expiry.day.isoformat()


async def test_a_changed_batch_is_written_whole(database: Database) -> None:
    owner = await household(database)
    before = batch(owner)
    after = replace(full(owner), id=before.id)
    async with database.write(owner) as tx:
        await batches.add(tx, [before])
        await batches.change(tx, [after])
        assert await batches.page(tx, owner) == [after]


async def test_what_is_added_in_the_same_moment_gets_a_moment_of_its_own(database: Database) -> None:
    owner = await household(database)
    member = Member(AccountId("a" * 32), owner, SessionId("s" * 32), Language.ES, "America/Lima")
    moments = []
    for _ in range(3):
        async with database.write(owner) as tx:
            done = await inventory.add(tx, member, [NewItem("Pan", Kind.INGREDIENT, ONE_PIECE)], NOON)
            moments += [one.added_at for one in done.batches]
    assert moments == [NOON, NOON + inventory.MILLISECOND, NOON + 2 * inventory.MILLISECOND]


async def test_another_household_finds_nothing_and_changes_nothing(database: Database) -> None:
    owner, stranger = await household(database), await household(database)
    mine = batch(owner, food=FoodId("milk"))
    entry = JournalEntry(
        EntryId(new_id(NOON)), owner, AccountId("a" * 32), 1, Act.ADD, "", NOON, None, None, (Change(None, mine),)
    )
    ref = StackRef(mine.label_key, mine.food, mine.added_at)
    async with database.write(owner) as tx:
        await batches.add(tx, [mine])
        await journal.add(tx, entry)
    async with database.write(stranger) as tx:
        assert await batches.page(tx, stranger) == []
        assert await batches.expiring(tx, stranger, date(2026, 1, 1), date(2027, 1, 1)) == []
        assert await batches.of_stack(tx, stranger, ref) == []
        assert await batches.of_label(tx, stranger, mine.label_key, mine.food) == []
        assert await batches.by_ids(tx, stranger, [mine.id]) == {}
        assert await batches.taken_moments(tx, stranger, {mine.label_key}, NOON) == set()
        assert await journal.page(tx, stranger, 10, 300, None) == ([], False)
        assert not await journal.touched_later(tx, stranger, entry.id, [mine.id])
        with pytest.raises(UnknownEntry):
            await journal.get(tx, stranger, entry.id)
        await batches.remove(tx, stranger, [mine.id])
        await batches.change(tx, [replace(mine, household=stranger, label="Robada")])
    async with database.read(owner) as tx:
        assert await batches.page(tx, owner) == [mine]


async def test_batches_are_listed_by_kind_label_moment_and_id(database: Database) -> None:
    owner = await household(database)
    later = NOON + timedelta(milliseconds=1)
    order = [
        batch(owner, "zeta", kind=Kind.DISH),
        batch(owner, "alfa"),
        batch(owner, "alfa", added_at=later),
        batch(owner, "beta"),
    ]
    async with database.write(owner) as tx:
        await batches.add(tx, order[::-1])
        assert await batches.page(tx, owner) == order
        after = (order[1].kind, order[1].label_key, order[1].added_at, order[1].id)
        assert await batches.page(tx, owner, 1, after) == [order[2]]


async def test_what_expires_is_listed_soonest_first_and_page_by_page(database: Database) -> None:
    owner = await household(database)
    days = [3, 1, 2, 1]
    stock = [
        batch(owner, f"{n}", expiry=ExpiryDate(date(2026, 7, day), ExpirySource.TYPED, ""))
        for n, day in enumerate(days)
    ]
    async with database.write(owner) as tx:
        await batches.add(tx, stock)
        found = await batches.expiring(tx, owner, date(2026, 7, 1), date(2026, 7, 2))
        assert [one.expiry.day.day for one in found] == [1, 1, 2]
        rest = await batches.expiring(
            tx, owner, date(2026, 7, 1), date(2026, 7, 2), 5, (found[0].expiry.day, found[0].id)
        )
        assert rest == found[1:]


async def test_a_stack_is_found_by_its_label_or_another_name_of_its_food(database: Database) -> None:
    owner = await household(database)
    avocado = batch(owner, "palta", food=FoodId("avocado"))
    async with database.write(owner) as tx:
        await batches.add(tx, [avocado, batch(owner, "pan")])
        assert await batches.of_stack(tx, owner, StackRef("palta", None, NOON)) == [avocado]
        assert await batches.of_stack(tx, owner, StackRef("aguacate", FoodId("avocado"), NOON)) == [avocado]
        assert await batches.of_stack(tx, owner, StackRef("palta", None, NOON + timedelta(milliseconds=1))) == []


async def test_all_of_a_label_come_before_all_of_its_food(database: Database) -> None:
    owner = await household(database)
    palta, aguacate = (batch(owner, name, food=FoodId("avocado")) for name in ("palta", "aguacate"))
    async with database.write(owner) as tx:
        await batches.add(tx, [palta, aguacate])
        assert await batches.of_label(tx, owner, "palta", FoodId("avocado")) == [palta]
        assert await batches.of_label(tx, owner, "avocado", FoodId("avocado")) == [aguacate, palta]


async def test_a_batch_does_not_take_its_own_moment(database: Database) -> None:
    owner = await household(database)
    mine = batch(owner)
    async with database.write(owner) as tx:
        await batches.add(tx, [mine])
        assert await batches.taken_moments(tx, owner, {mine.label_key}, NOON) == {(mine.label_key, NOON)}
        assert await batches.taken_moments(tx, owner, {mine.label_key}, NOON, {mine.id}) == set()


READS: dict[str, Callable[[Write, HouseholdId], Any]] = {
    "list": lambda tx, owner: batches.page(tx, owner),
    "page": lambda tx, owner: batches.page(tx, owner, 50, ("ingredient", "a", NOON, "b")),
    "expiring": lambda tx, owner: batches.expiring(tx, owner, date(2026, 1, 1), date(2027, 1, 1)),
    "stack": lambda tx, owner: batches.of_stack(tx, owner, StackRef("palta", FoodId("avocado"), NOON)),
    "label": lambda tx, owner: batches.of_label(tx, owner, "palta", FoodId("avocado")),
    "moments": lambda tx, owner: batches.taken_moments(tx, owner, {"a", "b"}, NOON),
    "ids": lambda tx, owner: batches.by_ids(tx, owner, [batch(owner).id]),
    "journal": lambda tx, owner: journal.page(tx, owner, 50, 300, None),
    "older journal": lambda tx, owner: journal.page(tx, owner, 50, 300, (9, "x")),
    "touched later": lambda tx, owner: journal.touched_later(tx, owner, EntryId("x"), [batch(owner).id]),
}


@pytest.mark.parametrize("read", READS)
async def test_a_read_searches_an_index_and_scans_no_table(database: Database, read: str) -> None:
    owner = await household(database)
    async with database.write(owner) as tx:
        with explained(database) as plans:
            await READS[read](tx, owner)
    assert plans
    assert [step for step in plans if step.startswith("SCAN") and "CONSTANT ROW" not in step] == []
    assert any("USING" in step and "INDEX" in step for step in plans), plans


@contextmanager
def explained(database: Database) -> Iterator[list[str]]:
    """Collects the query plan of every statement."""
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(row[3] for row in cursor.fetchall())

    engine = database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", explain)


async def test_a_hundred_batches_are_stored_by_one_statement(database: Database) -> None:
    owner = await household(database)
    with counted(database) as statements:
        async with database.write(owner) as tx:
            await batches.add(tx, [batch(owner, f"lata {n}") for n in range(100)])
    assert len(statements.of_the_kitchen) == 1


async def test_amounts_are_exact_to_the_thousandth(database: Database) -> None:
    owner = await household(database)
    amounts = [Decimal("0.001"), Decimal("0.3"), Decimal("99999999999.999"), Decimal(100)]
    async with database.write(owner) as tx:
        await batches.add(tx, [batch(owner, f"{n}", quantity=Quantity(a, Unit.G)) for n, a in enumerate(amounts)])
        assert [one.quantity.amount for one in await batches.page(tx, owner)] == amounts
        stored = await tx.all(text("SELECT typeof(amount) AS kind FROM batches"))
    assert {row.kind for row in stored} == {"text"}
