"""Routes of allergens: what a text says of them."""

from handlers import allergens
from handlers.route import Limit, Route

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    Route(
        "POST", "/api/allergens/check", allergens.check, "What allergens foods, dishes or lists of ingredients hold",
        body=allergens.CheckSchema, answer=allergens.ChecksSchema, limit=Limit.READ, tags=("foods",),
    ),
)
