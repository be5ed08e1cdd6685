"""The catalogue: every food that zwai knows, with its names, its usual place and unit, and how long it keeps."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache

from zwai.knowledge import facts
from zwai.knowledge.tables import rows_of
from zwai.records.people import Language
from zwai.records.stock import FoodId, Kind, Place, Unit


class ShelfState(StrEnum):
    """From when a shelf life counts.

    Judged by us, as it is bought; of the table from purchase, from being put there, from opening, from thawing;
    from cooking, from cutting. What is frozen is in the freezer, whatever its state.
    """

    JUDGED = "judged"
    PURCHASE = "purchase"
    STORED = "stored"
    OPENED = "opened"
    THAWED = "thawed"
    COOKED = "cooked"
    CUT = "cut"


_AS_BOUGHT = (ShelfState.JUDGED, ShelfState.PURCHASE, ShelfState.STORED)


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How many days a food keeps in a place. `assumed`: judged, or the row of a near relative."""

    place: Place
    state: ShelfState
    min_days: int
    max_days: int
    reference: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Food:
    """A catalogue entry. Its id is for ever; `piece_grams` is judged; allergens are codes of the EU list.

    What is seldom asked for is read from its table when it is.
    """

    id: FoodId
    name_es: str
    name_es_pe: str
    name_en: str
    synonyms_es: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    category: str
    place: Place
    unit: Unit
    piece_grams: Decimal | None
    allergens: tuple[str, ...]
    may_contain: tuple[str, ...]
    shelf_lives: tuple[ShelfLife, ...]
    usda_sr: facts.Join | None
    footprint_row: facts.Join | None

    @property
    def names(self) -> tuple[str, ...]:
        """Its own in every language, without synonyms."""
        return tuple(name for name in (self.name_es, self.name_es_pe, self.name_en) if name)

    @property
    def weights(self) -> tuple[facts.Weight, ...]:
        """Grams a piece, cup, spoon, slice…; each unit once."""
        return facts.weights_of(self.id, self.piece_grams)

    @property
    def density(self) -> facts.Density | None:
        return facts.density_of(self.id, self.category)

    @property
    def nutrition(self) -> facts.Nutrition | None:
        return facts.nutrition_of(self.usda_sr)

    @property
    def footprint(self) -> facts.Footprint | None:
        return facts.footprint_of(self.footprint_row)

    @property
    def kind(self) -> Kind:
        return Kind.DISH if self.category == "dish" else Kind.INGREDIENT

    def name(self, language: Language) -> str:
        """The name to show: English, or Spanish as Peru says it."""
        return self.name_en if language is Language.EN else self.name_es_pe or self.name_es


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All foods by id, and what we assume for a category where nothing speaks of the food."""

    foods: Mapping[FoodId, Food]
    assumed_days: Mapping[tuple[str, Place], int]
    assumed_lives: Mapping[tuple[str, Place, ShelfState], ShelfLife]

    def food(self, food_id: str | None) -> Food | None:
        return self.foods.get(FoodId(food_id)) if food_id else None

    def life(self, food: Food, place: Place, state: ShelfState) -> ShelfLife | None:
        """How long it keeps in a place and state: the shortest of its own rows, else as its category."""
        lives = [life for life in food.shelf_lives if (life.place, life.state) == (place, state)]
        return min(lives, key=lambda life: life.min_days, default=self.assumed_lives.get((food.category, place, state)))

    def lives(self, food: Food) -> tuple[ShelfLife, ...]:
        """All that is known of how long it keeps, by place and state; each place has a row as it is bought."""
        known = [life for place in Place for state in ShelfState if (life := self.life(food, place, state))]
        told = {life.place for life in known if life.state in _AS_BOUGHT}
        usual = [self._usual(food.category, place) for place in Place if place not in told]
        return (*known, *usual)

    def _usual(self, category: str, place: Place) -> ShelfLife:
        days = self.assumed_days[category, place]
        reference = f"assumed: {days} d in the {place}; usual for {category}, no row for this food"
        return ShelfLife(place, ShelfState.JUDGED, days, days, reference, assumed=True)


@cache
def load() -> Catalogue:
    """The shipped catalogue, read once per process."""
    table, judged = _table_lives(), _judged_lives()
    foods = (_food(row, table, judged) for row in rows_of("foods.csv"))
    assumed = {(row["category"], Place(row["place"])): int(row["days"]) for row in rows_of("assumed_days.csv")}
    by_category = {(row["category"], life.place, life.state): life for row, life in _judged_states() if row["category"]}
    return Catalogue({food.id: food for food in foods}, assumed, by_category)


def _food(
    row: dict[str, str], table: Mapping[str, list[dict[str, str]]], judged: Mapping[str, list[ShelfLife]]
) -> Food:
    ours = judged.get(row["id"], [])
    taken = {(life.place, life.state) for life in ours}
    lives = [_table_life(life, row["foodkeeper_fit"]) for life in table.get(row["foodkeeper"], ())]
    return Food(
        id=FoodId(row["id"]),
        name_es=row["name_es"],
        name_es_pe=row["name_es_pe"],
        name_en=row["name_en"],
        synonyms_es=_split(row["synonyms_es"]),
        synonyms_en=_split(row["synonyms_en"]),
        category=row["category"],
        place=Place(row["place"]),
        unit=Unit(row["unit"]),
        piece_grams=Decimal(row["piece_grams"]) if row["piece_grams"] else None,
        allergens=_split(row["allergens"]),
        may_contain=_split(row["may_contain"]),
        shelf_lives=(*ours, *(life for life in lives if (life.place, life.state) not in taken)),
        usda_sr=_join(row, "usda_sr"),
        footprint_row=_join(row, "footprint"),
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


def _join(row: dict[str, str], column: str) -> facts.Join | None:
    return facts.Join(row[column], own=row[f"{column}_fit"] == "own") if row[column] else None


def _table_lives() -> dict[str, list[dict[str, str]]]:
    lives: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of("shelf_life.csv"):
        lives[row["foodkeeper"]].append(row)
    return lives


def _table_life(row: dict[str, str], fit: str) -> ShelfLife:
    own = fit == "own"
    source = f"USDA FoodKeeper {row['foodkeeper']}"
    return ShelfLife(
        place=Place(row["place"]),
        state=ShelfState(row["state"]),
        min_days=int(row["min_days"]),
        max_days=int(row["max_days"]),
        reference=f"{source}, {row['place']}" if own else f"assumed: as {source} ({row['food']}), {row['place']}",
        assumed=not own,
    )


def _judged_lives() -> dict[str, list[ShelfLife]]:
    """What we judged of single foods: their days as bought, and in other states. It goes before the table."""
    lives: dict[str, list[ShelfLife]] = defaultdict(list)
    for row in rows_of("judged_days.csv"):
        days = int(row["days"])
        reference = f"assumed: {days} d in the {row['place']}; {row['why']}"
        lives[row["food"]].append(
            ShelfLife(Place(row["place"]), ShelfState.JUDGED, days, days, reference, assumed=True)
        )
    for row, life in _judged_states():
        if row["food"]:
            lives[row["food"]].append(life)
    return lives


def _judged_states() -> Iterator[tuple[dict[str, str], ShelfLife]]:
    """Days after opening, thawing, cooking or cutting that we judged, of a food or of a whole category."""
    for row in rows_of("judged_states.csv"):
        low, high = int(row["min_days"]), int(row["max_days"])
        days = f"{low} d" if low == high else f"{low} to {high} d"
        reference = f"assumed: {days} {row['state']} in the {row['place']}; {row['why']}"
        yield row, ShelfLife(Place(row["place"]), ShelfState(row["state"]), low, high, reference, assumed=True)
