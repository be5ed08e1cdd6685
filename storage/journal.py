"""The journal: entries and the full rows, before and after, of every batch that they touched."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from sqlalchemy import Row, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from storage import batches
from storage.db import Read, Write
from storage.prepared import Insertion
from storage.schema import journal, journal_changes
from zwai.errors import UnknownEntry
from zwai.records.people import AccountId, HouseholdId
from zwai.records.stock import Act, Batch, BatchId, Change, EntryId, EntryKey, JournalEntry

ENTRIES, CHANGES = Insertion(journal), Insertion(journal_changes)
_undo = journal.alias("undo")


async def add(tx: Write, entry: JournalEntry) -> None:
    """Append one entry with its changes."""
    row = {
        "id": entry.id,
        "household_id": entry.household,
        "account_id": entry.account,
        "version": entry.version,
        "act": entry.act.value,
        "reason": entry.reason,
        "at": entry.at,
        "undoes": entry.undoes,
    }
    await tx.insert(ENTRIES, [row])
    rows = [_change_row(entry, position, change) for position, change in enumerate(entry.changes)]
    if rows:
        await tx.insert(CHANGES, rows)


async def get(tx: Read, household: HouseholdId, entry: EntryId) -> JournalEntry:
    """Raises UnknownEntry."""
    row = await tx.first(_entries(household).where(journal.c.id == entry))
    if row is None:
        raise UnknownEntry
    return (await _with_changes(tx, household, [row]))[0]


async def page(
    tx: Read, household: HouseholdId, limit: int, most_changes: int, before: EntryKey | None
) -> tuple[list[JournalEntry], bool]:
    """Newest first, from just before the key `before`, and whether there are older ones.

    At most `limit` entries, and no more than have `most_changes` together, but at least one.
    """
    query = _entries(household).order_by(journal.c.version.desc(), journal.c.id.desc()).limit(limit + 1)
    if before is not None:
        version, entry = before
        earlier = (journal.c.version < version, and_(journal.c.version == version, journal.c.id < entry))
        query = query.where(or_(*earlier))
    rows = await tx.all(query)
    totals = accumulate(await _sizes(tx, household, [row.id for row in rows]))
    fitting = max(1, sum(total <= most_changes for total in totals))
    shown = rows[: min(limit, fitting)]
    return await _with_changes(tx, household, shown), len(shown) < len(rows)


async def _sizes(tx: Read, household: HouseholdId, entries: Sequence[str]) -> list[int]:
    """How many changes each entry has."""
    if not entries:
        return []
    counted = select(journal_changes.c.entry_id, func.count().label("size")).where(
        journal_changes.c.household_id == household, journal_changes.c.entry_id.in_(entries)
    )
    sizes = {row.entry_id: row.size for row in await tx.all(counted.group_by(journal_changes.c.entry_id))}
    return [sizes.get(entry, 0) for entry in entries]


async def added(tx: Read, household: HouseholdId, ids: Sequence[BatchId]) -> dict[BatchId, tuple[EntryId, Batch]]:
    """Batches as they were when they were added, each with the entry that tells of it."""
    if not ids:
        return {}
    query = (
        select(journal_changes.c.batch_id, journal_changes.c.after, journal.c.id)
        .join(journal, journal.c.id == journal_changes.c.entry_id)
        .where(
            journal_changes.c.household_id == household,
            journal_changes.c.batch_id.in_(ids),
            journal_changes.c.before.is_(None),
            journal.c.act == Act.ADD,
        )
    )
    rows = await tx.all(query.order_by(journal.c.version))
    return {BatchId(row.batch_id): (EntryId(row.id), batches.from_document(row.after)) for row in rows}


async def touched_later(tx: Read, household: HouseholdId, entry: EntryId, ids: Sequence[BatchId]) -> bool:
    """Whether an entry after `entry`, neither an undo nor undone itself, touched any of these batches."""
    mine = aliased(journal)
    undone = select(_undo.c.id).where(_undo.c.undoes == journal.c.id)
    later = (
        select(journal.c.id)
        .join(journal_changes, journal_changes.c.entry_id == journal.c.id)
        .join(mine, mine.c.id == entry)
        .where(
            mine.c.household_id == household,
            journal_changes.c.household_id == household,
            journal_changes.c.batch_id.in_(ids),
            journal.c.version > mine.c.version,
            journal.c.undoes.is_(None),
            ~exists(undone),
        )
        .limit(1)
    )
    return await tx.first(later) is not None


def _entries(household: HouseholdId) -> Any:
    return (
        select(journal, _undo.c.id.label("undone_by"))
        .outerjoin(_undo, _undo.c.undoes == journal.c.id)
        .where(journal.c.household_id == household)
    )


async def _with_changes(tx: Read, household: HouseholdId, rows: Sequence[Row[Any]]) -> list[JournalEntry]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    query = select(journal_changes).where(
        journal_changes.c.household_id == household, journal_changes.c.entry_id.in_(ids)
    )
    changes: dict[str, list[Change]] = {entry: [] for entry in ids}
    for row in await tx.all(query.order_by(journal_changes.c.entry_id, journal_changes.c.position)):
        before = row.before and batches.from_document(row.before)
        after = row.after and batches.from_document(row.after)
        changes[row.entry_id].append(Change(before, after))
    return [_entry(row, tuple(changes[row.id])) for row in rows]


def touched(change: Change) -> Batch:
    """The batch that a change is about."""
    batch = change.after or change.before
    assert batch is not None
    return batch


def _change_row(entry: JournalEntry, position: int, change: Change) -> dict[str, Any]:
    return {
        "entry_id": entry.id,
        "position": position,
        "household_id": entry.household,
        "batch_id": touched(change).id,
        "before": change.before and batches.to_document(change.before),
        "after": change.after and batches.to_document(change.after),
    }


def _entry(row: Row[Any], changes: tuple[Change, ...]) -> JournalEntry:
    return JournalEntry(
        id=EntryId(row.id),
        household=HouseholdId(row.household_id),
        account=row.account_id and AccountId(row.account_id),
        version=row.version,
        act=Act(row.act),
        reason=row.reason,
        at=row.at,
        undoes=row.undoes and EntryId(row.undoes),
        undone_by=row.undone_by and EntryId(row.undone_by),
        changes=changes,
    )
