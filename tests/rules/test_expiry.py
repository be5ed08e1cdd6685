"""When food expires, and where that comes from."""

from datetime import date

import pytest

from zwai.kitchen.expiry import days_left, expiry_of, from_span, place_for
from zwai.knowledge.catalogue import load
from zwai.records.stock import ExpirySource, Kind, Place, TimeUnit

TODAY = date(2026, 1, 31)
INGREDIENT, DISH = Kind.INGREDIENT, Kind.DISH
FRIDGE, FREEZER, PANTRY = Place.FRIDGE, Place.FREEZER, Place.PANTRY
TABLE, ASSUMED = ExpirySource.TABLE, ExpirySource.ASSUMED


@pytest.mark.parametrize(
    ("food", "kind", "place", "days", "source", "reference"),
    [
        ("apple", INGREDIENT, FRIDGE, 28, TABLE, "USDA FoodKeeper 248, fridge"),  # 4 to 6 weeks: the low end
        ("whole_chicken", INGREDIENT, FRIDGE, 1, TABLE, "USDA FoodKeeper 113, fridge"),
        ("rice", INGREDIENT, PANTRY, 730, TABLE, "USDA FoodKeeper 338, pantry"),
        ("lomo_saltado", DISH, FRIDGE, 3, TABLE, "USDA FoodKeeper 173, fridge"),
        ("ceviche", DISH, FRIDGE, 1, ASSUMED, "raw fish"),  # judged, although the table's row says 3
        ("guinea_pig", INGREDIENT, FRIDGE, 2, ASSUMED, "as USDA FoodKeeper 595 (Rabbit, whole, fresh)"),
        ("lettuce", INGREDIENT, FREEZER, 90, ASSUMED, "no row for this food"),
        ("sugar", INGREDIENT, FRIDGE, 540, ASSUMED, "as in the pantry (USDA FoodKeeper 240, pantry)"),
        ("canned_tuna", INGREDIENT, FRIDGE, 3, ASSUMED, "no row for this food"),  # in the fridge it is open
        ("ground_beef", INGREDIENT, PANTRY, 0, ASSUMED, "no row for this food"),
        ("rice", DISH, FRIDGE, 1, ASSUMED, "1 to 2 d cooked"),  # cooked rice is not rice
        ("rice", DISH, PANTRY, 0, ASSUMED, "any dish that"),
        ("ceviche", INGREDIENT, FRIDGE, 1, ASSUMED, "raw fish"),  # the client files scanned dishes this way
        ("cake", DISH, PANTRY, 3, TABLE, "USDA FoodKeeper 197, pantry"),  # a slice of cake keeps like cake
        (None, INGREDIENT, FRIDGE, 7, ASSUMED, "does not know"),
        (None, INGREDIENT, FREEZER, 90, ASSUMED, "does not know"),
        (None, DISH, FRIDGE, 3, ASSUMED, "does not know"),
        (None, DISH, PANTRY, 0, ASSUMED, "does not know"),
    ],
)
def test_the_day_and_its_source(food, kind, place, days, source, reference):
    expiry = expiry_of(load().food(food), kind, place, TODAY)
    assert (days_left(expiry.day, TODAY), expiry.source) == (days, source)
    assert reference in expiry.reference


def test_the_whole_range_of_the_table_is_kept():
    apples = expiry_of(load().food("apple"), INGREDIENT, FRIDGE, TODAY)
    assert apples.low is not None
    assert apples.high is not None
    assert (days_left(apples.low, TODAY), days_left(apples.high, TODAY)) == (28, 42)
    assert apples.day == apples.low


def test_an_assumed_date_says_how_many_days_and_why():
    expiry = expiry_of(None, INGREDIENT, FRIDGE, TODAY)
    assert expiry.reference == "assumed: 7 d; any ingredient that the catalogue does not know, fridge"
    assert (expiry.low, expiry.high) == (None, None)


def test_food_goes_where_it_usually_lives():
    assert place_for(load().food("rice"), INGREDIENT) is PANTRY
    assert place_for(load().food("ice_cream"), INGREDIENT) is FREEZER
    assert place_for(load().food("rice"), DISH) is FRIDGE
    assert place_for(load().food("ice_cream"), DISH) is FREEZER
    assert place_for(load().food("ceviche"), INGREDIENT) is FRIDGE
    assert place_for(None, INGREDIENT) is FRIDGE


@pytest.mark.parametrize(
    ("amount", "unit", "day"),
    [
        (7, TimeUnit.DAY, date(2026, 2, 7)),
        (0, TimeUnit.DAY, TODAY),
        (-1, TimeUnit.DAY, date(2026, 1, 30)),
        (2, TimeUnit.WEEK, date(2026, 2, 14)),
        (1, TimeUnit.MONTH, date(2026, 2, 28)),  # the 31st becomes the last day
        (2, TimeUnit.MONTH, date(2026, 3, 31)),
        (11, TimeUnit.MONTH, date(2026, 12, 31)),
        (12, TimeUnit.MONTH, date(2027, 1, 31)),
        (25, TimeUnit.MONTH, date(2028, 2, 29)),
        (2, TimeUnit.YEAR, date(2028, 1, 31)),
    ],
)
def test_a_span_ends_on_a_calendar_day(amount, unit, day):
    assert from_span(TODAY, amount, unit) == day


def test_a_leap_day_has_an_anniversary():
    assert from_span(date(2028, 2, 29), 1, TimeUnit.YEAR) == date(2029, 2, 28)


def test_days_left_count_down_through_zero():
    assert [days_left(date(2026, 2, day), date(2026, 2, 2)) for day in (3, 2, 1)] == [1, 0, -1]
