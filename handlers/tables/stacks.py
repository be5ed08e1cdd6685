"""Routes of one stack, by `{name}/{added_at}`."""

from handlers import stacks, stock_answers, stock_bodies
from handlers.tables.rows import change

# A row reads best as a few lines.
# fmt: off
_INGREDIENT = "/api/inventory/ingredients/{name}/{added_at}"
_DISH = "/api/inventory/foods/{name}/{added_at}"

ROUTES = (
    change("PUT", _INGREDIENT, stacks.update, "Correct a stack", stock_bodies.ItemSchema, stock_answers.ChangedSchema),
    change("PATCH", f"{_INGREDIENT}/quantity", stacks.set_quantity, "Correct how much there is", stacks.QuantitySchema,
            stock_answers.ChangedSchema),
    change("PATCH", f"{_DISH}/quantity", stacks.set_servings, "Correct how many portions there are",
            stacks.ServingsSchema, stock_answers.ChangedSchema),
    change("POST", f"{_INGREDIENT}/consume", stacks.consume, "Eat some or all of a stack", stacks.ConsumeSchema,
            stock_answers.EatenSchema),
    change("POST", f"{_DISH}/consume", stacks.consume_dish, "Eat some or all portions of a dish", stacks.ConsumeSchema,
            stock_answers.EatenSchema),
    change("DELETE", _INGREDIENT, stacks.remove, "Remove a stack that was not there", None,
            stock_answers.ChangedSchema),
    change("DELETE", _DISH, stacks.remove_dish, "Remove a dish that was not there", None, stock_answers.ChangedSchema),
    change("DELETE", "/api/inventory/ingredients/{name}", stacks.remove_all, "Remove every stack of a name", None,
            stock_answers.ChangedSchema),
)
