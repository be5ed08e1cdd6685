"""The household's stock: lists, adding, correcting, eating, removing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from handlers import known, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Cursor, ListOf, as_moment, as_text, cursor_of
from handlers.schemas import RequestSchema
from handlers.stock_bodies import MOST_ITEMS, DishSchema, ItemBody, ItemSchema, new_item, read_item
from handlers.turns import in_turns
from zwai.errors import Invalid, Problem
from zwai.kitchen import allergens, inventory, recognition
from zwai.kitchen.inventory import today_of
from zwai.kitchen.recognition import Accepted
from zwai.knowledge.words import render_time_unit
from zwai.records.photos import RecognitionId
from zwai.records.stock import Batch, ExpiryKey, Kind, StackKey, TimeUnit

MOST_DAYS = 3650
LARGEST_PAGE = 500
ENRICHED = ("environmental_impact", "utilization_ideas")


def _items(name: str, *others: str) -> Any:
    """Reads the list `name`, or the first of `others` that is there; of those an entry may be a mere name."""

    @pre_load
    def spellings(_self: Schema, document: dict[str, Any], **_: Any) -> dict[str, Any]:
        found = next((other for other in (name, *others) if other in document), name)
        if found not in document:
            return document
        items = document[found]
        if isinstance(items, list) and found.startswith("selected_"):
            unit = "porciones" if name == "foods" else "unidades"
            items = [{"name": one, "quantity": 1, "type_unit": unit} if isinstance(one, str) else one for one in items]
        return {**document, name: items}

    return spellings


@dataclass(frozen=True, slots=True)
class ItemsBody:
    items: list[ItemBody]


class IngredientsSchema(RequestSchema):
    record = ItemsBody
    ingredients = ListOf(
        fields.Nested(ItemSchema), required=True, attribute="items", validate=validate.Length(min=1, max=MOST_ITEMS)
    )


@dataclass(frozen=True, slots=True)
class ReviewedBody:
    items: list[ItemBody]
    recognition_id: str | None = None


class ReviewedIngredientsSchema(RequestSchema):
    record = ReviewedBody
    ingredients = ListOf(
        fields.Nested(ItemSchema), required=True, attribute="items", validate=validate.Length(min=1, max=MOST_ITEMS)
    )
    recognition_id = fields.String(validate=validate.Length(max=64), allow_none=True)
    _spellings = _items("ingredients", "selected_ingredients")


class ReviewedFoodsSchema(RequestSchema):
    record = ReviewedBody
    foods = ListOf(
        fields.Nested(DishSchema), required=True, attribute="items", validate=validate.Length(min=1, max=MOST_ITEMS)
    )
    recognition_id = fields.String(validate=validate.Length(max=64), allow_none=True)
    _spellings = _items("foods", "selected_foods")


@dataclass(frozen=True, slots=True)
class BulkBody:
    items: list[Any]


class BulkSchema(RequestSchema):
    """Items are loaded one by one, since each gets a result of its own."""

    record = BulkBody
    items = ListOf(
        fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(min=1, max=MOST_ITEMS),
        metadata={"items": ItemSchema},
    )
    _spellings = _items("items", "ingredients")


@dataclass(frozen=True, slots=True)
class PageQuery:
    limit: int | None = None
    cursor: StackKey | None = None


class PageSchema(RequestSchema):
    """Without a limit, the whole list."""

    record = PageQuery
    limit = fields.Integer(validate=validate.Range(min=1, max=LARGEST_PAGE))
    cursor = Cursor(as_text, as_text, as_moment, as_text)


@dataclass(frozen=True, slots=True)
class ExpiringQuery:
    days: int = 3
    limit: int | None = None
    cursor: ExpiryKey | None = None


class ExpiringQuerySchema(RequestSchema):
    record = ExpiringQuery
    days = fields.Integer(validate=validate.Range(min=0, max=MOST_DAYS))
    limit = fields.Integer(validate=validate.Range(min=1, max=LARGEST_PAGE))
    cursor = Cursor(date.fromisoformat, as_text)


async def stock(call: Call[None, PageQuery]) -> Answer:
    async with call.listing() as tx:
        held, more = await inventory.page(tx, call.member.household, call.query.limit, call.query.cursor)
        return call.answer({**await _shelved(call, held), "next_cursor": stack_cursor(held, more=more)})


async def complete(call: Call[None, PageQuery]) -> Answer:
    async with call.read() as tx:
        held, more = await inventory.page(tx, call.member.household, call.query.limit, call.query.cursor)
        allergies = await allergens.of_member(tx, call.member)
    lists = await _shelved(call, held)
    for kind, shelves in ((Kind.INGREDIENT, lists["ingredients"]), (Kind.DISH, lists["food_items"])):
        async for some in in_turns(shelves):
            for shelf in some:
                shelf |= known.enrichment(shelf["food_id"], kind, call.language, allergies)
    counts = {"total_ingredients": len(lists["ingredients"]), "enriched_with": ENRICHED}
    return call.answer({**lists, **counts, "next_cursor": stack_cursor(held, more=more)})


async def simple(call: Call[None, PageQuery]) -> Answer:
    async with call.listing() as tx:
        held, more = await inventory.page(tx, call.member.household, call.query.limit, call.query.cursor)
        items = [_simple(call, batch) async for some in in_turns(held) for batch in some]
        body = {"ingredients": items, "total_items": len(items), "format": "recognition_compatible"}
        return call.answer({**body, "next_cursor": stack_cursor(held, more=more)})


async def expiring(call: Call[None, ExpiringQuery]) -> Answer:
    today, query = today_of(call.member, call.now), call.query
    async with call.listing() as tx:
        household = call.member.household
        held, more = await inventory.expiring(tx, household, today, query.days, query.limit, query.cursor)
        items = [wire.batch(call, batch) async for some in in_turns(held) for batch in some]
        cursor = cursor_of(held[-1].expiry.day, held[-1].id) if more else None
        body = {"expiring_items": items, "within_days": query.days, "count": len(items)}
        return call.answer({**body, "next_cursor": cursor})


async def add_one(call: Call[ItemBody]) -> Answer:
    return await _add(call, [call.body])


async def add_many(call: Call[ItemsBody]) -> Answer:
    return await _add(call, call.body.items)


async def add_bulk(call: Call[BulkBody]) -> Answer:
    """Add what can be added, in one transaction; each item's result says what became of it."""
    loaded = [_load_item(item) for item in call.body.items]
    good = [new_item(one, call.member, call.now) for one in loaded if isinstance(one, ItemBody)]
    if not good:
        raise Invalid({}, tuple(_moved(one, index) for index, one in enumerate(loaded) if isinstance(one, Invalid)))
    async with call.write() as tx:
        done = await inventory.add(tx, call.member, good, call.now)
        await call.kitchen.painter.order_for_stock(tx, call.member, done.batches, call.now)
        stored = iter(done.batches)
        results = [_bulk_result(call, index, one, stored) for index, one in enumerate(loaded)]
        body = {
            "message": _saved(call, len(good)),
            "added": len(good),
            "rejected": len(loaded) - len(good),
            "results": results,
            "entry_id": done.entry and done.entry.id,
        }
        return call.answer(body, status=201)


async def ingredients_from_recognition(call: Call[ReviewedBody]) -> Answer:
    return await _accept(call, "ingredients_count")


async def foods_from_recognition(call: Call[ReviewedBody]) -> Answer:
    return await _accept(call, "foods_count")


async def _add(call: Call[Any], bodies: Sequence[ItemBody]) -> Answer:
    items = [new_item(body, call.member, call.now) for body in bodies]
    async with call.write() as tx:
        done = await inventory.add(tx, call.member, items, call.now)
        await call.kitchen.painter.order_for_stock(tx, call.member, done.batches, call.now)
        return call.answer({"message": _saved(call, len(items)), **wire.done(call, done)}, status=201)


async def _accept(call: Call[ReviewedBody], count: str) -> Answer:
    recognised = RecognitionId(call.body.recognition_id) if call.body.recognition_id else None
    accepted = [Accepted(new_item(one, call.member, call.now), one.added_at, recognised) for one in call.body.items]
    async with call.write() as tx:
        done = await recognition.accept(tx, call.member, accepted, call.now)
        await call.kitchen.painter.order_for_stock(tx, call.member, done.batches, call.now)
        message = _saved(call, len(accepted))
        body = {"message": message, count: len(accepted), "source": "recognition", "enhanced_data": []}
        return call.answer({**body, **wire.done(call, done)}, status=201)


def _load_item(document: Any) -> ItemBody | Invalid:
    try:
        return read_item(document)
    except Invalid as error:
        return error


def _moved(error: Invalid, index: int) -> Problem:
    """The first problem of an item, with the pointer that it has in the whole body."""
    return replace(error.problems[0], pointer=f"/items/{index}{error.problems[0].pointer}")


def _bulk_result(call: Call[Any], index: int, loaded: ItemBody | Invalid, stored: Iterator[Batch]) -> dict[str, Any]:
    if isinstance(loaded, ItemBody):
        return {"index": index, "status": "added", "item": wire.batch(call, next(stored))}
    problem = _moved(loaded, index)
    sentence = wire.sentence(call, problem.es, problem.en)
    return {
        "index": index,
        "status": "rejected",
        "code": problem.code,
        "pointer": problem.pointer,
        "error": sentence,
    }


def _saved(call: Call[Any], number: int) -> str:
    items = wire.counted(call, number, ("producto", "productos"), ("item", "items"))
    return wire.sentence(call, f"Guardamos {items}.", f"Saved {items}.")


async def _shelved(call: Call[Any, Any], held: Sequence[Batch]) -> dict[str, Any]:
    """Ingredients and dishes, each name with its stacks."""
    today = today_of(call.member, call.now)
    lists: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in Kind}
    async for some in in_turns(inventory.shelves(held)):
        for shelf in some:
            lists[shelf.kind].append(wire.shelf(call, shelf, today))
    return {"ingredients": lists[Kind.INGREDIENT], "food_items": lists[Kind.DISH]}


def stack_cursor(held: Sequence[Batch], *, more: bool) -> str | None:
    """Where the next page begins; None when this is the last one."""
    if not more:
        return None
    last = held[-1]
    return cursor_of(last.kind, last.label_key, last.added_at, last.id)


def _simple(call: Call[Any, Any], batch: Batch) -> dict[str, Any]:
    """One stack in the shape of a recognised item."""
    shown = wire.batch(call, batch)
    left = max(0, shown["days_to_expire"])
    return {**shown, "expiration_time": left, "time_unit": render_time_unit(TimeUnit.DAY, call.language)}
