"""What is recorded of every change of stock, and what undoing one restores."""

from collections.abc import Sequence
from datetime import datetime

from storage import batches, journal
from storage.db import Read, Write
from zwai.errors import AlreadyUndone, CannotUndo
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId, Member
from zwai.records.stock import Act, Batch, Change, EntryId, JournalEntry


async def record(
    tx: Write, member: Member, act: Act, changes: Sequence[Change], now: datetime, *, reason: str = ""
) -> JournalEntry:
    """Append one entry for what was just done."""
    return await _append(tx, member, act, changes, now, reason, undoes=None)


async def history(
    tx: Read, household: HouseholdId, limit: int, before_version: int | None = None
) -> list[JournalEntry]:
    """The newest entries first."""
    return await journal.page(tx, household, limit, before_version)


async def undo(tx: Write, member: Member, entry_id: EntryId, now: datetime) -> JournalEntry:
    """Restore what an entry changed, as a new entry.

    Raises UnknownEntry, AlreadyUndone, and CannotUndo when a later entry that stands touched the
    same batch, or when the entry is itself an undo: repeat the change instead.
    """
    entry = await journal.get(tx, member.household, entry_id)
    if entry.undone_by is not None:
        raise AlreadyUndone
    ids = [_touched(change).id for change in entry.changes]
    if entry.undoes is not None or await journal.touched_later(tx, member.household, entry_id, ids):
        raise CannotUndo
    reverse = [Change(before=change.after, after=change.before) for change in entry.changes]
    await _apply(tx, member.household, reverse)
    return await _append(tx, member, Act.UNDO, reverse, now, entry.reason, undoes=entry.id)


async def _apply(tx: Write, household: HouseholdId, changes: Sequence[Change]) -> None:
    back = [change.after for change in changes if change.before is None and change.after is not None]
    await _refuse_taken(tx, household, back)
    await batches.remove(tx, household, [change.before.id for change in changes if change.before and not change.after])
    await batches.add(tx, back)
    await batches.change(tx, [change.after for change in changes if change.before and change.after])


async def _refuse_taken(tx: Write, household: HouseholdId, back: Sequence[Batch]) -> None:
    if not back:
        return
    since = min(batch.added_at for batch in back)
    taken = await batches.taken_moments(tx, household, {batch.label_key for batch in back}, since)
    if any((batch.label_key, batch.added_at) in taken for batch in back):
        raise CannotUndo


async def _append(
    tx: Write, member: Member, act: Act, changes: Sequence[Change], now: datetime, reason: str, undoes: EntryId | None
) -> JournalEntry:
    assert tx.version is not None
    entry = JournalEntry(
        id=EntryId(new_id(now)),
        household=member.household,
        account=member.account,
        version=tx.version,
        act=act,
        reason=reason,
        at=now,
        undoes=undoes,
        undone_by=None,
        changes=tuple(changes),
    )
    await journal.add(tx, entry)
    return entry


def _touched(change: Change) -> Batch:
    batch = change.after or change.before
    assert batch is not None
    return batch
