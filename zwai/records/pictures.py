"""The pictures that stand for names: photos of a household's own, the library that everybody shares, drawn cards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from zwai.records.photos import PhotoId

ReferenceId = NewType("ReferenceId", str)

# The category of a card that belongs to none of the catalogue's.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo and the name that it stands for; `purpose` is what it was uploaded as."""

    label: str
    photo: PhotoId
    purpose: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A photo that shows what something looks like, under a label and a category of the household's own."""

    id: ReferenceId
    photo: PhotoId
    label: str
    category: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A drawn picture: the name on it as it was typed, and the category that gives it colour and motif."""

    name: str
    category: str


class Source(StrEnum):
    """Where a picture of the library is from. WANTED: somebody is at it; REFUSED: nobody could make it lately."""

    INSTALLED = "installed"
    GENERATED = "generated"
    WANTED = "wanted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LibraryPicture:
    """What the library has, or is about to have, under a key. `model` made it; empty where no model did."""

    key: str
    photo: PhotoId
    source: Source
    model: str
    made_at: datetime

    @property
    def is_there(self) -> bool:
        return self.source in (Source.INSTALLED, Source.GENERATED)
