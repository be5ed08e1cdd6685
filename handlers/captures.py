"""Captures: photos of any kind and scanned codes in, one proposal out; at once, or as a job."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import alerts, wire
from handlers import jobs as job_answers
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import BoundFirst, ListOf
from handlers.proposal_answers import ProposalSchema, proposal_told
from handlers.schemas import RequestSchema, refusal
from handlers.sent_photos import LONGEST_ADDRESS, MOST_ADDRESSES
from zwai.errors import (
    Invalid,
    JobTimedOut,
    NoImage,
    PoolFull,
    Problem,
    ReadingNotInstalled,
    TooManyPhotos,
    Unavailable,
    UnknownPhoto,
    WorkerDied,
)
from zwai.kitchen import allergens, captures, jobs, recognition
from zwai.kitchen.captures import Asked, Capture
from zwai.kitchen.gs1 import LONGEST, barcode
from zwai.kitchen.inventory import today_of
from zwai.kitchen.photo_urls import photo_id_of
from zwai.records.captures import PhotoKind, Shot
from zwai.records.photos import Aim
from zwai.records.reading import Barcode

MOST_CODES = 100
# Why the text of a photo was not read.
UNREAD = {error.code: error for error in (ReadingNotInstalled, PoolFull, JobTimedOut, WorkerDied)}


@dataclass(frozen=True, slots=True)
class SentPath:
    path: str
    kind: PhotoKind | None = None


class PathSchema(RequestSchema):
    """A photo, and what it was taken for: food, receipt, label or barcode."""

    record = SentPath
    path = fields.String(required=True, validate=validate.Length(max=LONGEST_ADDRESS))
    kind = fields.Enum(PhotoKind, by_value=True, allow_none=True)


class Path(BoundFirst):
    """The address of an uploaded photo, or an object with the `path` and what `kind` of photo it is."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> SentPath:
        document = {"path": value} if isinstance(value, str) else value
        if not isinstance(document, dict):
            raise refusal("wrong_type", "debe ser un texto o un objeto.", "must be a text or an object.")
        sent: SentPath = PathSchema().load(document)
        return sent


@dataclass(frozen=True, slots=True)
class CaptureBody:
    images_paths: list[SentPath]
    barcodes: list[str]
    aim: Aim
    look_again: bool


class CaptureSchema(RequestSchema):
    record = CaptureBody
    images_paths = ListOf(Path(), load_default=list, validate=validate.Length(max=MOST_ADDRESSES))
    barcodes = ListOf(
        fields.String(validate=validate.Length(min=1, max=LONGEST)),
        load_default=list,
        validate=validate.Length(max=MOST_CODES),
    )
    aim = fields.Enum(Aim, by_value=True, load_default=Aim.BOTH)
    look_again = fields.Boolean(load_default=False)


class ShotSchema(Schema):
    """A photo and what it was taken for; `error` says why its text was not read."""

    image_path = fields.String(required=True)
    kinds = fields.List(fields.Enum(PhotoKind, by_value=True), required=True)
    engine = fields.String(required=True)
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)


class CapturedSchema(ProposalSchema):
    photos = fields.List(fields.Nested(ShotSchema), required=True)
    allergy_alerts = fields.List(fields.Dict(), required=True)
    has_allergens = fields.Boolean(required=True)


async def capture(call: Call[CaptureBody]) -> Answer:
    asked = await _asked(call)
    await call.kitchen.report_card.everybody(call.now)  # which lines may be accepted unasked
    captured = await call.kitchen.captures.look(asked, call.member, call.now)
    async with call.write() as tx:
        proposed = await captures.propose(tx, captured, call.now)
        proposal = await call.kitchen.painter.order(tx, call.member, proposed, call.now)
        told = alerts.of_lines(call, proposal.lines, await allergens.of_member(tx, call.member))
        return call.answer({**proposal_told(call, proposal), **told, "photos": _photos(call, captured.shots)})


async def capture_later(call: Call[CaptureBody]) -> Answer:
    """Order the capture as a job, and answer where to ask for it."""
    asked = await _asked(call)
    async with call.write() as tx:
        job = await jobs.order_capture(tx, call.member, asked, call.now)
        answer = call.answer(job_answers.told(call, job), 202, {"Location": f"/api/jobs/{job.id}"})
    await call.kitchen.delivery.offer(job.id)
    return answer


async def _asked(call: Call[CaptureBody]) -> Capture:
    body, most = call.body, call.kitchen.uploads.limits.photos
    if not body.images_paths and not body.barcodes:
        raise NoImage
    if len(body.images_paths) > most:
        raise TooManyPhotos({"limit": most})
    scanned = _scanned(call, body.barcodes)
    photos: dict[str, Asked] = {}
    for one in body.images_paths:
        if (photo := photo_id_of(one.path)) is None:
            raise UnknownPhoto
        photos.setdefault(photo, Asked(photo, one.kind))
    if photos:
        async with call.listing() as tx:
            await recognition.check_photos(tx, call.member.household, [one.photo for one in photos.values()])
    return Capture(tuple(photos.values()), scanned, body.aim, body.look_again)


def _scanned(call: Call[CaptureBody], texts: Sequence[str]) -> tuple[Barcode, ...]:
    today = today_of(call.member, call.now)
    codes = [barcode(text, today) for text in texts]
    if problems := [_problem(place, texts[place]) for place, code in enumerate(codes) if code is None]:
        raise Invalid({}, tuple(problems))
    return tuple(code for code in codes if code is not None)


def _problem(place: int, text: str) -> Problem:
    es = f"«{text}» no es el código de un producto: revisa sus cifras."
    en = f'"{text}" is not the code of a product: check its digits.'
    return Problem(f"/barcodes/{place}", "not_a_product_code", es, en)


def _photos(call: Call[Any], shots: Sequence[Shot]) -> list[dict[str, Any]]:
    return [
        {
            "image_path": wire.photo_address(call, shot.photo),
            "kinds": shot.kinds,
            "engine": shot.engine,
            "error": UNREAD.get(shot.error, Unavailable)().sentence(call.language) if shot.error else None,
            "error_code": shot.error or None,
        }
        for shot in shots
    ]
