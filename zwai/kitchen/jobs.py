"""Kinds of slow work: what each does, and how one is ordered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from storage import jobs
from storage.attempts import Effect, Progress, Work
from storage.db import Read, Write
from zwai.kitchen import recognition
from zwai.kitchen.looking import Recogniser
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.people import HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, PhotoId

RECOGNISE = "recognise"


def works(recogniser: Recogniser, clock: Callable[[], datetime]) -> Mapping[str, Work]:
    """Every kind of job and what it does."""

    async def recognise(job: Job, progress: Progress) -> Effect:
        await progress(10, "looking")
        photos = [PhotoId(photo) for photo in job.request["photos"]]
        again = bool(job.request.get("look_again"))
        seen = await recogniser.look(photos, Aim(job.request["aim"]), _member(job), again=again)
        await progress(80, "proposing")

        async def propose(tx: Write) -> dict[str, Any]:
            proposal = await recognition.propose(tx, _member(job), seen, clock())
            return {"recognition_id": proposal.recognition.id}

        return propose

    return {RECOGNISE: recognise}


async def order_recognition(
    tx: Write, member: Member, photos: Sequence[PhotoId], aim: Aim, now: datetime, *, again: bool = False
) -> Job:
    """Order a recognition of the household's photos; it starts after the commit. `again`: see `Recogniser.look`."""
    job = Job(
        id=JobId(new_id(now)),
        household=member.household,
        account=member.account,
        kind=RECOGNISE,
        state=JobState.PENDING,
        attempt=0,
        progress=0,
        step="waiting",
        request={
            "photos": list(photos),
            "aim": aim,
            "look_again": again,
            "language": member.language,
            "time_zone": member.time_zone,
        },
        result=None,
        error=None,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
    await jobs.add(tx, job)
    return job


# How many wait, run or failed: nothing to add to the rows.
unfinished = jobs.unfinished


async def job(tx: Read, household: HouseholdId, job_id: JobId) -> Job:
    """Raises UnknownJob."""
    return await jobs.get(tx, household, job_id)


def _member(job: Job) -> Member:
    """Who ordered the job; it outlives the session that did."""
    language = Language(job.request["language"])
    return Member(job.account, job.household, SessionId(""), language, job.request["time_zone"])
