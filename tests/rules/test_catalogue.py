"""The shipped catalogue: whole, unambiguous, and every number with its source."""

import csv
import re
from collections import Counter
from datetime import date
from itertools import chain

import pytest

from zwai.kitchen.expiry import expiry_of
from zwai.knowledge.catalogue import DATA, Food, ShelfState, load, rows_of
from zwai.knowledge.names import label_key, resolve
from zwai.knowledge.tips import tips_of
from zwai.records.people import Language
from zwai.records.stock import Kind, Place

FOODS = list(load().foods.values())
EU_ALLERGENS = {
    *("gluten", "crustaceans", "eggs", "fish", "peanuts", "soy", "milk"),
    *("nuts", "celery", "mustard", "sesame", "sulphites", "lupin", "molluscs"),
}


def names_of(food: Food, language: Language) -> set[str]:
    if language is Language.EN:
        return {label_key(name) for name in (food.name_en, *food.synonyms_en)}
    return {label_key(name) for name in (food.name_es, food.name_es_pe or food.name_es, *food.synonyms_es)}


def test_it_holds_at_least_three_hundred_foods_under_ascii_slugs_that_occur_once():
    ids = [row["id"] for row in rows_of("foods.csv")]
    assert len(ids) == len(set(ids)) == len(FOODS) >= 300
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", food_id) for food_id in ids)


def test_every_food_is_named_in_both_languages_and_found_by_its_own_names():
    for food in FOODS:
        for language in Language:
            match = resolve(food.name(language), language)
            assert match is not None, food.id
            assert match.food is food, (food.id, match.food.id)


@pytest.mark.parametrize("language", list(Language))
def test_no_name_means_two_foods_in_one_language(language: Language):
    counted = Counter(chain.from_iterable(names_of(food, language) for food in FOODS))
    allowed = {"nabo"}  # in Peru the white radish, elsewhere the turnip
    assert {name for name, count in counted.items() if count > 1} <= allowed


def test_allergens_are_codes_of_the_european_list_and_never_both_certain_and_possible():
    for food in FOODS:
        assert {*food.allergens, *food.may_contain} <= EU_ALLERGENS, food.id
        assert not {*food.allergens} & {*food.may_contain}, food.id


def test_every_shelf_life_names_a_row_of_its_source_or_says_that_it_is_assumed():
    for food in FOODS:
        for life in food.shelf_lives:
            assert 0 <= life.min_days <= life.max_days, (food.id, life)
            pattern = r"assumed: .+" if life.assumed else r"USDA FoodKeeper \d+, (fridge|freezer|pantry)"
            assert re.fullmatch(pattern, life.reference), (food.id, life)
            assert life.assumed or life.state is not ShelfState.JUDGED


def test_every_join_and_every_judged_day_points_to_something_that_is_there():
    shipped = {row["foodkeeper"] for row in rows_of("shelf_life.csv")}
    unjoined = {row["foodkeeper"] for row in rows_of("foods.csv")} - shipped - {""}
    assert len(unjoined) <= 20  # rows of the source that hold words only ("until the package use-by date")
    assert {row["food"] for row in rows_of("judged_days.csv")} <= load().foods.keys()
    assert all(row["why"] for row in rows_of("judged_days.csv"))


def test_a_place_is_judged_once_for_a_food():
    judged = Counter((row["food"], row["place"]) for row in rows_of("judged_days.csv"))
    assert max(judged.values()) == 1


def test_every_food_has_days_and_a_tip_in_every_place():
    for food in FOODS:
        for place in Place:
            expiry = expiry_of(food, food.kind, place, date(2026, 1, 1))
            assert 0 < len(expiry.reference) <= 200
            assert len({tips_of(food, place, language) for language in Language}) == 2


def test_nothing_perishable_is_given_a_week_in_the_pantry():
    perishable = {"meat", "poultry", "fish", "shellfish", "processed_meat", "dairy", "dish"}
    for food in FOODS:
        if food.category in perishable and food.place is Place.FRIDGE:
            days = (expiry_of(food, food.kind, Place.PANTRY, date(2026, 1, 1)).day - date(2026, 1, 1)).days
            assert days <= 2, (food.id, days)


def test_dishes_are_counted_as_dishes():
    kinds = {food.id: food.kind for food in FOODS}
    assert kinds["ceviche"] is Kind.DISH
    assert kinds["cooked_rice"] is Kind.INGREDIENT


def test_the_tables_are_plain_csv_without_blank_lines_or_stray_spaces():
    for path in DATA.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = list(csv.reader(file))
        assert lines
        assert all(len(line) == len(header) for line in lines), path.name
        assert all(cell == " ".join(cell.split()) for line in lines for cell in line), path.name
