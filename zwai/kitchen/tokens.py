"""Access and refresh tokens: minted here, verified here, known to nobody else."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import jwt

from zwai.errors import TokenExpired, TokenInvalid
from zwai.records.people import AccountId, SessionId

ACCESS_LIFE = timedelta(minutes=30)
REFRESH_LIFE = timedelta(days=30)

ISSUER = "zwai"
AUDIENCE = "zwai-api"
ALGORITHM = "HS256"
LEEWAY_S = 5
REQUIRED = ["exp", "iat", "sub", "jti", "typ", "sid"]


class TokenKind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The secret that signs, and the one before it, which is still accepted; each has at least 32 characters."""

    current: str
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets on signing in; `expires_in_s` is the access token's life."""

    access_token: str
    refresh_token: str
    access_jti: str
    refresh_jti: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says; `expires_at` in seconds since the epoch."""

    account: AccountId
    session: SessionId
    expires_at: float


def mint_pair(keys: TokenKeys, account: AccountId, session: SessionId, now: datetime) -> TokenPair:
    access_jti, refresh_jti = secrets.token_hex(16), secrets.token_hex(16)
    return TokenPair(
        mint(keys, TokenKind.ACCESS, account, session, access_jti, now),
        mint(keys, TokenKind.REFRESH, account, session, refresh_jti, now),
        access_jti,
        refresh_jti,
        int(ACCESS_LIFE.total_seconds()),
    )


def mint(keys: TokenKeys, kind: TokenKind, account: AccountId, session: SessionId, jti: str, now: datetime) -> str:
    """One signed token; `jti` names it."""
    life = ACCESS_LIFE if kind is TokenKind.ACCESS else REFRESH_LIFE
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": account,
        "sid": session,
        "jti": jti,
        "typ": kind.value,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    return jwt.encode(claims, keys.current, algorithm=ALGORITHM, headers={"kid": key_id(keys.current)})


def verify(keys: TokenKeys, kind: TokenKind, token: str, now: datetime) -> Claims:
    """Check signature, algorithm, issuer, audience, kind and required claims.

    Raises TokenExpired, and TokenInvalid for everything else.
    """
    try:
        claims = jwt.decode(
            token,
            _key_of(keys, token),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # Times are compared below, with the `now` that the caller gives.
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        subject, session, expires_at = claims["sub"], claims["sid"], float(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenInvalid from error
    if claims["typ"] != kind or not isinstance(session, str):
        raise TokenInvalid
    if now.timestamp() > expires_at + LEEWAY_S:
        raise TokenExpired
    return Claims(AccountId(subject), SessionId(session), expires_at)


def fingerprint(token: str) -> str:
    """How a token is stored: enough to recognise it, of no use to a thief."""
    return hashlib.sha256(token.encode()).hexdigest()


def key_id(key: str) -> str:
    """Names a key in a token's header without giving it away."""
    return hashlib.sha256(b"zwai key id" + key.encode()).hexdigest()[:8]


def _key_of(keys: TokenKeys, token: str) -> str:
    named = jwt.get_unverified_header(token).get("kid")
    if keys.previous is not None and named == key_id(keys.previous):
        return keys.previous
    return keys.current
