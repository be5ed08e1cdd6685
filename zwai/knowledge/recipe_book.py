"""The recipe book: everyday dishes for two in both languages, written by ourselves. Amounts and minutes are judged.

Only foods of the catalogue are in it, so what a dish holds, and who may eat it, is derived and never typed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from zwai.knowledge.catalogue import load as catalogue
from zwai.knowledge.names import label_key
from zwai.knowledge.tables import DATA, rows_of
from zwai.records.meals import Course, Diet, Difficulty
from zwai.records.people import Language
from zwai.records.stock import FoodId, Quantity, Unit

# What any kitchen has, judged: nobody has to be told to buy it.
BASICS = frozenset(
    map(
        FoodId,
        (
            "salt", "water", "sugar", "brown_sugar", "vinegar", "garlic", "garlic_paste", "black_pepper", "cumin",
            "dried_oregano", "bay_leaf", "vegetable_oil", "sunflower_oil", "canola_oil", "olive_oil",
        ),
    )
)  # fmt: skip
# What has taken up its water already, and how many times as much makes the same meal: by their energy 2.8 and 3.1.
COOKED = frozenset(map(FoodId, ("cooked_rice", "cooked_quinoa")))
COOKED_WEIGHS = 3
_PICTURE = "book."  # no id of the catalogue has a dot
_FLESH = {"meat", "poultry", "processed_meat"}
_SEA = {"fish", "crustaceans", "molluscs"}  # allergens, so that sauces and cans count too
_OF_ANIMALS = {"dairy", "egg"}
# Foods whose category does not tell where they are from.
_ORIGIN = {
    "lard": Diet.OMNIVORE, "gelatin": Diet.OMNIVORE, "broth": Diet.OMNIVORE, "bouillon_cube": Diet.OMNIVORE,
    "gravy": Diet.OMNIVORE, "honey": Diet.VEGETARIAN, "cocoa_powder": Diet.VEGAN,
}  # fmt: skip
# Made of many things, some of which may be of animals: nobody knows without the pack.
_UNTOLD = {"dish", "sweet", "snack", "frozen", "baby"}


@dataclass(frozen=True, slots=True)
class Part:
    """An ingredient of a dish, by its food."""

    food: FoodId
    quantity: Quantity
    optional: bool


@dataclass(frozen=True, slots=True)
class Telling:
    """A dish in one language. In the steps, `{food}` stands for whichever food is taken for that one."""

    title: str
    about: str
    steps: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class Dish:
    """A recipe of the book. `raw`: what names it is eaten uncooked, so it must not be close to its date."""

    id: str
    course: Course
    minutes: int
    difficulty: Difficulty
    raw: bool
    parts: tuple[Part, ...]
    told: Mapping[Language, Telling]

    @property
    def picture(self) -> FoodId:
        """Under which the library has its picture, as foods of the catalogue have theirs."""
        return FoodId(_PICTURE + self.id)


@dataclass(frozen=True, slots=True)
class StandIns:
    """The nearest first. `same`: a dish keeps its name and its steps with them; `other`: foods that do the work."""

    same: tuple[FoodId, ...] = ()
    other: tuple[FoodId, ...] = ()


@cache
def load() -> tuple[Dish, ...]:
    """The shipped book, read once per process."""
    document = json.loads((DATA / "recipe_book.json").read_text(encoding="utf-8"))
    return tuple(map(_dish, document["recipes"]))


def pictured(picture: FoodId) -> Dish | None:
    """The dish that a picture of the library is of; None where it is of a food."""
    return _by_id().get(picture.removeprefix(_PICTURE)) if picture.startswith(_PICTURE) else None


def titled(title: str) -> Dish | None:
    """The dish of a title in either language."""
    return _by_title().get(label_key(title))


@cache
def _by_id() -> Mapping[str, Dish]:
    return {dish.id: dish for dish in load()}


@cache
def _by_title() -> Mapping[str, Dish]:
    return {label_key(told.title): dish for dish in load() for told in dish.told.values()}


@cache
def stand_ins() -> Mapping[FoodId, StandIns]:
    """What may be taken for a food in an everyday dish."""
    rows = rows_of("recipe_stand_ins.csv")
    return {FoodId(row["food"]): StandIns(_foods(row["same"]), _foods(row["other"])) for row in rows}


def diet_of_foods(foods: Iterable[FoodId | None]) -> Diet | None:
    """Who may eat what is made of these; None where one of them does not tell."""
    diets = list(map(_diet, foods))
    if Diet.OMNIVORE in diets:
        return Diet.OMNIVORE
    return max((one for one in diets if one), key=list(Diet).index, default=None) if None not in diets else None


def _diet(food: FoodId | None) -> Diet | None:
    known = catalogue().food(food)
    if known is None:
        return None
    if (origin := _ORIGIN.get(known.id)) is not None:
        return origin
    if known.category in _FLESH:
        return Diet.OMNIVORE
    if not _SEA.isdisjoint(known.allergens):
        return Diet.PESCATARIAN
    if known.category in _OF_ANIMALS or {"milk", "eggs"} & set(known.allergens):
        return Diet.VEGETARIAN
    return None if known.category in _UNTOLD else Diet.VEGAN


def _foods(cell: str) -> tuple[FoodId, ...]:
    return tuple(map(FoodId, cell.split("|"))) if cell else ()


def _dish(entry: dict[str, Any]) -> Dish:
    return Dish(
        id=entry["id"],
        course=Course(entry["course"]),
        minutes=entry["minutes"],
        difficulty=Difficulty(entry["difficulty"]),
        raw=entry.get("raw", False),
        parts=tuple(map(_part, entry["ingredients"])),
        told={language: _telling(entry[language]) for language in Language},
    )


def _part(line: str) -> Part:
    """From "300 g rice", or "10 g parsley optional"."""
    amount, unit, food, *optional = line.split()
    return Part(FoodId(food), Quantity(Decimal(amount), Unit(unit)), optional=optional == ["optional"])


def _telling(entry: dict[str, Any]) -> Telling:
    return Telling(entry["title"], entry["about"], tuple(entry["steps"]), entry["tip"])
