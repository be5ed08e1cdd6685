"""The catalogue: every food that zwai knows, with its names, its usual place and unit, and how long it keeps."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

from zwai.records.people import Language
from zwai.records.stock import FoodId, Kind, Place, Unit

DATA = Path(__file__).parent / "data"


class ShelfState(StrEnum):
    """From when a shelf life counts: judged by us, from purchase, from being put there, from opening."""

    JUDGED = "judged"
    PURCHASE = "purchase"
    STORED = "stored"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How many days a food keeps in a place. `assumed`: judged, or the row of a near relative."""

    place: Place
    state: ShelfState
    min_days: int
    max_days: int
    reference: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Food:
    """A catalogue entry. Its id is for ever; `piece_grams` is judged; allergens are codes of the EU list."""

    id: FoodId
    name_es: str
    name_es_pe: str
    name_en: str
    synonyms_es: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    category: str
    place: Place
    unit: Unit
    piece_grams: Decimal | None
    allergens: tuple[str, ...]
    may_contain: tuple[str, ...]
    shelf_lives: tuple[ShelfLife, ...]

    @property
    def kind(self) -> Kind:
        return Kind.DISH if self.category == "dish" else Kind.INGREDIENT

    def name(self, language: Language) -> str:
        """The name to show: English, or Spanish as Peru says it."""
        return self.name_en if language is Language.EN else self.name_es_pe or self.name_es


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All foods by id, and the days that we assume for a category where no table speaks of the food."""

    foods: Mapping[FoodId, Food]
    assumed_days: Mapping[tuple[str, Place], int]

    def food(self, food_id: str | None) -> Food | None:
        return self.foods.get(FoodId(food_id)) if food_id else None


@cache
def load() -> Catalogue:
    """The shipped catalogue, read once per process."""
    table = _table_lives()
    judged = _judged_lives()
    foods = (_food(row, table, judged) for row in rows_of("foods.csv"))
    assumed = {(row["category"], Place(row["place"])): int(row["days"]) for row in rows_of("assumed_days.csv")}
    return Catalogue({food.id: food for food in foods}, assumed)


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of one shipped table, by column name."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _food(
    row: dict[str, str], table: Mapping[str, list[dict[str, str]]], judged: Mapping[str, list[ShelfLife]]
) -> Food:
    lives = [_table_life(life, row["foodkeeper_fit"]) for life in table.get(row["foodkeeper"], ())]
    return Food(
        id=FoodId(row["id"]),
        name_es=row["name_es"],
        name_es_pe=row["name_es_pe"],
        name_en=row["name_en"],
        synonyms_es=_split(row["synonyms_es"]),
        synonyms_en=_split(row["synonyms_en"]),
        category=row["category"],
        place=Place(row["place"]),
        unit=Unit(row["unit"]),
        piece_grams=Decimal(row["piece_grams"]) if row["piece_grams"] else None,
        allergens=_split(row["allergens"]),
        may_contain=_split(row["may_contain"]),
        shelf_lives=(*judged.get(row["id"], ()), *lives),
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


def _table_lives() -> dict[str, list[dict[str, str]]]:
    lives: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of("shelf_life.csv"):
        lives[row["foodkeeper"]].append(row)
    return lives


def _table_life(row: dict[str, str], fit: str) -> ShelfLife:
    own = fit == "own"
    source = f"USDA FoodKeeper {row['foodkeeper']}"
    return ShelfLife(
        place=Place(row["place"]),
        state=ShelfState(row["state"]),
        min_days=int(row["min_days"]),
        max_days=int(row["max_days"]),
        reference=f"{source}, {row['place']}" if own else f"assumed: as {source} ({row['food']}), {row['place']}",
        assumed=not own,
    )


def _judged_lives() -> dict[str, list[ShelfLife]]:
    lives: dict[str, list[ShelfLife]] = defaultdict(list)
    for row in rows_of("judged_days.csv"):
        days = int(row["days"])
        reference = f"assumed: {days} d in the {row['place']}; {row['why']}"
        lives[row["food"]].append(
            ShelfLife(Place(row["place"]), ShelfState.JUDGED, days, days, reference, assumed=True)
        )
    return lives
