"""Units: how many of one are so many of another, by definition or through what is known of a food.

Amounts are in thousandths of their unit, rounded half to even. What nobody knows is refused, never guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache

from zwai.errors import CannotConvert, Told
from zwai.knowledge.catalogue import Food
from zwai.knowledge.facts import Density, Weight
from zwai.knowledge.tables import rows_of
from zwai.knowledge.words import render_unit
from zwai.records.people import Language
from zwai.records.stock import Quantity, Unit

STEP = Decimal("0.001")
DEFINITION = "by definition"
# What the measures of the table of weights hold: it is from the USA, whose cup is smaller than ours. The largest
# first: the weight of a small one is rounded more.
_TABLE_ML = {Unit.CUP: Decimal("236.588"), Unit.TBSP: Decimal("14.7868"), Unit.TSP: Decimal("4.92892")}


class Measure(StrEnum):
    """What a unit measures: grams, millilitres, pieces."""

    MASS = "mass"
    VOLUME = "volume"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Size:
    measure: Measure
    of_one: Decimal


@dataclass(frozen=True, slots=True)
class Converted:
    """A quantity in the unit asked for. `assumed`: a weight or density on the way is judged, or a relative's."""

    quantity: Quantity
    assumed: bool
    source: str


@cache
def sizes() -> Mapping[Unit, Size]:
    """The units that measure by themselves. How large another is (a bunch, a can, a portion) its food says."""
    return {Unit(row["unit"]): Size(Measure(row["measure"]), Decimal(row["size"])) for row in rows_of("units.csv")}


def convert(quantity: Quantity, unit: Unit, food: Food | None, label: str) -> Converted:
    """The same quantity of a food in another unit; `label` is what the person calls it.

    Raises CannotConvert when neither a definition nor a fact of the food says how, and for less than a thousandth.
    """
    if quantity.unit is unit:
        return Converted(quantity, assumed=False, source=DEFINITION)
    if (factor := by_definition(quantity.unit, unit)) is not None:
        exact, assumed, source = quantity.amount * factor, False, DEFINITION
    elif (had := weight_of(food, quantity.unit)) and (asked := weight_of(food, unit)):
        exact, assumed = quantity.amount * had.grams / asked.grams, had.assumed or asked.assumed
        source = "; ".join(dict.fromkeys(one.source for one in (had, asked) if one.source != DEFINITION))
    else:
        raise _refusal(quantity.unit, unit, label)
    amount = round_off(exact)
    if exact and not amount:
        raise _refusal(quantity.unit, unit, label)
    return Converted(Quantity(amount, unit), assumed, source)


def by_definition(unit: Unit, other: Unit) -> Decimal | None:
    """How many of `other` one of `unit` is, of whatever food; None when that depends on the food."""
    size, asked = sizes().get(unit), sizes().get(other)
    if size is None or asked is None or size.measure is not asked.measure:
        return None
    return size.of_one / asked.of_one


def is_exact(quantity: Quantity, unit: Unit) -> bool:
    """Whether a quantity is, by definition, a whole number of thousandths of another unit."""
    size, asked = sizes().get(quantity.unit), sizes().get(unit)
    if size is None or asked is None or size.measure is not asked.measure:
        return False
    return quantity.amount * size.of_one % (asked.of_one * STEP) == 0


def weights(food: Food) -> tuple[Weight, ...]:
    """What is known to weigh how much, a unit once; cups and spoons are ours, not the table's smaller ones."""
    known = (weight_of(food, weight.unit) for weight in food.weights)
    return tuple(replace(one, grams=round_off(one.grams)) for one in known if one)


def weight_of(food: Food | None, unit: Unit) -> Weight | None:
    """What one of a unit of a food weighs, None when nobody knows."""
    size = sizes().get(unit)
    if size and size.measure is Measure.MASS:
        return Weight(unit, size.of_one, DEFINITION, assumed=False)
    if food is None:
        return None
    if size and size.measure is Measure.VOLUME:
        if (density := poured(food)) is None:
            return None
        return Weight(unit, density.g_per_ml * size.of_one, density.source, density.assumed)
    if (whole := _weights(food).get(Unit.PIECE if size else unit)) is None:
        return None
    return Weight(unit, whole.grams * (size.of_one if size else 1), whole.source, whole.assumed)


def poured(food: Food) -> Density | None:
    """What a millilitre of a food weighs, with the air between its pieces: one number, or cups and spoons would differ.

    Its density, else what a cup or spoon of it weighs in the table; a source before a judgement.
    """
    density, by_unit = food.density, _weights(food)
    if density and not density.assumed:
        return density
    filled = [(by_unit[unit], ml) for unit, ml in _TABLE_ML.items() if unit in by_unit]
    measured = [Density(one.grams / ml, one.source, one.assumed) for one, ml in filled]
    known = [*([density] if density else []), *measured]
    return min(known, key=lambda one: one.assumed, default=None)


def round_off(amount: Decimal) -> Decimal:
    """In thousandths, without the zeros at the end."""
    return amount.quantize(STEP).normalize() + Decimal(0)


def _weights(food: Food) -> Mapping[Unit, Weight]:
    return {weight.unit: weight for weight in food.weights}


def _refusal(unit: Unit, other: Unit, label: str) -> CannotConvert:
    source, target = (Told(render_unit(one, Language.ES), render_unit(one, Language.EN)) for one in (unit, other))
    return CannotConvert({"source": source, "target": target, "name": label})
