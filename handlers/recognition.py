"""Recognition: photos in, a proposal out; at once, or as a job."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import alerts, multipart, painted, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import ListOf
from handlers.known import enrichment
from handlers.multipart import Form, SentPhoto
from handlers.schemas import RequestSchema
from zwai.errors import NoImage, StorageFull, TooManyPhotos, Unavailable, UnknownPhoto, ZwaiError
from zwai.kitchen import allergens, jobs, recognition, uploads
from zwai.kitchen.allergens import Allergy
from zwai.kitchen.inventory import today_of
from zwai.kitchen.photo_urls import photo_id_of
from zwai.kitchen.recognition import Proposal, Seen
from zwai.knowledge.words import render_place_scanned, render_time_unit, render_unit
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.people import Language
from zwai.records.photos import Aim, Decision, Photo, PhotoId, RecognitionId
from zwai.records.proposals import Line
from zwai.records.stock import Kind, TimeUnit

LONGEST_ADDRESS = 2000
MOST_ADDRESSES = 100  # of those that are read at all; a setting says how many may be looked at


@dataclass(frozen=True, slots=True)
class PathsBody:
    images_paths: list[str]
    look_again: bool


class PathsSchema(RequestSchema):
    record = PathsBody
    images_paths = ListOf(
        fields.String(validate=validate.Length(max=LONGEST_ADDRESS)),
        required=True,
        validate=validate.Length(max=MOST_ADDRESSES),
    )
    look_again = fields.Boolean(load_default=False)


class ProposalSchema(Schema):
    recognition_id = fields.String(required=True)
    engine = fields.String(required=True)
    message = fields.String(required=True)
    total_detected = fields.Integer(required=True)
    suggestions = fields.List(fields.Dict(), required=True)
    photo_errors = fields.List(fields.Dict(), required=True)
    allergy_alerts = fields.List(fields.Dict(), required=True)
    has_allergens = fields.Boolean(required=True)
    images_status = fields.String(required=True)
    images_check_url = fields.String(required=True)
    images = fields.Dict(keys=fields.String(), values=fields.String())


class IngredientsSchema(ProposalSchema):
    ingredients = fields.List(fields.Dict(), required=True)


class FoodsSchema(ProposalSchema):
    foods = fields.List(fields.Dict(), required=True)


class BatchSchema(ProposalSchema):
    recognized_items = fields.List(fields.Dict(), required=True)
    ingredients = fields.List(fields.Dict(), required=True)
    foods = fields.List(fields.Dict(), required=True)


class ResultSchema(BatchSchema):
    recognized_items = fields.List(fields.Dict())


class ImagesSchema(ProposalSchema):
    """The lists are those that the recognition was asked for."""

    recognition_type = fields.String(required=True)
    images_ready = fields.Integer(required=True)
    images_generating = fields.Integer(required=True)
    total_items = fields.Integer(required=True)
    progress_percentage = fields.Integer(required=True)
    last_updated = fields.AwareDateTime(required=True)
    ingredients = fields.List(fields.Dict())
    foods = fields.List(fields.Dict())
    recognized_items = fields.List(fields.Dict())


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


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A photo of the request that could not be kept: which, by its place among them and its name, and why."""

    index: int
    name: str
    error: ZwaiError


@dataclass(frozen=True, slots=True)
class Given:
    """The photos to look at: those that arrived with this request still need rows; some may be unreadable."""

    ids: tuple[PhotoId, ...]
    new: tuple[Photo, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


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
    async with _photos(call) as given, call.write() as tx:
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
        return call.answer(_images(call, proposal, await allergens.of_member(tx, call.member)))


async def result(call: Call[None]) -> Answer:
    """The proposal again, with both lists, whatever it was asked for."""
    async with call.read() as tx:
        recognised = RecognitionId(call.path["recognition_id"])
        proposal = await call.kitchen.painter.proposal(tx, call.member.household, recognised)
        body = rendered(call, proposal, await allergens.of_member(tx, call.member))
        return call.answer({"ingredients": [], "foods": [], **body})


async def _recognise(call: Call[PathsBody | None], aim: Aim, *, complete: bool = False) -> Answer:
    async with _photos(call) as given:
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
        body = rendered(call, proposal, await allergens.of_member(tx, call.member))
        if complete:
            for item in body["ingredients"]:
                item |= enrichment(item["food_id"], Kind.INGREDIENT, call.language)
        body["photo_errors"] = [_photo_error(call, one) for one in given.unreadable]
        answer = call.answer(body)
    if proposal.painting is not None:
        await call.kitchen.delivery.offer(proposal.painting.id)
    return answer


@asynccontextmanager
async def _photos(call: Call[PathsBody | None]) -> AsyncIterator[Given]:
    """The photos of a request: named by their addresses, or sent along in a form."""
    most = call.kitchen.uploads.limits.photos
    if call.body is not None:
        yield await _named(call, call.body.images_paths, most)
        return
    new: list[Photo] = []
    uploads = call.kitchen.uploads
    async with multipart.received(call, uploads, most) as form, uploads.unless_added(new):
        yield await _kept(call, form, new)


async def _named(call: Call[PathsBody | None], paths: Sequence[str], most: int) -> Given:
    if not paths:
        raise NoImage
    if len(paths) > most:
        raise TooManyPhotos({"limit": most})
    ids = [photo_id_of(path) for path in paths]
    known = tuple(dict.fromkeys(photo for photo in ids if photo is not None))
    if None in ids:
        raise UnknownPhoto
    async with call.read() as tx:
        await recognition.photos_of(tx, call.member.household, known)
    return Given(known)


async def _kept(call: Call[PathsBody | None], form: Form, new: list[Photo]) -> Given:
    """Keep the photos that can be read, in `new`; only when none can, the request fails with the first one's error.

    That we are busy or full says nothing of a photo: then the request fails too, and may come again.
    """
    results = await asyncio.gather(*(_keep(call, sent) for sent in form.photos), return_exceptions=True)
    new.extend(result for result in results if isinstance(result, Photo))
    unreadable: list[Unreadable] = []
    for index, (sent, result) in enumerate(zip(form.photos, results, strict=True)):
        if isinstance(result, ZwaiError) and not isinstance(result, Unavailable | StorageFull):
            unreadable.append(Unreadable(index, sent.name, result))
        elif isinstance(result, BaseException):
            raise result
    if not new:
        raise unreadable[0].error
    return Given(tuple(photo.id for photo in new), tuple(new), tuple(unreadable))


async def _keep(call: Call[PathsBody | None], sent: SentPhoto) -> Photo:
    return await call.kitchen.uploads.keep(sent.upload, call.member, "", "recognition", call.now)


def _photo_error(call: Call[Any], one: Unreadable) -> dict[str, Any]:
    message = one.error.sentence(call.language)
    return {"index": one.index, "photo": one.name, "code": one.error.code, "message": message}


def rendered(call: Call[Any], proposal: Proposal, allergies: Sequence[Allergy]) -> dict[str, Any]:
    """A proposal as its aim has it: what is fairly sure in the lists that clients add from, guesses apart."""
    listed = [line for line in proposal.lines if line.decision is not Decision.SUGGESTION]
    suggested = [line for line in proposal.lines if line.decision is Decision.SUGGESTION]
    body: dict[str, Any] = {
        "recognition_id": proposal.recognition.id,
        "engine": proposal.recognition.engine,
        "message": _message(call, listed, suggested),
        "total_detected": len(listed),
        "suggestions": [_item(call, proposal, line, allergies) for line in suggested],
        "photo_errors": [],
        **painted.announced(call, proposal),
        **alerts.of_lines(call, listed, allergies),
    }
    aim = proposal.recognition.aim
    if aim is not Aim.DISHES:
        body["ingredients"] = _items(call, proposal, Kind.INGREDIENT, allergies)
    if aim is not Aim.INGREDIENTS:
        body["foods"] = _items(call, proposal, Kind.DISH, allergies)
    if aim is Aim.BOTH:
        body["recognized_items"] = [_recognized(call, proposal, line, allergies) for line in listed]
    return body


def _items(call: Call[Any], proposal: Proposal, kind: Kind, allergies: Sequence[Allergy]) -> list[dict[str, Any]]:
    listed = [line for line in proposal.lines if line.decision is not Decision.SUGGESTION]
    return [_item(call, proposal, line, allergies) for line in listed if line.batch.kind is kind]


def _item(call: Call[Any], proposal: Proposal, line: Line, allergies: Sequence[Allergy]) -> dict[str, Any]:
    """A line with the fields that the client sends back in from-recognition, and its evidence."""
    batch, today = line.batch, today_of(call.member, call.now)
    expiry = wire.expiry(batch, today, call.language)
    item = {
        "name": batch.label,
        "food_id": batch.food,
        "quantity": batch.quantity.amount,
        "type_unit": render_unit(batch.quantity.unit, call.language),
        "storage_type": render_place_scanned(batch.place, call.language),
        "expiration_time": max(0, expiry["days_to_expire"]),
        "time_unit": render_time_unit(TimeUnit.DAY, call.language),
        "tips": batch.tips,
        "image_path": wire.picture(call, batch, proposal.photo_of(line)),
        "image_status": painted.state_of(call, proposal, line),
        "added_at": batch.added_at,
        **expiry,
        "confidence": round(line.confidence, 3),
        "decision": line.decision,
        "needs_confirmation": line.decision is not Decision.ITEM,
        "evidence": {"rule": line.rule, "bounding_box": line.box},
        **alerts.mark(call, line, allergies),
    }
    return item | wire.dish(batch) if batch.kind is Kind.DISH else item


def _recognized(call: Call[Any], proposal: Proposal, line: Line, allergies: Sequence[Allergy]) -> dict[str, Any]:
    return {
        "name": line.batch.label,
        "confidence": round(line.confidence, 3),
        "bounding_box": line.box,
        "image_path": wire.picture(call, line.batch, proposal.photo_of(line)),
        "category": "food" if line.batch.kind is Kind.DISH else "ingredient",
        "decision": line.decision,
        "added_at": line.batch.added_at,
        **alerts.mark(call, line, allergies),
    }


def _images(call: Call[Any], proposal: Proposal, allergies: Sequence[Allergy]) -> dict[str, Any]:
    kinds = {line.batch.kind for line in proposal.lines}
    names = {Kind.INGREDIENT: "ingredients", Kind.DISH: "foods"}
    kind = "mixed" if len(kinds) == 2 else names[kinds.pop()] if kinds else "empty"
    job = proposal.painting
    return {
        "recognition_type": kind,
        **painted.counted(call, proposal),
        "last_updated": (job and job.finished_at) or proposal.recognition.created_at,
        **rendered(call, proposal, allergies),
    }


def _message(call: Call[Any], listed: Sequence[Line], suggested: Sequence[Line]) -> str:
    if listed:
        es, en = "Revisa lo que reconocimos antes de guardarlo.", "Review what we recognised before you save it."
    elif suggested:
        es = "No estamos seguros: elige una de las sugerencias o escribe el nombre."
        en = "We are not sure: choose one of the suggestions or type the name."
    else:
        es = "No reconocimos nada en la foto. Acércate a un solo alimento o escribe su nombre."
        en = "We recognised nothing in the photo. Get closer to a single food, or type its name."
    return wire.sentence(call, es, en)


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
