"""An example of every JSON body, for the documentation; tests send each of them."""

from typing import Any

from marshmallow import Schema

from handlers import (
    accounts,
    add_item,
    allergens,
    batches,
    captures,
    eating,
    feedback,
    households,
    images,
    inventory,
    products,
    profile,
    profile_pages,
    proposals,
    recipe_bodies,
    sent_photos,
    stacks,
)
from handlers.stock_bodies import ItemSchema

# What stands for things that only the reader has.
PHOTO = "https://zwai.example/photos/01a20ed83316784abd1e35c745c05d6b/display?e=1796601600&s=4abbaae0510f2cf6"
RECOGNITION = "01a20ed8331664022946486b29aa1c9b"
LINE = "01a20ed83316e3335756362ce6ea1e9e"
CODE = "ABCD-EFGH"

LATER = "2031-01-09"
MILK = {"name": "Leche", "quantity": 2, "type_unit": "litros", "storage_type": "refrigerador", "tips": ""}
SPAN = {"expiration_time": 5, "time_unit": "Días"}
STEW = {
    "name": "Lomo saltado",
    "main_ingredients": ["carne", "papa", "tomate"],
    "category": "almuerzo",
    "description": "Con arroz",
    "serving_quantity": 2,
    "storage_type": "refrigerador",
    "tips": "",
}

BODIES: dict[type[Schema], dict[str, Any]] = {
    accounts.GuestSchema: {"name": "Ana"},
    accounts.RegisterSchema: {"email": "ana@example.com", "password": "papa a la huancaína", "name": "Ana"},
    accounts.LoginSchema: {"email": "ana@example.com", "password": "papa a la huancaína"},
    profile.ProfileSchema: {"name": "Ana", "language": "es", "allergies": ["maní", {"name": "mariscos"}]},
    profile.PartSchema: {"cookingLevel": "beginner", "specialDietItems": ["vegetariana"]},
    profile_pages.PictureSchema: {"photo_url": PHOTO},
    profile_pages.SwitchesSchema: {"expiring": True},
    households.JoinSchema: {"code": CODE, "bring_stock": True},
    images.AssignSchema: {"item_name": "leche", "image_path": PHOTO},
    images.SearchSchema: {"item_name": "leche"},
    images.ReferenceBodySchema: {"label": "leche", "category": "lácteos"},
    sent_photos.PathsSchema: {"images_paths": [PHOTO]},
    proposals.AcceptSchema: {"lines": [{"id": LINE, "quantity": 2, "expiration_date": LATER}]},
    proposals.RejectSchema: {"lines": [LINE]},
    feedback.FeedbackSchema: {"recognition_id": RECOGNITION, "feedback": "Eran dos limones."},
    captures.CaptureSchema: {"images_paths": [{"path": PHOTO, "kind": "food"}], "barcodes": ["7750670000154"]},
    products.TaughtSchema: {"name": "Leche evaporada", "quantity": 400, "type_unit": "gramos"},
    allergens.CheckSchema: {"items": ["pan rallado", "leche de coco"]},
    add_item.FlatItemSchema: {"name": "Leche", "category": "ingredient", "quantity": 1, "unit": "litros"},
    add_item.WrappedItemSchema: {"item_type": "ingredient", "item_data": MILK},
    ItemSchema: MILK | SPAN,
    inventory.IngredientsSchema: {"ingredients": [MILK | {"expiration_date": f"{LATER}T00:00:00", "image_path": ""}]},
    inventory.BulkSchema: {"items": [MILK, {"name": "Pan", "quantity": "media docena", "type_unit": "unidades"}]},
    inventory.ReviewedIngredientsSchema: {"ingredients": [MILK | SPAN]},
    inventory.ReviewedFoodsSchema: {"foods": [STEW | SPAN]},
    stacks.ExpirationSchema: {"expiration_date": LATER},
    stacks.QuantitySchema: {"quantity": 1.5},
    stacks.ServingsSchema: {"serving_quantity": 1.0},
    stacks.ConsumeSchema: {"consumed_quantity": 0.5},
    stacks.AmountSchema: {"quantity": 1.5},
    batches.ReserveSchema: {"planner_date": LATER, "meal_type": "dinner"},
    batches.FreezeSchema: {"new_best_before": LATER},
    batches.ThawSchema: {"storage_type": "refrigerador"},
    batches.MoveSchema: {"storage_type": "despensa"},
    batches.TransformSchema: {"output_type": "Queso", "yield_qty": 300, "unit": "g", "eat_by": LATER},
    batches.DiscardSchema: {"reason": "expired", "estimated_weight": 0.5, "unit": "kg"},
    batches.LeftoversSchema: {
        "title": "Lomo saltado",
        "portions": 2,
        "eat_by": LATER,
        "storage_location": "fridge",
    },
    recipe_bodies.CustomSchema: {
        "ingredients": ["huevos", {"name": "papa", "quantity": 1, "type_unit": "kilogramos"}],
        "preferences": ["vegetariana"],
        "recipe_categories": ["cena"],
        "num_recipes": 2,
    },
    recipe_bodies.SingleSchema: {"ingredients": ["huevos", "tomate"], "meal_type": "desayuno"},
    recipe_bodies.PlanSchema: {"date": LATER, "meal_types": ["almuerzo", "cena"], "preferences": ["sin gluten"]},
    eating.EatSchema: {"name": "leche", "quantity": 500, "unit": "ml"},
}
