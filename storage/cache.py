"""What may vanish at any moment: sessions, household versions, rendered bodies, rate windows. In process, bounded."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from zwai.records.people import HouseholdId

# A copy of SQL truth is believed this long: what a crash between commit and cache can cost.
BELIEVED_S = 5.0

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """`limit` requests in each window of `window_s` seconds."""

    name: str
    limit: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reset_s`: whole seconds until the window begins anew."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


@dataclass(frozen=True, slots=True)
class CachedSession:
    """What a request needs to know of a live session; `expires_at` in seconds since the epoch."""

    id: str
    account: str
    household: str
    language: str
    time_zone: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class CachedBody:
    """A rendered answer; valid for one version of its household and one local date."""

    version: int
    local_date: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Glance:
    """All that one look at the cache can tell of a request; None: not known, ask SQL.

    `wrote`: the household wrote lately, replicas may be behind for it.
    """

    session: CachedSession | None
    version: int | None
    body: CachedBody | None
    verdict: Verdict | None
    wrote: bool = False


class Cache(Protocol):
    """What both caches do: this module's in one process, `storage.cache_redis`'s among many.

    Everything in one may vanish at any moment. `now` in seconds since the epoch.
    """

    async def glance(self, session_id: str, request: str, now: float, policy: LimitPolicy | None) -> Glance:
        """Session, its household's version, the body kept for `request` and the limit's verdict, in one go."""

    async def limit(self, subject: str, policy: LimitPolicy, now: float) -> Verdict:
        """Count one request of `subject` against `policy`."""

    async def keep_session(self, session: CachedSession, now: float) -> None: ...

    async def drop_sessions(self, ids: list[str]) -> None: ...

    async def raise_version(
        self, household: HouseholdId | str, version: int, now: float, *, wrote: bool = False
    ) -> None:
        """Believe `version` from now on, unless a later one is known: a late writer cannot put an old one back.

        `wrote`: the household has just written, so that replicas may be behind for it.
        """

    async def keep_body(self, household: HouseholdId | str, request: str, body: CachedBody) -> None: ...

    async def check(self) -> dict[str, object]:
        """What `/health/ready` tells of it; a cache that is away is no reason to be unready."""


class Bounded(Generic[V]):
    """A dictionary that forgets what was used least recently beyond `size` entries."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, V] = OrderedDict()

    def get(self, key: str) -> V | None:
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    def put(self, key: str, value: V) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def pop(self, key: str) -> V | None:
        return self._kept.pop(key, None)

    def __len__(self) -> int:
        return len(self._kept)


class MemoryCache:
    """The embedded profile's cache; `body_bytes` bounds the rendered answers, `entries` all else."""

    def __init__(self, entries: int = 50_000, body_bytes: int = 64 * 2**20) -> None:
        self._sessions: Bounded[tuple[CachedSession, float]] = Bounded(entries)
        self._versions: Bounded[tuple[int, float]] = Bounded(entries)
        self._windows: Bounded[tuple[float, int]] = Bounded(entries)
        self._bodies: Bounded[CachedBody] = Bounded(entries)
        self._body_bytes = body_bytes
        self._held_bytes = 0

    async def glance(self, session_id: str, request: str, now: float, policy: LimitPolicy | None) -> Glance:
        """Session, its household's version, the body kept for `request` and the limit's verdict, in one go."""
        session = self._live_session(session_id, now)
        if session is None:
            return Glance(None, None, None, None)
        verdict = self._count(session.account, policy, now) if policy else None
        version = self._believed_version(session.household, now)
        body = self._bodies.get(session.household + request) if version is not None else None
        return Glance(session, version, body if body and body.version == version else None, verdict)

    async def limit(self, subject: str, policy: LimitPolicy, now: float) -> Verdict:
        """Count one request of `subject` against `policy`."""
        return self._count(subject, policy, now)

    async def keep_session(self, session: CachedSession, now: float) -> None:
        self._sessions.put(session.id, (session, min(now + BELIEVED_S, session.expires_at)))

    async def drop_sessions(self, ids: list[str]) -> None:
        for session_id in ids:
            self._sessions.pop(session_id)

    async def raise_version(
        self, household: HouseholdId | str, version: int, now: float, *, wrote: bool = False
    ) -> None:
        known = self._versions.get(household)
        if known is None or known[0] <= version:
            self._versions.put(household, (version, now))

    async def check(self) -> dict[str, object]:
        return {"engine": "memory"}

    async def keep_body(self, household: HouseholdId | str, request: str, body: CachedBody) -> None:
        key = household + request
        self._forget_body(key)
        self._bodies.put(key, body)
        self._held_bytes += len(body.body)
        while self._held_bytes > self._body_bytes and len(self._bodies):
            self._forget_body(next(iter(self._bodies._kept)))

    def _live_session(self, session_id: str, now: float) -> CachedSession | None:
        kept = self._sessions.get(session_id)
        return kept[0] if kept and now < kept[1] else None

    def _believed_version(self, household: str, now: float) -> int | None:
        known = self._versions.get(household)
        return known[0] if known and now - known[1] < BELIEVED_S else None

    def _forget_body(self, key: str) -> None:
        old = self._bodies.pop(key)
        if old is not None:
            self._held_bytes -= len(old.body)

    def _count(self, subject: str, policy: LimitPolicy, now: float) -> Verdict:
        key = f"{policy.name}:{subject}"
        window = self._windows.get(key)
        start, used = window if window and now < window[0] + policy.window_s else (now, 0)
        reset_s = max(1, round(start + policy.window_s - now))
        if used >= policy.limit:
            return Verdict(False, policy.limit, 0, reset_s)  # noqa: FBT003 (first field of a record)
        self._windows.put(key, (start, used + 1))
        return Verdict(True, policy.limit, policy.limit - used - 1, reset_s)  # noqa: FBT003
