"""The packs that codes tell of: one thing a product, under the name that is known of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from zwai.kitchen.evidence import kept, of_date, place_told
from zwai.kitchen.gs1 import printed
from zwai.kitchen.recognition import food_of, item_of
from zwai.knowledge.units import round_off
from zwai.records.captures import Shot, Thing
from zwai.records.people import Language
from zwai.records.photos import Decision, LineRule, PhotoId, Sighting, both
from zwai.records.products import Product
from zwai.records.reading import Barcode, Gtin
from zwai.records.stock import LONGEST_LABEL, ONE_PIECE, Quantity


@dataclass(frozen=True, slots=True)
class Code:
    """A code, and its photo's place; None when it was scanned without one."""

    place: int | None
    code: Barcode


def packs_of(shots: Sequence[Shot], scanned: Sequence[Barcode], products: Mapping[Gtin, Product]) -> list[Thing]:
    """One thing a product; packs of one product with other dates are other things."""
    seen: defaultdict[str, list[Code]] = defaultdict(list)
    for place, shot in enumerate(shots):
        for code in shot.codes:
            seen[code.gtin or code.text].append(Code(place, code))
    for code in scanned:
        seen[code.gtin or code.text].append(Code(None, code))
    packs = []
    for codes in seen.values():
        days: list[date | None] = [*sorted({one.code.day.day for one in codes if one.code.day})]
        for day in days or [None]:
            of_day = [one for one in codes if (one.code.day and one.code.day.day) == day]
            undated = [one for one in codes if one.code.day is None and day is not None and day == days[0]]
            packs.append(_pack([*of_day, *undated], products, shots))
    return packs


def _pack(codes: Sequence[Code], products: Mapping[Gtin, Product], shots: Sequence[Shot]) -> Thing:
    first = next((one for one in codes if one.place is not None), codes[0])
    code, place = first.code, first.place
    product = products.get(code.gtin) if code.gtin else None
    # The same code twice in one photo is two packs; the same one in two photos, or scanned again, may be one.
    count = max(Counter((one.place, one.code.text) for one in codes if one.place is not None).values(), default=1)
    weighed = next((one.code.quantity for one in codes if one.code.quantity), None)
    day = next((one.code.day for one in codes if one.code.day), None)
    lot = next((one.code.lot for one in codes if one.code.lot), "")
    evidence = {
        "code": code.text,
        "gtin": printed(code.gtin) if code.gtin else "",
        "product": product.source.value if product else "unknown" if code.gtin else "shop",
        "brand": product.brand if product else "",
        "allergens": ",".join(product.allergens) if product else "",
        "lot": lot,
        "packs": str(count) if count > 1 else "",
        "code_photo": place_told(place),
        **of_date(day, place, LineRule.BARCODE),
    }
    return Thing(
        label=product.label if product else " ".join(code.text[:LONGEST_LABEL].split()),  # GS1 puts controls between
        food=product.food if product else None,
        quantity=times(weighed or (product and product.quantity) or ONE_PIECE, 1 if weighed else count),
        decision=Decision.ITEM if product else Decision.CONFIRM,
        rule=LineRule.BARCODE,
        photo=shots[place].photo if place is not None else None,
        box=code.box,
        day=day,
        evidence=kept(evidence),
        seen_in=frozenset(shots[one.place].photo for one in codes if one.place is not None),
    )


def times(quantity: Quantity, count: int | Decimal) -> Quantity:
    return Quantity(round_off(quantity.amount * count), quantity.unit)


def named_by_their_photo(
    packs: list[Thing], shots: Sequence[Shot], language: Language
) -> tuple[list[Thing], list[tuple[PhotoId, Sighting]]]:
    """In a photo with one code, what is seen in the whole of it is that pack: the code's name counts, else its own.

    Answers the packs, and the sightings that are left.
    """
    left: list[tuple[PhotoId, Sighting]] = []
    named = {id(pack): pack for pack in packs}
    for shot in shots:
        here = [pack for pack in packs if shot.photo in pack.seen_in]
        whole = [one for one in shot.sightings if one.box is None and one.decision is not Decision.SUGGESTION]
        rest = [one for one in shot.sightings if one.box is not None]
        if len(here) != 1 or (is_unknown(here[0]) and not whole):
            left += [(shot.photo, one) for one in shot.sightings]
            continue
        left += [(shot.photo, one) for one in rest]
        if is_unknown(pack := named[id(here[0])]) and pack.rule == LineRule.BARCODE:
            named[id(here[0])] = _called(pack, max(whole, key=lambda one: one.confidence), language)
    return list(named.values()), left


def is_unknown(pack: Thing) -> bool:
    return pack.evidence["product"] in ("unknown", "shop")


def _called(pack: Thing, sighting: Sighting, language: Language) -> Thing:
    item = item_of(sighting, language)
    return replace(
        pack, label=item.label, food=food_of(sighting), kind=item.kind, dish=item.dish, confidence=sighting.confidence,
        rule=both(pack.rule, sighting.rule),
    )  # fmt: skip
