"""One row of the route table: the whole policy of one route."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum, auto
from typing import Any

from aiohttp import web
from marshmallow import Schema

from handlers.answer import Answer

# Takes a `handlers.dispatch.Call`; gives an Answer, or a StreamResponse for files and pages.
Handler = Callable[[Any], Awaitable[Answer | web.StreamResponse]]


class Auth(Enum):
    """Who may call. OPTIONAL: anybody, but an access token that is sent must be good.

    FIREBASE: who brings an ID token of Firebase, which the handler proves. INTERNAL: who knows the operator's secret.
    """

    NONE = auto()
    ACCESS = auto()
    REFRESH = auto()
    OPTIONAL = auto()
    SIGNED_URL = auto()
    FIREBASE = auto()
    INTERNAL = auto()


class Limit(StrEnum):
    """Rate-limit classes; each has its numbers in the settings, by this name. NONE is never limited.

    Counted by account where the route needs an access token, else by network address.
    """

    NONE = "none"
    READ = "read"
    WRITE = "write"
    BULK = "bulk"
    UPLOAD = "upload"
    RECOGNITION = "recognition"
    GENERATION = "generation"
    SIGN_IN = "sign_in"
    REFRESH = "refresh"


class CacheFor(Enum):
    """Whether a 200 is kept until the household's next write, and who may share it."""

    NONE = auto()
    HOUSEHOLD = auto()
    MEMBER = auto()


class Replay(Enum):
    """Whether an Idempotency-Key makes a repeated request give the stored answer.

    A key counts within a household; KEYED_BY_ACCOUNT: within an account, which may be in another household when it asks
    again. NONE is for reads, and for answers that hold a secret, which are never stored.
    """

    NONE = auto()
    KEYED = auto()
    KEYED_BY_ACCOUNT = auto()


class Consumes(Enum):
    """What a request's body is. JSON_OR_MULTIPART: `call.body` is None when it is multipart.

    ARCHIVE is a zip, by itself or as the file of a form; the handler reads it.
    """

    NOTHING = auto()
    JSON = auto()
    MULTIPART = auto()
    JSON_OR_MULTIPART = auto()
    ARCHIVE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """Since when a route should no longer be used, and when it goes."""

    since: date
    sunset: date


@dataclass(frozen=True, slots=True)
class Route:
    """What isn't in a row doesn't exist: routing, limits, docs and security tests are made from it.

    `path` has aiohttp's form, without a slash at the end (with one it is the same route). The objects
    that `body` and `query` load become `call.body` and `call.query`; a `body` means Consumes.JSON
    unless told otherwise. `many`: the answer is an array of what `answer` describes.
    `always`: answered also when more requests are in flight than there may be.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    answer: type[Schema] | None = None
    many: bool = False
    auth: Auth = Auth.ACCESS
    limit: Limit = Limit.NONE
    cache: CacheFor = CacheFor.NONE
    replay: Replay = Replay.NONE
    consumes: Consumes = Consumes.NOTHING
    statuses: tuple[int, ...] = (200,)
    deadline_s: float = 30.0
    tags: tuple[str, ...] = field(default=())
    deprecated: Deprecation | None = None
    always: bool = False

    def __post_init__(self) -> None:
        assert self.cache is CacheFor.NONE or (self.method == "GET" and self.auth is Auth.ACCESS), self
        assert self.replay is Replay.NONE or (self.method != "GET" and self.auth is Auth.ACCESS), self
        if self.body is not None and self.consumes is Consumes.NOTHING:
            object.__setattr__(self, "consumes", Consumes.JSON)

    @property
    def name(self) -> str:
        """Names the route in logs."""
        return f"{self.method} {self.path}"

    @property
    def slow_s(self) -> float:
        """What takes longer is logged as slow: a thirtieth of the deadline, a second where the row says none."""
        return self.deadline_s / 30
