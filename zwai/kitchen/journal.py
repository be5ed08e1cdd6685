"""What is recorded of every change of stock, and what undoing one restores."""

from collections.abc import Sequence
from datetime import datetime

from storage import batches, journal, prices, recognitions
from storage.db import Read, Write
from storage.journal import touched
from zwai.errors import AlreadyUndone, CannotUndo, UndoIsFinal
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId, Member
from zwai.records.stock import Act, Batch, Change, EntryId, EntryKey, JournalEntry

MOST_CHANGES = 300  # on one page: each costs the loop 75 µs


async def record(
    tx: Write, member: Member, act: Act, changes: Sequence[Change], now: datetime, *, reason: str = ""
) -> JournalEntry:
    """Append one entry for what was just done."""
    return await _append(tx, member, act, changes, now, reason, undoes=None)


async def history(
    tx: Read, household: HouseholdId, limit: int, before: EntryKey | None = None
) -> tuple[list[JournalEntry], bool]:
    """The newest entries first, and whether there are older ones; a page of large entries has fewer than `limit`."""
    return await journal.page(tx, household, limit, MOST_CHANGES, before)


async def undo(tx: Write, member: Member, entry_id: EntryId, now: datetime) -> JournalEntry:
    """Restore what an entry changed, as a new entry.

    Raises UnknownEntry, AlreadyUndone, UndoIsFinal for the entry of an undo, and CannotUndo when a
    later entry that stands touched the same batch or its label's moment is taken.
    """
    entry = await journal.get(tx, member.household, entry_id)
    if entry.undone_by is not None:
        raise AlreadyUndone
    if entry.undoes is not None:
        raise UndoIsFinal
    if await journal.touched_later(tx, member.household, entry_id, [touched(change).id for change in entry.changes]):
        raise CannotUndo
    reverse = [Change(before=change.after, after=change.before) for change in entry.changes]
    await _apply(tx, member.household, reverse)
    return await _append(tx, member, Act.UNDO, reverse, now, entry.reason, undoes=entry.id)


async def _apply(tx: Write, household: HouseholdId, changes: Sequence[Change]) -> None:
    restored = [change.after for change in changes if change.after]
    await _refuse_taken(tx, household, restored)
    if never_added := [change.before.id for change in changes if change.before and not change.after]:
        await batches.remove(tx, household, never_added)
        await recognitions.reopen(tx, household, never_added)
        await prices.remove(tx, household, never_added)
    await batches.add(tx, [change.after for change in changes if change.after and not change.before])
    await batches.change(tx, [change.after for change in changes if change.after and change.before])


async def _refuse_taken(tx: Write, household: HouseholdId, restored: Sequence[Batch]) -> None:
    if not restored:
        return
    since, ids = min(batch.added_at for batch in restored), {batch.id for batch in restored}
    taken = await batches.taken_moments(tx, household, {batch.label_key for batch in restored}, since, ids)
    if any((batch.label_key, batch.added_at) in taken for batch in restored):
        raise CannotUndo


async def _append(
    tx: Write, member: Member, act: Act, changes: Sequence[Change], now: datetime, reason: str, undoes: EntryId | None
) -> JournalEntry:
    entry = JournalEntry(
        id=EntryId(new_id(now)),
        household=member.household,
        account=member.account,
        version=tx.raised[member.household],
        act=act,
        reason=reason,
        at=now,
        undoes=undoes,
        undone_by=None,
        changes=tuple(changes),
    )
    await journal.add(tx, entry)
    return entry
