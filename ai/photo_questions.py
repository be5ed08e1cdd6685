"""What a provider is asked about a photo, and what may come of its answer: names, amounts and places, nothing else.

Whatever a photo or an answer says is data. The instructions say so, the schema has no room for more, and what comes
back is checked piece by piece: a name that cannot be one is dropped, an amount or a place that cannot be is left out.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from ai.answers import amount_of, name_of, number_of
from ai.questions import instructions
from zwai.knowledge.names import resolve
from zwai.records.ai import Purpose, Question
from zwai.records.people import Language
from zwai.records.photos import Aim, Box, Decision, LineRule, Sighting
from zwai.records.stock import Kind, Unit

VERSION = 1  # of the prompts: their files are named by it
DEADLINE_S = 45.0  # twice that, and a look of our own, are within the client's 180 s
MOST_ITEMS = 40
LARGEST_AMOUNT = 1000
BOX_SIDE = 1000  # Gemini's own convention

TEXT = {Language.ES: "¿Qué hay en la foto?", Language.EN: "What is in the photo?"}
LISTS = {Kind.INGREDIENT: "ingredients", Kind.DISH: "foods"}
KINDS = {
    Aim.INGREDIENTS: (Kind.INGREDIENT,),
    Aim.DISHES: (Kind.DISH,),
    Aim.BOTH: (Kind.INGREDIENT, Kind.DISH),
}
# What somebody can see or read of something in a kitchen; a dish is counted in portions only.
UNITS = {
    Kind.INGREDIENT: (
        Unit.PIECE, Unit.G, Unit.KG, Unit.ML, Unit.L, Unit.DOZEN, Unit.BAG, Unit.BOTTLE, Unit.BUNCH, Unit.CAN,
        Unit.CARTON, Unit.HEAD, Unit.JAR, Unit.PACK, Unit.SLICE, Unit.FILLET,
    ),
    Kind.DISH: (Unit.PORTION,),
}  # fmt: skip


def question(aim: Aim, language: Language, photo: bytes) -> Question:
    """What is in one photo (a JPEG), to be answered in `language`."""
    prompt = f"{aim}-{VERSION}-{language}"
    return Question(
        purpose=Purpose(aim),
        prompt=prompt,
        instructions=instructions(prompt),
        text=TEXT[language],
        schema=_schema(aim),
        deadline_s=DEADLINE_S,
        photos=(photo,),
    )


def sightings(document: dict[str, Any], aim: Aim, language: Language) -> list[Sighting]:
    """What an answer says, each to be confirmed: its confidence is the model's word for it.

    The guard lets no document pass without the lists that the schema requires.
    """
    return [one for kind in KINDS[aim] for one in _listed(document[LISTS[kind]][:MOST_ITEMS], kind, language)]


def _listed(listed: list[Any], kind: Kind, language: Language) -> Iterator[Sighting]:
    for item in listed:
        name = name_of(item.get("name")) if isinstance(item, dict) else None
        if name is None:
            continue
        match = resolve(name, language)
        amount, unit = _quantity(item.get("quantity"), item.get("unit"), kind)
        yield Sighting(
            food=match.food.id if match else None,
            kind=kind.value,
            confidence=round(min(1.0, max(0.0, number_of(item.get("confidence")) or 0.0)), 3),
            decision=Decision.CONFIRM,
            rule=LineRule.GEMINI,
            box=_box(item.get("box")),
            label=name,
            amount=amount,
            unit=unit.value,
        )


def _quantity(amount: Any, unit: Any, kind: Kind) -> tuple[Decimal, Unit]:
    """As said where that is plausible, else one of it."""
    number, units = amount_of(amount, LARGEST_AMOUNT), UNITS[kind]
    return (Decimal(1), units[0]) if number is None or unit not in units else (number, Unit(unit))


def _box(said: Any) -> Box | None:
    """A place inside the photo."""
    numbers = [number_of(side) for side in said] if isinstance(said, list) else []
    sides = [side / BOX_SIDE for side in numbers if side is not None]
    if len(numbers) != 4 or len(sides) != 4:
        return None
    top, left, bottom, right = sides
    inside = 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    return Box(left, top, right, bottom) if inside else None


@cache
def _schema(aim: Aim) -> dict[str, Any]:
    lists = {LISTS[kind]: {"type": "array", "maxItems": MOST_ITEMS, "items": _item(kind)} for kind in KINDS[aim]}
    return {"type": "object", "properties": lists, "required": list(lists)}


def _item(kind: Kind) -> dict[str, Any]:
    side = {"type": "integer", "minimum": 0, "maximum": BOX_SIDE}
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "quantity": {"type": "number", "minimum": 0, "maximum": LARGEST_AMOUNT},
            "unit": {"type": "string", "enum": [unit.value for unit in UNITS[kind]]},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "box": {"type": "array", "items": side, "minItems": 4, "maxItems": 4},
        },
        "required": ["name", "quantity", "unit", "confidence"],
    }
