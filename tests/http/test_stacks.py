"""One stack over HTTP: found however its path is spelled, corrected, eaten, removed; each change once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import Client, Reply, stack_path

Guest = Callable[[], Awaitable[Client]]
ROOT = "/api/inventory/ingredients"
STACK = "/api/inventory/ingredients/{name}/{added_at}"
DISH = "/api/inventory/foods/{name}/{added_at}"
TODAY = (datetime.now(UTC) - timedelta(hours=5)).date()  # in Lima


async def one(client: Client, name: str = "Leche", quantity: float = 2, unit: str = "litros", **more: Any) -> Any:
    """A stack, as it was answered."""
    item = {"name": name, "quantity": quantity, "type_unit": unit, **more}
    return (await client.post(ROOT, json={"ingredients": [item]})).json["items"][0]


async def send(client: Client, method: str, path: str, **kwargs: Any) -> Reply:
    """A request whose path goes out as it is written."""
    headers = {"Authorization": f"Bearer {client.token}"}
    url = URL(client.url.rstrip("/") + path, encoded=True)
    async with client.http.request(method, url, headers=headers, **kwargs) as response:
        return Reply(response.status, response.headers, await response.read())


def as_foods(path: str) -> str:
    return path.replace("/ingredients/", "/foods/")


# How a stack is found


def moments(added_at: str) -> dict[str, str]:
    """Every way in which a client writes the moment it was told."""
    bare = added_at.removesuffix("+00:00")
    return {
        "as told": quote(added_at, safe=""),
        "plus left bare": added_at,
        "Z glued on": quote(bare + "Z", safe=""),
        "colons left bare": bare + "Z",
        "microseconds": quote(f"{bare[:23]:0<23}789Z", safe="") if "." in bare else quote(f"{bare}.000789Z", safe=""),
        "no zone": quote(bare, safe=""),
        "a space for the T": quote(bare.replace("T", " "), safe=""),
        "Lima": quote((datetime.fromisoformat(added_at) - timedelta(hours=5)).isoformat()[:23] + "-05:00", safe=""),
        "a plus that became a space": quote(added_at.replace("+", " "), safe=""),
    }


async def test_none_left_is_told_as_none(client: Client) -> None:
    stack = await one(client)
    reply = await send(client, "PATCH", f"{ROOT}/Leche/{stack['added_at']}/quantity", json={"quantity": 0})
    assert reply.json["new_quantity"] == reply.json["new_serving_quantity"] == 0


@pytest.mark.parametrize("spelling", list(moments("2025-06-04T22:44:07.641000+00:00")))
async def test_a_moment_is_matched_as_a_time_not_as_text(client: Client, spelling: str) -> None:
    stack = await one(client)
    path = f"{ROOT}/Leche/{moments(stack['added_at'])[spelling]}/quantity"
    reply = await send(client, "PATCH", path, json={"quantity": 5})
    assert reply.status == 200, reply.body
    assert await client.quantity("Leche") == 5


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ("Leche", "leche"),
        ("Leche", "LECHE"),
        ("Piña", "Pin%CC%83a"),  # the tilde as a character of its own
        ("Piña", "pina"),
        ("Pan  con\tmaíz", "Pan%20con%20ma%C3%ADz"),
        ("Mitad 1/2", "Mitad%201_SLASH_2"),
        ("Mitad 1/2", "Mitad%201%2F2"),
        ("100% cacao", "100%25%20cacao"),
        ("a+b", "a+b"),
        ("a+b", "a%2Bb"),
        ("Ñ: el caso?", "%C3%91%3A%20el%20caso%3F"),
        ("🥑", "%F0%9F%A5%91"),
        ("palta", "palta"),
        ("palta", "aguacate"),
        ("aguacate", "palta"),
        ("Palta", "avocado"),
        ("Straße", "STRASSE"),
    ],
)
async def test_a_name_is_found_however_it_is_spelled(client: Client, label: str, path: str) -> None:
    stack = await one(client, label)
    moment = quote(stack["added_at"].replace("+00:00", "Z"), safe="")
    reply = await send(client, "POST", f"{ROOT}/{path}/{moment}/consume", json={"consumed_quantity": 0.5})
    assert answered(reply, "POST", f"{STACK}/consume")["remaining_quantity"] == 1.5


@pytest.mark.parametrize(
    "name", ["%zz", "%", "%ff", "%00", "%E2%82", "%ED%A0%80", "a%0Ab", "_SLASH_", "%2F", "%252F", "…"]
)
@pytest.mark.parametrize("moment", ["2025-06-04T22:44:07Z", "%zz", "%00", "ayer", "9999-12-31T23:59:59-14:00", "0"])
async def test_odd_percent_encoding_is_an_unknown_stack(client: Client, name: str, moment: str) -> None:
    for method, path in (("DELETE", f"{ROOT}/{name}/{moment}"), ("DELETE", f"{ROOT}/{name}")):
        reply = await send(client, method, path)
        assert reply.status in (400, 404), (path, reply.status)
        assert reply.json["code"]


async def test_the_label_in_the_path_is_preferred_to_another_name_of_the_same_food(client: Client) -> None:
    items = [{"name": name, "quantity": 1, "type_unit": "unidades"} for name in ("Aguacate", "Palta")]
    first, second = (await client.post(ROOT, json={"ingredients": items})).json["items"]
    assert first["added_at"] == second["added_at"]
    await client.delete(stack_path(second))
    assert list(await client.stock()) == ["Aguacate"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
async def test_a_stack_that_is_not_there_or_is_somebody_elses_is_the_same_404(guest: Guest, method: str) -> None:
    ana, ben = await guest(), await guest()
    stack = await one(ana)
    theirs = stack_path(stack)
    nobodys = stack_path({**stack, "added_at": "2020-01-01T00:00:00+00:00"})
    ending, body = {
        "PUT": ("", {"name": "Leche", "quantity": 1, "type_unit": "litros"}),
        "DELETE": ("", None),
        "PATCH": ("/quantity", {"quantity": 1}),
        "POST": ("/consume", {}),
    }[method]
    problems = []
    for path in (theirs, nobodys):
        problem = await refused_in_both_languages(ben, method, path + ending, 404, json=body)
        problems.append({name: value for name, value in problem.items() if name not in ("request_id", "instance")})
        if method in ("PATCH", "POST"):
            refused(await ben.request(method, as_foods(path) + ending, json=body and {"serving_quantity": 1}), 404)
    assert problems[0] == problems[1]
    assert await ana.quantity("Leche") == 2


# Correcting


@pytest.mark.parametrize("quantity", [0.5, 3, 3.0, "7", 1000])
async def test_a_quantity_is_set_and_keeps_its_unit(client: Client, quantity: Any) -> None:
    stack = await one(client)
    reply = await client.patch(f"{stack_path(stack)}/quantity", json={"quantity": quantity})
    body = answered(reply, "PATCH", f"{STACK}/quantity")
    assert (body["items"][0]["quantity"], body["items"][0]["type_unit"]) == (float(quantity), "litros")


async def test_a_quantity_of_zero_removes_the_stack(client: Client) -> None:
    stack = await one(client)
    assert (await client.patch(f"{stack_path(stack)}/quantity", json={"quantity": 0})).status == 200
    assert await client.stock() == {}


@pytest.mark.parametrize("quantity", [-1, "NaN", None, "x", 1e7])
async def test_a_quantity_that_cannot_be_is_refused(client: Client, quantity: Any) -> None:
    stack = await one(client)
    problem = await refused_in_both_languages(
        client, "PATCH", f"{stack_path(stack)}/quantity", 422, json={"quantity": quantity}
    )
    assert problem["errors"][0]["pointer"] == "/quantity"
    assert await client.quantity("Leche") == 2


@pytest.mark.parametrize("body", [{"serving_quantity": 3.0}, {"quantity": 3}, {"quantity": 3, "unit": "portions"}])
async def test_three_portions_may_arrive_as_a_float_under_either_name(client: Client, body: dict[str, Any]) -> None:
    stack = await one(client, "Lomo saltado", 1, "porciones")
    reply = await client.patch(as_foods(f"{stack_path(stack)}/quantity"), json=body)
    assert answered(reply, "PATCH", f"{DISH}/quantity")["items"][0]["serving_quantity"] == 3


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/serving_quantity"), ({"quantity": -1}, "/quantity"), ({"serving_quantity": "x"}, "/serving_quantity")],
)
async def test_portions_that_cannot_be_are_named_as_they_were_sent(
    client: Client, body: dict[str, Any], pointer: str
) -> None:
    stack = await one(client, "Lomo saltado", 1, "porciones")
    problem = refused(await client.patch(as_foods(f"{stack_path(stack)}/quantity"), json=body), 422)
    assert problem["errors"][0]["pointer"] == pointer


async def test_the_path_of_dishes_knows_no_ingredients(client: Client) -> None:
    path = as_foods(stack_path(await one(client)))
    refused(await client.patch(f"{path}/quantity", json={"serving_quantity": 1}), 404)
    refused(await client.post(f"{path}/consume", json={}), 404)
    refused(await client.delete(path), 404)
    assert await client.quantity("Leche") == 2


async def test_a_stack_is_replaced_by_what_was_sent(client: Client) -> None:
    stack = await one(client, tips="Bien fría")
    sent = {
        "name": "Leche entera",
        "quantity": 1.5,
        "expiration_date": "2031-01-02T00:00:00.000",
        "type_unit": "litros",
        "storage_type": "frozen",
        "tips": "",
        "image_path": "",
    }
    body = answered(await client.put(stack_path(stack), json=sent), "PUT", STACK)["items"][0]
    assert (body["batch_id"], body["added_at"]) == (stack["batch_id"], stack["added_at"])
    assert (body["name"], body["quantity"], body["storage_type"], body["state"]) == (
        "Leche entera", 1.5, "congelador", "frozen"
    )  # fmt: skip
    assert (body["expiration_date"], body["tips"]) == ("2031-01-02T00:00:00", "Bien fría")


async def test_a_date_that_is_not_sent_stays(client: Client) -> None:
    stack = await one(client, expiration_date="2031-01-02")
    sent = {"name": "Leche", "quantity": 1, "type_unit": "litros", "expiration_date": None}
    assert (await client.put(stack_path(stack), json=sent)).json["items"][0]["expiration_date"][:10] == "2031-01-02"


async def test_food_that_moves_to_the_freezer_keeps_longer_and_never_less(client: Client) -> None:
    ours, typed = await one(client, "Pollo"), await one(client, "Pollo", expiration_date="2031-01-02")
    sent = {"name": "Pollo", "quantity": 1, "type_unit": "litros", "storage_type": "congelador"}
    moved = [(await client.put(stack_path(stack), json=sent)).json["items"][0] for stack in (ours, typed)]
    assert moved[0]["days_to_expire"] > ours["days_to_expire"] + 30
    assert moved[1]["expiration_date"] == typed["expiration_date"]


async def test_a_stack_renamed_to_another_food_gets_that_foods_date(client: Client) -> None:
    stack = await one(client, "Arroz", 1, "kg", storage_type="despensa")
    sent = {"name": "Carne molida", "quantity": 1, "type_unit": "kg", "storage_type": "despensa"}
    renamed = (await client.put(stack_path(stack), json=sent)).json["items"][0]
    assert renamed["food_id"] != stack["food_id"]
    assert renamed["days_to_expire"] < 10 < stack["days_to_expire"]


async def test_a_stack_renamed_onto_a_taken_moment_takes_the_next(client: Client) -> None:
    items = [{"name": name, "quantity": 1, "type_unit": "unidades"} for name in ("Pan", "Queso")]
    bread, cheese = (await client.post(ROOT, json={"ingredients": items})).json["items"]
    renamed = await client.put(stack_path(cheese), json={**items[1], "name": "Pan"})
    assert renamed.status == 200
    assert renamed.json["items"][0]["added_at"] > bread["added_at"]
    assert len((await client.stock())["Pan"]) == 2


@pytest.mark.parametrize("member", [{"type_unit": "codos"}, {"quantity": 0}, {"quantity": -1}, {"name": ""}])
async def test_a_stack_is_not_replaced_by_what_cannot_be(client: Client, member: dict[str, Any]) -> None:
    stack = await one(client)
    sent = {"name": "Leche", "quantity": 1, "type_unit": "litros", **member}
    refused(await client.put(stack_path(stack), json=sent), 422)
    assert await client.quantity("Leche") == 2


# Eating


async def test_a_part_is_eaten_and_the_rest_stays(client: Client) -> None:
    path = stack_path(await one(client))
    reply = await client.post(f"{path}/consume", json={"consumed_quantity": 0.5, "consumption_reason": "desayuno"})
    body = answered(reply, "POST", f"{STACK}/consume")
    assert (body["action"], body["consumed_quantity"], body["remaining_quantity"]) == ("partial_consumption", 0.5, 1.5)
    assert (body["stack_removed"], body["consumption_data"]["remaining_quantity"], body["unit"]) == (
        False,
        1.5,
        "litros",
    )
    assert await client.quantity("Leche") == 1.5
    assert (await client.get("/api/journal")).json["entries"][0]["reason"] == "desayuno"


@pytest.mark.parametrize(
    "body", [{"consumed_quantity": 2}, {"consumed_quantity": None}, {}, {"consumed_quantity": 2.0}]
)
async def test_all_is_eaten_when_all_or_nothing_in_particular_is_asked_for(
    client: Client, body: dict[str, Any]
) -> None:
    reply = await client.post(f"{stack_path(await one(client))}/consume", json=body)
    eaten = answered(reply, "POST", f"{STACK}/consume")
    assert (eaten["action"], eaten["consumed_quantity"], eaten["stack_removed"]) == ("full_consumption", 2, True)
    assert await client.stock() == {}


async def test_a_consume_without_a_body_eats_all(client: Client) -> None:
    path = stack_path(await one(client))
    assert (await client.post(f"{path}/consume", headers={"Content-Type": "application/json"})).status == 200
    assert await client.stock() == {}


async def test_tenths_are_eaten_to_the_last_one(client: Client) -> None:
    path = stack_path(await one(client, quantity=0.3))
    for left in (0.2, 0.1, 0):
        eaten = (await client.post(f"{path}/consume", json={"consumed_quantity": 0.1})).json
        assert eaten["remaining_quantity"] == left
    assert await client.stock() == {}


async def test_more_than_there_is_is_refused_with_what_is_there(client: Client) -> None:
    path = stack_path(await one(client))
    problem = await refused_in_both_languages(client, "POST", f"{path}/consume", 409, json={"consumed_quantity": 2.001})
    assert problem["code"] == "not_enough"
    assert "2 l" in problem["error"]
    assert (problem["available"]["quantity"], problem["available"]["type_unit"]) == (2, "litros")
    assert [stack["quantity"] for stack in problem["available"]["stacks"]] == [2]
    assert await client.quantity("Leche") == 2


@pytest.mark.parametrize("amount", [0, -1, "NaN", "x", True])
@pytest.mark.parametrize("name", ["consumed_quantity", "portions", "consumed_portions"])
async def test_an_amount_that_cannot_be_eaten_is_named_as_it_was_sent(client: Client, name: str, amount: Any) -> None:
    path = stack_path(await one(client))
    problem = refused(await client.post(f"{path}/consume", json={name: amount}), 422)
    assert problem["errors"][0]["pointer"] == f"/{name}"
    assert await client.quantity("Leche") == 2


async def test_pieces_are_not_eaten_of_a_stack_of_litres(client: Client) -> None:
    path = stack_path(await one(client))
    refused(
        await client.post(f"{path}/consume", json={"consumed_quantity": 1, "unit": "unidades"}), 422, "cannot_convert"
    )
    assert (await client.post(f"{path}/consume", json={"consumed_quantity": 1, "unit": "liters"})).status == 200


@pytest.mark.parametrize(
    "body", [{"portions": 1.0}, {"consumed_portions": 1}, {"consumed_quantity": 1, "unit": "portions"}]
)
async def test_a_portion_of_a_dish_is_eaten_under_any_name(client: Client, body: dict[str, Any]) -> None:
    dish = await one(client, "Lomo saltado", 3, "porciones")
    eaten = answered(await client.post(as_foods(f"{stack_path(dish)}/consume"), json=body), "POST", f"{DISH}/consume")
    assert (eaten["food"], eaten["consumed_portions"], eaten["remaining_portions"], eaten["food_removed"]) == (
        "Lomo saltado", 1, 2, False
    )  # fmt: skip
    assert datetime.fromisoformat(eaten["consumption_date"])
    assert isinstance(eaten["food_details"], dict)


async def test_all_portions_are_eaten_by_an_empty_body(client: Client) -> None:
    dish = await one(client, "Lomo saltado", 3, "porciones")
    eaten = (await client.post(as_foods(f"{stack_path(dish)}/consume"), json={})).json
    assert (eaten["consumed_portions"], eaten["remaining_portions"], eaten["food_removed"]) == (3, 0, True)
    assert await client.stock() == {}


async def test_many_who_eat_at_once_eat_no_more_than_there_is(client: Client) -> None:
    path = stack_path(await one(client, quantity=5))
    bites = [client.post(f"{path}/consume", json={"consumed_quantity": 1}) for _ in range(9)]
    statuses = sorted(reply.status for reply in await asyncio.gather(*bites))
    assert statuses == [200] * 5 + [404] * 4
    assert await client.stock() == {}


# Removing


@pytest.mark.parametrize(("name", "unit"), [("Leche", "litros"), ("Lomo saltado", "porciones")])
async def test_ingredients_and_dishes_are_removed_by_the_same_path(client: Client, name: str, unit: str) -> None:
    stack = await one(client, name, 1, unit)
    await one(client, name, 1, unit)
    answered(await client.delete(stack_path(stack)), "DELETE", STACK)
    assert len((await client.stock())[name]) == 1
    refused(await client.delete(stack_path(stack)), 404, "unknown_stack")


async def test_a_dish_is_removed_by_its_own_path_too(client: Client) -> None:
    stack = await one(client, "Lomo saltado", 1, "porciones")
    answered(await client.delete(as_foods(stack_path(stack))), "DELETE", DISH)
    assert await client.stock() == {}


@pytest.mark.parametrize("path", ["Palta", "palta", "aguacate"])
async def test_every_stack_of_a_name_is_removed_at_once(client: Client, path: str) -> None:
    for _ in range(3):
        await one(client, "Palta", 1, "unidades")
    await one(client, "Pan", 1, "unidades")
    body = answered(await client.delete(f"{ROOT}/{path}"), "DELETE", f"{ROOT}/{{name}}")
    assert (len(body["items"]), body["deleted"]) == (3, "all_stacks")
    assert list(await client.stock()) == ["Pan"]


async def test_a_name_that_is_not_there_cannot_be_removed(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await one(ana)
    await refused_in_both_languages(ben, "DELETE", f"{ROOT}/Leche", 404)
    assert await ana.quantity("Leche") == 2


async def test_a_date_that_is_sent_back_as_it_was_keeps_its_source(client: Client) -> None:
    stack = await one(client, "Pollo")
    sent = {"name": "Pollo", "quantity": 2, "type_unit": "kg", "expiration_date": stack["expiration_date"]}
    kept = (await client.put(stack_path(stack), json=sent)).json["items"][0]
    for field in ("expiration_date", "expiry_source", "expiry_reference"):
        assert kept[field] == stack[field]
    moved = (await client.put(stack_path(stack), json={**sent, "storage_type": "frozen"})).json["items"][0]
    assert (moved["expiry_source"], moved["days_to_expire"] > stack["days_to_expire"] + 30) == ("table", True)
