"""Folders of labelled photos, to judge recognisers by.

A folder holds labels.csv (columns file, kind, labels; each label `coarse;fine`, several joined by `|`; other columns
are not read), or one folder of photos for each label.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ai.names import names
from zwai.knowledge.names import resolve
from zwai.records.people import Language

COLUMNS = ("file", "kind", "labels")
NO_FOOD = ("nonfood", "none")  # folders of photos that show no food
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"}


class BadLabels(Exception):
    """A folder that nobody can be judged by; its text is for whoever chose it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One photo and, for each thing in it, the foods that would be a right name: none for what the catalogue lacks."""

    path: Path
    kind: str
    truth: tuple[frozenset[str], ...]
    unknown: tuple[str, ...] = ()


def labelled(folder: Path) -> list[Labelled]:
    """The photos of a folder. Raises BadLabels when there are none, or labels.csv is not one."""
    table = folder / "labels.csv"
    photos = list(_listed(table) if table.exists() else _sorted_in(folder))
    if not photos:
        raise BadLabels(f"{folder} holds no labelled photos: neither a labels.csv nor folders named by what they show.")
    return photos


def photo_of(path: Path, kind: str, labels: list[str]) -> Labelled:
    """A photo and what its labels mean."""
    things = [(label, _foods(*(part.strip() for part in f"{label};".split(";")[:2]))) for label in labels]
    unknown = tuple(label.strip(";") for label, foods in things if not foods)
    return Labelled(path, kind, tuple(foods for _, foods in things), unknown)


def _listed(table: Path) -> Iterator[Labelled]:
    try:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                name, kind, labels = (row[column] or "" for column in COLUMNS)
                yield photo_of(table.parent / name, kind, [label for label in labels.split("|") if label])
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise BadLabels(f"{table} is no CSV file in UTF-8 with the columns {', '.join(COLUMNS)}.") from error


def _sorted_in(folder: Path) -> Iterator[Labelled]:
    for path in sorted(folder.glob("*/*")):
        if path.suffix.lower() in PHOTO_SUFFIXES:
            label = path.parent.name
            yield photo_of(path, "nonfood", []) if label in NO_FOOD else photo_of(path, "item", [label])


def _foods(coarse: str, fine: str) -> frozenset[str]:
    """The right names of a label: the table's, or what the catalogue makes of the words."""
    table = names()
    name = table.head.get(fine) or table.head.get(coarse) or table.coarse.get(coarse)
    if name is not None:
        return frozenset(food for food in (name.food, name.finer) if food)
    match = resolve(coarse.replace("_", " ").replace("-", " "), Language.EN)
    return frozenset([match.food.id] if match else [])
