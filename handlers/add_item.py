"""Adding one item in the shapes of `add_item`: flat, or wrapped with its type; all but the name may be left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, pre_load

from handlers import known, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.fields import Word
from handlers.schemas import RequestSchema
from handlers.stock_bodies import ItemBody, ItemSchema, new_item
from zwai.kitchen import allergens, details, inventory
from zwai.kitchen.allergens import Allergy
from zwai.knowledge.names import label_key
from zwai.records.stock import Batch, Kind

KINDS = {
    **dict.fromkeys(("ingredient", "ingredients", "ingrediente", "ingredientes"), Kind.INGREDIENT),
    **dict.fromkeys(("food", "foods", "dish", "comida", "plato"), Kind.DISH),
}


def kind_of(word: str) -> Kind | None:
    return KINDS.get(label_key(word))


class FlatItemSchema(ItemSchema):
    """`category` may name the kind. Without a quantity it is one; without a unit pieces, or portions of a dish."""

    item_type = Word(kind_of, "ingredient, food", attribute="kind", allow_none=True)

    def load(self, data: Any, **more: Any) -> Any:
        """The wrapped form comes to this address too."""
        wrapped = isinstance(data, Mapping) and "item_data" in data
        return WRAPPED.load(data, **more) if wrapped else super().load(data, **more)

    @pre_load
    def _spellings(self, document: Any, **_: Any) -> Any:
        if not isinstance(document, dict):
            return document
        item = dict(document)
        category = item.get("category")
        if isinstance(category, str) and kind_of(category):
            item.setdefault("item_type", item.pop("category"))
        said = item.get("item_type")
        dish = isinstance(said, str) and kind_of(said) is Kind.DISH
        if not any(item.get(name) is not None for name in ("type_unit", "unit")):
            item["type_unit"] = "porciones" if dish else "unidades"
        if not any(item.get(name) is not None for name in ("quantity", "serving_quantity")):
            item["quantity"] = 1
        return super()._spellings(item)


@dataclass(frozen=True, slots=True)
class WrappedBody:
    item_data: ItemBody
    item_type: Kind | None = None


class WrappedItemSchema(RequestSchema):
    """`item_type` counts for what is in `item_data`."""

    record = WrappedBody
    item_type = Word(kind_of, "ingredient, food", allow_none=True)
    item_data = fields.Nested(FlatItemSchema, required=True)

    @pre_load
    def _hand_down(self, document: Any, **_: Any) -> Any:
        if not isinstance(document, dict) or not isinstance(document.get("item_data"), dict):
            return document
        said, data = document.get("item_type"), document["item_data"]
        known_word = isinstance(said, str) and kind_of(said) is not None
        return {**document, "item_data": {**data, "item_type": said}} if known_word else document

    def _record(self, values: dict[str, Any]) -> Any:
        return values["item_data"]


WRAPPED = WrappedItemSchema()


async def add_item(call: Call[ItemBody]) -> Answer:
    body = call.body
    item = new_item(body, call.member, call.now)
    async with call.write() as tx:
        done = await inventory.add(tx, call.member, [item], call.now)
        (batch,) = done.batches
        await call.kitchen.painter.order_for_stock(tx, call.member, done.batches, call.now)
        told = _told(call, batch, await allergens.of_member(tx, call.member))
        given = {"tips": body.tips, "expiration_date": item.expiry, "storage_type": body.place}
        enriched = [*(name for name, value in given.items() if not value), *known.enriched(told)]
        shown = {**wire.batch(call, batch), **told, "enriched_fields": enriched}
        answer = {
            "message": wire.sentence(call, f"Guardamos «{batch.label}».", f'Saved "{batch.label}".'),
            "item_type": "food" if batch.kind is Kind.DISH else "ingredient",
            "item_data": {**shown, "unit": shown["type_unit"]},
        }
        return call.answer({**answer, **wire.done(call, done)}, status=201)


def _told(call: Call[Any], batch: Batch, allergies: tuple[Allergy, ...]) -> dict[str, Any]:
    if batch.kind is Kind.INGREDIENT:
        return known.enrichment(batch.food, batch.kind, call.language, allergies)
    food = details.food(batch)
    return {
        "nutritional_analysis": known.analysis(food, known.considerations(batch, call.language), call.language),
        "consumption_ideas": known.fitting(known.ideas(food, batch.kind, call.language), allergies, call.language),
    }
