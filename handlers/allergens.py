"""Allergens of any text: food names, dishes, lists of ingredients."""

import asyncio
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import ListOf
from handlers.schemas import RequestSchema
from zwai.knowledge.allergens import LONGEST, judge
from zwai.records.allergens import Allergen, Verdict
from zwai.records.people import Language

MOST_TEXTS = 100
JUDGED_AT_ONCE = 5  # labels of 3 ms each; then others have their turn


@dataclass(frozen=True, slots=True)
class CheckBody:
    items: list[str]


class CheckSchema(RequestSchema):
    record = CheckBody
    items = ListOf(
        fields.String(validate=validate.Length(max=LONGEST)),
        required=True,
        validate=validate.Length(min=1, max=MOST_TEXTS),
    )


class CheckedSchema(Schema):
    """`free_of`: what the text says by itself to be without."""

    text = fields.String(required=True)
    contains = fields.List(fields.Enum(Allergen, by_value=True), required=True)
    may_contain = fields.List(fields.Enum(Allergen, by_value=True), required=True)
    free_of = fields.List(fields.Enum(Allergen, by_value=True), required=True)
    verdict = fields.Enum(Verdict, by_value=True, required=True)
    why = fields.String(required=True)


class ChecksSchema(Schema):
    items = fields.List(fields.Nested(CheckedSchema), required=True)


async def check(call: Call[CheckBody]) -> Answer:
    """Changes nothing: a POST only because texts are long."""
    checked = []
    for number, text in enumerate(call.body.items, 1):
        checked.append(_checked(text, call.language))
        if number % JUDGED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return call.answer({"items": checked})


def _checked(text: str, language: Language) -> dict[str, Any]:
    judged = judge(text, language)
    return {
        "text": text,
        "contains": judged.contains,
        "may_contain": judged.may_contain,
        "free_of": judged.free_of,
        "verdict": judged.verdict,
        "why": judged.why,
    }
