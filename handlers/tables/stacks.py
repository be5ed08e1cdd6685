"""Routes of one stack, by `{name}/{added_at}`."""

from handlers import detail_answers, details, stacks, stock_answers, stock_bodies
from handlers.tables.rows import change, detail

# A row reads best as a few lines.
# fmt: off
_INGREDIENT = "/api/inventory/ingredients/{name}/{added_at}"
_DISH = "/api/inventory/foods/{name}/{added_at}"

ROUTES = (
    # Before the stacks' own rows, whose paths would take "expiration" for a moment.
    change("PUT", "/api/inventory/ingredients/{name}/expiration", stacks.set_nearest_expiration,
           "Correct the date of the stack that expires first", stacks.ExpirationSchema, stock_answers.ChangedSchema),
    detail(f"{_DISH}/detail", details.dish, "All that is known of a dish", detail_answers.DishDetailSchema),
    detail(_DISH, details.dish, "The same, under its short address", detail_answers.DishDetailSchema),
    detail(_INGREDIENT, details.stack, "All that is known of an ingredient, by one of its stacks",
           detail_answers.IngredientDetailSchema),
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
    change("PUT", f"{_INGREDIENT}/quantity", stacks.set_amount, "The same, with a unit", stacks.AmountSchema,
           stock_answers.ChangedSchema),
    change("PUT", f"{_DISH}/quantity", stacks.set_dish_amount, "The same of a dish", stacks.AmountSchema,
           stock_answers.ChangedSchema),
    change("PUT", f"{_INGREDIENT}/expiration", stacks.set_expiration, "Correct a stack's date",
           stacks.ExpirationSchema, stock_answers.ChangedSchema),
    change("PUT", f"{_DISH}/expiration", stacks.set_dish_expiration, "Correct a dish's date",
           stacks.ExpirationSchema, stock_answers.ChangedSchema),
    change("DELETE", f"{_INGREDIENT}/complete", stacks.remove_all, "Remove every stack of a name, by one of them",
           None, stock_answers.ChangedSchema),
    change("DELETE", f"{_DISH}/complete", stacks.remove_all, "The same of a dish", None,
           stock_answers.ChangedSchema),
)
