"""What a capture's photos and codes come to: the same thing seen twice is one line, other things stay apart."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zwai.kitchen.gs1 import printed
from zwai.kitchen.joining import Purchase, merged, purchases
from zwai.kitchen.shop_words import Meaning, MeaningRule
from zwai.records.captures import PhotoKind, Shot, Thing
from zwai.records.people import Language
from zwai.records.photos import Box, Decision, PhotoId, Sighting
from zwai.records.products import Product, ProductSource
from zwai.records.reading import Barcode, Gtin, PrintedDate, Receipt, ReceiptLine
from zwai.records.stock import FoodId, LabelKind, Quantity, Unit

BOX = Box(0.1, 0.1, 0.4, 0.4)
DAY, LATER = date(2027, 1, 31), date(2027, 3, 31)
EXPIRES = "Vence el 31 de enero de 2027"
BOUGHT_ON = date(2026, 11, 23)
SIGNS = {"!": Decision.ITEM, "~": Decision.CONFIRM, "?": Decision.SUGGESTION}

GLORIA, LAIVE, SODA, NEW, CHEESE = (
    "07750670000154",
    "07750670000253",
    "00000096385074",
    "07750670000352",
    "2012345012349",
)
PRODUCTS = {
    Gtin(gtin): Product(Gtin(gtin), label, FoodId(food), quantity, ProductSource.INSTALLED, brand)
    for gtin, label, food, quantity, brand in (
        (GLORIA, "Leche evaporada entera", "evaporated_milk", Quantity(Decimal(400), Unit.G), "Gloria"),
        (LAIVE, "Leche evaporada light", "evaporated_milk", Quantity(Decimal(390), Unit.G), "Laive"),
        (SODA, "Galletas de soda", "crackers", None, "Field"),
    )
}


def code(gtin: str, day: date | None = None, quantity: Quantity | None = None) -> Barcode:
    printed = PrintedDate(day, LabelKind.USE_BY, f"(17){day}", BOX) if day else None
    own = gtin == CHEESE
    return Barcode(None if own else Gtin(gtin), gtin + (f"(17){day}" if day else ""), BOX, printed, quantity)


def label(day: date, *others: date) -> PrintedDate:
    return PrintedDate(day, LabelKind.BEST_BEFORE, f"VENCE {day}", BOX, others)


def line(
    words: str, amount: str = "1", unit: Unit = Unit.PIECE, price: str | None = "5.00", *, food: bool = True
) -> ReceiptLine:
    return ReceiptLine(words, Quantity(Decimal(amount), unit), price and Decimal(price), words, BOX, food)


def receipt(
    *lines: ReceiptLine, total: str | None = "5.00", day: date | None = BOUGHT_ON, shop: str = "Wong"
) -> Receipt:
    return Receipt(shop, day, "PEN", lines, total and Decimal(total))


def shot(name: str, *found: object) -> Shot:
    """Sightings as "tomato!" (sure), "tomato~" (to confirm), "tomato?" (a guess), in a box with "[]" behind."""
    sightings = []
    for one in found:
        if isinstance(one, str):
            food, boxed = one.rstrip("!~?[]"), one.endswith("[]")
            decision = SIGNS[one.removesuffix("[]")[-1]]
            rule = "parts" if boxed else "whole"
            sightings.append(Sighting(food, "ingredient", 0.9, decision, rule, BOX if boxed else None))
    return Shot(
        photo=PhotoId(name),
        sightings=tuple(sightings),
        codes=tuple(one for one in found if isinstance(one, Barcode)),
        receipt=next((one for one in found if isinstance(one, Receipt)), None),
        dates=tuple(one for one in found if isinstance(one, PrintedDate)),
    )


MEANINGS = {
    "TOMATE": Meaning("tomate", FoodId("tomato"), MeaningRule.CATALOGUE),
    "TOM ITAL": Meaning("tomate", FoodId("tomato"), MeaningRule.LEARNED),
    "LECHE GLORIA": Meaning("leche fresca", FoodId("milk"), MeaningRule.CATALOGUE),
    "LECHE EVAP GLORIA": Meaning("leche evaporada", FoodId("evaporated_milk"), MeaningRule.CATALOGUE),
    "LECHE EVAP LAIVE": Meaning("leche evaporada", FoodId("evaporated_milk"), MeaningRule.CATALOGUE),
    "LECHE EVAP": Meaning("leche evaporada", FoodId("evaporated_milk"), MeaningRule.CATALOGUE),
    "GLORIA EVAP": Meaning("GLORIA EVAP", None, MeaningRule.OWN),
}


def meant(purchase: Purchase) -> list[Meaning]:
    return [MEANINGS.get(one.words, Meaning(one.words, None, MeaningRule.OWN)) for one in purchase.receipt.lines]


def come_to(shots: Sequence[Shot], *scanned: Barcode) -> tuple[Thing, ...]:
    bought = [(purchase, meant(purchase)) for purchase in purchases(shots)]
    return merged(shots, scanned, PRODUCTS, bought, Language.ES)


def told(thing: Thing) -> str:
    day = f" until {thing.day.day}" if thing.day else ""
    price = f" for {thing.evidence['price']}" if "price" in thing.evidence else ""
    quantity = f"{thing.quantity.amount:f} {thing.quantity.unit}"
    return f"{quantity} {thing.food or thing.label} {thing.decision} by {thing.rule}{price}{day}"


TOMATO = "1 piece tomato item by whole"
CASES: dict[str, tuple[list[Shot], list[str]]] = {
    "nothing": ([shot("a")], []),
    "one photo": ([shot("a", "tomato!")], [TOMATO]),
    "the same food in two photos": ([shot("a", "tomato!"), shot("b", "tomato~[]")], [TOMATO]),
    "two foods": ([shot("a", "tomato!"), shot("b", "onion!")], [TOMATO, "1 piece onion item by whole"]),
    "a guess": ([shot("a", "tomato?", "apple?")],
                ["1 piece tomato suggestion by whole", "1 piece apple suggestion by whole"]),
    # Receipts.
    "a receipt alone": ([shot("r", receipt(line("TOMATE", "1.2", Unit.KG)))],
                        ["1.2 kg tomato confirm by receipt for 5.00"]),
    "words that the household taught": ([shot("r", receipt(line("TOM ITAL")))],
                                        ["1 piece tomato item by receipt for 5.00"]),
    "words that nobody knows": ([shot("r", receipt(line("XYZ 20")))], ["1 piece XYZ 20 confirm by receipt for 5.00"]),
    "what is not food": ([shot("r", receipt(line("DETERGENTE", food=False), line("TOMATE")))],
                         ["1 piece tomato confirm by receipt for 5.00"]),
    "the same words twice are two": ([shot("r", receipt(line("TOMATE"), line("TOMATE", "2", price="9.50")))],
                                     ["3 piece tomato confirm by receipt for 14.50"]),
    "a price that is missing is not made up": ([shot("r", receipt(line("TOMATE"), line("TOMATE", price=None)))],
                                               ["2 piece tomato confirm by receipt"]),
    "the same receipt twice counts once": ([shot("r", receipt(line("TOMATE"))), shot("s", receipt(line("TOMATE")))],
                                           ["1 piece tomato confirm by receipt for 5.00"]),
    "one with another total is another": (
        [shot("r", receipt(line("TOMATE"))), shot("s", receipt(line("TOMATE"), total="6.00"))],
        ["1 piece tomato confirm by receipt for 5.00"] * 2),
    "one of another shop is another": (
        [shot("r", receipt(line("TOMATE"))), shot("s", receipt(line("TOMATE"), shop="Metro"))],
        ["1 piece tomato confirm by receipt for 5.00"] * 2),
    "without a total the lines tell": (
        [shot("r", receipt(line("TOMATE"), total=None)), shot("s", receipt(line("TOMATE"), total=None))],
        ["1 piece tomato confirm by receipt for 5.00"]),
    # Receipts and photos.
    "receipt and shelf": ([shot("r", receipt(line("TOMATE", "1.2", Unit.KG))), shot("a", "tomato!")],
                          ["1.2 kg tomato item by receipt+whole for 5.00"]),
    "a receipt makes a guess sure, and its rivals go": (
        [shot("r", receipt(line("TOMATE"))), shot("a", "tomato?", "apple?")],
        ["1 piece tomato item by receipt+whole for 5.00"]),
    "guesses of other photos stay": (
        [shot("r", receipt(line("TOMATE"))), shot("a", "tomato?"), shot("b", "apple?")],
        ["1 piece tomato item by receipt+whole for 5.00", "1 piece apple suggestion by whole"]),
    "a food that was not bought stays": (
        [shot("r", receipt(line("TOMATE"))), shot("a", "onion!")],
        ["1 piece onion item by whole", "1 piece tomato confirm by receipt for 5.00"]),
    # Codes.
    "a code that is known": ([shot("c", code(GLORIA))], ["400 g evaporated_milk item by barcode"]),
    "a code whose pack is not known": ([shot("c", code(SODA))], ["1 piece crackers item by barcode"]),
    "a code that nobody knows": ([shot("c", code(NEW))], [f"1 piece {NEW} confirm by barcode"]),
    "a shop's own": ([shot("c", code(CHEESE))], [f"1 piece {CHEESE} confirm by barcode"]),
    "a weight in the code": ([shot("c", code(GLORIA, quantity=Quantity(Decimal("1.25"), Unit.KG)))],
                             ["1.25 kg evaporated_milk item by barcode"]),
    "two packs in one photo": ([shot("c", code(GLORIA), code(GLORIA))], ["800 g evaporated_milk item by barcode"]),
    "one pack in two photos": ([shot("c", code(GLORIA)), shot("d", code(GLORIA))],
                               ["400 g evaporated_milk item by barcode"]),
    "two codes on one pack": ([shot("c", code(GLORIA), code(GLORIA, DAY))],
                              [f"400 g evaporated_milk item by barcode until {DAY}"]),
    "packs with other dates": ([shot("c", code(GLORIA, LATER), code(GLORIA, DAY))],
                               [f"400 g evaporated_milk item by barcode until {DAY}",
                                f"400 g evaporated_milk item by barcode until {LATER}"]),
    "two brands": ([shot("c", code(GLORIA)), shot("d", code(LAIVE))],
                   ["400 g evaporated_milk item by barcode", "390 g evaporated_milk item by barcode"]),
    # Codes and photos.
    "what is seen of a known pack is that pack": ([shot("c", code(GLORIA), "sour_milk!", "yogurt?")],
                                                  ["400 g evaporated_milk item by barcode"]),
    "what is seen of an unknown pack names it": ([shot("c", code(NEW), "milk!")],
                                                 ["1 piece milk confirm by barcode+whole"]),
    "a guess does not name it": ([shot("c", code(NEW), "milk?")],
                                 [f"1 piece {NEW} confirm by barcode", "1 piece milk suggestion by whole"]),
    "what is beside a pack is not the pack": ([shot("c", code(GLORIA), "tomato~[]")],
                                              ["400 g evaporated_milk item by barcode",
                                               "1 piece tomato confirm by parts"]),
    "among several packs nothing is named": ([shot("c", code(NEW), code(GLORIA), "milk!")],
                                             ["400 g evaporated_milk item by barcode", "1 piece milk item by whole",
                                              f"1 piece {NEW} confirm by barcode"]),
    "a pack on the shelf too": ([shot("c", code(SODA)), shot("a", "crackers~[]")],
                                ["1 piece crackers item by barcode+parts"]),
    # Codes and receipts.
    "a code and its receipt's line": ([shot("r", receipt(line("LECHE EVAP GLORIA", "2"))), shot("c", code(GLORIA))],
                                      ["800 g evaporated_milk item by barcode+receipt for 5.00"]),
    "shortened words with the brand, to be confirmed": (
        [shot("r", receipt(line("GLORIA EVAP"))), shot("c", code(GLORIA))],
        ["400 g evaporated_milk confirm by barcode+receipt for 5.00"]),
    "two brands find their lines, to be confirmed": (
        [shot("r", receipt(line("LECHE EVAP LAIVE", price="4.00"), line("LECHE EVAP GLORIA"))),
         shot("c", code(GLORIA)), shot("d", code(LAIVE))],
        ["390 g evaporated_milk confirm by barcode+receipt for 4.00",
         "400 g evaporated_milk confirm by barcode+receipt for 5.00"]),
    "one line for two brands is in doubt": (
        [shot("r", receipt(line("LECHE EVAP"))), shot("c", code(GLORIA)), shot("d", code(LAIVE))],
        ["390 g evaporated_milk item by barcode", "400 g evaporated_milk confirm by barcode+receipt for 5.00"]),
    "a code of another food is another thing": (
        [shot("r", receipt(line("TOMATE"))), shot("c", code(GLORIA))],
        ["400 g evaporated_milk item by barcode", "1 piece tomato confirm by receipt for 5.00"]),
    # Dates.
    "a date in the photo of one thing": ([shot("a", "tomato!", label(DAY)), shot("b", "onion!")],
                                         [f"{TOMATO} until {DAY}", "1 piece onion item by whole"]),
    "a date by itself, and one thing": ([shot("l", label(DAY)), shot("a", "tomato!")], [f"{TOMATO} until {DAY}"]),
    "a date by itself, and one thing without a date": (
        [shot("l", label(DAY)), shot("c", code(GLORIA, LATER)), shot("a", "tomato!")],
        [f"400 g evaporated_milk item by barcode until {LATER}", f"{TOMATO} until {DAY}"]),
    "a date by itself, and two things": (
        [shot("l", label(DAY)), shot("a", "tomato!"), shot("b", "onion!")],
        [TOMATO, "1 piece onion item by whole", f"1 piece {EXPIRES} suggestion by label until {DAY}"]),
    "a date beside two things": (
        [shot("a", "tomato~[]", "onion~[]", label(DAY))],
        ["1 piece tomato confirm by parts", "1 piece onion confirm by parts",
         f"1 piece {EXPIRES} suggestion by label until {DAY}"]),
    "a date alone": ([shot("l", label(DAY))], [f"1 piece {EXPIRES} suggestion by label until {DAY}"]),
    "a guess gets no date": ([shot("a", "tomato?", label(DAY))],
                             ["1 piece tomato suggestion by whole",
                              f"1 piece {EXPIRES} suggestion by label until {DAY}"]),
    "a date that can be read otherwise is confirmed": ([shot("a", "tomato!", label(DAY, LATER))],
                                                       [f"1 piece tomato confirm by whole until {DAY}"]),
    "of two labels the sooner, to be confirmed": (
        [shot("a", "tomato!", label(LATER)), shot("b", "tomato!", label(DAY))],
        [f"1 piece tomato confirm by whole until {DAY}",]),
    "the code's date before the label's": ([shot("c", code(GLORIA, LATER), label(DAY))],
                                           [f"400 g evaporated_milk confirm by barcode until {LATER}"]),
    "the code's date as the label's": ([shot("c", code(GLORIA, DAY), label(DAY))],
                                       [f"400 g evaporated_milk item by barcode until {DAY}"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_capture_comes_to(case: str) -> None:
    shots, lines = CASES[case]
    assert [told(thing) for thing in come_to(shots)] == lines


FOODS = ("tomato", "onion", "apple", "carrot", "lemon", "avocado", "potato", "mushroom")


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[Shot], set[str]]:
    """A shopping: each food on the receipt, on a shelf, by its code, or by several of these; and what it was."""
    foods = draw(st.lists(st.sampled_from(FOODS), min_size=1, unique=True))
    sources = [draw(st.sets(st.sampled_from("rsc"), min_size=1)) for _ in foods]
    bought = [line(food.upper()) for food, its in zip(foods, sources, strict=True) if "r" in its]
    shots = [shot("r", receipt(*bought))] if bought else []
    for food, its in zip(foods, sources, strict=True):
        if "s" in its:
            shots.append(shot(f"s-{food}", food + draw(st.sampled_from("!~"))))
        if "c" in its:
            shots.append(shot(f"c-{food}", code(CODES[food])))
    return draw(st.permutations(shots)), set(foods)


CODES = {food: f"1{number:013}" for number, food in enumerate(FOODS)}
PRODUCTS |= {
    Gtin(gtin): Product(Gtin(gtin), food, FoodId(food), None, ProductSource.OWN) for food, gtin in CODES.items()
}
MEANINGS |= {food.upper(): Meaning(food, FoodId(food), MeaningRule.CATALOGUE) for food in FOODS}


@given(sessions())
def test_a_shopping_comes_to_each_food_once_and_to_no_other(session: tuple[list[Shot], set[str]]) -> None:
    shots, foods = session
    things = come_to(shots)
    assert sorted(thing.food or "" for thing in things) == sorted(foods)
    for thing in things:
        names = {thing.food, *(food for food in FOODS if thing.evidence.get("gtin") == CODES[food])}
        names |= {thing.evidence["words"].lower()} if "words" in thing.evidence else set()
        names |= {photo.removeprefix("s-").removeprefix("c-") for photo in thing.seen_in}
        assert names == {thing.food}  # all its evidence is of the same food
        assert thing.photo or thing.evidence


def test_a_code_that_the_phone_scanned_is_the_one_in_the_photo() -> None:
    assert [told(one) for one in come_to([shot("c", code(GLORIA))], code(GLORIA), code(GLORIA), code(SODA))] == [
        "400 g evaporated_milk item by barcode", "1 piece crackers item by barcode",
    ]  # fmt: skip


def test_a_line_keeps_all_its_evidence() -> None:
    (thing,) = come_to(
        [shot("r", receipt(line("LECHE EVAP GLORIA", "2"))), shot("a", "evaporated_milk~[]"),
         shot("c", code(GLORIA), label(DAY, LATER))]
    )  # fmt: skip
    assert thing.evidence == {
        "code": GLORIA, "gtin": printed(GLORIA), "product": "installed", "brand": "Gloria", "code_photo": "2",
        "packs": "2", "shop": "Wong", "words": "LECHE EVAP GLORIA", "text": "LECHE EVAP GLORIA", "price": "5.00",
        "currency": "PEN", "bought_on": "2026-11-23", "receipt_photo": "0",
        "date": str(DAY), "date_kind": "best_before", "date_text": f"VENCE {DAY}", "date_by": "label",
        "date_others": str(LATER), "date_photo": "2",
    }  # fmt: skip
    assert (thing.photo, thing.box, thing.rule) == ("a", BOX, "barcode+receipt+parts")
    assert (thing.decision, thing.confidence) == (Decision.CONFIRM, 0.9)  # the date can be read otherwise


def test_a_photo_tells_what_it_was_taken_for() -> None:
    assert shot("a", "tomato!", code(GLORIA), label(DAY)).kinds == (PhotoKind.FOOD, PhotoKind.LABEL, PhotoKind.BARCODE)
    assert shot("r", receipt(line("TOMATE"))).kinds == (PhotoKind.RECEIPT,)
    assert shot("b").kinds == ()
