"""Households: who is in yours, inviting, joining, leaving; and deleting your account."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.schemas import RequestSchema
from zwai.kitchen import households
from zwai.kitchen.households import Moved
from zwai.records.people import AccountId, Housemate

LONGEST_CODE = 40  # with spaces and dashes


@dataclass(frozen=True, slots=True)
class JoinBody:
    code: str
    bring_stock: bool = False


class JoinSchema(RequestSchema):
    record = JoinBody
    code = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_CODE))
    bring_stock = fields.Boolean()


class HousemateSchema(Schema):
    account_id = fields.String(required=True)
    name = fields.String(required=True)
    photo_url = fields.String(required=True, allow_none=True)
    is_you = fields.Boolean(required=True)


class MembersSchema(Schema):
    members = fields.List(fields.Nested(HousemateSchema), required=True)


class HouseholdSchema(MembersSchema):
    household_id = fields.String(required=True)
    time_zone = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class InvitationSchema(Schema):
    message = fields.String(required=True)
    code = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class MovedSchema(Schema):
    """`brought`: how many batches of your own came along."""

    message = fields.String(required=True)
    household_id = fields.String(required=True)
    brought = fields.Integer(required=True, strict=True)


class GoneSchema(Schema):
    message = fields.String(required=True)
    status = fields.String(required=True)


async def show(call: Call[None]) -> Answer:
    async with call.read() as tx:
        found = await households.show(tx, call.member)
        body = {"household_id": found.id, "time_zone": found.time_zone, "created_at": found.created_at}
        return call.answer({**body, "members": [_housemate(call, one) for one in found.members]})


async def members(call: Call[None]) -> Answer:
    async with call.read() as tx:
        found = await households.show(tx, call.member)
        return call.answer({"members": [_housemate(call, one) for one in found.members]})


async def invite(call: Call[None]) -> Answer:
    async with call.write() as tx:
        invited = await households.invite(tx, call.member, call.now)
        message = wire.sentence(
            call, "Pasa este código a quien quieras invitar.", "Pass this code on to whom you want to invite."
        )
        return call.answer({"message": message, "code": invited.code, "expires_at": invited.expires_at}, status=201)


async def join(call: Call[JoinBody]) -> Answer:
    async with call.write() as tx:
        body = call.body
        moved = await households.join(tx, call.member, body.code, call.now, bring_stock=body.bring_stock)
        answer = _moved(call, moved, "Ya eres parte del hogar.", "You are in the household now.")
    return await _after(call, moved, answer)


async def leave(call: Call[None]) -> Answer:
    async with call.write() as tx:
        moved = await households.leave(tx, call.member, call.now)
        answer = _moved(call, moved, "Saliste; empiezas con un hogar vacío.", "You left, and begin with an empty one.")
    return await _after(call, moved, answer)


async def remove(call: Call[None]) -> Answer:
    async with call.write() as tx:
        moved = await households.remove(tx, call.member, AccountId(call.path["account_id"]), call.now)
        call.forget(moved.sessions)
        found = await households.show(tx, call.member)
        return call.answer({"members": [_housemate(call, one) for one in found.members]})


async def delete_account(call: Call[None]) -> Answer:
    async with call.write() as tx:
        gone = await households.delete_account(tx, call.member)
        call.forget(gone.sessions)
        message = wire.sentence(call, "Borramos tu cuenta.", "We deleted your account.")
        answer = call.answer({"message": message, "status": "success"})
    return await _after(call, gone, answer)


def _moved(call: Call[Any], moved: Moved, es: str, en: str) -> Answer:
    call.forget(moved.sessions)  # their copies in the cache know the old household
    body = {"message": wire.sentence(call, es, en), "household_id": moved.household, "brought": len(moved.brought)}
    return call.answer(body)


async def _after(call: Call[Any], moved: Moved, answer: Answer) -> Answer:
    """After the commit, so that no row is left whose file is gone."""
    await households.delete_files(call.kitchen.files, moved.photos)
    return answer


def _housemate(call: Call[Any], one: Housemate) -> dict[str, Any]:
    return {
        "account_id": one.account,
        "name": one.name,
        "photo_url": wire.portrait(call, one.photo_url),
        "is_you": one.account == call.member.account,
    }
