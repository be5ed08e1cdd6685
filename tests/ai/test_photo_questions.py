"""What comes of a provider's answer: names, amounts and places that can be, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from ai.photo_questions import MOST_ITEMS, question, sightings
from zwai.records.people import Language
from zwai.records.photos import Aim, Box, Decision, Sighting

MILK = {"name": "leche", "quantity": 2, "unit": "bottle", "confidence": 0.9, "box": [100, 200, 500, 600]}


def seen(*items: Any) -> list[Sighting]:
    return sightings({"ingredients": list(items)}, Aim.INGREDIENTS, Language.ES)


def test_a_known_food_goes_by_its_id_and_is_to_be_confirmed() -> None:
    assert seen(MILK) == [
        Sighting(
            food="milk", kind="ingredient", confidence=0.9, decision=Decision.CONFIRM, rule="gemini",
            box=Box(0.2, 0.1, 0.6, 0.5), label="leche", amount=Decimal(2), unit="bottle",
        )
    ]  # fmt: skip


def test_an_unknown_one_keeps_its_words() -> None:
    (one,) = seen({**MILK, "name": "  chirimuyo   silvestre "})
    assert (one.food, one.label) == (None, "chirimuyo silvestre")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>", "leche'); DROP TABLE batches;--", "leche " * 2000, "{{7*7}}", "", " ", "\u0000",
        "leche\u202egnp", "-1", "=cmd|' /C calc'!A0", 7, None, ["leche"], {"name": "leche"}, "\ufdfa" * 80, "🥛",
    ],
    ids=lambda name: repr(name)[:30],
)  # fmt: skip
def test_what_is_no_name_is_dropped_and_the_rest_stays(name: Any) -> None:
    assert seen({**MILK, "name": name}, MILK) == seen(MILK)


@pytest.mark.parametrize("item", [None, 3, "leche", [], {}, [MILK]], ids=repr)
def test_what_is_no_item_is_dropped(item: Any) -> None:
    assert seen(item, MILK) == seen(MILK)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        (0, "kg"), (-3, "kg"), (1e9, "g"), (1001, "g"), (1e-9, "g"), (10**400, "g"), ("2", "kg"), (True, "kg"),
        (None, "kg"), (2, "barrel"), (2, None), (2, "portion"), (2, ["kg"]), ({}, "kg"), (float("nan"), "kg"),
        (float("inf"), "kg"),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_a_quantity_that_cannot_be_is_one_piece(quantity: Any, unit: Any) -> None:
    (one,) = seen({**MILK, "quantity": quantity, "unit": unit})
    assert (one.amount, one.unit) == (1, "piece")


@pytest.mark.parametrize(("quantity", "amount"), [(1000, "1000"), (0.5, "0.5"), (0.12345, "0.123"), (100.0, "100")])
def test_a_quantity_that_can_be_is_kept_to_thousandths(quantity: float, amount: str) -> None:
    (one,) = seen({**MILK, "quantity": quantity})
    assert str(one.amount) == amount


@pytest.mark.parametrize(
    "box",
    [
        [0, 0, 1001, 10], [-1, 0, 10, 10], [500, 0, 100, 10], [0, 5, 10, 5], [0, 0, 10], [0, 0, 10, 10, 10],
        "0 0 10 10", None, {"x": 1}, ["a", 0, 10, 10], [True, 0, 10, 10], [[0], 0, 10, 10],
    ],
    ids=repr,
)  # fmt: skip
def test_a_box_outside_the_photo_is_left_out(box: Any) -> None:
    (one,) = seen({**MILK, "box": box})
    assert one.box is None


@pytest.mark.parametrize(
    ("stated", "confidence"), [(7, 1), (-1, 0), ("high", 0), (None, 0), (0.12345, 0.123), (10**400, 0)],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_a_confidence_is_between_nothing_and_one(stated: Any, confidence: float) -> None:
    (one,) = seen({**MILK, "confidence": stated})
    assert one.confidence == confidence


def test_more_items_than_a_photo_shows_are_cut() -> None:
    assert len(seen(*[MILK] * 1000)) == MOST_ITEMS


def test_a_dish_is_counted_in_portions_whatever_is_said() -> None:
    dish = {**MILK, "name": "arroz con pollo"}
    document = {"foods": [{**dish, "unit": "kg"}, {**dish, "unit": "portion", "quantity": 3}]}
    amounts = [(one.kind, one.amount, one.unit) for one in sightings(document, Aim.DISHES, Language.ES)]
    assert amounts == [("dish", 1, "portion"), ("dish", 3, "portion")]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("aim", Aim)
def test_every_aim_has_instructions_in_every_language(aim: Aim, language: Language) -> None:
    asked = question(aim, language, b"photo")
    assert len(asked.instructions) > 500 and asked.prompt == f"{aim}-1-{language}"
    assert asked.schema["required"] == list(asked.schema["properties"])
    assert ("ingredients" in asked.schema["properties"]) == (aim is not Aim.DISHES)
    assert ("foods" in asked.schema["properties"]) == (aim is not Aim.INGREDIENTS)
