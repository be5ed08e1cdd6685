"""Answers kept until the household's next write: their keys, their ETags, and the day they are good for."""

import hashlib
from collections.abc import Collection
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from handlers.route import CacheFor
from zwai.kitchen.photo_urls import week_of
from zwai.records.people import AccountId, Language

CACHE_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language"}


def request_key(
    request: web.Request, shared: CacheFor, fields: Collection[str], account: AccountId, language: Language | None
) -> str:
    """Names an answer within its household.

    Who asks for no language gets the one of their profile, which is not known before the session is:
    their account stands for it.
    """
    subject = account if shared is CacheFor.MEMBER or language is None else ""
    query = _canonical(request, fields) if request.query_string else ""
    return f"\n{request.path.rstrip('/')}\n{query}\n{language}\n{subject}"


def era(release: str, now: datetime) -> str:
    """The part of the key that changes without a write: the release, and the week of the photo addresses."""
    return f"\n{week_of(now)}\n{release}"


def _canonical(request: web.Request, fields: Collection[str]) -> str:
    return urlencode(sorted((name, value) for name, value in request.query.items() if name in fields))


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
