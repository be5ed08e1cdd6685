"""Answers kept until the household's next write: their keys, their ETags, and the day they are good for."""

import hashlib
from collections.abc import Collection
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from handlers.route import CacheFor, Route
from zwai.kitchen.photo_urls import week_of
from zwai.records.people import AccountId, Language

CACHE_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language"}


class Keys:
    """Names a route's answers within a household."""

    def __init__(self, route: Route, fields: Collection[str], release: str) -> None:
        self._member = route.cache is CacheFor.MEMBER
        self._path = None if "{" in route.path else route.path
        self._fields = fields
        self._release = release

    def key(self, request: web.Request, account: AccountId, language: Language | None, now: datetime) -> str:
        """The key of the answer to `request`; photo addresses in it change with the week.

        Who asks for no language gets that of their profile. It is not known before the session is,
        so their account stands for it.
        """
        path = self._path or request.path.rstrip("/")
        query = self._canonical(request) if request.rel_url.raw_query_string else ""
        subject = account if self._member or language is None else ""
        return f"\n{path}\n{query}\n{language}\n{subject}\n{week_of(now)}\n{self._release}"

    def _canonical(self, request: web.Request) -> str:
        # Of a member that comes twice, the first counts, as for the schema.
        return urlencode([(name, request.query[name]) for name in sorted(self._fields) if name in request.query])


def etag_of(household: str, key: str, version: int, day: str) -> str:
    """The same for as long as the answer is; to be told without making the answer."""
    name = f"{household}{key}\n{version}\n{day}"
    return f'"{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether the client already has `etag`, by the weak comparison that If-None-Match asks for."""
    if not if_none_match:
        return False
    if if_none_match == etag:
        return True
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in if_none_match.split(","))


class LocalDays:
    """The date in each time zone, worked out once a day."""

    def __init__(self) -> None:
        self._days: dict[str, tuple[float, float, str]] = {}

    def today(self, time_zone: str, now: datetime) -> str:
        known = self._days.get(time_zone)
        if known is not None and known[0] <= now.timestamp() < known[1]:
            return known[2]
        zone = ZoneInfo(time_zone)
        day = now.astimezone(zone).date()
        begin, end = (datetime.combine(d, time(), zone).timestamp() for d in (day, day + timedelta(days=1)))
        self._days[time_zone] = (begin, end, day.isoformat())
        return day.isoformat()
