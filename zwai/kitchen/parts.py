"""The opened parts that requests are answered with. A bag of values: no methods, unpacked at the edge."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from ai.pool import Pool
from storage.cache import Cache
from storage.db import Database
from storage.files import Files
from storage.runner import Delivery
from zwai.kitchen.accounts import Passwords
from zwai.kitchen.captures import Captures
from zwai.kitchen.cooks import Cooks
from zwai.kitchen.firebase import Firebase
from zwai.kitchen.library import Library
from zwai.kitchen.looking import Recogniser
from zwai.kitchen.painting import Painter
from zwai.kitchen.photo_urls import PhotoKeys
from zwai.kitchen.reading import Reader
from zwai.kitchen.report_card import ReportCard
from zwai.kitchen.tokens import TokenKeys
from zwai.kitchen.uploads import Uploads
from zwai.kitchen.writings import Writings


@dataclass(frozen=True, slots=True)
class Part:
    """A part whose health `/health/ready` tells. `check` answers details, or raises a ZwaiError when it is down."""

    name: str
    check: Callable[[], Awaitable[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a client may rely on; told by `/api/capabilities`."""

    engines: tuple[str, ...]
    reads_text: bool
    photo_formats: tuple[str, ...]
    photo_mb: int
    photo_megapixels: int
    photos_per_request: int
    items_per_bulk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kitchen:
    """`release` names code, catalogue and this run: answers cached under another one are not used.

    `firebase` is None, and `internal_secret` empty, where nobody may come in that way.
    """

    database: Database
    cache: Cache
    files: Files
    delivery: Delivery
    pool: Pool
    uploads: Uploads
    library: Library
    writings: Writings
    painter: Painter
    recogniser: Recogniser
    reader: Reader
    captures: Captures
    cooks: Cooks
    report_card: ReportCard
    passwords: Passwords
    firebase: Firebase | None
    internal_secret: str
    clock: Callable[[], datetime]
    token_keys: TokenKeys
    photo_keys: PhotoKeys
    public_url: str
    time_zone: str
    release: str
    capabilities: Capabilities
    parts: tuple[Part, ...]
