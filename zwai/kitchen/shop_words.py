"""What the words of a receipt mean: as the household taught, else by the catalogue, else the words as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.db import Read, Write
from zwai.records.people import HouseholdId, Language
from zwai.records.proposals import Line
from zwai.records.reading import Receipt, ReceiptLine
from zwai.records.stock import Batch, FoodId


class Rule(StrEnum):
    """How the meaning was found. OWN: it was not, and the words stay the household's own."""

    LEARNED = "learned"
    CATALOGUE = "catalogue"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a receipt's line is called, and its food where the catalogue has it."""

    label: str
    food: FoodId | None
    rule: Rule


async def meanings(tx: Read, household: HouseholdId, receipt: Receipt, language: Language) -> list[Meaning]:
    """What each line of a receipt means to a household, in the lines' order."""
    return [Meaning(line.words, None, Rule.OWN) for line in receipt.lines]


def evidence(receipt: Receipt, line: ReceiptLine) -> dict[str, str]:
    """What a proposal's line keeps of the receipt that it comes from: `learn` and the prices need it when accepted."""
    return {
        "shop": receipt.shop,
        "words": line.words,
        "text": line.text,
        "price": "" if line.price is None else str(line.price),
        "currency": receipt.currency,
        "bought_on": receipt.bought_on.isoformat() if receipt.bought_on else "",
    }


async def learn(tx: Write, household: HouseholdId, accepted: Sequence[tuple[Line, Batch]], now: datetime) -> None:
    """Keep what a household called the lines of receipts that it accepted."""
