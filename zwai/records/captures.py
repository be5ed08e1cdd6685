"""Captures: what was found in the photos of one, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from zwai.records.photos import Box, Decision, Engine, PhotoId, Sighting
from zwai.records.reading import Barcode, PrintedDate, Receipt
from zwai.records.stock import DishFacts, FoodId, Kind, Quantity


class PhotoKind(StrEnum):
    """What a photo was taken for; one may be several."""

    FOOD = "food"
    RECEIPT = "receipt"
    LABEL = "label"
    BARCODE = "barcode"


@dataclass(frozen=True, slots=True)
class Shot:
    """All that was found in one photo, and by which engine; `error` is the code of why its text was not read."""

    photo: PhotoId
    engine: Engine = Engine.LOCAL
    sightings: tuple[Sighting, ...] = ()
    codes: tuple[Barcode, ...] = ()
    receipt: Receipt | None = None
    dates: tuple[PrintedDate, ...] = ()
    error: str = ""

    @property
    def kinds(self) -> tuple[PhotoKind, ...]:
        """In a photo of something else, guesses are no food."""
        read = {PhotoKind.RECEIPT: self.receipt, PhotoKind.LABEL: self.dates, PhotoKind.BARCODE: self.codes}
        kinds = tuple(kind for kind, something in read.items() if something)
        named = any(one.decision is not Decision.SUGGESTION for one in self.sightings)
        return (PhotoKind.FOOD, *kinds) if named or (self.sightings and not kinds) else kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One line to propose. `photo` shows it, `box` is in it or in the photo that `evidence` names.

    `confidence` is the recogniser's, None where none was asked; `seen_in` are the photos of the thing itself;
    `doubt`: a person has to confirm it, whatever the sources say.
    """

    label: str
    food: FoodId | None
    quantity: Quantity
    decision: Decision
    rule: str
    kind: Kind = Kind.INGREDIENT
    dish: DishFacts | None = None
    confidence: float | None = None
    photo: PhotoId | None = None
    box: Box | None = None
    day: PrintedDate | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    seen_in: frozenset[PhotoId] = frozenset()
    doubt: bool = False
