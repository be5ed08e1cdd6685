"""Routes of captures, and of what barcodes stand for."""

from handlers import captures, products
from handlers.jobs import JobSchema
from handlers.route import Limit, Replay, Route
from handlers.tables.recognition import RECOGNITION_S

# A row reads best as a few lines.
# fmt: off
_PRODUCT = "/api/products/{gtin}"

ROUTES = (
    Route(
        "POST", "/api/captures", captures.capture,
        "What is in photos of any kind (food, receipts, labels, barcodes) and scanned codes, as one proposal",
        body=captures.CaptureSchema, answer=captures.CapturedSchema, limit=Limit.RECOGNITION, replay=Replay.KEYED,
        deadline_s=RECOGNITION_S, tags=("recognition",),
    ),
    Route(
        "POST", "/api/captures/later", captures.capture_later, "The same as a job: ask for it later",
        body=captures.CaptureSchema, answer=JobSchema, limit=Limit.RECOGNITION, replay=Replay.KEYED, statuses=(202,),
        tags=("recognition",),
    ),
    Route(
        "GET", _PRODUCT, products.show, "What a barcode stands for: to the household, else by the installed file",
        answer=products.ProductSchema, limit=Limit.READ, tags=("recognition",),
    ),
    Route(
        "PUT", _PRODUCT, products.teach, "Say what a barcode stands for",
        body=products.TaughtSchema, answer=products.ProductSchema, limit=Limit.WRITE, replay=Replay.KEYED,
        tags=("recognition",),
    ),
    Route(
        "DELETE", _PRODUCT, products.forget, "Forget what the household said of it",
        answer=products.ForgottenSchema, limit=Limit.WRITE, replay=Replay.KEYED, tags=("recognition",),
    ),
)
