"""Routes of the stock as a whole: its lists, and what is added."""

from dataclasses import replace

from handlers import add_item, detail_answers, details, inventory, lists, stacks, stock_answers, stock_bodies
from handlers.route import CacheFor
from handlers.tables.rows import adding, change, detail, listing

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    listing("/api/inventory", inventory.stock, "All stock", stock_answers.ListSchema, inventory.PageSchema),
    replace(
        listing("/api/inventory/complete", inventory.complete, "All stock, with what is known of each",
                stock_answers.CompleteSchema, inventory.PageSchema),
        cache=CacheFor.MEMBER,  # its ideas spare the reader's own allergies
    ),
    listing("/api/inventory/simple", inventory.simple, "All stock, a row a stack", stock_answers.SimpleSchema,
          inventory.PageSchema),
    listing("/api/inventory/expiring", inventory.expiring, "What expires within some days",
            stock_answers.ExpiringSchema, inventory.ExpiringQuerySchema),
    listing("/api/inventory/ingredients/list", lists.ingredients, "The names of all ingredients, and more of each",
            detail_answers.IngredientNamesSchema, inventory.PageSchema),
    listing("/api/inventory/foods/list", lists.dishes, "All dishes, soonest first", detail_answers.DishesSchema,
            lists.DishesQuerySchema),
    detail("/api/inventory/ingredients/{name}/detail", details.ingredient, "All that is known of an ingredient",
           detail_answers.IngredientDetailSchema),
    adding("/add_item", add_item.add_item, "Add one item of which little is known", add_item.FlatItemSchema,
           detail_answers.AddItemSchema),
    adding("/add_item", add_item.add_item, "The same, wrapped with its type", add_item.WrappedItemSchema,
           detail_answers.AddItemSchema, method="PUT"),
    adding("", inventory.add_one, "Add one item", stock_bodies.ItemSchema, stock_answers.DoneSchema),
    adding("/ingredients", inventory.add_many, "Add items; all or none", inventory.IngredientsSchema,
            stock_answers.DoneSchema),
    adding("/bulk-add", inventory.add_bulk, "Add up to 100 items, each with its own result", inventory.BulkSchema,
            stock_answers.BulkAnswerSchema),
    adding("/bulk", inventory.add_bulk, "The same, under its short address", inventory.BulkSchema,
            stock_answers.BulkAnswerSchema),
    adding("/ingredients/from-recognition", inventory.ingredients_from_recognition, "Accept recognised ingredients",
            inventory.ReviewedIngredientsSchema, stock_answers.DoneSchema),
    adding("/foods/from-recognition", inventory.foods_from_recognition, "Accept recognised dishes",
            inventory.ReviewedFoodsSchema, stock_answers.DoneSchema),
    change("PUT", "/api/inventory/{stack_id}", stacks.update_by_id, "Correct a stack, by an id that the client made up",
           stock_bodies.ItemSchema, stock_answers.ChangedSchema),
    change("DELETE", "/api/inventory/{stack_id}", stacks.remove_by_id, "Remove it, by such an id", None,
           stock_answers.ChangedSchema),
)
