"""The words of the wire for places, units, units of time and meals: what is understood, what is said."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TypeVar

from zwai.errors import Told
from zwai.knowledge.names import label_key
from zwai.knowledge.tables import rows_of
from zwai.records.people import Language
from zwai.records.stock import BatchState, Meal, Place, TimeUnit, Unit, WasteReason

Word = TypeVar("Word", bound=StrEnum)

# In inventory answers; a place on the shelf is a noun.
_PLACES = {
    Language.ES: {Place.FRIDGE: "refrigerador", Place.FREEZER: "congelador", Place.PANTRY: "despensa"},
    Language.EN: {Place.FRIDGE: "refrigerated", Place.FREEZER: "frozen", Place.PANTRY: "pantry"},
}
# In recognition answers, where the mobile client knows other words than in the inventory.
_PLACES_SCANNED = {
    Language.ES: {Place.FRIDGE: "refrigerado", Place.FREEZER: "congelado", Place.PANTRY: "seco"},
    Language.EN: {Place.FRIDGE: "refrigerated", Place.FREEZER: "frozen", Place.PANTRY: "dry"},
}
_STATES = {
    BatchState.AVAILABLE: Told("disponible", "available"),
    BatchState.RESERVED: Told("reservado", "reserved"),
    BatchState.FROZEN: Told("congelado", "frozen"),
    BatchState.LEFTOVER: Told("sobra", "leftover"),
    BatchState.QUARANTINE: Told("apartado", "set aside"),
    BatchState.EXPIRED: Told("vencido", "expired"),
}
_TIME_UNITS = {
    Language.ES: {TimeUnit.DAY: "Días", TimeUnit.WEEK: "Semanas", TimeUnit.MONTH: "Meses", TimeUnit.YEAR: "Años"},
    Language.EN: {TimeUnit.DAY: "Days", TimeUnit.WEEK: "Weeks", TimeUnit.MONTH: "Months", TimeUnit.YEAR: "Years"},
}
_UNITS = {
    Unit.MG: ("miligramos", "milligrams"),
    Unit.G: ("gramos", "grams"),
    Unit.KG: ("kilogramos", "kilograms"),
    Unit.OZ: ("onzas", "ounces"),
    Unit.LB: ("libras", "pounds"),
    Unit.ML: ("mililitros", "milliliters"),
    Unit.L: ("litros", "liters"),
    Unit.CUP: ("tazas", "cups"),
    Unit.TBSP: ("cucharadas", "tablespoons"),
    Unit.TSP: ("cucharaditas", "teaspoons"),
    Unit.FL_OZ: ("onzas líquidas", "fluid ounces"),
    Unit.PIECE: ("unidades", "units"),
    Unit.PORTION: ("porciones", "portions"),
    Unit.DOZEN: ("docenas", "dozens"),
    Unit.BAG: ("bolsas", "bags"),
    Unit.BOTTLE: ("botellas", "bottles"),
    Unit.BUNCH: ("atados", "bunches"),
    Unit.CAN: ("latas", "cans"),
    Unit.CARTON: ("cajas", "cartons"),
    Unit.CLOVE: ("dientes", "cloves"),
    Unit.FILLET: ("filetes", "fillets"),
    Unit.HANDFUL: ("puñados", "handfuls"),
    Unit.HEAD: ("cabezas", "heads"),
    Unit.JAR: ("frascos", "jars"),
    Unit.LEAF: ("hojas", "leaves"),
    Unit.PACK: ("paquetes", "packs"),
    Unit.PINCH: ("pizcas", "pinches"),
    Unit.SLICE: ("tajadas", "slices"),
    Unit.SPRIG: ("ramas", "sprigs"),
}
# Of the words above, those that lose more than an s.
_SINGULARS = {
    "unidades": "unidad",
    "porciones": "porción",
    "onzas líquidas": "onza líquida",
    "leaves": "leaf",
    "bunches": "bunch",
    "pinches": "pinch",
}


_MONTHS = {
    Language.ES: (
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
    Language.EN: (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
_MEALS = {
    "breakfast": Meal.BREAKFAST, "desayuno": Meal.BREAKFAST, "lunch": Meal.LUNCH, "almuerzo": Meal.LUNCH,
    "dinner": Meal.DINNER, "cena": Meal.DINNER, "dessert": Meal.DESSERT, "postre": Meal.DESSERT,
    "snack": Meal.SNACK, "snacks": Meal.SNACK, "merienda": Meal.SNACK, "lonche": Meal.SNACK,
}  # fmt: skip
_WASTE_REASONS = {
    "expired": WasteReason.EXPIRED, "vencido": WasteReason.EXPIRED,
    "bad_condition": WasteReason.BAD_CONDITION, "bad condition": WasteReason.BAD_CONDITION,
    "mal estado": WasteReason.BAD_CONDITION, "other": WasteReason.OTHER, "otro": WasteReason.OTHER,
}  # fmt: skip


def meal_of(word: str) -> Meal | None:
    """The meal that a Spanish or English word means; None when it is not known."""
    return _MEALS.get(label_key(word))


def waste_reason_of(word: str) -> WasteReason | None:
    """Why food was thrown away, by a Spanish or English word; None when it is not known."""
    return _WASTE_REASONS.get(label_key(word))


def state_in_words(state: BatchState) -> Told:
    """A batch's state as a sentence says it."""
    return _STATES[state]


def place_of(word: str) -> Place | None:
    """The place that a Spanish or English word means; None when it is not known, never a default."""
    return _places().get(label_key(word))


def unit_of(word: str) -> Unit | None:
    """The unit that a Spanish or English word or abbreviation means; None when it is not known."""
    return _units().get(_bare(word))


def time_unit_of(word: str) -> TimeUnit | None:
    """The unit of time that a Spanish or English word means; None when it is not known."""
    return _time_units().get(label_key(word))


def render_place(place: Place, language: Language) -> str:
    """The word for a place in inventory answers."""
    return _PLACES[language][place]


def render_place_scanned(place: Place, language: Language) -> str:
    """The word for a place in recognition answers."""
    return _PLACES_SCANNED[language][place]


def render_unit(unit: Unit, language: Language) -> str:
    """The word for a unit, in the plural as the mobile client lists them."""
    spanish, english = _UNITS[unit]
    return english if language is Language.EN else spanish


def singular(word: str) -> str:
    """A unit's word, as `render_unit` gives it, for one of it."""
    return _SINGULARS.get(word, word.removesuffix("s"))


def render_time_unit(unit: TimeUnit, language: Language) -> str:
    """The word for a unit of time, in the plural."""
    return _TIME_UNITS[language][unit]


def render_day(day: date, today: date, language: Language) -> str:
    """A day as a sentence says it ("29 de noviembre"), with its year when that is not this one."""
    year = [] if day.year == today.year else [str(day.year)]
    joint = " " if language is Language.EN else " de "
    return joint.join([str(day.day), _MONTHS[language][day.month - 1], *year])


def _bare(word: str) -> str:
    """The key of an abbreviation written with or without its dot ("kg.", "und.")."""
    return label_key(word).rstrip(".")


def _understood(kind: str, code: Callable[[str], Word]) -> Mapping[str, Word]:
    return {label_key(row["word"]): code(row["code"]) for row in rows_of("words.csv") if row["kind"] == kind}


@cache
def _places() -> Mapping[str, Place]:
    return _understood("place", Place)


@cache
def _units() -> Mapping[str, Unit]:
    return _understood("unit", Unit)


@cache
def _time_units() -> Mapping[str, TimeUnit]:
    return _understood("time_unit", TimeUnit)
