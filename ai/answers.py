"""What may come of an answer, piece by piece: names, sentences and numbers, each within bounds, or nothing.

A sentence is plain words. Mark-up, code, addresses and signs that nobody sees are no part of one.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from zwai.knowledge.names import label_key

LONGEST_NAME = 80
LONGEST_SENTENCES = 300
SMALLEST_AMOUNT = Decimal("0.001")
_NAME = re.compile(r"[^\W_][\w '’.,()/%&+°-]*")
# Mark-up and code; an address, with or without its beginning.
_NO_PROSE = re.compile(r"[<>{}\[\]|\\`*_#~^=@$]|://|www\.|\w\.[^\W\d_]{2}")
_DIGIT = re.compile(r"\d")


def name_of(said: Any) -> str | None:
    """A name as a label may be; None for what is none: mark-up, code, whole texts."""
    if not isinstance(said, str) or len(said) > LONGEST_NAME:
        return None
    name = " ".join(unicodedata.normalize("NFC", said).split())
    return name if _NAME.fullmatch(name) and len(label_key(name)) <= LONGEST_NAME else None


def prose_of(said: Any, longest: int = LONGEST_SENTENCES) -> str:
    """Plain sentences, cut after the last whole one that has room; empty for what is none."""
    if not isinstance(said, str):
        return ""
    text = " ".join(unicodedata.normalize("NFC", said[: 2 * longest]).split())
    if _NO_PROSE.search(text) or any(unicodedata.category(sign).startswith("C") for sign in text):
        return ""
    if len(text) > longest:
        head, _, _ = text[:longest].rpartition(". ")
        text = f"{head}." if head else ""
    return text if any(sign.isalpha() for sign in text) else ""


def words_of(said: Any, longest: int = LONGEST_SENTENCES) -> str:
    """Prose without figures: days, degrees and amounts are for tables to tell."""
    text = prose_of(said, longest)
    return "" if _DIGIT.search(text) else text


def number_of(said: Any) -> float | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        number = float(said)
    except OverflowError:  # JSON has whole numbers of any length
        return None
    return number if math.isfinite(number) else None


def amount_of(said: Any, most: float) -> Decimal | None:
    """More than nothing and no more than `most`, to thousandths."""
    number = number_of(said)
    if number is None or not 0 < number <= most:
        return None
    rounded = Decimal(str(number)).quantize(SMALLEST_AMOUNT)
    return rounded.normalize() + Decimal(0) if rounded else None


def objects_of(said: Any, most: int) -> Iterator[dict[str, Any]]:
    """The objects among the first `most` of a list."""
    return (one for one in said[:most] if isinstance(one, dict)) if isinstance(said, list) else iter(())
