"""Answers stored under an idempotency key: claim, turn the claim into an answer, or give it up."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from storage.db import Write
from storage.schema import claims
from zwai.errors import KeyReused, RequestInFlight
from zwai.records.people import AccountId, HouseholdId

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer one keyed request; `holder` fences it from whoever takes over a dead claim."""

    id: str
    holder: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    status: int
    body: bytes


def claim_id(owner: HouseholdId | AccountId, method: str, path: str, key: str) -> str:
    return hashlib.sha256("\0".join((owner, method, path, key)).encode()).hexdigest()


async def claim(
    tx: Write, household: HouseholdId, mine: Claim, fingerprint: str, now: datetime, lease: timedelta
) -> StoredAnswer | None:
    """Claim a keyed request, unless it has a stored answer.

    Raises KeyReused for another body under the same key, RequestInFlight while a claim is alive.
    """
    row = await tx.first(select(claims).where(claims.c.id == mine.id).with_for_update())
    if row is not None and row.expires_at > now:
        if row.fingerprint != fingerprint:
            raise KeyReused
        if row.status is not None:
            return StoredAnswer(row.status, row.body)
        if row.lease_until > now:
            raise RequestInFlight({"retry_after": 1})
    if row is not None:
        await tx.execute(delete(claims).where(claims.c.id == mine.id))
    values = {"id": mine.id, "household_id": household, "holder": mine.holder, "fingerprint": fingerprint}
    await tx.execute(insert(claims).values(**values, lease_until=now + lease, expires_at=now + KEPT))
    return None


async def store(tx: Write, mine: Claim, status: int, body: bytes) -> None:
    """Turn a claim into its answer, in the transaction of the effect. Raises RequestInFlight when it was taken over."""
    answered = update(claims).where(claims.c.id == mine.id, claims.c.holder == mine.holder, claims.c.status.is_(None))
    if await tx.execute(answered.values(status=status, body=body)) == 0:
        raise RequestInFlight({"retry_after": 1})


async def release(tx: Write, given_up: Collection[Claim]) -> None:
    """Give claims up: the next request with the key of one starts afresh."""
    ids, holders = [one.id for one in given_up], [one.holder for one in given_up]  # a holder holds one only
    held = (claims.c.id.in_(ids), claims.c.holder.in_(holders), claims.c.status.is_(None))
    await tx.execute(delete(claims).where(*held))


async def purge(tx: Write, now: datetime) -> int:
    """Forget answers whose time is over; answers how many."""
    return await tx.execute(delete(claims).where(claims.c.expires_at <= now))
