"""Quantities in words: what is read, what isn't guessed, and how they are said."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from zwai.knowledge.quantities import number, parse, said, told
from zwai.records.people import Language
from zwai.records.stock import Quantity, Unit

READ = [
    ("500g", "500", Unit.G),
    ("500 g", "500", Unit.G),
    ("2 kg", "2", Unit.KG),
    ("2 Kg.", "2", Unit.KG),
    ("1,5 kg", "1.5", Unit.KG),
    ("1.5 kg", "1.5", Unit.KG),
    ("1.500 kg", "1.5", Unit.KG),  # a point is for decimals, in Peru as in English
    ("0,75 l", "0.75", Unit.L),
    ("0,250 kg", "0.25", Unit.KG),  # thousands don't begin with a zero
    ("1,234.5 g", "1234.5", Unit.G),
    ("1.234,5 g", "1234.5", Unit.G),
    ("1/2 kg", "0.5", Unit.KG),
    ("1 1/2 tazas", "1.5", Unit.CUP),
    ("½ taza", "0.5", Unit.CUP),
    ("1½ tazas", "1.5", Unit.CUP),
    ("2½tazas", "2.5", Unit.CUP),
    ("¾ cup", "0.75", Unit.CUP),
    ("1/3 taza", "0.333", Unit.CUP),
    ("1 y 1/2 tazas", "1.5", Unit.CUP),
    ("1 and 1/2 cups", "1.5", Unit.CUP),
    ("media docena", "0.5", Unit.DOZEN),
    ("una docena", "1", Unit.DOZEN),
    ("half a dozen", "0.5", Unit.DOZEN),
    ("medio kilo", "0.5", Unit.KG),
    ("un kilo", "1", Unit.KG),
    ("un cuarto de kilo", "0.25", Unit.KG),
    ("1/4 de kilo", "0.25", Unit.KG),
    ("tres cuartos de litro", "0.75", Unit.L),
    ("kilo y medio", "1.5", Unit.KG),
    ("1 kilo y medio", "1.5", Unit.KG),
    ("litro y cuarto", "1.25", Unit.L),
    ("dos y media tazas", "2.5", Unit.CUP),
    ("dos tazas", "2", Unit.CUP),
    ("once onzas", "11", Unit.OZ),
    ("a cup", "1", Unit.CUP),
    ("half cup", "0.5", Unit.CUP),
    ("a quarter of a cup", "0.25", Unit.CUP),
    ("half of a kilo", "0.5", Unit.KG),
    ("2 cucharadas", "2", Unit.TBSP),
    ("1 cdta.", "1", Unit.TSP),
    ("una pizca", "1", Unit.PINCH),
    ("un diente", "1", Unit.CLOVE),
    ("2 rebanadas", "2", Unit.SLICE),
    ("1 lata", "1", Unit.CAN),
    ("1 atado", "1", Unit.BUNCH),
    ("1 manojo", "1", Unit.BUNCH),
    ("1 Cabeza", "1", Unit.HEAD),
    ("3 lb", "3", Unit.LB),
    ("12 oz", "12", Unit.OZ),
    ("8 fl oz", "8", Unit.FL_OZ),
    ("8 Fl. Oz.", "8", Unit.FL_OZ),
    ("1 onza líquida", "1", Unit.FL_OZ),
    ("3", "3", Unit.PIECE),
    ("una", "1", Unit.PIECE),
    ("2 Unidades", "2", Unit.PIECE),
    ("3 PORCIONES", "3", Unit.PORTION),
    ("2 x 500 g", "1000", Unit.G),
    ("6x330ml", "1980", Unit.ML),
    ("4 × 125 g", "500", Unit.G),
    ("0 kg", "0", Unit.KG),
]
UNCLEAR = [
    "", " ", "kg", "muchos", "-1 kg", "1/0 kg", "1e3 g", "2-3 unidades", "1,500 kg", "500 g de arroz", "1/2/3 kg",
    "1..5 kg", "½½ kg", "kg 2", "3 brazadas", "NaN", "inf kg", "x" * 10_000, "9" * 50 + " kg",
    "1" + " " * 99,
    "1 kg 2 kg", "y medio", "2 x kg", "999999999 x 999999999 x 999999999 x 999999999 kg",
]  # fmt: skip


@pytest.mark.parametrize(("text", "amount", "unit"), READ)
def test_a_quantity_is_read_as_it_is_written(text: str, amount: str, unit: Unit):
    assert parse(text) == Quantity(Decimal(amount), unit)
    assert parse(f"  {text.upper()} ") == parse(text)


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_not_clearly_a_quantity_is_not_guessed(text: str):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "amount"), [("1/2", "0.5"), ("1,5", "1.5"), ("½", "0.5"), ("2 1/4", "2.25"), ("dos", "2"), ("007", "7")]
)
def test_a_number_is_read_in_every_spelling(text: str, amount: str):
    assert number(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["1,500", "2 kg", "-1", "", "1/0", "uno dos"])
def test_what_could_be_two_numbers_or_none_is_not_guessed(text: str):
    assert number(text) is None


@given(some.text(max_size=80))
def test_no_text_breaks_the_reader(text: str):
    found = parse(text)
    assert found is None or found.amount >= 0


@given(some.integers(1, 10**9), some.sampled_from(list(Unit)), some.sampled_from(list(Language)))
def test_what_is_said_is_read_again(thousandths: int, unit: Unit, language: Language):
    quantity = Quantity((thousandths / Decimal(1000)).normalize() + 0, unit)
    assert parse(said(quantity, language)) == quantity


def test_one_of_a_unit_is_said_in_the_singular():
    assert said(Quantity(Decimal(1), Unit.PORTION), Language.ES) == "1 porción"
    assert said(Quantity(Decimal("0.5"), Unit.KG), Language.EN) == "0.5 kilograms"
    assert (told(Quantity(Decimal(2), Unit.L)).es, told(Quantity(Decimal(2), Unit.L)).en) == ("2 litros", "2 liters")
