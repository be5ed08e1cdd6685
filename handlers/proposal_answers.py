"""A proposal as answers tell it: its lines, each with the evidence, and the receipts among its photos."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from handlers import painted, wire
from handlers.call import Call
from zwai.kitchen.expiry import days_left
from zwai.kitchen.inventory import today_of
from zwai.kitchen.recognition import Proposal
from zwai.knowledge.words import render_place, render_unit
from zwai.records.photos import Copy, PhotoId, recognised
from zwai.records.proposals import Line, LineState, Summary


class SummarySchema(Schema):
    """A proposal in a list, and how many of its lines are in each state."""

    proposal_id = fields.String(required=True)
    recognition_id = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    aim = fields.String(required=True)
    engine = fields.String(required=True)
    state = fields.String(required=True)
    open = fields.Integer(required=True, strict=True)
    accepted = fields.Integer(required=True, strict=True)
    rejected = fields.Integer(required=True, strict=True)
    images_paths = fields.List(fields.String(), required=True)


class EvidenceExpirySchema(Schema):
    expiration_date = fields.NaiveDateTime(required=True)
    source = fields.String(required=True)
    reference = fields.String(required=True)
    low = fields.Date(required=True, allow_none=True)
    high = fields.Date(required=True, allow_none=True)


class EvidenceSchema(Schema):
    """Why a line was proposed: the photo, the place in it, who decided by which rule, and the date's source.

    `engine` and `confidence` are null where no recogniser had a part; `read` is what receipts, codes and labels say of
    the line.
    """

    photo = fields.String(required=True, allow_none=True)
    thumbnail = fields.String(required=True, allow_none=True)
    bounding_box = fields.Dict(required=True, allow_none=True)
    engine = fields.String(required=True, allow_none=True)
    confidence = fields.Float(required=True, allow_none=True)
    decision = fields.String(required=True)
    rule = fields.String(required=True)
    expiry = fields.Nested(EvidenceExpirySchema, required=True)
    read = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class AcceptedSchema(Schema):
    """What became of an accepted line."""

    batch_id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    food_id = fields.String(required=True, allow_none=True)
    corrected = fields.Boolean(required=True)
    at = fields.AwareDateTime(required=True)


class LineSchema(Schema):
    """What would go into stock. `is_expired`: its day has passed already, as that of milk on an old receipt."""

    id = fields.String(required=True)
    state = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    food_id = fields.String(required=True, allow_none=True)
    quantity = fields.Float(required=True)
    type_unit = fields.String(required=True)
    storage_type = fields.String(required=True)
    expiration_date = fields.NaiveDateTime(required=True)
    days_to_expire = fields.Integer(required=True, strict=True)
    is_expired = fields.Boolean(required=True)
    tips = fields.String(required=True)
    image_path = fields.String(required=True)
    image_status = fields.String(required=True)
    added_at = fields.AwareDateTime(required=True)
    auto_accept = fields.Boolean(required=True)
    evidence = fields.Nested(EvidenceSchema, required=True)
    accepted = fields.Nested(AcceptedSchema, required=True, allow_none=True)
    rejected_at = fields.AwareDateTime(required=True, allow_none=True)


class ReceiptSchema(Schema):
    """Amounts are decimals as texts, empty where none is printed; `difference` is what the lines lack of the total."""

    shop = fields.String(required=True)
    bought_on = fields.String(required=True)
    currency = fields.String(required=True)
    lines = fields.String(required=True)
    not_food = fields.String(required=True)
    sum = fields.String(required=True)
    tax = fields.String(required=True)
    total = fields.String(required=True)
    difference = fields.String(required=True)
    photo = fields.String(required=True)


class ProposalSchema(SummarySchema):
    lines = fields.List(fields.Nested(LineSchema), required=True)
    receipts = fields.List(fields.Nested(ReceiptSchema), required=True)


def summary(call: Call[Any, Any], one: Summary) -> dict[str, Any]:
    found = one.recognition
    return {
        "proposal_id": found.id,
        "recognition_id": found.id,
        "created_at": found.created_at,
        "aim": found.aim,
        "engine": found.engine,
        "state": "open" if one.open else "closed",
        "open": one.open,
        "accepted": one.accepted,
        "rejected": one.rejected,
        "images_paths": [wire.photo_address(call, photo) for photo in found.photos],
    }


def proposal_told(call: Call[Any], proposal: Proposal) -> dict[str, Any]:
    states = [line.state for line in proposal.lines]
    counts = [states.count(state) for state in (LineState.OPEN, LineState.ACCEPTED, LineState.REJECTED)]
    lines = [_line(call, proposal, line) for line in proposal.lines]
    return {
        **summary(call, Summary(proposal.recognition, *counts)),
        "lines": lines,
        "receipts": [_with_addresses(call, proposal, receipt) for receipt in proposal.recognition.receipts],
    }


def _line(call: Call[Any], proposal: Proposal, line: Line) -> dict[str, Any]:
    batch = line.batch
    left = days_left(batch.expiry.day, today_of(call.member, call.now))
    return {
        "id": line.id,
        "state": line.state,
        "kind": batch.kind,
        "name": batch.label,
        "food_id": batch.food,
        "quantity": batch.quantity.amount,
        "type_unit": render_unit(batch.quantity.unit, call.language),
        "storage_type": render_place(batch.place, call.language),
        "expiration_date": wire.day(batch.expiry.day),
        "days_to_expire": left,
        "is_expired": left < 0,
        "tips": batch.tips,
        "image_path": wire.picture(call, batch, proposal.photo_of(line)),
        "image_status": painted.state_of(call, proposal, line),
        "added_at": batch.added_at,
        "auto_accept": line.state is LineState.OPEN and call.kitchen.report_card.accepts(line),
        "evidence": _evidence(call, proposal, line),
        "accepted": _accepted(line),
        "rejected_at": line.rejected_at,
    }


def _evidence(call: Call[Any], proposal: Proposal, line: Line) -> dict[str, Any]:
    expiry, photo = line.batch.expiry, line.batch.photo or _read_in(proposal, line.evidence)
    seen = recognised(line.rule)
    return {
        "photo": wire.photo_address(call, photo, Copy.DISPLAY),
        "thumbnail": wire.photo_address(call, photo, Copy.THUMBNAIL),
        "bounding_box": line.box,
        "engine": proposal.recognition.engine if seen else None,
        "confidence": round(line.confidence, 3) if seen else None,
        "decision": line.decision,
        "rule": line.rule,
        "expiry": {
            "expiration_date": wire.day(expiry.day),
            "source": expiry.source,
            "reference": wire.origin(expiry, call.language),
            "low": expiry.low,
            "high": expiry.high,
        },
        "read": _with_addresses(call, proposal, line.evidence),
    }


def _read_in(proposal: Proposal, evidence: Mapping[str, str]) -> PhotoId | None:
    """The photo of what no photo shows: that of its receipt, or of its date."""
    places = (evidence.get(name) for name in ("receipt_photo", "date_photo"))
    return next((photo for place in places if (photo := _photo(proposal, place)) is not None), None)


def _with_addresses(call: Call[Any], proposal: Proposal, told: Mapping[str, str]) -> dict[str, str]:
    """What was read, with addresses of photos in place of their places among the proposal's."""
    return {name: _told(call, proposal, name, value) for name, value in told.items()}


def _told(call: Call[Any], proposal: Proposal, name: str, value: str) -> str:
    if name != "photo" and not name.endswith("_photo"):
        return value
    return wire.photo_address(call, _photo(proposal, value)) or ""


def _photo(proposal: Proposal, place: str | None) -> PhotoId | None:
    photos = proposal.recognition.photos
    known = place is not None and place.isascii() and place.isdigit() and len(place) < 4 and int(place) < len(photos)
    return photos[int(place)] if known and place else None


def _accepted(line: Line) -> dict[str, Any] | None:
    if line.accepted_batch is None:
        return None
    proposed = (line.batch.label, line.batch.food)
    return {
        "batch_id": line.accepted_batch,
        "name": line.accepted_label,
        "food_id": line.accepted_food,
        "corrected": (line.accepted_label, line.accepted_food) != proposed,
        "at": line.accepted_at,
    }
