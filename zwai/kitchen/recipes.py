"""Having recipes and a day's plan written, and the gate that each passes before it is shown: no prompt is trusted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from ai.recipe_questions import plan_of, plan_question, recipes_of, recipes_question
from zwai.kitchen.allergens import Allergy, against
from zwai.kitchen.asking import answer_to
from zwai.knowledge import catalogue
from zwai.knowledge.allergens import judge
from zwai.knowledge.names import resolve
from zwai.knowledge.recipe_book import BASICS
from zwai.knowledge.units import weight_of
from zwai.records.allergens import Allergen, Judged, Verdict
from zwai.records.meals import PORTIONS, CheckedRecipe, Needed, Recipe, Wish
from zwai.records.people import Language, Member
from zwai.records.ports import Asker
from zwai.records.stock import DishFacts, FoodId, Meal

_HELD = frozenset((Verdict.CONTAINS, Verdict.MAY_CONTAIN))
# Of more than one thing: only of the fourteen do we know what is in it.
_MIXED = frozenset(("baby", "bread", "canned", "condiment", "dish", "frozen", "processed_meat", "snack", "sweet"))
_UNKNOWN = Decimal("0.1")
_WITHOUT_ENERGY = frozenset(map(FoodId, ("water", "salt", "black_pepper", "cumin", "dried_oregano", "bay_leaf")))


class RecipeWriter:
    """An AI behind its guard. `allergies` are all that anybody who will eat has declared."""

    def __init__(self, guard: Asker) -> None:
        self._guard = guard

    async def recipes(self, wish: Wish, allergies: Sequence[Allergy], member: Member) -> list[CheckedRecipe]:
        """Recipes that passed the gate; perhaps none. Raises NO_ANSWER."""
        language = member.language
        safe = await asyncio.to_thread(without_allergens, wish, allergies, language)
        asked = replace(recipes_question(safe, _said(allergies), language), scope=member.household)
        document = await answer_to(asked, self._guard, member.household)

        def passed() -> list[CheckedRecipe]:
            gate = (checked(one, allergies, language) for one in recipes_of(document, safe, language))
            return [one for one in gate if one]

        return await asyncio.to_thread(passed)  # every sentence is judged: tens of milliseconds

    async def plan(
        self, wish: Wish, meals: Sequence[Meal], allergies: Sequence[Allergy], member: Member
    ) -> dict[Meal, CheckedRecipe]:
        """A recipe for each meal for which one passed the gate. Raises NO_ANSWER."""
        language = member.language
        safe = await asyncio.to_thread(without_allergens, wish, allergies, language)
        asked = plan_question(safe, meals, _said(allergies), language)
        asked = replace(asked, scope=member.household)
        document = await answer_to(asked, self._guard, member.household)

        def passed() -> dict[Meal, CheckedRecipe]:
            planned = plan_of(document, safe, meals, language)
            gate = {meal: checked(one, allergies, language) for meal, one in planned.items()}
            return {meal: one for meal, one in gate.items() if one}

        return await asyncio.to_thread(passed)


def without_allergens(wish: Wish, allergies: Sequence[Allergy], language: Language) -> Wish:
    """Only what may be eaten is told of: a recipe need not turn around it."""
    return replace(
        wish,
        ingredients=tuple(one for one in wish.ingredients if _may_eat(one.name, allergies, language)),
        priorities=tuple(name for name in wish.priorities if _may_eat(name, allergies, language)),
    )


def checked(recipe: Recipe, allergies: Sequence[Allergy], language: Language) -> CheckedRecipe | None:
    """What is known of a recipe against what was declared; None where it contains any of that, or may.

    Titles and steps speak too: of what the ingredients leave out. A description or tip that does is left out itself.
    """
    if not allergies:
        return CheckedRecipe(recipe, Verdict.FREE, ())
    if not all(_may_eat(text, allergies, language) for text in (recipe.title, *recipe.steps)):
        return None
    verdicts = {one.name: _against(one.name, one.food, allergies, language) for one in recipe.ingredients}
    if not _HELD.isdisjoint(verdicts.values()):
        return None
    unproven = tuple(name for name, verdict in verdicts.items() if verdict is Verdict.UNKNOWN)
    description, tip = (
        text if _may_eat(text, allergies, language) else "" for text in (recipe.description, recipe.tip)
    )
    told = replace(recipe, description=description, tip=tip)
    return CheckedRecipe(told, Verdict.UNKNOWN if unproven else Verdict.FREE, unproven)


def may_eat(name: str, food: FoodId | None, allergies: Sequence[Allergy], language: Language) -> bool:
    """Whether a name, and the food behind it, holds nothing of what was declared, as far as is known."""
    return _against(name, food, allergies, language) not in _HELD


def holds(recipe: Recipe) -> tuple[list[Allergen], list[Allergen]]:
    """What a recipe contains of the EU's list, and what it may contain, by the foods and names of its ingredients."""
    foods = [catalogue.load().food(one.food) for one in recipe.ingredients]
    named = [_named(one.name) for one, food in zip(recipe.ingredients, foods, strict=True) if food is None]
    contains = {Allergen(code) for food in foods if food for code in food.allergens}
    contains |= {code for one in named for code in one.contains}
    may_contain = {Allergen(code) for food in foods if food for code in food.may_contain}
    may_contain |= {code for one in named for code in one.may_contain}
    order = list(Allergen)
    return sorted(contains, key=order.index), sorted(may_contain - contains, key=order.index)


@lru_cache(maxsize=2048)  # a millisecond each
def _named(name: str) -> Judged:
    return judge(name)


def calories(recipe: Recipe) -> int | None:
    """Of one portion, by the tables; None where these do not know a tenth of its weight, without what has no energy."""
    weighed = [(one, _grams(one)) for one in recipe.ingredients if not (one.optional or one.food in _WITHOUT_ENERGY)]
    whole = sum((grams or Decimal(0) for _, grams in weighed), Decimal(0))
    energies = [(grams, _kcal_a_gram(one)) for one, grams in weighed]
    known = sum((grams for grams, kcal in energies if grams and kcal is not None), Decimal(0))
    if any(grams is None for _, grams in weighed) or known <= whole * (1 - _UNKNOWN):
        return None
    return round(sum((grams * kcal for grams, kcal in energies if grams and kcal), Decimal(0)) / PORTIONS)


def _grams(one: Needed) -> Decimal | None:
    weight = weight_of(catalogue.load().food(one.food), one.quantity.unit) if one.quantity else None
    return one.quantity.amount * weight.grams if one.quantity and weight else None


def _kcal_a_gram(one: Needed) -> Decimal | None:
    food = catalogue.load().food(one.food)
    return food.nutrition.kcal / 100 if food and food.nutrition else None


@dataclass(frozen=True, slots=True)
class _Words:
    label: str
    food: FoodId | None
    dish: DishFacts | None = None


def _said(allergies: Sequence[Allergy]) -> list[str]:
    return list(dict.fromkeys(one.said for one in allergies))


def _may_eat(text: str, allergies: Sequence[Allergy], language: Language) -> bool:
    match = resolve(text, language)
    return may_eat(text, match.food.id if match else None, allergies, language)


def _against(text: str, food: FoodId | None, allergies: Sequence[Allergy], language: Language) -> Verdict:
    """The worst verdict on a text and on the names of its food: "maicena" does not say that it is of maize."""
    known = catalogue.load().food(food)
    names = (text, *(known.names if known else ()))
    verdicts = [against(_Words(name, food), allergies, language).verdict for name in names]
    found = next((one for one in verdicts if one in _HELD), verdicts[0])
    if found is Verdict.FREE and known and any(one.foods for one in allergies):
        return Verdict.UNKNOWN if known.category in _MIXED and known.id not in BASICS else found
    return found
