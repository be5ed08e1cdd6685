"""What barcodes stand for: to a household, and to everybody by the file that the operator installed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from storage.db import Read, Write
from storage.schema import installed_products, products
from zwai.records.allergens import Allergen
from zwai.records.people import HouseholdId
from zwai.records.products import Product, ProductSource
from zwai.records.reading import Gtin
from zwai.records.stock import FoodId, Quantity, Unit

# The first of several rows with one number stays.
INSTALL = insert(installed_products).prefix_with("OR IGNORE", dialect="sqlite").prefix_with("IGNORE", dialect="mysql")


async def of_household(tx: Read, household: HouseholdId, gtins: Collection[Gtin]) -> dict[Gtin, Product]:
    """What a household calls them, of those that it knows."""
    query = select(products).where(products.c.household_id == household, products.c.gtin.in_(gtins))
    return {row.gtin: _own(row) for row in await tx.all(query)} if gtins else {}


async def installed(tx: Read, gtins: Collection[Gtin]) -> dict[Gtin, Product]:
    """What the installed file says of them, of those that it has."""
    query = select(installed_products).where(installed_products.c.gtin.in_(gtins))
    return {row.gtin: _installed(row) for row in await tx.all(query)} if gtins else {}


async def put(tx: Write, household: HouseholdId, product: Product, quantity: Quantity, now: datetime) -> None:
    """From now on the code stands for this, in the household."""
    this = (products.c.household_id == household, products.c.gtin == product.gtin)
    values = {
        "label": product.label,
        "food_id": product.food,
        "amount": quantity.amount,
        "unit": quantity.unit.value,
        "learned_at": now,
    }
    if await tx.execute(update(products).where(*this).values(values)) == 0:
        await tx.execute(insert(products).values(household_id=household, gtin=product.gtin, **values))


async def forget(tx: Write, household: HouseholdId, gtin: Gtin) -> bool:
    """Whether there was something to forget."""
    this = (products.c.household_id == household, products.c.gtin == gtin)
    return await tx.execute(delete(products).where(*this)) > 0


async def count(tx: Read) -> int:
    """How many are installed."""
    return int(await tx.scalar(select(func.count()).select_from(installed_products)))


async def uninstall(tx: Write) -> None:
    await tx.execute(delete(installed_products))


async def install(tx: Write, found: Sequence[Product]) -> None:
    """Add products to those that are installed, but for those that are already."""
    await tx.execute(INSTALL, [_to_row(product) for product in found])


def _to_row(product: Product) -> dict[str, Any]:
    quantity = product.quantity
    return {
        "gtin": product.gtin,
        "label": product.label,
        "brand": product.brand,
        "food_id": product.food,
        "amount": quantity and quantity.amount,
        "unit": quantity and quantity.unit.value,
        "allergens": ",".join(product.allergens),
    }


def _own(row: Row[Any]) -> Product:
    food = row.food_id and FoodId(row.food_id)
    return Product(Gtin(row.gtin), row.label, food, Quantity(row.amount, Unit(row.unit)), ProductSource.OWN)


def _installed(row: Row[Any]) -> Product:
    return Product(
        gtin=Gtin(row.gtin),
        label=row.label,
        food=row.food_id and FoodId(row.food_id),
        quantity=Quantity(row.amount, Unit(row.unit)) if row.unit else None,
        source=ProductSource.INSTALLED,
        brand=row.brand,
        allergens=tuple(Allergen(code) for code in row.allergens.split(",") if code),
    )
