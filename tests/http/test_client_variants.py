"""The same wishes in the words of every client: made-up ids, wrapped and flat items, units, dates, short addresses."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.http.expecting import answered, refused
from tests.service import PHOTOS, Client, Service, stack_path
from tests.storage.counting import counted

Guest = Callable[[], Awaitable[Client]]
ROOT = "/api/inventory"
TODAY = (datetime.now(UTC) - timedelta(hours=5)).date()  # in Lima


async def add(client: Client, name: str, quantity: float = 2, unit: str = "unidades", **more: Any) -> Any:
    item = {"name": name, "quantity": quantity, "type_unit": unit, **more}
    return (await client.post(f"{ROOT}/ingredients", json={"ingredients": [item]})).json["items"][0]


def food_path(item: dict[str, Any]) -> str:
    return stack_path(item).replace("/ingredients/", "/foods/")


def in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


# Ids that the client makes up


@pytest.mark.parametrize(
    ("name", "unit", "made_up"),
    [
        ("Palta", "unidades", "palta_stack_1"),
        ("Tomate Cherry", "unidades", "tomate_cherry_stack_1"),
        ("Piña Golden", "unidades", "piña_golden_stack_1"),
        ("Lomo saltado", "porciones", "lomo_saltado_food_stack_1"),
        ("Dog food", "unidades", "dog_food_stack_1"),
        ("a_b c", "unidades", "a_b_c_stack_1"),
        ("Mitad 1/2", "unidades", "mitad_1/2_stack_1"),
    ],
)
async def test_a_made_up_id_is_the_stack_at_its_place_on_the_shelf(
    client: Client, name: str, unit: str, made_up: str
) -> None:
    first, second = await add(client, name, 2, unit), await add(client, name, 3, unit)
    path = f"{ROOT}/{quote(made_up, safe='')}"
    sent = {"name": name, "quantity": 7, "type_unit": unit}
    changed = answered(await client.put(path, json=sent), "PUT", f"{ROOT}/{{stack_id}}")["items"][0]
    assert (changed["batch_id"], changed["quantity"]) == (second["batch_id"], 7)
    gone = answered(await client.delete(path), "DELETE", f"{ROOT}/{{stack_id}}")
    assert gone["items"][0]["batch_id"] == second["batch_id"]
    assert [stack["batch_id"] for stack in (await client.stock())[name]] == [first["batch_id"]]
    refused(await client.delete(path), 404, "unknown_item")


async def test_the_id_of_a_batch_is_taken_where_a_made_up_one_is(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    stack = await add(ana, "Leche")
    path = f"{ROOT}/{stack['batch_id']}"
    refused(await ben.delete(path), 404, "unknown_item")
    assert (await ana.delete(path)).status == 200
    assert await ana.stock() == {}


@pytest.mark.parametrize("made_up", ["palta_stack_9", "palta_stack_-1", "_stack_0", "palta", "x_stack_99999999", "%25"])
async def test_an_id_that_names_no_stack_is_not_found(client: Client, made_up: str) -> None:
    await add(client, "Palta")
    refused(await client.delete(f"{ROOT}/{made_up}"), 404)
    assert await client.quantity("Palta") == 2


# One item of which little is known


@pytest.mark.parametrize(
    ("method", "body", "kind", "quantity"),
    [
        ("PUT", {"item_type": "ingredient", "item_data": {"name": "Palta", "quantity": 3, "unit": "unidades"}},
         "ingredient", 3),
        ("POST", {"item_type": "food", "item_data": {"name": "Palta", "serving_quantity": 2.0}}, "food", 2),
        ("PUT", {"item_type": "food", "item_data": {"name": "Palta", "quantity": 2, "unit": "porciones"}}, "food", 2),
        ("POST", {"name": "Palta", "quantity": 2, "unit": "kg", "storage_type": "despensa", "category": "ingredient"},
         "ingredient", 2),
        ("POST", {"name": "Palta", "quantity": 2, "unit": "porciones", "storage_type": "congelador",
                  "category": "food"}, "food", 2),
        ("POST", {"name": "Palta", "category": "food"}, "food", 1),
        ("POST", {"name": "Palta", "category": "fruta", "expiration_date": "2031-01-02T00:00:00.000", "image_url": ""},
         "ingredient", 1),
        ("POST", {"name": "Palta", "category": "fruta", "image_url": None, "quantity": None}, "ingredient", 1),
    ],
)  # fmt: skip
async def test_an_item_is_added_flat_or_wrapped(
    client: Client, method: str, body: dict[str, Any], kind: str, quantity: float
) -> None:
    reply = await client.request(method, f"{ROOT}/add_item", json=body)
    told = answered(reply, method, f"{ROOT}/add_item")
    assert (reply.status, told["item_type"], told["item_data"]["quantity"]) == (201, kind, quantity)
    assert await client.quantity("Palta") == quantity
    assert "tips" in told["item_data"]["enriched_fields"]
    assert (await client.delete(stack_path(told["item_data"]))).status == 200


@pytest.mark.parametrize(
    ("method", "body", "pointer"),
    [
        ("PUT", {}, "/item_data"),
        ("PUT", {"item_type": "ingredient", "item_data": {}}, "/item_data/name"),
        ("PUT", {"item_type": "ingredient", "item_data": {"name": "Pan", "quantity": -1}}, "/item_data/quantity"),
        ("PUT", {"item_type": "vehicle", "item_data": {"name": "Pan"}}, "/item_type"),
        ("PUT", {"item_type": "food", "item_data": "Pan"}, "/item_data"),
        ("POST", {}, "/name"),
        ("POST", {"name": "Pan", "unit": "codos"}, "/type_unit"),
        ("POST", {"name": "Pan", "expiration_date": "2026-02-31"}, "/expiration_date"),
    ],
)
async def test_an_item_that_cannot_be_is_refused_where_it_was_sent(
    client: Client, method: str, body: dict[str, Any], pointer: str
) -> None:
    problem = refused(await client.request(method, f"{ROOT}/add_item", json=body), 422)
    assert pointer in [one["pointer"] for one in problem["errors"]]
    assert await client.stock() == {}


# Quantities and dates


@pytest.mark.parametrize(
    ("body", "shown"),
    [({"quantity": 3.0, "unit": None}, (3, "litros")), ({"quantity": 750, "unit": "ml"}, (750, "mililitros"))],
)
async def test_a_quantity_is_put_with_its_unit(client: Client, body: dict[str, Any], shown: tuple[float, str]) -> None:
    path = f"{stack_path(await add(client, 'Leche', 2, 'litros'))}/quantity"
    told = answered(await client.put(path, json=body), "PUT", f"{ROOT}/ingredients/{{name}}/{{added_at}}/quantity")
    assert (told["items"][0]["quantity"], told["items"][0]["type_unit"]) == shown
    assert told["new_quantity"] == shown[0]


async def test_portions_are_put_with_their_unit_and_zero_removes_them(client: Client) -> None:
    path = f"{food_path(await add(client, 'Sopa', 2, 'porciones'))}/quantity"
    for amount, left in ((1.5, 1.5), (0, 0)):
        reply = await client.put(path, json={"quantity": amount, "unit": "portions"})
        answered(reply, "PUT", f"{ROOT}/foods/{{name}}/{{added_at}}/quantity")
        assert await client.quantity("Sopa") == left


@pytest.mark.parametrize("date", ["2031-01-02", "2031-01-02T00:00:00.000", "2031-01-02T00:00:00Z"])
async def test_the_date_of_one_stack_is_put(client: Client, date: str) -> None:
    milk, soup = await add(client, "Leche"), await add(client, "Sopa", 2, "porciones")
    for path, name in ((stack_path(milk), "Leche"), (food_path(soup), "Sopa")):
        reply = await client.put(f"{path}/expiration", json={"expiration_date": date})
        assert reply.status == 200, reply.body
        stack = (await client.stock())[name][0]
        assert (stack["expiration_date"], stack["expiry_source"]) == ("2031-01-02T00:00:00", "typed")


async def test_the_date_of_a_name_is_that_of_the_stack_that_expires_first(client: Client) -> None:
    for days in (9, 2, 5):
        await add(client, "Mitad 1/2", expiration_date=in_days(days))
    path = f"{ROOT}/ingredients/Mitad%201_SLASH_2/expiration"
    reply = await client.put(path, json={"expiration_date": in_days(20)})
    answered(reply, "PUT", f"{ROOT}/ingredients/{{name}}/expiration")
    days = [stack["days_to_expire"] for stack in (await client.stock())["Mitad 1/2"]]
    assert days == [9, 20, 5]


@pytest.mark.parametrize("date", [None, "", "2026-02-31", "ayer", 7])
async def test_a_date_that_cannot_be_is_refused(client: Client, date: Any) -> None:
    milk = await add(client, "Leche")
    for path in (stack_path(milk), f"{ROOT}/ingredients/Leche"):
        problem = refused(await client.put(f"{path}/expiration", json={"expiration_date": date}), 422)
        assert problem["errors"][0]["pointer"] == "/expiration_date"


async def test_all_stacks_of_a_name_are_removed_by_the_address_of_one(client: Client) -> None:
    for unit in ("unidades", "porciones"):
        for _ in range(2):
            stack = await add(client, "Pan", 1, unit)
        await add(client, "Leche")
        path = food_path(stack) if unit == "porciones" else stack_path(stack)
        assert len((await client.delete(f"{path}/complete")).json["items"]) == 2
        assert list(await client.stock()) == ["Leche"]


@pytest.mark.parametrize("kind", ["ingredients", "foods"])
async def test_what_was_eaten_may_say_when_and_in_which_unit(client: Client, kind: str) -> None:
    unit = "porciones" if kind == "foods" else "litros"
    path = stack_path(await add(client, "Sopa", 2, unit)).replace("/ingredients/", f"/{kind}/")
    body = {"consumed_quantity": 0.5, "unit": "portions" if kind == "foods" else "liters",
            "consumed_at": "2026-01-02T03:04:05.000"}  # fmt: skip
    assert (await client.post(f"{path}/consume", json=body)).json["remaining_quantity"] == 1.5


# Lists of names


async def test_the_list_of_ingredients_is_names_with_more_beside(client: Client) -> None:
    for name in ("Pan", "Leche", "pan"):
        await add(client, name)
    await add(client, "Sopa", 1, "porciones")
    body = answered(await client.get(f"{ROOT}/ingredients/list"), "GET", f"{ROOT}/ingredients/list")
    assert body["ingredients"] == ["Leche", "pan"]
    assert [(one["stack_count"], one["total_quantity"]) for one in body["items"]] == [(1, 2), (2, 4)]
    assert (body["total_ingredients"], body["total_stacks"]) == (2, 3)


async def test_dishes_without_calories_are_listed_too(client: Client) -> None:
    await add(client, "Guiso raro", 1.5, "porciones", expiration_date=in_days(-1))
    await add(client, "Sopa rara", 2, "porciones", calories=100, category="Entrada", expiration_date=in_days(1))
    await add(client, "Pan")
    body = answered(await client.get(f"{ROOT}/foods/list"), "GET", f"{ROOT}/foods/list")
    assert [(one["name"], one["calories"], one["status"]) for one in body["foods"]] == [
        ("Guiso raro", None, "expired"), ("Sopa rara", 100, "expiring_soon")
    ]  # fmt: skip
    assert (body["total_foods"], body["total_servings"], body["total_calories"]) == (2, 3.5, 200)
    assert body["summary"]["categories"]["Entrada"] == {"count": 1, "total_servings": 2, "total_calories": 200}


@pytest.mark.parametrize(("path", "list_name", "unit"), [("ingredients/list", "items", "unidades"),
                                                          ("foods/list", "foods", "porciones")])  # fmt: skip
async def test_lists_of_names_come_in_pages_and_cost_one_statement(
    client: Client, service: Service, path: str, list_name: str, unit: str
) -> None:
    for name in ("a", "b", "c", "d", "e"):
        await add(client, name, 1, unit)
        await add(client, "otro", 1, "unidades" if unit == "porciones" else "porciones")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        with counted(service.kitchen.database) as statements:
            body = answered(await client.get(f"{ROOT}/{path}", params=query), "GET", f"{ROOT}/{path}")
        assert len(statements.of_the_kitchen) == 1
        seen += [one["name"] for one in body[list_name]]
        cursor = body["next_cursor"]
    assert sorted(seen) == ["a", "b", "c", "d", "e"]
    refused(await client.get(f"{ROOT}/{path}", params={"cursor": "x"}), 422)


# What was recognised


@pytest.mark.parametrize("as_names", [True, False])
async def test_recognised_items_may_come_back_without_their_moments(client: Client, as_names: bool) -> None:
    photo = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]["image_path"]
    seen = (await client.post("/api/recognition/ingredients", json={"images_paths": [photo]})).json
    (item,) = seen["ingredients"]
    chosen = item["name"] if as_names else {name: item[name] for name in ("name", "quantity", "type_unit")}
    body = {"recognition_id": seen["recognition_id"], "selected_ingredients": [chosen]}
    for _ in range(2):
        reply = await client.post(f"{ROOT}/ingredients/from-recognition", json=body)
        assert (reply.status, reply.json["items"][0]["added_at"]) == (201, item["added_at"])
    assert await client.quantity(item["name"]) == 1


async def test_a_complete_recognition_tells_what_is_known_of_each(client: Client) -> None:
    photo = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]["image_path"]
    seen = await client.post("/api/recognition/ingredients/complete", json={"images_paths": [photo]})
    (item,) = seen.json["ingredients"]
    assert item["environmental_impact"]["carbon_footprint"]["value"] > 0
    assert item["utilization_ideas"][0]["title"]
