"""Recipes without a network: dishes of our own book, of what there is, each through the same gate as the AI's."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from zwai.kitchen.allergens import Allergy
from zwai.kitchen.pantry import Pantry, Share, rest, share, soon
from zwai.kitchen.recipe_ranking import Candidate, Taste, chosen, weights_of
from zwai.kitchen.recipes import checked, may_eat
from zwai.knowledge import catalogue
from zwai.knowledge.names import label_key
from zwai.knowledge.recipe_book import COOKED, COOKED_WEIGHS, Dish, Part, StandIns, diet_of_foods, load, stand_ins
from zwai.knowledge.recipe_words import SERVED_AT, diet_of
from zwai.knowledge.units import by_definition
from zwai.records.meals import CheckedRecipe, Course, Diet, Needed, Recipe, Wish
from zwai.records.people import Language, Member
from zwai.records.stock import FoodId, Meal, Quantity, Unit

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IMPERIAL = {Unit.G: Unit.OZ, Unit.KG: Unit.LB, Unit.ML: Unit.FL_OZ, Unit.L: Unit.FL_OZ}
# What is looked for where nobody says: neither a breakfast nor a dessert.
WHOLE_MEALS = frozenset((Course.LUNCH, Course.DINNER, Course.SOUP))
_TENTH = Decimal("0.1")


class BookWriter:
    """Chooses from the shipped book, which is read when this is made."""

    def __init__(self) -> None:
        load()

    async def recipes(self, wish: Wish, allergies: Sequence[Allergy], member: Member) -> list[CheckedRecipe]:
        """The best few that passed the gate; perhaps none."""
        return await asyncio.to_thread(_recipes, wish, allergies, member.language)  # tens of milliseconds

    async def plan(
        self, wish: Wish, meals: Sequence[Meal], allergies: Sequence[Allergy], member: Member
    ) -> dict[Meal, CheckedRecipe]:
        """A recipe for each meal for which there is one; what one takes, the others do not have."""
        return await asyncio.to_thread(_plan, wish, meals, allergies, member.language)


def _recipes(wish: Wish, allergies: Sequence[Allergy], language: Language) -> list[CheckedRecipe]:
    kitchen = _Kitchen(wish, allergies, language)
    candidates = kitchen.candidates(Pantry((*wish.ingredients, *wish.stock)), wish.courses or tuple(Course))
    return [passed for _, passed in chosen(candidates, wish.number, kitchen.taste, kitchen.gate)]


def _plan(
    wish: Wish, meals: Sequence[Meal], allergies: Sequence[Allergy], language: Language
) -> dict[Meal, CheckedRecipe]:
    kitchen, found = _Kitchen(wish, allergies, language), list[Candidate]()
    pantry = Pantry((*wish.ingredients, *wish.stock))
    plan: dict[Meal, CheckedRecipe] = {}
    for meal in meals:
        titles = {one.recipe.title for one in found}
        new = [one for one in kitchen.candidates(pantry, SERVED_AT[meal]) if one.recipe.title not in titles]
        taste = replace(kitchen.taste, fitting=frozenset(SERVED_AT[meal][:1]))
        if best := chosen(new, 1, taste, kitchen.gate, found):
            [(one, plan[meal])] = best
            found.append(one)
            pantry = rest(pantry, one.shares)
    return plan


class _Kitchen:
    """One household's wish: which foods may be used, and what its dishes become."""

    def __init__(self, wish: Wish, allergies: Sequence[Allergy], language: Language) -> None:
        self._wish, self._allergies, self._language = wish, allergies, language
        self._diet = diet_of(wish.preferences)
        self._may_use: dict[FoodId, bool] = {}
        self.taste = Taste(
            weights=weights_of(wish.ingredients, wish.priorities),
            shown=frozenset(map(label_key, wish.avoid)),
            level=wish.level,
            fitting=frozenset() if wish.courses else WHOLE_MEALS,
        )

    def candidates(self, pantry: Pantry, courses: Iterable[Course]) -> list[Candidate]:
        wanted = set(courses)
        made = (self._made(dish, pantry) for dish in load() if dish.course in wanted)
        return [one for one in made if one]

    def gate(self, recipe: Recipe) -> CheckedRecipe | None:
        return checked(recipe, self._allergies, self._language)

    def _made(self, dish: Dish, pantry: Pantry) -> Candidate | None:
        """A dish of what there is; None where something of it may not be used and nothing stands in for it.

        Nor is there a raw one of what would spoil soon.
        """
        shares: dict[FoodId, Share] = {}
        for part in dish.parts:
            elsewhere = {one.needed.food for one in shares.values()}  # what another part takes is not there twice
            foods = [food for food in self._foods(dish, part) if food not in elsewhere]
            if not foods and not part.optional:
                return None
            if foods:
                options = [share(self._needed(part, food), pantry) for food in foods]
                shares[part.food] = max(options, key=_how_well)
        if dish.raw and soon([shares[dish.parts[0].food]]):
            return None
        return Candidate(self._written(dish, shares), tuple(shares.values()))

    def _foods(self, dish: Dish, part: Part) -> list[FoodId]:
        """What may be taken for a part, the nearest first: for what names the dish nothing of another name."""
        instead = StandIns() if part.optional else stand_ins().get(part.food, StandIns())
        others = () if part is dish.parts[0] else instead.other
        own = {one.food for one in dish.parts} - {part.food}
        return [food for food in (part.food, *instead.same, *others) if food not in own and self._usable(food)]

    def _needed(self, part: Part, food: FoodId) -> Needed:
        name = catalogue.load().foods[food].name(self._language)
        quantity = part.quantity
        if food in COOKED and food != part.food:
            quantity = replace(quantity, amount=quantity.amount * COOKED_WEIGHS)
        quantity = _imperial(quantity) if self._wish.imperial else quantity
        return Needed(name, quantity, food, part.optional)

    def _usable(self, food: FoodId) -> bool:
        if (known := self._may_use.get(food)) is None:
            name = catalogue.load().foods[food].name(self._language)
            known = self._keeps(diet_of_foods([food])) and may_eat(name, food, self._allergies, self._language)
            self._may_use[food] = known
        return known

    def _keeps(self, diet: Diet | None) -> bool:
        order = list(Diet)
        return self._diet is None or (diet is not None and order.index(diet) <= order.index(self._diet))

    def _written(self, dish: Dish, shares: Mapping[FoodId, Share]) -> Recipe:
        told, names = dish.told[self._language], {food: one.needed.name for food, one in shares.items()}
        steps = (_PLACEHOLDER.sub(lambda found: names[FoodId(found[1])], step) for step in told.steps)
        return Recipe(
            title=told.title,
            description=told.about,
            minutes=dish.minutes,
            difficulty=dish.difficulty,
            course=dish.course,
            ingredients=tuple(one.needed for one in shares.values()),
            steps=tuple(steps),
            tip=" ".join((told.tip, *self._instead(shares))),
        )

    def _instead(self, shares: Mapping[FoodId, Share]) -> Iterator[str]:
        """What stands in for what the steps speak of, and what need not be cooked any more."""
        for food, one in shares.items():
            taken = one.needed.food
            if taken in stand_ins().get(food, StandIns()).other or (taken in COOKED and taken != food):
                name = catalogue.load().foods[food].name(self._language)
                es, en = f"Aquí, {one.needed.name} en lugar de {name}.", f"Here, {one.needed.name} instead of {name}."
                yield en if self._language is Language.EN else es


def _how_well(one: Share) -> tuple[bool, bool, Decimal]:
    """Enough of it before some of it; of equals, what spoils first, else the first."""
    urgent = max((draw.held.urgency for draw in one.draws), default=Decimal(0))
    return one.lacking is None, bool(one.draws), urgent


def _imperial(quantity: Quantity) -> Quantity:
    """In ounces and pounds, to a tenth; what is counted stays."""
    if (unit := _IMPERIAL.get(quantity.unit)) is None or (factor := by_definition(quantity.unit, unit)) is None:
        return quantity
    amount = max(_TENTH, (quantity.amount * factor).quantize(_TENTH))
    return replace(quantity, amount=amount.normalize() + 0, unit=unit)
