"""The allergen gate: what a member has declared, against what a food holds."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile
from typing import Any, Protocol

from storage import people
from storage.db import Read
from zwai.knowledge import names
from zwai.knowledge.allergen_words import GLUE, tokens_of
from zwai.knowledge.allergens import judge, name_of, named_in
from zwai.knowledge.catalogue import Food, load
from zwai.knowledge.names import label_key
from zwai.records.allergens import Allergen, Verdict
from zwai.records.people import Account, Language, Member
from zwai.records.stock import DishFacts, FoodId

# Where profiles keep allergies, and the members in which an object names one; else its first text counts.
_LISTS = ("allergies", "allergyItems")
_NAMING = ("name", "nombre", "value", "label", "title")
_NOTHING = frozenset(
    {"", "none", "no", "na", "n/a", "nada", "ninguna", "ninguno", "no tengo", "sin alergias", "no allergies", "nothing"}
)
_LONGEST_SAID = 100
# What people put around the food itself, as `label_key` writes it; and between several.
_SAYING = re.compile(
    r"\b(?:(?:soy|es|tengo|tiene|am|is|have|has|severe) )?(?:alergi|allerg|intoleran)\w*(?: (?:severa|grave)\b)?"
)
_BETWEEN = re.compile(r"[,;:/&+()|]|\b(?:y|e|o|u|ni|and|or|nor)\b")
_LEADING = GLUE | {"to"}
# What a wish rules out: what follows up to "con", or the words before. Of a coeliac the word itself says it.
_RULED_OUT = re.compile(
    r"\b(?:(?:sin|no|non|libre|without|free (?:from|of)|alergi\w*|allerg\w*|intoleran\w*)\b|(?=celiac))"
    r"(.*?)(?=\b(?:con|with|pero|but)\b|$)"
    r"|\b((?:\w+(?:,? (?:and|or|y|o|e) |, |/| & ))*\w+)[ -](?:free|allergy|intoleran\w*)\b"
)


class Named(Protocol):
    """What is judged: a batch, or whatever else has a name, perhaps a food, perhaps a dish's ingredients."""

    @property
    def label(self) -> str: ...

    @property
    def food(self) -> FoodId | None: ...

    @property
    def dish(self) -> DishFacts | None: ...


@dataclass(frozen=True, slots=True)
class Allergy:
    """One declared allergy: allergens of the EU list; of what else it names the foods, and words to look for."""

    said: str
    allergens: frozenset[Allergen]
    foods: frozenset[FoodId]
    words: frozenset[frozenset[str]]  # all of any of these

    @property
    def is_known(self) -> bool:
        """Whether we know what it is, so that something can be proven free of it."""
        return bool(self.allergens or self.foods)


@dataclass(frozen=True, slots=True)
class Against:
    """What a food is to somebody: names of what it contains and may contain of what they declared."""

    contains: tuple[str, ...]
    may_contain: tuple[str, ...]
    codes: tuple[Allergen, ...]
    verdict: Verdict

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.contains, *self.may_contain)


async def of_member(tx: Read, member: Member) -> tuple[Allergy, ...]:
    """The allergies that a member's profile declares, read anew each time: an alert must not be stale."""
    return declared((await people.get_account(tx, member.account)).preferences, member.language)


def of_all(accounts: Iterable[Account], language: Language) -> tuple[Allergy, ...]:
    """The allergies of all who will eat, each once: read in both languages, for "tuna" is a fish in one only."""
    read = (language, *(other for other in Language if other is not language))
    return tuple(dict.fromkeys(one for each in accounts for way in read for one in declared(each.preferences, way)))


def implied(wishes: Collection[str], language: Language) -> tuple[Allergy, ...]:
    """What wishes such as "sin gluten" or "lactose free" rule out as strictly as an allergy would."""
    ruled_out = [after or before for wish in wishes for after, before in _RULED_OUT.findall(label_key(wish))]
    codes = dict.fromkeys(code for text in ruled_out for code in _in_order(named_in(text, language)))
    return tuple(_allergy(name_of(code, language), language) for code in codes)


def declared(preferences: Mapping[str, Any], language: Language) -> tuple[Allergy, ...]:
    """The allergies in what profile screens keep: texts or objects, in Spanish or English."""
    entries = [entry for name in _LISTS if isinstance(preferences.get(name), list) for entry in preferences[name]]
    said = dict.fromkeys(" ".join(text.split()) for entry in entries if (text := text_of(entry)))
    return tuple(_allergy(text, language) for text in said if label_key(text) not in _NOTHING)


def can_alert(entry: Any) -> bool:
    """Whether an entry names something to look for, or says that there is nothing; an empty text says so too."""
    text = " ".join(text_of(entry).split())
    if label_key(text) in _NOTHING:
        return isinstance(entry, str) or bool(text)
    return bool(_stems(text.replace("_", " ")))


def against(
    batch: Named, allergies: Sequence[Allergy], language: Language, on_pack: Collection[Allergen] = ()
) -> Against:
    """What a batch is to somebody with these allergies; its label, its food and a dish's ingredients count.

    `on_pack`: what its pack declares, by the file of products.
    """
    held = _held(batch, frozenset(on_pack))
    contains: dict[str, Allergen | None] = {}
    may_contain: dict[str, Allergen | None] = {}
    for allergy in allergies:
        if _is_it(batch, allergy):
            contains[allergy.said] = None
        for code in _in_order(allergy.allergens):
            if code in held.contains:
                contains[name_of(code, language)] = code
            elif code in held.may_contain:
                may_contain[name_of(code, language)] = code
    codes = tuple(code for code in (*contains.values(), *may_contain.values()) if code is not None)
    proven = held.known and all(one.is_known for one in allergies)
    return Against(tuple(contains), tuple(may_contain), codes, _verdict(contains, may_contain, proven=proven))


def uses(text: str, allergies: Sequence[Allergy], language: Language) -> bool:
    """Whether a piece of advice has something in it that somebody with these allergies declared.

    What a soup or a stew only may hold does not count: nearly all advice would be gone.
    """
    contained = _contained(text, language) if allergies else frozenset()
    return any(one.allergens & contained or _names(text, one) for one in allergies)


@lru_cache(maxsize=2048)
def _contained(text: str, language: Language) -> frozenset[Allergen]:
    return frozenset(judge(text, language).contains)


@dataclass(frozen=True, slots=True)
class _Held:
    contains: frozenset[Allergen]
    may_contain: frozenset[Allergen]
    known: bool  # a single food, whose allergens the catalogue tells in full


def _verdict(contains: Collection[str], may_contain: Collection[str], *, proven: bool) -> Verdict:
    if contains:
        return Verdict.CONTAINS
    if may_contain:
        return Verdict.MAY_CONTAIN
    return Verdict.FREE if proven else Verdict.UNKNOWN


def _held(batch: Named, on_pack: frozenset[Allergen]) -> _Held:
    food = load().food(batch.food)
    ingredients = batch.dish.main_ingredients if batch.dish else ()
    judged = [judge(food.name(Language.ES))] if food else []
    said = (*ingredients, *_labels(batch, food))
    judged += [judge(text, language) for text in said for language in Language]  # who wrote it, in which, is not known
    contains = {code for one in judged for code in one.contains} | on_pack
    may_contain = {code for one in judged for code in one.may_contain}
    if food is not None:
        contains |= set(map(Allergen, food.allergens))
        may_contain |= set(map(Allergen, food.may_contain))
    known = food is not None and food.category != "dish" and _names_it(batch.label, food)
    known = known or all(one.verdict is Verdict.FREE for one in judged)
    return _Held(frozenset(contains), frozenset(may_contain - contains), known)


def _labels(batch: Named, food: Food | None) -> tuple[str, ...]:
    """The label, where it says another thing than the food does."""
    return () if food is not None and _names_it(batch.label, food) else (batch.label,)


def _names_it(label: str, food: Food) -> bool:
    named = (*food.names, *food.synonyms_es, *food.synonyms_en)
    return label_key(label) in map(label_key, named)


def _is_it(batch: Named, allergy: Allergy) -> bool:
    """Whether a batch is the food that was declared, or has all of its words in its name or its ingredients."""
    ingredients = batch.dish.main_ingredients if batch.dish else ()
    return batch.food in allergy.foods or any(_names(text, allergy) for text in (batch.label, *ingredients))


def _names(text: str, allergy: Allergy) -> bool:
    return any(words <= _stems(text) for words in allergy.words)


def _in_order(codes: Iterable[Allergen]) -> list[Allergen]:
    return sorted(codes, key=list(Allergen).index)


def text_of(entry: Any) -> str:
    """The text of an entry, or "" where it holds none."""
    if isinstance(entry, Mapping):
        named = [entry.get(name) for name in _NAMING] + list(entry.values())
        entry = next((value for value in named if isinstance(value, str) and value.strip()), "")
    return entry[:_LONGEST_SAID] if isinstance(entry, str) else ""


@lru_cache(maxsize=2048)
def _allergy(said: str, language: Language) -> Allergy:
    key = label_key(said.replace("_", " "))
    others = [part for part in _parts(key) if not named_in(part, language)]
    found = [match.food for part in others if (match := names.resolve(part, language))]
    words = {_stems(name) for name in (*others, *(name for food in found for name in food.names))}
    return Allergy(
        said, named_in(key, language), frozenset(food.id for food in found), frozenset(words - {frozenset()})
    )


def _parts(key: str) -> list[str]:
    """What an allergy names, one by one: "alergico a la palta y al kiwi" are palta and kiwi."""
    parts = [" ".join(dropwhile(_LEADING.__contains__, part.split())) for part in _BETWEEN.split(_SAYING.sub(" ", key))]
    return [part for part in parts if part]


@lru_cache(maxsize=2048)
def _stems(text: str) -> frozenset[str]:
    return frozenset(token.stem for token in tokens_of(text) if token.word[0].isalpha() and token.word not in GLUE)
