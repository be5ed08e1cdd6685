"""Quantities in words: "1 1/2 tazas", "500g", "media docena", "kilo y medio" are read, and told in either language."""

import re
import unicodedata
from decimal import Decimal

from zwai.errors import Told
from zwai.knowledge.names import label_key
from zwai.knowledge.units import round_off
from zwai.knowledge.words import render_unit, singular, unit_of
from zwai.records.people import Language
from zwai.records.stock import Quantity, Unit

LONGEST = 60
LARGEST = Decimal(10**9)
_HALF, _QUARTER = Decimal("0.5"), Decimal("0.25")
_PARTS = {"medio": _HALF, "media": _HALF, "half": _HALF, "cuarto": _QUARTER, "quarter": _QUARTER}
_NUMBERS = {
    **_PARTS,
    **dict.fromkeys(("un", "una", "uno", "a", "an", "one"), Decimal(1)),
    **dict.fromkeys(("half a", "half an", "a half"), _HALF),
    **dict.fromkeys(("un cuarto", "a quarter"), _QUARTER),
    **dict.fromkeys(("tres cuartos", "three quarters"), Decimal("0.75")),
    **{word: Decimal(number) for number, words in enumerate((
        "dos two", "tres three", "cuatro four", "cinco five", "seis six", "siete seven", "ocho eight", "nueve nine",
        "diez ten", "once eleven", "doce twelve",
    ), 2) for word in words.split()},
}  # fmt: skip
_WORDS = re.compile(rf"({'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b")
_FRACTION = re.compile(r"(?:(\d{1,9})\s+)?(\d{1,9})\s*/\s*(\d{1,9})(?![\d.,/])")
_FIGURES = re.compile(r"\d[\d.,]*(?<![.,])(?![\d/])")
_OF = re.compile(r"^(?:de |of (?:an? )?)")
_POINT = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_COMMA = re.compile(r"\d{1,9},(?:\d{1,2}|\d{4,9})|0,\d{3}")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+\.\d{1,9}|\d{1,3}(?:\.\d{3})+,\d{1,9}")


def parse(text: str) -> Quantity | None:
    """What a text that is nothing but a quantity says, in pieces when no unit is named; None when it isn't clear."""
    key = _key(text)
    if (whole := _leading(key)) is None:
        # "kilo y medio": the unit alone is one of it.
        return _with_part(Decimal(1), key)
    amount, rest = whole
    if times := re.match(r"[x×]\s*(?=\d)", rest):
        each = parse(rest[times.end() :])
        total = amount * each.amount if each else LARGEST
        return Quantity(round_off(total), each.unit) if each and total < LARGEST else None
    rest = _OF.sub("", rest)
    if unit := unit_of(rest) if rest else Unit.PIECE:
        return Quantity(round_off(amount), unit)
    return _with_part(amount, rest)


def number(text: str) -> Decimal | None:
    """The number that a text says: "1/2", "1,5", "½", "dos"; None when it isn't one, or could be two ("1,500")."""
    found = _leading(_key(text))
    return round_off(found[0]) if found and not found[1] else None


def said(quantity: Quantity, language: Language) -> str:
    """A quantity in words: "2 litros", "1 porción"."""
    unit = render_unit(quantity.unit, language)
    return f"{quantity.amount:f} {singular(unit) if quantity.amount == 1 else unit}"


def told(quantity: Quantity) -> Told:
    """The same for an error, in both languages."""
    return Told(said(quantity, Language.ES), said(quantity, Language.EN))


def _key(text: str) -> str:
    """Folded, with "1½" as "1 1/2"; empty when it is too long to be a quantity."""
    if len(text) > LONGEST:
        return ""
    spaced = "".join(f" {one} " if unicodedata.decomposition(one).startswith("<fraction>") else one for one in text)
    return label_key(spaced).replace("\N{FRACTION SLASH}", "/")


def _leading(key: str) -> tuple[Decimal, str] | None:
    """The number at the start of a text, and the rest of it; "dos y media" is one number."""
    if (found := _first(key)) is None:
        return None
    amount, rest = found
    if joined := re.match(r"(?:y|and)\s+", rest):
        part = _first(rest[joined.end() :])
        if part and part[0] < 1 <= amount:
            return amount + part[0], part[1]
    return amount, rest


def _first(key: str) -> tuple[Decimal, str] | None:
    if fraction := _FRACTION.match(key):
        whole, over, under = (Decimal(one or 0) for one in fraction.groups())
        return (whole + over / under, key[fraction.end() :].strip()) if under else None
    if figures := _FIGURES.match(key):
        amount = _figures(figures[0])
        return None if amount is None else (amount, key[figures.end() :].strip())
    if words := _WORDS.match(key):
        return _NUMBERS[words[0]], key[words.end() :].strip()
    return None


def _figures(written: str) -> Decimal | None:
    """A point is for decimals, and so is a comma, unless it could as well be for thousands."""
    if _POINT.fullmatch(written) or _COMMA.fullmatch(written):
        return Decimal(written.replace(",", "."))
    if _THOUSANDS.fullmatch(written):
        decimals = max(written.rfind("."), written.rfind(","))
        return Decimal(re.sub(r"[.,]", "", written[:decimals]) + "." + written[decimals + 1 :])
    return None


def _with_part(amount: Decimal, rest: str) -> Quantity | None:
    """ "kilo y medio", "litros y cuarto": a unit, and a part of one more."""
    found = re.fullmatch(rf"(.+?) (?:y|and) (?:un |a )?({'|'.join(_PARTS)})", rest)
    unit = unit_of(found[1]) if found else None
    return Quantity(round_off(amount + _PARTS[found[2]]), unit) if found and unit else None
