"""When food expires: from the tables where they speak of it, else assumed and saying so."""

from calendar import monthrange
from datetime import date, timedelta

from zwai.knowledge.catalogue import Catalogue, Food, ShelfLife, ShelfState, load
from zwai.records.stock import ExpiryDate, ExpirySource, Kind, Place, TimeUnit

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


def expiry_of(food: Food | None, kind: Kind, place: Place, today: date) -> ExpiryDate:
    """The day until which `food` keeps in `place` from `today` on, with its range and its source.

    The day is the low end of the table's range. The range says how long food keeps that was fresh when
    bought and stored well, and of a photo we know neither. A day too early costs a look at the food,
    a day too late can cost a stomach; the high end is kept beside it for whoever wants to look.
    """
    food = _as_kept(food, kind)
    life = _life(food, place) if food else None
    if life:
        source = ExpirySource.ASSUMED if life.assumed else ExpirySource.TABLE
        low, high = (today + timedelta(days=days) for days in (life.min_days, life.max_days))
        return ExpiryDate(low, source, life.reference, low, high)
    days, reason = _assumed(load(), food, kind, place)
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
