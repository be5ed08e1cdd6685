"""The allergen gate: what a member has declared, against what a food holds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    """One declared allergy: allergens of the EU list, else a food or just words, looked for in names."""

    said: str
    allergens: frozenset[Allergen]
    food: FoodId | None
    stems: frozenset[str]


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
    """The allergies of all who will eat, each once."""
    return tuple(dict.fromkeys(one for each in accounts for one in declared(each.preferences, language)))


def implied(wishes: Collection[str], language: Language) -> tuple[Allergy, ...]:
    """What wishes such as "sin gluten" or "dairy free" rule out as strictly as an allergy would."""
    codes = dict.fromkeys(code for wish in wishes for code in judge(wish, language).free_of)
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
        if not allergy.allergens and _is_it(batch, allergy):
            contains[allergy.said] = None
        for code in sorted(allergy.allergens, key=list(Allergen).index):
            if code in held.contains:
                contains[name_of(code, language)] = code
            elif code in held.may_contain:
                may_contain[name_of(code, language)] = code
    codes = tuple(code for code in (*contains.values(), *may_contain.values()) if code is not None)
    return Against(tuple(contains), tuple(may_contain), codes, _verdict(held, contains, may_contain))


def uses(text: str, allergies: Sequence[Allergy], language: Language) -> bool:
    """Whether a piece of advice has something in it that somebody with these allergies declared.

    What a soup or a stew only may hold does not count: nearly all advice would be gone.
    """
    contained = _contained(text, language) if allergies else frozenset()
    return any(
        bool(one.allergens & contained) or (not one.allergens and bool(one.stems) and one.stems <= _stems(text))
        for one in allergies
    )


@lru_cache(maxsize=2048)
def _contained(text: str, language: Language) -> frozenset[Allergen]:
    return frozenset(judge(text, language).contains)


@dataclass(frozen=True, slots=True)
class _Held:
    contains: frozenset[Allergen]
    may_contain: frozenset[Allergen]
    known: bool  # a single food, whose allergens the catalogue tells in full


def _verdict(held: _Held, contains: Collection[str], may_contain: Collection[str]) -> Verdict:
    if contains:
        return Verdict.CONTAINS
    if may_contain:
        return Verdict.MAY_CONTAIN
    return Verdict.FREE if held.known else Verdict.UNKNOWN


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
    named = (food.name_es, food.name_es_pe, food.name_en, *food.synonyms_es, *food.synonyms_en)
    return label_key(label) in map(label_key, named)


def _is_it(batch: Named, allergy: Allergy) -> bool:
    """Whether a batch is the food that was declared, or has all of its words in its name or its ingredients."""
    if allergy.food is not None and batch.food == allergy.food:
        return True
    ingredients = batch.dish.main_ingredients if batch.dish else ()
    return any(allergy.stems <= _stems(text) for text in (batch.label, *ingredients)) if allergy.stems else False


def text_of(entry: Any) -> str:
    """The text of an entry, or "" where it holds none."""
    if isinstance(entry, Mapping):
        named = [entry.get(name) for name in _NAMING] + list(entry.values())
        entry = next((value for value in named if isinstance(value, str) and value.strip()), "")
    return entry[:_LONGEST_SAID] if isinstance(entry, str) else ""


@lru_cache(maxsize=2048)
def _allergy(said: str, language: Language) -> Allergy:
    words = said.replace("_", " ")
    codes = named_in(words, language)
    found = None if codes else names.resolve(words, language)
    return Allergy(said, codes, found.food.id if found else None, _stems(words))


@lru_cache(maxsize=2048)
def _stems(text: str) -> frozenset[str]:
    return frozenset(token.stem for token in tokens_of(text) if token.word[0].isalpha() and token.word not in GLUE)
