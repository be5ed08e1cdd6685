"""One row of a receipt: the amount at its end, how much was bought, and the shop's words for it."""

import re
from dataclasses import dataclass
from decimal import Decimal

from zwai.knowledge.quantities import parse
from zwai.knowledge.receipt_words import mended
from zwai.knowledge.units import round_off
from zwai.records.stock import ONE_PIECE, Quantity, Unit

MOST = Decimal(100_000)
MOST_PAID = Decimal(100_000_000)
CLOSE = Decimal("0.03")  # of a price that was rounded, to a unit price times how many

_SIGNS = r"(?:S/\.?|US\$|R\$|\$|€|£|BS\.?|PEN|USD|EUR)"
_CENTS = r"\d{1,3}(?:[.,']\d{3})*[.,]\d{2}|\d{1,6}[.,]\d{2}"
_WHOLE = r"\d{1,3}(?:[.,]\d{3})+|(?<=\$)\d{3,6}|(?<=\$ )\d{3,6}"
_AMOUNT = (
    r"(?<![\dA-Za-z.,])(?P<minus>[-−–(])?\s*{signs}?\s*(?P<minus2>[-−–])?(?P<amount>{amount})(?![\d.,])"
    r"\s*(?P<after>[-−–)])?\s*(?:{signs})?\s*(?P<flag>[A-Za-z*#](?:[A-Za-z*]|\d)?)?\s*$"
)
_WITH_CENTS = re.compile(_AMOUNT.format(signs=_SIGNS, amount=_CENTS), re.IGNORECASE)
_WITHOUT = re.compile(_AMOUNT.format(signs=_SIGNS, amount=_WHOLE), re.IGNORECASE)
_FIGURES = str.maketrans("OQDoIlSsB", "000011558")
_LAST = re.compile(r"\S+$")

_N = r"\d{1,4}(?:[.,]\d{1,3})?"
_EACH = r"\d{1,5}[.,]\d{2,3}"
_UNITS: dict[str, tuple[int | Decimal, Unit]] = {
    "kg": (1, Unit.KG), "kgs": (1, Unit.KG), "kilo": (1, Unit.KG), "kilos": (1, Unit.KG), "k": (1, Unit.KG),
    "g": (1, Unit.G), "gr": (1, Unit.G), "grs": (1, Unit.G), "gms": (1, Unit.G), "gramos": (1, Unit.G),
    "lb": (1, Unit.LB), "lbs": (1, Unit.LB), "oz": (1, Unit.OZ), "0z": (1, Unit.OZ), "floz": (1, Unit.FL_OZ),
    "fl oz": (1, Unit.FL_OZ), "l": (1, Unit.L), "lt": (1, Unit.L), "lts": (1, Unit.L), "ltr": (1, Unit.L),
    "litro": (1, Unit.L), "litros": (1, Unit.L), "ml": (1, Unit.ML), "cc": (1, Unit.ML), "cl": (10, Unit.ML),
    # The liquid measures of the USA: a gallon of 231 cubic inches, its quarter and its eighth.
    "gal": (Decimal("3785.412"), Unit.ML), "qt": (Decimal("946.353"), Unit.ML), "pt": (Decimal("473.176"), Unit.ML),
    "ct": (1, Unit.PIECE), "count": (1, Unit.PIECE), "un": (1, Unit.PIECE), "und": (1, Unit.PIECE),
    "unds": (1, Unit.PIECE), "unid": (1, Unit.PIECE), "uds": (1, Unit.PIECE), "ud": (1, Unit.PIECE),
    "u": (1, Unit.PIECE), "pcs": (1, Unit.PIECE), "pc": (1, Unit.PIECE), "pz": (1, Unit.PIECE),
    "pza": (1, Unit.PIECE), "pzas": (1, Unit.PIECE), "ea": (1, Unit.PIECE), "pk": (1, Unit.PIECE),
    "pack": (1, Unit.PIECE), "dz": (12, Unit.PIECE), "doz": (12, Unit.PIECE), "doc": (12, Unit.PIECE),
    "docena": (12, Unit.PIECE), "dozen": (12, Unit.PIECE),
}  # fmt: skip
_UNIT = "(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + r")\.?(?![a-z0-9])"
_MASS = (Unit.KG, Unit.G, Unit.LB, Unit.OZ)
# "2 x 4.90", "0.640 kg @ 9.90/kg", "2.31 lb @ 0.59".
_RATE = re.compile(
    rf"(?<![\w.,])({_N})\s*(?:{_UNIT})?\s*(?:net[o]?\s*)?[x@*×]\s*{_SIGNS}?\s*({_EACH})(?!\s*(?:ml|g|l|cl|oz)\b)(?![\d.,])"
    rf"\s*{_SIGNS}?\s*(?:/\s*(?:kg|lb|un|und|ud|ea|l|100\s*g))?",
    re.IGNORECASE,
)
# "0,750 kg 1,99 €/kg".
_RATE_APART = re.compile(
    rf"(?<![\w.,])({_N})\s*(kg|lb)\s+{_SIGNS}?\s*({_EACH})\s*{_SIGNS}?\s*/\s*(?:kg|lb)", re.IGNORECASE
)
# "2.46 lb @ 1 lb /0.49".
_RATE_OF_ONE = re.compile(
    rf"(?<![\w.,])({_N})\s*(kg|lb)\s*@\s*1\s*(?:kg|lb)\s*/\s*{_SIGNS}?\s*({_EACH})", re.IGNORECASE
)
_PACKS = re.compile(rf"(?<![\w.,])(\d{{1,2}})\s*(?:pk|pack)?\s*[x×*]\s*({_N})\s*{_UNIT}", re.IGNORECASE)
_SIZE_PACKS = re.compile(rf"(?<![\w.,])({_N})\s*{_UNIT}\s*[x×*]\s*(\d{{1,2}})\b(?![.,]\d)", re.IGNORECASE)
_SIZE = re.compile(rf"(?<![\w.,/])((?:\d+/\d+)|{_N})\s*{_UNIT}", re.IGNORECASE)
_UNIT_FIRST = re.compile(r"(?<!\w)(kg|lb)\s*(\d{1,3}[.,]\d{2,3})(?!\w)", re.IGNORECASE)
_PIECES = re.compile(r"(?<!\w)x\s?(\d{1,3})(?:\s?(?:un|und|unid|uds|ct|pcs))?\b(?![.,]\d)", re.IGNORECASE)
_ONE_OF = re.compile(r"(?<!\w)(half\s+)?(gal|qt|pt)\.?(?!\w)", re.IGNORECASE)
_DOZEN = re.compile(r"(?<!\w)(?:docena|dozen|doz)(?!\w)", re.IGNORECASE)
_BARE_UNIT = re.compile(r"(?<!\w)(?:und|unid|un|ea|c/u|uds?|kg|x)\.?(?!\w)", re.IGNORECASE)
_CODE = re.compile(r"(?<!\w)(?:\d{4,}|\d{3,}[A-Z]{1,2}\d*)(?!\w|[.,]\d|%)")
_COLUMNS = re.compile(rf"^(?:({_N})\s+)?(.*?)\s+(?:({_N})\s+)?{_SIGNS}?\s*({_EACH})\s*$", re.IGNORECASE)
# How many, in a column of its own or with an x; a 1 needs neither, as nothing is named so ("7 UP" is).
_FIRST = re.compile(r"(\d{1,2})(?:\s{2,}|\s?[x×]\s+)(?=[^\W\d])|(1)\s(?=[^\W\d])", re.IGNORECASE)
_EDGES = " .,:;-_*#/\\|@()+=~'\"$"
_FLAG = re.compile(r"\s+[A-Z*#](?:\s+[A-Z*#])*$")


@dataclass(frozen=True, slots=True)
class Priced:
    """A row's amount, and what stands before it."""

    amount: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Bought:
    """`each` is the price of one, or of a unit of weight, where the row tells it."""

    words: str
    quantity: Quantity
    each: Decimal | None = None
    count: Decimal | None = None

    def costs(self, price: Decimal) -> bool:
        """Whether so many at that price come to this one, which may be told in thousands ("1.990")."""
        if self.each is None or self.count is None:
            return False
        cost = self.each * self.count
        return abs(cost - price) <= CLOSE or abs(cost * 1000 - price) <= CLOSE


def priced(text: str, *, cents: bool) -> Priced | None:
    """The amount at the end of a row, less than nothing for what is taken off; None where there is none."""
    pattern = _WITH_CENTS if cents else _WITHOUT
    match = pattern.search(text) or pattern.search(_LAST.sub(lambda last: _as_figures(last[0]), text))
    if match is None:
        return None
    amount = money(match["amount"], cents=cents)
    minus = match["minus"] or match["minus2"] or match["after"] in ("-", "−", "–")
    return Priced(-amount if minus else amount, text[: match.start()].strip()) if amount < MOST_PAID else None


def money(figures: str, *, cents: bool) -> Decimal:
    """An amount of money: with cents its last two figures are those, whatever separates them."""
    plain = re.sub(r"\D", "", figures)
    return Decimal(plain).scaleb(-2) if cents else Decimal(plain)


def _as_figures(word: str) -> str:
    """A word that is nearly an amount, as one."""
    figures = word.translate(_FIGURES)
    return figures if sum(one.isdigit() for one in word) >= 2 else word


def bought(text: str, price: Decimal | None) -> Bought:
    """What a row without its amount says: how much of what. Sizes count: two packs of a litre are two litres."""
    if rate := _RATE.search(text) or _RATE_APART.search(text) or _RATE_OF_ONE.search(text):
        count, each = _number(rate[1]), _number(rate[3])
        unit = _UNITS[rate[2].lower()][1] if rate[2] else None
        weighed = unit if unit in _MASS else (Unit.KG if unit is None and re.search(r"[.,]\d{3}$", rate[1]) else None)
        rest = text[: rate.start()] + "  " + text[rate.end() :]
        if weighed:
            return Bought(_words(_without_size(rest)), _rounded(count, weighed), each, count)
        return _counted(rest, count, each)
    if price is not None and (columns := _COLUMNS.match(text)):
        count, each = _number(columns[1] or columns[3] or "1"), _number(columns[4])
        if abs(count * each - price) <= CLOSE:
            if count == count.to_integral_value():
                return _counted(columns[2], count, each)
            return Bought(_words(columns[2]), _rounded(count, Unit.KG), each, count)
    if first := _FIRST.match(text):
        return _counted(text[first.end() :], _number(first[1] or first[2]), None)
    return _counted(text, Decimal(1), None)


def _counted(text: str, count: Decimal, each: Decimal | None) -> Bought:
    rest, size = _sized(text)
    quantity = _rounded(size.amount * count, size.unit) if size else _rounded(count, Unit.PIECE)
    return Bought(_words(rest), quantity, each, count if each is not None else None)


def _sized(text: str) -> tuple[str, Quantity | None]:
    """The text without the size of a pack, and the size."""
    for pattern, amount_at, unit_at, times_at in ((_PACKS, 2, 3, 1), (_SIZE_PACKS, 1, 2, 3), (_SIZE, 1, 2, None)):
        if match := pattern.search(text):
            times = _number(match[times_at]) if times_at else Decimal(1)
            size = _size(match[amount_at], match[unit_at], times)
            if size is not None:
                return f"{text[: match.start()]} {text[match.end() :]}", size
    if match := _UNIT_FIRST.search(text):
        return f"{text[: match.start()]} {text[match.end() :]}", _size(match[2], match[1], Decimal(1))
    if match := _PIECES.search(text):
        return f"{text[: match.start()]} {text[match.end() :]}", Quantity(_number(match[1]), Unit.PIECE)
    if match := _ONE_OF.search(text):
        half = Decimal("0.5") if match[1] else Decimal(1)
        return f"{text[: match.start()]} {text[match.end() :]}", _size("1", match[2], half)
    if match := _DOZEN.search(text):
        return f"{text[: match.start()]} {text[match.end() :]}", Quantity(Decimal(12), Unit.PIECE)
    return text, None


def _without_size(text: str) -> str:
    return _sized(text)[0]


def _size(amount: str, unit: str, times: Decimal) -> Quantity | None:
    factor, meant = _UNITS[unit.lower()]
    number = parse(amount)
    each = number.amount if number and "/" in amount else _number(amount) if "/" not in amount else Decimal(0)
    total = each * times * factor
    return _rounded(total, meant) if 0 < total < MOST else None


def _rounded(amount: Decimal, unit: Unit) -> Quantity:
    """In thousandths; what is nothing, or more than anybody buys, was misread and counts as one piece."""
    if unit is Unit.ML and amount >= 1000:
        amount, unit = amount / 1000, Unit.L
    amount = round_off(amount)
    return Quantity(amount, unit) if 0 < amount < MOST else ONE_PIECE


def _number(figures: str) -> Decimal:
    return Decimal(figures.replace(",", "."))


def _words(text: str) -> str:
    """The shop's words alone: without codes, units and the letters of taxes."""
    first = _FIRST.match(text.strip())
    bare = _BARE_UNIT.sub(" ", _CODE.sub(" ", text.strip()[first.end() if first else 0 :]))
    while (shorter := _FLAG.sub("", bare.strip(_EDGES))) != bare:
        bare = shorter
    return mended(" ".join(bare.split()).strip(_EDGES))
