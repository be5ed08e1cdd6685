"""Lists of names: the ingredients, and the cooked dishes with what is known of each."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.details import dish_facts, statistics
from handlers.fields import Cursor, as_text, cursor_of
from handlers.inventory import LARGEST_PAGE, PageQuery, stack_cursor
from handlers.schemas import RequestSchema
from handlers.turns import in_turns
from zwai.kitchen import inventory
from zwai.kitchen.inventory import today_of
from zwai.records.stock import ExpiryKey, Kind

SOON_DAYS = 1


@dataclass(frozen=True, slots=True)
class DishesQuery:
    limit: int | None = None
    cursor: ExpiryKey | None = None


class DishesQuerySchema(RequestSchema):
    """Without a limit, the whole list."""

    record = DishesQuery
    limit = fields.Integer(validate=validate.Range(min=1, max=LARGEST_PAGE))
    cursor = Cursor(date.fromisoformat, as_text)


async def ingredients(call: Call[None, PageQuery]) -> Answer:
    """The names, as the client reads them; what else is known of each is in `items`."""
    today, query = today_of(call.member, call.now), call.query
    async with call.listing() as tx:
        household = call.member.household
        held, more = await inventory.page(tx, household, query.limit, query.cursor, Kind.INGREDIENT)
        shelves = inventory.shelves(held)
        items = [
            wire.shelf(call, shelf, today) | statistics(call, shelf)
            async for some in in_turns(shelves)
            for shelf in some
        ]
        body = {
            "ingredients": [item["name"] for item in items],
            "items": items,
            "total_ingredients": len(items),
            "total_stacks": len(held),
            "summary": {
                "ingredient_types": len(items),
                "total_stacks": len(held),
                "average_stacks_per_ingredient": round(len(held) / len(items), 2) if items else 0,
            },
            "next_cursor": stack_cursor(held, more=more),
        }
        return call.answer(body)


async def dishes(call: Call[None, DishesQuery]) -> Answer:
    """Soonest first. Calories that nobody knows are null, and not counted."""
    async with call.listing() as tx:
        held, more = await inventory.dishes(tx, call.member.household, call.query.limit, call.query.cursor)
        foods = [
            _dish(wire.batch(call, batch) | dish_facts(call, batch)) async for some in in_turns(held) for batch in some
        ]
        message = wire.counted(call, len(foods), ("plato", "platos"), ("dish", "dishes"))
        body = {
            "message": message,
            "foods": foods,
            "total_foods": len(foods),
            "total_servings": sum((food["portions"] for food in foods), Decimal(0)),
            "total_calories": sum(food["total_calories"] for food in foods),
            "summary": _summary(foods),
            "next_cursor": cursor_of(held[-1].expiry.day, held[-1].id) if more else None,
        }
        return call.answer(body)


def _dish(food: dict[str, Any]) -> dict[str, Any]:
    left = food["days_to_expire"]
    known = food["calories_source"] is not None
    return {
        **food,
        "calories": food["calories"] if known else None,
        "calories_per_serving": food["calories_per_serving"] if known else None,
        "status": "expired" if left < 0 else "expiring_soon" if left <= SOON_DAYS else "fresh",
    }


def _summary(foods: list[dict[str, Any]]) -> dict[str, Any]:
    servings = sum((food["portions"] for food in foods), Decimal(0))
    calories = sum(food["total_calories"] for food in foods)
    categories: dict[str, dict[str, Any]] = {}
    for food in foods:
        one = categories.setdefault(food["category"], {"count": 0, "total_servings": Decimal(0), "total_calories": 0})
        one["count"] += 1
        one["total_servings"] += food["portions"]
        one["total_calories"] += food["total_calories"]
    number = len(foods) or 1
    return {
        "food_items": len(foods),
        "total_servings": servings,
        "total_calories": calories,
        "average_calories_per_food": round(calories / number, 2),
        "average_servings_per_food": round(servings / number, 2),
        "categories": categories,
    }
