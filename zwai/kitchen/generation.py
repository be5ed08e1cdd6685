"""Recipes and plans for a household: what is told to who writes them, and what is kept of what they wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from storage import batches, people, recipes
from storage.db import Read, Write
from zwai.errors import UnknownGeneration
from zwai.kitchen import allergens
from zwai.kitchen.allergens import Allergy, text_of
from zwai.kitchen.cooks import Dished
from zwai.kitchen.inventory import food_of, today_of
from zwai.kitchen.pantry import SOON, is_one, match, rest, share, to_cook_with, used, utilization
from zwai.knowledge.names import Rule, label_key, resolve
from zwai.knowledge.recipe_words import diet_of
from zwai.records.ids import new_id
from zwai.records.meals import (
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
from zwai.records.stock import FoodId, Kind

NOT_AGAIN_FOR = timedelta(days=7)
MOST_AVOIDED = 20  # titles
MOST_BATCHES = 1000  # that recipes are looked for; who has more still eats the most urgent first
LONGEST_PREFERENCE = 100
LAST_DAY = date.max


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a writer, and for whom. `kept`: those of the preferences that the book keeps to."""

    occasion: Occasion
    wish: Wish
    allergies: tuple[Allergy, ...]
    kept: tuple[str, ...]


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


async def asked(tx: Read, member: Member, choice: Choice, now: datetime) -> Asked:
    """Put what a household has, likes and must not eat beside what somebody chose."""
    found = await batches.until(tx, member.household, LAST_DAY, MOST_BATCHES)
    stock = to_cook_with(found, today_of(member, now))
    account = await people.get_account(tx, member.account)
    preferences = tuple(dict.fromkeys((*choice.preferences, *_preferences(account))))
    given = [replace(one, food=food_of(one.name, member.language)) for one in choice.given]
    ingredients = tuple(one for each in given for one in _of_stock(each, stock)) if given else stock
    shown = await recipes.titles_since(tx, member.household, now - NOT_AGAIN_FOR, MOST_AVOIDED)
    wish = Wish(
        ingredients=ingredients,
        stock=tuple(one for one in stock if one not in ingredients) if choice.given else (),
        number=choice.number,
        priorities=_priorities(choice, ingredients),
        preferences=preferences,
        courses=choice.courses,
        avoid=tuple(shown),
        level=Level(account.preferences.get("cookingLevel", Level.BEGINNER)),
        imperial=account.preferences.get("measurementUnit") == "imperial",
    )
    avoided = (*await allergens.of_household(tx, member), *allergens.implied(preferences, member.language))
    kept = tuple(one for one in preferences if diet_of([one]) or allergens.implied([one], member.language))
    return Asked(choice.occasion, wish, tuple(dict.fromkeys(avoided)), kept)


def beside(asked: Asked, dishes: Sequence[Dished], member: Member, now: datetime) -> Generation:
    """Recipes with ids of their own, each beside what there is; in a plan, beside what those before it leave."""
    generation, held = GenerationId(new_id(now)), (*asked.wish.ingredients, *asked.wish.stock)
    taken: set[str] = set()
    made = []
    for one in dishes:
        shares = [share(needed, held) for needed in one.checked.recipe.ingredients]
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
            held = rest(held, shares)
    return Generation(generation, tuple(made), *utilization(taken, asked.wish.ingredients))


async def keep(tx: Write, generation: Generation) -> None:
    """Store recipes for their household."""
    await recipes.add(tx, generation.recipes)


async def kept(tx: Read, member: Member, generation: GenerationId) -> Generation:
    """Raises UnknownGeneration."""
    if not (found := await recipes.of_generation(tx, member.household, generation)):
        raise UnknownGeneration
    return Generation(generation, tuple(found))


def dishes_of(made: Generation, language: Language) -> dict[FoodId, str]:
    """The catalogue's dishes among a generation's, by which they are painted, and the keys of their titles."""
    titles = [one.checked.recipe.title for one in made.recipes]
    return {food: label_key(title) for title in titles if (food := dish_of(title, language))}


def dish_of(title: str, language: Language) -> FoodId | None:
    """The catalogue's dish that a title names, whose picture everybody shares."""
    found = resolve(title, language)
    surely = found is not None and found.food.kind is Kind.DISH and found.rule in (Rule.EXACT, Rule.PLURAL)
    return found.food.id if found and surely else None


def _of_stock(given: Held, stock: Sequence[Held]) -> list[Held]:
    """What there is of a thing that somebody named; a quantity that they gave is theirs."""
    there = [one for one in stock if is_one(one, given.name, given.food)]
    if given.quantity is not None and there:
        return [replace(there[0], quantity=given.quantity)]
    return there or [given]


def _priorities(choice: Choice, ingredients: Sequence[Held]) -> tuple[str, ...]:
    """What to use first: whatever somebody named, else what would spoil soon."""
    first = ingredients if choice.given else [one for one in ingredients if one.urgency >= SOON]
    return tuple(dict.fromkeys(one.name for one in first))


def _preferences(account: Account) -> list[str]:
    kept: Mapping[str, Any] = account.preferences
    entries = [entry for name in ("specialDietItems", "preferredFoodTypes") for entry in kept.get(name) or ()]
    return [text for entry in entries if (text := " ".join(text_of(entry).split())[:LONGEST_PREFERENCE])]
