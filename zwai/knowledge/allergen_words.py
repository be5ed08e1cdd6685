"""The words that speak of allergens: our own table first, then every name of the catalogue."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import chain, takewhile
from typing import TypeVar

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


T = TypeVar("T")
Known = Callable[[str], Node | None]  # where the phrases that begin with a stem go on
Said = tuple[Language, Sequence[Token], T]  # in which language, in which words, and what it means

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


@lru_cache(maxsize=16_384)
def token_of(word: str) -> Token:
    """A word, as `label_key` writes it, or a punctuation mark."""
    return Token(word, _stem(word))


def _stem(word: str) -> str:
    if word.isalpha():
        return word if word in _APART else stem(word)
    if word in ",/+&":
        return COMMA
    return STOP if len(word) == 1 and not word.isalnum() else stem(word)


def match(known: Known, tokens: Sequence[Token], start: int) -> tuple[int, Phrase] | None:
    """The longest phrase that begins at `start`, and where it ends. Noise between its words is passed over."""
    node, noise = known(tokens[start].stem), _noise()
    if node is None:
        return None
    found = (start + 1, node.phrase) if node.phrase else None
    for at in range(start + 1, len(tokens)):
        here = tokens[at]
        if below := node.next.get(here.stem):
            node = below
            if node.phrase is not None:
                found = at + 1, node.phrase
        elif not (here.word in GLUE or here.stem in noise):
            break
    return found


def begins(stem: str) -> bool:
    """Whether any phrase or name does."""
    return stem in _own() or stem in _names()


def own_phrases(language: Language, stem: str) -> Node:
    """The phrases of our table from `stem` on: one that means two things is read in `language` first."""
    node = Node()
    for tokens, phrase in _in_order(_own().get(stem, ()), language):
        add_phrase(node, tokens, phrase)
    return node


def names(language: Language, stem: str) -> Iterator[tuple[Sequence[Token], Food]]:
    """The names of the catalogue that begin with `stem`, those of `language` first."""
    return _in_order(_names().get(stem, ()), language)


def add_phrase(node: Node, tokens: Sequence[Token], phrase: Phrase) -> None:
    """Make a phrase known below the node of its first stem, unless it has been said already."""
    stems = [token.stem for token in tokens if token.word not in GLUE]
    for below in stems[1:]:
        node = node.next.setdefault(below, Node())
    if node.phrase is None:
        node.phrase = phrase


@cache
def speller() -> Speller:
    """Repairs words towards those that any phrase or name has."""
    said = chain(chain.from_iterable(_own().values()), chain.from_iterable(_names().values()))
    words = {token.word for _, tokens, _ in said for token in tokens}
    others = {label_key(row["word"]) for table in ("words.csv", "noise.csv") for row in rows_of(table)}
    return Speller(sorted(word for word in words if word[0].isalpha()) + sorted(others))


def is_noise(token: Token) -> bool:
    """Whether a word says nothing of what a food is: a state, a size, a colour, a brand, a unit."""
    return token.stem in _noise()


@cache
def _own() -> Mapping[str, Sequence[Said[Phrase]]]:
    said = []
    for row in rows_of("allergens.csv"):
        phrase = Phrase(
            _codes(row["contains"]), _codes(row["may_contain"]), Sort(row["kind"]), (row["why_es"], row["why_en"])
        )
        for language, column in ((Language.ES, "words_es"), (Language.EN, "words_en")):
            said += [(language, words, phrase) for words in row[column].split("|") if words]
    return _by_first_stem(said)


@cache
def _names() -> Mapping[str, Sequence[Said[Food]]]:
    said = []
    for food in load().foods.values():
        spanish = (food.name_es_pe, food.name_es, *food.synonyms_es)
        said += [(Language.ES, name, food) for name in spanish if name]
        said += [(Language.EN, name, food) for name in (food.name_en, *food.synonyms_en)]
    return _by_first_stem(said)


def _by_first_stem(said: Sequence[tuple[Language, str, T]]) -> Mapping[str, Sequence[Said[T]]]:
    """Thousands of texts in one pass, which takes a fifth of the time of as many; none of ours has a line's end."""
    found: dict[str, list[Said[T]]] = defaultdict(list)
    tokens = iter(tokens_of("\n".join(text for _, text, _ in said) + "\n"))
    for language, _, meaning in said:
        words = tuple(takewhile(_goes_on, tokens))
        if first := next((token.stem for token in words if token.word not in GLUE), ""):
            found[first].append((language, words, meaning))
    return found


def _goes_on(token: Token) -> bool:
    return token.word != ";"  # how `tokens_of` reads a line's end


def _in_order(said: Iterable[Said[T]], language: Language) -> Iterator[tuple[Sequence[Token], T]]:
    for _, tokens, meaning in sorted(said, key=lambda one: one[0] is not language):
        yield tokens, meaning


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
