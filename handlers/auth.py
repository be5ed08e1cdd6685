"""Who is calling: the bearer token and its session, or a signed address."""

import hmac
from datetime import datetime

from aiohttp import web

from storage import people
from storage.cache import Bounded, CachedSession
from zwai.errors import LinkExpired, NotAnOperator, NotSignedIn, TokenExpired, TokenInvalid, TokenRevoked
from zwai.kitchen import photo_urls
from zwai.kitchen.parts import Kitchen
from zwai.kitchen.tokens import LEEWAY_S, Claims, TokenKeys, TokenKind, verify
from zwai.records.people import SessionId

# Checking a signature costs 31 µs; a phone sends the same token for half an hour.
REMEMBERED_TOKENS = 4096
LONGEST_TOKEN = 4096
# Brings along the access token of the guest that somebody has been until now.
GUEST_HEADER = "X-Guest-Authorization"
SECRET_HEADER = "X-Internal-Secret"  # noqa: S105


class Bearers:
    """Reads bearer tokens, and remembers those whose signature was good."""

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys
        self._seen: Bounded[Claims] = Bounded(REMEMBERED_TOKENS)

    def access(self, authorization: str | None, now: datetime) -> Claims:
        """Claims of the access token in an Authorization header. Raises NotSignedIn and its kinds."""
        claims = self._seen.get(authorization) if authorization else None
        if authorization is None or claims is None:
            claims = verify(self._keys, TokenKind.ACCESS, bearer_token(authorization), now)
            self._seen.put(str(authorization), claims)
        elif now.timestamp() > claims.expires_at + LEEWAY_S:
            raise TokenExpired
        return claims

    def refresh(self, authorization: str | None, now: datetime) -> tuple[str, Claims]:
        """The refresh token in an Authorization header, and its claims."""
        token = bearer_token(authorization)
        return token, verify(self._keys, TokenKind.REFRESH, token, now)


def bearer_token(authorization: str | None) -> str:
    """The token after the word Bearer, in any case. Raises NotSignedIn, TokenInvalid."""
    if not authorization:
        raise NotSignedIn
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise TokenInvalid
    return token


async def fetch_session(kitchen: Kitchen, session: SessionId, now: datetime) -> CachedSession:
    """The session and its household's version from SQL, kept in the cache. Raises TokenRevoked when it has ended."""
    async with kitchen.database.read() as tx:
        found = await people.session_and_version(tx, session, now)
    if found is None:
        raise TokenRevoked
    kept, version = found
    await kitchen.cache.keep_session(kept, now.timestamp())
    await kitchen.cache.raise_version(kept.household, version, now.timestamp())
    return kept


def check_internal(request: web.Request, kitchen: Kitchen) -> None:
    """Raises NotAnOperator unless the operator's secret was sent; always, where there is none."""
    sent, secret = request.headers.get(SECRET_HEADER, ""), kitchen.internal_secret
    if not secret or not hmac.compare_digest(sent.encode(errors="replace"), secret.encode()):
        raise NotAnOperator


def check_signed_url(request: web.Request, kitchen: Kitchen, now: datetime) -> None:
    """Raises LinkExpired unless the address carries a good signature that is still valid."""
    query = request.query
    if not photo_urls.verify(request.path, query.get("e", ""), query.get("s", ""), kitchen.photo_keys, now):
        raise LinkExpired
