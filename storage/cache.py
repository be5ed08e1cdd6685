"""What may vanish at any moment: sessions, household versions, rendered bodies, rate windows. In process, bounded."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from zwai.records.people import HouseholdId

# A copy of SQL truth is believed this long: what a crash between commit and cache can cost.
BELIEVED_S = 5.0
# What a kept body takes beside its bytes: its key, its record and its place in the order.
BODY_OVERHEAD = 1024

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """`limit` requests in each window of `window_s` seconds."""

    name: str
    limit: int
    window_s: int


class Verdict(NamedTuple):
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


class Glance(NamedTuple):
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

    async def keep_session(self, session: CachedSession, now: float) -> None:
        """Believe a session that was read at `now` or later, unless it has been dropped since."""

    async def drop_sessions(self, ids: list[str], now: float) -> None:
        """Forget sessions that have ended or changed; who read one before cannot put it back."""

    async def raise_version(
        self, household: HouseholdId | str, version: int, now: float, *, wrote: bool = False
    ) -> None:
        """Believe `version` from now on, unless a later one is known: a late writer cannot put an old one back.

        `wrote`: the household has just written, so that replicas may be behind for it.
        """

    async def keep_body(self, household: HouseholdId | str, request: str, body: CachedBody) -> None: ...

    async def check(self) -> dict[str, object]:
        """What `/health/ready` tells of it; a cache that is away is no reason to be unready."""


def _one(_value: object) -> int:
    return 1


class Bounded(Generic[V]):
    """A dictionary that forgets what was used least recently once its values weigh more than `capacity`."""

    def __init__(self, capacity: int, weigh: Callable[[V], int] = _one) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._held = 0
        self._kept: OrderedDict[str, V] = OrderedDict()

    def get(self, key: str) -> V | None:
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    def put(self, key: str, value: V) -> None:
        """Keep a value, unless it is heavier than all that may be kept."""
        self.pop(key)
        weight = self._weigh(value)
        if weight > self._capacity:
            return
        self._kept[key] = value
        self._held += weight
        while self._held > self._capacity:
            self.pop(next(iter(self._kept)))

    def pop(self, key: str) -> V | None:
        value = self._kept.pop(key, None)
        if value is not None:
            self._held -= self._weigh(value)
        return value

    def __len__(self) -> int:
        return len(self._kept)


@dataclass(slots=True)
class Window:
    """One subject's requests since `start`."""

    start: float
    used: int = 0


class MemoryCache:
    """The embedded profile's cache; `body_bytes` bounds the rendered answers, `entries` all else."""

    def __init__(self, entries: int = 50_000, body_bytes: int = 64 * 2**20) -> None:
        self._sessions: Bounded[tuple[CachedSession, float]] = Bounded(entries)
        self._dropped: Bounded[float] = Bounded(entries)
        self._versions: Bounded[tuple[int, float]] = Bounded(entries)
        self._windows: Bounded[Window] = Bounded(entries)
        self._bodies: Bounded[CachedBody] = Bounded(body_bytes, lambda kept: len(kept.body) + BODY_OVERHEAD)

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
        if now > (self._dropped.get(session.id) or 0):
            self._sessions.put(session.id, (session, min(now + BELIEVED_S, session.expires_at)))

    async def drop_sessions(self, ids: list[str], now: float) -> None:
        for session_id in ids:
            self._sessions.pop(session_id)
            self._dropped.put(session_id, now)

    async def raise_version(
        self, household: HouseholdId | str, version: int, now: float, *, wrote: bool = False
    ) -> None:
        known = self._versions.get(household)
        if known is None or known[0] <= version:
            self._versions.put(household, (version, now))

    async def check(self) -> dict[str, object]:
        return {"engine": "memory"}

    async def keep_body(self, household: HouseholdId | str, request: str, body: CachedBody) -> None:
        self._bodies.put(household + request, body)

    def kept_body(self, household: HouseholdId | str, request: str) -> CachedBody | None:
        """The body kept for `request`, of whatever version."""
        return self._bodies.get(household + request)

    def _live_session(self, session_id: str, now: float) -> CachedSession | None:
        kept = self._sessions.get(session_id)
        return kept[0] if kept and now < kept[1] else None

    def _believed_version(self, household: str, now: float) -> int | None:
        known = self._versions.get(household)
        return known[0] if known and now - known[1] < BELIEVED_S else None

    def _count(self, subject: str, policy: LimitPolicy, now: float) -> Verdict:
        key = f"{policy.name}:{subject}"
        window = self._windows.get(key)
        if window is None or now >= window.start + policy.window_s:
            window = Window(now)
            self._windows.put(key, window)
        allowed = window.used < policy.limit
        window.used += allowed
        reset_s = round(window.start + policy.window_s - now) or 1
        return Verdict(allowed, policy.limit, policy.limit - window.used, reset_s)
