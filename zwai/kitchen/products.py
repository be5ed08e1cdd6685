"""What a barcode stands for: the household's own memory first, then the file that the operator installed."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from storage import products
from storage.db import Read, Write
from zwai.errors import UnknownProduct
from zwai.kitchen.gs1 import is_a_shops_own, normalised, printed
from zwai.kitchen.inventory import food_of
from zwai.knowledge.allergens import named_in
from zwai.knowledge.names import label_key
from zwai.knowledge.quantities import parse
from zwai.knowledge.units import round_off
from zwai.operator_errors import NotAProductFile
from zwai.records.allergens import Allergen
from zwai.records.people import HouseholdId, Language, Member
from zwai.records.products import Product, ProductSource
from zwai.records.reading import Gtin
from zwai.records.stock import LONGEST_LABEL, Batch, FoodId, Quantity, Unit

# The columns of a product file, under our names and those of an Open Food Facts export.
COLUMNS = {
    "gtin": ("gtin", "code"),
    "name": ("name", "product_name"),
    "brand": ("brand", "brands"),
    "quantity": ("quantity",),
    "allergens": ("allergens",),
}
NEEDED = ("gtin", "name")
LONGEST_BRAND, LONGEST_CELL = 100, 2000
LARGEST = 1_000_000  # of an amount
LONGEST_LINE = 1_000_000  # an export has ingredients and addresses in its cells

_CENTILITRES = re.compile(r"(\d+(?:[.,]\d+)?)\s*cl\b", re.IGNORECASE)
_ESTIMATED = re.compile(r"\s*(?:℮|\be)$")


class Export(csv.excel_tab):
    """How Open Food Facts writes: quotes mean themselves."""

    quoting = csv.QUOTE_NONE


class _Rows:
    """The lines of a file; csv.Error where a row's are longer than any row."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._size = 0

    def begin(self) -> None:
        """A new row begins."""
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._size += len(line)
        if self._size > LONGEST_LINE:
            raise csv.Error("too long a row")
        return line


async def known(tx: Read, household: HouseholdId, gtins: Collection[Gtin]) -> dict[Gtin, Product]:
    """What codes stand for, of those that anybody knows; a household's own word counts, and the file's allergens."""
    installed = await products.installed(tx, gtins)
    own = await products.of_household(tx, household, gtins)
    return installed | {gtin: _with_label_facts(product, installed.get(gtin)) for gtin, product in own.items()}


async def product(tx: Read, household: HouseholdId, gtin: Gtin) -> Product:
    """Raises UnknownProduct."""
    found = (await known(tx, household, [gtin])).get(gtin)
    if found is None:
        raise UnknownProduct({"gtin": printed(gtin)})
    return found


async def teach(tx: Write, member: Member, gtin: Gtin, label: str, quantity: Quantity, now: datetime) -> Product:
    """Keep what a household calls a code."""
    taught = Product(gtin, label, food_of(label, member.language), quantity, ProductSource.OWN)
    await products.put(tx, member.household, taught, quantity, now)
    return await product(tx, member.household, gtin)


async def learn(
    tx: Write, household: HouseholdId, accepted: Iterable[tuple[Mapping[str, str], Batch]], now: datetime
) -> None:
    """Keep what a household called the codes of what it accepted, each with the evidence of its line.

    A code that is still called by its digits was not named.
    """
    for evidence, batch in accepted:
        gtin = normalised(evidence.get("gtin", ""))
        if gtin is None or batch.label_key == label_key(evidence.get("code", "")[:LONGEST_LABEL]):
            continue
        quantity = of_one_pack(batch.quantity, int(evidence.get("packs", "1")))
        named = Product(gtin, batch.label, batch.food, quantity, ProductSource.OWN)
        await products.put(tx, household, named, quantity, now)


async def forget(tx: Write, household: HouseholdId, gtin: Gtin) -> None:
    """Forget what a household calls a code; what is installed stays. Raises UnknownProduct."""
    if not await products.forget(tx, household, gtin):
        raise UnknownProduct({"gtin": printed(gtin)})


def read(lines: Iterable[str]) -> Iterator[Product | None]:
    """The products of a file, one by one; None for a row that is none. Raises NotAProductFile.

    Comma- or semicolon-separated with a header, or the tab-separated export of Open Food Facts. `lines` are bounded by
    whoever reads them; a row, which may have several of them, is here.
    """
    csv.field_size_limit(LONGEST_LINE)
    rows = _Rows(lines)
    try:
        header = next(rows, "").lstrip("\ufeff")
        separator = max("\t;,", key=header.count)
        titles = [title.strip().lower() for title in next(csv.reader([header], delimiter=separator), [])]
    except csv.Error:
        titles = []
    places = {
        name: titles.index(title) for name, titled in COLUMNS.items() if (title := _titled(titles, titled)) is not None
    }
    if missing := [name for name in NEEDED if name not in places]:
        raise NotAProductFile({"column": missing[0]})
    cells = csv.reader(rows, "excel" if separator != "\t" else Export, delimiter=separator)
    while True:
        rows.begin()
        try:
            row = next(cells)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if row:
            yield _product({name: row[place] for name, place in places.items() if place < len(row)})


def _titled(titles: list[str], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in titles), None)


def _product(cells: Mapping[str, str]) -> Product | None:
    digits = cells.get("gtin", "").strip()
    # A spreadsheet drops the zeros in front.
    gtin = normalised(digits) or normalised(digits.zfill(13)) if 6 <= len(digits) <= 14 else None
    label = " ".join(cells.get("name", "")[:LONGEST_CELL].split())[:LONGEST_LABEL].strip()
    if gtin is None or is_a_shops_own(gtin) or not label_key(label) or not label.isprintable():
        return None
    return Product(
        gtin=gtin,
        label=label,
        food=_food(label),
        quantity=_quantity(cells.get("quantity", "")),
        source=ProductSource.INSTALLED,
        brand=" ".join(cells.get("brand", "").split(",")[0].split())[:LONGEST_BRAND],
        allergens=_allergens(cells.get("allergens", "")[:LONGEST_CELL]),
    )


def _food(label: str) -> FoodId | None:
    return food_of(label, Language.ES) or food_of(label, Language.EN)


@lru_cache(maxsize=4096)
def _quantity(text: str) -> Quantity | None:
    """What is in a pack: "400 g", "33 cl", "6 x 330 ml"; None where it isn't clear."""
    in_ml = _CENTILITRES.sub(lambda found: f"{float(found[1].replace(',', '.')) * 10:g} ml", text.strip())
    quantity = parse(_ESTIMATED.sub("", in_ml))
    return quantity if quantity and 0 < quantity.amount < LARGEST else None


@lru_cache(maxsize=4096)
def _allergens(text: str) -> tuple[Allergen, ...]:
    """Those of the EU list that a cell names, in words of either language or as "en:milk,en:gluten"."""
    words = re.sub(r"\b[a-z]{2}:", "", text).replace("-", " ")
    found = named_in(words, Language.ES) | named_in(words, Language.EN) if words.strip() else frozenset()
    return tuple(code for code in Allergen if code in found)


def _with_label_facts(own: Product, installed: Product | None) -> Product:
    return replace(own, brand=installed.brand, allergens=installed.allergens) if installed else own


def of_one_pack(quantity: Quantity, packs: int) -> Quantity:
    """What of an accepted quantity each of the packs holds; fewer pieces than packs were counted another way."""
    if quantity.unit is Unit.PIECE and quantity.amount % packs:
        return quantity
    return Quantity(round_off(quantity.amount / packs), quantity.unit)
