"""The words of recipes on the wire, in both languages and any number."""

import pytest

from zwai.knowledge.recipe_words import SERVED_AT, course_in_words, course_of, diet_of, difficulty_in_words
from zwai.records.meals import Course, Diet, Difficulty
from zwai.records.people import Language
from zwai.records.stock import Meal


@pytest.mark.parametrize(
    ("word", "course"),
    [
        ("desayuno", Course.BREAKFAST), ("Cenas", Course.DINNER), ("soups", Course.SOUP),
        ("postres", Course.DESSERT), ("Ensalada", Course.SALAD), ("LUNCHES", Course.LUNCH),
        ("rápidas", None), ("", None),
    ],
)  # fmt: skip
def test_a_category_is_understood(word: str, course: Course | None) -> None:
    assert course_of(word) is course


@pytest.mark.parametrize("language", Language)
def test_what_is_said_is_understood(language: Language) -> None:
    for course in Course:
        assert course_of(course_in_words(course, language)) is course
    assert len({difficulty_in_words(one, language) for one in Difficulty}) == len(Difficulty)


@pytest.mark.parametrize(
    ("wishes", "diet"),
    [
        (["Vegana"], Diet.VEGAN), (["soy vegetariano", "keto"], Diet.VEGETARIAN), (["plant-based"], Diet.VEGAN),
        (["vegetarian", "vegan"], Diet.VEGAN), (["sin carne"], Diet.VEGETARIAN), (["Pescetariana"], Diet.PESCATARIAN),
        (["keto", "rápido"], None), ([], None),
    ],
)  # fmt: skip
def test_the_strictest_way_of_eating_counts(wishes: list[str], diet: Diet | None) -> None:
    assert diet_of(wishes) is diet


def test_every_meal_has_something_to_serve() -> None:
    assert SERVED_AT.keys() == set(Meal) and all(SERVED_AT.values())
