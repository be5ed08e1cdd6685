"""Kinds of slow work: what each does, and how one is ordered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from storage import jobs
from storage.attempts import Effect, Progress, Work
from storage.db import Read, Write
from zwai.errors import JobEnded
from zwai.kitchen import captures, recognition
from zwai.kitchen.captures import Asked, Capture, Captures
from zwai.kitchen.gs1 import barcode
from zwai.kitchen.inventory import today_of
from zwai.kitchen.looking import Recogniser
from zwai.kitchen.painting import PAINT, Painter
from zwai.records.captures import PhotoKind
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId, JobKey, JobState, ordered
from zwai.records.people import HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, PhotoId

RECOGNISE, CAPTURE = "recognise", "capture"
LOOKING = "looking"  # the step's word; how many photos of how many are done follows


def works(
    recogniser: Recogniser, capturer: Captures, painter: Painter, clock: Callable[[], datetime]
) -> Mapping[str, Work]:
    """Every kind of job and what it does."""

    async def recognise(job: Job, progress: Progress) -> Effect:
        photos = [PhotoId(photo) for photo in job.request["photos"]]
        again = bool(job.request.get("look_again"))

        async def told(done: int) -> None:
            await progress(10 + 80 * done // len(photos), f"{LOOKING} {done}/{len(photos)}")

        await told(0)
        seen = await recogniser.look(photos, Aim(job.request["aim"]), _member(job), again=again, told=told)

        async def propose(tx: Write) -> dict[str, Any]:
            proposal = await recognition.propose(tx, _member(job), seen, clock())
            await painter.order(tx, _member(job), proposal, clock())
            return {"recognition_id": proposal.recognition.id}

        return propose

    async def capture(job: Job, progress: Progress) -> Effect:
        asked = _capture(job)

        async def told(done: int) -> None:
            await progress(10 + 80 * done // max(1, len(asked.photos)), f"{LOOKING} {done}/{len(asked.photos)}")

        await told(0)
        captured = await capturer.look(asked, _member(job), clock(), told)

        async def propose(tx: Write) -> dict[str, Any]:
            proposal = await captures.propose(tx, captured, clock())
            await painter.order(tx, _member(job), proposal, clock())
            photos = [{"kinds": shot.kinds, "error": shot.error or None} for shot in captured.shots]
            return {"recognition_id": proposal.recognition.id, "photos": photos}

        return propose

    return {RECOGNISE: recognise, CAPTURE: capture, PAINT: painter.work}


async def order_capture(tx: Write, member: Member, asked: Capture, now: datetime) -> Job:
    """Order a capture of the household's photos; it starts after the commit."""
    request = {
        "photos": [{"id": one.photo, "kind": one.kind} for one in asked.photos],
        "barcodes": [code.text for code in asked.scanned],
        "aim": asked.aim,
        "look_again": asked.again,
    }
    return await _order(tx, member, CAPTURE, request, now)


def _capture(job: Job) -> Capture:
    """What was asked; its codes were read when it was ordered, and are read again."""
    today, request = today_of(_member(job), job.created_at), job.request
    photos = [Asked(PhotoId(one["id"]), one["kind"] and PhotoKind(one["kind"])) for one in request["photos"]]
    codes = [code for text in request["barcodes"] if (code := barcode(text, today))]
    return Capture(tuple(photos), tuple(codes), Aim(request["aim"]), again=request["look_again"])


async def order_recognition(
    tx: Write, member: Member, photos: Sequence[PhotoId], aim: Aim, now: datetime, *, again: bool = False
) -> Job:
    """Order a recognition of the household's photos; it starts after the commit. `again`: see `Recogniser.look`."""
    return await _order(tx, member, RECOGNISE, {"photos": list(photos), "aim": aim, "look_again": again}, now)


async def _order(tx: Write, member: Member, kind: str, request: dict[str, Any], now: datetime) -> Job:
    asked = {**request, "language": member.language, "time_zone": member.time_zone}
    job = ordered(JobId(new_id(now)), member.household, member.account, kind, asked, now)
    await jobs.add(tx, job)
    return job


# One job, how many wait, run or failed, and forgetting old ones: nothing to add to the rows.
job, unfinished, purge = jobs.get, jobs.unfinished, jobs.purge


async def page(
    tx: Read, household: HouseholdId, limit: int, before: JobKey | None = None
) -> tuple[list[Job], JobKey | None]:
    """The household's jobs, newest first, and where the next page begins."""
    found = await jobs.page(tx, household, limit + 1, before)
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], (last.created_at, last.id) if last else None


async def cancel(tx: Write, household: HouseholdId, job_id: JobId, now: datetime) -> Job:
    """End a job without effect; again is no error. Raises UnknownJob, JobEnded."""
    cancelled = await jobs.cancel(tx, household, job_id, now)
    ended = await jobs.get(tx, household, job_id)
    if not cancelled and ended.state is not JobState.CANCELLED:
        raise JobEnded
    return ended


def _member(job: Job) -> Member:
    """Who ordered the job; it outlives the session that did."""
    language = Language(job.request["language"])
    return Member(job.account, job.household, SessionId(""), language, job.request["time_zone"])
