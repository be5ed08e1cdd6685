"""What we answer of stock, as the API's document shows it; tests check every answer against these."""

from marshmallow import Schema, fields


class RangeSchema(Schema):
    """Low, middle and high of what sources tell, in `unit`."""

    low = fields.Float(required=True)
    mid = fields.Float(required=True)
    high = fields.Float(required=True)
    unit = fields.String(required=True)


class StackSchema(Schema):
    """One batch on its shelf."""

    batch_id = fields.String(required=True)
    quantity = fields.Float(required=True)
    type_unit = fields.String(required=True)
    storage_type = fields.String(required=True)
    state = fields.String(required=True)
    added_at = fields.AwareDateTime(required=True)
    expiration_date = fields.NaiveDateTime(required=True)
    days_to_expire = fields.Integer(required=True, strict=True)
    is_expired = fields.Boolean(required=True)
    expiry_rule = fields.String(required=True)
    expiry_source = fields.String(required=True)
    expiry_assumed = fields.Boolean(required=True)
    expiry_reference = fields.String(required=True)
    expiry_low = fields.Date(required=True, allow_none=True)
    expiry_high = fields.Date(required=True, allow_none=True)


class DishMembers(Schema):
    """What dishes have on top."""

    serving_quantity = fields.Float()
    main_ingredients = fields.List(fields.String())
    category = fields.String()
    description = fields.String()
    calories = fields.Float()


class ShelfSchema(DishMembers):
    """One name in the inventory with its stacks."""

    name = fields.String(required=True)
    food_id = fields.String(required=True, allow_none=True)
    type_unit = fields.String(required=True)
    storage_type = fields.String(required=True)
    tips = fields.String(required=True)
    image_path = fields.String(required=True, allow_none=True)
    stacks = fields.List(fields.Nested(StackSchema), required=True)


class NamedStackSchema(StackSchema):
    """One batch with its name."""

    name = fields.String(required=True)
    kind = fields.String(required=True)
    food_id = fields.String(required=True, allow_none=True)
    tips = fields.String(required=True)
    image_path = fields.String(required=True, allow_none=True)


class StockBatchSchema(NamedStackSchema, DishMembers):
    """One batch by itself."""


class SimpleItemSchema(StockBatchSchema):
    expiration_time = fields.Integer(required=True, strict=True)
    time_unit = fields.String(required=True)


class ListSchema(Schema):
    ingredients = fields.List(fields.Nested(ShelfSchema), required=True)
    food_items = fields.List(fields.Nested(ShelfSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MeasureSchema(Schema):
    """The middle of a range, and the range beside it."""

    value = fields.Float(required=True)
    unit = fields.String(required=True)
    description = fields.String(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class ImpactSchema(Schema):
    """What a kilogram or litre costs the world, with the study that says so; null where nobody knows."""

    carbon_footprint = fields.Nested(MeasureSchema, required=True)
    water_footprint = fields.Nested(MeasureSchema, required=True)
    sustainability_message = fields.String(required=True)
    source = fields.String(required=True)
    assumed = fields.Boolean(required=True)


class IdeaSchema(Schema):
    title = fields.String(required=True)
    description = fields.String(required=True)
    type = fields.String(required=True)
    source = fields.String(required=True)


class KnownShelfSchema(ShelfSchema):
    environmental_impact = fields.Nested(ImpactSchema, required=True, allow_none=True)
    utilization_ideas = fields.List(fields.Nested(IdeaSchema), required=True)


class CompleteSchema(ListSchema):
    ingredients = fields.List(fields.Nested(KnownShelfSchema), required=True)
    food_items = fields.List(fields.Nested(KnownShelfSchema), required=True)
    total_ingredients = fields.Integer(required=True, strict=True)
    enriched_with = fields.List(fields.String(), required=True)


class SimpleSchema(Schema):
    ingredients = fields.List(fields.Nested(SimpleItemSchema), required=True)
    total_items = fields.Integer(required=True, strict=True)
    format = fields.String(required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ExpiringSchema(Schema):
    expiring_items = fields.List(fields.Nested(StockBatchSchema), required=True)
    within_days = fields.Integer(required=True, strict=True)
    count = fields.Integer(required=True, strict=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ChangedSchema(Schema):
    """`entry_id` names the journal's entry, by which the change can be undone; null when nothing changed."""

    message = fields.String(required=True)
    items = fields.List(fields.Nested(StockBatchSchema), required=True)
    entry_id = fields.String(required=True, allow_none=True)
    ingredient = fields.String()
    food = fields.String()
    new_quantity = fields.Float()
    new_serving_quantity = fields.Float()
    deleted = fields.String()
    deleted_stack_added_at = fields.AwareDateTime()


class DoneSchema(ChangedSchema):
    ingredients_count = fields.Integer(strict=True)
    foods_count = fields.Integer(strict=True)
    source = fields.String()
    enhanced_data = fields.List(fields.String())


class BulkResultSchema(Schema):
    """An item that was added, or why it was not."""

    index = fields.Integer(required=True, strict=True)
    status = fields.String(required=True)
    item = fields.Nested(StockBatchSchema)
    code = fields.String()
    pointer = fields.String()
    error = fields.String()


class BulkAnswerSchema(Schema):
    message = fields.String(required=True)
    added = fields.Integer(required=True, strict=True)
    rejected = fields.Integer(required=True, strict=True)
    results = fields.List(fields.Nested(BulkResultSchema), required=True)
    entry_id = fields.String(required=True)


class ConsumptionSchema(Schema):
    consumed_quantity = fields.Float(required=True)
    remaining_quantity = fields.Float(required=True)
    unit = fields.String(required=True)


class SparedSchema(Schema):
    """kg of CO2e and litres of water that would have been lost had it been wasted."""

    co2_saved = fields.Float(required=True)
    co2_saved_low = fields.Float(required=True)
    co2_saved_high = fields.Float(required=True)
    water_saved = fields.Float(required=True)
    water_saved_low = fields.Float(required=True)
    water_saved_high = fields.Float(required=True)
    source = fields.String(required=True)


class ConversionSchema(Schema):
    """What was asked for in another unit than the stack's; `assumed` when a weight or density on the way is."""

    quantity = fields.Float(required=True)
    unit = fields.String(required=True)
    assumed = fields.Boolean(required=True)
    source = fields.String(required=True)


class EatenSchema(Schema):
    """The members from `food` on are there for dishes."""

    message = fields.String(required=True)
    action = fields.String(required=True)
    ingredient = fields.String(required=True)
    consumed_quantity = fields.Float(required=True)
    remaining_quantity = fields.Float(required=True)
    unit = fields.String(required=True)
    stack_removed = fields.Boolean(required=True)
    consumed_at = fields.AwareDateTime(required=True)
    original_added_at = fields.AwareDateTime(required=True)
    consumption_data = fields.Nested(ConsumptionSchema, required=True)
    conversion = fields.Nested(ConversionSchema, required=True, allow_none=True)
    entry_id = fields.String(required=True)
    food = fields.String()
    consumed_portions = fields.Float()
    remaining_portions = fields.Float()
    food_removed = fields.Boolean()
    food_details = fields.Nested(DishMembers)
    consumption_date = fields.AwareDateTime()
    environmental_impact = fields.Nested(SparedSchema, allow_none=True)
    coins_earned = fields.Integer(strict=True, allow_none=True)
