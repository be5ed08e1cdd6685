"""Allergens: the fourteen of the EU list, and what a text says of them."""

from dataclasses import dataclass
from enum import StrEnum


class Allergen(StrEnum):
    """The fourteen of Annex II of Regulation (EU) 1169/2011, in its order."""

    GLUTEN = "gluten"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    PEANUTS = "peanuts"
    SOY = "soy"
    MILK = "milk"
    NUTS = "nuts"
    CELERY = "celery"
    MUSTARD = "mustard"
    SESAME = "sesame"
    SULPHITES = "sulphites"
    LUPIN = "lupin"
    MOLLUSCS = "molluscs"


class Verdict(StrEnum):
    """What is known; FREE needs a proof, and what is not known is UNKNOWN."""

    CONTAINS = "contains"
    MAY_CONTAIN = "may_contain"
    UNKNOWN = "unknown"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a text says of all fourteen. `free_of`: what it says by itself to be without ("sin gluten")."""

    contains: tuple[Allergen, ...]
    may_contain: tuple[Allergen, ...]
    free_of: tuple[Allergen, ...]
    verdict: Verdict
    why: str
