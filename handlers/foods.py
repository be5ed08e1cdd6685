"""The catalogue: what a text may mean, and what is known of each food, every number with its source."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Label
from handlers.schemas import RequestSchema
from handlers.stock_answers import RangeSchema
from zwai.errors import NotInCatalogue
from zwai.knowledge import catalogue, names, units
from zwai.knowledge.catalogue import Food, ShelfLife, ShelfState
from zwai.knowledge.facts import Footprint
from zwai.knowledge.references import said
from zwai.records.people import Language

MOST_FOUND = 50
# The same for all households until the next release; the language is that of a profile, which may change.
KEPT = {"Cache-Control": "private, max-age=600", "Vary": "Authorization, Accept-Language"}
# What a judged row speaks of is food as it is bought; that it is judged is said by `assumed`.
SINCE = [state for state in ShelfState if state is not ShelfState.JUDGED]


@dataclass(frozen=True, slots=True)
class Search:
    q: str
    limit: int = 10


class SearchSchema(RequestSchema):
    record = Search
    q = Label(required=True, metadata={"type": "string", "description": "a name as anybody would type it"})
    limit = fields.Integer(validate=validate.Range(min=1, max=MOST_FOUND))


class SourcedSchema(Schema):
    """A number says where it is from; `assumed`: judged by us, or of a near relative."""

    source = fields.String(required=True)
    assumed = fields.Boolean(required=True)


class ShelfLifeSchema(SourcedSchema):
    """How long it keeps in a place; `state` says since when: as it is bought, put there, opened, thawed, cooked, cut.

    `purchase` counts from the purchase and `stored` from the day that it came to this place.
    """

    place = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(SINCE))
    min_days = fields.Integer(required=True)
    max_days = fields.Integer(required=True)


class FootprintSchema(SourcedSchema, RangeSchema):
    """Greenhouse gases; `water` is fresh water withdrawn."""

    water = fields.Nested(RangeSchema, required=True, allow_none=True)


class WeightSchema(SourcedSchema):
    """What one of a unit weighs."""

    unit = fields.String(required=True)
    grams = fields.Float(required=True)


class DensitySchema(SourcedSchema):
    g_per_ml = fields.Float(required=True)


class NutritionSchema(SourcedSchema):
    """Of 100 g; null where the source has no value."""

    kcal = fields.Float(required=True)
    protein_g = fields.Float(required=True)
    fat_g = fields.Float(required=True)
    carbohydrate_g = fields.Float(required=True)
    sugar_g = fields.Float(required=True, allow_none=True)
    fibre_g = fields.Float(required=True, allow_none=True)
    sodium_mg = fields.Float(required=True, allow_none=True)


class FoodSchema(Schema):
    """A catalogue entry; its id is for ever."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    name_es = fields.String(required=True)
    synonyms = fields.List(fields.String(), required=True)
    kind = fields.String(required=True)
    category = fields.String(required=True)
    place = fields.String(required=True)
    unit = fields.String(required=True)
    allergens = fields.List(fields.String(), required=True)
    may_contain = fields.List(fields.String(), required=True)
    shelf_life = fields.List(fields.Nested(ShelfLifeSchema), required=True)
    weights = fields.List(fields.Nested(WeightSchema), required=True)
    density = fields.Nested(DensitySchema, required=True, allow_none=True)
    nutrition = fields.Nested(NutritionSchema, required=True, allow_none=True)
    footprint = fields.Nested(FootprintSchema, required=True, allow_none=True)


class FoundSchema(FoodSchema):
    """Below a score of 0.7 a food is only offered: the text is taken for none."""

    score = fields.Float(required=True)
    rule = fields.String(required=True)


class FoodsSchema(Schema):
    foods = fields.List(fields.Nested(FoundSchema), required=True)


async def search(call: Call[None, Search]) -> Answer:
    found = names.search(call.query.q, call.language, call.query.limit)
    told = [{**_food(call, one.food), "score": one.score, "rule": one.rule} for one in found]
    return call.answer({"foods": told}, headers=KEPT)


async def show(call: Call[None]) -> Answer:
    food = catalogue.load().food(call.path["food_id"])
    if food is None:
        raise NotInCatalogue
    return call.answer(_food(call, food), headers=KEPT)


def _food(call: Call[Any, Any], food: Food) -> dict[str, Any]:
    return {
        "id": food.id,
        "name": food.name(call.language),
        "name_en": food.name_en,
        "name_es": food.name_es,
        "synonyms": [name for name in (food.name_es_pe, *food.synonyms_es, *food.synonyms_en) if name],
        "kind": food.kind,
        "category": food.category,
        "place": food.place,
        "unit": food.unit,
        "allergens": food.allergens,
        "may_contain": food.may_contain,
        "shelf_life": [_life(life, call.language) for life in _counted(food)],
        "weights": units.weights(food),
        "density": food.density,
        "nutrition": food.nutrition,
        "footprint": _footprint(food.footprint),
    }


def _counted(food: Food) -> list[ShelfLife]:
    """The rows that dates are counted by: where a place has a judged one, no table's counts for what is as bought."""
    lives = catalogue.load().lives(food)
    judged = {life.place for life in lives if life.state is ShelfState.JUDGED}
    return [
        life for life in lives
        if life.place not in judged or life.state not in (ShelfState.PURCHASE, ShelfState.STORED)
    ]  # fmt: skip


def _life(life: ShelfLife, language: Language) -> dict[str, Any]:
    return {
        "place": life.place,
        "state": ShelfState.PURCHASE if life.state is ShelfState.JUDGED else life.state,
        "min_days": life.min_days,
        "max_days": life.max_days,
        "source": said(life.reference, language),
        "assumed": life.assumed,
    }


def _footprint(footprint: Footprint | None) -> dict[str, Any] | None:
    if footprint is None:
        return None
    ghg, water = footprint.ghg, footprint.water
    return {
        "low": ghg.low,
        "mid": ghg.mid,
        "high": ghg.high,
        "unit": "kg CO2e/kg",
        "water": {"low": water.low, "mid": water.mid, "high": water.high, "unit": "l/kg"} if water else None,
        "source": footprint.source,
        "assumed": footprint.assumed,
    }
