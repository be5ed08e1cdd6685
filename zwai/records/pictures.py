"""The photos that stand for names."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from zwai.records.photos import PhotoId

ReferenceId = NewType("ReferenceId", str)


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
