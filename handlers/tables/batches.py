"""Routes of one batch, by its id, of leftovers, and of what to eat first."""

from handlers import batches, eating, soon
from handlers.route import CacheFor, Limit, Replay, Route
from handlers.tables.rows import adding, change, detail

# A row reads best as a few lines.
# fmt: off
_BATCH = "/api/inventory/batch/{batch_id}"

ROUTES = (
    Route(
        "GET", "/api/inventory/expiring_soon", soon.expiring_soon, "What to eat first, the most urgent first",
        query=soon.SoonQuerySchema, answer=soon.SoonSchema, many=True, limit=Limit.READ,
        cache=CacheFor.HOUSEHOLD, tags=("inventory",),
    ),
    detail(_BATCH, batches.show, "One batch", batches.BatchSchema),
    change("POST", f"{_BATCH}/reserve", batches.reserve, "Keep a batch for a meal", batches.ReserveSchema,
           batches.ReservedSchema),
    change("POST", f"{_BATCH}/release", batches.release, "Let a batch that was kept or set aside be eaten again", None,
           batches.BatchChangedSchema),
    change("POST", f"{_BATCH}/freeze", batches.move, "Freeze a batch, or a part of it", batches.FreezeSchema,
           batches.MovedSchema),
    change("POST", f"{_BATCH}/thaw", batches.thaw, "Thaw a batch, or a part of it", batches.ThawSchema,
           batches.MovedSchema),
    change("POST", f"{_BATCH}/move", batches.move, "Put a batch, or a part of it, into another place",
           batches.MoveSchema, batches.MovedSchema),
    change("POST", f"{_BATCH}/open", batches.open_packet, "Say that a batch was opened or cut today", None,
           batches.BatchChangedSchema),
    change("POST", f"{_BATCH}/transform", batches.transform, "Make a batch, or a part of it, into something else",
           batches.TransformSchema, batches.TransformedSchema),
    Route(
        "POST", f"{_BATCH}/quarantine", batches.quarantine, "Set a batch aside: nobody eats of it",
        limit=Limit.WRITE, replay=Replay.KEYED, statuses=(204,), tags=("inventory",),
    ),
    Route(
        "POST", f"{_BATCH}/discard", batches.discard, "Throw a batch, or a part of it, away",
        body=batches.DiscardSchema, answer=batches.DiscardedSchema, limit=Limit.WRITE, replay=Replay.KEYED,
        statuses=(201,), tags=("inventory",),
    ),
    change("POST", "/api/inventory/consume", eating.eat, "Eat of a food, whichever stack expires first",
           eating.EatSchema, eating.EatenAcrossSchema),
    adding("/leftovers", batches.leftovers, "Keep portions of a dish after a meal", batches.LeftoversSchema,
           batches.LeftoversAnswerSchema),
)
