"""Having recipes written: which writer is asked first, and which one answers when that does not, or not enough."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from zwai.kitchen.allergens import Allergy
from zwai.kitchen.asking import NO_ANSWER
from zwai.kitchen.pantry import left_after
from zwai.knowledge.names import label_key
from zwai.knowledge.recipe_book import diet_of_foods
from zwai.knowledge.recipe_words import diet_of
from zwai.records.meals import CheckedRecipe, Diet, Recipe, Wish
from zwai.records.people import Member
from zwai.records.photos import Engine
from zwai.records.stock import Meal

log = logging.getLogger("zwai.ai")


class Writer(Protocol):
    """Writes recipes that have passed the gate; raises NO_ANSWER."""

    async def recipes(self, wish: Wish, allergies: Sequence[Allergy], member: Member) -> list[CheckedRecipe]: ...

    async def plan(
        self, wish: Wish, meals: Sequence[Meal], allergies: Sequence[Allergy], member: Member
    ) -> dict[Meal, CheckedRecipe]: ...


@dataclass(frozen=True, slots=True)
class Dished:
    """A recipe, who wrote it, and in a plan for which meal."""

    engine: Engine
    checked: CheckedRecipe
    meal: Meal | None = None


class Cooks:
    """The writers that there are: the AI first, where it may be asked; the book for what it leaves open."""

    def __init__(self, book: Writer, gemini: Writer | None) -> None:
        self._book, self._gemini = book, gemini

    async def recipes(self, wish: Wish, allergies: Sequence[Allergy], member: Member) -> list[Dished]:
        """As many as are wished for, if there are so many that all may eat."""
        written = await self._asked(wish, allergies, member)
        if len(written) >= wish.number:
            return written
        titles = {label_key(one.checked.recipe.title) for one in written}
        added = await self._book.recipes(wish, allergies, member)
        new = [Dished(Engine.LOCAL, one) for one in added if label_key(one.recipe.title) not in titles]
        return [*written, *new][: wish.number]

    async def plan(
        self, wish: Wish, meals: Sequence[Meal], allergies: Sequence[Allergy], member: Member
    ) -> list[Dished]:
        """A recipe for each meal for which there is one; the book has what the AI's meals leave."""
        planned = await self._asked_plan(wish, meals, allergies, member)
        made = {meal: Dished(Engine.GEMINI, one, meal) for meal, one in planned.items()}
        if lacking := [meal for meal in meals if meal not in planned]:
            left = await asyncio.to_thread(_after, wish, [one.recipe for one in planned.values()])
            added = await self._book.plan(left, lacking, allergies, member)
            made |= {meal: Dished(Engine.LOCAL, one, meal) for meal, one in added.items()}
        return [made[meal] for meal in meals if meal in made]

    async def _asked(self, wish: Wish, allergies: Sequence[Allergy], member: Member) -> list[Dished]:
        if self._gemini is None:
            return []
        try:
            written = await self._gemini.recipes(wish, allergies, member)
        except NO_ANSWER as error:
            _tell(error)
            return []
        return [Dished(Engine.GEMINI, one) for one in written if _keeps(one, wish)]

    async def _asked_plan(
        self, wish: Wish, meals: Sequence[Meal], allergies: Sequence[Allergy], member: Member
    ) -> Mapping[Meal, CheckedRecipe]:
        if self._gemini is None:
            return {}
        try:
            planned = await self._gemini.plan(wish, meals, allergies, member)
        except NO_ANSWER as error:
            _tell(error)
            return {}
        return {meal: one for meal, one in planned.items() if _keeps(one, wish)}


def _after(wish: Wish, recipes: Sequence[Recipe]) -> Wish:
    """The wish that is left once some of it is cooked; the same recipes are not wished for again."""
    if not recipes:
        return wish
    left, titles = left_after((*wish.ingredients, *wish.stock), recipes), [recipe.title for recipe in recipes]
    return replace(wish, ingredients=left, stock=(), avoid=(*titles, *wish.avoid))


def _keeps(one: CheckedRecipe, wish: Wish) -> bool:
    """Whether a recipe is of the diet that was wished for, as far as its foods tell: no prompt is trusted."""
    wanted, order = diet_of(wish.preferences), list(Diet)
    known = [diet for food in one.recipe.ingredients if (diet := diet_of_foods([food.food]))]
    return wanted is None or all(order.index(diet) <= order.index(wanted) for diet in known)


def _tell(error: Exception) -> None:
    fields = getattr(error, "fields", {})
    log.info("the recipe book answers, since Gemini does not: %s %s", type(error).__name__, fields.get("reason", ""))
