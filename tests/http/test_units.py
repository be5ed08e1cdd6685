"""Quantities over HTTP: read in words, eaten in another unit than they are kept in, and never one to one."""

from typing import Any

import pytest

from tests.http.expecting import refused, refused_in_both_languages
from tests.service import Client

ROOT = "/api/inventory/ingredients"


async def kept(client: Client, **item: Any) -> list[Any]:
    """What is held of an item after it was sent so."""
    reply = await client.post(ROOT, json={"ingredients": [{"name": "Arroz", **item}]})
    assert reply.status == 201, reply.body
    (stacks,) = (await client.stock()).values()
    return [stacks[0]["quantity"], stacks[0]["type_unit"]]


@pytest.mark.parametrize(
    ("quantity", "unit", "held"),
    [
        ("1/2", "kg", [0.5, "kilogramos"]),
        ("1,5", "Kilogramos", [1.5, "kilogramos"]),
        ("½", "taza", [0.5, "tazas"]),
        ("2.5", "litros", [2.5, "litros"]),
        ("500g", None, [500, "gramos"]),
        ("1 1/2 tazas", None, [1.5, "tazas"]),
        ("media docena", None, [0.5, "docenas"]),
        ("3", None, [3, "unidades"]),
    ],
)
async def test_a_quantity_may_be_sent_in_words(
    client: Client, quantity: str, unit: str | None, held: list[Any]
) -> None:
    assert await kept(client, quantity=quantity, type_unit=unit) == held


@pytest.mark.parametrize("quantity", ["1,500", "2-3", "500 g", "muchos", "-1/2", "1/0"])
async def test_a_quantity_that_is_not_clear_is_refused(client: Client, quantity: str) -> None:
    item = {"name": "Arroz", "quantity": quantity, "type_unit": "gramos"}
    problem = await refused_in_both_languages(client, "POST", ROOT, 422, json={"ingredients": [item]})
    assert problem["errors"][0]["pointer"].endswith("/quantity")
    assert await client.stock() == {}


async def test_a_quantity_without_any_unit_is_refused(client: Client) -> None:
    refused(await client.post(ROOT, json={"ingredients": [{"name": "Arroz", "quantity": 3}]}), 422)
