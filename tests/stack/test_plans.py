"""Every list and every look-up finds its rows by an index, among 200,000 batches and 32,000 rows of all else."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BigInteger, FromClause, String, Table, cast, event, func, insert, literal, null, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage import batches, figures, jobs, journal, people, photos, pictures, recognitions, replays, schema
from storage.db import Database, Write
from storage.engines import sqlite_url
from storage.migrate import migrate
from tests.stack.conftest import opened
from tests.stacks import TestStack
from zwai.records.people import AccountId, HouseholdId, Provider, SessionId
from zwai.records.photos import PhotoId, RecognitionId
from zwai.records.pictures import Picture, ReferenceId
from zwai.records.stock import BatchId, EntryId, FoodId, StackRef

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUSEHOLDS, EACH = 2_000, 100
ROWS = HOUSEHOLDS * EACH
HOUSEHOLD = HouseholdId(f"{1000:016x}{0:016x}")
ONE = f"{1000:016x}{5:016x}"  # the id of a row of that household, in every table


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
async def database(
    request: pytest.FixtureRequest, stack: TestStack, urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """100 batches in each of 2,000 households, and 16 rows of all else."""
    if request.param == "mariadb":
        stack.sql("primary", "CREATE DATABASE zwai_full")
        url = urls[0].replace("zwai_tests", "zwai_full")
    else:
        url = sqlite_url(tmp_path_factory.mktemp("full") / "zwai.db")
    await migrate(url)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await fill(connection)
    await engine.dispose()
    async with opened(url) as it:
        yield it


async def fill(connection: AsyncConnection) -> None:
    ids = [f"{number:016x}{0:016x}" for number in range(HOUSEHOLDS)]
    homes = [{"id": one, "version": 0, "time_zone": "UTC", "created_at": NOW} for one in ids]
    await connection.execute(insert(schema.households), homes)
    await connection.execute(insert(schema.batches), [a_row(number, ids[0]) for number in range(EACH)])
    pattern, home = schema.batches.alias("pattern"), schema.households.alias("home")
    copied = {column.name: pattern.c[column.name] for column in schema.batches.c}
    copied["id"] = func.substr(home.c.id, 1, 16, type_=String).concat(func.substr(pattern.c.id, 17, 16))
    copied["household_id"] = home.c.id
    others = pattern.join(home, home.c.id != pattern.c.household_id)
    await copy(connection, schema.batches, copied, others)
    for table, columns in rows_of_each_batch().items():
        await copy(connection, table, columns, schema.batches, schema.batches.c.id.like("%00_"))
    if connection.dialect.name == "mysql":
        for table in schema.metadata.sorted_tables:
            await connection.execute(text(f"ANALYZE TABLE {table.name}"))


async def copy(
    connection: AsyncConnection, table: Table, columns: dict[str, Any], source: FromClause, *where: Any
) -> None:
    rows = select(*columns.values()).select_from(source).where(*where)
    await connection.execute(insert(table).from_select(list(columns), rows))


def a_row(number: int, household: str) -> dict[str, Any]:
    return {
        "id": f"{0:016x}{number:016x}",
        "household_id": household,
        "state": "available",
        "kind": "ingredient",
        "label": f"food {number % 17}",
        "label_key": f"food {number % 17}",
        "food_id": "tomato" if number % 3 else None,
        "amount": Decimal(number),
        "unit": "piece",
        "place": "fridge",
        "label_kind": "best_before",
        "expiry_day": date(2026, 7, 1) + timedelta(days=number),
        "expiry_source": "table",
        "expiry_reference": "a row",
        "added_at": NOW + timedelta(milliseconds=number),
        "tips": "",
    }


def rows_of_each_batch() -> dict[Table, dict[str, Any]]:
    """For each other table, what makes a row of it from a batch; parents first."""
    batch = schema.batches.c
    own = {"id": batch.id, "household_id": batch.household_id}
    by = {"account_id": batch.id}
    word, empty, at = literal("word"), literal("{}", schema.Text), batch.added_at
    stock = {name: batch[name] for name in set(schema.proposal_lines.c.keys()) & set(schema.batches.c.keys()) - {"id"}}
    number = cast(batch.amount, BigInteger)
    return {
        schema.accounts: own | {
            "provider": literal("local"), "name": word, "email_verified": literal(0), "language": literal("es"),
            "preferences": empty, "created_at": at, "last_login_at": at,
        },
        schema.credentials: by | {"provider": literal("local"), "subject": batch.id, "created_at": at},
        schema.sessions: by | {"id": batch.id, "created_at": at, "expires_at": at},
        schema.refresh_tokens: {
            "hash": batch.id, "session_id": batch.id, "parent": batch.id, "issued_at": at, "expires_at": at,
        },
        schema.photos: own | by | {
            "name": word, "purpose": word, "content_hash": word, "width": literal(1), "height": literal(1),
            "size_bytes": literal(1), "uploaded_at": at,
        },
        schema.recognitions: own | by | {
            "aim": literal("both"), "engine": literal("local"), "photos": empty, "created_at": at,
        },
        schema.proposal_lines: stock | {
            "id": batch.id, "recognition_id": batch.id, "position": literal(0), "confidence": literal(1),
            "decision": literal("item"), "rule": word,
        },
        schema.journal: own | {"version": number, "act": literal("add"), "reason": word, "at": at},
        schema.journal_changes: {
            "entry_id": batch.id, "position": literal(0), "household_id": batch.household_id, "batch_id": batch.id,
            "before": null(), "after": null(),
        },
        schema.jobs: own | by | {
            "kind": word, "state": literal("completed"), "attempt": literal(1), "progress": literal(100),
            "step": word, "request": empty, "created_at": at, "offer_at": at,
        },
        schema.invitations: by | {
            "household_id": batch.household_id, "code_hash": batch.id, "created_at": at, "expires_at": at,
        },
        schema.feedback: own | {"recognition_id": batch.id, "words": word, "at": at},
        schema.pictures: {
            "household_id": batch.household_id, "label_key": batch.id, "label": word, "photo_id": batch.id,
            "assigned_at": at,
        },
        schema.reference_images: own | {"photo_id": batch.id, "label": word, "category": word, "created_at": at},
        schema.claims: own | {
            "holder": word, "fingerprint": word, "lease_until": at, "status": literal(200), "expires_at": at,
        },
    }  # fmt: skip


@contextmanager
def heard(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database runs meanwhile."""
    statements: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            statements.append((statement, parameters))

    engine = database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", hear)


async def read_all(tx: Write) -> None:
    """Every list and every look-up, in a transaction that is rolled back."""
    ref = StackRef("food 3", FoodId("tomato"), NOW + timedelta(milliseconds=50))
    await batches.page(tx, HOUSEHOLD)
    await batches.page(tx, HOUSEHOLD, 50, ("ingredient", "food 3", NOW, "0" * 32))
    await batches.expiring(tx, HOUSEHOLD, date(2026, 7, 1), date(2026, 7, 4))
    await batches.expiring(tx, HOUSEHOLD, date(2026, 7, 1), date(2026, 7, 9), 5, (date(2026, 7, 4), ONE))
    await batches.of_stack(tx, HOUSEHOLD, ref)
    await batches.of_label(tx, HOUSEHOLD, "food 3", FoodId("tomato"))
    await batches.of_label(tx, HOUSEHOLD, "food 3", None)
    await batches.by_ids(tx, HOUSEHOLD, [BatchId(ONE)])
    await batches.taken_moments(tx, HOUSEHOLD, ["food 3"], NOW)
    await batches.remove(tx, HOUSEHOLD, [BatchId(ONE)])
    await journal.page(tx, HOUSEHOLD, 50, 300, None)
    await journal.page(tx, HOUSEHOLD, 50, 300, (40, ONE))
    await journal.get(tx, HOUSEHOLD, EntryId(ONE))
    await journal.touched_later(tx, HOUSEHOLD, EntryId(ONE), [BatchId(ONE)])
    await photos.of_household(tx, HOUSEHOLD, [PhotoId(ONE)])
    await recognitions.lines_added_at(tx, HOUSEHOLD, [NOW])
    await recognitions.moments_from(tx, HOUSEHOLD, NOW + timedelta(milliseconds=90))
    await jobs.due(tx, NOW, 10)
    await jobs.failed(tx, 50)
    await people.session(tx, SessionId(ONE), NOW)
    await people.find_credential(tx, Provider.LOCAL, ONE)
    await people.find_refresh_token(tx, ONE)
    await people.successor_used(tx, ONE)
    await people.end_sessions(tx, [SessionId(ONE)], NOW)
    await replays.release(tx, [replays.Claim(ONE, "word")])
    await jobs.purge(tx, NOW)
    await replays.purge(tx, NOW - timedelta(days=1))
    await recognitions.get(tx, HOUSEHOLD, RecognitionId(ONE))


async def read_pictures_and_figures(tx: Write) -> None:
    for listed in (pictures.assigned, pictures.of_stock, pictures.named):
        await listed(tx, HOUSEHOLD)
    await pictures.room(tx, HOUSEHOLD, [ONE, "food 3"])
    await pictures.put(tx, HOUSEHOLD, ONE, Picture("word", PhotoId(ONE), "food"), NOW)
    await pictures.get_reference(tx, HOUSEHOLD, ReferenceId(ONE))
    await pictures.page_references(tx, HOUSEHOLD, 20, 0, "word", "word")
    await pictures.delete_reference(tx, HOUSEHOLD, ReferenceId(ONE))
    await figures.of_household(tx, HOUSEHOLD)
    await figures.deeds(tx, HOUSEHOLD, AccountId(ONE), 50, (40, ONE))


async def test_no_list_and_no_look_up_scans_a_table(database: Database) -> None:
    class Undo(Exception):
        pass

    with heard(database) as statements:
        try:
            async with database.write(HOUSEHOLD) as tx:
                await read_all(tx)
                await read_pictures_and_figures(tx)
                raise Undo
        except Undo:
            pass
    assert len(statements) >= 28
    explain = explained_by_sqlite if database._writer.dialect.name == "sqlite" else explained_by_mysql
    flaws = [flaw for statement in statements for flaw in await explain(database, *statement)]
    assert not flaws


async def explained_by_sqlite(database: Database, statement: str, parameters: Any) -> list[Any]:
    async with database._reader.connect() as connection:
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        scans = [row.detail for row in rows if row.detail.startswith("SCAN")]
        return [(statement, scan) for scan in scans if scan != "SCAN CONSTANT ROW"]  # which is no table


async def explained_by_mysql(database: Database, statement: str, parameters: Any) -> list[Any]:
    async with database._reader.connect() as connection:
        rows = (await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).mappings()
        return [
            (statement, dict(row))
            for row in rows
            if row["type"] in ("ALL", "index") or int(str(row["rows"] or 0).split()[0]) > ROWS / 100
        ]
