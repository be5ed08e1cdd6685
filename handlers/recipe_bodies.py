"""What is sent when recipes or a plan are asked for: names or objects, in either spelling of their members."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate

from handlers.fields import Amount, Day, Label, ListOf, readable
from handlers.schemas import RequestSchema
from zwai.kitchen.generation import Choice
from zwai.knowledge.recipe_words import course_of
from zwai.knowledge.words import meal_of, unit_of
from zwai.records.meals import MOST_RECIPES, Held, Occasion
from zwai.records.stock import Meal, Quantity

MOST_INGREDIENTS = 200
MOST_WISHES = 20
LONGEST_WISH = 100
PLANNED = (Meal.BREAKFAST, Meal.LUNCH, Meal.DINNER)


@dataclass(frozen=True, slots=True)
class PlanBody:
    """Without a date it is for today; without ingredients, of what is in stock."""

    choice: Choice
    date: date | None
    meals: tuple[Meal, ...]


class Ingredient(fields.Field[Held]):
    """A name, or an object with one; an amount that says nothing is none, since much that is sent was recognised."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Held:
        if isinstance(value, Mapping):
            return Held(_named(value.get("name")), _quantity(value))
        return Held(_named(value), None)


_NAME, _AMOUNT = Label(required=True), Amount()


def _named(value: Any) -> str:
    return str(_NAME.deserialize(value))


def _quantity(told: Mapping[str, Any]) -> Quantity | None:
    word = told.get("type_unit") or told.get("unit")
    unit = unit_of(word) if isinstance(word, str) else None
    try:
        amount = _AMOUNT.deserialize(told.get("quantity"))
    except ValidationError:
        return None
    return Quantity(amount, unit) if unit and amount else None


def _ingredients(**more: Any) -> ListOf:
    return ListOf(Ingredient(), validate=validate.Length(max=MOST_INGREDIENTS), **more)


def _wish() -> fields.String:
    return fields.String(allow_none=True, validate=[validate.Length(max=LONGEST_WISH), readable])


def _wishes() -> ListOf:
    return ListOf(_wish(), validate=validate.Length(max=MOST_WISHES))


class CustomSchema(RequestSchema):
    """Categories that are none of ours are wishes too."""

    ingredients = _ingredients(required=True)
    preferences = _wishes()
    recipe_categories = _wishes()
    num_recipes = fields.Integer(validate=validate.Range(min=1, max=MOST_RECIPES))

    def _record(self, values: dict[str, Any]) -> Choice:
        return _choice(Occasion.CUSTOM, values, values.get("num_recipes", 2))


class SingleSchema(RequestSchema):
    """One recipe; `meal_type`, `cuisine` and `dietary_restrictions` as some clients send them."""

    ingredients = _ingredients(required=True)
    preferences = _wishes()
    dietary_restrictions = _wishes()
    meal_type = _wish()
    cuisine = _wish()

    def _record(self, values: dict[str, Any]) -> Choice:
        return _choice(Occasion.CUSTOM, values, 1)


class PlanSchema(RequestSchema):
    """`meal_types` in either language; what is no meal of ours is left out."""

    ingredients = _ingredients()
    preferences = _wishes()
    dietary_restrictions = _wishes()
    date = Day()
    meal_types = _wishes()

    def _record(self, values: dict[str, Any]) -> PlanBody:
        words = [word for word in values.get("meal_types", ()) if word]
        meals = tuple(dict.fromkeys(meal for word in words if (meal := meal_of(word))))
        return PlanBody(_choice(Occasion.PLAN, values, 1), values.get("date"), meals or PLANNED)


def _choice(occasion: Occasion, values: Mapping[str, Any], number: int) -> Choice:
    categories = [word for word in (*values.get("recipe_categories", ()), values.get("meal_type")) if word]
    said = (
        *values.get("preferences", ()), *values.get("dietary_restrictions", ()), values.get("cuisine"),
        *(word for word in categories if course_of(word) is None),
    )  # fmt: skip
    wishes = dict.fromkeys(" ".join(wish.split()) for wish in said if wish and wish.strip())
    courses = dict.fromkeys(course for word in categories if (course := course_of(word)))
    return Choice(occasion, tuple(values.get("ingredients", ())), number, tuple(wishes), tuple(courses))
