"""One food in stock with all that is known of it: answered at once, from the knowledge and what an AI wrote before."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from handlers import known, wire, written
from handlers.answer import Answer
from handlers.call import Call
from handlers.stacks import name_of, stack_of
from zwai.kitchen import allergens, details
from zwai.kitchen.allergens import Allergy
from zwai.kitchen.expiry import days_left
from zwai.kitchen.inventory import Shelf, today_of
from zwai.knowledge.words import render_time_unit, render_unit
from zwai.records.stock import Batch, Kind, TimeUnit, Unit
from zwai.records.writings import Written


async def ingredient(call: Call[None]) -> Answer:
    """Every stack of a name."""
    async with call.read() as tx:
        held = await details.shelf(tx, call.member, name_of(call))
        found = await call.kitchen.writings.of(tx, held.newest, call.language)
        return call.answer(_ingredient(call, held, found, await allergens.of_member(tx, call.member)))


async def stack(call: Call[None]) -> Answer:
    """The same, asked for by one of its stacks."""
    added_at, label = stack_of(call)
    async with call.read() as tx:
        one = await details.stack(tx, call.member, label, added_at)
        held = await details.shelf(tx, call.member, one.label, one.kind)
        found = await call.kitchen.writings.of(tx, held.newest, call.language)
        return call.answer(_ingredient(call, held, found, await allergens.of_member(tx, call.member)))


async def dish(call: Call[None]) -> Answer:
    added_at, label = stack_of(call)
    async with call.read() as tx:
        batch = await details.stack(tx, call.member, label, added_at, Kind.DISH)
        found = await call.kitchen.writings.of(tx, batch, call.language)
        return call.answer(_dish(call, batch, found, await allergens.of_member(tx, call.member)))


def statistics(call: Call[Any, Any], held: Shelf) -> dict[str, Any]:
    """How much there is under a name. Only what has the shelf's unit is summed; `totals` tells of every unit."""
    totals: dict[Unit, Decimal] = defaultdict(Decimal)
    for batch in held.batches:
        totals[batch.quantity.unit] += batch.quantity.amount
    return {
        "total_quantity": totals[held.newest.quantity.unit],
        "stack_count": len(held.batches),
        "nearest_expiration": wire.day(soonest(held).expiry.day),
        "totals": [
            {"quantity": amount, "type_unit": render_unit(unit, call.language)} for unit, amount in totals.items()
        ],
    }


def soonest(held: Shelf) -> Batch:
    return min(held.batches, key=lambda batch: batch.expiry.day)


def dish_facts(call: Call[Any, Any], batch: Batch) -> dict[str, Any]:
    """A dish as the client's strict reader takes it: whole numbers, zero calories where nobody knows them."""
    facts, calories = wire.dish(batch), details.calories(batch)
    portions, kcal = batch.quantity.amount, calories.a_portion or 0
    return {
        "category": facts["category"],
        "serving_quantity": details.whole_portions(portions),
        "portions": portions,
        "calories": kcal,
        "calories_source": calories.source,
        "calories_per_serving": kcal,
        "total_calories": int(kcal * portions),
        "description": facts["description"],
        "main_ingredients": facts["main_ingredients"],
        "expiration_time": max(0, days_left(batch.expiry.day, today_of(call.member, call.now))),
        "time_unit": render_time_unit(TimeUnit.DAY, call.language),
    }


def _ingredient(call: Call[None], held: Shelf, found: Written, allergies: Sequence[Allergy]) -> dict[str, Any]:
    today, language = today_of(call.member, call.now), call.language
    food, first = details.food(held.newest), soonest(held)
    past = days_left(first.expiry.day, today) < 0
    known_of = known.enrichment(held.newest.food, held.kind, language, ())
    told = {
        "environmental_impact": written.impact(known_of["environmental_impact"], found, known.per(food), language),
        "utilization_ideas": known.fitting(
            written.ideas(known_of["utilization_ideas"], found, language), allergies, language
        ),
        "consumption_advice": written.advice(known.advice(first, today, language), found, past=past),
        "before_consumption_advice": written.check_first(known.check_first(first, language), found, past=past),
        "nutrition": known.nutrition(food),
        "footprint": known.footprint(food),
    }
    return {
        **wire.shelf(call, held, today),
        **statistics(call, held),
        **told,
        "enriched_with": [*known.enriched(told), "statistics"],
        "engine": written.engine_of(found),
        "fetched_at": call.now,
    }


def _dish(call: Call[None], batch: Batch, found: Written, allergies: Sequence[Allergy]) -> dict[str, Any]:
    language = call.language
    food, considerations = details.food(batch), known.considerations(batch, call.language)
    past = days_left(batch.expiry.day, today_of(call.member, call.now)) < 0
    told = {
        "nutritional_analysis": written.analysis(
            known.analysis(food, considerations, language), found, considerations, language
        ),
        "consumption_ideas": known.fitting(
            written.ideas(known.ideas(food, Kind.DISH, language), found, language), allergies, language
        ),
        "storage_advice": written.keeping(known.storage_advice(batch, language), found, past=past),
        "environmental_impact": written.impact(known.impact(food, language), found, known.per(food), language),
        "nutrition": known.nutrition(food),
        "footprint": known.footprint(food),
    }
    return {
        **wire.batch(call, batch),
        **dish_facts(call, batch),
        **told,
        "enriched_with": [*known.enriched(told), "statistics"],
        "engine": written.engine_of(found),
        "fetched_at": call.now,
    }
