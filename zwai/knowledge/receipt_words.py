"""The words of receipts: which rows are totals, taxes or payments, what abbreviations stand for, what is no food."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise, takewhile

from zwai.knowledge.catalogue import load
from zwai.knowledge.names import label_key, resolve
from zwai.knowledge.spelling import stem
from zwai.knowledge.tables import rows_of


class Kind(StrEnum):
    """What a row of a receipt is, where it is nothing that was bought."""

    TOTAL = "total"
    SUBTOTAL = "subtotal"
    TAX = "tax"
    ROUNDING = "rounding"
    SAVED = "saved"
    DISCOUNT = "discount"
    PAYMENT = "payment"
    META = "meta"


SHORTEST_BEGINNING = 4
_LETTERS = str.maketrans("0158", "oisb")
_MIXED = re.compile(r"(?=[^\W\d_]*\d)(?:[^\W\d_]|[0158])+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def warm() -> None:
    """Load the words (12 ms), so that no request pays for it."""
    is_food("bolsa")
    expanded("-")
    kind_of("-")


def kind_of(text: str) -> Kind | None:
    """What a row is by the longest known words that it begins with; None where it may be something bought."""
    words = _WORD.findall(label_key(mended(text)).replace("i.g.v", "igv").replace("i.v.a", "iva"))
    while words and words[0].isdigit():
        words = words[1:]
    for length in range(min(4, len(words)), 0, -1):
        if kind := _kinds().get(" ".join(words[:length])):
            return kind
    return None


def mended(text: str) -> str:
    """Letters that were read as figures in a word of letters are letters again ("AVOCAD0")."""

    def mend(match: re.Match[str]) -> str:
        word = match[0]
        letters = sum(one.isalpha() for one in word)
        if letters < 3 or letters <= len(word) - letters or word[0].isdigit():
            return word
        plain = word.translate(_LETTERS)
        return plain.upper() if word.upper() == word else plain

    return _MIXED.sub(mend, text)


def expanded(words: str) -> str:
    """A shop's words with its abbreviations written out, the known ones and those that only one word begins with."""
    return " ".join(_expanded(word) for word in label_key(words).replace(".", " ").split())


def is_food(words: str) -> bool:
    """False for what a household uses and nobody eats; what isn't known counts as food."""
    spelt = _WORD.findall(label_key(words))
    pairs = [*spelt, *(f"{one} {two}" for one, two in pairwise(spelt))]
    if spelt and not _listed("not_food").isdisjoint(pairs):
        return False
    return _listed("container").isdisjoint(spelt) or resolve(expanded(words)) is not None


def _expanded(word: str) -> str:
    return _abbreviations().get(word) or _begun(word) or word


def _begun(word: str) -> str | None:
    """The word of a food's name that an abbreviation begins ("zanah"), where no other does; None for a known word."""
    words = _name_words()
    place = bisect_left(words, word)
    meant = list(takewhile(lambda other: other.startswith(word), words[place:]))
    if len(word) < SHORTEST_BEGINNING or word in meant or len({stem(one) for one in meant}) != 1:
        return None
    return meant[0]


@cache
def _name_words() -> Sequence[str]:
    names = (
        name
        for food in load().foods.values()
        for name in (food.name_es, food.name_es_pe or "", food.name_en, *food.synonyms_es, *food.synonyms_en)
    )
    return sorted({word for name in names for word in _WORD.findall(label_key(name))})


@cache
def _kinds() -> Mapping[str, Kind]:
    kinds = set(Kind)
    return {label_key(row["word"]): Kind(row["kind"]) for row in rows_of("receipt_words.csv") if row["kind"] in kinds}


@cache
def _abbreviations() -> Mapping[str, str]:
    rows = (row for row in rows_of("receipt_words.csv") if row["kind"] == "abbreviation")
    return {label_key(row["word"]): row["means"] for row in rows}


@cache
def _listed(kind: str) -> frozenset[str]:
    return frozenset(label_key(row["word"]) for row in rows_of("receipt_words.csv") if row["kind"] == kind)
