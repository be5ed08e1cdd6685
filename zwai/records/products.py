"""Products: what a barcode stands for."""

from dataclasses import dataclass
from enum import StrEnum

from zwai.records.allergens import Allergen
from zwai.records.reading import Gtin
from zwai.records.stock import FoodId, Quantity


class ProductSource(StrEnum):
    """Who says so: the household itself, or the file that the operator installed."""

    OWN = "own"
    INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class Product:
    """What a code stands for; `quantity` is that of one pack, where known, `allergens` what its label declares."""

    gtin: Gtin
    label: str
    food: FoodId | None
    quantity: Quantity | None
    source: ProductSource
    brand: str = ""
    allergens: tuple[Allergen, ...] = ()
