"""What whoever runs the service may see and tidy up: counts, never what people have or are called."""

import logging
from dataclasses import dataclass
from datetime import datetime

from storage import figures, library, people, photos
from storage.db import Database, Read, Write
from storage.files import Files
from zwai.records.people import Account, AccountId
from zwai.records.photos import PhotoId

ASKED_AT_ONCE = 500
MOST_UNASKED = 100  # photos, when they are more than half

log = logging.getLogger("zwai")


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
    orphans, _ = await _orphans(database, files, before)
    for photo in orphans:
        await files.delete(photo)
    return len(orphans)


async def sweep_unasked(database: Database, files: Files, before: datetime) -> None:
    """As `sweep_orphans`, but not when all or most of what is kept would go: the database may be another one's."""
    orphans, kept = await _orphans(database, files, before)
    most = len(orphans) > MOST_UNASKED and len(orphans) > kept / 2
    if orphans and (most or len(orphans) == kept):
        log.warning(
            "%d of %d photos have no row: is it their database? They stay until an operator says so", len(orphans), kept
        )
        return
    for photo in orphans:
        await files.delete(photo)


async def _orphans(database: Database, files: Files, before: datetime) -> tuple[list[PhotoId], int]:
    """The photos that no row names, and how many are kept in all."""
    orphans: list[PhotoId] = []
    kept = 0
    async for some in files.kept_before(before):
        kept += len(some)
        for start in range(0, len(some), ASKED_AT_ONCE):
            async with database.read() as tx:
                nobodys = await photos.without_row(tx, some[start : start + ASKED_AT_ONCE])
                orphans += await library.without_row(tx, nobodys)
    return orphans, kept
