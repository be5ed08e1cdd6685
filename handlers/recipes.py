"""Having recipes and plans written, and the pictures of what was written."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from handlers import recipe_answers as answers
from handlers import wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.painted import FAILED, GENERATING
from handlers.recipe_bodies import PlanBody
from zwai.errors import UnknownJob
from zwai.kitchen import generation, inventory, jobs
from zwai.kitchen.cooks import Dished
from zwai.kitchen.generation import Asked, Choice, Generation
from zwai.kitchen.inventory import NewItem, today_of
from zwai.knowledge.words import render_place_scanned, render_time_unit
from zwai.records.jobs import Job, JobId, JobState
from zwai.records.meals import GeneratedRecipe, GenerationId, Needed, Occasion
from zwai.records.people import Member
from zwai.records.stock import ONE_PIECE, Kind, TimeUnit

# What an answer says of a generation beside the whole of it.
Told = Callable[[Generation, Job | None], dict[str, Any]]


async def from_inventory(call: Call[None]) -> Answer:
    """Recipes of what is in stock, of what would spoil first."""
    return await _recipes(call, Choice(Occasion.INVENTORY))


async def custom(call: Call[Choice]) -> Answer:
    """Recipes of what somebody names."""
    return await _recipes(call, call.body)


async def single(call: Call[Choice]) -> Answer:
    """One recipe of what somebody names, in an older shape."""
    asked = await _asked(call, call.body)
    dishes = await call.kitchen.cooks.recipes(asked.wish, asked.allergies, _reader(call))
    return await _kept(
        call, asked, dishes, lambda made, job: {"recipe": _single(call, made.recipes[0], job) if made.recipes else None}
    )


async def plan(call: Call[PlanBody]) -> Answer:
    """The meals of a day, no amount of stock used twice."""
    asked = await _asked(call, call.body.choice)
    dishes = await call.kitchen.cooks.plan(asked.wish, call.body.meals, asked.allergies, _reader(call))
    day = call.body.date or today_of(call.member, call.now)
    return await _kept(call, asked, dishes, lambda made, job: {"meal_plan": answers.plan(call, made, day, job)})


async def images(call: Call[None]) -> Answer:
    """The recipes again, with the pictures that have been made meanwhile."""
    made, job = await _made(call)
    return call.answer(_pictures(call, made, job))


async def images_status(call: Call[None]) -> Answer:
    """The same as a task, which has the generation's id."""
    made, job = await _made(call)
    told, states = _pictures(call, made, job), _states(call, made, job)
    waiting = JobState.PROCESSING if job is None or job.state.has_ended else job.state
    return call.answer(
        {
            "task_id": made.id,
            "status": waiting if GENERATING in states else JobState.COMPLETED,
            "progress_percentage": told["progress_percentage"],
            "current_step": told["message"],
            "created_at": made.recipes[0].generated_at,
            "started_at": job and job.started_at,
            "completed_at": None if GENERATING in states else told["last_updated"],
            "message": told["message"],
            "images_data": told,
        }
    )


def _reader(call: Call[Any]) -> Member:
    """Who asks, as one who reads the language of the answer."""
    return replace(call.member, language=call.language)


async def _recipes(call: Call[Any], choice: Choice) -> Answer:
    asked = await _asked(call, choice)
    dishes = await call.kitchen.cooks.recipes(asked.wish, asked.allergies, _reader(call))

    def told(made: Generation, job: Job | None) -> dict[str, Any]:
        recipes = [answers.recipe(call, one, job) for one in made.recipes]
        return {"generated_recipes": recipes, "total_recipes": len(recipes)}

    return await _kept(call, asked, dishes, told)


async def _asked(call: Call[Any], choice: Choice) -> Asked:
    async with call.read() as tx:
        found = await generation.found(tx, call.member, call.now)
    return await asyncio.to_thread(generation.asked, found, _reader(call), choice, call.now)


async def _kept(call: Call[Any], asked: Asked, dishes: Sequence[Dished], told: Told) -> Answer:
    """Answer what was written, once it is stored; where nothing was, nothing is."""
    made = await asyncio.to_thread(generation.beside, asked, dishes, call.member, call.now)
    if not made.recipes:
        return call.answer({**answers.whole(call, asked, made, None), **told(made, None)})
    async with call.write() as tx:
        await generation.keep(tx, made)
        wanted = generation.dishes_of(made, call.language)
        job = await call.kitchen.painter.order_dishes(tx, call.member, wanted, made.id, call.now)
        answer = call.answer({**answers.whole(call, asked, made, job), **told(made, job)})
    if job is not None:
        await call.kitchen.delivery.offer(job.id)
    return answer


async def _made(call: Call[None]) -> tuple[Generation, Job | None]:
    """A generation of the household's, and the job that makes its pictures, if there was need of one."""
    made_id, job = GenerationId(call.path["generation_id"]), None
    async with call.read() as tx:
        found, accounts = await generation.kept(tx, call.member, made_id)
        with contextlib.suppress(UnknownJob):
            job = await jobs.job(tx, call.member.household, JobId(made_id))
    made = await asyncio.to_thread(generation.still_safe, made_id, found, accounts, call.language)
    if job is not None:
        async with call.read() as tx:
            await call.kitchen.library.look_up(tx, generation.dishes_of(made, call.language))
    return made, job


def _states(call: Call[Any], made: Generation, job: Job | None) -> list[str]:
    return [answers.state_of(call, one, job) for one in made.recipes]


def _pictures(call: Call[Any], made: Generation, job: Job | None) -> dict[str, Any]:
    states = _states(call, made, job)
    total, waiting = len(states), states.count(GENERATING)
    if waiting:
        said = ("Estamos preparando las imágenes.", "We are preparing the images.")
    elif FAILED in states:
        es = "No se pudieron hacer todas las imágenes: mostramos tarjetas en su lugar."
        said = (es, "Not all images could be made: cards are shown in their place.")
    else:
        said = ("Las imágenes están listas.", "The images are ready.")
    return {
        "generation_id": made.id,
        "recipes": [answers.recipe(call, one, job) for one in made.recipes],
        "images_ready": not waiting,
        "images_generated": total - waiting,
        "total_recipes": total,
        "progress_percentage": 100 * (total - waiting) // total,
        "last_updated": (job and job.finished_at) or made.recipes[0].generated_at,
        "message": wire.sentence(call, *said),
    }


def _single(call: Call[Any], one: GeneratedRecipe, job: Job | None) -> dict[str, Any]:
    written = one.checked.recipe
    return {
        **answers.recipe(call, one, job),
        "instructions": "\n".join(f"{order}. {step}" for order, step in enumerate(written.steps, 1)),
        "ingredients": [_as_recognised(call, needed) for needed in written.ingredients],
    }


def _as_recognised(call: Call[Any], needed: Needed) -> dict[str, Any]:
    """An ingredient with the fields of a recognised item, as if it were bought today."""
    bought = NewItem(needed.name, Kind.INGREDIENT, needed.quantity or ONE_PIECE)
    batch, today = inventory.draft(call.member, bought, call.now), today_of(call.member, call.now)
    expiry = wire.expiry(batch, today, call.language)
    return {
        "name": batch.label,
        "food_id": batch.food,
        "quantity": batch.quantity.amount,
        "type_unit": wire.unit(call, batch),
        "storage_type": render_place_scanned(batch.place, call.language),
        "expiration_time": max(0, expiry["days_to_expire"]),
        "time_unit": render_time_unit(TimeUnit.DAY, call.language),
        "tips": batch.tips,
        "image_path": wire.picture(call, batch),
        "added_at": batch.added_at,
        **expiry,
    }
