"""A recognition as answers tell it: what was seen in lists to add from, and which photos could not be read."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from handlers import alerts, painted, wire
from handlers.call import Call
from handlers.sent_photos import Unreadable
from zwai.kitchen.allergens import Allergy
from zwai.kitchen.inventory import today_of
from zwai.kitchen.recognition import Proposal
from zwai.knowledge.words import render_place_scanned, render_time_unit, render_unit
from zwai.records.photos import Aim, Decision
from zwai.records.proposals import Line
from zwai.records.stock import Kind, TimeUnit


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


def with_images(call: Call[Any], proposal: Proposal, allergies: Sequence[Allergy]) -> dict[str, Any]:
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


def photo_error(call: Call[Any], one: Unreadable) -> dict[str, Any]:
    message = one.error.sentence(call.language)
    return {"index": one.index, "photo": one.name, "code": one.error.code, "message": message}
