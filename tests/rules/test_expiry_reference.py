"""200 dates, worked out from the publisher's own table by a program that shares no line with ours."""

import csv
from datetime import date
from pathlib import Path

import pytest

from zwai.kitchen.expiry import Keeping, best_until
from zwai.knowledge.catalogue import load
from zwai.records.stock import Kind, LabelKind, Milestones, Place

with (Path(__file__).parent / "data/expiry_reference.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
BY_TABLE = ("kept", "opened", "frozen")


def name(row: dict[str, str]) -> str:
    return "-".join((row["food"], row["place"], row["rule"]))


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_the_reference_is_reproduced(row: dict[str, str]) -> None:
    def day(column: str) -> date | None:
        return date.fromisoformat(row[column]) if row[column] else None

    bought, marks = day("bought"), Milestones(day("printed"), day("opened"), day("frozen"), day("thawed"))
    assert bought is not None
    food, place = load().food(row["food"]), Place(row["place"])
    expiry, rule = best_until(Keeping(food, Kind(row["kind"]), place, bought, LabelKind(row["label_kind"]), marks))
    assert (expiry.day, rule) == (day("day"), row["rule"])
    if row["rule"] in BY_TABLE:
        assert expiry.high == day("high")
        assert expiry.reference.startswith(f"USDA FoodKeeper {row['foodkeeper']},")


def test_the_reference_has_two_hundred_rows_of_every_rule() -> None:
    assert len(ROWS) >= 200
    assert {row["rule"] for row in ROWS} == {*BY_TABLE, "printed", "thawed", "too_late_to_freeze"}
