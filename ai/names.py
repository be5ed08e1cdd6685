"""Which food of the catalogue each class of the recogniser means: the table `models/names.csv`, read once.

Its sources: `shop` and `dish` are the head's classes, `imagenet` the backbone's own that look like food (those
without a food id only tell food from other things), `coarse` the groups that labelled photos are sorted by.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

MODELS = Path(__file__).parent / "models"


class Source(StrEnum):
    """Who names a class."""

    SHOP = "shop"
    DISH = "dish"
    IMAGENET = "imagenet"
    COARSE = "coarse"


class Role(StrEnum):
    """How a food is met: as an ingredient, as a cooked dish, or either (cake, bread, cheese)."""

    INGREDIENT = "ingredient"
    DISH = "dish"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Name:
    """What one class means. `finer` is a closer food, to be told only when the class itself is sure."""

    source: Source
    label: str
    food: str | None
    finer: str | None
    role: Role


@dataclass(frozen=True, slots=True)
class Names:
    """The head's classes by label, ImageNet's by number, the groups' by label, and the role of each food."""

    head: Mapping[str, Name]
    imagenet: Mapping[int, Name]
    coarse: Mapping[str, Name]
    roles: Mapping[str, Role]


@cache
def names() -> Names:
    """The shipped table."""
    with (MODELS / "names.csv").open(encoding="utf-8", newline="") as file:
        rows = [_name(row) for row in csv.DictReader(file)]
    return Names(
        head={name.label: name for name in rows if name.source in (Source.SHOP, Source.DISH)},
        imagenet={int(name.label.split()[0]): name for name in rows if name.source is Source.IMAGENET},
        coarse={name.label: name for name in rows if name.source is Source.COARSE},
        roles={food: name.role for name in reversed(rows) for food in (name.food, name.finer) if food},
    )


def _name(row: dict[str, str]) -> Name:
    return Name(Source(row["source"]), row["class"], row["food_id"] or None, row["finer_id"] or None, Role(row["kind"]))
