"""Routes of the stock as a whole: its lists, and what is added."""

from handlers import inventory, stock_answers, stock_bodies
from handlers.tables.rows import adding, listing

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    listing("/api/inventory", inventory.stock, "All stock", stock_answers.ListSchema, inventory.PageSchema),
    listing("/api/inventory/complete", inventory.complete, "All stock, with what is known of each",
          stock_answers.CompleteSchema, inventory.PageSchema),
    listing("/api/inventory/simple", inventory.simple, "All stock, a row a stack", stock_answers.SimpleSchema,
          inventory.PageSchema),
    listing("/api/inventory/expiring", inventory.expiring, "What expires within some days",
            stock_answers.ExpiringSchema, inventory.ExpiringQuerySchema),
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
)
