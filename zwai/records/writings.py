"""What an AI wrote of a food of the catalogue, for everybody who has it; each part as far as it came."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class IdeaType(StrEnum):
    """What an idea for a food is good for."""

    PREPARATION = "preparation"
    PRESERVATION = "preservation"
    USE_UP = "use_up"
    RECYCLING = "recycling"
    COMBINATION = "combination"


@dataclass(frozen=True, slots=True)
class WrittenIdea:
    title: str
    description: str
    type: IdeaType


@dataclass(frozen=True, slots=True)
class Estimate:
    """From the least to the most that a kilogram or litre may cost: kg of CO2e, litres of water. Without a source."""

    carbon: tuple[Decimal, Decimal]
    water: tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class WrittenAdvice:
    """Of an ingredient; empty where nothing of use came."""

    optimal_consumption: str
    preparation_tips: str
    quality_check: str


@dataclass(frozen=True, slots=True)
class WrittenKeeping:
    """Of a dish; empty where nothing of use came."""

    reheating_tips: str
    shelf_life_extension: str
    quality_indicators: str


@dataclass(frozen=True, slots=True)
class WrittenNutrients:
    """Grams in 100 g, and what else is in it, by name. Without a source."""

    carbohydrate_g: Decimal
    protein_g: Decimal
    fat_g: Decimal
    vitamins_minerals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """All of a food's parts, in one language, by `model`."""

    model: str = ""
    ideas: tuple[WrittenIdea, ...] = ()
    advice: WrittenAdvice | None = None
    keeping: WrittenKeeping | None = None
    impact: Estimate | None = None
    nutrients: WrittenNutrients | None = None
