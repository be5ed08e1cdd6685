"""Job rows: added, claimed with a lease, advanced and finished only by the attempt that holds them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update

from storage.db import Read, Write
from storage.schema import jobs
from zwai.errors import UnknownJob
from zwai.records.jobs import Job, JobId, JobKey, JobState
from zwai.records.people import AccountId, HouseholdId

OPEN = (JobState.PENDING, JobState.PROCESSING)
ENDED = tuple(state for state in JobState if state.has_ended)
KEPT = timedelta(days=30)
PURGED_AT_ONCE = 5000


async def add(tx: Write, job: Job) -> None:
    await tx.execute(
        insert(jobs).values(
            id=job.id,
            household_id=job.household,
            account_id=job.account,
            kind=job.kind,
            state=job.state,
            attempt=job.attempt,
            progress=job.progress,
            step=job.step,
            request=job.request,
            created_at=job.created_at,
            offer_at=job.created_at,
        )
    )


async def get(tx: Read, household: HouseholdId, job: JobId) -> Job:
    """Raises UnknownJob."""
    row = await tx.first(select(jobs).where(jobs.c.id == job, jobs.c.household_id == household))
    if row is None:
        raise UnknownJob
    return _job(row)


async def page(tx: Read, household: HouseholdId, limit: int, before: JobKey | None) -> list[Job]:
    """The household's jobs, newest first."""
    query = select(jobs).where(jobs.c.household_id == household)
    if before is not None:
        created, last = before
        query = query.where(or_(jobs.c.created_at < created, and_(jobs.c.created_at == created, jobs.c.id < last)))
    rows = await tx.all(query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit))
    return [_job(row) for row in rows]


async def due(tx: Read, now: datetime, limit: int) -> list[JobId]:
    """Open jobs that nobody holds: new ones, and those whose lease has run out."""
    query = select(jobs.c.id).where(jobs.c.state.in_(OPEN), jobs.c.offer_at <= now)
    return [JobId(row.id) for row in await tx.all(query.order_by(jobs.c.offer_at).limit(limit))]


async def unfinished(tx: Read) -> dict[JobState, int]:
    """How many jobs wait, run, or have failed; the completed ones, which are many, are not counted."""
    states = (*OPEN, JobState.FAILED)
    query = select(jobs.c.state, func.count()).where(jobs.c.state.in_(states)).group_by(jobs.c.state)
    found = {JobState(state): int(number) for state, number in map(tuple, await tx.all(query))}
    return dict.fromkeys(states, 0) | found


async def claim(tx: Write, job: JobId, now: datetime, lease: timedelta) -> Job | None:
    """Take a due job under a lease, as its next attempt; None when somebody else was faster."""
    taken = update(jobs).where(jobs.c.id == job, jobs.c.state.in_(OPEN), jobs.c.offer_at <= now)
    values = {"state": JobState.PROCESSING, "attempt": jobs.c.attempt + 1, "offer_at": now + lease, "started_at": now}
    if await tx.execute(taken.values(values)) == 0:
        return None
    row = await tx.first(select(jobs).where(jobs.c.id == job))
    return row and _job(row)


async def advance(tx: Write, job: Job, progress: int, step: str, now: datetime, lease: timedelta) -> bool:
    """Report progress and renew the lease; False when this attempt holds it no more."""
    values = {"progress": progress, "step": step, "offer_at": now + lease}
    return await tx.execute(update(jobs).where(*_held(job)).values(values)) == 1


async def renew(tx: Write, job: Job, now: datetime, lease: timedelta) -> None:
    await tx.execute(update(jobs).where(*_held(job)).values(offer_at=now + lease))


async def finish(tx: Write, job: Job, result: dict[str, Any], now: datetime) -> bool:
    """Complete a job; False when this attempt holds it no more."""
    values = {"state": JobState.COMPLETED, "progress": 100, "step": "done", "result": result, "finished_at": now}
    return await tx.execute(update(jobs).where(*_held(job)).values(values)) == 1


async def fail(tx: Write, job: Job, error: dict[str, Any], now: datetime) -> None:
    """End a job for good with its error."""
    values = {"state": JobState.FAILED, "step": "failed", "error": error, "finished_at": now}
    await tx.execute(update(jobs).where(*_held(job)).values(values))


async def cancel(tx: Write, household: HouseholdId, job: JobId, now: datetime) -> bool:
    """End an open job, whoever holds it; False when there was none."""
    query = update(jobs).where(jobs.c.id == job, jobs.c.household_id == household, jobs.c.state.in_(OPEN))
    values = {"state": JobState.CANCELLED, "step": "cancelled", "finished_at": now}
    return await tx.execute(query.values(values)) == 1


async def give_back(tx: Write, job: Job, offer_at: datetime) -> None:
    """Let a job be offered again at `offer_at`."""
    values = {"state": JobState.PENDING, "offer_at": offer_at}
    await tx.execute(update(jobs).where(*_held(job)).values(values))


async def hand_over(tx: Write, job: Job, now: datetime) -> None:
    """Let another process start a job over, as if this attempt had not been: its process stops, it did not fail."""
    values = {"state": JobState.PENDING, "attempt": job.attempt - 1, "offer_at": now}
    await tx.execute(update(jobs).where(*_held(job)).values(values))


async def failed(tx: Read, limit: int) -> list[Job]:
    """Jobs that ended with an error, the latest first."""
    query = select(jobs).where(jobs.c.state == JobState.FAILED).order_by(jobs.c.offer_at.desc()).limit(limit)
    return [_job(row) for row in await tx.all(query)]


async def retry(tx: Write, job: JobId, now: datetime) -> None:
    """Offer a failed job again, with all its attempts before it. Raises UnknownJob."""
    again = {"state": JobState.PENDING, "attempt": 0, "progress": 0, "step": "waiting"}
    ended = {"error": None, "finished_at": None, "offer_at": now}
    query = update(jobs).where(jobs.c.id == job, jobs.c.state == JobState.FAILED)
    if await tx.execute(query.values(again | ended)) == 0:
        raise UnknownJob


async def purge(tx: Write, now: datetime) -> int:
    """Forget jobs that ended a month ago, so many at once; what they made stays. Answers how many."""
    # An ended job was offered for the last time just before its end: no index is needed for `finished_at`.
    old = select(jobs.c.id).where(jobs.c.state.in_(ENDED), jobs.c.offer_at <= now - KEPT).limit(PURGED_AT_ONCE)
    ids = [row.id for row in await tx.all(old)]
    return await tx.execute(delete(jobs).where(jobs.c.id.in_(ids))) if ids else 0


def _held(job: Job) -> tuple[ColumnElement[bool], ...]:
    return (jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.state == JobState.PROCESSING)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=JobId(row.id),
        household=HouseholdId(row.household_id),
        account=AccountId(row.account_id),
        kind=row.kind,
        state=JobState(row.state),
        attempt=row.attempt,
        progress=row.progress,
        step=row.step,
        request=row.request,
        result=row.result,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
