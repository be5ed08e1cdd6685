"""Jobs: how far slow work is, asked for or streamed, and ending it early."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from marshmallow import Schema, fields, validate

from handlers import wire
from handlers.answer import Answer, render
from handlers.call import Call
from handlers.fields import Cursor, as_moment, as_text, cursor_of
from handlers.schemas import RequestSchema
from handlers.streams import STREAMS, EventStream, Streams, event
from zwai.errors import ZwaiError
from zwai.kitchen import jobs
from zwai.kitchen.painting import STEP
from zwai.records.jobs import Job, JobId, JobKey, JobState
from zwai.records.people import Language

POLL_S = 0.5
UNDER_WAY = ("En curso.", "Under way.")
LONGEST_NUMBER = 20  # digits of an event's id
# By the step's word; of photos and pictures, how many of how many are done follows it.
STEPS = {
    "waiting": ("En espera.", "Waiting."),
    jobs.LOOKING: ("Mirando las fotos", "Looking at the photos"),
    STEP: ("Haciendo las imágenes", "Making the pictures"),
    "done": ("Listo.", "Done."),
    "failed": ("No se pudo terminar.", "Could not be finished."),
    "cancelled": ("Se canceló.", "It was cancelled."),
}


@dataclass(frozen=True, slots=True)
class PageQuery:
    limit: int = 50
    cursor: JobKey | None = None


class PageSchema(RequestSchema):
    record = PageQuery
    limit = fields.Integer(validate=validate.Range(min=1, max=200))
    cursor = Cursor(as_moment, as_text)


class JobSchema(Schema):
    """`result` names what came of it: of a recognition, `recognition_id`."""

    job_id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.Enum(JobState, by_value=True, required=True)
    progress = fields.Integer(required=True)
    step = fields.String(required=True)
    result = fields.Dict(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)


class JobsSchema(Schema):
    jobs = fields.List(fields.Nested(JobSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


async def page(call: Call[None, PageQuery]) -> Answer:
    async with call.read() as tx:
        found, more = await jobs.page(tx, call.member.household, call.query.limit, call.query.cursor)
        return call.answer({"jobs": [told(call, job) for job in found], "next_cursor": more and cursor_of(*more)})


async def show(call: Call[None]) -> Answer:
    return call.answer(told(call, await _read(call)))


async def cancel(call: Call[None]) -> Answer:
    async with call.write() as tx:
        job = await jobs.cancel(tx, call.member.household, JobId(call.path["job_id"]), call.now)
        return call.answer(told(call, job))


async def events(call: Call[None]) -> Answer | web.StreamResponse:
    """The job's life from here on. 204, which ends a browser's reconnecting, when its end has been seen already."""
    job, seen = await _read(call), _last_seen(call)
    if job.state.has_ended and _number(job) <= seen:
        return call.nothing()
    household, streams = call.member.household, call.request.app[STREAMS]
    streams.check_room(household)
    return EventStream(_followed(call, job, seen, streams), streams, household)


async def _followed(call: Call[None], job: Job, seen: int, streams: Streams) -> AsyncGenerator[str]:
    """An event each time that the row has something new, until the job ends; "" while there is nothing."""
    while True:
        news = ""
        if (number := _number(job)) > seen:
            seen = number
            news = event(number, job.state if job.state.has_ended else "progress", render(told(call, job)))
        yield news
        if job.state.has_ended or not await streams.pause(POLL_S):
            return
        try:
            job = await _read(call)
        except ZwaiError:  # gone with its household, or the database is away: who reconnects is told which
            return


async def _read(call: Call[None]) -> Job:
    async with call.read() as tx:
        return await jobs.job(tx, call.member.household, JobId(call.path["job_id"]))


def _number(job: Job) -> int:
    """Rises with all that happens to the row: the last moment in it, in which progress, and at last the end, count."""
    moment = max(at for at in (job.created_at, job.started_at, job.finished_at) if at is not None)
    return int(moment.timestamp() * 1000) * 1000 + (999 if job.state.has_ended else job.progress)


def _last_seen(call: Call[None]) -> int:
    """The event that the reader had last; what is no id of ours counts as none."""
    text = call.request.headers.get("Last-Event-ID", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


def told(call: Call[Any, Any], job: Job) -> dict[str, Any]:
    error = job.error or {}
    return {
        "job_id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "step": _step(call, job.step),
        "result": job.result,
        "error": error.get("en" if call.language is Language.EN else "es"),
        "error_code": error.get("code"),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def _step(call: Call[Any, Any], step: str) -> str:
    word, _, count = step.partition(" ")
    said = wire.sentence(call, *STEPS.get(word, UNDER_WAY))
    if not count:
        return said
    done, _, total = count.partition("/")
    return f"{said}: {done} {wire.sentence(call, 'de', 'of')} {total}."
