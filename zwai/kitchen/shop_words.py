"""What the words of a receipt mean: as the household taught, else by the catalogue, else the words as they are."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum

from storage import shop_words
from storage.db import Read, Write
from storage.shop_words import Learned
from zwai.knowledge.names import label_key, resolve
from zwai.knowledge.receipt_words import expanded, mended
from zwai.records.people import HouseholdId, Language
from zwai.records.reading import Receipt, ReceiptLine
from zwai.records.stock import LONGEST_LABEL, Batch, FoodId

ALIKE = 0.9  # of words that differ by what a reader confuses: one letter in ten
SHORTEST_ALIKE = 8
END = 4  # letters at the beginning or the end, one of which must agree: comparing with all would hold up the loop
LONGEST_SHOP, LONGEST_WORDS = 100, 200


class MeaningRule(StrEnum):
    """How the meaning was found. NEAR: by words nearly the same, or taught at another shop. OWN: it was not found."""

    LEARNED = "learned"
    NEAR = "near"
    CATALOGUE = "catalogue"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a receipt's line is called, and its food where the catalogue has it."""

    label: str
    food: FoodId | None
    rule: MeaningRule


async def meanings(tx: Read, household: HouseholdId, receipt: Receipt, language: Language) -> list[Meaning]:
    """What each line of a receipt means to a household, in the lines' order."""
    shop, keys = shop_key(receipt.shop), [words_key(line.words) for line in receipt.lines]
    learned = await shop_words.of_words(tx, household, set(keys))
    here = {one.words_key: one for one in learned if one.shop_key == shop}
    elsewhere = {one.words_key: one for one in reversed(learned) if one.shop_key != shop}
    near = _by_ends(await shop_words.of_shop(tx, household, shop) if not here.keys() >= set(keys) else [])

    def meant() -> list[Meaning]:
        return [
            _taught(here.get(key), MeaningRule.LEARNED)
            or _taught(elsewhere.get(key) or _alike(key, near), MeaningRule.NEAR)
            or meaning_of(line.words, language)
            for key, line in zip(keys, receipt.lines, strict=True)
        ]

    return await asyncio.to_thread(meant)  # words that nobody knows take a millisecond for every six


def meaning_of(words: str, language: Language) -> Meaning:
    """What the catalogue makes of a shop's words, its abbreviations written out; else they stay the household's own."""
    match = resolve(expanded(words), language)
    if match is None:
        return Meaning(words.capitalize()[:LONGEST_LABEL], None, MeaningRule.OWN)
    return Meaning(match.food.name(language), match.food.id, MeaningRule.CATALOGUE)


def evidence(receipt: Receipt, line: ReceiptLine) -> dict[str, str]:
    """What a proposal's line keeps of the receipt that it comes from: `learn` and the prices need it when accepted."""
    return {
        "shop": receipt.shop,
        "words": line.words,
        "text": line.text,
        "price": "" if line.price is None else f"{line.price:f}",
        "currency": receipt.currency,
        "bought_on": receipt.bought_on.isoformat() if receipt.bought_on else "",
    }


async def learn(
    tx: Write, household: HouseholdId, accepted: Iterable[tuple[Mapping[str, str], Batch]], now: datetime
) -> None:
    """Keep what a household called the words of receipts that it accepted, each with the evidence of its line."""
    for told, batch in accepted:
        key = words_key(told.get("words", ""))
        if key:
            learned = Learned(shop_key(told.get("shop", "")), key, batch.label, batch.food)
            await shop_words.put(tx, household, learned, now)


def shop_key(shop: str) -> str:
    """A shop by its letters and figures alone: a reader sees dots and dashes, or not."""
    return _plain(shop)[:LONGEST_SHOP]


def words_key(words: str) -> str:
    return _plain(words)[:LONGEST_WORDS]


def _plain(text: str) -> str:
    key = label_key(mended(text))
    return " ".join("".join(one if one.isalnum() else " " for one in key).split())


def _taught(learned: Learned | None, rule: MeaningRule) -> Meaning | None:
    return Meaning(learned.label, learned.food, rule) if learned else None


def _alike(key: str, known: Mapping[str, Sequence[Learned]]) -> Learned | None:
    """The learned words that these are but for a letter that was misread."""
    if len(key) < SHORTEST_ALIKE:
        return None
    like = {one.words_key: one for end in _ends(key) for one in known.get(end, ())}
    near = (one for one in like.values() if abs(len(one.words_key) - len(key)) <= len(key) * (1 - ALIKE))
    scored = [(SequenceMatcher(None, key, one.words_key).ratio(), one) for one in near]
    best = max(scored, key=lambda one: one[0], default=None)
    return best[1] if best and best[0] >= ALIKE else None


def _by_ends(known: Sequence[Learned]) -> Mapping[str, Sequence[Learned]]:
    """Words by how they begin and how they end: a misread letter spoils one of these, and few share the other."""
    by_end = defaultdict(list)
    for one in known:
        for end in _ends(one.words_key):
            by_end[end].append(one)
    return by_end


def _ends(key: str) -> tuple[str, str]:
    return f"{key[:END]}…", f"…{key[-END:]}"
