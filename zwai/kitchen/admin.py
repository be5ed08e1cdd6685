"""What whoever runs the service may see and tidy up: counts, never what people have or are called."""

from dataclasses import dataclass
from datetime import datetime

from storage import figures, library, people, photos
from storage.db import Database, Read, Write
from storage.figures import TokenFigures
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


async def tokens(tx: Read, now: datetime) -> TokenFigures:
    return await figures.of_tokens(tx, now)


async def everything(tx: Read) -> dict[str, int]:
    """How much there is of each kind of thing."""
    return await figures.of_everything(tx)


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
