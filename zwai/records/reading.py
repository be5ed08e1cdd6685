"""What is read from photos: lines of text, barcodes, and what receipts and date labels say by them."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import NewType

from zwai.records.photos import Box
from zwai.records.stock import LabelKind, Quantity

Gtin = NewType("Gtin", str)  # 14 digits, shorter codes with zeros in front


@dataclass(frozen=True, slots=True)
class TextLine:
    """One piece of text as it was read, top to bottom; `confidence` is the reader's own, 0 to 1.

    `slope` is how far it falls from left to right: fractions of the photo's height over those of its width. `turn` is
    by how many quarter turns to the left the photo was put upright, where `box` and `slope` are.
    """

    text: str
    box: Box
    confidence: float
    slope: float = 0.0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One thing that was bought. `words` are the shop's for it; `price` is what was paid for all of it.

    `food` is False for what only a household uses (detergent, a bag), which is never proposed as something to eat.
    """

    words: str
    quantity: Quantity
    price: Decimal | None
    text: str
    box: Box
    food: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """`total` is the printed one, `tax` what is added to the lines; what they do not come to is told, never hidden."""

    shop: str
    bought_on: date | None
    currency: str
    lines: tuple[ReceiptLine, ...]
    total: Decimal | None
    tax: Decimal = Decimal(0)

    @property
    def sum(self) -> Decimal:
        """What the lines come to, with the tax that was added to them."""
        return sum((line.price for line in self.lines if line.price is not None), self.tax)

    @property
    def difference(self) -> Decimal | None:
        """What the printed total has more than the lines, None where none is printed."""
        return None if self.total is None else self.total - self.sum


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A day on a pack. `kind` says whether it is a use-by or a best-before; `others` are what it may be read as too.

    `named` says that words beside it tell what it is: a bare date is taken as a best-before.
    """

    day: date
    kind: LabelKind
    text: str
    box: Box | None
    others: tuple[date, ...] = ()
    named: bool = True


@dataclass(frozen=True, slots=True)
class Scan:
    """A code as scanners send it: its symbology identifier ("]E0"), then what it holds."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Barcode:
    """A code on a pack: its product, and the date, weight and lot that GS1's longer codes carry.

    `gtin` is None where the number is a shop's own.
    """

    gtin: Gtin | None
    text: str
    box: Box | None
    day: PrintedDate | None = None
    quantity: Quantity | None = None
    lot: str = ""


def packed(lines: Sequence[TextLine]) -> bytes:
    """Lines in few bytes, to cross from one process to another."""
    return zlib.compress(json.dumps([astuple(line) for line in lines]).encode())


def unpacked(lines: bytes) -> list[TextLine]:
    """What `packed` packed."""
    return [TextLine(text, Box(*box), *rest) for text, box, *rest in json.loads(zlib.decompress(lines))]
