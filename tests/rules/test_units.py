"""Units: gold conversions, what can't be converted, and the laws that every conversion keeps."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from zwai.errors import CannotConvert
from zwai.knowledge.catalogue import Food, load
from zwai.knowledge.tables import rows_of
from zwai.knowledge.units import STEP, by_definition, convert, is_exact, round_off, sizes, weight_of, weights
from zwai.records.stock import Quantity, Unit

with (Path(__file__).parent / "data" / "conversions.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
FOODS = {str(key): food for key, food in load().foods.items()}
IMPOSSIBLE = [row for row in ROWS if row["expected"] == "impossible"]
POSSIBLE = [row for row in ROWS if row["expected"] != "impossible"]
# Amounts as they are kept: in thousandths, up to what a request may say.
AMOUNTS = some.integers(0, 10**9).map(lambda steps: steps * STEP)
MEASURING = some.sampled_from(sorted(sizes()))
UNITS = some.sampled_from(list(Unit))
WEIGHED = some.sampled_from([food for food in FOODS.values() if food.weights or food.density])


def food_of(row: dict[str, str]) -> Food | None:
    return FOODS[row["food"]] if row["food"] else None


def quantity_of(row: dict[str, str]) -> Quantity:
    return Quantity(Decimal(row["amount"]), Unit(row["unit"]))


def case(row: dict[str, str]) -> str:
    return f"{row['amount']} {row['unit']} {row['food']} in {row['target']}"


def test_there_are_at_least_three_hundred_gold_conversions_each_with_its_source():
    assert len(ROWS) >= 300
    assert len({case(row) for row in ROWS}) == len(ROWS)
    assert all(row["source"] for row in ROWS)
    assert {row["unit"] for row in ROWS} | {row["target"] for row in ROWS} == set(Unit)


@pytest.mark.parametrize("row", POSSIBLE, ids=case)
def test_a_gold_conversion_is_reproduced(row: dict[str, str]):
    converted = convert(quantity_of(row), Unit(row["target"]), food_of(row), "x")
    expected = Decimal(row["expected"])
    assert converted.quantity.unit == row["target"]
    assert abs(converted.quantity.amount - expected) <= expected * Decimal(row["tolerance_percent"]) / 100
    assert converted.source


@pytest.mark.parametrize("row", IMPOSSIBLE, ids=case)
def test_what_nobody_knows_is_refused_in_words(row: dict[str, str]):
    with pytest.raises(CannotConvert) as refusal:
        convert(quantity_of(row), Unit(row["target"]), food_of(row), "Cosa")
    assert "«Cosa»" in refusal.value.sentence("es")


def test_a_refusal_names_the_units_in_the_reader_s_language():
    with pytest.raises(CannotConvert) as refusal:
        convert(Quantity(Decimal(1), Unit.PIECE), Unit.G, FOODS["water"], "Agua")
    assert refusal.value.sentence("es") == "No se puede convertir unidades a gramos para «Agua»."
    assert refusal.value.sentence("en") == 'Cannot convert units to grams for "Agua".'


def test_a_conversion_says_whether_it_was_assumed_and_according_to_whom():
    def converted(unit: Unit, food: str):
        return convert(Quantity(Decimal(1), unit), Unit.G, FOODS[food], food)

    assert (converted(Unit.KG, "rice").assumed, converted(Unit.KG, "rice").source) == (False, "by definition")
    assert (converted(Unit.PIECE, "egg").assumed, converted(Unit.PIECE, "egg").source) == (
        False,
        "USDA SR 01123, large",
    )
    assert converted(Unit.PINCH, "salt").assumed
    assert converted(Unit.PINCH, "salt").source.startswith("assumed: 0.4 g a pinch")
    both = convert(Quantity(Decimal(1), Unit.CAN), Unit.ML, FOODS["coconut_milk"], "x")
    assert both.assumed
    assert "usual can" in both.source
    assert "USDA SR" in both.source


def test_every_unit_that_measures_by_itself_says_why_it_is_so_large():
    assert all(row["why"] and Decimal(row["size"]) > 0 for row in rows_of("units.csv"))
    assert all(sizes()[unit].of_one == 1 for unit in (Unit.G, Unit.ML, Unit.PIECE))


@given(AMOUNTS, MEASURING, MEASURING)
def test_there_and_back_is_the_same_within_what_rounding_takes(amount: Decimal, unit: Unit, other: Unit):
    assume(by_definition(unit, other) is not None)
    try:
        there = convert(Quantity(amount, unit), other, None, "x").quantity
        back = convert(there, unit, None, "x").quantity.amount
    except CannotConvert:
        assume(False)
    lost = STEP / 2 * sizes()[other].of_one / sizes()[unit].of_one + STEP / 2
    assert abs(back - amount) <= lost
    if is_exact(Quantity(amount, unit), other):
        assert back == amount


@given(AMOUNTS)
def test_kilograms_are_exact_in_grams_and_litres_in_millilitres(amount: Decimal):
    for large, small in ((Unit.KG, Unit.G), (Unit.L, Unit.ML), (Unit.DOZEN, Unit.PIECE), (Unit.G, Unit.MG)):
        there = convert(Quantity(amount, large), small, None, "x")
        assert convert(there.quantity, large, None, "x").quantity == Quantity(round_off(amount), large)


@given(AMOUNTS, AMOUNTS, UNITS, UNITS, WEIGHED)
def test_parts_make_the_whole(one: Decimal, two: Decimal, unit: Unit, other: Unit, food: Food):
    def amount(part: Decimal) -> Decimal:
        return convert(Quantity(part, unit), other, food, "x").quantity.amount

    try:
        parts, whole = amount(one) + amount(two), amount(one + two)
    except CannotConvert:
        assume(False)
    assert abs(parts - whole) <= STEP * Decimal("1.5")


@given(AMOUNTS, AMOUNTS, UNITS, UNITS, WEIGHED)
def test_more_is_never_less_in_another_unit(one: Decimal, two: Decimal, unit: Unit, other: Unit, food: Food):
    less, more = sorted((one, two))
    try:
        amounts = [convert(Quantity(part, unit), other, food, "x").quantity.amount for part in (less, more)]
    except CannotConvert:
        assume(False)
    assert amounts == sorted(amounts)


@given(UNITS, UNITS, UNITS, WEIGHED)
def test_the_way_over_a_third_unit_is_no_other_way(unit: Unit, over: Unit, other: Unit, food: Food):
    grams = [weight_of(food, one) for one in (unit, over, other)]
    factor = by_definition(unit, other)
    if factor is not None and grams[0] and grams[2]:
        assert abs(grams[0].grams / grams[2].grams / factor - 1) < Decimal("1e-20")


@given(AMOUNTS, UNITS, WEIGHED)
def test_a_unit_is_itself_and_nothing_is_nothing(amount: Decimal, unit: Unit, food: Food):
    assert convert(Quantity(amount, unit), unit, food, "x").quantity == Quantity(amount, unit)
    if weight_of(food, unit):
        assert convert(Quantity(Decimal(0), unit), Unit.KG, food, "x").quantity.amount == 0


def test_what_is_told_of_a_food_is_of_our_cup_and_not_of_the_table_s():
    told = {weight.unit: weight for weight in weights(FOODS["wheat_flour"])}
    assert (told[Unit.CUP].grams, told[Unit.CUP].source) == (Decimal(132), "USDA SR 20481, cup")
    for food in FOODS.values():
        assert {weight.unit for weight in weights(food)} == {weight.unit for weight in food.weights}
