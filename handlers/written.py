"""What an AI wrote of a food, put beside what the knowledge says of it: added and named, never in its place.

Our own rules speak first wherever safety is at stake, and a number with a source is never replaced. A model's figures
stand only where no table has any, and the words beside them say what they are.
"""

from decimal import Decimal
from typing import Any

from zwai.knowledge.advice import type_in_words
from zwai.records.people import Language
from zwai.records.photos import Engine
from zwai.records.writings import Estimate, Written

Told = dict[str, Any]


def engine_of(written: Written) -> str:
    """Who told: the AI too, as soon as any part of it is there."""
    parts = (written.ideas, written.advice, written.keeping, written.impact, written.nutrients)
    return Engine.GEMINI if any(parts) else Engine.LOCAL


def ideas(told: list[dict[str, str]], written: Written, language: Language) -> list[dict[str, str]]:
    """Those for the very food first, then those for any of its category."""
    own = [
        {
            "title": one.title,
            "description": one.description,
            "type": type_in_words(one.type, language),
            "source": written.model,
        }
        for one in written.ideas
    ]
    return [*own, *told]


def advice(told: Told, written: Written, *, past: bool) -> Told:
    """`past`: its date has passed, so that nothing may soften what the rules say of that."""
    found = written.advice
    if found is None or past:
        return told
    texts = {"optimal_consumption": found.optimal_consumption, "preparation_tips": found.preparation_tips}
    return _with_words(told, texts, written.model)


def check_first(told: Told, written: Written, *, past: bool) -> Told:
    """As above; the same words under both names that readers know them by."""
    text = written.advice.quality_check if written.advice and not past else ""
    return _with_words(told, {"quality_check": text, "optimal_consumption": text}, written.model)


def keeping(told: Told, written: Written, *, past: bool) -> Told:
    """As above."""
    found = written.keeping
    if found is None or past:
        return told
    texts = {
        "reheating_tips": found.reheating_tips,
        "shelf_life_extension": found.shelf_life_extension,
        "quality_indicators": found.quality_indicators,
    }
    return _with_words(told, texts, written.model)


def impact(told: Told | None, written: Written, per: str, language: Language) -> Told | None:
    """The footprint that studies tell, else the model's estimate, which says that it is one."""
    if told is not None or written.impact is None:
        return told
    return _estimated(written.impact, written.model, per, language)


def analysis(told: Told | None, written: Written, considerations: str, language: Language) -> Told | None:
    """What the table has in 100 g, else the model's estimate; of health it says nothing, since only figures may."""
    found = written.nutrients
    if told is not None or found is None:
        return told
    of = _say(language, "g por 100 g, estimado por IA", "g per 100 g, estimated by AI")
    return {
        "macronutrients": {
            "carbohydrates": f"{found.carbohydrate_g:f} {of}",
            "proteins": f"{found.protein_g:f} {of}",
            "fats": f"{found.fat_g:f} {of}",
        },
        "vitamins_minerals": list(found.vitamins_minerals),
        "health_benefits": "",
        "dietary_considerations": considerations,
        "source": _source(written.model, language),
        "assumed": True,
    }


def _with_words(told: Told, texts: dict[str, str], model: str) -> Told:
    said = {name: f"{told[name]} {text}" for name, text in texts.items() if text}
    return {**told, **said, "source": f"{told['source']}, {model}"} if said else told


def _estimated(found: Estimate, model: str, per: str, language: Language) -> Told:
    water = _say(language, "agua", "water")
    es = f"Sin estudio de este alimento: una IA estima de {_ends(found.carbon, 'a')} kg de CO2e y de "
    es += f"{_ends(found.water, 'a')} litros de agua por {per}."
    en = f"No study of this food: an AI estimates {_ends(found.carbon, 'to')} kg of CO2e and "
    en += f"{_ends(found.water, 'to')} litres of water for 1 {per}."
    return {
        "carbon_footprint": _measure(found.carbon, f"kg CO2e/{per}", "CO2e", language),
        "water_footprint": _measure(found.water, f"l/{per}", water, language),
        "sustainability_message": _say(language, es, en),
        "source": _source(model, language),
        "assumed": True,
    }


def _measure(found: tuple[Decimal, Decimal], unit: str, what: str, language: Language) -> Told:
    low, high = found
    told = _say(language, f"{what}, estimado por IA: de", f"{what}, estimated by AI:")
    return {
        "value": (low + high) / 2,
        "unit": unit,
        "description": f"{told} {_ends(found, _say(language, 'a', 'to'))}",
        "low": low,
        "high": high,
    }


def _ends(found: tuple[Decimal, Decimal], to: str) -> str:
    low, high = found
    return f"{low:f} {to} {high:f}"


def _source(model: str, language: Language) -> str:
    return _say(language, f"estimación de {model}, sin fuente", f"an estimate of {model}, without a source")


def _say(language: Language, es: str, en: str) -> str:
    return en if language is Language.EN else es
