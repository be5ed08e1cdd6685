"""What a provider is asked about a food of the catalogue, and what may come of its answer.

It is told the names that the catalogue has and its category, nothing of a household: what it writes is for everybody.
What it says of days, degrees and dangers isn't asked for, and a figure among its words drops them.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ai.answers import name_of, number_of, objects_of, words_of
from ai.questions import worded
from zwai.knowledge.catalogue import Food
from zwai.records.ai import Purpose, Question
from zwai.records.people import Language
from zwai.records.stock import Kind, Unit
from zwai.records.writings import (
    Estimate,
    IdeaType,
    Written,
    WrittenAdvice,
    WrittenIdea,
    WrittenKeeping,
    WrittenNutrients,
)

MOST_IDEAS = 4
MOST_VITAMINS = 6
LONGEST_TITLE = 60
# Beyond what any study tells of any food: kg of CO2e, litres of water.
MOST_CARBON, MOST_WATER = Decimal(150), Decimal(50_000)
WIDEST = 100  # times the least: a wider range tells nothing
HUNDRED = Decimal(100)

_TEXT = {"type": "string"}


def _number(most: Decimal) -> dict[str, Any]:
    return {"type": "number", "minimum": 0, "maximum": int(most)}


def _object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


_IDEA = _object(title=_TEXT, description=_TEXT, type={"type": "string", "enum": [kind.value for kind in IdeaType]})
_IDEAS = _object(ideas={"type": "array", "maxItems": MOST_IDEAS, "items": _IDEA})
SCHEMAS: Mapping[Purpose, dict[str, Any]] = {
    Purpose.IDEAS: _IDEAS,
    Purpose.DISH_IDEAS: _IDEAS,
    Purpose.ADVICE: _object(
        advice=_object(optimal_consumption=_TEXT, preparation_tips=_TEXT, quality_check=_TEXT),
    ),
    Purpose.KEEPING: _object(
        keeping=_object(reheating_tips=_TEXT, shelf_life_extension=_TEXT, quality_indicators=_TEXT),
    ),
    Purpose.IMPACT: _object(
        impact=_object(
            carbon_low=_number(MOST_CARBON),
            carbon_high=_number(MOST_CARBON),
            water_low=_number(MOST_WATER),
            water_high=_number(MOST_WATER),
        ),
    ),
    Purpose.NUTRIENTS: _object(
        nutrients=_object(
            carbohydrate_g=_number(HUNDRED),
            protein_g=_number(HUNDRED),
            fat_g=_number(HUNDRED),
            vitamins_minerals={"type": "array", "maxItems": MOST_VITAMINS, "items": _TEXT},
        ),
    ),
}


def wanted(food: Food, kind: Kind) -> tuple[Purpose, ...]:
    """What is worth asking of a food: words always, figures only where no table has them."""
    dish = kind is Kind.DISH
    parts = [Purpose.DISH_IDEAS, Purpose.KEEPING] if dish else [Purpose.IDEAS, Purpose.ADVICE]
    if food.footprint is None or food.footprint.water is None:
        parts.append(Purpose.IMPACT)
    if dish and food.nutrition is None:
        parts.append(Purpose.NUTRIENTS)
    return tuple(parts)


def question(purpose: Purpose, food: Food, language: Language) -> Question:
    """One part of what may be written of a food."""
    told = {
        "food": {"es": food.name(Language.ES), "en": food.name(Language.EN)},
        "category": food.category,
        "per": "l" if food.unit in (Unit.ML, Unit.L) else "kg",
    }
    return worded(purpose, language, told, SCHEMAS[purpose])


def with_answer(written: Written, purpose: Purpose, document: Mapping[str, Any]) -> Written:
    """What there is of a food, and what an answer adds to it; whatever the answer is."""
    if purpose in (Purpose.IDEAS, Purpose.DISH_IDEAS):
        return replace(written, ideas=_ideas(document.get("ideas")))
    said = document.get(purpose)
    if not isinstance(said, dict):
        return written
    match purpose:
        case Purpose.ADVICE:
            return replace(written, advice=_advice(said))
        case Purpose.KEEPING:
            return replace(written, keeping=_keeping(said))
        case Purpose.IMPACT:
            return replace(written, impact=_estimate(said))
        case Purpose.NUTRIENTS:
            return replace(written, nutrients=_nutrients(said))
    return written


def _ideas(said: Any) -> tuple[WrittenIdea, ...]:
    found: dict[str, WrittenIdea] = {}
    for one in objects_of(said, MOST_IDEAS):
        title, description = words_of(one.get("title"), LONGEST_TITLE), words_of(one.get("description"))
        if title and description and one.get("type") in list(IdeaType):
            found.setdefault(title.casefold(), WrittenIdea(title, description, IdeaType(one["type"])))
    return tuple(found.values())


def _advice(said: dict[str, Any]) -> WrittenAdvice | None:
    names = ("optimal_consumption", "preparation_tips", "quality_check")
    texts = [words_of(said.get(name)) for name in names]
    return WrittenAdvice(*texts) if any(texts) else None


def _keeping(said: dict[str, Any]) -> WrittenKeeping | None:
    names = ("reheating_tips", "shelf_life_extension", "quality_indicators")
    texts = [words_of(said.get(name)) for name in names]
    return WrittenKeeping(*texts) if any(texts) else None


def _estimate(said: dict[str, Any]) -> Estimate | None:
    carbon = _range(said.get("carbon_low"), said.get("carbon_high"), MOST_CARBON)
    water = _range(said.get("water_low"), said.get("water_high"), MOST_WATER)
    return Estimate(carbon, water) if carbon and water else None


def _range(low: Any, high: Any, most: Decimal) -> tuple[Decimal, Decimal] | None:
    """Two numbers that may be the ends of a range."""
    least, largest = _figure(low), _figure(high)
    if least is None or largest is None or not 0 < least <= largest <= most or largest > WIDEST * least:
        return None
    return least, largest


def _nutrients(said: dict[str, Any]) -> WrittenNutrients | None:
    carbohydrate, protein, fat = (_figure(said.get(name)) for name in ("carbohydrate_g", "protein_g", "fat_g"))
    if carbohydrate is None or protein is None or fat is None:
        return None
    if min(carbohydrate, protein, fat) < 0 or carbohydrate + protein + fat > HUNDRED:
        return None
    listed = said.get("vitamins_minerals")
    names = [name_of(one) for one in listed[:MOST_VITAMINS]] if isinstance(listed, list) else []
    return WrittenNutrients(carbohydrate, protein, fat, tuple(dict.fromkeys(filter(None, names))))


def _figure(said: Any) -> Decimal | None:
    """A guess: more than two figures would look like knowledge."""
    number = number_of(said)
    return None if number is None else Decimal(f"{number:.2g}") + 0
