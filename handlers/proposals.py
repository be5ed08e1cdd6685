"""Proposals: what recognitions offer, with the evidence; accepted whole, in part or corrected, or refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, pre_load, validate, validates_schema

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import (
    Amount,
    Cursor,
    ExpiryDay,
    Label,
    ListOf,
    as_moment,
    as_text,
    check_span,
    cursor_of,
    place_field,
    time_unit_field,
    unit_field,
)
from handlers.proposal_answers import ProposalSchema, SummarySchema, proposal_told, summary
from handlers.schemas import RequestSchema
from handlers.stock_answers import StockBatchSchema
from handlers.stock_bodies import LONGEST_SPAN, LONGEST_TIPS
from zwai.kitchen import proposals
from zwai.kitchen.expiry import from_span
from zwai.kitchen.inventory import today_of, typed_expiry
from zwai.kitchen.proposals import Choice, Edit, Review
from zwai.records.photos import RecognitionId
from zwai.records.proposals import LineId, ProposalKey
from zwai.records.stock import Place, TimeUnit, Unit

MOST_LINES = 500  # ten photos have never shown a tenth of that
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class PageQuery:
    limit: int = 50
    cursor: ProposalKey | None = None


class PageSchema(RequestSchema):
    record = PageQuery
    limit = fields.Integer(validate=validate.Range(min=1, max=200))
    cursor = Cursor(as_moment, as_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditBody:
    id: str
    name: str | None = None
    quantity: Decimal | None = None
    unit: Unit | None = None
    place: Place | None = None
    expiry_day: date | None = None
    span: int | None = None
    span_unit: TimeUnit | None = None
    tips: str | None = None


class EditSchema(RequestSchema):
    """A line by its id; what else is sent replaces what was proposed."""

    record = EditBody
    id = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_ID))
    name = Label(allow_none=True)
    quantity = Amount(allow_none=True)
    type_unit = unit_field(attribute="unit", allow_none=True)
    storage_type = place_field(attribute="place", allow_none=True)
    expiration_date = ExpiryDay(attribute="expiry_day", allow_none=True)
    expiration_time = fields.Integer(
        attribute="span", allow_none=True, validate=validate.Range(min=0, max=LONGEST_SPAN)
    )
    time_unit = time_unit_field(attribute="span_unit", allow_none=True)
    tips = fields.String(allow_none=True, validate=validate.Length(max=LONGEST_TIPS))

    @validates_schema
    def _within_reason(self, values: dict[str, Any], **_: Any) -> None:
        check_span(values)


class AllOrSome(RequestSchema):
    """Without `lines`, or with "all" in their place, all of them are meant."""

    @pre_load
    def _all(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**document, "lines": None} if document.get("lines") == "all" else document


@dataclass(frozen=True, slots=True)
class AcceptBody:
    lines: list[EditBody] | None = None
    auto: bool | None = None
    close: bool | None = None


class AcceptSchema(AllOrSome):
    """`auto`: of these lines only those that say `auto_accept`."""

    record = AcceptBody
    auto = fields.Boolean(allow_none=True)
    lines = ListOf(fields.Nested(EditSchema), allow_none=True, validate=validate.Length(max=MOST_LINES))
    close = fields.Boolean(allow_none=True)


@dataclass(frozen=True, slots=True)
class RejectBody:
    lines: list[str] | None = None


class RejectSchema(AllOrSome):
    record = RejectBody
    lines = ListOf(
        fields.String(validate=validate.Length(min=1, max=LONGEST_ID)),
        allow_none=True,
        validate=validate.Length(max=MOST_LINES),
    )


class ProposalsSchema(Schema):
    proposals = fields.List(fields.Nested(SummarySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RecognitionHistorySchema(Schema):
    history = fields.List(fields.Nested(SummarySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReviewedSchema(Schema):
    """`items` are the accepted lines as they went into stock; `entry_id` undoes that."""

    message = fields.String(required=True)
    items = fields.List(fields.Nested(StockBatchSchema), required=True)
    entry_id = fields.String(required=True, allow_none=True)
    proposal = fields.Nested(ProposalSchema, required=True)


class RejectedSchema(Schema):
    message = fields.String(required=True)
    proposal = fields.Nested(ProposalSchema, required=True)


async def page(call: Call[None, PageQuery]) -> Answer:
    return await _page(call, "proposals")


async def history(call: Call[None, PageQuery]) -> Answer:
    return await _page(call, "history")


async def show(call: Call[None]) -> Answer:
    await call.kitchen.report_card.everybody(call.now)  # which lines may be accepted unasked
    async with call.read() as tx:
        proposal = await call.kitchen.painter.proposal(tx, call.member.household, _named(call))
        return call.answer(proposal_told(call, proposal))


async def accept(call: Call[AcceptBody]) -> Answer:
    choice = await _choice(call)
    async with call.write() as tx:
        close = bool(call.body.close)
        review = await proposals.accept(tx, call.member, _named(call), choice, call.now, close=close)
        await call.kitchen.painter.order_for_stock(tx, call.member, review.added, call.now)
        return call.answer(_reviewed(call, review))


async def _choice(call: Call[AcceptBody]) -> Choice:
    card, lines = call.kitchen.report_card, call.body.lines
    await card.everybody(call.now)
    edits = [_edit(call, one) for one in lines or ()]
    choice: Choice = proposals.everything if lines is None else lambda _: edits
    return proposals.unasked(choice, card.accepts) if call.body.auto else choice


async def reject(call: Call[RejectBody]) -> Answer:
    lines = call.body.lines
    return await _reject(call, None if lines is None else [LineId(line) for line in lines])


async def reject_all(call: Call[None]) -> Answer:
    return await _reject(call, None)


async def _page(call: Call[None, PageQuery], name: str) -> Answer:
    async with call.read() as tx:
        found, more = await proposals.page(tx, call.member.household, call.query.limit, call.query.cursor)
        last = found[-1].recognition if more else None
        cursor = cursor_of(last.created_at, last.id) if last else None
        return call.answer({name: [summary(call, one) for one in found], "next_cursor": cursor})


async def _reject(call: Call[Any], lines: Sequence[LineId] | None) -> Answer:
    async with call.write() as tx:
        after = await proposals.reject(tx, call.member, _named(call), lines, call.now)
        message = wire.sentence(call, "Descartamos lo que no quieres.", "We left out what you don't want.")
        return call.answer({"message": message, "proposal": proposal_told(call, after)})


def _named(call: Call[Any]) -> RecognitionId:
    return RecognitionId(call.path["proposal_id"])


def _edit(call: Call[AcceptBody], body: EditBody) -> Edit:
    day = body.expiry_day
    if day is None and body.span is not None and body.span_unit is not None:
        day = from_span(today_of(call.member, call.now), body.span, body.span_unit)
    return Edit(
        line=LineId(body.id),
        label=body.name,
        amount=body.quantity,
        unit=body.unit,
        place=body.place,
        expiry=None if day is None else typed_expiry(day),
        tips=body.tips,
    )


def _reviewed(call: Call[Any], review: Review) -> dict[str, Any]:
    items = wire.counted(call, len(review.added), ("producto", "productos"), ("item", "items"))
    return {
        "message": wire.sentence(call, f"Guardamos {items}.", f"Saved {items}."),
        "items": [wire.batch(call, batch) for batch in review.added],
        "entry_id": review.entry,
        "proposal": proposal_told(call, review.proposal),
    }
