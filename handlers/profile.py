"""The profile: who a person is, and what the client's profile screens keep for them."""

from dataclasses import dataclass
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Address, Email, ListOf, readable
from handlers.schemas import RequestSchema, refusal
from zwai.errors import Malformed
from zwai.kitchen import profiles
from zwai.kitchen.allergens import can_alert
from zwai.records.people import Account, Language

MOST_ENTRIES = 200
LONGEST_TOLD = 100
LARGEST_PREFERENCES_BYTES = 64 * 1024
# Preferences that the client keeps, by the name that it reads; the value is what it gets before it has sent any.
PREFERENCES: dict[str, Any] = {
    "cookingLevel": "beginner",
    "measurementUnit": "metric",
    "allergies": [],
    "allergyItems": [],
    "preferredFoodTypes": [],
    "specialDietItems": [],
    "favoriteRecipes": [],
    "initialPreferencesCompleted": False,
    "phone": "",
}
# Under which name a part of the profile may come instead, where only that part is sent.
SHORT_NAMES = {
    "cooking_level": "cookingLevel",
    "level": "cookingLevel",
    "dietary_restrictions": "specialDietItems",
    "dietaryRestrictions": "specialDietItems",
    "restrictions": "specialDietItems",
}


@dataclass(frozen=True, slots=True)
class ProfileBody:
    """`changes` as `profiles.change` takes them; empty when nothing was sent."""

    changes: dict[str, Any]


def _entries(entry: fields.Field[Any] | None = None) -> ListOf:
    return ListOf(entry or fields.Raw(), validate=validate.Length(max=MOST_ENTRIES))


class AllergyEntry(fields.Raw):
    """A text or an object, as the client sent it. One that could never raise an alert must not look as if it did."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if not can_alert(value):
            told = orjson.dumps(value).decode()[:LONGEST_TOLD]
            es = f"no nombra ninguna alergia: {told}. Escribe cuál, por ejemplo «maní»."
            raise refusal("names_no_allergy", es, f'names no allergy: {told}. Write which one, for example "peanuts".')
        return value


class ProfileSchema(RequestSchema):
    """Both spellings of a name are read; known keys inside `prefs` too; unknown ones are left out."""

    record = ProfileBody
    name = fields.String(validate=[validate.Length(max=200), readable])
    email = Email(validate=validate.Length(max=320))
    photo_url = Address(schemes={"http", "https"}, require_tld=False, validate=validate.Length(max=2000))
    language = fields.Enum(Language, by_value=True)
    cookingLevel = fields.String(validate=validate.OneOf(["beginner", "intermediate", "advanced"]))  # noqa: N815
    measurementUnit = fields.String(validate=validate.OneOf(["metric", "imperial"]))  # noqa: N815
    allergies = _entries(AllergyEntry())
    allergyItems = _entries(AllergyEntry())  # noqa: N815
    preferredFoodTypes = _entries()  # noqa: N815
    specialDietItems = _entries()  # noqa: N815
    favoriteRecipes = _entries()  # noqa: N815
    initialPreferencesCompleted = fields.Boolean()  # noqa: N815
    phone = fields.String(validate=[validate.Length(max=40), readable])

    @pre_load
    def _spellings(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        inside: dict[str, Any] = {}
        for group in ("preferences", "prefs"):
            given = document.get(group) or {}
            if not isinstance(given, dict):
                raise ValidationError("Not a valid mapping type.", group)
            inside |= given
        flat = {**{key: inside[key] for key in (*PREFERENCES, "language") if key in inside}, **document}
        for ours, theirs in (("name", "displayName"), ("photo_url", "photoURL")):
            if flat.get(theirs) is not None:
                flat[ours] = flat[theirs]
        unset = {"email": "", "photo_url": ""}  # how a profile shows what a guest has not given; it comes back so
        return {key: value for key, value in flat.items() if value is not None and value != unset.get(key)}

    @validates_schema
    def _bounded(self, values: dict[str, Any], **_: Any) -> None:
        if len(orjson.dumps({key: values[key] for key in PREFERENCES if key in values})) > LARGEST_PREFERENCES_BYTES:
            limit = f"{LARGEST_PREFERENCES_BYTES // 1024} kB"
            raise refusal("too_long", f"tiene más de {limit} de preferencias.", f"has over {limit} of preferences.")

    def _record(self, values: dict[str, Any]) -> ProfileBody:
        own: dict[str, Any] = {
            name: values.pop(name) for name in ("name", "email", "photo_url", "language") if name in values
        }
        return ProfileBody({**own, "preferences": values} if own or values else {})


class PartSchema(ProfileSchema):
    """A part of the profile by itself, whose short names say enough."""

    @pre_load
    def _long_names(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {SHORT_NAMES.get(name, name): value for name, value in document.items()}


class ProfileAnswerSchema(Schema):
    """Lists hold texts or objects, as the client sent them; `prefs` holds the preferences once more."""

    uid = fields.String(required=True)
    email = fields.String(required=True)
    emailVerified = fields.Boolean(required=True)  # noqa: N815
    displayName = fields.String(required=True)  # noqa: N815
    name = fields.String(required=True)
    photoURL = fields.String(required=True, allow_none=True)  # noqa: N815
    photo_url = fields.String(required=True, allow_none=True)
    authProvider = fields.String(required=True)  # noqa: N815
    language = fields.String(required=True)
    cookingLevel = fields.String(required=True)  # noqa: N815
    measurementUnit = fields.String(required=True)  # noqa: N815
    allergies = fields.List(fields.Raw(), required=True)
    allergyItems = fields.List(fields.Raw(), required=True)  # noqa: N815
    preferredFoodTypes = fields.List(fields.Raw(), required=True)  # noqa: N815
    specialDietItems = fields.List(fields.Raw(), required=True)  # noqa: N815
    favoriteRecipes = fields.List(fields.Raw(), required=True)  # noqa: N815
    initialPreferencesCompleted = fields.Boolean(required=True)  # noqa: N815
    phone = fields.String(required=True)
    prefs = fields.Dict(required=True)
    createdAt = fields.AwareDateTime(required=True)  # noqa: N815
    lastLoginAt = fields.AwareDateTime(required=True)  # noqa: N815


class ChangedProfileSchema(Schema):
    message = fields.String(required=True)
    profile = fields.Nested(ProfileAnswerSchema, required=True)


class PartsSchema(Schema):
    preferences = fields.Dict(required=True)
    cooking_level = fields.String(required=True)
    dietary_restrictions = fields.List(fields.Raw(), required=True)


class ChangedPartsSchema(PartsSchema):
    message = fields.String(required=True)
    profile = fields.Nested(ProfileAnswerSchema, required=True)


async def profile(call: Call[None]) -> Answer:
    async with call.read() as tx:
        return call.answer(rendered(call, await profiles.profile(tx, call.member)))


async def change(call: Call[ProfileBody]) -> Answer:
    if not call.body.changes:
        raise Malformed
    async with call.write() as tx:
        account = await profiles.change(tx, call.member, call.body.changes)
        call.forget([call.member.session])  # its copy in the cache knows the old language
        return call.answer({"message": said(call), "profile": rendered(call, account)})


async def part(call: Call[None]) -> Answer:
    async with call.read() as tx:
        return call.answer(_parts(await profiles.profile(tx, call.member)))


async def change_part(call: Call[ProfileBody]) -> Answer:
    if not call.body.changes:
        raise Malformed
    async with call.write() as tx:
        account = await profiles.change(tx, call.member, call.body.changes)
        call.forget([call.member.session])
        return call.answer({"message": said(call), "profile": rendered(call, account), **_parts(account)})


def said(call: Call[Any]) -> str:
    return wire.sentence(call, "Actualizamos tu perfil.", "We updated your profile.")


def rendered(call: Call[Any], account: Account) -> dict[str, Any]:
    """Every name twice: as the old documents have it, and as the client's parser reads it."""
    kept, portrait = preferences(account), wire.portrait(call, account.photo_url)
    return {
        "uid": account.id,
        "displayName": account.name,
        "name": account.name,
        "email": account.email or "",
        "photoURL": portrait,
        "photo_url": portrait,
        "emailVerified": account.email_verified,
        "authProvider": account.provider,
        "language": account.language,
        **kept,
        "prefs": {"language": account.language, **kept},
        "createdAt": account.created_at,
        "lastLoginAt": account.last_login_at,
    }


def preferences(account: Account) -> dict[str, Any]:
    return {name: account.preferences.get(name, default) for name, default in PREFERENCES.items()}


def _parts(account: Account) -> dict[str, Any]:
    kept = preferences(account)
    return {
        "preferences": {"language": account.language, **kept},
        "cooking_level": kept["cookingLevel"],
        "dietary_restrictions": kept["specialDietItems"],
    }
