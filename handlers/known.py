"""What the knowledge says of a food, in the shapes that the mobile client reads; None where it says nothing."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from zwai.kitchen import details
from zwai.kitchen.allergens import Allergy, uses
from zwai.kitchen.expiry import days_left
from zwai.knowledge import catalogue
from zwai.knowledge.advice import DISH, Topic, advice_on, ideas_for
from zwai.knowledge.allergens import LONGEST, judge, name_of
from zwai.knowledge.catalogue import Food
from zwai.knowledge.facts import Footprint, Nutrition, Range
from zwai.knowledge.references import said
from zwai.knowledge.words import render_day
from zwai.records.people import Language
from zwai.records.stock import Batch, FoodId, Kind, LabelKind, Place, Unit

RULES = "rules"
PLACES = {
    Place.FRIDGE: ("En el refrigerador", "In the fridge"),
    Place.FREEZER: ("En el congelador", "In the freezer"),
    Place.PANTRY: ("En la despensa", "In the pantry"),
}
CLAIMS = {
    ("fibre", "source"): ("fuente de fibra", "a source of fibre"),
    ("fibre", "high"): ("alto contenido de fibra", "high in fibre"),
    ("protein", "source"): ("fuente de proteínas", "a source of protein"),
    ("protein", "high"): ("alto contenido de proteínas", "high in protein"),
}


@lru_cache(maxsize=4096)
def enrichment(
    food_id: FoodId | None, kind: Kind, language: Language, allergies: tuple[Allergy, ...]
) -> dict[str, Any]:
    """What lists show of a food beside its stacks. Shared by all who ask: not to be changed."""
    food = catalogue.load().food(food_id)
    fit = fitting(ideas(food, kind, language), allergies, language)
    return {"environmental_impact": impact(food, language), "utilization_ideas": fit}


def fitting(ideas: list[dict[str, str]], allergies: Sequence[Allergy], language: Language) -> list[dict[str, str]]:
    """Those ideas that use nothing that the reader is allergic to."""
    return [idea for idea in ideas if not uses(f"{idea['title']}. {idea['description']}", allergies, language)]


def enriched(told: dict[str, Any]) -> list[str]:
    """The names of those members that say something."""
    return [name for name, value in told.items() if value]


def impact(food: Food | None, language: Language) -> dict[str, Any] | None:
    """The footprint as the client shows it, which takes both or none; the middle of the range, and the range beside."""
    footprint = food.footprint if food else None
    if food is None or footprint is None or footprint.water is None:
        return None
    unit = per(food)
    carbon, water = footprint.ghg, footprint.water
    es = f"Si se desperdicia 1 {unit} se pierden unos {carbon.mid:f} kg de CO2e y {water.mid:f} litros de agua."
    en = f"Wasting 1 {unit} loses about {carbon.mid:f} kg of CO2e and {water.mid:f} litres of water."
    return {
        "carbon_footprint": _measure(carbon, f"kg CO2e/{unit}", "CO2e", language),
        "water_footprint": _measure(water, f"l/{unit}", _say(language, "agua", "water"), language),
        "sustainability_message": _say(language, es, en),
        "source": footprint.source,
        "assumed": footprint.assumed,
    }


def footprint(food: Food | None) -> dict[str, Any] | None:
    """The ranges as they are, also where only one is known."""
    found: Footprint | None = food.footprint if food else None
    if food is None or found is None:
        return None
    unit = per(food)
    return {
        "carbon": {**_ends(found.ghg), "unit": f"kg CO2e/{unit}"},
        "water": {**_ends(found.water), "unit": f"l/{unit}"} if found.water else None,
        "source": found.source,
        "assumed": found.assumed,
    }


def ideas(food: Food | None, kind: Kind, language: Language) -> list[dict[str, str]]:
    """Ways to use all of it, by rules of ours."""
    found = ideas_for(_category(food, kind), language)
    return [{"title": one.title, "description": one.description, "type": one.type, "source": RULES} for one in found]


def advice(batch: Batch, today: date, language: Language) -> dict[str, Any]:
    """When to eat it, how to prepare it, and what is good in it."""
    food = details.food(batch)
    nutrition = food.nutrition if food else None
    return {
        "optimal_consumption": _when(batch, today, language),
        "preparation_tips": advice_on(Topic.PREPARATION, _category(food, batch.kind), batch.place, language),
        "nutritional_benefits": _benefits(nutrition, language) if nutrition else None,
        "source": RULES,
    }


def check_first(batch: Batch, language: Language) -> dict[str, Any]:
    """What to look at before eating, under the names of the document and under those that the client reads."""
    category = _category(details.food(batch), batch.kind)
    quality = advice_on(Topic.QUALITY, category, batch.place, language)
    safety = advice_on(Topic.SAFETY, category, batch.place, language)
    return {
        "quality_check": quality,
        "safety_tips": safety,
        "optimal_consumption": quality,
        "preparation_tips": safety,
        "source": RULES,
    }


def nutrition(food: Food | None) -> dict[str, Any] | None:
    """Per 100 g, with its source."""
    found = food.nutrition if food else None
    if found is None:
        return None
    return {
        "per": "100 g",
        "kcal": found.kcal,
        "protein_g": found.protein_g,
        "fat_g": found.fat_g,
        "carbohydrate_g": found.carbohydrate_g,
        "sugar_g": found.sugar_g,
        "fibre_g": found.fibre_g,
        "sodium_mg": found.sodium_mg,
        "source": found.source,
        "assumed": found.assumed,
    }


def analysis(food: Food | None, considerations: str, language: Language) -> dict[str, Any] | None:
    """The nutrition of a dish in the client's words."""
    found = food.nutrition if food else None
    if found is None:
        return None
    of = _say(language, "g por 100 g", "g per 100 g")
    known = ((found.fibre_g, "fibra", "fibre", "g"), (found.sodium_mg, "sodio", "sodium", "mg"))
    return {
        "macronutrients": {
            "carbohydrates": f"{found.carbohydrate_g:f} {of}",
            "proteins": f"{found.protein_g:f} {of}",
            "fats": f"{found.fat_g:f} {of}",
        },
        "vitamins_minerals": [
            f"{_say(language, es, en)}: {amount:f} {unit} {_say(language, 'por', 'per')} 100 g"
            for amount, es, en, unit in known
            if amount
        ],
        "health_benefits": _claims(found, language),
        "dietary_considerations": considerations,
        "source": found.source,
        "assumed": found.assumed,
    }


def considerations(batch: Batch, language: Language) -> str:
    """The allergens that the words for a dish and its main ingredients speak of; never that it is free of any."""
    judged = judge(", ".join([batch.label, *(batch.dish.main_ingredients if batch.dish else ())])[:LONGEST], language)
    names = [name_of(one, language) for one in (*judged.contains, *judged.may_contain)]
    if not names:
        es = "No sabemos de alérgenos en este plato: revisa sus ingredientes."
        return _say(language, es, "We know of no allergens in this dish: check its ingredients.")
    es = f"Contiene o puede contener: {', '.join(names)}. Revisa los demás ingredientes."
    return _say(language, es, f"Contains or may contain: {', '.join(names)}. Check the other ingredients.")


def storage_advice(batch: Batch, language: Language) -> dict[str, Any]:
    """How to keep and reheat it, by rules of ours, and how long it keeps frozen where a table says so."""
    food = details.food(batch)
    category = _category(food, batch.kind)
    extension = advice_on(Topic.EXTENSION, category, batch.place, language)
    if batch.place is not Place.FREEZER and (life := details.frozen_life(food)):
        days = f"{life.min_days}-{life.max_days}" if life.min_days != life.max_days else str(life.min_days)
        extension += _say(
            language,
            f" En el congelador dura {days} días ({said(life.reference, language)}).",
            f" In the freezer it keeps {days} days ({life.reference}).",
        )
    return {
        "optimal_temperature": _temperature(batch.place, language),
        "reheating_tips": advice_on(Topic.REHEATING, category, batch.place, language),
        "shelf_life_extension": extension,
        "quality_indicators": advice_on(Topic.QUALITY, category, batch.place, language),
        "source": RULES,
    }


def _temperature(place: Place, language: Language) -> str:
    where = PLACES[place][language is Language.EN]
    return f"{where}: {advice_on(Topic.TEMPERATURE, '', place, language)}"


def _when(batch: Batch, today: date, language: Language) -> str:
    left, day = days_left(batch.expiry.day, today), render_day(batch.expiry.day, today, language)
    if left < 0 and batch.label_kind is LabelKind.USE_BY:
        return _say(language, f"Caducó el {day}: ya no se debe comer.", f"Its use-by date was {day}: do not eat it.")
    if left < 0:
        es = f"Su fecha pasó el {day}: revisar bien antes de comer."
        return _say(language, es, f"Its date was {day}: check it well before you eat it.")
    if left == 0:
        return _say(language, "Para comer hoy.", "Eat it today.")
    es_days, en_days = ("queda 1 día", "1 day left") if left == 1 else (f"quedan {left} días", f"{left} days left")
    return _say(language, f"Para comer hasta el {day}: {es_days}.", f"Eat it by {day}: {en_days}.")


def _benefits(found: Nutrition, language: Language) -> str:
    protein, carbohydrate, fat = found.protein_g, found.carbohydrate_g, found.fat_g
    es = (
        f"100 g tienen {found.kcal:f} kcal, {protein:f} g de proteínas, {carbohydrate:f} g de carbohidratos y {fat:f} g"
    )
    en = f"100 g have {found.kcal:f} kcal, {protein:f} g of protein, {carbohydrate:f} g of carbohydrate and {fat:f} g"
    text = _say(language, f"{es} de grasas", f"{en} of fat")
    claims = _claims(found, language)
    return f"{text} ({found.source})." + (f" {claims}" if claims else "")


def _claims(found: Nutrition, language: Language) -> str:
    claims = details.claims(found)
    words = [
        CLAIMS[what, claim][language is Language.EN]
        for what, claim in (("protein", claims.protein), ("fibre", claims.fibre))
        if claim
    ]
    if not words:
        return ""
    text = _say(language, " y ", " and ").join(words)
    return f"{text[0].upper()}{text[1:]} ({_say(language, 'Reglamento CE', 'Regulation EC')} 1924/2006)."


def _measure(found: Range, unit: str, what: str, language: Language) -> dict[str, Any]:
    between = _say(language, f"de {found.low:f} a {found.high:f}", f"{found.low:f} to {found.high:f}")
    return {"value": found.mid, "unit": unit, "description": f"{what}, {between}", "low": found.low, "high": found.high}


def _ends(found: Range) -> dict[str, Decimal]:
    return {"low": found.low, "mid": found.mid, "high": found.high}


def per(food: Food | None) -> str:
    """What a footprint is of: a kilogram, or a litre of what is drunk or poured."""
    return "l" if food and food.unit in (Unit.ML, Unit.L) else "kg"


def _category(food: Food | None, kind: Kind) -> str:
    return DISH if kind is Kind.DISH else food.category if food else ""


def _say(language: Language, es: str, en: str) -> str:
    return en if language is Language.EN else es
