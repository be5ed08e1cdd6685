"""What the service before got wrong about stock: each defect with a test that fails if it comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.http.expecting import refused
from tests.service import Client, stack_path

Guest = Callable[[], Awaitable[Client]]
ROOT = "/api/inventory"
TODAY = (datetime.now(UTC) - timedelta(hours=5)).date()  # in Lima


async def add(client: Client, name: str = "Leche", quantity: float = 2, unit: str = "litros", **more: Any) -> Any:
    item = {"name": name, "quantity": quantity, "type_unit": unit, **more}
    return (await client.post(f"{ROOT}/ingredients", json={"ingredients": [item]})).json["items"][0]


def food_path(item: dict[str, Any]) -> str:
    return stack_path(item).replace("/ingredients/", "/foods/")


async def test_recognised_dishes_are_stored(client: Client) -> None:
    dish = {"name": "Lomo saltado", "description": "", "main_ingredients": ["Res"], "category": "Plato principal",
            "storage_type": "refrigerado", "expiration_time": 3, "time_unit": "días", "tips": "",
            "serving_quantity": 2}  # fmt: skip
    reply = await client.post(f"{ROOT}/foods/from-recognition", json={"foods": [dish]})
    assert (reply.status, reply.json["foods_count"]) == (201, 1)
    assert await client.quantity("Lomo saltado") == 2


async def test_a_stack_that_is_not_there_cannot_be_eaten_corrected_or_eaten_up(client: Client) -> None:
    stack = await add(client)
    nobodys = stack_path({**stack, "added_at": "2020-01-01T00:00:00+00:00"})
    refused(await client.post(f"{nobodys}/consume", json={}), 404)
    refused(await client.put(nobodys, json={"name": "Leche", "quantity": 1, "type_unit": "litros"}), 404)
    refused(await client.post(f"{stack_path(stack)}/consume", json={"consumed_quantity": 3}), 409, "not_enough")


async def test_the_days_of_expiring_count_on_every_call(client: Client) -> None:
    await add(client, expiration_date=(TODAY + timedelta(days=5)).isoformat())
    counts = [(await client.get(f"{ROOT}/expiring", params={"days": days})).json["count"] for days in ("3", "9", "3")]
    assert counts == [0, 1, 0]


async def test_no_list_is_older_than_the_write_before_it(client: Client) -> None:
    paths = [ROOT, f"{ROOT}/complete", f"{ROOT}/simple", f"{ROOT}/ingredients/list"]
    for path in paths:
        assert b"Leche" not in (await client.get(path)).body
    await add(client)
    for path in paths:
        assert b"Leche" in (await client.get(path)).body


async def test_a_refused_list_is_not_kept(client: Client) -> None:
    for _ in range(2):
        refused(await client.get(f"{ROOT}/expiring", params={"days": "x"}), 422)
    assert (await client.get(f"{ROOT}/expiring")).status == 200


async def test_dishes_are_part_of_the_inventory(client: Client) -> None:
    await add(client, "Sopa", 2, "porciones")
    assert [shelf["name"] for shelf in (await client.get(ROOT)).json["food_items"]] == ["Sopa"]


async def test_a_quantity_of_zero_removes_and_a_negative_one_is_refused(client: Client) -> None:
    path = stack_path(await add(client))
    refused(await client.patch(f"{path}/quantity", json={"quantity": -1}), 422)
    assert (await client.patch(f"{path}/quantity", json={"quantity": 0})).status == 200
    item = {"name": "Pan", "quantity": -1, "type_unit": "unidades"}
    refused(await client.post(f"{ROOT}/ingredients", json={"ingredients": [item]}), 422)
    assert await client.stock() == {}


async def test_the_same_name_twice_and_at_once_makes_stacks_of_their_own(client: Client) -> None:
    item = {"name": "Pan", "quantity": 1, "type_unit": "unidades"}
    sent = [client.post(f"{ROOT}/ingredients", json={"ingredients": [item, item]}) for _ in range(3)]
    assert [reply.status for reply in await asyncio.gather(*sent)] == [201] * 3
    moments = [stack["added_at"] for stack in (await client.stock())["Pan"]]
    assert len(set(moments)) == 6


async def test_adding_again_leaves_older_stacks_as_they_were(client: Client) -> None:
    await add(client, "Leche", 2, "litros", storage_type="refrigerador")
    await add(client, "Leche", 500, "mililitros", storage_type="despensa")
    first, second = (await client.stock())["Leche"]
    assert (first["type_unit"], first["storage_type"]) == ("litros", "refrigerador")
    assert (second["type_unit"], second["storage_type"]) == ("mililitros", "despensa")


async def test_an_offset_is_converted_not_dropped(client: Client) -> None:
    stack = await add(client)
    in_lima = datetime.fromisoformat(stack["added_at"]) - timedelta(hours=5)
    moment = quote(in_lima.isoformat().replace("+00:00", "-05:00"), safe="")
    assert (await client.delete(f"{ROOT}/ingredients/Leche/{moment}")).status == 200


async def test_the_days_left_mean_the_same_everywhere(client: Client) -> None:
    stack = await add(client, "Sopa", 1, "porciones", expiration_date=(TODAY + timedelta(days=4)).isoformat())
    pan = await add(client, "Pan", 1, "unidades", expiration_date=(TODAY + timedelta(days=4)).isoformat())
    days = [
        stack["days_to_expire"],
        (await client.get(f"{food_path(stack)}/detail")).json["days_to_expire"],
        (await client.get(f"{ROOT}/foods/list")).json["foods"][0]["days_to_expire"],
        (await client.get(f"{ROOT}/ingredients/list")).json["items"][0]["stacks"][0]["days_to_expire"],
        (await client.get(f"{ROOT}/ingredients/Pan/detail")).json["stacks"][0]["days_to_expire"],
        (await client.get(f"{ROOT}/simple")).json["ingredients"][0]["days_to_expire"],
        pan["days_to_expire"],
    ]
    assert days == [4] * 7


async def test_calories_are_those_of_a_portion_and_may_be_unknown(client: Client) -> None:
    known, unknown = await add(client, "Sopa", 3, "porciones", calories=100), await add(client, "Guiso", 1, "porciones")
    body = (await client.get(f"{food_path(known)}/detail")).json
    assert (body["calories"], body["calories_per_serving"], body["total_calories"]) == (100, 100, 300)
    assert (await client.get(f"{food_path(unknown)}/detail")).status == 200
    assert (await client.get(f"{ROOT}/foods/list")).json["total_calories"] == 300


async def test_the_first_thing_that_a_new_member_adds_may_be_a_single_item(client: Client) -> None:
    for name, category in (("Palta", "ingredient"), ("Sopa", "food")):
        body = {"name": name, "quantity": 1, "unit": "unidades", "storage_type": "despensa", "category": category}
        assert (await client.post(f"{ROOT}/add_item", json=body)).status == 201
    assert set(await client.stock()) == {"Palta", "Sopa"}


@pytest.mark.parametrize("ending", ["/consume", ""])
async def test_a_call_without_a_body_may_announce_json_or_nothing(client: Client, ending: str) -> None:
    path = stack_path(await add(client)) + ending
    method = "POST" if ending else "DELETE"
    assert (await client.request(method, path, headers={"Content-Type": "application/json"})).status == 200
    path = stack_path(await add(client)) + ending
    assert (await client.request(method, path)).status == 200


@pytest.mark.parametrize("name", ["Mitad 1/2", "a/b/c"])
async def test_a_slash_in_a_name_is_found_at_every_address(client: Client, name: str) -> None:
    path = stack_path(await add(client, name)).rpartition("/")[0]
    assert (await client.get(f"{path}/detail")).json["name"] == name
    assert (await client.delete(path)).status == 200
    assert await client.stock() == {}


async def test_an_expiry_is_never_asked_for_and_a_missing_one_is_no_error(client: Client) -> None:
    stack = await add(client)
    body = {"name": "Leche", "quantity": 1, "type_unit": "litros", "expiration_time": 4, "time_unit": "Días"}
    changed = (await client.put(stack_path(stack), json=body)).json["items"][0]
    assert (stack["expiry_source"] in ("table", "assumed"), changed["days_to_expire"]) == (True, 4)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/inventory/leche_stack_0", None),
        ("GET", "/api/inventory/ingredients/Leche/detail", None),
        ("PUT", "/api/inventory/ingredients/Leche/expiration", {"expiration_date": "2031-01-02"}),
    ],
)
async def test_what_is_anothers_is_as_unknown_as_what_is_not(
    guest: Guest, method: str, path: str, body: dict[str, Any] | None
) -> None:
    ana, ben = await guest(), await guest()
    await add(ana)
    theirs = refused(await ben.request(method, path, json=body), 404)
    nobodys = refused(await ben.request(method, path.replace("eche", "echuga"), json=body), 404)
    assert theirs["code"] == nobodys["code"]
    assert await ana.quantity("Leche") == 2
