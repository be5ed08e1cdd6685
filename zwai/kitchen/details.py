"""What is known of one food in stock: its stacks, and what the knowledge says of it. No AI, and nothing invented."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from storage import batches
from storage.db import Read
from zwai.errors import UnknownFood, UnknownStack
from zwai.kitchen.inventory import Shelf, food_of, stack_ref
from zwai.knowledge import catalogue
from zwai.knowledge.catalogue import Food, ShelfLife
from zwai.knowledge.facts import Nutrition, Range
from zwai.knowledge.names import label_key
from zwai.knowledge.units import weight_of
from zwai.records.people import Member
from zwai.records.stock import Batch, Kind, Place, Quantity, Unit

HUNDRED_GRAMS = Decimal(100)
# Regulation (EC) 1924/2006, annex: what a food must have before it may be called a source of something, or high in it.
SOURCE_OF_FIBRE_G, HIGH_FIBRE_G = Decimal(3), Decimal(6)
SOURCE_OF_PROTEIN, HIGH_PROTEIN = Decimal("0.12"), Decimal("0.20")  # of the energy
KCAL_A_GRAM_OF_PROTEIN = 4


@dataclass(frozen=True, slots=True)
class Claims:
    """What may be said of a food by what is in 100 g of it; None where that says nothing."""

    fibre: str | None
    protein: str | None


@dataclass(frozen=True, slots=True)
class Calories:
    """Of one portion, whole; None when nobody gave them and no table can tell."""

    a_portion: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Spared:
    """What would have been lost had so much been wasted, as the ranges of the footprint."""

    kg_co2e: Range
    litres_water: Range
    source: str


async def shelf(tx: Read, member: Member, label: str, kind: Kind | None = None) -> Shelf:
    """Every stack under a name, or as the same food when no stack has the name. Raises UnknownFood."""
    found = await batches.held(tx, member.household, label_key(label), food_of(label, member.language))
    first = next((batch.kind for batch in sorted(found, key=lambda one: one.kind is Kind.DISH)), None)
    wanted = kind or first
    of_kind = tuple(batch for batch in found if batch.kind is wanted)
    if not of_kind:
        raise UnknownFood({"name": label})
    return Shelf(of_kind[0].kind, of_kind[0].label_key, of_kind)


async def stack(tx: Read, member: Member, label: str, added_at: datetime, kind: Kind | None = None) -> Batch:
    """The batch of a name and a moment. Raises UnknownStack."""
    ref = stack_ref(label, added_at, member.language)
    found = await batches.held(tx, member.household, ref.label_key, ref.food, ref.added_at)
    one = next((batch for batch in found if kind is None or batch.kind is kind), None)
    if one is None:
        raise UnknownStack({"name": label})
    return one


def food(batch: Batch) -> Food | None:
    return catalogue.load().food(batch.food)


def calories(batch: Batch) -> Calories:
    """What its owner said, else the table's energy of what a portion of it weighs."""
    if batch.dish is not None and batch.dish.calories is not None:
        return Calories(_whole(batch.dish.calories), "typed by a member")
    known = food(batch)
    weight = next((one for one in known.weights if one.unit is Unit.PORTION), None) if known else None
    if known is None or weight is None or (nutrition := known.nutrition) is None:
        return Calories(None, None)
    kcal = nutrition.kcal * weight.grams / HUNDRED_GRAMS
    return Calories(_whole(kcal), f"{nutrition.source}; {weight.source}")


def spared(batch: Batch, quantity: Quantity) -> Spared | None:
    """By eating so much of a batch, or lost by wasting it; None unless its weight and its footprint are known."""
    known = food(batch)
    weight = weight_of(known, quantity.unit)
    footprint = known.footprint if known else None
    if weight is None or footprint is None or footprint.water is None:
        return None
    kilograms = quantity.amount * weight.grams / 1000
    return Spared(_times(footprint.ghg, kilograms), _times(footprint.water, kilograms), footprint.source)


def _times(one: Range, kilograms: Decimal) -> Range:
    return Range(*(round(value * kilograms, 3) for value in (one.low, one.mid, one.high)))


def claims(nutrition: Nutrition) -> Claims:
    """ "source" or "high", of fibre and protein, by the European rule for claims on labels."""
    fibre = nutrition.fibre_g or Decimal(0)
    of_energy = nutrition.protein_g * KCAL_A_GRAM_OF_PROTEIN / nutrition.kcal if nutrition.kcal else Decimal(0)
    return Claims(_claim(fibre, SOURCE_OF_FIBRE_G, HIGH_FIBRE_G), _claim(of_energy, SOURCE_OF_PROTEIN, HIGH_PROTEIN))


def frozen_life(known: Food | None) -> ShelfLife | None:
    """The row that says how long it keeps in the freezer."""
    lives = known.shelf_lives if known else ()
    return min((life for life in lives if life.place is Place.FREEZER), key=lambda life: life.min_days, default=None)


def whole_portions(amount: Decimal) -> int:
    """Portions for a client that takes whole ones only: the nearest, and never none while some is left."""
    return max(1, _whole(amount))


def _claim(value: Decimal, source: Decimal, high: Decimal) -> str | None:
    return "high" if value >= high else "source" if value >= source else None


def _whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
