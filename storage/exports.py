"""All rows of one household as JSON, and back: read in one snapshot, checked one by one before they are stored.

A row is told by its columns, without its household. On its way in every id is made anew, the same everywhere in one
import, so that nothing of it can name a row that is there already.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Boolean, Column, Date, Integer, Numeric, String, Table, Text, exists, insert, select, update

from storage import recipes, schema
from storage.batches import dish_from_document, dish_to_document
from storage.columns import Amount, Document, Moment
from storage.db import Read, Write
from zwai.knowledge.names import is_label, label_key
from zwai.records.meals import Course, Difficulty, Occasion
from zwai.records.people import AccountId, HouseholdId
from zwai.records.photos import Aim, Box, Decision, Engine, PhotoId
from zwai.records.stock import Act, BatchState, ExpirySource, Kind, LabelKind, Meal, Place, Unit

# What a household is made of; a table that another one refers to comes before it. Claims, jobs and invitations pass.
TABLES: dict[str, Table] = {
    str(table.name): table
    for table in (
        schema.photos,
        schema.recognitions,
        schema.proposal_lines,
        schema.batches,
        schema.journal,
        schema.journal_changes,
        schema.feedback,
        schema.pictures,
        schema.reference_images,
        schema.shop_words,
        schema.products,
        schema.prices,
        schema.generated_recipes,
    )
}
CHUNK = 200
ID = re.compile(r"[0-9a-f]{32}")
IDS = frozenset(
    {
        "id",
        "photo_id",
        "recognition_id",
        "accepted_batch_id",
        "entry_id",
        "batch_id",
        "undoes",
        "made_of",
        "generation_id",
    }
)
# Whose columns the database itself holds to rows of another table.
REFERENCES = {"recognition_id": "recognitions", "entry_id": "journal"}
WORDS: dict[str, type[StrEnum]] = {
    "kind": Kind, "unit": Unit, "place": Place, "label_kind": LabelKind, "expiry_source": ExpirySource,
    "state": BatchState, "act": Act, "aim": Aim, "engine": Engine, "decision": Decision,
    "occasion": Occasion, "course": Course, "difficulty": Difficulty, "meal": Meal,
}  # fmt: skip
YEARS = range(1900, 2200)
LONGEST_TEXT = 16_000  # a TEXT column of MySQL takes 65,535 bytes
MOST_PHOTOS = 100
MOST_WORDS = 30
LONGEST_WORD = 500
MOST_PACKS = 1_000_000
LARGEST_VERSION = 2**40
WRONG = (ValueError, TypeError, KeyError, ArithmeticError, AttributeError)


@dataclass(frozen=True, slots=True)
class Ids:
    """New ids for old: they keep the time that they begin with; `salt` makes the rest that of one import."""

    salt: bytes

    def renew(self, old: Any) -> str:
        """Raises ValueError for what is no id."""
        if not isinstance(old, str) or not ID.fullmatch(old):
            raise ValueError("not an id")
        return old[:12] + hashlib.blake2b(old.encode(), key=self.salt, digest_size=10).hexdigest()


async def lines(tx: Read, table: Table, household: HouseholdId) -> AsyncIterator[list[bytes]]:
    """A table's rows of a household in the order of their keys, each as one line of JSON, a few at a time."""
    query = select(table).where(table.c.household_id == household).order_by(*table.primary_key)
    async for chunk in tx.chunks(query, CHUNK):
        yield [orjson.dumps(_told(dict(row._mapping)), default=str) for row in chunk]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {str(name): value for name, value in row.items() if name != "household_id"}
    for side in ("before", "after"):
        if told.get(side):
            told[side] = {name: value for name, value in told[side].items() if name != "household_id"}
    return told


async def photo_ids(tx: Read, household: HouseholdId) -> list[PhotoId]:
    query = select(schema.photos.c.id).where(schema.photos.c.household_id == household)
    return [PhotoId(row.id) for row in await tx.all(query.order_by(schema.photos.c.id))]


async def is_empty(tx: Read, household: HouseholdId) -> bool:
    """Whether a household has none of what an export holds."""
    anything = [
        exists(select(table.c.household_id).where(table.c.household_id == household)) for table in TABLES.values()
    ]
    found = await tx.first(select(*anything))
    return found is not None and not any(found)


class Reader:
    """Reads the lines of one export. `known` are the new ids of the rows that others may refer to."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.known: dict[str, set[str]] = {name: set() for name in ("photos", *REFERENCES.values())}
        self.version = 0

    def row(self, table: Table, line: bytes) -> dict[str, Any]:
        """A row to insert, but for its household. Raises one of WRONG."""
        document = orjson.loads(line)
        row = {str(column.name): self._value(column, document.get(column.name)) for column in _told_columns(table)}
        for name, referred in REFERENCES.items():
            if name in row and row[name] not in self.known[referred]:
                raise ValueError(f"{name} is not in {referred}")
        if table is schema.journal_changes:
            _check_change(row)
        _check_label(row)
        if table.name in self.known:
            self.known[table.name].add(row["id"])
        self.version = max(self.version, row.get("version", 0))
        return row

    def _value(self, column: Column[Any], value: Any) -> Any:
        if value is None:
            if not column.nullable:
                raise ValueError(f"{column.name} is missing")
            return None
        if column.name in IDS:
            return self._ids.renew(value)
        if isinstance(column.type, Document):
            return self._document(column.name, value)
        return _plain(column, value)

    def _document(self, name: str, value: Any) -> Any:
        match name:
            case "before" | "after":
                return self._batch(value)
            case "photos":
                return [self._ids.renew(photo) for photo in _at_most(value, MOST_PHOTOS)]
            case "dish":
                return _dish(value)
            case "box":
                return {side: _fraction(value[side]) for side in Box.__slots__}
            case "reserved":
                return {"day": _day(value["day"]).isoformat(), "meal": Meal(value["meal"]).value}
            case "evidence":
                return _evidence(value)
            case "recipe":
                return _recipe(value)
            case "receipts":
                return [_words(receipt) for receipt in _at_most(value, MOST_PHOTOS)]
        raise ValueError(f"{name} is not known")

    def _batch(self, document: Any) -> dict[str, Any]:
        """A batch as the journal keeps it; its household is put in where it is stored."""
        columns = _told_columns(schema.batches)
        row = {str(column.name): self._value(column, document.get(column.name)) for column in columns}
        _check_label(row)
        return dict(orjson.loads(orjson.dumps(row, default=str)))


async def store(
    tx: Write,
    table: Table,
    household: HouseholdId,
    rows: Sequence[dict[str, Any]],
    members: Collection[AccountId],
    by: AccountId,
) -> None:
    """Insert rows that were read. Deeds of who is not a member here are nobody's, or `by`'s where there must be one."""
    for row in rows:
        row["household_id"] = household
        if "account_id" in row and row["account_id"] not in members:
            row["account_id"] = None if table.c.account_id.nullable else by
        for side in ("before", "after"):
            if row.get(side):
                row[side]["household_id"] = household
    await tx.execute(insert(table), rows)


async def lift_version(tx: Write, household: HouseholdId, version: int) -> None:
    """Let the household's next entry come after all that were imported."""
    if version > tx.raised[household]:
        households = schema.households
        await tx.execute(update(households).where(households.c.id == household).values(version=version))
        tx.raised[household] = version


def _told_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name != "household_id"]


def _check_change(row: Mapping[str, Any]) -> None:
    told = [row[side]["id"] for side in ("before", "after") if row[side]]
    if not told or any(one != row["batch_id"] for one in told):
        raise ValueError("a change of nothing, or of another batch")


def _check_label(row: Mapping[str, Any]) -> None:
    """A label must be one that a person could have typed, and be grouped as that one would."""
    for name in ("label", "accepted_label"):
        if (label := row.get(name)) is not None and not is_label(label):
            raise ValueError(f"{name} is no label")
    if "label" in row and "label_key" in row and row["label_key"] != label_key(row["label"]):
        raise ValueError("label_key is not that of the label")


def _plain(column: Column[Any], value: Any) -> Any:
    if column.name in WORDS:
        return WORDS[column.name](value).value
    for kind, read in _PLAIN:
        if isinstance(column.type, kind):
            return read(column, value)
    raise ValueError(f"{column.name} has a type that is not exported")


def _integer(column: Column[Any], value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_VERSION:
        raise ValueError(f"{column.name} is out of range")
    if type(column.type) is Integer and value >= 2**31:
        raise ValueError(f"{column.name} is out of range")
    return value


def _truth(_column: Column[Any], value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _moment(_column: Column[Any], value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError("not a moment")
    return moment


def _day(value: Any) -> date:
    """Any day: "9999-12-31" is how some say that a thing never expires."""
    return date.fromisoformat(value)


def _decimal(value: Any, most: Decimal) -> Decimal:
    number = Decimal(_text(value, 30))
    if not number.is_finite() or not 0 <= number <= most:
        raise ValueError("out of range")
    return number


def _amount(column: Column[Any], value: Any) -> Decimal:
    amount = _decimal(value, Decimal(10**10)).quantize(Decimal("0.001")).normalize() + 0
    if not amount and column.name == "amount":
        raise ValueError("an amount of nothing")
    return amount


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise ValueError("not a text, or too long")
    return value


def _string(column: Column[Any], value: Any) -> str:
    assert isinstance(column.type, String) and column.type.length is not None
    return _text(value, column.type.length)


def _fraction(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("not a fraction")
    return float(value)


def _at_most(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError("not a list, or too long")
    return value


def _words(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MOST_WORDS:
        raise ValueError("not an object, or too large")
    return {_text(name, LONGEST_WORD): _text(word, LONGEST_WORD) for name, word in value.items()}


def _evidence(value: Any) -> dict[str, str]:
    """What is told of a line; what accepting it reads must be what a capture writes."""
    words = _words(value)
    for name, read in _READ_WHEN_ACCEPTED.items():
        if name in words:
            read(words[name])
    return words


def _packs(word: str) -> None:
    if not word.isdecimal() or not 1 <= int(word) <= MOST_PACKS:
        raise ValueError("not a number of packs")


_READ_WHEN_ACCEPTED: dict[str, Callable[[str], Any]] = {
    "packs": _packs,
    "price": lambda word: _decimal(word, Decimal(10**10)),
    "bought_on": _day,
    "shop": lambda word: _text(word, 100),
    "currency": lambda word: _text(word, 3),
}


def _dish(value: Any) -> dict[str, Any]:
    for name in ("category", "description"):
        _text(value[name], LONGEST_TEXT)
    for one in _at_most(value["main_ingredients"], MOST_PHOTOS):
        _text(one, LONGEST_TEXT)
    if value["calories"] is not None:
        _decimal(value["calories"], Decimal(10**9))
    return dish_to_document(dish_from_document(value))


def _recipe(value: Any) -> dict[str, Any]:
    texts = (value["description"], value["tip"], *_at_most(value["steps"], MOST_PHOTOS))
    names = (*_at_most(value["unproven"], MOST_PHOTOS), *_at_most(value["expiring"], MOST_PHOTOS))
    parts = [*_at_most(value["ingredients"], MOST_PHOTOS), *_at_most(value["missing"], MOST_PHOTOS)]
    for text in (*texts, *names, *(one["name"] for one in parts)):
        _text(text, LONGEST_TEXT)
    for one in parts:
        if one["amount"] is not None:
            _decimal(one["amount"], Decimal(10**9))
        if one["food"] is not None:
            _text(one["food"], LONGEST_WORD)
    if not 0 <= value["there"] <= value["needed"] <= MOST_PHOTOS:
        raise ValueError("out of range")
    return recipes.checked_document(value)


# In this order: an Amount is a Numeric to nobody but its column, a Text is a String.
_PLAIN: tuple[tuple[type[Any], Callable[[Column[Any], Any], Any]], ...] = (
    (Moment, _moment),
    (Amount, _amount),
    (Numeric, lambda _column, value: _decimal(value, Decimal(1))),
    (Boolean, _truth),
    (Date, lambda _column, value: _day(value)),
    (Integer, _integer),
    (Text, lambda _column, value: _text(value, LONGEST_TEXT)),
    (String, _string),
)
