"""Declared allergies against what a batch holds."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from zwai.kitchen.allergens import against, declared, implied, of_all
from zwai.kitchen.inventory import NewItem, draft
from zwai.records.allergens import Allergen, Verdict
from zwai.records.people import Account, AccountId, HouseholdId, Language, Member, Provider, SessionId
from zwai.records.stock import Batch, DishFacts, Kind, Quantity, Unit

NOW = datetime(2031, 1, 2, tzinfo=UTC)
MEMBER = Member(AccountId("a"), HouseholdId("h"), SessionId("s"), Language.ES, "America/Lima")

SOMEBODY = Account(
    AccountId("a"), HouseholdId("h"), Provider.GUEST, "", None, False, None, Language.EN, {}, NOW, NOW
)  # fmt: skip


def batch(label: str, *ingredients: str) -> Batch:
    dish = DishFacts(ingredients, "dish", None, "") if ingredients else None
    kind = Kind.DISH if ingredients else Kind.INGREDIENT
    return draft(MEMBER, NewItem(label=label, kind=kind, quantity=Quantity(1, Unit.PIECE), dish=dish), NOW)  # type: ignore[arg-type]


def told(label: str, *allergies: Any, language: Language = Language.ES) -> tuple[Any, ...]:
    found = against(batch(label), declared({"allergies": list(allergies)}, language), language)
    return found.contains, found.may_contain, found.verdict


@pytest.mark.parametrize(
    ("label", "allergy", "expected"),
    [
        ("Queso fresco", "leche", (("leche",), (), Verdict.CONTAINS)),
        ("Quinua", "gluten", ((), ("gluten",), Verdict.MAY_CONTAIN)),
        ("Manzana", "leche", ((), (), Verdict.FREE)),
        ("Zyxofruta", "leche", ((), (), Verdict.UNKNOWN)),
        ("Lomo saltado", "leche", ((), (), Verdict.UNKNOWN)),  # a dish: its recipe may vary
        ("Salmón", "sal", ((), (), Verdict.FREE)),
        ("Sal", "salmón", ((), (), Verdict.FREE)),
        ("Camarones", "camarón", (("crustáceos",), (), Verdict.CONTAINS)),
        ("Langostinos", "camarón", (("crustáceos",), (), Verdict.CONTAINS)),
        ("Kiwi", "kiwi", (("kiwi",), (), Verdict.CONTAINS)),
        ("Mermelada de fresa casera", "Fresa", (("Fresa",), (), Verdict.CONTAINS)),
        ("Frutilla", "fresa", (("fresa",), (), Verdict.CONTAINS)),
        ("Manzana", "manzanilla", ((), (), Verdict.FREE)),
        ("Yogurt zyx de almendras", "frutos secos", (("frutos secos",), ("maní",), Verdict.CONTAINS)),
    ],
)
def test_a_batch_against_an_allergy(label: str, allergy: str, expected: tuple[Any, ...]):
    assert told(label, allergy) == expected


@pytest.mark.parametrize(
    ("label", "allergy"),
    [
        ("Cebolla blanca", "onion"),
        ("Lomo de chancho", "cerdo"),
        ("Champiñones en lata", "hongos"),
        ("Maíz morado", "maíz"),
        ("Culantro", "cilantro"),
        ("Palta", "soy alérgico a la palta"),
        ("Palta", "kiwi allergy; palta"),
        ("Kiwi", "palta y kiwi"),
        ("Palta", "maní, palta"),
        ("Palta", "intolerancia a la palta"),
    ],
)
def test_a_food_is_known_by_its_names_in_either_language_and_in_a_list(label: str, allergy: str):
    assert told(label, allergy) == ((allergy,), (), Verdict.CONTAINS)


@pytest.mark.parametrize(("label", "allergy"), [("Camote", "papa"), ("Piña", "manzana"), ("Huevo", "pollo")])
def test_a_food_that_only_shares_a_word_in_another_language_is_free(label: str, allergy: str):
    assert told(label, allergy) == ((), (), Verdict.FREE)


@pytest.mark.parametrize("allergy", ["cítricos", "alcohol", "zyx"])
def test_nothing_is_proven_free_of_what_we_do_not_know(allergy: str):
    assert told("Naranja", allergy) == ((), (), Verdict.UNKNOWN)


def test_shellfish_is_no_fish_however_it_is_written():
    for said in ("shellfish", "shell fish", "shell-fish"):
        (one,) = declared({"allergies": [said]}, Language.ES)
        assert one.allergens == {Allergen.CRUSTACEANS, Allergen.MOLLUSCS}


def test_an_allergy_of_somebody_else_is_read_in_either_language():
    fish = [one.allergens for one in of_all([replace(SOMEBODY, preferences={"allergies": ["tuna"]})], Language.ES)]
    assert frozenset((Allergen.FISH,)) in fish


@pytest.mark.parametrize(
    "wish",
    [
        "sin lactosa", "lactose-free", "lactose intolerant", "intolerante a la lactosa", "alergia a la leche",
        "con pescado y sin lácteos", "sin leche, con huevo", "milk allergy", "no dairy",
    ],
)  # fmt: skip
def test_a_wish_that_names_an_allergen_to_do_without_counts_like_an_allergy(wish: str):
    assert [one.allergens for one in implied([wish], Language.ES)] == [frozenset((Allergen.MILK,))]


@pytest.mark.parametrize(
    "wish",
    [
        "egg and dairy free", "dairy, egg-free", "egg/dairy free", "egg or lactose intolerant",
        "free from egg and milk", "free of milk & egg", "no egg and dairy free",
    ],
)  # fmt: skip
def test_all_that_a_wish_names_is_done_without(wish: str):
    ruled_out = {code for one in implied([wish], Language.EN) for code in one.allergens}
    assert ruled_out == {Allergen.EGGS, Allergen.MILK}


@pytest.mark.parametrize("wish", ["mucha leche", "sin picante, con queso", "rápido", "sin azúcar"])
def test_other_wishes_rule_nothing_out(wish: str):
    assert implied([wish], Language.ES) == ()


def test_the_cactus_fruit_is_no_fish_in_either_language():
    for language in Language:
        assert told("Tuna", "fish", language=language) == ((), (), Verdict.FREE)


def test_the_ingredients_of_a_dish_count():
    salad = batch("Ensalada zyx", "lechuga", "nueces", "fresas")
    for allergy, contains in (("nuez", ("frutos secos",)), ("fresa", ("fresa",)), ("pescado", ())):
        assert against(salad, declared({"allergies": [allergy]}, Language.ES), Language.ES).contains == contains


def test_a_label_that_says_more_than_its_food_counts():
    yogurt = batch("Yogurt griego")
    said = replace(yogurt, label="Yogurt griego con almendras")
    allergies = declared({"allergies": ["frutos secos"]}, Language.ES)
    assert against(yogurt, allergies, Language.ES).contains == ()
    assert against(said, allergies, Language.ES).contains == ("frutos secos",)


@pytest.mark.parametrize(
    "preferences", [{}, {"allergies": None}, {"allergies": "maní"}, {"allergies": [None, 3, {}, []]}]
)
def test_what_is_no_list_of_allergies_declares_none(preferences: dict[str, Any]):
    assert declared(preferences, Language.ES) == ()


def test_an_allergy_that_comes_twice_counts_once():
    found = declared({"allergies": ["maní", {"name": "maní"}], "allergyItems": [" maní "]}, Language.ES)
    assert [one.said for one in found] == ["maní"]
