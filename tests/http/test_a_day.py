"""A day with the mobile client, call by call: sign in, scan, review, accept, list, eat, freeze, delete.


Calls announce JSON also without a body, every answer must be a JSON object, addresses are built as the client does.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.service import PHOTOS, Client, Reply

JSON = {"Content-Type": "application/json", "Accept": "application/json"}


async def ask(client: Client, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """A call as the client makes it; it takes any 2xx, and only an object."""
    sent = {} if body is None else {"json": body}
    reply: Reply = await client.request(method, path, headers=JSON, **sent)
    assert 200 <= reply.status < 300, (method, path, reply.status, reply.body)
    assert reply.headers["Content-Type"].startswith("application/json")
    assert isinstance(reply.json, dict), (method, path)
    answer: dict[str, Any] = reply.json
    return answer


def address(name: str, added_at: str, tail: str = "", kind: str = "ingredients", *, encoded: bool = True) -> str:
    """`{name}/{added_at}` as the client prints it: parsed, printed with milliseconds, and a Z glued on."""
    moment = datetime.fromisoformat(added_at)
    assert not added_at.endswith("Z"), "the client would shift it to the phone's zone"
    printed = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    name = name.replace("/", "_SLASH_").strip()
    parts = (quote(name, safe=""), quote(printed, safe="")) if encoded else (name.replace(" ", "%20"), printed)
    return f"/api/inventory/{kind}/{parts[0]}/{parts[1]}{tail}"


async def stacks(client: Client, name: str) -> list[dict[str, Any]]:
    lists = await ask(client, "GET", "/api/inventory")
    return [
        stack
        for shelf in [*lists["ingredients"], *lists["food_items"]]
        if shelf["name"] == name
        for stack in shelf["stacks"]
    ]


async def scan(client: Client, *photos: str) -> list[str]:
    """Upload first, always: the addresses that come back are what recognition is asked about."""
    uploaded = [
        await client.upload(PHOTOS / photo, item_name=f"scan_{number}", image_type="ingredient")
        for number, photo in enumerate(photos)
    ]
    images = [reply.json["image"] for reply in uploaded]
    for image in images:
        assert {name: type(image[name]) for name in ("uid", "name", "image_path", "image_type", "storage_path")} == {
            "uid": str, "name": str, "image_path": str, "image_type": str, "storage_path": str,
        }  # fmt: skip
    return [image["image_path"] for image in images]


@pytest.mark.slow
async def test_a_scan_becomes_stock_and_stays_what_the_client_reads(client: Client) -> None:
    paths = await scan(client, "avocado.jpg", "lemon.jpg")
    for path in paths:
        shown = await Client(client.http, client.url).get(
            path[path.index("/photos/") :]
        )  # a plain image widget sends no token
        assert shown.status == 200 and shown.headers["Content-Type"] == "image/jpeg"
    seen = await ask(client, "POST", "/api/recognition/ingredients", {"images_paths": paths})
    assert isinstance(seen["recognition_id"], str)
    items = seen["ingredients"]
    assert items, "two clear photos and nothing seen"
    for item in items:
        assert isinstance(item["name"], str) and isinstance(item["quantity"], int | float)
        assert item["allergy_alert"] is False and item["allergens"] == []
        assert item["image_status"] in ("ready", "generated", "failed"), "anything else is polled for ever"
    again = await ask(client, "GET", f"/api/recognition/recognition/{seen['recognition_id']}/images")
    assert [item["name"] for item in again["ingredients"]] == [item["name"] for item in items]

    await ask(client, "POST", "/api/inventory/ingredients/from-recognition", {"ingredients": items})
    await ask(client, "POST", "/api/inventory/ingredients/from-recognition", {"ingredients": items})  # an eager finger
    for item in items:
        (stack,) = await stacks(client, item["name"])
        assert stack["quantity"] == item["quantity"]
        assert datetime.fromisoformat(stack["expiration_date"]) and stack["added_at"].endswith("+00:00")


@pytest.mark.slow
async def test_the_other_ways_to_scan(client: Client) -> None:
    (pizza, lemon) = await scan(client, "hamburger.jpg", "lemon.jpg")
    foods = await ask(client, "POST", "/api/recognition/foods", {"images_paths": [pizza]})
    assert isinstance(foods["foods"], list)
    complete = await ask(client, "POST", "/api/recognition/ingredients/complete", {"images_paths": [lemon]})
    for item in complete["ingredients"]:
        impact = item.get("environmental_impact")
        if impact is not None:
            assert {type(impact[name]["value"]) for name in ("carbon_footprint", "water_footprint")} <= {int, float}
            assert isinstance(impact["sustainability_message"], str)
    batch = await ask(client, "POST", "/api/recognition/batch", {"images_paths": [pizza, lemon]})
    assert isinstance(batch["recognition_id"], str)
    for seen in batch["recognized_items"]:
        assert isinstance(seen["name"], str) and isinstance(seen["confidence"], int | float)

    task = await ask(client, "POST", "/api/recognition/ingredients/async", {"images_paths": [lemon]})
    async with asyncio.timeout(60):
        while (told := await ask(client, "GET", f"/api/recognition/status/{task['task_id']}"))["status"] != "completed":
            assert isinstance(told["progress_percentage"], int)
            await asyncio.sleep(0.1)
    assert all({"name", "image_path"} <= item.keys() for item in told["result_data"]["ingredients"])
    await ask(client, "GET", "/api/recognition/history")
    await ask(
        client,
        "POST",
        "/api/recognition/feedback",
        {"recognition_id": complete["recognition_id"], "feedback": "Era un limón sutil"},
    )


async def test_adding_eating_correcting_and_removing(client: Client) -> None:
    soon = (datetime.now(UTC) + timedelta(days=2)).replace(tzinfo=None).isoformat(timespec="milliseconds")
    sent = {"type_unit": "kilogramos", "storage_type": "dry", "tips": "", "image_path": ""}
    await ask(client, "POST", "/api/inventory/ingredients", {"ingredients": [
        {"name": "Arroz 1/2 grano", "quantity": 2.0, "expiration_date": soon, **sent},
        {"name": "Ají amarillo", "quantity": 3.0, "expiration_date": None, **sent, "storage_type": "refrigerated"},
        {"name": "Sopa", "quantity": 3.0, "expiration_date": soon, **sent, "type_unit": "porciones"},
    ]})  # fmt: skip
    await ask(client, "POST", "/api/inventory", {
        "name": "Leche", "quantity": 1, "type_unit": "Litros", "storage_type": "Refrigerador",
        "expiration_time": 5, "time_unit": "Días", "tips": "",
    })  # fmt: skip
    for path in ("/api/inventory", "/api/inventory/complete", "/api/inventory/simple"):
        await ask(client, "GET", path)
    names = (await ask(client, "GET", "/api/inventory/ingredients/list"))["ingredients"]
    assert "Leche" in names and all(isinstance(name, str) for name in names)
    expiring = (await ask(client, "GET", "/api/inventory/expiring?days=3"))["expiring_items"]
    assert {item["name"] for item in expiring} >= {"Arroz 1/2 grano"}

    (rice,) = await stacks(client, "Arroz 1/2 grano")
    detail = await ask(client, "GET", f"/api/inventory/ingredients/{quote('Arroz 1_SLASH_2 grano', safe='')}/detail")
    assert type(detail["stack_count"]) is int and type(detail["stacks"][0]["days_to_expire"]) is int
    at = rice["added_at"]
    eaten = await ask(client, "POST", address("Arroz 1/2 grano", at, "/consume"), {"consumed_quantity": 0.5})
    assert eaten["consumption_data"]["remaining_quantity"] == 1.5
    await ask(client, "PATCH", address("Arroz 1/2 grano", at, "/quantity"), {"quantity": 1.25})
    corrected = {"name": "Arroz 1/2 grano", "quantity": 1.0, "expiration_date": soon, **sent}
    await ask(client, "PUT", address("Arroz 1/2 grano", at, encoded=False), corrected)
    assert [stack["quantity"] for stack in await stacks(client, "Arroz 1/2 grano")] == [1]
    await ask(
        client, "PUT", f"/api/inventory/ingredients/{quote('Ají amarillo')}/expiration", {"expiration_date": soon}
    )
    await ask(client, "PUT", "/api/inventory/leche_stack_0", {**corrected, "name": "Leche", "type_unit": "Litros"})

    (soup,) = await stacks(client, "Sopa")
    await ask(client, "PATCH", address("Sopa", soup["added_at"], "/quantity", "foods"), {"serving_quantity": 4.0})
    portion = await ask(client, "POST", address("Sopa", soup["added_at"], "/consume", "foods"), {"portions": 1.0})
    assert portion["remaining_portions"] == 3 and portion["food_removed"] is False
    food = await ask(client, "GET", address("Sopa", soup["added_at"], "/detail", "foods"))
    whole = ("serving_quantity", "calories", "expiration_time", "days_to_expire", "total_calories")
    assert {name: type(food[name]) for name in whole} == dict.fromkeys(whole, int), "2.0 would raise in the client"

    await ask(client, "DELETE", address("Sopa", soup["added_at"]))  # foods, through the ingredients path
    await ask(client, "DELETE", address("Arroz 1/2 grano", at))
    await ask(client, "DELETE", f"/api/inventory/ingredients/{quote('Ají amarillo')}")
    await ask(client, "DELETE", "/api/inventory/leche_stack_0")
    lists = await ask(client, "GET", "/api/inventory")
    assert lists["ingredients"] == lists["food_items"] == []


async def test_freezing_moves_the_day_and_undoing_brings_it_back(client: Client) -> None:
    await ask(client, "POST", "/api/inventory/ingredients", {"ingredients": [
        {"name": "Pollo", "quantity": 1.0, "type_unit": "kilogramos", "storage_type": "refrigerated"},
    ]})  # fmt: skip
    (fresh,) = await stacks(client, "Pollo")
    await ask(client, "POST", f"/api/inventory/batch/{fresh['batch_id']}/freeze")
    (frozen,) = await stacks(client, "Pollo")
    assert frozen["expiration_date"] > fresh["expiration_date"]
    entry = (await ask(client, "GET", "/api/journal"))["entries"][0]
    await ask(client, "POST", f"/api/journal/{entry['entry_id']}/undo")
    assert (await stacks(client, "Pollo"))[0] == fresh


async def test_five_screens_that_refresh_at_once_stay_signed_in(client: Client) -> None:
    """The client has no lock: each call that meets a 401 refreshes with the same token."""

    async def refresh() -> str:
        holder = Client(client.http, client.url, client.refresh_token)
        tokens = await ask(holder, "POST", "/api/auth/refresh")
        return str(tokens["access_token"])

    for token in await asyncio.gather(*(refresh() for _ in range(5))):
        await ask(Client(client.http, client.url, token), "GET", "/api/inventory")
    await ask(client, "GET", "/api/user/profile")
    await client.post("/api/auth/logout", headers=JSON)
    assert (await client.get("/api/inventory")).status == 401
