"""Routes of the catalogue: what is known of food, whoever asks."""

from handlers import foods
from handlers.route import Limit, Route

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    Route(
        "GET", "/api/foods", foods.search, "Foods that a text may mean, the best first, with all that is known of them",
        query=foods.SearchSchema, answer=foods.FoodsSchema, limit=Limit.READ, tags=("foods",),
    ),
    Route(
        "GET", "/api/foods/{food_id}", foods.show, "All that is known of a food, with its sources",
        answer=foods.FoodSchema, limit=Limit.READ, tags=("foods",),
    ),
)
