"""The route table: every route, with its whole policy. What isn't here doesn't exist."""

from marshmallow import Schema

from handlers import (
    accounts,
    inventory,
    journal,
    metrics,
    photos,
    recognition,
    stacks,
    stock_answers,
    stock_bodies,
    system,
)
from handlers.route import Auth, CacheFor, Consumes, Handler, Limit, Replay, Route

SYSTEM = (
    Route("GET", "/", system.about, "What this service is", answer=system.AboutSchema, auth=Auth.NONE),
    Route("GET", "/status", system.status, "Whether it runs", answer=system.StatusSchema, auth=Auth.NONE),
    Route("GET", "/health/live", system.live, "Whether the process answers", auth=Auth.NONE),
    Route(
        "GET",
        "/health/ready",
        system.ready,
        "Each part and its state",
        answer=system.ReadySchema,
        auth=Auth.NONE,
        statuses=(200, 503),
    ),
    Route("GET", "/metrics", metrics.show, "Counts and gauges of this process, for Prometheus", auth=Auth.NONE),
    Route(
        "GET",
        "/api/capabilities",
        system.capabilities,
        "Engines, limits, formats and languages",
        answer=system.CapabilitiesSchema,
        auth=Auth.NONE,
    ),
    Route("GET", "/api/openapi.json", system.openapi, "This document", auth=Auth.NONE),
    Route("GET", "/docs", system.docs, "Try the API in the browser", auth=Auth.NONE),
    Route("GET", "/docs/explorer.js", system.docs_script, "Its script", auth=Auth.NONE),
    Route("GET", "/docs/explorer.css", system.docs_style, "Its style", auth=Auth.NONE),
)

# A row reads best as a few lines.
# fmt: off
ACCOUNTS = (
    Route(
        "POST", "/api/auth/guest-login", accounts.guest_login, "Begin as a guest, with a household of your own",
        body=accounts.GuestSchema, answer=accounts.SignedInSchema, auth=Auth.NONE, limit=Limit.SIGN_IN,
        tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/register", accounts.register, "Open a local account",
        body=accounts.RegisterSchema, answer=accounts.SignedInSchema, auth=Auth.NONE, limit=Limit.SIGN_IN,
        statuses=(201,), tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/login", accounts.login, "Sign in with e-mail and password",
        body=accounts.LoginSchema, answer=accounts.SignedInSchema, auth=Auth.NONE, limit=Limit.SIGN_IN,
        tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/refresh", accounts.refresh, "Trade the refresh token for a new pair",
        answer=accounts.TokensSchema, auth=Auth.REFRESH, limit=Limit.REFRESH, tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/logout", accounts.logout, "End this session at once",
        answer=accounts.LogoutSchema, limit=Limit.WRITE, tags=("accounts",),
    ),
    Route(
        "GET", "/api/user/profile", accounts.profile, "Your profile and preferences",
        answer=accounts.ProfileAnswerSchema, limit=Limit.READ, tags=("accounts",),
    ),
    Route(
        "PUT", "/api/user/profile", accounts.change_profile, "Change your profile; what is left out stays",
        body=accounts.ProfileSchema, answer=accounts.ChangedProfileSchema, limit=Limit.WRITE, replay=Replay.KEYED,
        tags=("accounts",),
    ),
)

# The client waits this long for an upload, and for a recognition.
UPLOAD_S = 120.0
RECOGNITION_S = 175.0

PHOTOS = (
    Route(
        "POST", "/api/image_management/upload_image", photos.upload_image, "Store a photo",
        answer=photos.UploadedSchema, limit=Limit.UPLOAD, replay=Replay.KEYED, consumes=Consumes.MULTIPART,
        statuses=(201,), deadline_s=UPLOAD_S, tags=("photos",),
    ),
    Route(
        "POST", "/api/inventory/upload_image", photos.upload_inventory_image, "Store a photo of stock",
        answer=photos.InventoryUploadedSchema, limit=Limit.UPLOAD, replay=Replay.KEYED, consumes=Consumes.MULTIPART,
        statuses=(201,), deadline_s=UPLOAD_S, tags=("photos",),
    ),
    Route(
        "GET", "/photos/{photo:[0-9a-f]{32}}/{copy:display|thumbnail|ai}", photos.show, "A copy of a photo",
        auth=Auth.SIGNED_URL, tags=("photos",),
    ),
)


def _recognition(path: str, handler: Handler, summary: str, answer: type[Schema], status: int = 200) -> Route:
    return Route(
        "POST", f"/api/recognition/{path}", handler, summary,
        body=recognition.PathsSchema, answer=answer, limit=Limit.RECOGNITION, replay=Replay.KEYED,
        consumes=Consumes.JSON_OR_MULTIPART, statuses=(status,), deadline_s=RECOGNITION_S, tags=("recognition",),
    )


RECOGNITION = (
    _recognition(
        "ingredients", recognition.ingredients, "What ingredients are in these photos", recognition.IngredientsSchema
    ),
    _recognition(
        "ingredients/complete", recognition.ingredients, "The same, with all that is known of each",
        recognition.IngredientsSchema,
    ),
    _recognition("foods", recognition.foods, "What dishes are in these photos", recognition.FoodsSchema),
    _recognition("batch", recognition.batch, "What ingredients and dishes are in them", recognition.BatchSchema),
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
        "GET", "/api/recognition/recognition/{recognition_id}/images", recognition.images, "A proposal with its images",
        answer=recognition.ImagesSchema, limit=Limit.READ, tags=("recognition",),
    ),
    Route(
        "GET", "/api/recognition/{recognition_id}/images", recognition.images, "The same, under its short address",
        answer=recognition.ImagesSchema, limit=Limit.READ, tags=("recognition",),
    ),
)


def _list(path: str, handler: Handler, summary: str, answer: type[Schema], query: type[Schema] | None) -> Route:
    return Route(
        "GET", path, handler, summary,
        query=query, answer=answer, limit=Limit.READ, cache=CacheFor.HOUSEHOLD, tags=("inventory",),
    )


def _change(
    method: str, path: str, handler: Handler, summary: str, body: type[Schema] | None, answer: type[Schema]
) -> Route:
    return Route(
        method, path, handler, summary,
        body=body, answer=answer, limit=Limit.WRITE, replay=Replay.KEYED, tags=("inventory",),
    )


def _adding(path: str, handler: Handler, summary: str, body: type[Schema], answer: type[Schema]) -> Route:
    return Route(
        "POST", f"/api/inventory{path}", handler, summary,
        body=body, answer=answer, limit=Limit.BULK, replay=Replay.KEYED, statuses=(201,), tags=("inventory",),
    )


INVENTORY = (
    _list("/api/inventory", inventory.stock, "All stock", stock_answers.ListSchema, inventory.PageSchema),
    _list("/api/inventory/complete", inventory.complete, "All stock, with what is known of each",
          stock_answers.CompleteSchema, inventory.PageSchema),
    _list("/api/inventory/simple", inventory.simple, "All stock, a row a stack", stock_answers.SimpleSchema,
          inventory.PageSchema),
    _list("/api/inventory/expiring", inventory.expiring, "What expires within some days", stock_answers.ExpiringSchema,
          inventory.ExpiringQuerySchema),
    _adding("", inventory.add_one, "Add one item", stock_bodies.ItemSchema, stock_answers.DoneSchema),
    _adding("/ingredients", inventory.add_many, "Add items; all or none", inventory.IngredientsSchema,
            stock_answers.DoneSchema),
    _adding("/bulk-add", inventory.add_bulk, "Add up to 100 items, each with its own result", inventory.BulkSchema,
            stock_answers.BulkAnswerSchema),
    _adding("/bulk", inventory.add_bulk, "The same, under its short address", inventory.BulkSchema,
            stock_answers.BulkAnswerSchema),
    _adding("/ingredients/from-recognition", inventory.ingredients_from_recognition, "Accept recognised ingredients",
            inventory.ReviewedIngredientsSchema, stock_answers.DoneSchema),
    _adding("/foods/from-recognition", inventory.foods_from_recognition, "Accept recognised dishes",
            inventory.ReviewedFoodsSchema, stock_answers.DoneSchema),
)

_INGREDIENT = "/api/inventory/ingredients/{name}/{added_at}"
_DISH = "/api/inventory/foods/{name}/{added_at}"

STACKS = (
    _change("PUT", _INGREDIENT, stacks.update, "Correct a stack", stock_bodies.ItemSchema, stock_answers.ChangedSchema),
    _change("PATCH", f"{_INGREDIENT}/quantity", stacks.set_quantity, "Correct how much there is", stacks.QuantitySchema,
            stock_answers.ChangedSchema),
    _change("PATCH", f"{_DISH}/quantity", stacks.set_servings, "Correct how many portions there are",
            stacks.ServingsSchema, stock_answers.ChangedSchema),
    _change("POST", f"{_INGREDIENT}/consume", stacks.consume, "Eat some or all of a stack", stacks.ConsumeSchema,
            stock_answers.EatenSchema),
    _change("POST", f"{_DISH}/consume", stacks.consume_dish, "Eat some or all portions of a dish", stacks.ConsumeSchema,
            stock_answers.EatenSchema),
    _change("DELETE", _INGREDIENT, stacks.remove, "Remove a stack that was not there", None,
            stock_answers.ChangedSchema),
    _change("DELETE", _DISH, stacks.remove_dish, "Remove a dish that was not there", None, stock_answers.ChangedSchema),
    _change("DELETE", "/api/inventory/ingredients/{name}", stacks.remove_all, "Remove every stack of a name", None,
            stock_answers.ChangedSchema),
)

JOURNAL = (
    _list("/api/journal", journal.history, "What happened to the stock, newest first", journal.HistorySchema,
          journal.HistoryQuerySchema),
    _change("POST", "/api/journal/{entry_id}/undo", journal.undo, "Undo a change", None, journal.UndoneSchema),
)

ROUTES: tuple[Route, ...] = (*SYSTEM, *ACCOUNTS, *PHOTOS, *RECOGNITION, *INVENTORY, *STACKS, *JOURNAL)
