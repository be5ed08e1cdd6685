"""What there is to cook with, and how a recipe matches it: what is used, what lacks, what would spoil soon. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from zwai.errors import CannotConvert
from zwai.kitchen.expiry import days_left
from zwai.kitchen.first_out import in_order
from zwai.kitchen.urgency import urgency
from zwai.knowledge import catalogue
from zwai.knowledge.names import label_key
from zwai.knowledge.recipe_book import BASICS
from zwai.knowledge.units import convert, round_off
from zwai.records.meals import Held, Match, Needed, Recipe
from zwai.records.stock import Batch, BatchState, FoodId, Kind, Place, Quantity, Unit

# From here on a thing would spoil soon: within a week by a best-before date, within four days by a use-by date.
SOON = Decimal("0.4")
# Who wants 300 g and has 270 g need not go shopping.
NEARLY = Decimal("0.9")
_PROMISED = (BatchState.RESERVED, BatchState.EXPIRED)
_FLESH = frozenset(("meat", "poultry", "fish", "shellfish", "processed_meat"))


@dataclass(frozen=True, slots=True)
class Draw:
    """How much of one thing that there is a recipe takes; None: of what nobody measured."""

    held: Held
    amount: Quantity | None


@dataclass(frozen=True, slots=True)
class Share:
    """One ingredient of a recipe beside what there is. `lacking` is what would have to be bought, None for nothing."""

    needed: Needed
    draws: tuple[Draw, ...]
    lacking: Needed | None

    @property
    def counts(self) -> bool:
        """Whether one must have it, and it is not in any kitchen anyway."""
        return not self.needed.optional and self.needed.food not in BASICS


def to_cook_with(batches: Sequence[Batch], today: date) -> tuple[Held, ...]:
    """What may be cooked of stock, the most urgent first: nothing set aside, kept for a meal or past its use-by.

    Nor meat or fish past whatever day it has: few packs are known to say "use by", and nobody is told to eat that.
    """
    ingredients = [batch for batch in batches if batch.kind is Kind.INGREDIENT and batch.state not in _PROMISED]
    edible = [batch for batch in in_order(ingredients, today) if not _is_old_flesh(batch, today)]
    fit = [(one, urgency(one, days_left(one.expiry.day, today))) for one in edible]
    held = [Held(batch.label, batch.quantity, batch.food, how) for batch, how in fit]
    return tuple(sorted(held, key=lambda one: -one.urgency))


class Pantry:
    """What there is, found by food or label; in its order."""

    def __init__(self, held: Iterable[Held]) -> None:
        self.held = tuple(held)
        self._by_food: dict[FoodId, list[Held]] = defaultdict(list)
        self._by_key: dict[str, list[Held]] = defaultdict(list)
        self._unknown: dict[str, list[Held]] = defaultdict(list)
        for one in self.held:
            key = label_key(one.name)
            self._by_key[key].append(one)
            if one.food is None:
                self._unknown[key].append(one)
            else:
                self._by_food[one.food].append(one)

    def named(self, name: str, food: FoodId | None) -> list[Held]:
        """What is of a food; what has the name, where one of the two foods is not known."""
        if food is None:
            return self._by_key.get(label_key(name), [])
        return [*self._by_food.get(food, ()), *self._unknown.get(label_key(name), ())]


def share(needed: Needed, pantry: Pantry) -> Share:
    """What a recipe's ingredient takes of what there is, the first first."""
    draws: list[Draw] = []
    wanted = needed.quantity
    missing = wanted.amount if wanted else Decimal(0)
    for one in pantry.named(needed.name, needed.food):
        if draws and missing <= 0:
            break
        if wanted is None or one.quantity is None:
            draws.append(Draw(one, None))
            missing = Decimal(0)
        elif (there := _in_unit(one.quantity, wanted.unit, one.food or needed.food, one.name)) is None:
            draws.append(Draw(one, one.quantity))  # nobody knows how much that is: it is taken to be enough, whole
            missing = Decimal(0)
        else:
            draws.append(_drawn(one, there, missing))
            missing -= there
    return Share(needed, tuple(draws), _lacking(needed, missing) if draws else needed)


def match(shares: Sequence[Share]) -> Match:
    """A whole recipe: an ingredient that nearly suffices is there, and basics and options are never missing."""
    counted = [one for one in shares if one.counts]
    missing = tuple(one.lacking for one in counted if one.lacking)
    return Match(missing, soon(shares), len(counted), len(counted) - len(missing))


def soon(shares: Iterable[Share]) -> tuple[str, ...]:
    """The names of what a recipe uses that would spoil soon, the most urgent first, each once."""
    used = [draw.held for one in shares for draw in one.draws if draw.held.urgency >= SOON]
    return tuple(dict.fromkeys(one.name for one in sorted(used, key=lambda one: -one.urgency)))


def used(shares: Iterable[Share]) -> frozenset[str]:
    """The label keys of what a recipe takes of what there is."""
    return frozenset(label_key(draw.held.name) for one in shares for draw in one.draws)


def rest(pantry: Pantry, shares: Iterable[Share]) -> Pantry:
    """What is left once a recipe has taken its part; what nobody measured stays."""
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for draw in (draw for one in shares for draw in one.draws if draw.amount):
        taken[id(draw.held)] += draw.amount.amount if draw.amount else 0
    left = [(one, _left(one, taken[id(one)])) for one in pantry.held]
    return Pantry(replace(one, quantity=quantity) for one, quantity in left if quantity is None or quantity.amount > 0)


def left_after(held: Iterable[Held], recipes: Iterable[Recipe]) -> tuple[Held, ...]:
    """What there is once recipes have been cooked, one after the other."""
    pantry = Pantry(held)
    for recipe in recipes:
        pantry = rest(pantry, [share(needed, pantry) for needed in recipe.ingredients])
    return pantry.held


def utilization(keys: Collection[str], held: Iterable[Held]) -> tuple[int, int]:
    """How many of the names that there are were used, and how many there are."""
    names = {label_key(one.name) for one in held}
    return len(names & set(keys)), len(names)


def _is_old_flesh(batch: Batch, today: date) -> bool:
    food = catalogue.load().food(batch.food)
    is_flesh = food is not None and food.category in _FLESH
    return is_flesh and batch.place is not Place.FREEZER and batch.expiry.day < today


def _drawn(one: Held, there: Decimal, missing: Decimal) -> Draw:
    assert one.quantity is not None
    if there <= missing:
        return Draw(one, one.quantity)
    return Draw(one, replace(one.quantity, amount=one.quantity.amount * missing / there))


def _left(one: Held, taken: Decimal) -> Quantity | None:
    return one.quantity and replace(one.quantity, amount=one.quantity.amount - taken)


def _lacking(needed: Needed, missing: Decimal) -> Needed | None:
    """What some of an ingredient leaves to buy."""
    if needed.quantity is None or missing <= needed.quantity.amount * (1 - NEARLY):
        return None
    return replace(needed, quantity=replace(needed.quantity, amount=round_off(missing)))


@lru_cache(maxsize=8192)  # sixty dishes ask for the same few foods
def _in_unit(quantity: Quantity, unit: Unit, food: FoodId | None, name: str) -> Decimal | None:
    try:
        return convert(quantity, unit, catalogue.load().food(food), name).quantity.amount
    except CannotConvert:
        return None
