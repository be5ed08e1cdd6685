"""Counts: of one household for its members, of everything for whoever runs the service."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, Table, and_, case, func, or_, select

from storage.db import Read
from storage.schema import (
    accounts,
    batches,
    households,
    jobs,
    journal,
    photos,
    recognitions,
    refresh_tokens,
    sessions,
)
from zwai.records.people import AccountId, HouseholdId
from zwai.records.stock import Act, EntryId, EntryKey

COUNTED: tuple[Table, ...] = (households, accounts, batches, photos, recognitions, journal)


@dataclass(frozen=True, slots=True)
class HouseholdFigures:
    """How often each act was done, and what there is; `first_at` and `last_at` are of the acts."""

    acts: dict[Act, int]
    first_at: datetime | None
    last_at: datetime | None
    batches: int
    photos: int
    recognitions: int


@dataclass(frozen=True, slots=True)
class Deed:
    """An entry of the journal without its changes."""

    id: EntryId
    version: int
    act: Act
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenFigures:
    """Refresh tokens by what became of them; `revoked`: their session has ended."""

    active: int
    used: int
    revoked: int
    total: int


async def of_household(tx: Read, household: HouseholdId) -> HouseholdFigures:
    """In two statements."""
    span = (func.count().label("times"), func.min(journal.c.at).label("first"), func.max(journal.c.at).label("last"))
    done = select(journal.c.act, *span).where(journal.c.household_id == household).group_by(journal.c.act)
    rows = await tx.all(done)
    held = (_number(table, household).label(table.name) for table in (batches, photos, recognitions))
    counted = await tx.first(select(*held))
    assert counted is not None
    return HouseholdFigures(
        acts={Act(row.act): row.times for row in rows},
        first_at=min((row.first for row in rows), default=None),
        last_at=max((row.last for row in rows), default=None),
        batches=counted.batches,
        photos=counted.photos,
        recognitions=counted.recognitions,
    )


async def deeds(
    tx: Read, household: HouseholdId, account: AccountId, limit: int, before: EntryKey | None = None
) -> list[Deed]:
    """What one member did, newest first, from just before the key `before`."""
    query = select(journal).where(journal.c.household_id == household, journal.c.account_id == account)
    if before is not None:
        version, entry = before
        query = query.where(or_(journal.c.version < version, and_(journal.c.version == version, journal.c.id < entry)))
    rows = await tx.all(query.order_by(journal.c.version.desc(), journal.c.id.desc()).limit(limit))
    return [Deed(EntryId(row.id), row.version, Act(row.act), row.reason, row.at) for row in rows]


async def of_everything(tx: Read) -> dict[str, int]:
    """How many rows each kind of thing has, and jobs by their state."""
    counted = await tx.first(select(*(select(func.count()).select_from(one).scalar_subquery() for one in COUNTED)))
    assert counted is not None
    by_state = await tx.all(select(jobs.c.state, func.count().label("number")).group_by(jobs.c.state))
    figures = {str(table.name): number for table, number in zip(COUNTED, counted, strict=True)}
    return {**figures, **{f"jobs_{row.state}": row.number for row in by_state}}


async def of_tokens(tx: Read, now: datetime) -> TokenFigures:
    used, ended = refresh_tokens.c.used_at.is_not(None), sessions.c.ended_at.is_not(None)
    query = select(
        _times(and_(~used, ~ended, refresh_tokens.c.expires_at > now)).label("active"),
        _times(used).label("used"),
        _times(ended).label("revoked"),
        func.count().label("total"),
    )
    joined = refresh_tokens.join(sessions, sessions.c.id == refresh_tokens.c.session_id)
    row = await tx.first(query.select_from(joined))
    assert row is not None
    return TokenFigures(row.active, row.used, row.revoked, row.total)


def _times(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows meet a condition; MySQL has no FILTER."""
    return func.count(case((condition, 1)))


def _number(table: Table, household: HouseholdId) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(table.c.household_id == household).scalar_subquery()
