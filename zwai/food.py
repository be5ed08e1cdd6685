"""What `zwai food` prints: a food of the catalogue, with the source of all that is known of it."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from zwai.knowledge import catalogue, names, units
from zwai.knowledge.catalogue import Food
from zwai.knowledge.facts import Footprint, Nutrition, Range
from zwai.knowledge.references import said
from zwai.knowledge.words import render_place, render_unit, singular
from zwai.records.people import Language

GAP = "  "
TITLES = {
    "es": ("dónde y cuándo", "cuánto", "según"),
    "en": ("what", "how much", "source"),
}
STATES = {
    "es": {"judged": "", "purchase": "desde la compra", "stored": "guardado", "opened": "abierto",
           "thawed": "descongelado", "cooked": "cocido", "cut": "cortado"},
    "en": {"judged": "", "purchase": "from purchase", "stored": "as stored", "opened": "opened",
           "thawed": "thawed", "cooked": "cooked", "cut": "cut"},
}  # fmt: skip
WORDS = {
    "es": {"days": "d", "allergens": "alérgenos", "may_contain": "puede contener", "density": "1 ml",
           "nutrition": "100 g", "ghg": "1 kg emite", "water": "1 kg toma", "l": "l de agua dulce", "also": "También",
           "judged": "juicio propio, receta usual"},
    "en": {"days": "d", "allergens": "allergens", "may_contain": "may contain", "density": "1 ml",
           "nutrition": "100 g", "ghg": "1 kg emits", "water": "1 kg takes", "l": "l of fresh water", "also": "Also",
           "judged": "judged, by the usual recipe"},
}  # fmt: skip


def find(text: str, language: str) -> list[dict[str, Any]]:
    """The foods that a text may mean, the best first: the entry of each, with its score."""
    spoken = Language(language)
    return [
        {
            "score": match.score,
            "rule": match.rule.value,
            "id": match.food.id,
            "name": match.food.name(spoken),
            "category": match.food.category,
            "rows": [list(row) for row in rows(match.food, language)],
        }
        for match in names.search(text, spoken)
    ]


def rows(food: Food, language: str) -> Iterator[tuple[str, str, str]]:
    """What, how much, and according to whom."""
    spoken, words = Language(language), WORDS[language]
    for life in catalogue.load().lives(food):
        place = render_place(life.place, spoken)
        days = f"{life.min_days}" if life.min_days == life.max_days else f"{life.min_days}-{life.max_days}"
        yield (
            f"{place} {STATES[language][life.state]}".strip(),
            f"{days} {words['days']}",
            said(life.reference, spoken),
        )
    for weight in units.weights(food):
        yield f"1 {singular(render_unit(weight.unit, spoken))}", f"{weight.grams.normalize():f} g", weight.source
    if density := food.density:
        yield words["density"], f"{density.g_per_ml:f} g", density.source
    if nutrition := food.nutrition:
        yield words["nutrition"], _nutrients(nutrition), nutrition.source
    if footprint := food.footprint:
        yield from _footprint(footprint, words)
    for name, codes in (("allergens", food.allergens), ("may_contain", food.may_contain)):
        if codes:
            yield words[name], ", ".join(codes), words["judged"]


def _nutrients(known: Nutrition) -> str:
    return f"{known.kcal:f} kcal, P {known.protein_g:f} g, F {known.fat_g:f} g, C {known.carbohydrate_g:f} g"


def _footprint(footprint: Footprint, words: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    yield words["ghg"], f"{_range(footprint.ghg)} kg CO2e", footprint.source
    if footprint.water:
        yield words["water"], f"{_range(footprint.water)} {words['l']}", footprint.source


def _range(ends: Range) -> str:
    return f"{ends.low:f} … {ends.mid:f} … {ends.high:f}"


def table(found: list[dict[str, Any]], language: str, columns: int) -> str:
    """The best entry as aligned rows no wider than `columns`, and the names of the next."""
    best, *others = found
    lines = [TITLES[language], *map(tuple, best["rows"])]
    first, second = (max(len(line[column]) for line in lines) for column in (0, 1))
    room = max(30, columns - first - second - 2 * len(GAP))
    printed = [f"{best['name']} ({best['id']}, {best['category']}; {best['score']:.2f} {best['rule']})", ""]
    for what, amount, source in lines:
        told, *more = wrap(source, room)
        printed.append(GAP.join((what.ljust(first), amount.ljust(second), told)))
        printed += [" " * (first + second + 2 * len(GAP)) + rest for rest in more]
    if others:
        near = ", ".join(f"{other['name']} {other['score']:.2f}" for other in others)
        printed += ["", *wrap(f"{WORDS[language]['also']}: {near}", columns)]
    return "\n".join(printed)
