"""What a provider is asked for when somebody wants recipes or a day's plan, and what may come of its answer.

Allergies and preferences go in whole, however many there are. A recipe comes out whole or not at all: a step or an
ingredient that cannot be read may be the one that matters.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ai.answers import amount_of, name_of, number_of, objects_of, prose_of
from ai.questions import worded
from zwai.knowledge.names import label_key, resolve
from zwai.knowledge.words import render_unit
from zwai.records.ai import Purpose, Question
from zwai.records.meals import MOST_AVOIDED, MOST_RECIPES, Course, Difficulty, Held, Needed, Recipe, Wish
from zwai.records.people import Language
from zwai.records.stock import Meal, Quantity, Unit

MOST_ON_HAND = 60  # ingredients that are told, the first ones
MOST_INGREDIENTS = 30  # of one recipe
MOST_STEPS = 20
LARGEST_AMOUNT = 5000
LONGEST_TITLE = 120
LONGEST_STEP = 500
LONGEST_MINUTES = 24 * 60
WRITING_S = 60.0  # of one question with all repeats: its answer is pages long, and a client waits for 180 s

_COUNTED = (Unit.PIECE, Unit.CLOVE, Unit.SLICE, Unit.CAN, Unit.BUNCH, Unit.TBSP, Unit.TSP, Unit.CUP, Unit.PINCH)
METRIC = (Unit.G, Unit.KG, Unit.ML, Unit.L, *_COUNTED)
IMPERIAL = (Unit.OZ, Unit.LB, Unit.FL_OZ, *_COUNTED)
_TEXT = {"type": "string"}

Read = TypeVar("Read")


def recipes_question(wish: Wish, allergies: Collection[str], language: Language) -> Question:
    """A few recipes for a household that has declared `allergies`."""
    number = max(1, min(wish.number, MOST_RECIPES))
    told = {"number": number, **_told(wish, allergies, language)}
    asked = worded(Purpose.RECIPES, language, told, _listed("recipes", number, _recipe(wish)))
    return replace(asked, deadline_s=WRITING_S)


def plan_question(wish: Wish, meals: Sequence[Meal], allergies: Collection[str], language: Language) -> Question:
    """One recipe for each meal of a day."""
    told = {"meals": list(meals), **_told(wish, allergies, language)}
    planned = _recipe(wish, meal={"type": "string", "enum": list(meals)})
    asked = worded(Purpose.PLAN, language, told, _listed("meals", len(meals), planned))
    return replace(asked, deadline_s=WRITING_S)


def recipes_of(document: Mapping[str, Any], wish: Wish, language: Language) -> list[Recipe]:
    """The whole recipes of an answer, none twice and none that was to be avoided."""
    unwanted = {label_key(title) for title in wish.avoid}
    found: dict[str, Recipe] = {}
    for said in objects_of(document.get("recipes"), MOST_RECIPES):
        recipe = _read(said, wish, language)
        if recipe is not None and label_key(recipe.title) not in unwanted:
            found.setdefault(label_key(recipe.title), recipe)
    return list(found.values())[: max(1, wish.number)]


def plan_of(document: Mapping[str, Any], wish: Wish, meals: Sequence[Meal], language: Language) -> dict[Meal, Recipe]:
    """The whole recipes of an answer by their meals, in the order in which these were asked for."""
    found: dict[Meal, Recipe] = {}
    for said in objects_of(document.get("meals"), len(Meal)):
        recipe = _read(said, wish, language)
        if recipe is not None and said.get("meal") in meals:
            found.setdefault(Meal(said["meal"]), recipe)
    return {meal: found[meal] for meal in meals if meal in found}


def _told(wish: Wish, allergies: Collection[str], language: Language) -> dict[str, Any]:
    return {
        "ingredients": [_on_hand(one, language) for one in wish.ingredients[:MOST_ON_HAND]],
        "priorities": list(wish.priorities),
        "allergies": list(allergies),
        "preferences": list(wish.preferences),
        "courses": list(wish.courses),
        "avoid": list(wish.avoid[:MOST_AVOIDED]),
        "level": wish.level,
    }


def _on_hand(one: Held, language: Language) -> dict[str, Any]:
    if one.quantity is None:
        return {"name": one.name}
    return {
        "name": one.name,
        "quantity": float(one.quantity.amount),
        "unit": render_unit(one.quantity.unit, language),
    }


def _read(said: dict[str, Any], wish: Wish, language: Language) -> Recipe | None:
    """A recipe of which every part that matters could be read."""
    title = prose_of(said.get("title"), LONGEST_TITLE)
    ingredients = _all(said.get("ingredients"), MOST_INGREDIENTS, lambda one: _needed(one, wish, language))
    steps = _all(said.get("steps"), MOST_STEPS, lambda one: prose_of(one, LONGEST_STEP))
    if not title or not ingredients or not steps:
        return None
    minutes, difficulty, course = number_of(said.get("minutes")), said.get("difficulty"), said.get("course")
    return Recipe(
        title=title,
        description=prose_of(said.get("description")),
        minutes=round(minutes) if minutes is not None and 1 <= minutes <= LONGEST_MINUTES else None,
        difficulty=Difficulty(difficulty) if difficulty in list(Difficulty) else Difficulty.EASY,
        course=Course(course) if course in list(Course) else Course.LUNCH,
        ingredients=ingredients,
        steps=steps,
        tip=prose_of(said.get("tip")),
    )


def _needed(said: Any, wish: Wish, language: Language) -> Needed | None:
    name = name_of(said.get("name")) if isinstance(said, dict) else None
    if name is None:
        return None
    amount, unit, match = amount_of(said.get("quantity"), LARGEST_AMOUNT), said.get("unit"), resolve(name, language)
    quantity = Quantity(amount, Unit(unit)) if amount is not None and unit in _units(wish) else None
    return Needed(name, quantity, match.food.id if match else None)


def _all(said: Any, most: int, read: Callable[[Any], Read | None]) -> tuple[Read, ...]:
    """What `read` makes of each of a list; nothing where one of them is nothing, or there are too many."""
    if not isinstance(said, list) or len(said) > most:
        return ()
    found = [one for one in map(read, said) if one]
    return tuple(found) if len(found) == len(said) else ()


def _units(wish: Wish) -> tuple[Unit, ...]:
    return IMPERIAL if wish.imperial else METRIC


def _recipe(wish: Wish, **more: Any) -> dict[str, Any]:
    ingredient = {
        "name": _TEXT,
        "quantity": {"type": "number", "minimum": 0, "maximum": LARGEST_AMOUNT},
        "unit": {"type": "string", "enum": list(_units(wish))},
    }
    members = {
        **more,
        "title": _TEXT,
        "description": _TEXT,
        "minutes": {"type": "integer", "minimum": 1, "maximum": LONGEST_MINUTES},
        "difficulty": {"type": "string", "enum": list(Difficulty)},
        "course": {"type": "string", "enum": list(wish.courses or Course)},
        "ingredients": {"type": "array", "maxItems": MOST_INGREDIENTS, "items": _object(ingredient)},
        "steps": {"type": "array", "maxItems": MOST_STEPS, "items": _TEXT},
        "tip": _TEXT,
    }
    return _object(members)


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


def _listed(name: str, most: int, item: dict[str, Any]) -> dict[str, Any]:
    return _object({name: {"type": "array", "maxItems": most, "items": item}})
