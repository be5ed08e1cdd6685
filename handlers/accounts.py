"""Accounts: guests, registering, signing in and out, refreshing, and the profile."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from marshmallow import Schema, fields, pre_load, validate, validates_schema

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Address, Email, ListOf
from handlers.schemas import RequestSchema, refusal
from zwai.errors import Malformed, TokenExpired, TokenInvalid, TokenRevoked
from zwai.kitchen import accounts
from zwai.kitchen.accounts import NewAccount, Refusal, SignedIn
from zwai.records.people import Account, Language, Provider, SessionId

LONGEST_PASSWORD = 200
MOST_ENTRIES = 200
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


@dataclass(frozen=True, slots=True)
class GuestBody:
    name: str = ""
    email: str | None = None


class GuestSchema(RequestSchema):
    record = GuestBody
    name = fields.String(validate=validate.Length(max=200), allow_none=True)
    email = Email(validate=validate.Length(max=320), allow_none=True)


@dataclass(frozen=True, slots=True)
class RegisterBody:
    email: str
    password: str = field(repr=False)
    name: str = ""


class RegisterSchema(RequestSchema):
    record = RegisterBody
    email = Email(required=True, validate=validate.Length(max=320))
    password = fields.String(required=True, validate=validate.Length(min=8, max=LONGEST_PASSWORD))
    name = fields.String(validate=validate.Length(max=200))


@dataclass(frozen=True, slots=True)
class LoginBody:
    email: str
    password: str = field(repr=False)


class LoginSchema(RequestSchema):
    record = LoginBody
    email = fields.String(required=True, validate=validate.Length(max=320))
    password = fields.String(required=True, validate=validate.Length(max=LONGEST_PASSWORD))


@dataclass(frozen=True, slots=True)
class ProfileBody:
    """`changes` as `accounts.change_profile` takes them; empty when nothing was sent."""

    changes: dict[str, Any]


def _entries() -> ListOf:
    return ListOf(fields.Raw(), validate=validate.Length(max=MOST_ENTRIES))


class ProfileSchema(RequestSchema):
    """Both spellings of a name are read; known keys inside `prefs` too; unknown ones are left out."""

    record = ProfileBody
    name = fields.String(validate=validate.Length(max=200))
    email = Email(validate=validate.Length(max=320))
    photo_url = Address(schemes={"http", "https"}, require_tld=False, validate=validate.Length(max=2000))
    language = fields.Enum(Language, by_value=True)
    cookingLevel = fields.String(validate=validate.OneOf(["beginner", "intermediate", "advanced"]))  # noqa: N815
    measurementUnit = fields.String(validate=validate.OneOf(["metric", "imperial"]))  # noqa: N815
    allergies = _entries()
    allergyItems = _entries()  # noqa: N815
    preferredFoodTypes = _entries()  # noqa: N815
    specialDietItems = _entries()  # noqa: N815
    favoriteRecipes = _entries()  # noqa: N815
    initialPreferencesCompleted = fields.Boolean()  # noqa: N815
    phone = fields.String(validate=validate.Length(max=40))

    @pre_load
    def _spellings(self, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        prefs = document.get("prefs")
        inside = prefs if isinstance(prefs, dict) else {}
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


class TokensSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    access_jti = fields.String(required=True)
    refresh_jti = fields.String(required=True)


class SignedInSchema(TokensSchema):
    user = fields.Dict(required=True)
    profile = fields.Dict(required=True)


class LogoutSchema(Schema):
    message = fields.String(required=True)
    status = fields.String(required=True)
    tokens_revoked = fields.Integer(required=True)


class ProfileAnswerSchema(Schema):
    uid = fields.String(required=True)
    email = fields.String(required=True)
    displayName = fields.String(required=True)  # noqa: N815
    prefs = fields.Dict(required=True)


class ChangedProfileSchema(Schema):
    message = fields.String(required=True)
    profile = fields.Nested(ProfileAnswerSchema, required=True)


async def guest_login(call: Call[GuestBody]) -> Answer:
    new = NewAccount(call.body.name or "", call.body.email, call.language)
    async with call.write() as tx:
        signed_in = await accounts.visit(tx, new, call.kitchen.time_zone, call.kitchen.token_keys, call.now)
        return call.answer(_signed_in(signed_in))


async def register(call: Call[RegisterBody]) -> Answer:
    new = NewAccount(call.body.name, call.body.email.strip(), call.language)
    secret = await call.kitchen.passwords.hash(call.body.password)
    async with call.write() as tx:
        keys = call.kitchen.token_keys
        signed_in = await accounts.register(tx, new, secret, call.kitchen.time_zone, keys, call.now)
        return call.answer(_signed_in(signed_in), status=201)


async def login(call: Call[LoginBody]) -> Answer:
    async with call.read() as tx:
        credential = await accounts.local_credential(tx, call.body.email)
    account = await call.kitchen.passwords.prove(credential, call.body.password)
    async with call.write() as tx:
        return call.answer(_signed_in(await accounts.sign_in(tx, account, call.kitchen.token_keys, call.now)))


async def refresh(call: Call[None]) -> Answer:
    async with call.write() as tx:
        traded = await accounts.refresh(tx, call.bearer, call.kitchen.token_keys, call.now)
        if isinstance(traded, Refusal):
            call.forget([call.claims.session])
        else:
            return call.answer(wire.tokens(traded))
    raise {Refusal.UNKNOWN: TokenInvalid, Refusal.EXPIRED: TokenExpired, Refusal.ENDED: TokenRevoked}[traded]


async def logout(call: Call[None]) -> Answer:
    async with call.write() as tx:
        await accounts.sign_out(tx, call.member, call.now)
        call.forget([call.member.session])
        message = wire.sentence(call, "Cerraste sesión.", "You signed out.")
        return call.answer({"message": message, "status": "success", "tokens_revoked": 1})


async def profile(call: Call[None]) -> Answer:
    async with call.read() as tx:
        return call.answer(_profile(await accounts.profile(tx, call.member)))


async def change_profile(call: Call[ProfileBody]) -> Answer:
    if not call.body.changes:
        raise Malformed
    async with call.write() as tx:
        changed = await accounts.change_profile(tx, call.member, call.body.changes)
        call.forget([SessionId(call.member.session)])  # its copy in the cache knows the old language
        message = wire.sentence(call, "Actualizamos tu perfil.", "We updated your profile.")
        return call.answer({"message": message, "profile": _profile(changed)})


def _signed_in(signed_in: SignedIn) -> dict[str, Any]:
    account = signed_in.account
    user = {**wire.user(account), "guest_mode": account.provider is Provider.GUEST}
    return {**wire.tokens(signed_in.tokens), "user": user, "profile": _profile(account)}


def _profile(account: Account) -> dict[str, Any]:
    """Every name twice: as the old documents have it, and as the client's parser reads it."""
    kept = {**PREFERENCES, **account.preferences}
    return {
        "uid": account.id,
        "displayName": account.name,
        "name": account.name,
        "email": account.email or "",
        "photoURL": account.photo_url,
        "photo_url": account.photo_url,
        "emailVerified": account.email_verified,
        "authProvider": account.provider,
        "language": account.language,
        **kept,
        "prefs": {"language": account.language, **kept},
        "createdAt": account.created_at,
        "lastLoginAt": account.last_login_at,
    }
