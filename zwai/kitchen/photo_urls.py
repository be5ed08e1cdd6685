"""Photo addresses: signed, good for one to two weeks, and the same bytes for a whole week so that ETags hold."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from zwai.records.photos import Copy, PhotoId

WEEK_S = 7 * 86_400
FIRST_MONDAY_S = 4 * 86_400  # 1970-01-05
PATH = re.compile(r"/photos/([0-9a-f]{32})/(display|thumbnail|ai)(?:[?#]|$)")


@dataclass(frozen=True, slots=True)
class PhotoKeys:
    """The secret that signs addresses, and the one before it, whose addresses still open."""

    current: str
    previous: str | None = None


def week_of(now: datetime) -> int:
    """The number of the calendar week (from Monday, in UTC) in which an address made now stays the same."""
    return int(now.timestamp() - FIRST_MONDAY_S) // WEEK_S


def sign(base: str, photo: PhotoId, copy: Copy, keys: PhotoKeys, now: datetime) -> str:
    """The address of a copy under `base`; it expires at the end of the next calendar week but one, at most."""
    path = f"/photos/{photo}/{copy}"
    expiry = FIRST_MONDAY_S + (week_of(now) + 2) * WEEK_S
    return f"{base}{path}?e={expiry}&s={_signature(keys.current, path, str(expiry))}"


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


def _signature(key: str, path: str, expiry: str) -> str:
    return hmac.new(key.encode(), f"{path}?e={expiry}".encode(), hashlib.sha256).hexdigest()[:32]
