"""The recogniser's report card: how often it is right, measured before and by what reviewers correct."""

from typing import Any

from aiohttp import web
from marshmallow import Schema, fields

from handlers.answer import Answer
from handlers.call import Call
from zwai.kitchen import calibration, report_card
from zwai.kitchen.report_card import EARNED_FROM, LEAST_HOUSEHOLDS, LEAST_LINES, Corrections, Group, Standing
from zwai.records.people import Language
from zwai.records.photos import Decision, Engine
from zwai.records.report import Card

PICTURE = "/api/recogniser/report.svg"
PICTURE_KEPT = {"Cache-Control": "public, max-age=600", "Vary": "Accept-Language"}
WORDS = {
    Language.ES: ("Qué seguro, qué acertado", "decía estar así de seguro", "acertó", "lo que corrigieron los hogares"),
    Language.EN: ("How sure, how right", "said to be this sure", "were right", "what households corrected"),
}  # fmt: skip


class ShareSchema(Schema):
    """`right` of `n`, with the 95 % interval of Wilson; `share` is null where `n` is 0."""

    right = fields.Integer(required=True, strict=True)
    n = fields.Integer(required=True, strict=True)
    share = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class BinSchema(ShareSchema):
    """Names that were said with about this confidence."""

    confidence = fields.Float(required=True)


class TallySchema(Schema):
    """`precision` is that of `sure` and `confirm` together; suggestions count in top 1 and top 3 only."""

    photos = fields.Integer(required=True, strict=True)
    unreadable = fields.Integer(required=True, strict=True)
    precision = fields.Nested(ShareSchema, required=True)
    sure = fields.Nested(ShareSchema, required=True)
    confirm = fields.Nested(ShareSchema, required=True)
    recall = fields.Nested(ShareSchema, required=True)
    top_1 = fields.Nested(ShareSchema, required=True)
    top_3 = fields.Nested(ShareSchema, required=True)


class KindTallySchema(TallySchema):
    group = fields.String(required=True)


class CategoryTallySchema(TallySchema):
    category = fields.String(required=True)


class CardSchema(Schema):
    """What an engine said of a set of labelled photos that it was not trained on."""

    engine = fields.String(required=True)
    data = fields.String(required=True)
    measured_on = fields.String(required=True)
    groups = fields.List(fields.Nested(KindTallySchema), required=True)
    categories = fields.List(fields.Nested(CategoryTallySchema), required=True)
    calibration = fields.List(fields.Nested(BinSchema), required=True)


class ReviewedSchema(Schema):
    """Reviewed lines of a category: the numbers are null where there are too few to tell."""

    engine = fields.String(required=True)
    category = fields.String(required=True)
    decision = fields.String(required=True)
    too_few = fields.Boolean(required=True)
    as_it_was = fields.Integer(required=True, strict=True, allow_none=True)
    corrected = fields.Integer(required=True, strict=True, allow_none=True)
    refused = fields.Integer(required=True, strict=True, allow_none=True)
    precision = fields.Nested(ShareSchema, required=True, allow_none=True)


class CurveSchema(Schema):
    engine = fields.String(required=True)
    bins = fields.List(fields.Nested(BinSchema), required=True)


class CorrectionsSchema(Schema):
    groups = fields.List(fields.Nested(ReviewedSchema), required=True)
    calibration = fields.List(fields.Nested(CurveSchema), required=True)


class EverybodySchema(CorrectionsSchema):
    least_lines = fields.Integer(required=True, strict=True)
    least_households = fields.Integer(required=True, strict=True)


class StandingSchema(Schema):
    """`auto_accept`: its lines may be accepted unasked; `corrections` is null where they are too few to tell."""

    engine = fields.String(required=True)
    category = fields.String(required=True)
    measured = fields.Nested(ShareSchema, required=True)
    corrections = fields.Nested(ShareSchema, required=True, allow_none=True)
    auto_accept = fields.Boolean(required=True)


class AutoAcceptSchema(Schema):
    least_low = fields.Float(required=True)
    groups = fields.List(fields.Nested(StandingSchema), required=True)


class ReportSchema(Schema):
    measured = fields.List(fields.Nested(CardSchema), required=True)
    everybody = fields.Nested(EverybodySchema, required=True)
    household = fields.Nested(CorrectionsSchema, required=True)
    auto_accept = fields.Nested(AutoAcceptSchema, required=True)
    picture = fields.String(required=True)


async def show(call: Call[None]) -> Answer:
    card = call.kitchen.report_card
    everybody = await card.everybody(call.now)
    async with call.read() as tx:
        own = await report_card.reviewed(tx, call.member.household)
        answer = {
            "measured": [one.told() for one in card.cards],
            "everybody": {
                "least_lines": LEAST_LINES,
                "least_households": LEAST_HOUSEHOLDS,
                **_corrections(everybody, own=False),
            },
            "household": _corrections(own, own=True),
            "auto_accept": {
                "least_low": EARNED_FROM,
                "groups": [_standing(one, everybody) for one in card.standings()],
            },
            "picture": call.kitchen.public_url + PICTURE,
        }
        return call.answer(answer)


async def picture(call: Call[None]) -> web.StreamResponse:
    """Of what was measured, and of everybody's corrections where there are enough."""
    everybody = await call.kitchen.report_card.everybody(call.now)
    title, across, up, data = WORDS[call.language]
    today = call.now.date().isoformat()
    curves = [Card(engine, data, today, {}, {}, bins) for engine, bins in everybody.bins.items()]
    drawn = calibration.svg(title, across, up, [*call.kitchen.report_card.cards, *curves])
    return web.Response(text=drawn, content_type="image/svg+xml", headers=PICTURE_KEPT)


def _corrections(found: Corrections, *, own: bool) -> dict[str, Any]:
    groups = [_reviewed(found, key, own=own) for key in sorted(found.groups)]
    curves = [
        {"engine": engine, "bins": [{"confidence": one.confidence, **one.right.told()} for one in bins]}
        for engine, bins in found.bins.items()
    ]
    return {"groups": groups, "calibration": curves}


def _reviewed(found: Corrections, key: tuple[Group, Decision], *, own: bool) -> dict[str, Any]:
    (group, decision), counts = key, found.groups[key]
    hidden = counts.too_few and not own
    return {
        "engine": group.engine,
        "category": group.category,
        "decision": decision,
        "too_few": hidden,
        "as_it_was": None if hidden else counts.as_it_was,
        "corrected": None if hidden else counts.corrected,
        "refused": None if hidden else counts.refused,
        "precision": None if hidden else counts.right.told(),
    }


def _standing(one: Standing, everybody: Corrections) -> dict[str, Any]:
    decision = Decision.ITEM if one.group.engine is Engine.LOCAL else Decision.CONFIRM
    counts = everybody.groups.get((one.group, decision))
    return {
        "engine": one.group.engine,
        "category": one.group.category,
        "measured": one.measured.told(),
        "corrections": None if counts is None or counts.too_few else one.corrections.told(),
        "auto_accept": one.earned,
    }
