"""Items of a bulk add are read by a shorter way, which must give what the schema gives, or its refusal."""

from typing import Any

import pytest

from handlers.schemas import load
from handlers.stock_bodies import ITEM, read_item
from zwai.errors import Invalid

PAN = {"name": "Pan", "quantity": 2, "type_unit": "unidades"}


@pytest.mark.parametrize(
    "document",
    [
        PAN,
        {"name": "  Ají   amarillo ", "serving_quantity": "1/2", "unit": "porciones", "foreign": [1]},
        {"name": "Arroz", "quantity": "media docena"},
        {**PAN, "storage_type": "congelador", "tips": "Tapar", "expiration_date": "2026-03-01", "label_type": "use_by"},
        {**PAN, "expiration_time": "3", "time_unit": "Semanas", "added_at": "2026-03-01T10:00:00Z"},
        {**PAN, "main_ingredients": ["ajo", "sal"], "category": "criolla", "calories": 0, "description": "x"},
        {**PAN, "image_url": f"http://x/photos/{'a' * 32}/display?e=1", "expiration_date": ""},
        {**PAN, "image_path": "placeholder", "tips": None, "storage_type": None, "label_type": None},
    ],
)
def test_a_good_item_is_read_as_the_schema_reads_it(document: dict[str, Any]) -> None:
    assert read_item(document) == load(ITEM, document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        7,
        None,
        [PAN],
        {**PAN, "name": None},
        {**PAN, "name": "x" * 101, "quantity": -1, "type_unit": "x"},
        {"name": "Pan", "quantity": 2},
        {**PAN, "main_ingredients": None},
        {**PAN, "main_ingredients": ["x" * 101, 3]},
        {**PAN, "expiration_time": 2.5, "tips": 3, "label_type": "x"},
    ],
)
def test_a_bad_item_is_refused_as_the_schema_refuses_it(document: Any) -> None:
    with pytest.raises(Invalid) as short:
        read_item(document)
    with pytest.raises(Invalid) as whole:
        load(ITEM, document)
    assert short.value.problems == whole.value.problems
