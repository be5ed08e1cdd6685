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


# Eating in another unit


async def eaten(
    client: Client, name: str, quantity: float, kept_in: str, *, eat: float, unit: str | None = None
) -> Any:
    """The answer to eating of a new stack."""
    path = await client.add(name, quantity, kept_in)
    reply = await client.post(f"{path}/consume", json={"consumed_quantity": eat, "unit": unit})
    assert reply.status == 200, reply.body
    return reply.json


@pytest.mark.parametrize(
    ("name", "quantity", "unit", "eat", "eat_unit", "left"),
    [
        ("Arroz", 1, "kilogramos", 250, "gramos", [0.75, "kilogramos"]),
        ("Leche", 1, "litros", 1, "taza", [0.75, "litros"]),
        ("Carne", 2, "libras", 16, "onzas", [1, "libras"]),
        ("Carne", 1000, "gramos", 1, "lb", [546.408, "gramos"]),
        ("Huevo", 1, "docenas", 6, "unidades", [0.5, "docenas"]),
        ("Huevo", 1, "docenas", 1, "unidad", [11, "unidades"]),  # a twelfth has no end in thousandths
        ("Azúcar", 1, "kilogramos", 0.5, "gramos", [999.5, "gramos"]),
        ("Zzyzx", 1, "kilogramos", 200, "g", [0.8, "kilogramos"]),  # by definition, of what nobody knows too
    ],
)
async def test_what_is_eaten_in_another_unit_is_taken_exactly(
    client: Client, name: str, quantity: float, unit: str, eat: float, eat_unit: str, left: list[Any]
) -> None:
    answer = await eaten(client, name, quantity, unit, eat=eat, unit=eat_unit)
    assert [answer["remaining_quantity"], answer["unit"]] == left
    (stacks,) = (await client.stock()).values()
    assert [stacks[0]["quantity"], stacks[0]["type_unit"]] == left
    assert answer["conversion"]["assumed"] is False
    assert answer["conversion"]["source"] == "por definición"


async def test_a_dozen_is_eaten_one_by_one_to_the_last(client: Client) -> None:
    path = await client.add("Huevo", 1, "docenas")
    for left in range(11, -1, -1):
        answer = (await client.post(f"{path}/consume", json={"consumed_quantity": 1, "unit": "unidad"})).json
        assert answer["remaining_quantity"] == left
    assert answer["stack_removed"] is True
    assert await client.stock() == {}


async def test_pieces_are_eaten_of_grams_by_what_a_piece_weighs_and_the_answer_says_according_to_whom(
    client: Client,
) -> None:
    answer = await eaten(client, "Tomate", 1, "kilogramos", eat=2, unit="unidades")
    assert (answer["consumed_quantity"], answer["remaining_quantity"], answer["unit"]) == (0.246, 0.754, "kilogramos")
    conversion = answer["conversion"]
    assert (conversion["quantity"], conversion["unit"], conversion["assumed"]) == (2, "unidades", False)
    assert conversion["source"].startswith("USDA SR 11529")


async def test_a_judged_weight_is_said_to_be_assumed(client: Client) -> None:
    answer = await eaten(client, "Leche evaporada", 2, "latas", eat=200, unit="gramos")
    assert answer["remaining_quantity"] == 1.5
    assert answer["conversion"]["assumed"] is True
    assert answer["conversion"]["source"].startswith("assumed: 400 g a can")


async def test_nothing_is_converted_where_the_unit_is_the_stack_s_own(client: Client) -> None:
    assert (await eaten(client, "Tomate", 3, "unidades", eat=1, unit="piezas"))["conversion"] is None
    assert (await eaten(client, "Papa", 3, "unidades", eat=1))["conversion"] is None


@pytest.mark.parametrize(
    ("name", "quantity", "unit", "eat_unit", "said"),
    [
        ("Zzyzx", 3, "unidades", "gramos", "gramos a unidades"),
        ("Agua", 2, "litros", "unidades", "unidades a litros"),
        ("Lomo saltado", 3, "porciones", "mililitros", "mililitros a porciones"),
    ],
)
async def test_what_nobody_knows_is_never_taken_one_to_one(
    client: Client, name: str, quantity: float, unit: str, eat_unit: str, said: str
) -> None:
    path = await client.add(name, quantity, unit)
    body = {"consumed_quantity": 1, "unit": eat_unit}
    problem = await refused_in_both_languages(client, "POST", f"{path}/consume", 422, json=body)
    assert problem["code"] == "cannot_convert"
    assert said in problem["error"]
    assert await client.quantity(name) == quantity


async def test_more_than_there_is_is_refused_in_the_units_of_both(client: Client) -> None:
    path = await client.add("Arroz", 0.2, "kilogramos")
    reply = await client.post(f"{path}/consume", json={"consumed_quantity": 500, "unit": "gramos"})
    problem = refused(reply, 409, "not_enough")
    assert problem["error"] == "Pediste 500 gramos, pero de «Arroz» hay 0.2 kilogramos."


async def test_eating_in_another_unit_is_undone_to_the_unit_before(client: Client) -> None:
    answer = await eaten(client, "Huevo", 1, "docenas", eat=1, unit="unidad")
    assert (await client.post(f"/api/journal/{answer['entry_id']}/undo")).status == 200
    (stacks,) = (await client.stock()).values()
    assert [stacks[0]["quantity"], stacks[0]["type_unit"]] == [1, "docenas"]


async def test_one_egg_by_name_leaves_eleven_of_a_dozen(client: Client) -> None:
    await client.add("Huevo", 1, "docenas")
    body = {"name": "huevos", "quantity": 1, "unit": "unidad"}
    answer = (await client.post("/api/inventory/consume", json=body)).json
    (draw,) = answer["draws"]
    assert (draw["consumed_quantity"], draw["remaining_quantity"], draw["unit"]) == (1, 11, "unidades")
    assert await client.quantity("Huevo") == 11


async def test_a_correction_says_how_much_there_is_in_whatever_unit_and_converts_nothing(client: Client) -> None:
    path = await client.add("Zzyzx", 3, "unidades")
    assert (await client.put(f"{path}/quantity", json={"quantity": 200, "unit": "gramos"})).status == 200
    assert (await client.put(f"{path}/quantity", json={"quantity": 150})).status == 200
    (stacks,) = (await client.stock()).values()
    assert [stacks[0]["quantity"], stacks[0]["type_unit"]] == [150, "gramos"]


async def test_eating_by_name_tells_of_each_stack_how_it_was_converted(client: Client) -> None:
    for quantity, unit in ((1, "latas"), (400, "gramos")):
        await client.add("Leche evaporada", quantity, unit)
    body = {"name": "Leche evaporada", "quantity": 500, "unit": "gramos"}
    draws = (await client.post("/api/inventory/consume", json=body)).json["draws"]
    told = {draw["unit"]: (draw["conversion_assumed"], draw["conversion_source"]) for draw in draws}
    assert told["latas"] == (True, "assumed: 400 g a can; the usual can in Peru")
    assert told["gramos"] == (None, None)
