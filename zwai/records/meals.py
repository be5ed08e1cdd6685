"""Recipes: what is wished for, and what was written."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from zwai.records.allergens import Verdict
from zwai.records.people import HouseholdId
from zwai.records.photos import Engine
from zwai.records.stock import FoodId, Meal, Quantity

RecipeId = NewType("RecipeId", str)
GenerationId = NewType("GenerationId", str)

MOST_AVOIDED = 20  # titles that a household was shown lately
MOST_RECIPES = 6  # of one question
PORTIONS = 2  # of every recipe, by the book and by what the AI is asked for


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


class Diet(StrEnum):
    """Who may eat a dish, by what is in it; the strictest first."""

    VEGAN = "vegan"
    VEGETARIAN = "vegetarian"
    PESCATARIAN = "pescatarian"
    OMNIVORE = "omnivore"


class Occasion(StrEnum):
    """What recipes were written for."""

    INVENTORY = "inventory"
    CUSTOM = "custom"
    PLAN = "plan"


class Level(StrEnum):
    """How well somebody cooks."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


@dataclass(frozen=True, slots=True)
class Needed:
    """An ingredient that a recipe takes, or may take; without a quantity as much as one likes."""

    name: str
    quantity: Quantity | None
    food: FoodId | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """An ingredient that there is; without a quantity as much as one likes. `urgency`: how much it would be wasted."""

    name: str
    quantity: Quantity | None
    food: FoodId | None = None
    urgency: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What recipes are wished for, of `ingredients`; `stock` is what else there is, and need not be used.

    `priorities` are names to use first, `avoid` titles that are not wanted again.
    """

    ingredients: tuple[Held, ...]
    stock: tuple[Held, ...] = ()
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


@dataclass(frozen=True, slots=True)
class Match:
    """A recipe beside what there is: what lacks, with how much of it, and what is used that would spoil soon."""

    missing: tuple[Needed, ...]
    expiring: tuple[str, ...]
    needed: int  # ingredients that one must have, but for the basics of any kitchen
    there: int  # of these


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedRecipe:
    """A recipe as it was written for a household, kept under an id that is for ever; `meal` is a plan's."""

    id: RecipeId
    household: HouseholdId
    generation: GenerationId
    occasion: Occasion
    engine: Engine
    meal: Meal | None
    checked: CheckedRecipe
    match: Match
    generated_at: datetime
