"""Eating by name over HTTP: what expires first goes first, in whatever unit, and nobody eats what may not be eaten."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import Client, stack_path

EAT = "/api/inventory/consume"
TODAY = (datetime.now(UTC) - timedelta(hours=5)).date()  # in Lima


async def add(client: Client, name: str, quantity: float, unit: str, days: int) -> dict[str, Any]:
    item = {"name": name, "quantity": quantity, "type_unit": unit, "expiration_date": str(TODAY + timedelta(days=days))}
    reply = await client.post("/api/inventory/ingredients", json={"ingredients": [item]})
    added: dict[str, Any] = reply.json["items"][0]
    return added


async def eat(client: Client, name: str, quantity: float | None = None, unit: str | None = None) -> Any:
    return answered(await client.post(EAT, json={"name": name, "quantity": quantity, "unit": unit}), "POST", EAT)


async def test_what_expires_first_is_eaten_first(client: Client) -> None:
    late, soon, middle = [await add(client, "Leche", 1, "litros", days) for days in (9, 2, 5)]
    told = await eat(client, "leche", 1.25, "litros")
    assert [(draw["batch_id"], draw["consumed_quantity"]) for draw in told["draws"]] == [
        (soon["batch_id"], 1), (middle["batch_id"], 0.25),
    ]  # fmt: skip
    assert (told["consumed_quantity"], told["remaining_quantity"]) == (1.25, 1.75)
    left = {stack["batch_id"]: stack["quantity"] for stack in (await client.stock())["Leche"]}
    assert left == {late["batch_id"]: 1, middle["batch_id"]: 0.75}


async def test_one_undo_gives_all_of_it_back(client: Client) -> None:
    for days in (1, 2, 3):
        await add(client, "Pan", 4, "unidades", days)
    before = await client.stock()
    told = await eat(client, "Pan", 9)
    assert (await client.post(f"/api/journal/{told['entry_id']}/undo")).status == 200
    assert await client.stock() == before


async def test_other_units_are_converted_and_each_stack_keeps_its_own(client: Client) -> None:
    await add(client, "Arroz", 400, "gramos", 3)
    await add(client, "Arroz", 2, "kg", 30)
    told = await eat(client, "Arroz", 1, "kg")
    assert [(draw["consumed_quantity"], draw["unit"]) for draw in told["draws"]] == [
        (400, "gramos"), (0.6, "kilogramos"),
    ]  # fmt: skip
    assert told["remaining_quantity"] == 1.4


async def test_a_dozen_less_one_is_eleven(client: Client) -> None:
    await add(client, "Huevos", 2, "unidades", 3)
    await add(client, "Huevos", 1, "docena", 9)
    told = await eat(client, "Huevos", 3, "unidades")
    assert [(draw["consumed_quantity"], draw["remaining_quantity"], draw["unit"]) for draw in told["draws"]] == [
        (2, 0, "unidades"), (1, 11, "unidades"),
    ]  # fmt: skip
    assert told["remaining_quantity"] == 11


async def test_a_synonym_names_it_too(client: Client) -> None:
    await add(client, "Palta", 3, "unidades", 3)
    assert (await eat(client, "aguacate", 1))["remaining_quantity"] == 2


async def test_without_an_amount_all_of_it_is_eaten(client: Client) -> None:
    for days in (1, 2):
        await add(client, "Yogur", 1, "unidades", days)
    assert (await eat(client, "Yogur"))["remaining_quantity"] == 0
    assert await client.stock() == {}


async def test_more_than_there_is_is_refused_with_what_there_is(client: Client) -> None:
    for days in (1, 2):
        await add(client, "Leche", 0.5, "litros", days)
    body = {"name": "Leche", "quantity": 1500, "unit": "ml"}
    problem = await refused_in_both_languages(client, "POST", EAT, 409, json=body)
    assert problem["code"] == "not_enough"
    assert "1000" in problem["error"]
    there = problem["available"]
    assert (there["quantity"], there["type_unit"]) == (1000, "mililitros")
    assert [(stack["quantity"], stack["type_unit"]) for stack in there["stacks"]] == [(0.5, "litros")] * 2
    assert {stack["batch_id"] for stack in there["stacks"]} == {
        stack["batch_id"]
        for shelf in (await client.get("/api/inventory")).json["ingredients"]
        for stack in shelf["stacks"]
    }
    assert await client.quantity("Leche") == 1


async def test_what_is_set_aside_is_never_eaten_and_what_is_kept_only_at_last(client: Client) -> None:
    aside, kept, free = [await add(client, "Huevos", 2, "unidades", days) for days in (1, 2, 9)]
    await client.post(f"/api/inventory/batch/{aside['batch_id']}/quarantine")
    meal = {"planner_date": str(TODAY), "meal_type": "cena"}
    await client.post(f"/api/inventory/batch/{kept['batch_id']}/reserve", json=meal)
    told = await eat(client, "Huevos", 3)
    assert [(draw["batch_id"], draw["consumed_quantity"]) for draw in told["draws"]] == [
        (free["batch_id"], 2), (kept["batch_id"], 1),
    ]  # fmt: skip
    assert told["remaining_quantity"] == 1
    refused(await client.post(EAT, json={"name": "Huevos", "quantity": 2}), 409, "not_enough")
    refused(await client.post(f"{stack_path(aside)}/consume", json={}), 409, "wrong_state")
    refused(await client.post(EAT, json={"name": "Pan", "quantity": 2}), 404, "unknown_item")


async def test_pieces_are_not_taken_for_litres(client: Client) -> None:
    await add(client, "Cosa rara", 3, "unidades", 3)
    refused(await client.post(EAT, json={"name": "Cosa rara", "quantity": 1, "unit": "litros"}), 422, "cannot_convert")
    assert await client.quantity("Cosa rara") == Decimal(3)


async def test_others_food_is_not_eaten(client: Client, guest: Any) -> None:
    ana = await guest()
    await add(ana, "Leche", 1, "litros", 3)
    refused(await client.post(EAT, json={"name": "Leche"}), 404, "unknown_item")
    assert await ana.quantity("Leche") == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "Leche", "quantity": 0}, "/quantity"),
        ({"name": "Leche", "quantity": -1}, "/quantity"),
        ({"name": "Leche", "quantity": "mucha"}, "/quantity"),
        ({"name": "Leche", "quantity": 1, "unit": "codos"}, "/unit"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused(client: Client, body: dict[str, Any], pointer: str) -> None:
    problem = await refused_in_both_languages(client, "POST", EAT, 422, json=body)
    assert [one["pointer"] for one in problem["errors"]] == [pointer]
