"""What the kitchen says of a name alone: which food it is, where that is kept, until when and how."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from zwai.kitchen.expiry import expiry_of, place_for
from zwai.knowledge.names import label_key, resolve
from zwai.knowledge.tips import tips_of
from zwai.records.people import Language
from zwai.records.stock import ExpiryDate, FoodId, Kind, Place


@dataclass(frozen=True, slots=True)
class Known:
    """Of something new under a name, on one day; the place is the one that was asked for, if any was."""

    label_key: str
    food: FoodId | None
    place: Place
    expiry: ExpiryDate
    tips: str


@lru_cache(maxsize=4096)  # most names are those of yesterday, and looking one up is most of drafting
def known_of(label: str, language: Language, kind: Kind, place: Place | None, today: date) -> Known:
    match = resolve(label, language)
    food = match.food if match else None
    kept_in = place or place_for(food, kind)
    expiry, tips = expiry_of(food, kind, kept_in, today), tips_of(food, kept_in, language)
    return Known(label_key(label), FoodId(food.id) if food else None, kept_in, expiry, tips)
