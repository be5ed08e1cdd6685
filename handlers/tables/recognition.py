"""Routes of recognition: looking at photos, and what was seen."""

from marshmallow import Schema

from handlers import recognition, sent_photos
from handlers import recognition_answers as answers
from handlers.route import Consumes, Handler, Limit, Replay, Route

# The client waits this long for a recognition.
RECOGNITION_S = 175.0


# A row reads best as a few lines.
# fmt: off
def _recognition(path: str, handler: Handler, summary: str, answer: type[Schema], status: int = 200) -> Route:
    return Route(
        "POST", f"/api/recognition/{path}", handler, summary,
        body=sent_photos.PathsSchema, answer=answer, limit=Limit.RECOGNITION, replay=Replay.KEYED,
        consumes=Consumes.JSON_OR_MULTIPART, statuses=(status,), deadline_s=RECOGNITION_S, tags=("recognition",),
    )


ROUTES = (
    _recognition(
        "ingredients", recognition.ingredients, "What ingredients are in these photos", answers.IngredientsSchema
    ),
    _recognition(
        "ingredients/complete", recognition.ingredients_complete, "The same, with all that is known of each",
        answers.IngredientsSchema,
    ),
    _recognition("foods", recognition.foods, "What dishes are in these photos", answers.FoodsSchema),
    _recognition("batch", recognition.batch, "What ingredients and dishes are in them", answers.BatchSchema),
    _recognition(
        "ingredients/async", recognition.ingredients_later, "The same as a job: ask for it later",
        recognition.TaskSchema, 202,
    ),
    Route(
        "GET", "/api/recognition/status/{task_id}", recognition.task, "How far a recognition job is",
        answer=recognition.TaskSchema, limit=Limit.READ, tags=("recognition",),
    ),
    Route(
        "GET", "/api/recognition/images/status/{task_id}", recognition.task, "The same, under its old address",
        answer=recognition.TaskSchema, limit=Limit.READ, tags=("recognition",),
    ),
    Route(
        "GET", "/api/recognition/recognition/{recognition_id}", recognition.result, "What a recognition saw",
        answer=answers.ResultSchema, limit=Limit.READ, tags=("recognition",),
    ),
    Route(
        "GET", "/api/recognition/recognition/{recognition_id}/images", recognition.images, "A proposal with its images",
        answer=answers.ImagesSchema, limit=Limit.READ, tags=("recognition",),
    ),
    Route(
        "GET", "/api/recognition/{recognition_id}/images", recognition.images, "The same, under its short address",
        answer=answers.ImagesSchema, limit=Limit.READ, tags=("recognition",),
    ),
)
