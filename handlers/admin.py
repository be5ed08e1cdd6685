"""For whoever runs the service: what there is of everything, and tidying up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Cursor, as_text, cursor_of
from handlers.schemas import RequestSchema
from zwai.kitchen import admin
from zwai.records.people import Account, AccountId, Provider

STALE_UPLOAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UsersQuery:
    limit: int = 50
    cursor: tuple[str] | None = None


class UsersQuerySchema(RequestSchema):
    record = UsersQuery
    limit = fields.Integer(validate=validate.Range(min=1, max=200))
    cursor = Cursor(as_text)


class CleanedSchema(Schema):
    message = fields.String(required=True)
    cleaned = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class SecurityStatsSchema(Schema):
    security_stats = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class UserSchema(Schema):
    uid = fields.String(required=True)
    provider = fields.String(required=True)
    guest_mode = fields.Boolean(required=True)
    language = fields.String(required=True)
    createdAt = fields.AwareDateTime(required=True)  # noqa: N815
    lastLoginAt = fields.AwareDateTime(required=True)  # noqa: N815


class UsersSchema(Schema):
    users = fields.List(fields.Nested(UserSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class StatsSchema(Schema):
    stats = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class SyncedSchema(Schema):
    message = fields.String(required=True)
    added = fields.Integer(required=True)
    unreadable = fields.List(fields.String(), required=True)
    ordered = fields.Integer(required=True)
    removed = fields.Integer(required=True)


async def cleanup_tokens(call: Call[None]) -> Answer:
    async with call.write() as tx:
        cleaned = await admin.clean_tokens(tx, call.now)
        message = wire.sentence(call, "Borramos las sesiones vencidas.", "We deleted the sessions that are over.")
        counts = {"blacklist_cleaned": cleaned.sessions, "tracking_cleaned": cleaned.tokens}
        return call.answer({"message": message, "cleaned": counts})


async def security_stats(call: Call[None]) -> Answer:
    async with call.read() as tx:
        found = await admin.tokens(tx, call.now)
        stats = {
            "blacklisted_tokens": found.revoked,
            "active_refresh_tokens": found.active,
            "used_refresh_tokens": found.used,
            "total_refresh_tokens": found.total,
        }
        return call.answer({"security_stats": stats})


async def users(call: Call[None, UsersQuery]) -> Answer:
    after = AccountId(call.query.cursor[0]) if call.query.cursor else None
    async with call.read() as tx:
        found, more = await admin.accounts(tx, call.query.limit, after)
        cursor = cursor_of(found[-1].id) if more else None
        return call.answer({"users": [_user(account) for account in found], "next_cursor": cursor})


async def stats(call: Call[None]) -> Answer:
    async with call.read() as tx:
        return call.answer({"stats": await admin.everything(tx)})


async def sync_images(call: Call[None]) -> Answer:
    """Take in new pictures of the operator's folder, order those that stock lacks, remove files that nothing names."""
    taken = await call.kitchen.library.install(call.now)
    ordered = await call.kitchen.painter.order_for_all(call.now)
    removed = await admin.sweep_orphans(call.kitchen.database, call.kitchen.files, call.now - STALE_UPLOAD)
    added = wire.counted(call, taken.added, ("imagen nueva", "imágenes nuevas"), ("new picture", "new pictures"))
    swept = wire.counted(call, removed, ("archivo sin dueño borrado", "archivos sin dueño borrados"),
                         ("ownerless file deleted", "ownerless files deleted"))  # fmt: skip
    told = {"message": f"{added}, {swept}.", "added": taken.added, "unreadable": taken.unreadable}
    return call.answer({**told, "ordered": ordered, "removed": removed})


def _user(account: Account) -> dict[str, Any]:
    """Neither name nor e-mail: running a service is no reason to read them over the network."""
    return {
        "uid": account.id,
        "provider": account.provider,
        "guest_mode": account.provider is Provider.GUEST,
        "language": account.language,
        "createdAt": account.created_at,
        "lastLoginAt": account.last_login_at,
    }
