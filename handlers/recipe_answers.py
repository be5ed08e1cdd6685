"""Recipes and plans as answers tell them: in the members and words that the mobile client reads."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, fields

from handlers import wire
from handlers.call import Call
from handlers.painted import FAILED, GENERATING, READY
from zwai.kitchen.generation import Asked, Generation, dish_of
from zwai.kitchen.library import card_for
from zwai.kitchen.photo_urls import sign_card, sign_shared
from zwai.kitchen.recipes import calories, holds
from zwai.knowledge.names import label_key
from zwai.knowledge.recipe_book import diet_of_foods
from zwai.knowledge.recipe_words import course_in_words, diet_in_words, difficulty_in_words
from zwai.knowledge.words import render_unit
from zwai.records.jobs import Job
from zwai.records.meals import PORTIONS, GeneratedRecipe, Level, Needed
from zwai.records.people import Language
from zwai.records.photos import Copy, Engine
from zwai.records.stock import Kind

NO_QUANTITY = ("al gusto", "to taste")


class PartSchema(Schema):
    name = fields.String(required=True)
    quantity = fields.Float(required=True)
    type_unit = fields.String(required=True)
    food_id = fields.String(required=True, allow_none=True)
    optional = fields.Boolean(required=True)


class StepSchema(Schema):
    step_order = fields.Integer(required=True)
    description = fields.String(required=True)


class RecipeSchema(Schema):
    """`engine` says who wrote it; `missing_ingredients` what must be bought, with how much of it."""

    id = fields.String(required=True)
    uid = fields.String(required=True)
    title = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    duration = fields.String(required=True, allow_none=True)
    cooking_time = fields.Integer(required=True, allow_none=True)
    difficulty = fields.String(required=True)
    category = fields.String(required=True)
    diet_type = fields.String(required=True, allow_none=True)
    servings = fields.Integer(required=True)
    ingredients = fields.List(fields.Nested(PartSchema), required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    footer = fields.String(required=True)
    calories = fields.Integer(required=True, allow_none=True)
    image_path = fields.String(required=True)
    image_status = fields.String(required=True)
    generated_at = fields.AwareDateTime(required=True)
    generated_by_ai = fields.Boolean(required=True)
    engine = fields.String(required=True)
    uses_expiring_items = fields.Boolean(required=True)
    expiring_ingredients = fields.List(fields.String(), required=True)
    missing_ingredients = fields.List(fields.Nested(PartSchema), required=True)
    required_ingredients_count = fields.Integer(required=True)
    available_ingredients_count = fields.Integer(required=True)
    allergens = fields.List(fields.String(), required=True)
    may_contain = fields.List(fields.String(), required=True)
    allergens_unproven = fields.List(fields.String(), required=True)


class UtilizationSchema(Schema):
    """Of the names that there were, how many at least one recipe uses."""

    utilization_percentage = fields.Integer(required=True)
    used_ingredients = fields.Integer(required=True)
    total_ingredients = fields.Integer(required=True)


class PersonalSchema(Schema):
    """`preferences_unchecked`: what the writer may not have kept, since the book knows no such thing."""

    language = fields.String(required=True)
    measurement_system = fields.String(required=True)
    cooking_level = fields.Enum(Level, by_value=True, required=True)
    preferences_applied = fields.List(fields.String(), required=True)
    preferences_unchecked = fields.List(fields.String(), required=True)
    allergies_filtered = fields.List(fields.String(), required=True)


class GenerationSchema(Schema):
    message = fields.String(required=True)
    generation_id = fields.String(required=True, allow_none=True)
    engine = fields.String(required=True)
    inventory_usage = fields.String(required=True)
    inventory_utilization = fields.Nested(UtilizationSchema, required=True)
    personalization_info = fields.Nested(PersonalSchema, required=True)
    images_status = fields.String()
    images_check_url = fields.String()
    images = fields.Dict(keys=fields.String(), values=fields.String())


class GeneratedSchema(GenerationSchema):
    generated_recipes = fields.List(fields.Nested(RecipeSchema), required=True)
    total_recipes = fields.Integer(required=True)


class SingleAnswerSchema(GenerationSchema):
    """`instructions` are the steps in one text."""

    recipe = fields.Dict(required=True, allow_none=True)


class PlanAnswerSchema(GenerationSchema):
    meal_plan = fields.Dict(required=True, allow_none=True)


class ImagesSchema(Schema):
    generation_id = fields.String(required=True)
    recipes = fields.List(fields.Nested(RecipeSchema), required=True)
    images_ready = fields.Boolean(required=True)
    images_generated = fields.Integer(required=True)
    total_recipes = fields.Integer(required=True)
    progress_percentage = fields.Integer(required=True)
    last_updated = fields.AwareDateTime(required=True)
    message = fields.String(required=True)


class ImagesTaskSchema(Schema):
    task_id = fields.String(required=True)
    status = fields.String(required=True)
    progress_percentage = fields.Integer(required=True)
    current_step = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)
    message = fields.String(required=True)
    images_data = fields.Nested(ImagesSchema, required=True)


def whole(call: Call[Any, Any], asked: Asked, made: Generation, job: Job | None) -> dict[str, Any]:
    """What every answer says of a generation."""
    wish, written = asked.wish, {one.engine for one in made.recipes}
    percentage = 100 * made.used // made.offered if made.offered else 0
    engine = Engine.GEMINI if Engine.GEMINI in written else Engine.LOCAL
    applied = wish.preferences if written == {Engine.GEMINI} else asked.kept
    return {
        "message": _message(call, asked, made),
        "generation_id": made.id if made.recipes else None,
        "engine": engine,
        "inventory_usage": f"{percentage}%",
        "inventory_utilization": {
            "utilization_percentage": percentage,
            "used_ingredients": made.used,
            "total_ingredients": made.offered,
        },
        "personalization_info": {
            "language": call.language,
            "measurement_system": "imperial" if wish.imperial else "metric",
            "cooking_level": wish.level,
            "preferences_applied": applied,
            "preferences_unchecked": [one for one in wish.preferences if one not in applied],
            "allergies_filtered": list(dict.fromkeys(one.said for one in asked.allergies)),
        },
        **(announced(call, made, job) if made.recipes else {}),
    }


def announced(call: Call[Any, Any], made: Generation, job: Job | None) -> dict[str, Any]:
    """Where to ask for the pictures; `images` as the service before told it, while there are some to wait for."""
    asked = f"/api/generation/images/status/{made.id}"
    waiting = any(state_of(call, one, job) == GENERATING for one in made.recipes)
    told: dict[str, Any] = {"images_status": GENERATING if waiting else READY, "images_check_url": asked}
    if waiting:
        told["images"] = {
            "status": GENERATING,
            "task_id": made.id,
            "check_images_url": asked,
            "estimated_time": wire.sentence(call, "menos de un minuto", "less than a minute"),
        }
    return told


def recipe(call: Call[Any, Any], one: GeneratedRecipe, job: Job | None) -> dict[str, Any]:
    written, match = one.checked.recipe, one.match
    diet = diet_of_foods(needed.food for needed in written.ingredients)
    contains, may_contain = holds(written)
    return {
        "id": one.id,
        "uid": one.id,
        "title": written.title,
        "name": written.title,
        "description": written.description,
        "duration": written.minutes and f"{written.minutes} min",
        "cooking_time": written.minutes,
        "difficulty": difficulty_in_words(written.difficulty, call.language),
        "category": course_in_words(written.course, call.language),
        "diet_type": diet and diet_in_words(diet, call.language),
        "servings": PORTIONS,
        "ingredients": [_part(call, needed) for needed in written.ingredients],
        "steps": [{"step_order": order, "description": step} for order, step in enumerate(written.steps, 1)],
        "footer": written.tip,
        "calories": calories(written),
        "image_path": _picture(call, one),
        "image_status": state_of(call, one, job),
        "generated_at": one.generated_at,
        "generated_by_ai": one.engine is Engine.GEMINI,
        "engine": one.engine,
        "uses_expiring_items": bool(match.expiring),
        "expiring_ingredients": match.expiring,
        "missing_ingredients": [_part(call, needed) for needed in match.missing],
        "required_ingredients_count": match.needed,
        "available_ingredients_count": match.there,
        "allergens": contains,
        "may_contain": may_contain,
        "allergens_unproven": one.checked.unproven,
    }


def plan(call: Call[Any, Any], made: Generation, day: date, job: Job | None) -> dict[str, Any] | None:
    """The meals by their names in the client; calories are of a portion of each, None where one is not known."""
    meals = {str(one.meal): _meal(call, one, job) for one in made.recipes}
    known = [meal["calories"] for meal in meals.values()]
    total = None if None in known else sum(known)
    at = made.recipes[0].generated_at if made.recipes else None
    return {"uid": made.id, "date": day, "meals": meals, "total_calories": total, "created_at": at} if meals else None


def state_of(call: Call[Any, Any], one: GeneratedRecipe, job: Job | None) -> str:
    """READY: it shows what it will go on showing, if only a card. FAILED: a card, for no picture could be made."""
    title, food = one.checked.recipe.title, dish_of(one.checked.recipe.title, call.language)
    if job is None or food is None or call.kitchen.library.find(food, label_key(title)) is not None:
        return READY
    return FAILED if job.state.has_ended else GENERATING


def _meal(call: Call[Any, Any], one: GeneratedRecipe, job: Job | None) -> dict[str, Any]:
    told = recipe(call, one, job)
    return {
        **told,
        "recipe_title": told["title"],
        "ingredients_needed": told["ingredients"],
        "prep_time": told["cooking_time"],
        "instructions": list(one.checked.recipe.steps),
    }


def _picture(call: Call[Any, Any], one: GeneratedRecipe) -> str:
    title, base, keys = one.checked.recipe.title, call.kitchen.public_url, call.kitchen.photo_keys
    food = dish_of(title, call.language)
    if (found := call.kitchen.library.find(food, label_key(title))) is not None:
        return sign_shared(base, found, Copy.DISPLAY, keys, call.now)
    return sign_card(base, card_for(title, Kind.DISH, food), keys, call.now)


def _part(call: Call[Any, Any], needed: Needed) -> dict[str, Any]:
    """Without a quantity one: the client cannot read none."""
    quantity = needed.quantity
    return {
        "name": needed.name,
        "quantity": quantity.amount if quantity else 1,
        "type_unit": render_unit(quantity.unit, call.language) if quantity else wire.sentence(call, *NO_QUANTITY),
        "food_id": needed.food,
        "optional": needed.optional,
    }


def _message(call: Call[Any, Any], asked: Asked, made: Generation) -> str:
    if not asked.wish.ingredients:
        es = "Tu inventario está vacío: agrega alimentos y te diremos qué cocinar."
        return wire.sentence(call, es, "Your inventory is empty: add foods, and we will tell you what to cook.")
    if not made.recipes:
        es = "Con lo que hay no encontramos una receta que todos en tu hogar puedan comer. Agrega más alimentos."
        en = "With what there is we found no recipe that everybody in your household may eat. Add more foods."
        return wire.sentence(call, es, en)
    soon = list(dict.fromkeys(name for one in made.recipes for name in one.match.expiring))
    if soon:
        es, en = "Usa primero lo que vence pronto", "Use first what expires soon"
        return f"{wire.sentence(call, es, en)}: {_listed(soon, call.language)}."
    return wire.sentence(call, "Esto puedes cocinar con lo que hay.", "This is what you can cook with what there is.")


def _listed(names: Sequence[str], language: Language) -> str:
    joint = " and " if language is Language.EN else " y "
    return joint.join(part for part in (", ".join(names[:-1]), names[-1]) if part)
