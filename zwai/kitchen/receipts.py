"""Receipts: from pieces of text to what was bought, at which shop, on which day and for how much.

Rows with an amount at their end are things, unless their words say that they are a total, a tax, a payment or what was
taken off. What the things come to is compared with the printed total; a difference is told.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

from zwai.kitchen.receipt_lines import Bought, Priced, bought, priced
from zwai.kitchen.rows import Row, rows
from zwai.knowledge.dates import written
from zwai.knowledge.names import label_key
from zwai.knowledge.receipt_words import Kind, is_food, kind_of, mended
from zwai.records.reading import Receipt, ReceiptLine, TextLine

LEAST_LINES = 3  # of what says neither a total nor anything else that only receipts say
MOST_EXTRAS = 5  # amounts beside the lines; every choice of them is tried
LONGEST_SHOP = 100
LEAST_LETTERS = 4
LONGEST_AGO = timedelta(days=3653)
END = (Kind.TOTAL, Kind.SUBTOTAL, Kind.TAX, Kind.PAYMENT)

_CENTS = re.compile(r"\d[.,]\d{2}(?!\d)\D{0,4}$")
_HOW_MANY = re.compile(r"\d{1,4}(?:[.,]\d{1,3})?\s*(?:kg|lb|un|und|u)?\s*[x@×*]", re.IGNORECASE)
_DATED = re.compile(r"\b(?:fecha|date|data|emision)\b")
_SIGNS = (
    ("PEN", r"s/|\bpen\b|\bsoles\b|\bigv\b"), ("USD", r"us\$|\busd\b"), ("BRL", r"r\$|\bbrl\b|\bcnpj\b"),
    ("EUR", r"€|\beur\b|\beuros?\b"), ("GBP", r"£|\bgbp\b"), ("BOB", r"\bbs\b"), ("MXN", r"\bmxn\b|\brfc\b"),
    ("COP", r"\bcop\b|\bnit\b"), ("CLP", r"\bclp\b|\brut\b"), ("ARS", r"\bars\b|\bcuit\b"),
    ("CAD", r"\bgst\b|\bhst\b|\bpst\b"),
)  # fmt: skip
_ENGLISH = re.compile(r"\b(?:tax|change|cash|thank|thanks|date|street|store|cashier|visit|balance due|tender|lb)\b")
_SPANISH = re.compile(
    r"\b(?:gracias|fecha|ruc|nit|cuit|rfc|igv|iva|boleta|factura|efectivo|vuelto|cambio|tarjeta|cajero|compra|kg|und)\b"
)
_BRITISH = re.compile(r"£|\bvat\b|€")


@dataclass(slots=True)
class _Draft:
    """What has been read so far. `extras` are amounts beside the lines: taxes, roundings, what was taken off all."""

    lines: list[ReceiptLine] = field(default_factory=list)
    extras: list[Decimal] = field(default_factory=list)
    totals: list[Decimal] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)  # a row of words whose amount is on the next one
    wanted: bool = False  # the total, whose amount is on the next row
    closed: bool = False
    cues: int = 0
    first: int | None = None


def parsed(lines: Sequence[TextLine], today: date) -> Receipt | None:
    """The receipt that the lines are; None when they are none."""
    paper = rows(lines)
    cents = any(_CENTS.search(row.text) for row in paper)
    draft = _Draft()
    for place, row in enumerate(paper):
        _take(draft, place, row, cents=cents)
    if not _is_receipt(draft):
        return None
    everything = label_key("\n".join(row.text for row in paper))
    total = max(draft.totals, default=None)
    found = tuple(line for line in draft.lines if line.price)
    extra = _extra(sum((line.price or Decimal(0) for line in found), Decimal(0)), draft.extras, total)
    return Receipt(
        shop=_shop(paper[: draft.first]),
        bought_on=_bought_on(paper, today, month_first=_month_first(everything)),
        currency=_currency(everything),
        lines=found,
        total=total,
        tax=extra,
    )


def told(receipt: Receipt) -> dict[str, str]:
    """A receipt as a proposal tells it: where its lines do not come to its total, by how much."""
    amounts = {"sum": receipt.sum, "tax": receipt.tax, "total": receipt.total, "difference": receipt.difference}
    return {
        "shop": receipt.shop,
        "bought_on": receipt.bought_on.isoformat() if receipt.bought_on else "",
        "currency": receipt.currency,
        "lines": str(len(receipt.lines)),
        "not_food": str(sum(not line.food for line in receipt.lines)),
        **{name: "" if amount is None else f"{amount:.2f}" for name, amount in amounts.items()},
    }


def _take(draft: _Draft, place: int, row: Row, *, cents: bool) -> None:
    """One row more."""
    amount = priced(row.text, cents=cents)
    if amount is not None and _HOW_MANY.fullmatch(amount.text):  # "2 x 0.99" is not 0.99
        amount = None
    kind = kind_of(amount.text if amount else row.text)
    if kind is not None:
        draft.cues += 1
    if amount is None:
        _take_words(draft, row, kind, cents=cents)
        return
    if draft.wanted and not any(one.isalpha() for one in amount.text):
        kind = Kind.TOTAL
    if kind is Kind.TOTAL:
        draft.totals.append(amount.amount)
    elif kind in (Kind.TAX, Kind.ROUNDING):
        draft.extras.append(amount.amount)
    elif kind is Kind.DISCOUNT or amount.amount < 0:
        _take_off(draft, row, -abs(amount.amount))
    elif kind is None and not draft.closed:
        _take_thing(draft, place, row, amount, cents=cents)
    draft.closed = draft.closed or (kind in END and bool(draft.lines))
    draft.wanted = False
    draft.waiting.clear()


def _take_words(draft: _Draft, row: Row, kind: Kind | None, *, cents: bool) -> None:
    """A row without an amount: the beginning of a thing, how many of the thing above, or nothing to us."""
    if kind is Kind.TOTAL:
        draft.wanted = True
        return
    if kind is not None or draft.closed:
        return
    if draft.lines and not draft.waiting and _is_detail(bought(row.text, None), draft.lines[-1]):
        draft.lines[-1] = _detailed(draft.lines[-1], row.text, cents=cents)
        return
    draft.waiting[:] = [row]


def _take_thing(draft: _Draft, place: int, row: Row, amount: Priced, *, cents: bool) -> None:
    thing, begun = bought(amount.text, amount.amount), draft.waiting[0] if draft.waiting else None
    if not _has_words(thing):
        if begun is None:
            if draft.lines and _is_detail(thing, draft.lines[-1]):
                draft.lines[-1] = _detailed(draft.lines[-1], amount.text, cents=cents)
            return
        thing = bought(f"{begun.text}  {amount.text}", amount.amount)
        row = Row((*begun.pieces, *row.pieces))
        if not _has_words(thing):
            return
    elif begun is not None and _costs(bought(begun.text, None), amount.amount):  # how many stands above
        thing = bought(f"{amount.text}  {begun.text}", amount.amount)
        row = Row((*row.pieces, *begun.pieces))
    if draft.first is None:
        draft.first = place
    draft.lines.append(ReceiptLine(thing.words, thing.quantity, amount.amount, row.text, row.box, is_food(thing.words)))


def _take_off(draft: _Draft, row: Row, amount: Decimal) -> None:
    """A discount belongs to the line above, and to all of them once they are added up."""
    last = draft.lines[-1] if draft.lines else None
    if last is None or last.price is None or draft.closed or last.price + amount < 0:
        draft.extras.append(amount)
    else:
        draft.lines[-1] = replace(last, price=last.price + amount, text=f"{last.text} / {row.text}")


def _has_words(thing: Bought) -> bool:
    return sum(one.isalpha() for one in thing.words) >= 2


def _is_detail(thing: Bought, last: ReceiptLine) -> bool:
    """Whether a row only says how many the thing above was."""
    return last.price is not None and _costs(thing, last.price)


def _costs(thing: Bought, price: Decimal) -> bool:
    return not _has_words(thing) and thing.costs(price)


def _detailed(last: ReceiptLine, detail: str, *, cents: bool) -> ReceiptLine:
    whole = priced(last.text, cents=cents)
    said = whole.text if whole else last.text
    return replace(last, quantity=bought(f"{said}  {detail}", last.price).quantity, text=f"{last.text} / {detail}")


def _is_receipt(draft: _Draft) -> bool:
    """Two things that cost something and a word of receipts, or more of them without one."""
    enough = 1 if draft.totals else 2 if draft.cues else LEAST_LINES
    return len(draft.lines) >= enough


def _extra(lines: Decimal, extras: Sequence[Decimal], total: Decimal | None) -> Decimal:
    """What of the taxes and the like comes on top: the fewest that make the lines the total; nothing where none do."""
    if total is None:
        return Decimal(0)
    some = extras[:MOST_EXTRAS]
    choices = (sum(one, Decimal(0)) for count in range(len(some) + 1) for one in combinations(some, count))
    return next((choice for choice in choices if lines + choice == total), Decimal(0))


def _shop(header: Sequence[Row]) -> str:
    """The first row that is a name."""
    for row in header:
        name = mended(row.text).strip(" .,:;-*_")
        letters = sum(one.isalpha() for one in name)
        if letters >= LEAST_LETTERS and 2 * letters >= len(name.replace(" ", "")) and kind_of(name) is None:
            return " ".join(name.split())[:LONGEST_SHOP]
    return ""


def _bought_on(paper: Sequence[Row], today: date, *, month_first: bool) -> date | None:
    """The first day that is not to come, of those that are called a date before the others."""
    dated = sorted(paper, key=lambda row: _DATED.search(label_key(row.text)) is None)
    for row in dated:
        for one in written(row.text, today, month_first=month_first):
            days = [day for day in one.days if today - LONGEST_AGO <= day <= today + timedelta(days=1)]
            if days and not one.bare:
                return days[0]
    return None


def _month_first(everything: str) -> bool:
    """Only the USA writes so: English, and neither pounds nor euros."""
    english, spanish = len(_ENGLISH.findall(everything)), len(_SPANISH.findall(everything))
    return english > spanish and not _BRITISH.search(everything)


def _currency(everything: str) -> str:
    """By its sign, or by the words of a country; a bare $ and none go by the language: dollars, or soles."""
    for currency, pattern in _SIGNS:
        if re.search(pattern, everything):
            return currency
    return "USD" if _month_first(everything) else "PEN"
