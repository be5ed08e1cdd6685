"""What stands beside the profile: the picture, what somebody did, and choices that the client keeps here."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from handlers import multipart, profile, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import cursor_of, readable
from handlers.journal import HistoryQuery
from handlers.profile import ProfileAnswerSchema, ProfileBody, ProfileSchema
from handlers.schemas import RequestSchema, refusal
from zwai.errors import Malformed
from zwai.kitchen import profiles, uploads
from zwai.kitchen.profiles import MOST_SWITCHES, PORTRAIT
from zwai.records.people import Account

LONGEST_SWITCH = 50
LONGEST_CHOICE = 200


class PictureSchema(ProfileSchema):
    """The address of a picture, under any of its names."""

    @pre_load
    def _names(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        names = ("photo_url", "photoURL", "picture_url", "picture", "image_path", "image_url")
        return {"photo_url": next((document[name] for name in names if document.get(name)), None)}


@dataclass(frozen=True, slots=True)
class SwitchesBody:
    switches: dict[str, Any]


class SwitchesSchema(RequestSchema):
    """Choices by name, at the top or inside an object named after the page."""

    record = SwitchesBody
    switches = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=LONGEST_SWITCH)),
        required=True,
        validate=validate.Length(max=MOST_SWITCHES),
    )

    @pre_load
    def _unwrapped(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        names = ("privacy", "privacy_settings", "notifications", "notification_settings", "settings")
        inside = next((document[name] for name in names if isinstance(document.get(name), dict)), document)
        if not all(_is_choice(value) for value in inside.values()):
            es = f"solo admite true, false, números y textos de hasta {LONGEST_CHOICE} caracteres."
            raise refusal("wrong_type", es, f"only takes true, false, numbers and texts of up to {LONGEST_CHOICE}.")
        readable(" ".join(text for text in (*inside, *inside.values()) if isinstance(text, str)))
        return {"switches": inside}


class PictureAnswerSchema(Schema):
    message = fields.String(required=True)
    photo_url = fields.String(required=True)
    profile = fields.Nested(ProfileAnswerSchema, required=True)


class StatisticsSchema(Schema):
    statistics = fields.Dict(required=True)


class ActivitySchema(Schema):
    activity = fields.List(fields.Dict(), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AchievementsSchema(Schema):
    achievements = fields.List(fields.Dict(), required=True)
    total = fields.Integer(required=True)


class PrivacySchema(Schema):
    message = fields.String()
    privacy = fields.Dict(required=True)


class NotificationsSchema(Schema):
    message = fields.String()
    notifications = fields.Dict(required=True)


async def change_picture(call: Call[ProfileBody | None]) -> Answer:
    """A photo sent along, or the address of one."""
    if call.body is None:
        return await _upload(call)
    if not call.body.changes:
        raise Malformed
    async with call.write() as tx:
        account = await profiles.change(tx, call.member, {"photo_url": call.body.changes["photo_url"]})
        return call.answer(_picture(call, account))


async def remove_picture(call: Call[None]) -> Answer:
    async with call.write() as tx:
        account = await profiles.change(tx, call.member, {"photo_url": None})
        return call.answer(_picture(call, account))


async def statistics(call: Call[None]) -> Answer:
    async with call.read() as tx:
        account, found = await profiles.profile(tx, call.member), await profiles.statistics(tx, call.member)
        told = {
            "acts": {act.value: times for act, times in found.acts.items()},
            "first_at": found.first_at,
            "last_at": found.last_at,
            "items_in_stock": found.batches,
            "photos": found.photos,
            "recognitions": found.recognitions,
            "member_since": account.created_at,
        }
        return call.answer({"statistics": told})


async def activity(call: Call[None, HistoryQuery]) -> Answer:
    async with call.read() as tx:
        found, more = await profiles.activity(tx, call.member, call.query.limit, call.query.cursor)
        deeds = [{"entry_id": deed.id, "act": deed.act, "reason": deed.reason, "at": deed.at} for deed in found]
        cursor = cursor_of(str(found[-1].version), found[-1].id) if more else None
        return call.answer({"activity": deeds, "next_cursor": cursor})


async def achievements(call: Call[None]) -> Answer:
    """There are none to be had, and none is made up."""
    return call.answer({"achievements": [], "total": 0})


async def privacy(call: Call[None]) -> Answer:
    return await _switches(call, "privacy")


async def change_privacy(call: Call[SwitchesBody]) -> Answer:
    return await _change_switches(call, "privacy")


async def notifications(call: Call[None]) -> Answer:
    return await _switches(call, "notifications")


async def change_notifications(call: Call[SwitchesBody]) -> Answer:
    return await _change_switches(call, "notifications")


async def _switches(call: Call[None], group: str) -> Answer:
    async with call.read() as tx:
        account = await profiles.profile(tx, call.member)
        return call.answer({group: account.preferences.get(group, {})})


async def _change_switches(call: Call[SwitchesBody], group: str) -> Answer:
    async with call.write() as tx:
        kept = await profiles.change_switches(tx, call.member, group, call.body.switches)
        return call.answer({"message": profile.said(call), group: kept})


async def _upload(call: Call[Any]) -> Answer:
    store = call.kitchen.uploads
    async with multipart.received(call, store, most_photos=1) as form:
        photo = await store.keep(form.photos[0].upload, call.member, "", PORTRAIT, call.now)
        async with store.unless_added([photo]), call.write() as tx:
            await uploads.add(tx, photo)
            account = await profiles.change(tx, call.member, {"photo_url": profiles.portrait_path(photo.id)})
            return call.answer(_picture(call, account))


def _picture(call: Call[Any], account: Account) -> dict[str, Any]:
    address = wire.portrait(call, account.photo_url) or ""
    return {"message": profile.said(call), "photo_url": address, "profile": profile.rendered(call, account)}


def _is_choice(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_CHOICE
    return isinstance(value, bool | int | float)
