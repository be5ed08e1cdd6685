"""Products in the database: of several rows with one number the first stays, and all that is known of it comes back."""

from decimal import Decimal

from storage import products
from tests.service import Service
from zwai.records.allergens import Allergen
from zwai.records.products import Product, ProductSource
from zwai.records.reading import Gtin
from zwai.records.stock import FoodId, Quantity, Unit

OIL = Product(
    Gtin("07750670000826"), "Aceite «Ñusta» 1 L", FoodId("vegetable_oil"), Quantity(Decimal("1.5"), Unit.L),
    ProductSource.INSTALLED, "Ñusta", (Allergen.SOY, Allergen.SULPHITES),
)  # fmt: skip
BARE = Product(Gtin("07750670000833"), "Algo", None, None, ProductSource.INSTALLED)


async def test_the_first_of_several_rows_with_one_number_stays(service: Service) -> None:
    other = Product(OIL.gtin, "Otro", None, None, ProductSource.INSTALLED)
    async with service.kitchen.database.write() as tx:
        before = await products.count(tx)
        await products.install(tx, [OIL, other, BARE])
        await products.install(tx, [other])
        assert await products.count(tx) == before + 2
        assert await products.installed(tx, [OIL.gtin, BARE.gtin]) == {OIL.gtin: OIL, BARE.gtin: BARE}
        assert await products.installed(tx, []) == {}
