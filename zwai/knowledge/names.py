"""From what people type to a food of the catalogue: exact, plural, with noise around it, or misspelt.

A name that is not resolved stays the user's own label: nothing is ever forced on the nearest food.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from itertools import chain, pairwise

from zwai.knowledge.catalogue import Food, load
from zwai.knowledge.spelling import Speller, is_one_slip, stem
from zwai.knowledge.tables import rows_of
from zwai.records.people import Language
from zwai.records.stock import FoodId, Kind


class NameRule(StrEnum):
    """How a name was found, the surest first. NEAR: it shares words, and is only offered."""

    EXACT = "exact"
    PLURAL = "plural"
    NOISE = "noise"
    FUZZY = "fuzzy"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Match:
    """The food that a name means. `score` (0 to 1) orders matches; it is not a chance."""

    food: Food
    score: float
    rule: NameRule


# With these a text looks like another one: "\u202e" shows what follows backwards.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def label_key(text: str) -> str:
    """How labels are grouped and compared: casefolded, accents off, spaces collapsed."""
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text).casefold()
        text = _NOT_ASCII.sub(_without_accent, unicodedata.normalize("NFKD", folded))
    return " ".join(text.casefold().split())


def is_readable(text: str) -> bool:
    """Whether a text holds no control characters but line ends and tabs, and none that turn how others are read."""
    return text.isprintable() or not any(
        unicodedata.category(one) in ("Cc", "Cs") or one in _TURNING for one in text if one not in "\n\r\t"
    )


def is_label(text: str) -> bool:
    """Whether a text can be a name: tidy, something of it visible, nothing of it a control character."""
    visible = any(unicodedata.category(character)[0] in "LNPS" for character in text)
    return visible and is_readable(text) and text == " ".join(text.split())


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _without_accent(found: re.Match[str]) -> str:
    return "" if unicodedata.combining(found[0]) else found[0]


def resolve(text: str, language: Language = Language.ES) -> Match | None:
    """The food that `text` means, or None. A word that means two foods is read in `language` first."""
    key = label_key(text)
    if food := _index(language).exact.get(key):
        return Match(food, 1.0, NameRule.EXACT)
    return _resolve(key, language) if len(key) <= _LONGEST else None


def search(text: str, language: Language = Language.ES, limit: int = 10) -> tuple[Match, ...]:
    """Foods that `text` may mean, the best first: what it resolves to, then those that share words with it.

    Only a score of SURE or more is an answer; below it the foods are offered, and the text stays the user's own.
    """
    key = label_key(text)
    if len(key) > _LONGEST:
        return ()
    sure = resolve(text, language)
    near = [match for match in _near(key) if sure is None or _beside(match, sure)]
    return (*((sure,) if sure else ()), *near)[:limit]


def _beside(match: Match, sure: Match) -> bool:
    """Whether a food is worth offering beside what was surely meant: a coca cola is no tail of a shrimp."""
    return match.food is not sure.food and match.score >= _LEAST_BESIDE


def warm() -> None:
    """Build every index (about 70 ms), so that no request pays for it."""
    for language in Language:
        _index(language)
    _speller()


SURE = 0.7  # the lowest score of what `resolve` gives
_LONGEST = 120
# An unknown word left over is a brand or a variety ("arroz faraón"); more of them are a sentence.
_MOST_LEFT = 3
_COST_LEFT = 0.05
_COST_REPAIR = 0.1

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_AMOUNT = re.compile(r"\d\S*")
# What a food is meant for ("tomates para ensalada") may be part of a name, and is no reason against one.
_PURPOSE = re.compile(r"\b(?:para|for|on)\b")
_PARTS = re.compile(r"[,;:(/\[|]")
_KINDS = {
    "binding": {"binding", "tying"},
    "tying": {"tying"},
    "not_food": {"not_food"},
    "noise": {"state", "size", "colour", "brand"},
}
# Names of any dish of their kind: what is in it makes it another one ("sopa de lentejas").
_ANY_DISH = frozenset({"soup", "leftovers", "green_salad", "cooked_vegetables", "cooked_fish", "cooked_pork"})
# Foods that take another one as their flavour ("yogurt fresa", "keke de naranja").
_FLAVOURED = frozenset({"sweet", "snack", "dairy", "beverage", "bread", "baby"})
_FLAVOURS = frozenset({"fruit", "sweet", "spice"})  # not nuts: a nut milk is no milk


@dataclass(frozen=True, slots=True, eq=False)
class _Name:
    """One way to say a food, as the stems of its words. Each is itself, however alike another is."""

    food: Food
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Index:
    """All names, for one asking language. The head of a Spanish name is its first word, of an English one the last."""

    exact: Mapping[str, Food]
    stems: Mapping[str, Food]
    first: Mapping[str, Sequence[_Name]]
    last: Mapping[str, Sequence[_Name]]


@lru_cache(maxsize=8192)
def _resolve(key: str, language: Language) -> Match | None:
    index = _index(language)
    if food := index.stems.get(" ".join(_words(key))):
        return Match(food, 0.98, NameRule.PLURAL)
    repaired = _repaired(key)
    if repaired == key:
        return _amid_noise(key, index)
    if food := index.stems.get(" ".join(_words(repaired))):
        return Match(food, 0.9, NameRule.FUZZY)
    if found := _amid_noise(repaired, index):
        return replace(found, score=round(found.score - _COST_REPAIR, 2), rule=NameRule.FUZZY)
    return _amid_noise(key, index)  # what looked misspelt may be a brand


def _repaired(key: str) -> str:
    """`key` with its unknown words replaced by the known ones that they seem to be."""
    speller, phrase = _speller(), frozenset(_words(key))

    def repair(found: re.Match[str]) -> str:
        word = found[0]
        return word if speller.knows(word) else speller.correct(word) or _by_company(word, phrase) or word

    return _WORD.sub(repair, key)


def _by_company(word: str, phrase: frozenset[str]) -> str | None:
    """The one word a slip away that makes a name of the others with it: "queso bire" can only be a brie."""
    by_word, _ = _vocabulary()
    own, others = stem(word), phrase - {stem(word)} - _listed("binding")
    lacking = frozenset[str]().union(*map(_companions, others)) - phrase
    meant = [
        missing
        for missing in lacking
        if is_one_slip(own, missing) and any(name.words - {missing} <= others for name in by_word[missing])
    ]
    return meant[0] if len(meant) == 1 else None


@lru_cache(maxsize=1024)
def _companions(word: str) -> frozenset[str]:
    """The words that stand beside this one in any name."""
    by_word, _ = _vocabulary()
    return frozenset(other for name in by_word.get(word, ()) for other in name.words)


def _amid_noise(key: str, index: _Index) -> Match | None:
    """The longest name that holds the head of the phrase, if what is left over may be ignored."""
    said, *purpose = _PURPOSE.split(_AMOUNT.sub(" ", key), maxsplit=1)
    parts = [_words(part) for part in _PARTS.split(said)]
    phrase = [word for part in parts for word in part]
    content = frozenset(phrase) - _listed("binding")
    present = content.union(*map(_words, purpose))
    if not present.isdisjoint(_listed("not_food")):
        return None
    longest = max(
        (name for name in _with_head(parts[0], index) if name.words <= present),
        key=lambda name: len(name.words),
        default=None,
    )
    if longest is None:
        return None
    left = content - longest.words - _listed("noise")
    if len(left) > _MOST_LEFT or any(_matters(word, phrase, longest.food, index) for word in left):
        return None
    return Match(longest.food, round(0.95 - _COST_LEFT * len(left), 2), NameRule.NOISE)


def _words(text: str) -> list[str]:
    return [stem(word) for word in _WORD.findall(text)]


def _with_head(words: Sequence[str], index: _Index) -> Iterator[_Name]:
    """The names whose head is that of a phrase, without the noise around it first, then with it."""
    spoken = [word for word in words if word not in _listed("binding")]
    meaning = [word for word in spoken if word not in _listed("noise")]
    meaning = meaning or [word for word in spoken if word in index.stems]
    if meaning:
        for word in dict.fromkeys((meaning[0], spoken[0])):
            yield from index.first.get(word, ())
        for word in dict.fromkeys((meaning[-1], spoken[-1])):
            yield from index.last.get(word, ())


def _matters(word: str, phrase: Sequence[str], food: Food, index: _Index) -> bool:
    """Whether a word left over makes it another food: it names one, or is tied on ("arroz con leche" is not rice)."""
    other = index.stems.get(word)
    if other is food:
        return False
    if other and food.category in _FLAVOURED and other.category in _FLAVOURS:
        return False
    if food.kind is Kind.DISH and food.id not in _ANY_DISH and word in _filling(phrase):
        return False
    return other is not None or any(before in _listed("tying") and here == word for before, here in pairwise(phrase))


def _filling(phrase: Sequence[str]) -> frozenset[str]:
    """What a dish is made of ("causa de pollo"), without what is served beside it ("con yuca")."""
    filling: set[str] = set()
    tie = ""
    for word in phrase:
        if word in _listed("tying"):
            tie = word
        elif tie == "de":
            filling.add(word)
    return frozenset(filling)


# Of what is only near: most that sharing all words counts, least that is offered, what a word counts by its likeness.
_MOST_NEAR = 0.69
_LEAST_NEAR = 0.3
_LEAST_BESIDE = 0.4
_MISSPELT = 0.8
_BEGUN = 0.7
_SHORTEST_BEGINNING = 3


def _near(key: str) -> list[Match]:
    """Foods with names that share words with `key`, whole, begun or misspelt."""
    words = frozenset(_words(_AMOUNT.sub(" ", key)))
    if not words.isdisjoint(_listed("not_food")):
        return []
    said = words - _listed("binding") - _listed("noise") or words - _listed("binding")
    likeness: dict[_Name, float] = defaultdict(float)
    for word in said:
        for name, alike in _with_word(word).items():
            likeness[name] += alike
    scores: dict[FoodId, float] = defaultdict(float)
    for name, alike in likeness.items():
        score = round(_MOST_NEAR * min(1.0, 2 * alike / (len(said) + len(name.words))), 2)
        scores[name.food.id] = max(scores[name.food.id], score)
    foods = load().foods
    ranked = sorted(scores.items(), key=lambda scored: -scored[1])
    return [Match(foods[food], score, NameRule.NEAR) for food, score in ranked if score >= _LEAST_NEAR]


@lru_cache(maxsize=1024)
def _with_word(word: str) -> Mapping[_Name, float]:
    """The names that hold a word or one like it, and how alike it is."""
    by_word, sorted_words = _vocabulary()
    alike = {word: 1.0}
    if word not in by_word:
        alike |= {stem(other): _MISSPELT for other in _speller().near(word)}
    if len(word) >= _SHORTEST_BEGINNING:
        for other in sorted_words[bisect_left(sorted_words, word) :]:
            if not other.startswith(word):
                break
            alike.setdefault(other, _BEGUN)
    found: dict[_Name, float] = {}
    for other, likeness in sorted(alike.items(), key=lambda one: -one[1]):
        for name in by_word.get(other, ()):
            found.setdefault(name, likeness)
    return found


@cache
def _vocabulary() -> tuple[Mapping[str, Sequence[_Name]], Sequence[str]]:
    """The names of both languages by each of their words, and the words in order."""
    by_word: dict[str, list[_Name]] = defaultdict(list)
    for heads in (_index(Language.ES).first, _index(Language.ES).last):
        for name in chain.from_iterable(heads.values()):
            for word in name.words:
                by_word[word].append(name)
    return by_word, sorted(by_word)


@cache
def _index(language: Language) -> _Index:
    exact: dict[str, Food] = {}
    stems: dict[str, Food] = {}
    heads: dict[Language, dict[str, list[_Name]]] = {spoken: {} for spoken in Language}
    for spoken in (language, *(other for other in Language if other is not language)):
        for food, name, parts in _names(spoken):
            words = [stem(part) for part in parts]
            exact.setdefault(name, food)
            stems.setdefault(" ".join(words), food)
            content = [word for word in words if word not in _listed("binding")] or words
            head = content[0] if spoken is Language.ES else content[-1]
            heads[spoken].setdefault(head, []).append(_Name(food, frozenset(content)))
    return _Index(exact, stems, heads[Language.ES], heads[Language.EN])


@cache
def _names(language: Language) -> Sequence[tuple[Food, str, Sequence[str]]]:
    """Every name in a language, as key and words: what Peru says first, synonyms last, so that names beat them."""
    foods = load().foods.values()
    if language is Language.EN:
        said = [(food, food.name_en) for food in foods]
        said += [(food, name) for food in foods for name in food.synonyms_en]
    else:
        said = [(food, food.name_es_pe) for food in foods if food.name_es_pe]
        said += [(food, food.name_es) for food in foods]
        said += [(food, name) for food in foods for name in food.synonyms_es]
    return [(food, key := label_key(name), _WORD.findall(key)) for food, name in said]


@cache
def _listed(kind: str) -> frozenset[str]:
    """Stems of the words that bind, that tie (some of those), that are not food, or that are noise around it."""
    words = [row["word"] for row in rows_of("noise.csv") if row["kind"] in _KINDS[kind]]
    if kind == "noise":
        words += [row["word"] for row in rows_of("words.csv") if row["kind"] == "unit"]
    return frozenset(stem(label_key(word)) for word in words)


@cache
def _speller() -> Speller:
    words = {word for language in Language for _, _, parts in _names(language) for word in parts}
    others = {label_key(row["word"]) for table in ("words.csv", "noise.csv") for row in rows_of(table)}
    return Speller(sorted(words) + sorted(others))
