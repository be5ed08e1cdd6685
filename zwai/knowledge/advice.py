"""What to do with food: ideas and advice in both languages, our own sentences by category and place."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from zwai.knowledge.tables import rows_of
from zwai.records.people import Language
from zwai.records.stock import Place
from zwai.records.writings import IdeaType

DISH = "dish"
_ANY = ""


class Topic(StrEnum):
    """What a piece of advice is about."""

    PREPARATION = "preparation"
    QUALITY = "quality"
    SAFETY = "safety"
    TEMPERATURE = "temperature"
    REHEATING = "reheating"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class Idea:
    type: str
    title: str
    description: str


_TYPES_ES = {
    IdeaType.PREPARATION: "preparación",
    IdeaType.PRESERVATION: "conservación",
    IdeaType.USE_UP: "aprovechamiento",
    IdeaType.RECYCLING: "reciclaje",
    IdeaType.COMBINATION: "combinación",
}


def type_in_words(kind: IdeaType, language: Language) -> str:
    return kind if language is Language.EN else _TYPES_ES[kind]


def ideas_for(category: str, language: Language) -> tuple[Idea, ...]:
    """Ways to use all of a food of a category; of one that we do not know, what holds for any."""
    rows = _ideas().get(category) or _ideas()[_ANY]
    english = language is Language.EN
    return tuple(Idea(type_in_words(kind, language), titles[english], texts[english]) for kind, titles, texts in rows)


def advice_on(topic: Topic, category: str, place: Place, language: Language) -> str:
    """One sentence: of the category in the place, else of the category, else of the place, else of any food."""
    keys = ((category, place), (category, _ANY), (_ANY, place), (_ANY, _ANY))
    spanish, english = next(_advice()[topic, *key] for key in keys if (topic, *key) in _advice())
    return english if language is Language.EN else spanish


@cache
def _ideas() -> Mapping[str, list[tuple[IdeaType, tuple[str, str], tuple[str, str]]]]:
    ideas = defaultdict(list)
    for row in rows_of("ideas.csv"):
        titles, texts = (row["title_es"], row["title_en"]), (row["text_es"], row["text_en"])
        ideas[row["category"]].append((IdeaType(row["type"]), titles, texts))
    return dict(ideas)


@cache
def _advice() -> Mapping[tuple[str, str, str], tuple[str, str]]:
    return {(row["topic"], row["category"], row["place"]): (row["es"], row["en"]) for row in rows_of("advice.csv")}
