"""What we answer of one food: every member that the mobile client needs has the very type that it reads."""

from marshmallow import Schema, fields

from handlers.stock_answers import (
    IdeaSchema,
    ImpactSchema,
    KnownShelfSchema,
    NamedStackSchema,
    RangeSchema,
    ShelfSchema,
    StockBatchSchema,
)


class TotalSchema(Schema):
    quantity = fields.Float(required=True)
    type_unit = fields.String(required=True)


class StatisticsSchema(Schema):
    """`total_quantity` sums the stacks whose unit is the shelf's; `totals` tells of every unit."""

    total_quantity = fields.Float(required=True)
    stack_count = fields.Integer(required=True, strict=True)
    nearest_expiration = fields.NaiveDateTime(required=True)
    totals = fields.List(fields.Nested(TotalSchema), required=True)


class AdviceSchema(Schema):
    optimal_consumption = fields.String(required=True)
    preparation_tips = fields.String(required=True)
    nutritional_benefits = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)


class CheckFirstSchema(Schema):
    quality_check = fields.String(required=True)
    safety_tips = fields.String(required=True)
    optimal_consumption = fields.String(required=True)
    preparation_tips = fields.String(required=True)
    source = fields.String(required=True)


class NutritionSchema(Schema):
    """Of 100 g; null where the table has no value, which is not zero."""

    per = fields.String(required=True)
    kcal = fields.Float(required=True)
    protein_g = fields.Float(required=True)
    fat_g = fields.Float(required=True)
    carbohydrate_g = fields.Float(required=True)
    sugar_g = fields.Float(required=True, allow_none=True)
    fibre_g = fields.Float(required=True, allow_none=True)
    sodium_mg = fields.Float(required=True, allow_none=True)
    source = fields.String(required=True)
    assumed = fields.Boolean(required=True)


class FootprintSchema(Schema):
    carbon = fields.Nested(RangeSchema, required=True)
    water = fields.Nested(RangeSchema, required=True, allow_none=True)
    source = fields.String(required=True)
    assumed = fields.Boolean(required=True)


class KnownSchema(Schema):
    """`engine` is gemini as soon as an AI's words are among them; the `source` of each part says which."""

    nutrition = fields.Nested(NutritionSchema, required=True, allow_none=True)
    footprint = fields.Nested(FootprintSchema, required=True, allow_none=True)
    enriched_with = fields.List(fields.String(), required=True)
    engine = fields.String(required=True)
    fetched_at = fields.AwareDateTime(required=True)


class IngredientDetailSchema(KnownShelfSchema, StatisticsSchema, KnownSchema):
    consumption_advice = fields.Nested(AdviceSchema, required=True)
    before_consumption_advice = fields.Nested(CheckFirstSchema, required=True)


class MacronutrientsSchema(Schema):
    carbohydrates = fields.String(required=True)
    proteins = fields.String(required=True)
    fats = fields.String(required=True)


class AnalysisSchema(Schema):
    macronutrients = fields.Nested(MacronutrientsSchema, required=True)
    vitamins_minerals = fields.List(fields.String(), required=True)
    health_benefits = fields.String(required=True)
    dietary_considerations = fields.String(required=True)
    source = fields.String(required=True)
    assumed = fields.Boolean(required=True)


class StorageAdviceSchema(Schema):
    optimal_temperature = fields.String(required=True)
    reheating_tips = fields.String(required=True)
    shelf_life_extension = fields.String(required=True)
    quality_indicators = fields.String(required=True)
    source = fields.String(required=True)


class DishFactsSchema(NamedStackSchema):
    """`serving_quantity` is whole, as the client reads it; `portions` is exact.

    `calories_source` is null when nobody knows them.
    """

    serving_quantity = fields.Integer(required=True, strict=True)
    portions = fields.Float(required=True)
    main_ingredients = fields.List(fields.String(), required=True)
    category = fields.String(required=True)
    description = fields.String(required=True)
    calories_source = fields.String(required=True, allow_none=True)
    total_calories = fields.Integer(required=True, strict=True)
    expiration_time = fields.Integer(required=True, strict=True)
    time_unit = fields.String(required=True)


class DishDetailSchema(DishFactsSchema, KnownSchema):
    """Calories are of one portion; zero when nobody knows them."""

    calories = fields.Integer(required=True, strict=True)
    calories_per_serving = fields.Integer(required=True, strict=True)
    nutritional_analysis = fields.Nested(AnalysisSchema, required=True, allow_none=True)
    consumption_ideas = fields.List(fields.Nested(IdeaSchema), required=True)
    storage_advice = fields.Nested(StorageAdviceSchema, required=True)
    environmental_impact = fields.Nested(ImpactSchema, required=True, allow_none=True)


class NamedShelfSchema(ShelfSchema, StatisticsSchema):
    """One name of the list of ingredients."""


class IngredientsSummarySchema(Schema):
    ingredient_types = fields.Integer(required=True, strict=True)
    total_stacks = fields.Integer(required=True, strict=True)
    average_stacks_per_ingredient = fields.Float(required=True)


class IngredientNamesSchema(Schema):
    ingredients = fields.List(fields.String(), required=True)
    items = fields.List(fields.Nested(NamedShelfSchema), required=True)
    total_ingredients = fields.Integer(required=True, strict=True)
    total_stacks = fields.Integer(required=True, strict=True)
    summary = fields.Nested(IngredientsSummarySchema, required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListedDishSchema(DishFactsSchema):
    """Calories that nobody knows are null."""

    calories = fields.Integer(required=True, strict=True, allow_none=True)
    calories_per_serving = fields.Integer(required=True, strict=True, allow_none=True)
    status = fields.String(required=True)


class CategorySchema(Schema):
    count = fields.Integer(required=True, strict=True)
    total_servings = fields.Float(required=True)
    total_calories = fields.Integer(required=True, strict=True)


class DishesSummarySchema(Schema):
    food_items = fields.Integer(required=True, strict=True)
    total_servings = fields.Float(required=True)
    total_calories = fields.Integer(required=True, strict=True)
    average_calories_per_food = fields.Float(required=True)
    average_servings_per_food = fields.Float(required=True)
    categories = fields.Dict(fields.String(), fields.Nested(CategorySchema), required=True)


class DishesSchema(Schema):
    message = fields.String(required=True)
    foods = fields.List(fields.Nested(ListedDishSchema), required=True)
    total_foods = fields.Integer(required=True, strict=True)
    total_servings = fields.Float(required=True)
    total_calories = fields.Integer(required=True, strict=True)
    summary = fields.Nested(DishesSummarySchema, required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AddedItemSchema(StockBatchSchema):
    """What was stored, with what the kitchen added to it."""

    unit = fields.String(required=True)
    enriched_fields = fields.List(fields.String(), required=True)
    environmental_impact = fields.Nested(ImpactSchema, allow_none=True)
    utilization_ideas = fields.List(fields.Nested(IdeaSchema))
    nutritional_analysis = fields.Nested(AnalysisSchema, allow_none=True)
    consumption_ideas = fields.List(fields.Nested(IdeaSchema))


class AddItemSchema(Schema):
    message = fields.String(required=True)
    item_type = fields.String(required=True)
    item_data = fields.Nested(AddedItemSchema, required=True)
    items = fields.List(fields.Nested(StockBatchSchema), required=True)
    entry_id = fields.String(required=True, allow_none=True)
