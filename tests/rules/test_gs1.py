"""What barcodes say: product numbers by their check digit, and GS1's element strings."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zwai.kitchen.gs1 import barcode, is_a_shops_own, normalised, printed
from zwai.records.photos import Box
from zwai.records.reading import Gtin
from zwai.records.stock import LabelKind, Quantity, Unit

TODAY = date(2026, 11, 24)
MILK = "07750670000154"


@pytest.mark.parametrize(
    ("sent", "gtin"),
    [
        ("7750670000154", MILK),
        ("]E07750670000154", MILK),  # as a scanner that names the symbology sends it
        (" 7 750670 000154 ", MILK),  # as it is printed below the bars
        ("7750670000155", None),  # wrong check digit
        ("775067000015", None),  # a digit short
        ("96385074", "00000096385074"),  # EAN-8
        ("]E496385074", "00000096385074"),
        ("036000291452", "00036000291452"),  # UPC-A
        ("0036000291452", "00036000291452"),  # the same with a zero in front
        ("01234565", "00012345000065"),  # UPC-E, last digit 6
        ("01234531", "00012300000451"),  # UPC-E, last digit 3
        ("01234534", None),  # no UPC-E, and as EAN-8 a shop's own
        ("01234532", None),  # neither UPC-E nor EAN-8
        ("04252614", "00042100005264"),  # UPC-E, last digit 1
        ("17750670000151", "17750670000151"),  # a case, not its packs
        ("00000000", None),
        ("0000000000000", None),
        ("٧٧٥٠٦٧٠٠٠٠١٥٤", None),  # digits, but none that bars can hold
        ("https://example.com/oferta", None),
        ("WIFI:S:tienda;;", None),
        ("]C0hello", None),
        ("", None),
    ],
)
def test_a_code_names_a_product_by_its_number(sent: str, gtin: str | None) -> None:
    found = barcode(sent, TODAY)
    assert (found and found.gtin) == gtin


@pytest.mark.parametrize(
    ("sent", "day", "kind", "quantity", "lot"),
    [
        ("]C10107750670000154172612311 0L".replace(" ", ""), date(2026, 12, 31), LabelKind.USE_BY, None, "L"),
        ("]d20107750670000154152702", None, None, None, ""),  # cut short: no date is made of it
        ("]d2010775067000015415270200", date(2027, 2, 28), LabelKind.BEST_BEFORE, None, ""),  # day 00 is the last
        ("]d2010775067000015415280200", date(2028, 2, 29), LabelKind.BEST_BEFORE, None, ""),
        ("]d2010775067000015415270231", None, None, None, ""),  # no such day
        ("]d2010775067000015417271301", None, None, None, ""),  # no such month
        ("]d2010775067000015411261001", None, None, None, ""),  # made on: says nothing of the end
        ("]d201077506700001541526120117261124", date(2026, 11, 24), LabelKind.USE_BY, None, ""),  # safety first
        ("]C101077506700001543103001250", None, None, Quantity(Decimal("1.25"), Unit.KG), ""),
        ("]e001077506700001543100000002", None, None, Quantity(Decimal(2), Unit.KG), ""),
        ("]C101077506700001543153000750", None, None, Quantity(Decimal("0.75"), Unit.L), ""),
        ("]C101077506700001543202000150", None, None, Quantity(Decimal("1.5"), Unit.LB), ""),
        ("]C101077506700001543103000000", None, None, None, ""),  # weighs nothing: not weighed
        ("]C10107750670000154303", None, None, Quantity(Decimal(3), Unit.PIECE), ""),
        ("]C1010775067000015410AB\x1d17270131", date(2027, 1, 31), LabelKind.USE_BY, None, "AB"),
        ("0107750670000154" + "17270131", date(2027, 1, 31), LabelKind.USE_BY, None, ""),  # unmarked
        ("(01)07750670000154(17)270131(10)AB-1", date(2027, 1, 31), LabelKind.USE_BY, None, "AB-1"),  # as printed
        ("https://id.gs1.org/01/07750670000154/10/AB?17=270131", date(2027, 1, 31), LabelKind.USE_BY, None, "AB"),
        ("]Q1https://tienda.example/p/01/7750670000154?15=270131&utm=x", date(2027, 1, 31), LabelKind.BEST_BEFORE,
         None, ""),
    ],
)  # fmt: skip
def test_gs1s_longer_codes_carry_a_date_a_measure_and_a_lot(
    sent: str, day: date | None, kind: LabelKind | None, quantity: Quantity | None, lot: str
) -> None:
    found = barcode(sent, TODAY, Box(0, 0, 1, 1))
    assert found is not None
    assert found.gtin == MILK
    assert (found.day and found.day.day, found.day and found.day.kind) == (day, kind)
    assert (found.quantity, found.lot) == (quantity, lot)


@pytest.mark.parametrize(
    ("digits", "year"), [("451231", 2045), ("761231", None), ("771231", 1977), ("991231", 1999), ("001231", 2000)]
)
def test_two_digits_of_a_year_are_of_fifty_to_come_or_forty_nine_gone(digits: str, year: int | None) -> None:
    found = barcode(f"(01){MILK}(17){digits}", TODAY)
    assert found is not None and (found.day and found.day.day.year) == year  # nothing keeps for fifty years


@pytest.mark.parametrize(
    ("sent", "own"),
    [
        ("2012345012349", True),  # weighed and labelled by the shop
        ("2900000000001", True),
        ("0212345012345", True),
        ("0400000000008", True),
        ("20000004", True),
        ("7750670000154", False),
        ("3017620422003", False),
        ("96385074", False),
    ],
)
def test_a_shops_own_number_is_told_apart(sent: str, own: bool) -> None:
    gtin = normalised(sent)
    assert gtin is not None
    assert is_a_shops_own(gtin) == own
    found = barcode(sent, TODAY)
    assert found is not None
    assert (found.gtin is None, found.text) == (own, sent)


@pytest.mark.parametrize("number", ["96385074", "012345678905", "4006381333931", "10614141000415"])
def test_a_number_is_told_with_as_many_digits_as_packs_print(number: str) -> None:
    for typed in (number, number.zfill(14)):
        gtin = normalised(typed)
        assert gtin is not None
        assert printed(gtin) == number


def test_a_code_is_shown_as_it_is_printed() -> None:
    found = barcode("]C101077506700001541726123110AB", TODAY)
    assert found is not None
    assert found.text == f"(01){MILK}(17)261231(10)AB"


@given(st.text(max_size=600))
def test_whatever_is_sent_is_a_code_or_none(sent: str) -> None:
    for text in (sent, f"]C1{sent}", f"]C101{MILK}{sent}", f"https://{sent}", f"(01){sent}", f"01{MILK}{sent}"):
        found = barcode(text, TODAY)
        assert found is None or found.gtin is None or normalised(found.gtin) == found.gtin


@given(st.integers(0, 10**13 - 1))
def test_one_wrong_digit_is_always_noticed(number: int) -> None:
    payload = f"{number:013}"
    good = next(f"{payload}{digit}" for digit in "0123456789" if normalised(f"{payload}{digit}") or not number)
    for place in range(14):
        wrong = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
        assert normalised(wrong) is None or normalised(wrong) == Gtin("0" * 14)
