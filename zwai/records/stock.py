"""What is in the kitchen: batches, quantities, places, expiry dates, and the journal of their changes."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from zwai.records.people import AccountId, HouseholdId
from zwai.records.photos import PhotoId

BatchId = NewType("BatchId", str)
EntryId = NewType("EntryId", str)
FoodId = NewType("FoodId", str)

LONGEST_LABEL = 100  # characters of what a household calls a thing

# Where a page of a list ends: its last row, by the columns that order the list.
StackKey = tuple[str, str, datetime, str]  # kind, label key, added at, batch
ExpiryKey = tuple[date, str]  # expiry day, batch
EntryKey = tuple[int, str]  # version, entry


class Kind(StrEnum):
    """An ingredient, or a cooked dish counted in portions (on the wire: ingredients and foods)."""

    INGREDIENT = "ingredient"
    DISH = "dish"


class Place(StrEnum):
    FRIDGE = "fridge"
    FREEZER = "freezer"
    PANTRY = "pantry"


class Unit(StrEnum):
    """Canonical units; the words of the wire are known to `zwai.knowledge.words`."""

    MG = "mg"
    G = "g"
    KG = "kg"
    OZ = "oz"
    LB = "lb"
    ML = "ml"
    L = "l"
    CUP = "cup"
    TBSP = "tbsp"
    TSP = "tsp"
    FL_OZ = "fl_oz"
    PIECE = "piece"
    PORTION = "portion"
    DOZEN = "dozen"
    BAG = "bag"
    BOTTLE = "bottle"
    BUNCH = "bunch"
    CAN = "can"
    CARTON = "carton"
    CLOVE = "clove"
    FILLET = "fillet"
    HANDFUL = "handful"
    HEAD = "head"
    JAR = "jar"
    LEAF = "leaf"
    PACK = "pack"
    PINCH = "pinch"
    SLICE = "slice"
    SPRIG = "sprig"


class TimeUnit(StrEnum):
    """Units of a shelf life as the client sends them (Días, Semanas, Meses, Años)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class ExpirySource(StrEnum):
    """Where an expiry date comes from."""

    LABEL = "label"
    TYPED = "typed"
    TABLE = "table"
    ASSUMED = "assumed"


class LabelKind(StrEnum):
    USE_BY = "use_by"
    BEST_BEFORE = "best_before"


class BatchState(StrEnum):
    AVAILABLE = "available"
    RESERVED = "reserved"
    FROZEN = "frozen"
    LEFTOVER = "leftover"
    QUARANTINE = "quarantine"
    EXPIRED = "expired"


class Meal(StrEnum):
    """Of a day."""

    BREAKFAST = "breakfast"
    LUNCH = "lunch"
    DINNER = "dinner"
    DESSERT = "dessert"
    SNACK = "snack"


class WasteReason(StrEnum):
    EXPIRED = "expired"
    BAD_CONDITION = "bad_condition"
    OTHER = "other"


class Act(StrEnum):
    """What happened to stock, as the journal tells it."""

    ADD = "add"
    EAT = "eat"
    WASTE = "waste"
    MOVE = "move"
    FREEZE = "freeze"
    THAW = "thaw"
    OPEN = "open"
    RESERVE = "reserve"
    RELEASE = "release"
    QUARANTINE = "quarantine"
    COOK = "cook"
    CORRECT = "correct"
    DELETE = "delete"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Quantity:
    amount: Decimal
    unit: Unit


ONE_PIECE = Quantity(Decimal(1), Unit.PIECE)


@dataclass(frozen=True, slots=True)
class ExpiryDate:
    """A day in the household's time zone, and where it comes from.

    `low` and `high` bound a table's range; `reference` names the source row or the assumption.
    """

    day: date
    source: ExpirySource
    reference: str
    low: date | None = None
    high: date | None = None


@dataclass(frozen=True, slots=True)
class Milestones:
    """What happened to a batch that changes how long it keeps; `printed_on` is the day that its label says.

    `warmed_on` is the day that it first came out of the cold into the pantry.
    """

    printed_on: date | None = None
    opened_on: date | None = None
    frozen_on: date | None = None
    thawed_on: date | None = None
    warmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """The meal of a day that a batch is kept for."""

    day: date
    meal: Meal


NO_MILESTONES = Milestones()


@dataclass(frozen=True, slots=True)
class Batch:
    """One lot of one food. `label` is verbatim, `label_key` is how lists group it.

    `made_of` is the batch that this one was split from, cooked from or left over from.
    """

    id: BatchId
    household: HouseholdId
    kind: Kind
    label: str
    label_key: str
    food: FoodId | None
    quantity: Quantity
    place: Place
    state: BatchState
    label_kind: LabelKind
    expiry: ExpiryDate
    added_at: datetime
    tips: str
    photo: PhotoId | None
    dish: "DishFacts | None"
    milestones: Milestones = NO_MILESTONES
    made_of: BatchId | None = None
    reserved: Reservation | None = None


@dataclass(frozen=True, slots=True)
class DishFacts:
    """What is said of a cooked dish; `calories` are per portion where known."""

    main_ingredients: tuple[str, ...]
    category: str
    calories: Decimal | None
    description: str


@dataclass(frozen=True, slots=True)
class StackRef:
    """How the client addresses a stack: a name in any spelling, and the moment it was added."""

    label_key: str
    food: FoodId | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One batch before and after; None where it did not exist."""

    before: Batch | None
    after: Batch | None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Who did what to which batches, when and why. Append only; an undo is an entry of its own.

    `version` is the household's after the change: the order of its entries.
    """

    id: EntryId
    household: HouseholdId
    account: AccountId | None
    version: int
    act: Act
    reason: str
    at: datetime
    undoes: EntryId | None
    undone_by: EntryId | None
    changes: tuple[Change, ...]
