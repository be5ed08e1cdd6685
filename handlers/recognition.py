"""Recognition: photos in, a proposal out; at once, or as a job."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from handlers import painted, sent_photos, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.known import enrichment
from handlers.recognition_answers import photo_error, rendered, with_images
from handlers.sent_photos import Given, PathsBody
from zwai.kitchen import allergens, jobs, recognition, uploads
from zwai.kitchen.allergens import Allergy
from zwai.kitchen.recognition import Proposal, Seen
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.people import Language
from zwai.records.photos import Aim, RecognitionId
from zwai.records.stock import Kind


class TaskSchema(Schema):
    task_id = fields.String(required=True)
    status = fields.String(required=True)
    progress_percentage = fields.Integer(required=True)
    current_step = fields.String()
    estimated_time = fields.String()
    check_status_url = fields.String()
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    message = fields.String(required=True)
    result_data = fields.Dict()
    images_data = fields.List(fields.Dict())
    error_message = fields.String()


async def ingredients(call: Call[PathsBody | None]) -> Answer:
    return await _recognise(call, Aim.INGREDIENTS)


async def ingredients_complete(call: Call[PathsBody | None]) -> Answer:
    """The same, each with what the knowledge says of it."""
    return await _recognise(call, Aim.INGREDIENTS, complete=True)


async def foods(call: Call[PathsBody | None]) -> Answer:
    return await _recognise(call, Aim.DISHES)


async def batch(call: Call[PathsBody | None]) -> Answer:
    return await _recognise(call, Aim.BOTH)


async def ingredients_later(call: Call[PathsBody | None]) -> Answer:
    """Order the recognition as a job, and answer where to ask for it."""
    async with sent_photos.received(call) as given, call.write() as tx:
        for photo in given.new:
            await uploads.add(tx, photo)
        job = await jobs.order_recognition(tx, call.member, given.ids, Aim.INGREDIENTS, call.now, again=_again(call))
        answer = call.answer(_ordered(call, job), status=202)
    await call.kitchen.delivery.offer(job.id)
    return answer


async def task(call: Call[None]) -> Answer:
    async with call.read() as tx:
        job = await jobs.job(tx, call.member.household, JobId(call.path["task_id"]))
        proposal = None
        if job.result is not None and (recognised := job.result.get("recognition_id")):
            proposal = await call.kitchen.painter.proposal(tx, call.member.household, RecognitionId(recognised))
        return call.answer(_task(call, job, proposal, await allergens.of_member(tx, call.member)))


async def images(call: Call[None]) -> Answer:
    """The proposal again, with the pictures that have been made meanwhile of what no photo shows."""
    async with call.read() as tx:
        recognised = RecognitionId(call.path["recognition_id"])
        proposal = await call.kitchen.painter.proposal(tx, call.member.household, recognised)
        return call.answer(with_images(call, proposal, await allergens.of_member(tx, call.member)))


async def result(call: Call[None]) -> Answer:
    """The proposal again, with both lists, whatever it was asked for."""
    async with call.read() as tx:
        recognised = RecognitionId(call.path["recognition_id"])
        proposal = await call.kitchen.painter.proposal(tx, call.member.household, recognised)
        body = rendered(call, proposal, await allergens.of_member(tx, call.member))
        return call.answer({"ingredients": [], "foods": [], **body})


async def _recognise(call: Call[PathsBody | None], aim: Aim, *, complete: bool = False) -> Answer:
    async with sent_photos.received(call) as given:
        seen = await call.kitchen.recogniser.look(given.ids, aim, call.member, again=_again(call))
        return await _propose(call, given, seen, complete=complete)


def _again(call: Call[PathsBody | None]) -> bool:
    """Whether somebody was not content with the first answer; photos sent along are new."""
    return call.body is not None and call.body.look_again


async def _propose(call: Call[PathsBody | None], given: Given, seen: Seen, *, complete: bool) -> Answer:
    async with call.write() as tx:
        for photo in given.new:
            await uploads.add(tx, photo)
        proposed = await recognition.propose(tx, call.member, seen, call.now)
        proposal = await call.kitchen.painter.order(tx, call.member, proposed, call.now)
        allergies = await allergens.of_member(tx, call.member)
        body = rendered(call, proposal, allergies)
        if complete:
            for item in body["ingredients"]:
                item |= enrichment(item["food_id"], Kind.INGREDIENT, call.language, allergies)
        body["photo_errors"] = [photo_error(call, one) for one in given.unreadable]
        answer = call.answer(body)
    if proposal.painting is not None:
        await call.kitchen.delivery.offer(proposal.painting.id)
    return answer


def _ordered(call: Call[Any], job: Job) -> dict[str, Any]:
    return {
        "message": wire.sentence(call, "Estamos mirando tus fotos.", "We are looking at your photos."),
        "task_id": job.id,
        "status": job.state,
        "progress_percentage": job.progress,
        "estimated_time": wire.sentence(call, "unos segundos", "a few seconds"),
        "check_status_url": f"/api/recognition/status/{job.id}",
    }


STEPS = {
    JobState.PENDING: ("En espera.", "Waiting."),
    JobState.PROCESSING: ("En curso.", "Under way."),
    JobState.COMPLETED: ("Listo.", "Done."),
    JobState.FAILED: ("No se pudo terminar.", "Could not be finished."),
    JobState.CANCELLED: ("Se canceló.", "It was cancelled."),
}


def _task(call: Call[Any], job: Job, proposal: Proposal | None, allergies: Sequence[Allergy]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "task_id": job.id,
        "status": wire.task_state(job),
        "progress_percentage": job.progress,
        "current_step": job.step,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.finished_at,
        "message": wire.sentence(call, *STEPS[job.state]),
    }
    if proposal is not None:
        told["result_data"] = rendered(call, proposal, allergies)
        told["images_data"] = painted.images_data(call, proposal)
    if job.error is not None:
        told["error_message"] = job.error["en" if call.language is Language.EN else "es"]
    return told
