"""What is known of a food beside its names and days: weights, density, nutrition, footprint. Read when first asked for.

Every number has its source row, or says that it is assumed and why: judged by us, or the row of a near relative.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from zwai.knowledge.tables import rows_of
from zwai.records.stock import FoodId, Unit

# How far apart two studies of one food are at most (tofu): what a mean without a range is spread by.
WIDEST = Decimal("3.1")


@dataclass(frozen=True, slots=True)
class Weight:
    """What one of a unit of a food weighs, as it is named: raw or cooked, mostly the part that is eaten."""

    unit: Unit
    grams: Decimal
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Density:
    """Of what is poured; of grains and powders with the air between them."""

    g_per_ml: Decimal
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Nutrition:
    """Per 100 g. None where the table has no value, which is not zero; carbohydrate includes fibre."""

    kcal: Decimal
    protein_g: Decimal
    fat_g: Decimal
    carbohydrate_g: Decimal
    sugar_g: Decimal | None
    fibre_g: Decimal | None
    sodium_mg: Decimal | None
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Range:
    low: Decimal
    mid: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Footprint:
    """Per kg, or per litre of a drink: kg CO2e, and litres of fresh water withdrawn."""

    ghg: Range
    water: Range | None
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Join:
    """The row of a source that speaks of a food: its own, or that of a relative."""

    key: str
    own: bool


def weights_of(food: FoodId, piece_grams: Decimal | None) -> tuple[Weight, ...]:
    """What is known to weigh how much, a unit once; our own judgement before the table but for pieces."""
    found = dict(_weights().get(food, {}))
    if piece_grams is not None and Unit.PIECE not in found:
        source = f"assumed: {piece_grams} g a piece, judged"
        found[Unit.PIECE] = Weight(Unit.PIECE, piece_grams, source, assumed=True)
    return tuple(found.values())


def density_of(food: FoodId, category: str) -> Density | None:
    by_food, by_category = _densities()
    return by_food.get(food) or by_category.get(category)


def nutrition_of(join: Join | None) -> Nutrition | None:
    row = _nutrition().get(join.key) if join else None
    if join is None or row is None:
        return None
    return Nutrition(
        kcal=Decimal(row["kcal"]),
        protein_g=Decimal(row["protein_g"]),
        fat_g=Decimal(row["fat_g"]),
        carbohydrate_g=Decimal(row["carbohydrate_g"]),
        sugar_g=_known(row["sugar_g"]),
        fibre_g=_known(row["fibre_g"]),
        sodium_mg=_known(row["sodium_mg"]),
        source=_source(join, f"USDA SR {join.key}", row["food"]),
        assumed=not join.own,
    )


def footprint_of(join: Join | None) -> Footprint | None:
    row = _footprints().get(join.key) if join else None
    if join is None or row is None:
        return None
    source, assumed = f"{row['source']}, {row['footprint'].removeprefix('clark:')}", not join.own
    if (ghg := _range(row, "ghg")) is None:
        mean = Decimal(row["ghg_mid"])
        ghg, assumed = Range(round(mean / WIDEST, 2), mean, round(mean * WIDEST, 2)), True
        source += f", a mean; its range assumed, {WIDEST} times less and more"
    return Footprint(ghg, _range(row, "water"), _source(join, source), assumed)


def _source(join: Join, row: str, name: str = "") -> str:
    if join.own:
        return row
    return f"assumed: as {row} ({name})" if name else f"assumed: as {row}"


def _known(cell: str) -> Decimal | None:
    return Decimal(cell) if cell else None


def _range(row: Mapping[str, str], metric: str) -> Range | None:
    ends = [row[f"{metric}_{end}"] for end in ("low", "mid", "high")]
    return Range(*map(Decimal, ends)) if all(ends) else None


@cache
def _weights() -> Mapping[FoodId, Mapping[Unit, Weight]]:
    found: dict[FoodId, dict[Unit, Weight]] = defaultdict(dict)
    for row in rows_of("judged_weights.csv"):
        unit, grams = Unit(row["unit"]), Decimal(row["grams"])
        source = f"assumed: {grams} g a {unit}; {row['why']}"
        found[FoodId(row["food"])][unit] = Weight(unit, grams, source, assumed=True)
    for row in rows_of("weights.csv"):
        join, unit = Join(row["usda_sr"], row["fit"] == "own"), Unit(row["unit"])
        source = _source(join, f"USDA SR {join.key}, {row['said']}")
        found[FoodId(row["food"])].setdefault(unit, Weight(unit, Decimal(row["grams"]), source, not join.own))
    return found


@cache
def _densities() -> tuple[Mapping[FoodId, Density], Mapping[str, Density]]:
    """Of foods, and of all other food of a category."""
    foods: dict[FoodId, Density] = {}
    categories: dict[str, Density] = {}
    for row in rows_of("judged_densities.csv"):
        density = Density(Decimal(row["g_per_ml"]), f"assumed: {row['g_per_ml']} g/ml; {row['why']}", assumed=True)
        if row["food"]:
            foods[FoodId(row["food"])] = density
        else:
            categories[row["category"]] = density
    for row in rows_of("densities.csv"):
        join = Join(row["usda_sr"], row["fit"] == "own")
        source = _source(join, f"USDA SR {join.key}, {row['said']}")
        foods.setdefault(FoodId(row["food"]), Density(Decimal(row["g_per_ml"]), source, not join.own))
    return foods, categories


@cache
def _nutrition() -> Mapping[str, Mapping[str, str]]:
    return {row["usda_sr"]: row for row in rows_of("nutrition.csv")}


@cache
def _footprints() -> Mapping[str, Mapping[str, str]]:
    return {row["footprint"]: row for row in rows_of("footprints.csv")}
