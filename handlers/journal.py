"""The journal: what happened to the stock, and undoing it."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Cursor, as_text, cursor_of
from handlers.schemas import RequestSchema
from zwai.kitchen import journal
from zwai.knowledge.words import render_unit
from zwai.records.stock import Batch, EntryId, EntryKey, JournalEntry

LARGEST_VERSION = 2**62  # the column's, with room


def _version(text: Any) -> int:
    version = int(text)
    if not 0 <= version <= LARGEST_VERSION:
        raise ValueError
    return version


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    limit: int = 50
    cursor: EntryKey | None = None


class HistoryQuerySchema(RequestSchema):
    record = HistoryQuery
    limit = fields.Integer(validate=validate.Range(min=1, max=200))
    cursor = Cursor(_version, as_text)


class SideSchema(Schema):
    """A batch as it was."""

    batch_id = fields.String(required=True)
    name = fields.String(required=True)
    quantity = fields.Float(required=True)
    type_unit = fields.String(required=True)
    added_at = fields.AwareDateTime(required=True)
    expiration_date = fields.NaiveDateTime(required=True)


class ChangeSchema(Schema):
    """One batch before and after; null where it did not exist."""

    before = fields.Nested(SideSchema, required=True, allow_none=True)
    after = fields.Nested(SideSchema, required=True, allow_none=True)


class EntrySchema(Schema):
    entry_id = fields.String(required=True)
    act = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, allow_none=True)
    undoes = fields.String(required=True, allow_none=True)
    undone_by = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)


class HistorySchema(Schema):
    entries = fields.List(fields.Nested(EntrySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class UndoneSchema(Schema):
    message = fields.String(required=True)
    entry_id = fields.String(required=True)
    undoes = fields.String(required=True)


async def history(call: Call[None, HistoryQuery]) -> Answer:
    async with call.read() as tx:
        found, more = await journal.history(tx, call.member.household, call.query.limit, call.query.cursor)
        cursor = cursor_of(str(found[-1].version), found[-1].id) if more else None
        return call.answer({"entries": [_entry(call, entry) for entry in found], "next_cursor": cursor})


async def undo(call: Call[None]) -> Answer:
    async with call.write() as tx:
        entry = await journal.undo(tx, call.member, EntryId(call.path["entry_id"]), call.now)
        message = wire.sentence(call, "Deshicimos el cambio.", "We undid the change.")
        return call.answer({"message": message, "entry_id": entry.id, "undoes": entry.undoes})


def _entry(call: Call[Any, Any], entry: JournalEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.id,
        "act": entry.act,
        "reason": entry.reason,
        "at": entry.at,
        "by": entry.account,
        "undoes": entry.undoes,
        "undone_by": entry.undone_by,
        "changes": [{"before": _side(call, one.before), "after": _side(call, one.after)} for one in entry.changes],
    }


def _side(call: Call[Any, Any], batch: Batch | None) -> dict[str, Any] | None:
    if batch is None:
        return None
    return {
        "batch_id": batch.id,
        "name": batch.label,
        "quantity": batch.quantity.amount,
        "type_unit": render_unit(batch.quantity.unit, call.language),
        "added_at": batch.added_at,
        "expiration_date": wire.day(batch.expiry.day),
    }
