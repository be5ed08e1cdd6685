"""Recipes: what is wished for, and what was written."""

from dataclasses import dataclass
from enum import StrEnum

from zwai.records.allergens import Verdict
from zwai.records.stock import FoodId, Quantity


class Difficulty(StrEnum):
    EASY = "easy"
    INTERMEDIATE = "intermediate"
    HARD = "hard"


class Course(StrEnum):
    """What a recipe is for (on the wire: its category)."""

    BREAKFAST = "breakfast"
    LUNCH = "lunch"
    DINNER = "dinner"
    DESSERT = "dessert"
    SALAD = "salad"
    SOUP = "soup"


class Level(StrEnum):
    """How well somebody cooks."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


@dataclass(frozen=True, slots=True)
class Needed:
    """An ingredient that there is, or that a recipe takes; without a quantity as much as one likes."""

    name: str
    quantity: Quantity | None
    food: FoodId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What recipes are wished for. `priorities` are names to use first, `avoid` titles that are not wanted again."""

    ingredients: tuple[Needed, ...]
    number: int = 2
    priorities: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()
    courses: tuple[Course, ...] = ()
    avoid: tuple[str, ...] = ()
    level: Level = Level.BEGINNER
    imperial: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """As written, and whole: each ingredient and each step could be read. `minutes` is None where none were told."""

    title: str
    description: str
    minutes: int | None
    difficulty: Difficulty
    course: Course
    ingredients: tuple[Needed, ...]
    steps: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class CheckedRecipe:
    """A recipe that holds nothing of what was declared, as far as is known; `unproven` names what is not."""

    recipe: Recipe
    verdict: Verdict
    unproven: tuple[str, ...]
