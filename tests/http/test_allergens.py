"""Allergens of texts, and alerts for who has declared an allergy."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.http.expecting import refused
from tests.service import PHOTOS, Client, Reply

CHECK = "/api/allergens/check"
INGREDIENTS = "/api/recognition/ingredients"
ENGLISH = {"Accept-Language": "en"}


async def check(client: Client, *texts: str, **kwargs: Any) -> list[dict[str, Any]]:
    reply = await client.post(CHECK, json={"items": list(texts)}, **kwargs)
    assert reply.status == 200, reply.body
    items: list[dict[str, Any]] = reply.json["items"]
    return items


async def declare(client: Client, *allergies: Any, **more: Any) -> None:
    reply = await client.put("/api/user/profile", json={"allergies": list(allergies), **more})
    assert reply.status == 200, reply.body


async def recognised(client: Client, name: str, path: str = INGREDIENTS, **kwargs: Any) -> Reply:
    uploaded = (await client.upload(PHOTOS / name)).json["image"]["image_path"]
    reply = await client.post(path, json={"images_paths": [uploaded]}, **kwargs)
    assert reply.status == 200, reply.body
    return reply


async def test_texts_are_told_apart_in_the_order_that_they_came(client: Client) -> None:
    milk, coconut, unknown, apple = await check(client, "Leche Gloria 1L", "leche de coco", "zyxofruta", "manzana")
    assert milk["text"] == "Leche Gloria 1L"
    assert (milk["contains"], milk["verdict"]) == (["milk"], "contains")
    assert milk["why"] == "«Leche»: es leche."
    assert coconut["contains"] == []
    assert (unknown["contains"], unknown["may_contain"], unknown["verdict"]) == ([], [], "unknown")
    assert (apple["verdict"], apple["free_of"]) == ("free", [])


async def test_the_reason_is_in_the_language_of_who_asks(client: Client) -> None:
    spanish, english = (await check(client, "camarones"))[0], (await check(client, "camarones", headers=ENGLISH))[0]
    assert spanish["why"] == "«camarones»: es un crustáceo; puede contener pescado, moluscos."
    assert english["why"] == '"camarones": is a crustacean; may contain fish, molluscs.'


async def test_what_a_text_says_to_be_without_is_told(client: Client) -> None:
    (bread,) = await check(client, "pan sin gluten")
    assert bread["free_of"] == ["gluten"]
    assert "gluten" not in bread["contains"] + bread["may_contain"]


@pytest.mark.parametrize(
    "items", [None, "leche", {}, [], ["leche", 3], ["leche", None], [["leche"]], ["x" * 2001], ["leche"] * 101]
)
async def test_what_are_not_texts_is_refused(client: Client, items: Any) -> None:
    assert refused(await client.post(CHECK, json={"items": items}), 422)["errors"][0]["pointer"].startswith("/items")


async def test_a_check_needs_a_session_and_changes_nothing(client: Client) -> None:
    refused(await replace(client, token=None).post(CHECK, json={"items": ["leche"]}), 401)
    await client.add("Leche")
    etag = (await client.get("/api/inventory")).headers["ETag"]
    await check(client, "leche")
    assert (await client.get("/api/inventory", headers={"If-None-Match": etag})).status == 304


async def test_who_has_declared_nothing_gets_no_alerts(client: Client) -> None:
    answer = (await recognised(client, "yoghurt.webp")).json
    assert (answer["allergy_alerts"], answer["has_allergens"]) == ([], False)
    for item in answer["ingredients"] + answer["suggestions"]:
        assert (item["allergy_alert"], item["allergens"], item["allergen_verdict"]) == (False, [], None)


@pytest.mark.parametrize(
    "allergy",
    [
        "lácteos",
        "LECHE",
        "lactosa",
        "dairy",
        "milk",
        {"name": "Lácteos"},
        {"value": "dairy", "selected": True},
        {"id": 3, "label": "Leche"},
        {"emoji": "🥛", "title": "Lácteos"},
    ],
)
async def test_a_declared_allergy_raises_alerts_as_the_client_reads_them(client: Client, allergy: Any) -> None:
    await declare(client, allergy)
    answer = (await recognised(client, "yoghurt.webp", "/api/recognition/batch")).json
    assert answer["has_allergens"] is True
    alert = answer["allergy_alerts"][0]
    assert isinstance(alert["item"], str)
    assert alert["allergens"] == ["leche"]
    assert alert["message"] == f"«{alert['item']}» contiene leche."
    assert isinstance(alert["confidence"], float)
    assert (alert["verdict"], alert["codes"]) == ("contains", ["milk"])
    for items in ("ingredients", "recognized_items"):
        item = next(one for one in answer[items] if one["name"] == alert["item"])
        assert (item["allergy_alert"], item["allergens"], item["allergen_verdict"]) == (True, ["leche"], "contains")


async def test_an_alert_is_in_the_language_of_the_member(client: Client) -> None:
    await declare(client, "leche", language="en")
    alert = (await recognised(client, "yoghurt.webp")).json["allergy_alerts"][0]
    assert alert["allergens"] == ["milk"]
    assert alert["message"] == f'"{alert["item"]}" contains milk.'


@pytest.mark.parametrize("field", ["allergies", "allergyItems"])
async def test_a_food_beyond_the_list_raises_an_alert_by_any_of_its_names(client: Client, field: str) -> None:
    await client.put("/api/user/profile", json={field: ["aguacate"]})
    answer = (await recognised(client, "avocado.jpg")).json
    told = [(alert["item"].lower(), alert["allergens"], alert["codes"]) for alert in answer["allergy_alerts"]]
    assert told == [("palta", ["aguacate"], [])]


async def test_a_dish_is_judged_by_its_usual_recipe(client: Client) -> None:
    await declare(client, "gluten", "sulfitos")
    answer = (await recognised(client, "hamburger.jpg", "/api/recognition/foods")).json
    dish = [*answer["foods"], *answer["suggestions"]][0]
    assert dish["allergy_alert"] is True
    assert "gluten" in dish["allergens"]


async def test_what_only_sounds_alike_raises_no_alert(client: Client) -> None:
    await declare(client, "sal", "mani", "ninguna", "")
    answer = (await recognised(client, "lemon.jpg")).json
    assert (answer["allergy_alerts"], answer["has_allergens"]) == ([], False)
    assert [*answer["ingredients"], *answer["suggestions"]][0]["allergen_verdict"] == "free"


@pytest.mark.parametrize("field", ["allergies", "allergyItems"])
@pytest.mark.parametrize("entry", [7, True, ["leche"], {"id": 4}, {"id": 4, "name": " "}, {}, "🥛", "-", "12"])
async def test_an_allergy_that_could_never_alert_is_refused_by_name(client: Client, field: str, entry: Any) -> None:
    reply = await client.put("/api/user/profile", json={"prefs": {field: ["maní", entry]}})
    (problem,) = refused(reply, 422)["errors"]
    assert (problem["pointer"], problem["code"]) == (f"/{field}/1", "names_no_allergy")
    assert orjson.dumps(entry).decode() in problem["message"]
    assert (await client.get("/api/user/profile")).json[field] == []


async def test_alerts_follow_the_profile_and_the_member_in_all_answers_about_a_recognition(client: Client) -> None:
    answer = (await recognised(client, "yoghurt.webp")).json
    paths = [f"/api/recognition/recognition/{answer['recognition_id']}{end}" for end in ("", "/images")]
    for path in paths:
        assert (await client.get(path)).json["has_allergens"] is False
    await declare(client, "leche")
    for path in paths:
        assert (await client.get(path)).json["has_allergens"] is True
    await declare(client)
    for path in paths:
        assert (await client.get(path)).json["has_allergens"] is False


async def test_the_result_of_a_job_has_alerts_too(client: Client) -> None:
    await declare(client, "leche")
    uploaded = (await client.upload(PHOTOS / "yoghurt.webp")).json["image"]["image_path"]
    ordered = (await client.post(f"{INGREDIENTS}/async", json={"images_paths": [uploaded]})).json
    async with asyncio.timeout(20):
        while "result_data" not in (told := (await client.get(f"/api/recognition/status/{ordered['task_id']}")).json):
            await asyncio.sleep(0.05)
    assert told["result_data"]["has_allergens"] is True
    assert told["result_data"]["ingredients"][0]["allergens"] == ["leche"]


async def test_what_is_wrong_with_an_entry_names_its_list(client: Client) -> None:
    told = refused(await client.post(CHECK, json={"items": ["leche", 7]}), 422)
    assert [(one["pointer"], one["message"]) for one in told["errors"]] == [
        ("/items/1", "«items[1]» debe ser un texto.")
    ]
