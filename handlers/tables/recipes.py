"""Routes of recipes and plans: having them written, and their pictures."""

from marshmallow import Schema

from handlers import recipe_answers as answers
from handlers import recipe_bodies as bodies
from handlers import recipes
from handlers.route import Handler, Limit, Replay, Route

# The client waits 180 s for what is written; the AI has 60 s, then the book answers.
WRITING_S = 175.0


# A row reads best as a few lines.
# fmt: off
def _writing(path: str, handler: Handler, summary: str, body: type[Schema] | None, answer: type[Schema]) -> Route:
    return Route(
        "POST", path, handler, summary, body=body, answer=answer,
        limit=Limit.GENERATION, replay=Replay.KEYED, deadline_s=WRITING_S, tags=("recipes",),
    )


ROUTES = (
    _writing(
        "/api/recipes/generate-from-inventory", recipes.from_inventory, "Recipes of what is in stock",
        None, answers.GeneratedSchema,
    ),
    _writing(
        "/api/recipes/generate-custom", recipes.custom, "Recipes of what you name",
        bodies.CustomSchema, answers.GeneratedSchema,
    ),
    _writing(
        "/api/recipes/generate", recipes.single, "One recipe of what you name",
        bodies.SingleSchema, answers.SingleAnswerSchema,
    ),
    _writing(
        "/api/plan/generate", recipes.plan, "The meals of a day, of what is in stock",
        bodies.PlanSchema, answers.PlanAnswerSchema,
    ),
    Route(
        "GET", "/api/generation/images/status/{generation_id}", recipes.images_status, "How far its pictures are",
        answer=answers.ImagesTaskSchema, limit=Limit.READ, tags=("recipes",),
    ),
    Route(
        "GET", "/api/generation/{generation_id}/images", recipes.images, "A generation with its pictures",
        answer=answers.ImagesSchema, limit=Limit.READ, tags=("recipes",),
    ),
)
