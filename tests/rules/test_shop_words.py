"""How many lines of a shop's receipts are understood, the first time and the second, and how many wrongly.

The lines are of our own making, after the ways of supermarkets: shortened, with brands, some with no food behind them.
"""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from storage.db import Database
from tests.storage.households import NOON, batch, household, opened
from zwai.kitchen import shop_words
from zwai.kitchen.receipt_lines import bought
from zwai.kitchen.shop_words import Meaning, MeaningRule
from zwai.knowledge.names import label_key
from zwai.knowledge.receipt_words import is_food
from zwai.records.people import HouseholdId, Language
from zwai.records.photos import Box
from zwai.records.reading import Receipt, ReceiptLine
from zwai.records.stock import Batch, FoodId

ROWS = list(csv.DictReader((Path(__file__).parent / "data" / "shop_lines.csv").read_text("utf-8").splitlines()))
SHOPS = {"peru": "SUPERMERCADO EL TAMBO S.A.C.", "usa": "GREEN VALLEY MARKET"}
MISREAD = str.maketrans("OIS", "015")  # what a reader takes for figures, in every fifth line


def receipt(shop: str, words: Sequence[str]) -> Receipt:
    lines = []
    for one in words:
        found = bought(one, Decimal(1))
        lines.append(ReceiptLine(found.words, found.quantity, Decimal(1), one, Box(0, 0, 1, 1), is_food(found.words)))
    return Receipt(SHOPS[shop], date(2026, 11, 14), "PEN", tuple(lines), None)


def accepted(owner: HouseholdId, row: dict[str, str], meaning: Meaning) -> Batch:
    """What the household calls a line: its food where there is one, else something of its own."""
    right = meaning.food == (row["food"] or None)
    label = meaning.label if right else f"Lo mío {row['words']}"
    return replace(batch(owner, label), label_key=label_key(label), food=FoodId(row["food"]) if row["food"] else None)


async def read(database: Database, owner: HouseholdId, one: Receipt) -> list[Meaning]:
    async with database.read() as tx:
        return await shop_words.meanings(tx, owner, one, Language.ES)


@pytest.mark.parametrize("shop", SHOPS)
async def test_the_second_receipt_of_a_shop_needs_hardly_an_edit(shop: str, tmp_path: Path) -> None:
    rows = [row for row in ROWS if row["shop"] == shop]
    first, wrong = receipt(shop, [row["words"] for row in rows]), 0
    async with opened(tmp_path) as database:
        owner = await household(database)
        said = await read(database, owner, first)
        pairs = [(row, line, one) for row, line, one in zip(rows, first.lines, said, strict=True) if line.food]
        foods = [(row, one) for row, _, one in pairs if row["food"]]
        matched = sum(one.food == row["food"] for row, one in foods) / len(foods)
        wrong = sum(one.food not in (None, row["food"] or None) for row, _, one in pairs)
        assert matched >= 0.4
        assert wrong <= 0.02 * len(pairs)

        told = [(shop_words.evidence(first, line), accepted(owner, row, one)) for row, line, one in pairs]
        async with database.write() as tx:
            await shop_words.learn(tx, owner, told, NOON)

        words = [words.translate(MISREAD) if n % 5 == 0 else words for n, words in enumerate(r["words"] for r in rows)]
        again = await read(database, owner, receipt(shop, words))
        labels = {line.words: kept.label for (_, line, _), (_, kept) in zip(pairs, told, strict=True)}
        second = [(labels[line.words], one) for line, one in zip(first.lines, again, strict=True) if line.food]
        right = sum(label == one.label for label, one in second) / len(second)
        false = sum(label != one.label and one.rule is not MeaningRule.OWN for label, one in second)
        assert right >= 0.8
        assert false <= 0.02 * len(second)
        print(f"{shop}: {len(pairs)} lines; first {matched:.0%}, {wrong} wrong; second {right:.0%}, {false} wrong")


async def test_what_a_household_taught_counts_for_it_alone(tmp_path: Path) -> None:
    one = receipt("peru", ["LECH ENT GLORIA 1L"])
    async with opened(tmp_path) as database:
        owner, neighbour = await household(database), await household(database)
        async with database.write() as tx:
            told = [(shop_words.evidence(one, one.lines[0]), batch(owner, "Leche del desayuno"))]
            await shop_words.learn(tx, owner, told, NOON)
        assert await read(database, owner, one) == [Meaning("Leche del desayuno", None, MeaningRule.LEARNED)]
        (theirs,) = await read(database, neighbour, one)
        assert (theirs.food, theirs.rule) == ("milk", MeaningRule.CATALOGUE)


async def test_what_was_taught_at_one_shop_is_offered_at_another(tmp_path: Path) -> None:
    here, there = receipt("peru", ["XYZ PROMO 3"]), receipt("usa", ["XYZ PROMO 3"])
    async with opened(tmp_path) as database:
        owner = await household(database)
        async with database.write() as tx:
            told = [(shop_words.evidence(here, here.lines[0]), batch(owner, "Queso de la feria"))]
            await shop_words.learn(tx, owner, told, NOON)
        (meaning,) = await read(database, owner, there)
        assert (meaning.label, meaning.rule) == ("Queso de la feria", MeaningRule.NEAR)


async def test_the_newest_teaching_counts(tmp_path: Path) -> None:
    one = receipt("peru", ["QSO AND 500G"])
    async with opened(tmp_path) as database:
        owner = await household(database)
        for label in ("Queso andino", "Queso fresco"):
            async with database.write() as tx:
                told = [(shop_words.evidence(one, one.lines[0]), batch(owner, label))]
                await shop_words.learn(tx, owner, told, NOON)
        assert [meaning.label for meaning in await read(database, owner, one)] == ["Queso fresco"]


NOT_FOOD = ["DETERGENTE ARIEL 1KG", "BOLSA PLASTICA", "SHAMPOO MIEL", "PAPEL HIGIENICO X12", "PAPER TOWELS",
            "CAT FOOD TUNA", "AGUA MICELAR", "ACEITE BEBE JOHNSON", "LIMON PLEDGE", "TRASH BAGS"]  # fmt: skip
FOOD = ["TEA BAGS", "ARROZ BOLSA 5KG", "LECHE ENTERA", "XYZ PROMO", "AGUA CIELO", "LENT BEBE 500G"]


@pytest.mark.parametrize("words", NOT_FOOD)
def test_what_nobody_eats_is_no_food(words: str) -> None:
    assert not is_food(words)


@pytest.mark.parametrize("words", FOOD)
def test_what_may_be_eaten_is_food(words: str) -> None:
    assert is_food(words)
