"""The words of the wire: all of the contract's are understood, and what is said back is understood too."""

from datetime import date

import pytest

from zwai.knowledge.words import (
    place_of,
    render_day,
    render_place,
    render_place_scanned,
    render_time_unit,
    render_unit,
    singular,
    time_unit_of,
    unit_of,
)
from zwai.records.people import Language
from zwai.records.stock import Place, TimeUnit, Unit

PLACES = {
    Place.FRIDGE: "refrigerador Refrigerado REFRIGERATED nevera frigorífico frigorifico fridge refrigeradora",
    Place.FREEZER: "congelador Congelado frozen freezer Congeladora",
    Place.PANTRY: "despensa Seco dry ambiente Ambiente alacena pantry gabinete fresco",
}
UNITS = {
    Unit.G: "gramos gr g grams",
    Unit.KG: "Kilogramos kg kilo kilos Kg. kilograms",
    Unit.L: "Litros l lt litro liters L",
    Unit.ML: "mililitros ml mL milliliters",
    Unit.PIECE: "Unidades unidad u piezas pieza units und.",
    Unit.CUP: "tazas taza cups",
    Unit.TBSP: "cucharadas cda tablespoons",
    Unit.TSP: "cucharaditas cdita teaspoons",
    Unit.PORTION: "porciones porcion porción portions servings",
    Unit.FL_OZ: "floz",
    Unit.CAN: "latas lata",
    Unit.PACK: "paquetes paquete",
    Unit.BAG: "bolsas bolsa",
    Unit.HEAD: "Cabeza cabezas",
}
TIME_UNITS = {
    TimeUnit.DAY: "Días dias día dia DAYS day",
    TimeUnit.WEEK: "Semanas semana weeks",
    TimeUnit.MONTH: "Meses mes months",
    TimeUnit.YEAR: "Años años ano anos years",
}


def pairs(table):
    return [(word, meaning) for meaning, words in table.items() for word in words.split()]


@pytest.mark.parametrize(("word", "place"), [*pairs(PLACES), ("Temperatura Ambiente", Place.PANTRY)])
def test_every_word_for_a_place_is_understood(word, place):
    assert place_of(word) is place
    assert place_of(f"  {word.upper()} ") is place


@pytest.mark.parametrize(
    ("word", "unit"),
    [*pairs(UNITS), *((word, Unit.FL_OZ) for word in ("fl oz", "fl. oz.", "onzas líquidas", "fluid ounce", "Oz. Fl."))],
)
def test_every_word_for_a_unit_is_understood(word, unit):
    assert unit_of(word) is unit


@pytest.mark.parametrize(("word", "unit"), pairs(TIME_UNITS))
def test_every_word_for_a_unit_of_time_is_understood(word, unit):
    assert time_unit_of(word) is unit


@pytest.mark.parametrize("word", ["", "sótano lunar", "fridge; drop table", "null", "0"])
def test_an_unknown_word_has_no_default(word):
    assert place_of(word) is None
    assert unit_of(word) is None
    assert time_unit_of(word) is None


@pytest.mark.parametrize("language", list(Language))
def test_what_is_said_is_understood_when_it_comes_back(language):
    for place in Place:
        assert place_of(render_place(place, language)) is place
        assert place_of(render_place_scanned(place, language)) is place
        assert place_of(place.value) is place
    for unit in Unit:
        assert unit_of(render_unit(unit, language)) is unit
        assert unit_of(unit.value) is unit
    for time_unit in TimeUnit:
        assert time_unit_of(render_time_unit(time_unit, language)) is time_unit
        assert time_unit_of(time_unit.value) is time_unit


def test_the_mobile_client_is_told_the_words_that_it_knows():
    understood = {
        Place.FRIDGE: {"refrigerador", "refrigerated"},
        Place.FREEZER: {"congelador", "frozen"},
        Place.PANTRY: {"despensa", "pantry", "dry"},
    }
    scanned = {
        Place.FRIDGE: {"refrigerated", "refrigerado"},
        Place.FREEZER: {"frozen", "congelado"},
        Place.PANTRY: {"dry", "seco"},
    }
    for place in Place:
        assert {render_place(place, language) for language in Language} <= understood[place]
        assert {render_place_scanned(place, language) for language in Language} <= scanned[place]
    assert render_unit(Unit.PORTION, Language.ES) == "porciones"
    assert render_time_unit(TimeUnit.DAY, Language.ES) == "Días"


@pytest.mark.parametrize("language", list(Language))
def test_one_of_a_unit_is_told_in_a_word_that_means_the_same(language):
    for unit in Unit:
        assert unit_of(singular(render_unit(unit, language))) is unit
    assert singular(render_unit(Unit.PORTION, Language.ES)) == "porción"
    assert singular(render_unit(Unit.CLOVE, Language.EN)) == "clove"


def test_a_day_is_said_in_words_with_its_year_when_that_is_another() -> None:
    today = date(2026, 11, 24)
    soon, later = date(2026, 11, 29), date(2027, 2, 1)
    assert [render_day(day, today, Language.ES) for day in (soon, later)] == [
        "29 de noviembre", "1 de febrero de 2027",
    ]  # fmt: skip
    assert [render_day(day, today, Language.EN) for day in (soon, later)] == ["29 November", "1 February 2027"]
