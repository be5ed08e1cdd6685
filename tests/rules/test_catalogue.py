"""The shipped catalogue: whole, unambiguous, and every number with its source."""

import csv
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import chain

import pytest

from zwai.kitchen.expiry import expiry_of
from zwai.knowledge.catalogue import Food, ShelfState, load
from zwai.knowledge.names import label_key, resolve
from zwai.knowledge.tables import DATA, rows_of
from zwai.knowledge.tips import tips_of
from zwai.records.people import Language
from zwai.records.stock import Kind, Place, Unit

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


def test_what_is_opened_thawed_cooked_or_cut_keeps_days_that_a_source_or_a_reason_stands_for():
    for food in FOODS:
        for place in Place:
            for state in ShelfState:
                if life := load().life(food, place, state):
                    assert (life.place, life.state) == (place, state)
                    assert 0 <= life.min_days <= life.max_days, (food.id, life)
                    assert life.reference.startswith("assumed: ") == life.assumed, (food.id, life)
    milk, rice = load().foods["milk"], load().foods["rice"]
    assert load().life(milk, Place.FRIDGE, ShelfState.OPENED)
    cooked = load().life(rice, Place.FRIDGE, ShelfState.COOKED)
    assert cooked
    assert cooked.max_days == 2


def test_every_perishable_food_has_days_after_opening_or_thawing():
    perishable = {"meat", "poultry", "fish", "shellfish", "processed_meat", "dairy", "dish"}
    for food in FOODS:
        if food.category in perishable:
            thawed = load().life(food, Place.FRIDGE, ShelfState.THAWED)
            assert thawed, food.id
            assert thawed.max_days <= 7, (food.id, thawed)


def test_every_join_and_every_judged_day_points_to_something_that_is_there():
    shipped = {row["foodkeeper"] for row in rows_of("shelf_life.csv")}
    unjoined = {row["foodkeeper"] for row in rows_of("foods.csv")} - shipped - {""}
    assert len(unjoined) <= 20  # rows of the source that hold words only ("until the package use-by date")
    assert {row["food"] for row in rows_of("judged_days.csv")} <= load().foods.keys()
    assert all(row["why"] for row in rows_of("judged_days.csv"))


def has_its_source(source: str, assumed: bool, pattern: str) -> bool:
    return bool(re.fullmatch(r"(assumed: |.+ range assumed).+" if assumed else pattern, source))


def test_every_weight_is_plausible_and_names_its_row_or_says_that_it_is_assumed():
    for food in FOODS:
        assert max(Counter(weight.unit for weight in food.weights).values(), default=1) == 1, food.id
        for weight in food.weights:
            assert 0 < weight.grams <= 6000, (food.id, weight)
            assert has_its_source(weight.source, weight.assumed, r"USDA SR \d{5}, .+"), (food.id, weight)
    spoons = {Unit.CUP: (5, 400), Unit.TBSP: (Decimal("0.3"), 25), Unit.TSP: (Decimal("0.1"), 10)}
    for food in FOODS:
        for weight in food.weights:
            low, high = spoons.get(weight.unit, (0, 6000))
            assert low <= weight.grams <= high, (food.id, weight)


def test_what_is_counted_in_pieces_or_poured_can_be_weighed():
    for food in FOODS:
        assert food.unit is not Unit.PIECE or any(weight.unit is Unit.PIECE for weight in food.weights), food.id
        assert food.unit is not Unit.ML or food.density, food.id


def test_every_density_lies_between_that_of_flakes_and_that_of_syrup():
    for food in FOODS:
        if density := food.density:
            assert Decimal("0.1") < density.g_per_ml < Decimal("1.5"), (food.id, density)
            assert has_its_source(density.source, density.assumed, r"USDA SR \d{5}, .+"), (food.id, density)


def test_nutrients_of_100_g_weigh_no_more_than_that_and_make_about_its_energy():
    for food in FOODS:
        if known := food.nutrition:
            macros = (known.protein_g, known.fat_g, known.carbohydrate_g)
            assert min(macros) >= 0
            assert sum(macros) <= 101, food.id
            assert 0 <= (known.sugar_g or 0) <= known.carbohydrate_g + 1, food.id
            assert 0 <= known.kcal <= 910, food.id
            made = 4 * known.protein_g + 9 * known.fat_g + 4 * known.carbohydrate_g - 2 * (known.fibre_g or 0)
            other = food.category == "beverage" or food.id in {
                "vanilla_extract",
                "cocoa_powder",
            }  # alcohol, polyphenols
            assert other or abs(known.kcal - made) <= max(60, made / 4), (food.id, made)
            assert has_its_source(known.source, known.assumed, r"USDA SR \d{5}"), (food.id, known)


def test_footprints_are_ranges_with_their_study():
    for food in FOODS:
        if footprint := food.footprint:
            for ends in filter(None, (footprint.ghg, footprint.water)):
                assert ends.low <= ends.mid <= ends.high, (food.id, footprint)
            trees = "Nuts" in footprint.source or "Dark Chocolate" in footprint.source  # they store carbon
            assert trees or footprint.ghg.low > 0, (food.id, footprint)
            assert has_its_source(footprint.source, footprint.assumed, r"Poore & Nemecek 2018, .+"), (
                food.id,
                footprint,
            )


def test_every_join_of_a_built_table_says_how_it_fits():
    for row in rows_of("foods.csv"):
        for column in ("foodkeeper", "usda_sr", "footprint"):
            assert (row[f"{column}_fit"] in ("own", "relative")) == bool(row[column]), (row["id"], column)
    nutrition = {row["usda_sr"] for row in rows_of("nutrition.csv")}
    footprints = {row["footprint"] for row in rows_of("footprints.csv")}
    assert {row["usda_sr"] for row in rows_of("foods.csv")} - {""} == nutrition
    assert {row["footprint"] for row in rows_of("foods.csv")} - {""} == footprints


def test_every_judged_number_is_of_a_food_that_is_there_and_has_its_reason():
    categories = {food.category for food in FOODS}
    for table in ("judged_states.csv", "judged_densities.csv", "judged_weights.csv"):
        rows = list(rows_of(table))
        assert all(row["why"] for row in rows), table
        assert {row["food"] for row in rows} - {""} <= load().foods.keys(), table
        assert {row.get("category", "") for row in rows} - {""} <= categories, table
        assert all(bool(row["food"]) != bool(row.get("category")) for row in rows), table


def test_the_catalogue_covers_most_foods():
    ingredients = [food for food in FOODS if food.kind is Kind.INGREDIENT]
    for fact, share in (("weights", 0.8), ("nutrition", 0.75), ("footprint", 0.8)):
        assert sum(bool(getattr(food, fact)) for food in ingredients) >= share * len(ingredients), fact


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
