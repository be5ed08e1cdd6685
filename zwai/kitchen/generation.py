"""Recipes and plans for a household: what is told to who writes them, and what is kept of what they wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from storage import batches, people, recipes
from storage.db import Read, Write
from zwai.errors import TokenRevoked, UnknownGeneration
from zwai.kitchen import allergens
from zwai.kitchen.allergens import Allergy, text_of
from zwai.kitchen.cooks import Dished
from zwai.kitchen.inventory import food_of, today_of
from zwai.kitchen.pantry import SOON, Pantry, match, rest, share, to_cook_with, used, utilization
from zwai.kitchen.recipes import checked
from zwai.knowledge.names import NameRule, label_key, resolve
from zwai.knowledge.recipe_book import titled
from zwai.knowledge.recipe_words import diet_of
from zwai.records.ids import new_id
from zwai.records.meals import (
    MOST_AVOIDED,
    Course,
    GeneratedRecipe,
    GenerationId,
    Held,
    Level,
    Occasion,
    RecipeId,
    Wish,
)
from zwai.records.people import Account, Language, Member
from zwai.records.stock import Batch, FoodId, Kind

NOT_AGAIN_FOR = timedelta(days=7)
MOST_BATCHES = 1000  # that recipes are looked for; who has more still eats the most urgent first
LONGEST_PREFERENCE = 100
MOST_PREFERENCES = 30
LAST_DAY = date.max


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a writer, and for whom. `kept`: those of the preferences that the book keeps to."""

    occasion: Occasion
    wish: Wish
    allergies: tuple[Allergy, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A household's stock, its people, and the titles that it was shown lately."""

    batches: Sequence[Batch]
    accounts: Sequence[Account]
    shown: Sequence[str]

    def of(self, member: Member) -> Account:
        """Raises TokenRevoked when the member has just left."""
        account = next((one for one in self.accounts if one.id == member.account), None)
        if account is None:
            raise TokenRevoked
        return account


@dataclass(frozen=True, slots=True)
class Generation:
    """What came of it. `used` of `offered` names that were there are taken by at least one of the recipes."""

    id: GenerationId
    recipes: tuple[GeneratedRecipe, ...]
    used: int = 0
    offered: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose: `given` are the ingredients by name, none for whatever is in stock."""

    occasion: Occasion
    given: tuple[Held, ...] = ()
    number: int = 2
    preferences: tuple[str, ...] = ()
    courses: tuple[Course, ...] = ()


async def found(tx: Read, member: Member, now: datetime) -> Found:
    """What is read before recipes are asked for."""
    return Found(
        batches=await batches.until(tx, member.household, LAST_DAY, MOST_BATCHES),
        accounts=await people.of_household(tx, member.household),
        shown=await recipes.titles_since(tx, member.household, now - NOT_AGAIN_FOR, MOST_AVOIDED),
    )


def asked(read: Found, member: Member, choice: Choice, now: datetime) -> Asked:
    """Put what a household has, likes and must not eat beside what somebody chose. Takes a while."""
    stock, account = to_cook_with(read.batches, today_of(member, now)), read.of(member)
    preferences = tuple(dict.fromkeys((*choice.preferences, *_preferences(account))))[:MOST_PREFERENCES]
    ingredients, others = _given(choice, stock, member.language) if choice.given else (stock, ())
    wish = Wish(
        ingredients=ingredients,
        stock=others,
        number=choice.number,
        priorities=_priorities(choice, ingredients),
        preferences=preferences,
        courses=choice.courses,
        avoid=tuple(read.shown),
        level=Level(account.preferences.get("cookingLevel", Level.BEGINNER)),
        imperial=account.preferences.get("measurementUnit") == "imperial",
    )
    implied = allergens.implied(preferences, member.language)
    kept = tuple(one for one in preferences if diet_of([one]) or allergens.implied([one], member.language))
    avoided = dict.fromkeys((*allergens.of_all(read.accounts, member.language), *implied))
    return Asked(choice.occasion, wish, tuple(avoided), kept)


def beside(asked: Asked, dishes: Sequence[Dished], member: Member, now: datetime) -> Generation:
    """Recipes with ids of their own, each beside what there is; in a plan, beside what those before it leave."""
    generation, pantry = GenerationId(new_id(now)), Pantry((*asked.wish.ingredients, *asked.wish.stock))
    taken: set[str] = set()
    made = []
    for one in dishes:
        shares = [share(needed, pantry) for needed in one.checked.recipe.ingredients]
        taken |= used(shares)
        made.append(
            GeneratedRecipe(
                id=RecipeId(new_id(now)),
                household=member.household,
                generation=generation,
                occasion=asked.occasion,
                engine=one.engine,
                meal=one.meal,
                checked=one.checked,
                match=match(shares),
                generated_at=now,
            )
        )
        if asked.occasion is Occasion.PLAN:
            pantry = rest(pantry, shares)
    return Generation(generation, tuple(made), *utilization(taken, asked.wish.ingredients))


async def keep(tx: Write, generation: Generation) -> None:
    """Store recipes for their household."""
    await recipes.add(tx, generation.recipes)


async def kept(tx: Read, member: Member, generation: GenerationId) -> tuple[list[GeneratedRecipe], list[Account]]:
    """A generation's recipes, and all who may eat them by now."""
    found = await recipes.of_generation(tx, member.household, generation)
    return found, await people.of_household(tx, member.household)


def still_safe(
    generation: GenerationId, found: Sequence[GeneratedRecipe], accounts: Sequence[Account], language: Language
) -> Generation:
    """What all may still eat, who perhaps declared more since. Takes a while. Raises UnknownGeneration for nothing."""
    allergies = allergens.of_all(accounts, language)
    again = [(one, checked(one.checked.recipe, allergies, language)) for one in found]
    if not (safe := tuple(replace(one, checked=passed) for one, passed in again if passed)):
        raise UnknownGeneration
    return Generation(generation, safe)


def dishes_of(made: Generation, language: Language) -> dict[FoodId, str]:
    """The dishes among a generation's that can be painted, and the keys of their titles."""
    titles = [one.checked.recipe.title for one in made.recipes]
    return {food: label_key(title) for title in titles if (food := dish_of(title, language))}


def dish_of(title: str, language: Language) -> FoodId | None:
    """What a title names whose picture everybody shares: a dish of the catalogue by its name, else one of the book's.

    A synonym will do where neither has the name.
    """
    found = resolve(title, language)
    food = (
        found.food
        if found and found.food.kind is Kind.DISH and found.rule in (NameRule.EXACT, NameRule.PLURAL)
        else None
    )
    if food is not None and label_key(title) in map(label_key, (food.name_es, food.name_es_pe, food.name_en)):
        return food.id
    if (dish := titled(title)) is not None:
        return dish.picture
    return food.id if food else None


def _given(choice: Choice, stock: Sequence[Held], language: Language) -> tuple[tuple[Held, ...], tuple[Held, ...]]:
    """What somebody named, as far as there is any of it with its urgency, and what else there is.

    A quantity that they gave is theirs.
    """
    pantry, ingredients, taken = Pantry(stock), list[Held](), set[int]()
    named: set[str] = set()
    for one in choice.given:
        food = food_of(one.name, language)
        key = food or label_key(one.name)
        if one.quantity is None and key in named:  # "papa" and "papas": nobody says that there is more of it
            continue
        named.add(key)
        there = [held for held in pantry.named(one.name, food) if id(held) not in taken]
        taken.update(map(id, there))
        if there and one.quantity is not None:
            there = [replace(there[0], quantity=one.quantity)]
        ingredients += there or [replace(one, food=food)]
    return tuple(ingredients), tuple(one for one in stock if id(one) not in taken)


def _priorities(choice: Choice, ingredients: Sequence[Held]) -> tuple[str, ...]:
    """What to use first: whatever somebody named, else what would spoil soon."""
    first = ingredients if choice.given else [one for one in ingredients if one.urgency >= SOON]
    return tuple(dict.fromkeys(one.name for one in first))


def _preferences(account: Account) -> list[str]:
    kept: Mapping[str, Any] = account.preferences
    entries = [entry for name in ("specialDietItems", "preferredFoodTypes") for entry in kept.get(name) or ()]
    return [text for entry in entries if (text := " ".join(text_of(entry).split())[:LONGEST_PREFERENCE])]
