"""Files of products: our own columns, and the export of Open Food Facts."""

from decimal import Decimal

import pytest

from zwai.kitchen.products import of_one_pack, read
from zwai.operator_errors import NotAProductFile
from zwai.records.allergens import Allergen
from zwai.records.products import Product, ProductSource
from zwai.records.reading import Gtin
from zwai.records.stock import FoodId, Quantity, Unit

HEADER = "gtin,name,brand,quantity,allergens\n"
MILK = Product(
    Gtin("07750670000154"), "Leche evaporada entera", FoodId("evaporated_milk"), Quantity(Decimal(400), Unit.G),
    ProductSource.INSTALLED, "Gloria", (Allergen.MILK,),
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}7750670000154,Leche evaporada entera,Gloria,400 g,leche\n",
        f"\ufeff{HEADER}07750670000154,Leche  evaporada entera ,Gloria,400g,MILK\n",
        "GTIN;Name;Brand;Quantity;Allergens\r\n7750670000154;Leche evaporada entera;Gloria;400 g;en:milk\r\n",
        "code\tx\tproduct_name\tquantity\tbrands\tallergens\n"
        '7750670000154\t"\tLeche evaporada entera\t400 g\tGloria,Nestlé\ten:milk\n',
        f'{HEADER}7750670000154,"Leche evaporada entera","Gloria","400 g ℮","Contiene leche"\n',
    ],
)
def test_a_row_is_a_product(text: str) -> None:
    assert list(read(text.splitlines(keepends=True))) == [MILK]


@pytest.mark.parametrize(
    "row",
    [
        "7750670000155,Leche,,,",  # wrong check digit
        "7750670000154,,,,",  # no name
        "7750670000154,  ,,,",
        ",Leche,,,",
        "hola,Leche,,,",
        "2012345012349,Queso,,,",  # a shop's own
        "7750670000154",
        "7750670000154,Le\x00che,,,",
    ],
)
def test_a_row_that_is_none_is_counted_and_the_next_one_read(row: str) -> None:
    good = "7750670000154,Leche evaporada entera,Gloria,400 g,leche"
    assert list(read([HEADER, f"{row}\n", f"{good}\n"])) == [None, MILK]


@pytest.mark.parametrize(
    ("cell", "quantity"),
    [
        ("400 g", Quantity(Decimal(400), Unit.G)),
        ("1,5 L", Quantity(Decimal("1.5"), Unit.L)),
        ("33 cl", Quantity(Decimal(330), Unit.ML)),
        ("6 x 33cl", Quantity(Decimal(1980), Unit.ML)),
        ("1 kg e", Quantity(Decimal(1), Unit.KG)),
        ("12 unidades", Quantity(Decimal(12), Unit.PIECE)),
        ("", None),
        ("0 g", None),
        ("familiar", None),
        ("1,500 g", None),  # one and a half, or a thousand and a half
        ("99999999 kg", None),
    ],
)
def test_a_packs_quantity_is_read_where_it_is_clear(cell: str, quantity: Quantity | None) -> None:
    (product,) = read([HEADER, f'7750670000154,Leche,,"{cell}",\n'])
    assert product is not None and product.quantity == quantity


def test_what_a_spreadsheet_made_of_a_number_is_found_again() -> None:
    (product,) = read(["gtin,name\n", "36000291452,Kleenex\n"])
    assert product is not None and product.gtin == "00036000291452"


@pytest.mark.parametrize(
    "text", ["", "name,brand\nLeche,Gloria\n", "gtin\n7750670000154\n", "\x00\x01\x02", "a" * 10_000]
)
def test_what_is_no_list_of_products_is_refused(text: str) -> None:
    with pytest.raises(NotAProductFile):
        list(read(text.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("amount", "unit", "packs", "each"),
    [("1200", Unit.G, 3, "400"), ("6", Unit.PIECE, 3, "2"), ("1", Unit.PIECE, 3, "1"), ("400", Unit.G, 1, "400")],
)
def test_a_pack_holds_its_share_and_no_third_of_a_piece(amount: str, unit: Unit, packs: int, each: str) -> None:
    assert of_one_pack(Quantity(Decimal(amount), unit), packs) == Quantity(Decimal(each), unit)
