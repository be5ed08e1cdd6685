"""What clients send of stock: items in every spelling of the contract, read into what the kitchen adds."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate

from handlers.fields import (
    Amount,
    ExpiryDay,
    Label,
    ListOf,
    Moment,
    PhotoPath,
    check_span,
    place_field,
    readable,
    time_unit_field,
    unit_field,
)
from handlers.schemas import RequestSchema, load
from zwai.kitchen.expiry import from_span
from zwai.kitchen.inventory import NewItem, today_of, typed_expiry
from zwai.knowledge.quantities import parse
from zwai.records.people import Member
from zwai.records.photos import PhotoId
from zwai.records.stock import DishFacts, ExpiryDate, Kind, LabelKind, Place, Quantity, TimeUnit, Unit

MOST_ITEMS = 100
LONGEST_TIPS = 2000
LONGEST_SPAN = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBody:
    """One item to add. Its expiry is a day, or a span from today, or left to the kitchen."""

    name: str
    quantity: Decimal
    unit: Unit
    kind: Kind | None = None
    place: Place | None = None
    tips: str = ""
    photo: PhotoId | None = None
    expiry_day: date | None = None
    span: int | None = None
    span_unit: TimeUnit | None = None
    added_at: datetime | None = None
    main_ingredients: tuple[str, ...] = ()
    category: str = ""
    calories: Decimal | None = None
    description: str = ""
    label_kind: LabelKind = LabelKind.BEST_BEFORE


class ItemSchema(RequestSchema):
    """An ingredient, or a dish when its unit is portions; a dish's quantity may be called serving_quantity.

    A quantity that names its unit ("500 g", "media docena") needs no other.
    """

    record = ItemBody
    name = Label(required=True)
    quantity = Amount(required=True)
    type_unit = unit_field(required=True, attribute="unit")
    storage_type = place_field(attribute="place", allow_none=True)
    tips = fields.String(validate=[validate.Length(max=LONGEST_TIPS), readable], allow_none=True)
    image_path = PhotoPath(attribute="photo", allow_none=True)
    expiration_date = ExpiryDay(attribute="expiry_day", allow_none=True)
    expiration_time = fields.Integer(
        attribute="span", allow_none=True, validate=validate.Range(min=0, max=LONGEST_SPAN)
    )
    time_unit = time_unit_field(attribute="span_unit", allow_none=True)
    added_at = Moment(allow_none=True)
    main_ingredients = ListOf(
        fields.String(validate=[validate.Length(max=100), readable]), validate=validate.Length(max=50)
    )
    category = fields.String(validate=[validate.Length(max=50), readable], allow_none=True)
    calories = Amount(zero=True, allow_none=True)
    description = fields.String(validate=[validate.Length(max=LONGEST_TIPS), readable], allow_none=True)
    label_type = fields.Enum(LabelKind, by_value=True, attribute="label_kind", allow_none=True)

    @pre_load
    def _spellings(self, document: Any, **_: Any) -> Any:
        return _respelt(document) if isinstance(document, dict) else document

    def _record(self, values: dict[str, Any]) -> ItemBody:
        check_span(values)
        return _body({name: value for name, value in values.items() if value is not None})


def _respelt(document: dict[str, Any]) -> dict[str, Any]:
    item = dict(document)
    for ours, theirs in (("type_unit", "unit"), ("quantity", "serving_quantity"), ("image_path", "image_url")):
        if item.get(ours) is None and item.get(theirs) is not None:
            item[ours] = item[theirs]
    said = item.get("quantity")
    if item.get("type_unit") is None and isinstance(said, str) and (quantity := parse(said)):
        item["quantity"], item["type_unit"] = str(quantity.amount), quantity.unit
    return item


def _body(known: dict[str, Any]) -> ItemBody:
    known["main_ingredients"] = tuple(known.get("main_ingredients", ()))
    return ItemBody(**known)


ITEM = ItemSchema()
_FIELDS = {name: (field.attribute or name, field) for name, field in ITEM.load_fields.items()}
_REQUIRED = {attribute for attribute, field in _FIELDS.values() if field.required}


def read_item(document: Any) -> ItemBody:
    """What ITEM loads of `document`, for a third of the CPU: a list of a hundred is mostly this. Raises Invalid.

    Only members that were sent are looked at. When one is not as it should be, the schema tells why.
    """
    values = _values(_respelt(document)) if isinstance(document, dict) else {}
    body: ItemBody = _body(values) if values.keys() >= _REQUIRED else load(ITEM, document)
    return body


def _values(item: dict[str, Any]) -> dict[str, Any]:
    """Of an item that is as it should be, those that say something; else none."""
    values = {}
    try:
        for name, said in item.items():
            if (known := _FIELDS.get(name)) is not None and (value := known[1].deserialize(said)) is not None:
                values[known[0]] = value
        check_span(values)
    except ValidationError:
        return {}
    return values


class DishSchema(ItemSchema):
    """A cooked dish: counted in portions unless told otherwise."""

    type_unit = unit_field(load_default=Unit.PORTION, attribute="unit")
    kind = fields.Constant(Kind.DISH)


def new_item(body: ItemBody, member: Member, now: datetime) -> NewItem:
    kind = body.kind or (Kind.DISH if body.unit is Unit.PORTION else Kind.INGREDIENT)
    dish = DishFacts(body.main_ingredients, body.category or "general", body.calories, body.description)
    return NewItem(
        label=body.name,
        kind=kind,
        quantity=Quantity(body.quantity, body.unit),
        place=body.place,
        expiry=expiry_given(body, member, now),
        tips=body.tips,
        photo=body.photo,
        dish=dish if kind is Kind.DISH else None,
        label_kind=body.label_kind,
    )


def expiry_given(body: ItemBody, member: Member, now: datetime) -> ExpiryDate | None:
    """The day that was sent, else the span counted from today, else None."""
    if body.expiry_day is not None:
        return typed_expiry(body.expiry_day)
    if body.span is not None and body.span_unit is not None:
        return typed_expiry(from_span(today_of(member, now), body.span, body.span_unit))
    return None
