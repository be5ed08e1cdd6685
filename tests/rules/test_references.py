"""The source of a date is told in the reader's language, whatever it is."""

import re
from datetime import date

import pytest

from zwai.kitchen.expiry import Keeping, best_until, expiry_of
from zwai.knowledge.catalogue import load
from zwai.knowledge.references import said
from zwai.knowledge.tables import rows_of
from zwai.records.people import Language
from zwai.records.stock import Kind, Milestones, Place

TODAY = date(2026, 1, 31)
ENGLISH = re.compile(r"\b(the|assumed|days?|in|for|of|and|as|keeps?|row)\b")


def told(reference: str) -> str:
    """In Spanish, without the names that the table itself gives its foods."""
    return re.sub(r"\(.*\)", "", said(reference, Language.ES))


def test_no_source_of_a_date_is_told_in_english_to_who_reads_spanish() -> None:
    marks = (Milestones(), Milestones(opened_on=TODAY), Milestones(frozen_on=TODAY, thawed_on=TODAY))
    left = set()
    for food in (None, *load().foods.values()):
        for kind in Kind:
            for place in Place:
                left |= {best_until(Keeping(food, kind, place, TODAY, milestones=one))[0].reference for one in marks}
                left.add(expiry_of(food, kind, place, TODAY).reference)
        left |= {life.reference for life in (load().lives(food) if food else ())}
    assert len(left) > 500
    assert [one for one in left if ENGLISH.search(told(one))] == []


def test_every_reason_of_the_tables_is_there_in_spanish() -> None:
    reasons = {row["en"]: row["es"] for row in rows_of("reasons.csv")}
    used = {row["why"] for name in ("judged_days.csv", "judged_states.csv") for row in rows_of(name)}
    assert used == set(reasons)
    assert all(reasons.values())


@pytest.mark.parametrize(
    ("reference", "spanish"),
    [
        ("USDA FoodKeeper 248, fridge", "USDA FoodKeeper 248, en el refrigerador"),
        ("typed by a member", "lo escribió un miembro"),
        ("printed on the label", "impreso en la etiqueta"),
        (
            "assumed: as USDA FoodKeeper 595 (Rabbit, whole, fresh), freezer",
            "supuesto: como USDA FoodKeeper 595 (Rabbit, whole, fresh), en el congelador",
        ),
        ("assumed: 1 d in the fridge; raw fish", "supuesto: 1 día en el refrigerador; pescado crudo"),
        (
            "assumed: 3 to 4 d cooked in the fridge; as leftovers",
            "supuesto: 3 a 4 días cocido en el refrigerador; como sobras",
        ),
        (
            "assumed: 7 d; any ingredient that the catalogue does not know, fridge",
            "supuesto: 7 días; un ingrediente que no conocemos, en el refrigerador",
        ),
        (
            "assumed: 540 d; dry goods keep in the fridge as in the pantry (USDA FoodKeeper 240, pantry)",
            "supuesto: 540 días; lo seco dura en el refrigerador como en la despensa "
            "(USDA FoodKeeper 240, en la despensa)",
        ),
        ("what nobody wrote", "what nobody wrote"),
    ],
)
def test_a_source_in_spanish(reference: str, spanish: str) -> None:
    assert said(reference, Language.ES) == spanish
    assert said(reference, Language.EN) == reference
