"""The words that speak of allergens: our own table first, then every name of the catalogue."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from zwai.knowledge.catalogue import Food, load
from zwai.knowledge.names import label_key
from zwai.knowledge.spelling import Speller, stem
from zwai.knowledge.tables import rows_of
from zwai.records.allergens import Allergen
from zwai.records.people import Language


class Sort(StrEnum):
    """What a phrase of `allergens.csv` is (its column `kind`); FOOD is a name of the catalogue."""

    ALLERGEN = "allergen"  # names a whole allergen: "sin" before it takes the allergen away
    SOURCE = "source"  # made of it, whatever the recipe
    PART = "part"  # a part of it: without lactose is not without milk
    NOUN = "noun"  # also an adjective or a place: counts at the head, or after a word that ties
    DISH = "dish"  # by its usual recipe
    LOOK = "look"  # looks like another and is not
    CLAIM = "claim"  # says that the food is without
    VEGAN = "vegan"  # says so of all that comes from animals, which does not rule out traces
    TRACES = "traces"  # what follows is a warning
    FILLER = "filler"  # says nothing of allergens
    FOOD = "food"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some words and what they mean. `why` holds our reason in Spanish and in English."""

    contains: frozenset[Allergen]
    may_contain: frozenset[Allergen]
    sort: Sort
    why: tuple[str, str]
    food: Food | None = None


class Node:
    """Where a walk over the words of known phrases has come to."""

    __slots__ = ("next", "phrase")

    def __init__(self) -> None:
        self.next: dict[str, Node] = {}
        self.phrase: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text with its stem; punctuation is `,` where it is weak and `.` where it is strong."""

    word: str
    stem: str


COMMA, STOP = ",", "."
# Words that may stand between those of a phrase, in ours as in what people type.
GLUE = frozenset(["de", "del", "d", "la", "el", "los", "las", "the", "of", "a", "al", "en", "in", "un", "una", "an"])
_ADDITIVE = re.compile(r"\b(?:e|ins|sin|sins)[\s.-]{0,2}(\d{3,4}[a-z]?)\b")  # "SIN 220" is a number, not a denial
_AMOUNT = re.compile(r"(?<![a-z\d])\d[\d.,/%]*")
# They would share the stem of "bass", "sole" and "poke".
_APART = frozenset({"base", "bases", "sol", "pok"})
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?\d{0,4}|[,/+&]|[.;:()\[\]{}|!?]")


def tokens_of(text: str) -> list[Token]:
    """The words of a text and its punctuation; amounts are left out."""
    key = label_key(text.replace("\n", ";").replace("’", "'"))
    key = _AMOUNT.sub(" ", _ADDITIVE.sub(r"e\1", key))
    return [token_of(word) for word in _TOKEN.findall(key)]


def token_of(word: str) -> Token:
    """A word, as `label_key` writes it, or a punctuation mark."""
    return Token(word, _stem(word))


def _stem(word: str) -> str:
    if word.isalpha():
        return word if word in _APART else stem(word)
    if word in ",/+&":
        return COMMA
    return STOP if len(word) == 1 and not word.isalnum() else stem(word)


def match(node: Node, tokens: Sequence[Token], start: int) -> tuple[int, Phrase] | None:
    """The longest phrase that begins at `start`, and where it ends. Noise between its words is passed over."""
    found, at, noise = None, start, _noise()
    while at < len(tokens):
        here = tokens[at]
        if below := node.next.get(here.stem):
            node = below
            if node.phrase is not None:
                found = at + 1, node.phrase
        elif at == start or not (here.word in GLUE or here.stem in noise):
            break
        at += 1
    return found


def own_phrases(language: Language) -> Node:
    """The phrases of our table: one that means two things is read in `language` first."""
    root = Node()
    for column in _columns(language):
        for row in rows_of("allergens.csv"):
            phrase = Phrase(
                _codes(row["contains"]), _codes(row["may_contain"]), Sort(row["kind"]), (row["why_es"], row["why_en"])
            )
            for words in filter(None, row[column].split("|")):
                _insert(root, words, phrase)
    return root


def names(language: Language) -> Iterator[tuple[Food, str]]:
    """Every name of the catalogue, those of `language` first."""
    for spoken in (language, *(other for other in Language if other is not language)):
        for food in load().foods.values():
            if spoken is Language.EN:
                yield from ((food, name) for name in (food.name_en, *food.synonyms_en))
            else:
                yield from ((food, name) for name in (food.name_es_pe, food.name_es, *food.synonyms_es) if name)


def add_food(
    root: Node, food: Food, name: str, contains: frozenset[Allergen], may_contain: frozenset[Allergen]
) -> None:
    """Make a name of the catalogue known, unless it has been said already."""
    _insert(root, name, Phrase(contains, may_contain, Sort.FOOD, ("", ""), food))


@cache
def speller() -> Speller:
    """Repairs words towards those that any phrase or name has."""
    words = {token.word for language in Language for _, name in names(language) for token in tokens_of(name)}
    for row in rows_of("allergens.csv"):
        words |= {token.word for column in ("words_es", "words_en") for token in tokens_of(row[column])}
    others = {label_key(row["word"]) for table in ("words.csv", "noise.csv") for row in rows_of(table)}
    return Speller(sorted(word for word in words if word[0].isalpha()) + sorted(others))


def is_noise(token: Token) -> bool:
    """Whether a word says nothing of what a food is: a state, a size, a colour, a brand, a unit."""
    return token.stem in _noise()


def _insert(root: Node, words: str, phrase: Phrase) -> None:
    node = root
    for token in tokens_of(words):
        if token.word not in GLUE:
            node = node.next.setdefault(token.stem, Node())
    if node.phrase is None:
        node.phrase = phrase


def _columns(language: Language) -> tuple[str, str]:
    return ("words_en", "words_es") if language is Language.EN else ("words_es", "words_en")


def _codes(cell: str) -> frozenset[Allergen]:
    return frozenset(map(Allergen, cell.split("|"))) if cell else frozenset()


@cache
def _noise() -> frozenset[str]:
    kinds: Mapping[str, set[str]] = {"noise.csv": {"state", "size", "colour", "brand"}, "words.csv": {"unit"}}
    return frozenset(
        stem(label_key(row["word"]))
        for table, wanted in kinds.items()
        for row in rows_of(table)
        if row["kind"] in wanted
    )
