"""Recipes come out whole or not at all, and allergies and preferences go in whole."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ai.recipe_questions import MOST_ON_HAND, plan_of, plan_question, recipes_of, recipes_question
from zwai.records.meals import Course, Difficulty, Held, Needed, Recipe, Wish
from zwai.records.people import Language
from zwai.records.stock import FoodId, Meal, Quantity, Unit

ONION = Held("cebolla", Quantity(Decimal(2), Unit.PIECE), FoodId("onion"))
WISH = Wish(ingredients=(ONION,))
SAID = {
    "title": "Sopa de cebolla",
    "description": "Dulce y espesa.",
    "minutes": 40,
    "difficulty": "easy",
    "course": "soup",
    "ingredients": [{"name": "cebolla", "quantity": 2, "unit": "piece"}, {"name": "sal", "quantity": 0, "unit": "g"}],
    "steps": ["Corta la cebolla.", "Cocina 30 minutos a fuego bajo."],
    "tip": "Usa el pan duro.",
}


def read(*said: Any, wish: Wish = WISH) -> list[Recipe]:
    return recipes_of({"recipes": list(said)}, wish, Language.ES)


def told(question: Any) -> Any:
    return json.loads(question.text.split("\n")[1])


def test_a_recipe_is_read_whole() -> None:
    assert read(SAID) == [
        Recipe(
            "Sopa de cebolla", "Dulce y espesa.", 40, Difficulty.EASY, Course.SOUP,
            (Needed("cebolla", Quantity(Decimal(2), Unit.PIECE), FoodId("onion")), Needed("sal", None, FoodId("salt"))),
            ("Corta la cebolla.", "Cocina 30 minutos a fuego bajo."), "Usa el pan duro.",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"title": None}, {"title": "<h1>Sopa</h1>"}, {"steps": []}, {"steps": ["Corta.", "Mira www.zwai.example"]},
        {"steps": ["Corta.", 3]}, {"steps": ["Corta."] * 21}, {"steps": "Corta."}, {"ingredients": []},
        {"ingredients": [{"name": "cebolla"}, {"name": "<maní>"}]}, {"ingredients": ["cebolla"]},
        {"ingredients": [{"name": "cebolla"}] * 31}, {"steps": ["Corta \u202e."]},
    ],
    ids=lambda change: repr(change)[:40],
)  # fmt: skip
def test_a_recipe_with_a_part_that_cannot_be_read_is_none(change: dict[str, Any]) -> None:
    assert read({**SAID, **change}) == []


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"minutes": "40"}, "minutes", None), ({"minutes": 0}, "minutes", None),
        ({"minutes": 10**400}, "minutes", None),
        ({"difficulty": "?"}, "difficulty", Difficulty.EASY), ({"course": []}, "course", Course.LUNCH),
        ({"tip": "[x](y)"}, "tip", ""), ({"description": None}, "description", ""),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_what_does_not_matter_is_left_out(change: dict[str, Any], name: str, value: Any) -> None:
    (recipe,) = read({**SAID, **change})
    assert getattr(recipe, name) == value


@pytest.mark.parametrize("quantity", [(-1, "g"), (1e9, "g"), (2, "barrel"), (2, "oz"), ("2", "g"), (None, None)])
def test_an_amount_that_cannot_be_is_as_much_as_one_likes(quantity: tuple[Any, Any]) -> None:
    amount, unit = quantity
    (recipe,) = read({**SAID, "ingredients": [{"name": "papa", "quantity": amount, "unit": unit}]})
    assert recipe.ingredients[0].quantity is None


def test_no_recipe_comes_twice_or_though_it_was_to_be_avoided_or_beyond_the_number() -> None:
    other = {**SAID, "title": "Crema de cebolla"}
    assert [one.title for one in read(SAID, {**SAID, "title": "SOPA de cebolla"}, other)] == [
        "Sopa de cebolla", "Crema de cebolla",
    ]  # fmt: skip
    wish = Wish(ingredients=(), avoid=("sopa de cebolla",), number=1)
    assert [one.title for one in read(SAID, other, {**SAID, "title": "Otra"}, wish=wish)] == ["Crema de cebolla"]


def test_every_allergy_and_preference_goes_in_however_many() -> None:
    many = tuple(f"sin cosa {n}" for n in range(400))
    asked = told(recipes_question(Wish(ingredients=(), preferences=many), many, Language.ES))
    assert asked["allergies"] == asked["preferences"] == list(many)


def test_a_question_says_what_there_is_and_how_much_of_it() -> None:
    wish = Wish(ingredients=(ONION,) * 100, priorities=("cebolla",), courses=(Course.SOUP,), number=99)
    question = recipes_question(wish, (), Language.EN)
    asked = told(question)
    assert asked["ingredients"] == [{"name": "cebolla", "quantity": 2.0, "unit": "units"}] * MOST_ON_HAND
    assert (asked["number"], asked["priorities"], asked["courses"]) == (6, ["cebolla"], ["soup"])
    assert question.schema["properties"]["recipes"]["items"]["properties"]["course"]["enum"] == ["soup"]


def test_units_are_those_that_the_person_measures_in() -> None:
    said = {**SAID, "ingredients": [{"name": "papa", "quantity": 8, "unit": "oz"}]}
    (recipe,) = read(said, wish=Wish(ingredients=(), imperial=True))
    assert recipe.ingredients[0].quantity == Quantity(Decimal(8), Unit.OZ)


def test_a_plan_has_one_recipe_for_each_meal_that_was_asked_for() -> None:
    meals = (Meal.BREAKFAST, Meal.DINNER)
    question = plan_question(WISH, meals, ["leche"], Language.ES)
    assert told(question)["meals"] == ["breakfast", "dinner"] and told(question)["allergies"] == ["leche"]
    said = [
        {**SAID, "meal": "dinner"}, {**SAID, "meal": "dinner", "title": "Otra"}, {**SAID, "meal": "lunch"},
        {**SAID, "meal": "breakfast"}, {**SAID, "meal": 3},
    ]  # fmt: skip
    plan = plan_of({"meals": said}, WISH, meals, Language.ES)
    assert list(plan) == list(meals) and plan[Meal.DINNER].title == "Sopa de cebolla"
