"""What people say of a recognition in their own words."""

from dataclasses import dataclass
from typing import Any

import orjson
from marshmallow import Schema, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import BoundFirst
from handlers.proposals import LONGEST_ID
from handlers.schemas import RequestSchema, refusal
from zwai.kitchen import proposals
from zwai.records.photos import RecognitionId

LONGEST_FEEDBACK = 4000


class Words(BoundFirst):
    """What somebody says: a text, or a JSON document of the client's own, kept as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        words = value if isinstance(value, str) else orjson.dumps(value).decode()
        if not words.strip() or words in ("{}", "[]"):
            raise refusal("empty", "no puede estar vacío.", "may not be empty.")
        if len(words) > LONGEST_FEEDBACK:
            es = f"debe tener como máximo {LONGEST_FEEDBACK} caracteres."
            raise refusal("too_long", es, f"must have at most {LONGEST_FEEDBACK} characters.")
        return words


@dataclass(frozen=True, slots=True)
class FeedbackBody:
    recognition_id: str
    feedback: str


class FeedbackSchema(RequestSchema):
    record = FeedbackBody
    recognition_id = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_ID))
    feedback = Words(required=True)


class ThanksSchema(Schema):
    message = fields.String(required=True)
    recognition_id = fields.String(required=True)


async def comment(call: Call[FeedbackBody]) -> Answer:
    recognised = RecognitionId(call.body.recognition_id)
    async with call.write() as tx:
        await proposals.comment(tx, call.member, recognised, call.body.feedback, call.now)
        message = wire.sentence(call, "Gracias, lo tendremos en cuenta.", "Thank you, we will take it into account.")
        return call.answer({"message": message, "recognition_id": recognised})
