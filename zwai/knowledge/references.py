"""Where an expiry date comes from, in the words of the reader. Stock keeps the English one, which never changes."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from zwai.knowledge.tables import rows_of
from zwai.records.people import Language

_PLACES = {"fridge": "el refrigerador", "freezer": "el congelador", "pantry": "la despensa"}
_STATES = {"opened": "abierto", "thawed": "descongelado", "cooked": "cocido", "cut": "cortado"}
_KINDS = {"ingredient": "un ingrediente", "dish": "un plato"}
_CATEGORIES = {
    "fruit": "una fruta", "vegetable": "una verdura", "tuber": "un tubérculo", "legume": "una menestra",
    "grain": "un grano", "bread": "un pan", "dairy": "un lácteo", "egg": "un huevo", "meat": "una carne",
    "poultry": "un ave", "fish": "un pescado", "shellfish": "un marisco", "processed_meat": "un embutido",
    "canned": "una conserva", "condiment": "un condimento", "spice": "una especia", "herb": "una hierba",
    "nut": "un fruto seco", "oil": "un aceite", "sweet": "un dulce", "snack": "un piqueo",
    "frozen": "un congelado", "beverage": "una bebida", "baby": "un alimento de bebé", "dish": "un plato",
}  # fmt: skip
_PLACE = f"(?P<place>{'|'.join(_PLACES)})"
_DAYS = r"(?P<days>\d+)(?: to (?P<most>\d+))? d"
_ROW = r"USDA FoodKeeper (?P<row>\d+)"


def said(reference: str, language: Language) -> str:
    """A reference as `zwai.kitchen.expiry` and the catalogue write it, for its reader; another text stays as it is."""
    return reference if language is Language.EN else _in_spanish(reference)


@lru_cache(maxsize=4096)
def _in_spanish(reference: str) -> str:
    for pattern, spanish in _SENTENCES:
        if found := pattern.fullmatch(reference):
            return spanish(found.groupdict(default=""))
    return reference


def _days(said: Mapping[str, str]) -> str:
    if said["most"]:
        return f"{said['days']} a {said['most']} días"
    return "1 día" if said["days"] == "1" else f"{said['days']} días"


def _place(said: Mapping[str, str]) -> str:
    return f"en {_PLACES[said['place']]}"


def _judged(said: Mapping[str, str]) -> str:
    state = f" {_STATES[said['state']]}" if said["state"] else ""
    return f"supuesto: {_days(said)}{state} {_place(said)}; {_reasons().get(said['why'], said['why'])}"


def _usual(said: Mapping[str, str]) -> str:
    category = _CATEGORIES[said["category"]]
    return f"supuesto: {_days(said)}; lo usual para {category} {_place(said)}, sin fila para este alimento"


@cache
def _reasons() -> Mapping[str, str]:
    return {row["en"]: row["es"] for row in rows_of("reasons.csv")}


_Sentence = Callable[[Mapping[str, str]], str]
_SENTENCES: tuple[tuple[re.Pattern[str], _Sentence], ...] = tuple(
    (re.compile(pattern), spanish)
    for pattern, spanish in (
        ("typed by a member", lambda _: "lo escribió un miembro"),
        ("by definition", lambda _: "por definición"),
        ("printed on the label", lambda _: "impreso en la etiqueta"),
        (f"{_ROW}, {_PLACE}", lambda said: f"USDA FoodKeeper {said['row']}, {_place(said)}"),
        (
            rf"assumed: as {_ROW} \((?P<name>.+)\), {_PLACE}",
            lambda said: f"supuesto: como USDA FoodKeeper {said['row']} ({said['name']}), {_place(said)}",
        ),
        (
            rf"assumed: {_DAYS}; any (?P<kind>\w+) that the catalogue does not know, {_PLACE}",
            lambda said: f"supuesto: {_days(said)}; {_KINDS[said['kind']]} que no conocemos, {_place(said)}",
        ),
        (
            rf"assumed: {_DAYS}; dry goods keep in the {_PLACE} as in the pantry \((?P<of>.+)\)",
            lambda said: (
                f"supuesto: {_days(said)}; lo seco dura {_place(said)} como en la despensa ({_in_spanish(said['of'])})"
            ),
        ),
        (
            rf"assumed: {_DAYS}; usual for (?P<category>\w+) in the {_PLACE}, no row for this food",
            _usual,
        ),
        (rf"assumed: {_DAYS} in the {_PLACE}; usual for (?P<category>\w+), no row for this food", _usual),
        (
            rf"assumed: {_DAYS}; thawed food in the {_PLACE}, no row for it",
            lambda said: f"supuesto: {_days(said)}; descongelado {_place(said)}, sin fila para este alimento",
        ),
        (rf"assumed: {_DAYS}(?: (?P<state>opened|thawed|cooked|cut))? in the {_PLACE}; (?P<why>.+)", _judged),
    )
)
