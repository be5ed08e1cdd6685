"""Which dishes to cook: of what is there, what would spoil first, with little to buy, and no two alike. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from zwai.kitchen.pantry import Share, match, used
from zwai.knowledge.names import label_key
from zwai.records.meals import CheckedRecipe, Course, Difficulty, Held, Level, Match, Recipe

# Judged. What a recipe rescues counts by its urgency (0 to 1 each), what was asked for by name as much as half of one
# that spoils today. Having all of a recipe is worth one such thing; what must be bought costs half of one.
WANTED = Decimal("0.5")
SHOPPING = Decimal("0.5")
# Without the first of its ingredients, which names it, a dish is another one: that costs as much as three.
AGAIN = Decimal(2)  # shown within a week
FITTING = Decimal("0.5")  # of a course that is looked for
HARDER = Decimal("0.5")  # than the person cooks

_REACH = {Level.BEGINNER: 0, Level.INTERMEDIATE: 1, Level.ADVANCED: 2}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recipe beside what there is."""

    recipe: Recipe
    shares: tuple[Share, ...]
    match: Match = field(init=False)
    keys: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "match", match(self.shares))
        object.__setattr__(self, "keys", used(one for one in self.shares if one.counts))


@dataclass(frozen=True, slots=True)
class Taste:
    """What makes a recipe better for whom: `weights` by label key, `shown` the keys of titles of the last week.

    `fitting` are the courses that go first.
    """

    weights: Mapping[str, Decimal]
    shown: frozenset[str]
    level: Level
    fitting: frozenset[Course] = frozenset()


def weights_of(held: Sequence[Held], wanted: Collection[str]) -> dict[str, Decimal]:
    """How much it is worth to use each name: the urgency of its most urgent batch, more if it was asked for."""
    asked, weights = set(map(label_key, wanted)), dict[str, Decimal]()
    for one in held:
        key = label_key(one.name)
        weights[key] = max(weights.get(key, Decimal(0)), one.urgency, WANTED if key in asked else Decimal(0))
    return weights


def chosen(
    candidates: Sequence[Candidate],
    number: int,
    taste: Taste,
    gate: Callable[[Recipe], CheckedRecipe | None],
    earlier: Sequence[Candidate] = (),
) -> list[tuple[Candidate, CheckedRecipe]]:
    """The best that pass the gate: each uses something that is there, and is unlike those before it."""
    found: list[tuple[Candidate, CheckedRecipe]] = []
    left = [one for one in candidates if not one.keys.isdisjoint(taste.weights)]
    while left and len(found) < number:
        before = [*earlier, *(one for one, _ in found)]
        best = max(left, key=lambda one: (score(one, taste, before), -(one.recipe.minutes or 0)))
        left.remove(best)
        if (passed := gate(best.recipe)) is not None:
            found.append((best, passed))
    return found


def score(one: Candidate, taste: Taste, earlier: Sequence[Candidate] = ()) -> Decimal:
    """How good a recipe is beside those that were chosen before it."""
    done = frozenset[str]().union(*(other.keys for other in earlier))
    rescued = sum((taste.weights.get(key, Decimal(0)) for key in one.keys - done), Decimal(0))
    whole = Decimal(one.match.there) / one.match.needed if one.match.needed else Decimal(0)
    alike = max((_alike(one, other) for other in earlier), default=Decimal(0))
    again = AGAIN if label_key(one.recipe.title) in taste.shown else Decimal(0)
    harder = HARDER * max(0, list(Difficulty).index(one.recipe.difficulty) - _REACH[taste.level])
    fitting = FITTING if one.recipe.course in taste.fitting else Decimal(0)
    return rescued + whole + fitting - SHOPPING * _to_buy(one) - alike - again - harder


def _to_buy(one: Candidate) -> int:
    """How many things; the first ingredient, of which there is none, as three."""
    counted = [share for share in one.shares if share.counts]
    return len(one.match.missing) + (2 if counted and not counted[0].draws else 0)


def _alike(one: Candidate, other: Candidate) -> Decimal:
    """The part of their foods that two recipes share, from 0 to 1."""
    mine, theirs = _foods(one), _foods(other)
    return Decimal(len(mine & theirs)) / (len(mine | theirs) or 1)


def _foods(one: Candidate) -> frozenset[str]:
    return frozenset(share.needed.food or label_key(share.needed.name) for share in one.shares if share.counts)
