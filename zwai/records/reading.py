"""What is read from photos: lines of text, barcodes, and what receipts and date labels say by them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NewType

from zwai.records.photos import Box
from zwai.records.stock import LabelKind, Quantity

Gtin = NewType("Gtin", str)  # 14 digits, shorter codes with zeros in front


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text as it was read, top to bottom; `confidence` is the reader's own, 0 to 1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One thing that was bought. `words` are the shop's for it; `price` is what was paid for all of it."""

    words: str
    quantity: Quantity
    price: Decimal | None
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Receipt:
    """`total` is the printed one; what the lines do not add up to is told, never hidden."""

    shop: str
    bought_on: date | None
    currency: str
    lines: tuple[ReceiptLine, ...]
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A day on a pack. `kind` says whether it is a use-by or a best-before; `others` are what it may be read as too."""

    day: date
    kind: LabelKind
    text: str
    box: Box | None
    others: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Barcode:
    """A code on a pack: its product, and the date and batch that GS1's longer codes carry."""

    gtin: Gtin | None
    text: str
    box: Box | None
    day: PrintedDate | None = None
