"""Addresses of pictures: signed, good for one to two weeks, and the same bytes for a whole week so that ETags hold.

A photo is a household's; a picture of the library is everybody's, and its address names no photo that one could use.
The address of a card says what is drawn on it, so that nobody need keep it.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from zwai.records.photos import Copy, PhotoId
from zwai.records.pictures import Card

WEEK_S = 7 * 86_400
FIRST_MONDAY_S = 4 * 86_400  # 1970-01-05
OURS = re.compile(r"/(library/[0-9a-f]{32}|cards/[a-z_]{1,20})/[\w-]*\?e=\d+&s=[0-9a-f]{32}$")
PATH = re.compile(r"/photos/([0-9a-f]{32})/(display|thumbnail|ai)(?:[?#]|$)")


@dataclass(frozen=True, slots=True)
class PhotoKeys:
    """The secret that signs addresses, and the one before it, whose addresses still open."""

    current: str
    previous: str | None = None


@lru_cache(maxsize=64)  # a list asks for each of its names, all of them at one moment
def week_of(now: datetime) -> int:
    """The number of the calendar week (from Monday, in UTC) in which an address made now stays the same."""
    return int(now.timestamp() - FIRST_MONDAY_S) // WEEK_S


def sign(base: str, photo: PhotoId, copy: Copy, keys: PhotoKeys, now: datetime) -> str:
    """The address of a copy under `base`; it expires at the end of the next calendar week but one, at most."""
    return f"{base}{_signed(f'/photos/{photo}/{copy}', keys.current, week_of(now))}"


def sign_shared(base: str, photo: PhotoId, copy: Copy, keys: PhotoKeys, now: datetime) -> str:
    """The same of a picture of the library."""
    return f"{base}{_signed(f'/library/{photo}/{copy}', keys.current, week_of(now))}"


def sign_card(base: str, card: Card, keys: PhotoKeys, now: datetime) -> str:
    """The same of a card, by which it can be drawn."""
    return base + _signed_card(card.name, card.category, keys.current, week_of(now))


def card_of(category: str, name: str) -> Card:
    """What the address of a card says: see `sign_card`. Only for addresses whose signature is good."""
    return Card(urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode(), category)


def verify(path: str, expiry: str, signature: str, keys: PhotoKeys, now: datetime) -> bool:
    """Whether `path` may be opened now with the `e` and `s` of its query."""
    if not (expiry.isascii() and expiry.isdigit() and signature.isascii() and len(expiry) <= 12):
        return False
    live = [key for key in (keys.current, keys.previous) if key is not None]
    signed = any(hmac.compare_digest(_signature(key, path, expiry), signature) for key in live)
    return signed and now.timestamp() < int(expiry)


def photo_id_of(url_or_path: str) -> PhotoId | None:
    """The photo that an address names, whatever host, expiry and signature stand around it."""
    found = PATH.search(url_or_path)
    return PhotoId(found[1]) if found else None


def stands_for_none(url_or_path: str) -> bool:
    """Whether an address is what we show where a household has no photo of its own."""
    return OURS.search(url_or_path) is not None


@lru_cache(maxsize=4096)  # a list of eighty names would cost half a millisecond
def _signed_card(name: str, category: str, key: str, week: int) -> str:
    coded = urlsafe_b64encode(name.encode()).decode().rstrip("=")
    return _signed(f"/cards/{category}/{coded}", key, week)


def _signed(path: str, key: str, week: int) -> str:
    expiry = FIRST_MONDAY_S + (week + 2) * WEEK_S
    return f"{path}?e={expiry}&s={_signature(key, path, str(expiry))}"


def _signature(key: str, path: str, expiry: str) -> str:
    return hmac.new(key.encode(), f"{path}?e={expiry}".encode(), hashlib.sha256).hexdigest()[:32]
