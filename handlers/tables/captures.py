"""Routes of products: what a barcode stands for."""

from handlers import products
from handlers.route import Limit, Replay, Route

# A row reads best as a few lines.
# fmt: off
_PRODUCT = "/api/products/{gtin}"

ROUTES = (
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
