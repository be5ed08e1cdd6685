"""What a barcode says: the product's number, and the dates, weight and lot that GS1's longer codes carry.

By the GS1 General Specifications: element strings (7.8), dates (7.12), restricted numbers (2.1.11); and the URI syntax
of GS1 Digital Link. Libraries know every identifier; a kitchen needs eight, without 16 MB of company prefixes.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, unquote, urlsplit

from zwai.knowledge.dates import possible
from zwai.records.photos import Box
from zwai.records.reading import Barcode, Gtin, PrintedDate
from zwai.records.stock import LabelKind, Quantity, Unit

SEPARATOR = "\x1d"  # how scanners send FNC1
LONGEST = 500
# Element strings of a set length, by the first two digits of their identifier, which counts; others end at a separator.
LENGTHS = {
    "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16,
    **dict.fromkeys(map(str, range(11, 20)), 8),
    **dict.fromkeys(map(str, range(31, 37)), 10),
}  # fmt: skip
# The last digit of these identifiers says how many decimals follow.
MEASURES = {"310": Unit.KG, "315": Unit.L, "320": Unit.LB}
DATES = (("17", LabelKind.USE_BY), ("15", LabelKind.BEST_BEFORE))

_SYMBOLOGY = re.compile(r"\][A-Za-z]\d")
_BRACKETED = re.compile(r"\((\d{2,4})\)([^(]*)")
_IDENTIFIER = re.compile(r"\d{2,4}")

Elements = dict[str, str]


def barcode(sent: str, today: date, box: Box | None = None) -> Barcode | None:
    """A code as a scanner sends it, with or without its symbology identifier ("]C1…"); None when it names no product.

    A shop's own number, such as that of what it weighs and labels itself, has no GTIN: it means nothing elsewhere.
    """
    text = _SYMBOLOGY.sub("", sent.strip()[:LONGEST], count=1).strip()
    elements = _elements(text, gs1=sent.strip().startswith(("]C1", "]e0", "]d2", "]Q3")))
    number = elements.get("01") or elements.get("02") if elements else _short(text)
    gtin = normalised(number or "")
    if gtin is None:
        return None
    shown = "".join(f"({name}){value}" for name, value in elements.items()) or text
    own = is_a_shops_own(gtin)
    return Barcode(
        gtin=None if own else gtin,
        text=shown,
        box=box,
        day=_day(elements, shown, box, today),
        quantity=_measured(elements),
        lot=elements.get("10", ""),
    )


def normalised(number: str) -> Gtin | None:
    """A GTIN-8, -12, -13 or -14 as 14 digits; None when it isn't one, or its check digit is wrong."""
    if not (number.isascii() and number.isdigit()) or len(number) not in (8, 12, 13, 14) or not number.strip("0"):
        return None
    return Gtin(number.zfill(14)) if number[-1] == _check_digit(number[:-1]) else None


def printed(gtin: Gtin) -> str:
    """A product's number as packs print it: 8, 12, 13 or 14 digits, the fewest that `normalised` makes it of."""
    length = 8 if gtin.startswith("000000") else 12 if gtin.startswith("00") else 13 if gtin.startswith("0") else 14
    return gtin[-length:]


def is_a_shops_own(gtin: Gtin) -> bool:
    """Whether a number only counts in one shop or one country: prefixes 02, 04 and 20 to 29, 0 and 2 of short ones."""
    if gtin.startswith("000000"):
        return gtin[6] in "02"
    return gtin.startswith(("002", "004", "02"))


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _short(text: str) -> str | None:
    """The digits of a code that holds nothing else; eight may be a shortened UPC, whose numbers 0 and 1 EAN-8 lacks."""
    digits = re.sub(r"[ -]", "", text)
    if len(digits) == 8 and digits.isascii() and digits.isdigit() and digits[0] in "01":
        long = _lengthened(digits)
        return long if normalised(long) else digits
    return digits


def _lengthened(digits: str) -> str:
    """A UPC-E of eight digits as the UPC-A that it stands for."""
    system, body, last, check = digits[0], digits[1:6], digits[6], digits[7]
    if last in "012":
        return f"{system}{body[:2]}{last}0000{body[2:]}{check}"
    if last == "3":
        return f"{system}{body[:3]}00000{body[3:]}{check}"
    if last == "4":
        return f"{system}{body[:4]}00000{body[4]}{check}"
    return f"{system}{body}0000{last}{check}"


def _elements(text: str, *, gs1: bool) -> Elements:
    """The element strings of a code by their identifiers, of each the first; none when it holds no such strings."""
    if text.lower().startswith(("http://", "https://")):
        return _first_of_each(_linked(text))
    if text.startswith("("):
        return _first_of_each(_BRACKETED.findall(text))
    unmarked = len(text) > 16 and text.startswith("01") and normalised(text[2:16])
    return _first_of_each(_concatenated(text)) if gs1 or unmarked or text.startswith(SEPARATOR) else {}


def _first_of_each(pairs: Iterable[tuple[str, str]]) -> Elements:
    elements: Elements = {}
    for name, value in pairs:
        elements.setdefault(name, value)
    return elements


def _concatenated(text: str) -> Iterator[tuple[str, str]]:
    """Ends at what is cut short: what follows could be anything."""
    for field in text.split(SEPARATOR):
        rest = field
        while rest:
            length = LENGTHS.get(rest[:2], len(rest))
            if len(rest) < length:
                return
            digits = 4 if rest[:2] in ("31", "32", "33", "34", "35", "36") else 2
            yield rest[:digits], rest[digits:length]
            rest = rest[length:]


def _linked(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of a GS1 Digital Link, from the product's number on; whatever the host is."""
    try:
        address = urlsplit(text)
    except ValueError:
        return
    parts = [unquote(part) for part in address.path.split("/") if part]
    start = next((place for place, part in enumerate(parts) if part in ("01", "gtin")), len(parts))
    pairs = list(zip(parts[start::2], parts[start + 1 :: 2], strict=False))
    for name, value in (*pairs, *parse_qsl(address.query)):
        if name == "gtin" or _IDENTIFIER.fullmatch(name):
            yield ("01" if name == "gtin" else name), value


def _day(elements: Elements, text: str, box: Box | None, today: date) -> PrintedDate | None:
    """A use-by before a best-before, since it is about safety."""
    for name, kind in DATES:
        if (day := _date(elements.get(name, ""), today)) and possible(day, today):
            return PrintedDate(day, kind, text, box)
    return None


def _date(digits: str, today: date) -> date | None:
    """YYMMDD, of the fifty years to come or the forty-nine before; day 00 is the month's last."""
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    year, month, day = (int(digits[place : place + 2]) for place in (0, 2, 4))
    year += today.year - today.year % 100
    year += 100 if year - today.year < -49 else -100 if year - today.year > 50 else 0
    if not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def _measured(elements: Elements) -> Quantity | None:
    """The net weight or volume of a pack that was weighed, or how many pieces are in it."""
    for name, value in elements.items():
        unit = MEASURES.get(name[:3]) if len(name) == 4 else None
        if unit and re.fullmatch(r"[0-9]{6}", value) and value.strip("0") and name[3] in "012345":
            return Quantity(Decimal(int(value)).scaleb(-int(name[3])).normalize() + Decimal(0), unit)
    count = elements.get("30", "")
    return Quantity(Decimal(int(count)), Unit.PIECE) if re.fullmatch(r"[0-9]{1,6}", count) and int(count) else None
