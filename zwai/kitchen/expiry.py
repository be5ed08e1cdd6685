"""When food expires: from the tables where they speak of it, else assumed and saying so."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from zwai.knowledge.catalogue import Catalogue, Food, ShelfLife, ShelfState, load
from zwai.records.stock import (
    NO_MILESTONES,
    ExpiryDate,
    ExpirySource,
    Kind,
    LabelKind,
    Milestones,
    Place,
    TimeUnit,
)

TYPED_BY_A_MEMBER = "typed by a member"
PRINTED_ON_THE_LABEL = "printed on the label"

# Which row speaks for a place, the best first. Opened is the last: what is still closed keeps longer.
_STATES = (ShelfState.JUDGED, ShelfState.PURCHASE, ShelfState.STORED, ShelfState.OPENED)

# Days of food that the catalogue does not know: a week, or three days once cooked and none in a warm kitchen.
_UNKNOWN_DAYS = {
    (Kind.INGREDIENT, Place.FRIDGE): 7,
    (Kind.INGREDIENT, Place.PANTRY): 7,
    (Kind.INGREDIENT, Place.FREEZER): 90,
    (Kind.DISH, Place.FRIDGE): 3,
    (Kind.DISH, Place.PANTRY): 0,
    (Kind.DISH, Place.FREEZER): 60,
}

# Kept in the pantry when closed; seen in the fridge they are open more often than not.
_OPEN_IN_THE_COLD = frozenset({"canned", "beverage", "baby", "dairy"})

# Counted in portions these are cooked, and keep like any dish: rice is not cooked rice. A cake is a cake.
_COOKED_AS_A_DISH = frozenset(
    {"grain", "legume", "tuber", "vegetable", "egg", "meat", "poultry", "fish", "shellfish", "processed_meat"}
    | {"canned", "frozen"}
)


# Thawed food of which no row speaks, in the fridge; in a warm kitchen it does not see the next day.
_THAWED_DAYS = {Place.FRIDGE: 1, Place.PANTRY: 0}


class ExpiryRule(StrEnum):
    """Which of the rules gave a batch its day."""

    PRINTED = "printed"
    KEPT = "kept"
    OPENED = "opened"
    FROZEN = "frozen"
    THAWED = "thawed"
    TOO_LATE_TO_FREEZE = "too_late_to_freeze"
    WARMED = "warmed"


@dataclass(frozen=True, slots=True)
class Keeping:
    """All that decides how long a batch keeps. `since`: the day it came to its place (before it was frozen, if it was).

    `printed_by` tells whether a label or a person gave `milestones.printed_on`.
    """

    food: Food | None
    kind: Kind
    place: Place
    since: date
    label_kind: LabelKind = LabelKind.BEST_BEFORE
    milestones: Milestones = NO_MILESTONES
    printed_by: ExpirySource = ExpirySource.TYPED


def best_until(keeping: Keeping) -> tuple[ExpiryDate, ExpiryRule]:
    """The day until which a batch keeps, after all that happened to it, and the rule that gave it.

    Freezing stops the clock of whatever still ran, and the freezer's own days count, or a printed day beyond them; a
    use-by that had passed stays.
    Thawing starts a short one: the days of thawed food, never more than were left when it was frozen. Opening (or
    cutting) only ever shortens, and so does leaving the cold, for good. A printed day binds before any table.
    """
    marks = keeping.milestones
    if keeping.place is Place.FREEZER:
        return _frozen(keeping, marks.frozen_on or keeping.since)
    if marks.frozen_on is None or marks.thawed_on is None:
        return _sooner(_closed(keeping), _opened(keeping, marks.opened_on))
    thawed = _thawed(keeping, marks.frozen_on, marks.thawed_on)
    if marks.opened_on is None or marks.opened_on <= marks.frozen_on:  # counted in what was left
        return thawed
    return _sooner(thawed, _opened(keeping, max(marks.opened_on, marks.thawed_on)))


def _sooner(dated: tuple[ExpiryDate, ExpiryRule], opened: ExpiryDate | None) -> tuple[ExpiryDate, ExpiryRule]:
    return (opened, ExpiryRule.OPENED) if opened is not None and opened.day < dated[0].day else dated


def _closed(keeping: Keeping) -> tuple[ExpiryDate, ExpiryRule]:
    dated, warm = _undisturbed(keeping), warmed(keeping)
    return (warm, ExpiryRule.WARMED) if warm is not None and warm.day < dated[0].day else dated


def warmed(keeping: Keeping) -> ExpiryDate | None:
    """The day that the pantry gives to what came out of the cold that it needs; putting it back mends nothing."""
    warmed_on = keeping.milestones.warmed_on
    if warmed_on is None or not needs_cold(keeping):
        return None
    return expiry_of(keeping.food, keeping.kind, Place.PANTRY, warmed_on)


def needs_cold(keeping: Keeping) -> bool:
    """Whether the pantry is no place for it. Of what the catalogue doesn't know a use-by tells it."""
    if keeping.food is None and keeping.kind is Kind.INGREDIENT:
        return keeping.label_kind is LabelKind.USE_BY
    return place_for(keeping.food, keeping.kind) is not Place.PANTRY


def _undisturbed(keeping: Keeping) -> tuple[ExpiryDate, ExpiryRule]:
    printed_on = keeping.milestones.printed_on
    if printed_on is not None:
        reference = PRINTED_ON_THE_LABEL if keeping.printed_by is ExpirySource.LABEL else TYPED_BY_A_MEMBER
        return ExpiryDate(printed_on, keeping.printed_by, reference), ExpiryRule.PRINTED
    return expiry_of(keeping.food, keeping.kind, keeping.place, keeping.since), ExpiryRule.KEPT


def _frozen(keeping: Keeping, frozen_on: date) -> tuple[ExpiryDate, ExpiryRule]:
    frozen = expiry_of(keeping.food, keeping.kind, Place.FREEZER, frozen_on)
    if keeping.milestones.printed_on is None:
        return frozen, ExpiryRule.FROZEN
    closed, rule = _closed(keeping)
    if keeping.label_kind is LabelKind.USE_BY and closed.day < frozen_on:
        return closed, ExpiryRule.TOO_LATE_TO_FREEZE
    return (closed, rule) if closed.day > frozen.day else (frozen, ExpiryRule.FROZEN)


def _thawed(keeping: Keeping, frozen_on: date, thawed_on: date) -> tuple[ExpiryDate, ExpiryRule]:
    warmed_on = keeping.milestones.warmed_on
    before = _until_frozen(keeping, frozen_on)
    then, _ = _sooner(_closed(before), _opened(before, before.milestones.opened_on))
    if keeping.label_kind is LabelKind.USE_BY and then.day < frozen_on:
        return then, ExpiryRule.TOO_LATE_TO_FREEZE
    left = max(then.day - frozen_on, timedelta(0))
    short = _short_once_thawed(keeping.food, keeping.place, thawed_on)
    if warmed_on is not None and (warmed_on > frozen_on or warmed_on == thawed_on) and needs_cold(keeping):
        warm = _short_once_thawed(keeping.food, Place.PANTRY, max(warmed_on, thawed_on))
        short = min(short, warm, key=lambda expiry: expiry.day)
    return _no_later(short, thawed_on + left), ExpiryRule.THAWED


def _until_frozen(keeping: Keeping, frozen_on: date) -> Keeping:
    """The same as it was when it was frozen."""
    marks = keeping.milestones
    opened_on, warmed_on = (day if day and day <= frozen_on else None for day in (marks.opened_on, marks.warmed_on))
    return replace(keeping, milestones=replace(marks, opened_on=opened_on, warmed_on=warmed_on))


def _short_once_thawed(food: Food | None, place: Place, since: date) -> ExpiryDate:
    life = food and load().life(food, place, ShelfState.THAWED)
    return _from_life(life, since) if life else _assumed_thawed(place, since)


def _assumed_thawed(place: Place, thawed_on: date) -> ExpiryDate:
    days = _THAWED_DAYS[place]
    reference = f"assumed: {days} d; thawed food in the {place}, no row for it"
    return ExpiryDate(thawed_on + timedelta(days=days), ExpirySource.ASSUMED, reference)


def _opened(keeping: Keeping, opened_on: date | None) -> ExpiryDate | None:
    """None of what is closed, and where no row says that opening shortens."""
    if keeping.food is None or opened_on is None:
        return None
    life = opened_life(keeping.food, keeping.place)
    return _from_life(life, opened_on) if life else None


def opened_life(food: Food, place: Place) -> ShelfLife | None:
    """The row of what is open; what has none on a shelf keeps there no longer than in the fridge."""
    # A food without a packet is opened by cutting it.
    life = load().life(food, place, ShelfState.OPENED) or load().life(food, place, ShelfState.CUT)
    if life or place is not Place.PANTRY:
        return life
    cold = opened_life(food, Place.FRIDGE)
    # Salt, honey, vinegar: only their category speaks of them open, and they don't need the cold.
    keeps_dry = food.place is Place.PANTRY and food.category == "condiment" and cold not in food.shelf_lives
    return None if keeps_dry else cold


def _from_life(life: ShelfLife, since: date) -> ExpiryDate:
    low, high = since + timedelta(days=life.min_days), since + timedelta(days=life.max_days)
    source = ExpirySource.ASSUMED if life.assumed else ExpirySource.TABLE
    return ExpiryDate(low, source, life.reference, low, high)


def _no_later(expiry: ExpiryDate, last: date) -> ExpiryDate:
    """The same, with every day of it at most `last`."""
    low, high = (day and min(day, last) for day in (expiry.low, expiry.high))
    return ExpiryDate(min(expiry.day, last), expiry.source, expiry.reference, low, high)


def expiry_of(food: Food | None, kind: Kind, place: Place, today: date) -> ExpiryDate:
    """The day until which `food` keeps in `place` from `today` on, with its range and its source.

    The day is the low end of the table's range. The range says how long food keeps that was fresh when
    bought and stored well, and of a photo we know neither. A day too early costs a look at the food,
    a day too late can cost a stomach; the high end is kept beside it for whoever wants to look.
    """
    kept = _as_kept(food, kind)
    life = _life(kept, place) if kept else food and load().life(food, place, ShelfState.COOKED)
    if life:
        return _from_life(life, today)
    days, reason = _assumed(load(), kept, kind, place)
    return ExpiryDate(today + timedelta(days=days), ExpirySource.ASSUMED, f"assumed: {days} d; {reason}")


def place_for(food: Food | None, kind: Kind) -> Place:
    """Where a food usually lives; the fridge for a dish and for what we do not know."""
    kept = _as_kept(food, kind)
    return kept.place if kept else Place.FRIDGE


def from_span(today: date, amount: int, unit: TimeUnit) -> date:
    """The day `amount` days, weeks, calendar months or years from `today`; the 31st becomes a month's last day."""
    if unit is TimeUnit.DAY:
        return today + timedelta(days=amount)
    if unit is TimeUnit.WEEK:
        return today + timedelta(weeks=amount)
    months = today.year * 12 + today.month - 1 + amount * (12 if unit is TimeUnit.YEAR else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def days_left(expiry: date, today: date) -> int:
    """Whole days until the expiry day; 0 on the day itself, negative after it."""
    return (expiry - today).days


def _as_kept(food: Food | None, kind: Kind) -> Food | None:
    """The food whose shelf life counts; None for a dish made of an ingredient."""
    cooked = food and kind is Kind.DISH and food.category in _COOKED_AS_A_DISH
    return None if cooked else food


def _life(food: Food, place: Place) -> ShelfLife | None:
    """The row that speaks for a place; of several (varieties, with the packet or without) the shortest."""
    lives = [life for life in food.shelf_lives if life.place is place and life.state in _STATES]
    return min(lives, key=lambda life: (_STATES.index(life.state), life.min_days), default=None)


def _assumed(catalogue: Catalogue, food: Food | None, kind: Kind, place: Place) -> tuple[int, str]:
    """Days without a row for the place, and why so many."""
    if food is None:
        return _UNKNOWN_DAYS[kind, place], f"any {kind} that the catalogue does not know, {place}"
    days = catalogue.assumed_days[food.category, place]
    dry = food.place is Place.PANTRY and food.category not in _OPEN_IN_THE_COLD
    shelf = _life(food, Place.PANTRY) if dry else None
    if shelf and shelf.min_days > days:
        return shelf.min_days, f"dry goods keep in the {place} as in the pantry ({shelf.reference})"
    return days, f"usual for {food.category} in the {place}, no row for this food"
