"""Having recipes and a day's plan written, and the gate that each passes before it is shown: no prompt is trusted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ai.recipe_questions import plan_of, plan_question, recipes_of, recipes_question
from zwai.kitchen.allergens import Allergy, against
from zwai.kitchen.asking import answer_to
from zwai.knowledge.names import resolve
from zwai.records.allergens import Verdict
from zwai.records.meals import CheckedRecipe, Recipe, Wish
from zwai.records.people import Language, Member
from zwai.records.ports import Asker
from zwai.records.stock import DishFacts, FoodId, Meal


class RecipeWriter:
    """An AI behind its guard. `allergies` are all that anybody who will eat has declared."""

    def __init__(self, guard: Asker) -> None:
        self._guard = guard

    async def recipes(self, wish: Wish, allergies: Sequence[Allergy], member: Member) -> list[CheckedRecipe]:
        """Recipes that passed the gate; perhaps none. Raises NO_ANSWER."""
        language = member.language
        safe = await asyncio.to_thread(without_allergens, wish, allergies, language)
        asked = recipes_question(safe, [one.said for one in allergies], language)
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
        asked = plan_question(safe, meals, [one.said for one in allergies], language)
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

    Titles and steps speak too: of what the ingredients leave out.
    """
    if not allergies:
        return CheckedRecipe(recipe, Verdict.FREE, ())
    if not all(_may_eat(text, allergies, language) for text in (recipe.title, *recipe.steps)):
        return None
    verdicts = {one.name: _against(one.name, one.food, allergies, language) for one in recipe.ingredients}
    if not {Verdict.CONTAINS, Verdict.MAY_CONTAIN}.isdisjoint(verdicts.values()):
        return None
    unproven = tuple(name for name, verdict in verdicts.items() if verdict is Verdict.UNKNOWN)
    return CheckedRecipe(recipe, Verdict.UNKNOWN if unproven else Verdict.FREE, unproven)


@dataclass(frozen=True, slots=True)
class _Words:
    label: str
    food: FoodId | None
    dish: DishFacts | None = None


def _may_eat(text: str, allergies: Sequence[Allergy], language: Language) -> bool:
    match = resolve(text, language)
    verdict = _against(text, match.food.id if match else None, allergies, language)
    return verdict not in (Verdict.CONTAINS, Verdict.MAY_CONTAIN)


def _against(text: str, food: FoodId | None, allergies: Sequence[Allergy], language: Language) -> Verdict:
    return against(_Words(text, food), allergies, language).verdict
