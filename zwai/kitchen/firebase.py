"""Signing in with Firebase: an ID token, proven by the public keys that its issuer publishes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from zwai.errors import KeysUnreachable, TokenExpired, TokenInvalid

ISSUER = "https://securetoken.google.com/"
ALGORITHM = "RS256"
REQUIRED = ["iss", "aud", "exp", "iat", "auth_time", "sub"]
LEEWAY_S = 5
LONGEST_UID = 128
LONGEST_NAME = 200
LONGEST_EMAIL = 320
LONGEST_ADDRESS = 2000
# A token may name a key that is newer than ours; who invents names makes us ask once a minute.
ASK_AGAIN = timedelta(minutes=1)
# While the publisher is away, one sign-in in so long asks; the others are told at once.
ASK_AFTER_FAILURE = timedelta(seconds=2)
# Whatever the publisher says, keys are kept this long at least and at most.
LEAST_KEPT, MOST_KEPT = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Published:
    """Certificates (PEM) by key id, and for how long they may be kept."""

    certificates: Mapping[str, str]
    max_age_s: float


# Raises KeysUnreachable, within a deadline of its own.
Fetch = Callable[[], Awaitable[Published]]


@dataclass(frozen=True, slots=True)
class FirebaseUser:
    """Who a proven token speaks of."""

    uid: str
    email: str | None
    email_verified: bool
    name: str
    photo_url: str | None


class Firebase:
    """Proves ID tokens of one project. Its keys are asked for when they are needed, by one request for all."""

    def __init__(self, project: str, fetch: Fetch) -> None:
        self._project = project
        self._fetch = fetch
        self._keys: dict[str, RSAPublicKey] = {}
        self._ask_again_at = self._keep_until = self._away_until = datetime.min.replace(tzinfo=UTC)
        self._asking: asyncio.Task[None] | None = None

    async def prove(self, token: str, now: datetime) -> FirebaseUser:
        """Whose token it is. Raises TokenInvalid and TokenExpired; KeysUnreachable, when that cannot be told."""
        key = await self._key(_key_id(token), now)
        return _user(_claims(token, key, self._project, now))

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, KeysUnreachable):
                await self._asking

    async def _key(self, key_id: str, now: datetime) -> RSAPublicKey:
        if now >= self._keep_until or (key_id not in self._keys and now >= self._ask_again_at):
            await self._ask(now)
        if (key := self._keys.get(key_id)) is None:
            raise TokenInvalid
        return key

    async def _ask(self, now: datetime) -> None:
        """Have the keys fetched, by whoever came first; that one's going away stops nobody else."""
        if now < self._away_until:
            raise KeysUnreachable({"retry_after": ASK_AFTER_FAILURE.seconds})
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._renew(now))
            self._asking.add_done_callback(_seen)
        await asyncio.shield(self._asking)

    async def _renew(self, now: datetime) -> None:
        try:
            published = await self._fetch()
            self._keys = {key_id: _public_key(pem) for key_id, pem in published.certificates.items()}
        except KeysUnreachable:
            self._away_until = now + ASK_AFTER_FAILURE
            raise
        self._ask_again_at = now + ASK_AGAIN
        self._keep_until = now + min(max(timedelta(seconds=published.max_age_s), LEAST_KEPT), MOST_KEPT)


@asynccontextmanager
async def open_firebase(project: str, fetch: Fetch) -> AsyncIterator[Firebase]:
    """Nothing is fetched before somebody signs in."""
    firebase = Firebase(project, fetch)
    try:
        yield firebase
    finally:
        await firebase.close()


def _seen(task: asyncio.Task[None]) -> None:
    """Nobody may be waiting any more for why it failed."""
    if not task.cancelled():
        task.exception()


def _key_id(token: str) -> str:
    try:
        head = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenInvalid from error
    key_id = head.get("kid")
    if head.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise TokenInvalid
    return key_id


def _public_key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_x509_certificate(pem.encode()).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeysUnreachable from error
    if not isinstance(key, RSAPublicKey):
        raise KeysUnreachable
    return key


def _claims(token: str, key: RSAPublicKey, project: str, now: datetime) -> dict[str, Any]:
    """The claims of a token that `key` signed for `project`, and that is good now."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=project,
            issuer=ISSUER + project,
            # Times are compared below, with the `now` that the caller gives.
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        expires_at, *begun = (float(claims[name]) for name in ("exp", "iat", "auth_time"))
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenInvalid from error
    if max(begun) > now.timestamp() + LEEWAY_S:
        raise TokenInvalid
    if now.timestamp() > expires_at + LEEWAY_S:
        raise TokenExpired
    return claims


def _user(claims: dict[str, Any]) -> FirebaseUser:
    uid = claims["sub"]
    if not isinstance(uid, str) or not 0 < len(uid) <= LONGEST_UID:
        raise TokenInvalid
    email, address = _text(claims, "email", LONGEST_EMAIL), _text(claims, "picture", LONGEST_ADDRESS)
    return FirebaseUser(
        uid=uid,
        email=email or None,
        email_verified=bool(email) and claims.get("email_verified") is True,
        name=" ".join(_text(claims, "name", LONGEST_NAME).split()),
        photo_url=address if address.startswith(("https://", "http://")) else None,
    )


def _text(claims: dict[str, Any], name: str, longest: int) -> str:
    """A claim that is a text of bearable length, else nothing: what others wrote there keeps nobody out."""
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= longest else ""
