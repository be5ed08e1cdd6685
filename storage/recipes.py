"""Recipes that were written for a household, as they were shown to it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select

from storage.db import Read, Write
from storage.schema import generated_recipes
from zwai.records.allergens import Verdict
from zwai.records.meals import (
    CheckedRecipe,
    Course,
    Difficulty,
    GeneratedRecipe,
    GenerationId,
    Match,
    Needed,
    Occasion,
    Recipe,
    RecipeId,
)
from zwai.records.people import HouseholdId
from zwai.records.photos import Engine
from zwai.records.stock import FoodId, Meal, Quantity, Unit


async def add(tx: Write, recipes: Sequence[GeneratedRecipe]) -> None:
    """Store one generation's recipes, in their order."""
    await tx.execute(insert(generated_recipes), [_row(one, position) for position, one in enumerate(recipes)])


async def of_generation(tx: Read, household: HouseholdId, generation: GenerationId) -> list[GeneratedRecipe]:
    """In their order; none where the household has no such generation."""
    table = generated_recipes
    query = select(table).where(table.c.household_id == household, table.c.generation_id == generation)
    return [_recipe(row) for row in await tx.all(query.order_by(table.c.position))]


async def titles_since(tx: Read, household: HouseholdId, since: datetime, limit: int) -> list[str]:
    """What was shown to a household lately, the newest first, each once."""
    table = generated_recipes
    query = select(table.c.title).where(table.c.household_id == household, table.c.generated_at >= since)
    rows = await tx.all(query.order_by(table.c.generated_at.desc(), table.c.position).limit(limit))
    return list(dict.fromkeys(row.title for row in rows))


def checked_document(document: dict[str, Any]) -> dict[str, Any]:
    """A stored recipe's document anew. Raises KeyError, TypeError, ValueError or ArithmeticError for what is none."""
    return _document(_checked(document, "", None, Difficulty.EASY, Course.LUNCH), _match(document))


def _row(one: GeneratedRecipe, position: int) -> dict[str, Any]:
    recipe = one.checked.recipe
    return {
        "id": one.id,
        "household_id": one.household,
        "generation_id": one.generation,
        "position": position,
        "occasion": one.occasion,
        "engine": one.engine,
        "title": recipe.title,
        "course": recipe.course,
        "difficulty": recipe.difficulty,
        "minutes": recipe.minutes,
        "meal": one.meal,
        "recipe": _document(one.checked, one.match),
        "generated_at": one.generated_at,
    }


def _recipe(row: Row[Any]) -> GeneratedRecipe:
    return GeneratedRecipe(
        id=RecipeId(row.id),
        household=HouseholdId(row.household_id),
        generation=GenerationId(row.generation_id),
        occasion=Occasion(row.occasion),
        engine=Engine(row.engine),
        meal=Meal(row.meal) if row.meal else None,
        checked=_checked(row.recipe, row.title, row.minutes, Difficulty(row.difficulty), Course(row.course)),
        match=_match(row.recipe),
        generated_at=row.generated_at,
    )


def _document(checked: CheckedRecipe, match: Match) -> dict[str, Any]:
    """What has no column of its own."""
    recipe = checked.recipe
    return {
        "description": recipe.description,
        "ingredients": list(map(_part, recipe.ingredients)),
        "steps": list(recipe.steps),
        "tip": recipe.tip,
        "verdict": checked.verdict,
        "unproven": list(checked.unproven),
        "missing": list(map(_part, match.missing)),
        "expiring": list(match.expiring),
        "needed": match.needed,
        "there": match.there,
    }


def _checked(
    document: dict[str, Any], title: str, minutes: int | None, difficulty: Difficulty, course: Course
) -> CheckedRecipe:
    recipe = Recipe(
        title=title,
        description=document["description"],
        minutes=minutes,
        difficulty=difficulty,
        course=course,
        ingredients=tuple(map(_needed, document["ingredients"])),
        steps=tuple(document["steps"]),
        tip=document["tip"],
    )
    return CheckedRecipe(recipe, Verdict(document["verdict"]), tuple(document["unproven"]))


def _match(document: dict[str, Any]) -> Match:
    missing = tuple(map(_needed, document["missing"]))
    return Match(missing, tuple(document["expiring"]), int(document["needed"]), int(document["there"]))


def _part(one: Needed) -> dict[str, Any]:
    quantity = one.quantity
    return {
        "name": one.name,
        "amount": str(quantity.amount) if quantity else None,
        "unit": quantity.unit if quantity else None,
        "food": one.food,
        "optional": one.optional,
    }


def _needed(told: dict[str, Any]) -> Needed:
    amount, unit, food = told["amount"], told["unit"], told["food"]
    quantity = Quantity(Decimal(amount), Unit(unit)) if amount is not None else None
    return Needed(told["name"], quantity, FoodId(food) if food else None, optional=bool(told["optional"]))
