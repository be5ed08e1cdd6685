"""Photos, what a recogniser saw in them, and the proposals made of that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from zwai.records.people import AccountId, HouseholdId

PhotoId = NewType("PhotoId", str)
RecognitionId = NewType("RecognitionId", str)


class Copy(StrEnum):
    """The stored copies of a photo: shown large, shown small, given to recognisers."""

    DISPLAY = "display"
    THUMBNAIL = "thumbnail"
    AI = "ai"


class Aim(StrEnum):
    """What a recognition looks for."""

    INGREDIENTS = "ingredients"
    DISHES = "dishes"
    BOTH = "both"


class Decision(StrEnum):
    """How sure a sighting is: taken as it is, one of several guesses, or to be confirmed by a person."""

    ITEM = "item"
    SUGGESTION = "suggestion"
    CONFIRM = "confirm"


class LineRule(StrEnum):
    """What decided a line: a step of the local engine (the whole photo, its parts), Gemini, or what was read."""

    WHOLE = "whole"
    PARTS = "parts"
    GEMINI = "gemini"
    BARCODE = "barcode"
    RECEIPT = "receipt"
    LABEL = "label"


READ = (LineRule.BARCODE, LineRule.RECEIPT, LineRule.LABEL)


def both(one: str, other: str) -> str:
    """The rule of a line that two decided, as "receipt+whole"."""
    return f"{one}+{other}"


def recognised(rule: str) -> bool:
    """Whether a recogniser had a part in it; else nobody measured how sure the line is."""
    return any(word not in READ for word in rule.split("+"))


class Engine(StrEnum):
    LOCAL = "local"
    GEMINI = "gemini"


class Format(StrEnum):
    """The formats that are read, decided by the first bytes of a file."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Pillow itself refuses more than 178,956,970 pixels, whatever is set here."""

    max_pixels: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an original was, once its copies are made: its pixels once upright, and its format."""

    width: int
    height: int
    format: Format


@dataclass(frozen=True, slots=True)
class Photo:
    """An uploaded photo. Size in bytes and pixels are of the original, which is not kept."""

    id: PhotoId
    household: HouseholdId
    account: AccountId
    name: str
    purpose: str
    content_hash: str
    width: int
    height: int
    size_bytes: int
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class Box:
    """A place in a photo, as fractions (0 to 1) of its width and height."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that a recogniser saw. `food` is a catalogue id; `rule` names the step that decided.

    `confidence` is the chance, 0 to 1, that the name is right: calibrated, unless `rule` is Gemini's. `kind` is the
    food's ("ingredient" or "dish", the values of `zwai.records.stock.Kind`); `unit` one of its units, None for a piece
    or a portion. What the catalogue does not have goes by its `label`.
    """

    food: str | None
    kind: str
    confidence: float
    decision: Decision
    rule: str
    box: Box | None = None
    label: str = ""
    amount: Decimal = Decimal(1)
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What a photo as a whole shows. `unsure`: it may show several foods, which only a search of its parts tells."""

    sightings: list[Sighting]
    unsure: bool


@dataclass(frozen=True, slots=True)
class Recognition:
    """One finished look at photos; its lines are `zwai.records.proposals.Line`. `receipts`: those among the photos."""

    id: RecognitionId
    household: HouseholdId
    account: AccountId
    aim: Aim
    engine: Engine
    photos: tuple[PhotoId, ...]
    created_at: datetime
    receipts: tuple[Mapping[str, str], ...] = ()
