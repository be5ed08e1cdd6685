"""Accounts: guests, registering, signing in and out, and refreshing."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, fields, validate

from handlers import profile, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Email
from handlers.schemas import RequestSchema
from zwai.errors import Conflict, FirebaseOff, TokenExpired, TokenInvalid, TokenRevoked
from zwai.kitchen import accounts
from zwai.kitchen.accounts import NewAccount, Refusal, SignedIn
from zwai.kitchen.firebase import FirebaseUser
from zwai.records.people import Provider

LONGEST_PASSWORD = 200


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


class FirebaseSignedInSchema(SignedInSchema):
    """`guest_linked` when a guest's token came along: whether what was theirs is now this account's."""

    guest_linked = fields.Boolean()


class FirebaseStateSchema(Schema):
    configured = fields.Boolean(required=True)


class LogoutSchema(Schema):
    message = fields.String(required=True)
    status = fields.String(required=True)
    tokens_revoked = fields.Integer(required=True)


async def guest_login(call: Call[GuestBody]) -> Answer:
    new = NewAccount(call.body.name or "", call.body.email, call.language)
    async with call.write() as tx:
        signed_in = await accounts.visit(tx, new, call.kitchen.time_zone, call.kitchen.token_keys, call.now)
        return call.answer(_signed_in(call, signed_in))


async def register(call: Call[RegisterBody]) -> Answer:
    new = NewAccount(call.body.name, call.body.email.strip(), call.language)
    secret = await call.kitchen.passwords.hash(call.body.password)
    async with call.write() as tx:
        keys = call.kitchen.token_keys
        signed_in = await accounts.register(tx, new, secret, call.kitchen.time_zone, keys, call.now)
        return call.answer(_signed_in(call, signed_in), status=201)


async def login(call: Call[LoginBody]) -> Answer:
    async with call.read() as tx:
        credential = await accounts.local_credential(tx, call.body.email)
    account = await call.kitchen.passwords.prove(credential, call.body.password)
    async with call.write() as tx:
        return call.answer(_signed_in(call, await accounts.sign_in(tx, account, call.kitchen.token_keys, call.now)))


async def firebase_signin(call: Call[None]) -> Answer:
    """Trade an ID token of Firebase for our tokens."""
    if (firebase := call.kitchen.firebase) is None:
        raise FirebaseOff
    user = await firebase.prove(call.bearer, call.now)
    try:
        return await _sign_in_with_firebase(call, user)
    except Conflict:  # the same token came twice at once, and the other was faster: now its account is there
        return await _sign_in_with_firebase(call, user)


async def firebase_debug(call: Call[None]) -> Answer:
    """Whether sign-in with Firebase is set up; how, is nobody's business."""
    return call.answer({"configured": call.kitchen.firebase is not None})


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


async def _sign_in_with_firebase(call: Call[None], user: FirebaseUser) -> Answer:
    new, guest = NewAccount(user.name, user.email, call.language), call.visitor
    async with call.write() as tx:
        account = await accounts.with_firebase(tx, user, guest, new, call.kitchen.time_zone, call.now)
        body = _signed_in(call, await accounts.sign_in(tx, account, call.kitchen.token_keys, call.now))
        return call.answer(body if guest is None else {**body, "guest_linked": account == guest.account})


def _signed_in(call: Call[Any], signed_in: SignedIn) -> dict[str, Any]:
    account = signed_in.account
    user = {**wire.user(call, account), "guest_mode": account.provider is Provider.GUEST}
    return {**wire.tokens(signed_in.tokens), "user": user, "profile": profile.rendered(call, account)}
