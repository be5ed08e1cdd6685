"""What whoever runs the service may see and tidy up: counts, never what people have or are called."""

from dataclasses import dataclass
from datetime import datetime

from storage import figures, library, people, photos
from storage.db import Database, Read, Write
from storage.files import Files
from zwai.records.people import Account, AccountId

SWEPT_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many sessions and refresh tokens were forgotten, their time being over."""

    sessions: int
    tokens: int


async def clean_tokens(tx: Write, now: datetime) -> Cleaned:
    sessions, tokens = await people.purge(tx, now)
    return Cleaned(sessions, tokens)


# How many tokens there are, and how much of each kind of thing: nothing to add to the rows.
tokens, everything = figures.of_tokens, figures.of_everything


async def accounts(tx: Read, limit: int, after: AccountId | None = None) -> tuple[list[Account], bool]:
    """Accounts in the order in which they were opened, and whether there are more."""
    found = await people.page(tx, limit + 1, after)
    return found[:limit], len(found) > limit


async def sweep_orphans(database: Database, files: Files, before: datetime) -> int:
    """Remove copies without a row that are older than `before`: later ones may still get theirs. Answers how many."""
    kept, removed = await files.kept_before(before), 0
    for start in range(0, len(kept), SWEPT_AT_ONCE):
        async with database.read() as tx:
            nobodys = await photos.without_row(tx, kept[start : start + SWEPT_AT_ONCE])
            orphans = await library.without_row(tx, nobodys)
        for photo in orphans:
            await files.delete(photo)
        removed += len(orphans)
    return removed
