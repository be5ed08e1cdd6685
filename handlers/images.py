"""Pictures of names: assigning and finding them, asking whether they are ready, and reference images."""

import contextlib
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import multipart, painted, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Label, ListOf
from handlers.multipart import Form
from handlers.schemas import RequestSchema
from zwai.errors import Invalid, Problem, UnknownJob, UnknownPhoto
from zwai.kitchen import jobs, pictures
from zwai.kitchen.inventory import food_of
from zwai.kitchen.library import card_for
from zwai.kitchen.painting import PAINT
from zwai.kitchen.photo_urls import photo_id_of, sign_shared, stands_for_none
from zwai.kitchen.pictures import Likeness
from zwai.kitchen.recognition import Proposal
from zwai.knowledge.names import label_key
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.photos import Copy, PhotoId, RecognitionId
from zwai.records.pictures import Picture, Reference, ReferenceId
from zwai.records.stock import Kind

LONGEST_ADDRESS = 2000
MOST_ADDRESSES = 10
LONGEST_NAME = 100
PLACEHOLDER = "placeholder"  # what clients send for "no image"


@dataclass(frozen=True, slots=True)
class AssignBody:
    item_name: str
    image_path: str | None = None
    image_paths: list[str] | None = None


def _address() -> fields.String:
    return fields.String(validate=validate.Length(max=LONGEST_ADDRESS), allow_none=True)


class AssignSchema(RequestSchema):
    record = AssignBody
    item_name = Label(required=True)
    image_path = _address()
    image_paths = ListOf(_address(), validate=validate.Length(max=MOST_ADDRESSES), allow_none=True)


@dataclass(frozen=True, slots=True)
class SearchBody:
    item_name: str
    limit: int = 10
    image_type: str | None = None


class SearchSchema(RequestSchema):
    record = SearchBody
    item_name = Label(required=True)
    limit = fields.Integer(validate=validate.Range(min=1, max=50))
    image_type = fields.String(validate=validate.Length(max=LONGEST_NAME), allow_none=True)


@dataclass(frozen=True, slots=True)
class StatusQuery:
    task_id: str | None = None


class StatusQuerySchema(RequestSchema):
    record = StatusQuery
    task_id = fields.String(validate=validate.Length(max=LONGEST_NAME))


@dataclass(frozen=True, slots=True)
class ReferencesQuery:
    page: int = 1
    per_page: int = 20
    category: str | None = None
    label: str | None = None


class ReferencesQuerySchema(RequestSchema):
    record = ReferencesQuery
    page = fields.Integer(validate=validate.Range(min=1, max=100_000))
    per_page = fields.Integer(validate=validate.Range(min=1, max=100))
    category = fields.String(validate=validate.Length(max=LONGEST_NAME))
    label = fields.String(validate=validate.Length(max=LONGEST_NAME))


@dataclass(frozen=True, slots=True)
class ReferenceBody:
    label: str | None = None
    category: str | None = None


class ReferenceBodySchema(RequestSchema):
    record = ReferenceBody
    label = fields.String(validate=validate.Length(max=LONGEST_NAME), allow_none=True)
    category = fields.String(validate=validate.Length(max=LONGEST_NAME), allow_none=True)


class AssignedSchema(Schema):
    """Empty when no picture is known for the name."""

    name = fields.String()
    image_path = fields.String()
    image_type = fields.String()


class SimilarSchema(Schema):
    uid = fields.String(required=True)
    name = fields.String(required=True)
    image_path = fields.String(required=True)
    image_type = fields.String(required=True)
    similarity_score = fields.Float(required=True)


class StatusSchema(Schema):
    task_id = fields.String(required=True)
    status = fields.String(required=True)
    progress_percentage = fields.Integer(required=True)
    message = fields.String(required=True)
    images_data = fields.List(fields.Dict())


class ReferenceSchema(Schema):
    imageId = fields.String(required=True)  # noqa: N815
    imageUrl = fields.String(required=True)  # noqa: N815
    label = fields.String(required=True)
    category = fields.String(required=True)
    createdAt = fields.AwareDateTime(required=True)  # noqa: N815


class ReferencesSchema(Schema):
    items = fields.List(fields.Nested(ReferenceSchema), required=True)
    page = fields.Integer(required=True)
    per_page = fields.Integer(required=True)
    total = fields.Integer(required=True)


class DroppedSchema(Schema):
    message = fields.String(required=True)


async def assign(call: Call[AssignBody]) -> Answer:
    """With an address, that photo from now on; without one, what is known of the name."""
    photo, body = _chosen(call.body), call.body
    if photo is None:
        async with call.read() as tx:
            found = await pictures.picture_of(tx, call.member, body.item_name)
        if found is not None:
            return call.answer(_picture(call, found))
        return call.answer(_shared(call, body.item_name))
    async with call.write() as tx:
        return call.answer(_picture(call, await pictures.assign(tx, call.member, body.item_name, photo, call.now)))


async def search(call: Call[SearchBody]) -> Answer:
    body = call.body
    async with call.read() as tx:
        found = await pictures.similar(tx, call.member, body.item_name, body.limit, body.image_type)
        return call.answer([_similar(call, one) for one in found])


async def status(call: Call[None]) -> Answer:
    return await _status(call, call.path["task_id"])


async def status_by_query(call: Call[None, StatusQuery]) -> Answer:
    if call.query.task_id:
        return await _status(call, call.query.task_id)
    message = wire.sentence(call, "No hay imágenes en preparación.", "No images are being prepared.")
    return call.answer({"task_id": "", "status": "generated", "progress_percentage": 100, "message": message})


async def add_reference(call: Call[None]) -> Answer:
    store = call.kitchen.uploads
    async with multipart.received(call, store, most_photos=1) as form:
        label, category = _name(form, "label"), _name(form, "category")
        photo = await store.keep(form.photos[0].upload, call.member, label, "reference", call.now)
        async with store.unless_added([photo]), call.write() as tx:
            reference = await pictures.keep_reference(tx, photo, label, category, call.now)
            return call.answer(_reference(call, reference), status=201)


async def references(call: Call[None, ReferencesQuery]) -> Answer:
    asked = call.query
    async with call.read() as tx:
        start = (asked.page - 1) * asked.per_page
        found, total = await pictures.references(
            tx, call.member.household, asked.per_page, start, asked.label, asked.category
        )
        items = [_reference(call, one) for one in found]
        return call.answer({"items": items, "page": asked.page, "per_page": asked.per_page, "total": total})


async def reference(call: Call[None]) -> Answer:
    async with call.read() as tx:
        return call.answer(_reference(call, await pictures.reference(tx, call.member.household, _id(call))))


async def rename_reference(call: Call[ReferenceBody]) -> Answer:
    body = call.body
    async with call.write() as tx:
        renamed = await pictures.rename_reference(tx, call.member.household, _id(call), body.label, body.category)
        return call.answer(_reference(call, renamed))


async def drop_reference(call: Call[None]) -> Answer:
    async with call.write() as tx:
        await pictures.drop_reference(tx, call.member.household, _id(call))
        message = wire.sentence(call, "Quitamos la imagen de referencia.", "We removed the reference image.")
        return call.answer({"message": message})


async def _status(call: Call[Any, Any], task: str) -> Answer:
    """Of a job that looks at photos, of a recognition, or of the job that makes its pictures, which has its id."""
    household, recognised = call.member.household, RecognitionId(task)
    async with call.read() as tx:
        with contextlib.suppress(UnknownJob):
            job = await jobs.job(tx, household, JobId(task))
            told = job.request if job.kind == PAINT else job.result or {}
            if "recognition_id" not in told:
                return call.answer(_underway(call, job))
            recognised = RecognitionId(told["recognition_id"])
        proposal = await call.kitchen.painter.proposal(tx, household, recognised)
        return call.answer(_pictures(call, task, proposal))


def _underway(call: Call[Any, Any], job: Job) -> dict[str, Any]:
    state = wire.task_state(job)
    failed = state is JobState.FAILED
    es = "No se pudieron preparar las imágenes." if failed else "Estamos preparando las imágenes."
    en = "The images could not be prepared." if failed else "We are preparing the images."
    return {
        "task_id": job.id,
        "status": "generated" if state is JobState.COMPLETED else state,
        "progress_percentage": job.progress,
        "message": wire.sentence(call, es, en),
    }


SAID = {
    "generated": ("Las imágenes están listas.", "The images are ready."),
    painted.FAILED: (
        "No se pudieron hacer todas las imágenes: mostramos tarjetas en su lugar.",
        "Not all images could be made: cards are shown in their place.",
    ),
}
UNDER_WAY = ("Estamos preparando las imágenes.", "We are preparing the images.")


def _pictures(call: Call[Any, Any], task: str, proposal: Proposal) -> dict[str, Any]:
    word = painted.word_of(call, proposal)
    return {
        "task_id": task,
        "status": word,
        "progress_percentage": painted.counted(call, proposal)["progress_percentage"],
        "message": wire.sentence(call, *SAID.get(word, UNDER_WAY)),
        "images_data": painted.images_data(call, proposal),
    }


def _chosen(body: AssignBody) -> PhotoId | None:
    """The first photo of the household's that is named. Raises UnknownPhoto when only others are."""
    sent = (body.image_path, *(body.image_paths or ()))
    given = [path for path in sent if path and PLACEHOLDER not in path and not stands_for_none(path)]
    ours = [photo for path in given if (photo := photo_id_of(path)) is not None]
    if given and not ours:
        raise UnknownPhoto
    return ours[0] if ours else None


def _name(form: Form, part: str) -> str:
    name = " ".join(form.texts.get(part, "").split())
    if len(name) > LONGEST_NAME:
        es, en = f"debe tener como máximo {LONGEST_NAME} caracteres.", f"must have at most {LONGEST_NAME} characters."
        raise Invalid({}, (Problem(f"/{part}", "too_long", f"«{part}» {es}", f'"{part}" {en}'),))
    return name


def _id(call: Call[Any]) -> ReferenceId:
    return ReferenceId(call.path["image_id"])


def _picture(call: Call[Any], picture: Picture) -> dict[str, Any]:
    address = wire.photo_address(call, picture.photo)
    return {"name": picture.label, "image_path": address, "image_type": picture.purpose}


def _shared(call: Call[Any], name: str) -> dict[str, Any]:
    """The library's picture of a name, if it has one."""
    food = food_of(name, call.language)
    found = call.kitchen.library.find(food, label_key(name))
    if found is None:
        return {}
    address = sign_shared(call.kitchen.public_url, found, Copy.DISPLAY, call.kitchen.photo_keys, call.now)
    is_dish = card_for(name, Kind.INGREDIENT, food).category == Kind.DISH
    return {"name": name, "image_path": address, "image_type": "food" if is_dish else "ingredient"}


def _similar(call: Call[Any], found: Likeness) -> dict[str, Any]:
    return {"uid": found.picture.photo, **_picture(call, found.picture), "similarity_score": round(found.score, 3)}


def _reference(call: Call[Any, Any], reference: Reference) -> dict[str, Any]:
    return {
        "imageId": reference.id,
        "imageUrl": wire.photo_address(call, reference.photo),
        "label": reference.label,
        "category": reference.category,
        "createdAt": reference.created_at,
    }
