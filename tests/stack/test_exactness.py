"""What goes in comes out the same, on SQLite and on MariaDB by either driver."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from storage import batches, people
from storage.db import Database
from storage.engines import sqlite_url
from storage.migrate import migrate
from storage.schema import accounts, claims, photos
from tests.stack.conftest import a_batch, opened
from zwai.errors import Conflict
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId
from zwai.records.stock import DishFacts, ExpiryDate, ExpirySource, Quantity, Unit

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TEXTS = [
    "ñandú 🥑👩‍👩‍👧‍👦 e\u0301 \U0001f9c0",
    "'\"`\\ %s %(x)s :x ? {} ; -- /* \x00 \t\r\n",
    " spaces stay ",
    "İıß ÅÅ",
    "",
]
AMOUNTS = ["0.001", "1.5", "100", "999999.999", "0.1", "12345678901.234", "0"]
MOMENTS = [
    NOW,
    NOW + timedelta(microseconds=1),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2199, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2026, 7, 1, 12, 0, 0, 123_000, UTC),
]
DOCUMENTS: list[Any] = [
    {},
    {"z": 1, "a": [None, True, 1.5, 10**15, {"🥑": "'\"\\"}], "": "\u2028"},
    {"long": "ñ" * 100_000},
]


@pytest.fixture(params=["sqlite", "asyncmy", "aiomysql"])
async def database(request: pytest.FixtureRequest, urls: tuple[str, str], tmp_path: Path) -> AsyncIterator[Database]:
    server = urls[0].replace("asyncmy", request.param)
    url = sqlite_url(tmp_path / "zwai.db") if request.param == "sqlite" else server
    await migrate(url)
    async with opened(url) as it:
        yield it


@pytest.fixture
async def household(database: Database) -> HouseholdId:
    household = HouseholdId(new_id(NOW))
    async with database.write() as tx:
        await people.add_household(tx, household, "America/Lima", NOW)
    return household


@pytest.mark.parametrize("text", TEXTS, ids=["emoji", "syntax", "spaces", "capitals", "empty"])
async def test_text(database: Database, household: HouseholdId, text: str) -> None:
    row = an_account(household, name=text, preferences={text: text})
    async with database.write() as tx:
        await tx.execute(insert(accounts).values(row))
        found = await tx.first(select(accounts).where(accounts.c.id == row["id"], accounts.c.name == text))
    assert found and found._asdict() == row


@pytest.mark.parametrize("document", DOCUMENTS, ids=["empty", "mixed", "long"])
async def test_documents(database: Database, household: HouseholdId, document: Any) -> None:
    row = an_account(household, preferences=document)
    async with database.write() as tx:
        await tx.execute(insert(accounts).values(row))
        found = await tx.scalar(select(accounts.c.preferences).where(accounts.c.id == row["id"]))
    assert (found, repr(found)) == (document, repr(document))


async def test_moments(database: Database, household: HouseholdId) -> None:
    rows = [an_account(household, created_at=moment) for moment in MOMENTS]
    async with database.write() as tx:
        await tx.execute(insert(accounts), rows)
        for row in rows:
            held = select(accounts.c.created_at).where(
                accounts.c.id == row["id"], accounts.c.created_at == row["created_at"]
            )
            found = await tx.scalar(held)
            assert (found, found.tzinfo) == (row["created_at"], UTC)
        order = select(accounts.c.created_at).where(accounts.c.household_id == household).order_by("created_at")
        assert [found.created_at for found in await tx.all(order)] == sorted(MOMENTS)


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_batches_with_their_amounts_dates_and_facts(
    database: Database, household: HouseholdId, amount: str
) -> None:
    days = (date(2026, 2, 28), date(1999, 12, 31), date(2999, 1, 1))
    whole = replace(
        a_batch(household, TEXTS[0], NOW),
        quantity=Quantity(Decimal(amount), Unit.PORTION),
        expiry=ExpiryDate(days[0], ExpirySource.ASSUMED, "🥑", days[1], days[2]),
        tips="x" * 60_000,
        dish=DishFacts(("ají 🌶", "'"), "sopa", Decimal("12.50"), TEXTS[1]),
    )
    async with database.write(household) as tx:
        await batches.add(tx, [whole])
    async with database.read(household) as tx:
        (found,) = await batches.page(tx, household)
    assert (found, repr(found)) == (whole, repr(whole))
    async with database.write(household) as tx:
        changed = replace(whole, quantity=Quantity(Decimal(amount) / 2, Unit.G), label_key="z")
        exact = replace(changed, quantity=Quantity(changed.quantity.amount.quantize(Decimal("0.001")), Unit.G))
        await batches.change(tx, [exact])
        assert list((await batches.by_ids(tx, household, [whole.id])).values()) == [exact]


@pytest.mark.parametrize(
    "body", [bytes(range(256)) * 2000, b"", b"\x00", "🥑'\\%s".encode()], ids=["all", "empty", "zero", "text"]
)
async def test_bytes(database: Database, household: HouseholdId, body: bytes) -> None:
    key = new_id(NOW)
    row = {"id": key, "household_id": household, "holder": "h", "fingerprint": "f", "lease_until": NOW}
    async with database.write() as tx:
        await tx.execute(insert(claims).values(**row, status=201, body=body, expires_at=NOW))
        assert await tx.scalar(select(claims.c.body).where(claims.c.id == key)) == body


async def test_strings_compare_by_their_bytes(database: Database, household: HouseholdId) -> None:
    """Case, accents and trailing spaces differ, and order is the same on both engines."""
    labels = ["a", "A", "á", "a\u0301", "ab", "B", "ß", "ss", "🥑", "z", "\uffff"]
    async with database.write(household) as tx:
        await batches.add(tx, [a_batch(household, label, NOW) for label in labels])
    async with database.write(household) as tx:
        found = [batch.label for batch in await batches.page(tx, household)]
        assert found == sorted(labels, key=str.encode)
        for label in labels:
            assert [batch.label for batch in await batches.of_label(tx, household, label, None)] == [label]
    with pytest.raises(Conflict):
        async with database.write(household) as tx:
            await batches.add(tx, [a_batch(household, "á", NOW)])


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with database.write() as tx:
            await tx.execute(insert(accounts).values(an_account(HouseholdId("nobody"))))


async def test_large_whole_numbers(database: Database, household: HouseholdId) -> None:
    row = {
        "id": new_id(NOW), "household_id": household, "account_id": "a", "name": "n", "purpose": "p",
        "content_hash": "h", "width": 1, "height": 2, "size_bytes": 2**62, "uploaded_at": NOW,
    }  # fmt: skip
    async with database.write() as tx:
        await tx.execute(insert(photos).values(row))
        found = await tx.first(select(photos).where(photos.c.id == row["id"]))
    assert found and found._asdict() == row


def an_account(household: HouseholdId, **columns: Any) -> dict[str, Any]:
    return {
        "id": new_id(NOW),
        "household_id": household,
        "provider": "guest",
        "name": "",
        "email": None,
        "email_verified": False,
        "photo_url": None,
        "language": "es",
        "preferences": {},
        "created_at": NOW,
        "last_login_at": NOW,
        **columns,
    }
