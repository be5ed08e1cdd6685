"""Slow work that outlives its request: its row is the truth, whoever delivers it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from zwai.records.people import AccountId, HouseholdId

JobId = NewType("JobId", str)
JobKey = tuple[datetime, JobId]  # where a page ends


class JobState(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        return self not in (JobState.PENDING, JobState.PROCESSING)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. `attempt` fences whoever lost its lease; `progress` is 0 to 100.

    `request`, `result` and `error` are JSON documents whose shape is known to the job's kind.
    """

    id: JobId
    household: HouseholdId
    account: AccountId
    kind: str
    state: JobState
    attempt: int
    progress: int
    step: str
    request: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def ordered(
    job_id: JobId, household: HouseholdId, account: AccountId, kind: str, request: dict[str, Any], now: datetime
) -> Job:
    """A job that nobody has begun."""
    return Job(
        id=job_id,
        household=household,
        account=account,
        kind=kind,
        state=JobState.PENDING,
        attempt=0,
        progress=0,
        step="waiting",
        request=request,
        result=None,
        error=None,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
