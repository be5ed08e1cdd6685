"""What may come of an answer about a food: words without figures, ranges that can be, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from ai.food_questions import MOST_IDEAS, question, wanted, with_answer
from zwai.knowledge.catalogue import Food, load
from zwai.records.ai import Purpose
from zwai.records.people import Language
from zwai.records.stock import FoodId, Kind
from zwai.records.writings import Estimate, IdeaType, Written, WrittenAdvice, WrittenIdea, WrittenNutrients

IDEA = {"title": "Crema fría", "description": "Licúala con limón.", "type": "use_up"}
IMPACT = {"carbon_low": 1, "carbon_high": 3.14159, "water_low": 10, "water_high": 300}
NUTRIENTS = {"carbohydrate_g": 20, "protein_g": 8, "fat_g": 5.55, "vitamins_minerals": ["hierro", "zinc"]}


def food(name: str) -> Food:
    return load().foods[FoodId(name)]


def read(purpose: Purpose, said: Any) -> Written:
    name = "ideas" if purpose in (Purpose.IDEAS, Purpose.DISH_IDEAS) else purpose.value
    return with_answer(Written("m"), purpose, {name: said})


def test_ideas_are_kept_with_their_type() -> None:
    assert read(Purpose.IDEAS, [IDEA]).ideas == (WrittenIdea("Crema fría", "Licúala con limón.", IdeaType.USE_UP),)


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""}, {"title": "<b>Crema</b>"}, {"title": "x" * 61}, {"description": "Dura 3 meses en aceite."},
        {"description": "Visita zwai.example."}, {"description": None}, {"type": "magic"}, {"type": ["use_up"]},
    ],
    ids=str,
)  # fmt: skip
def test_an_idea_that_cannot_be_shown_is_dropped_and_the_rest_stays(change: dict[str, Any]) -> None:
    assert read(Purpose.IDEAS, [{**IDEA, **change}, IDEA]) == read(Purpose.IDEAS, [IDEA])


@pytest.mark.parametrize("purpose", [Purpose.IDEAS, Purpose.ADVICE, Purpose.KEEPING, Purpose.IMPACT, Purpose.NUTRIENTS])
@pytest.mark.parametrize("said", [None, 3, "text", [], {}, [3], {"x": 1}, [[IDEA]]], ids=repr)
def test_whatever_an_answer_is_nothing_comes_of_what_is_none(purpose: Purpose, said: Any) -> None:
    assert read(purpose, said) == Written("m")
    assert with_answer(Written("m"), purpose, {}) == Written("m")


def test_no_idea_comes_twice_and_no_more_than_a_few() -> None:
    assert len(read(Purpose.IDEAS, [IDEA] * 9).ideas) == 1
    assert len(read(Purpose.IDEAS, [{**IDEA, "title": f"Crema {'x' * n}"} for n in range(9)]).ideas) == MOST_IDEAS


def test_of_advice_each_sentence_stands_for_itself() -> None:
    said = {"optimal_consumption": "Cuando cede.", "preparation_tips": "Guárdala 5 días.", "quality_check": 3}
    assert read(Purpose.ADVICE, said).advice == WrittenAdvice("Cuando cede.", "", "")


def test_an_estimate_has_two_figures_at_most() -> None:
    estimate = Estimate((Decimal(1), Decimal("3.1")), (Decimal(10), Decimal(300)))
    assert read(Purpose.IMPACT, IMPACT).impact == estimate


@pytest.mark.parametrize(
    "change",
    [
        {"carbon_low": 4}, {"carbon_low": 0}, {"carbon_low": -1}, {"carbon_high": 200}, {"water_high": 60_000},
        {"carbon_low": "1"}, {"carbon_low": None}, {"water_low": float("nan")}, {"water_high": 10**400},
        {"water_low": 0.01}, {"carbon_high": True},
    ],
    ids=lambda change: repr(change)[:40],
)  # fmt: skip
def test_a_range_that_cannot_be_is_none(change: dict[str, Any]) -> None:
    assert read(Purpose.IMPACT, {**IMPACT, **change}).impact is None


def test_nutrients_are_what_fits_into_100_grams() -> None:
    found = read(Purpose.NUTRIENTS, NUTRIENTS).nutrients
    assert found == WrittenNutrients(Decimal(20), Decimal(8), Decimal("5.5"), ("hierro", "zinc"))
    for change in ({"protein_g": 90}, {"fat_g": -1}, {"fat_g": None}, {"carbohydrate_g": "20"}):
        assert read(Purpose.NUTRIENTS, {**NUTRIENTS, **change}).nutrients is None
    assert read(Purpose.NUTRIENTS, {**NUTRIENTS, "vitamins_minerals": "hierro"}).nutrients is not None


def test_figures_are_asked_for_only_where_no_table_has_them() -> None:
    assert wanted(food("apple"), Kind.INGREDIENT) == (Purpose.IDEAS, Purpose.ADVICE)
    unknown = next(one for one in load().foods.values() if one.footprint is None and one.nutrition is None)
    assert wanted(unknown, Kind.INGREDIENT) == (Purpose.IDEAS, Purpose.ADVICE, Purpose.IMPACT)
    assert wanted(unknown, Kind.DISH) == (Purpose.DISH_IDEAS, Purpose.KEEPING, Purpose.IMPACT, Purpose.NUTRIENTS)


def test_another_language_food_or_part_is_another_question() -> None:
    asked = [
        question(purpose, food(name), language).key("m")
        for purpose in (Purpose.IDEAS, Purpose.ADVICE)
        for name in ("apple", "avocado")
        for language in Language
    ]
    assert len(set(asked)) == 8
    assert question(Purpose.IDEAS, food("apple"), Language.ES).key("another model") not in asked
