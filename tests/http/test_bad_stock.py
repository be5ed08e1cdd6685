"""Stock that cannot be: each refused with a sentence in both languages, a pointer, and nothing left behind."""

import time
from io import BytesIO
from typing import Any

import orjson
import pytest

from storage import batches, people
from tests.http.expecting import refused, refused_in_both_languages
from tests.service import Client, Service
from tests.storage.households import batch
from zwai.kitchen.inventory import MOST_BATCHES

ADD = "/api/inventory/ingredients"
GOOD = {"name": "Leche", "quantity": 1, "type_unit": "litros", "storage_type": "refrigerado"}


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("type_unit", "codos", "unknown_word"),
        ("type_unit", "", "unknown_word"),
        ("type_unit", 3, "unknown_word"),
        ("type_unit", "g" * 10_000, "unknown_word"),
        ("storage_type", "garaje", "unknown_word"),
        ("time_unit", "lustros", "unknown_word"),
        ("quantity", -1, "too_small"),
        ("quantity", 0, "too_small"),
        ("quantity", 0.0001, "too_small"),
        ("quantity", "NaN", "wrong_type"),
        ("quantity", "Infinity", "wrong_type"),
        ("quantity", "-inf", "wrong_type"),
        ("quantity", "1_000", "wrong_type"),
        ("quantity", True, "wrong_type"),
        ("quantity", [1], "wrong_type"),
        ("quantity", "mucha", "wrong_type"),
        ("quantity", "1e400", "too_large"),
        ("quantity", "1e999999999999999999999", "wrong_type"),
        ("quantity", 1_000_001, "too_large"),
        ("quantity", "9" * 10_000, "too_large"),
        ("name", "x" * 10_000, "too_long"),
        ("name", "x" * 101, "too_long"),
        ("name", "\ufdfa" * 20, "too_long"),  # unfolds to 360 letters
        ("name", "", "empty"),
        ("name", "   ", "empty"),
        ("name", "\u200b", "empty"),
        ("name", "Le\x00che", "bad_form"),
        ("name", "Le\u202eehc", "bad_form"),
        ("tips", "Fr\x00ío", "bad_form"),
        ("name", "Le\x1bche", "bad_form"),
        ("name", 5, "wrong_type"),
        ("name", None, "null"),
        ("expiration_date", "2027-02-31", "bad_date"),
        ("expiration_date", "2027-02-29T00:00:00", "bad_date"),
        ("expiration_date", "2027-13-01", "bad_date"),
        ("expiration_date", "Wed, 04 Jun 2025 22:44:07 GMT", "bad_date"),
        ("expiration_date", 20270101, "bad_date"),
        ("expiration_date", "2027-01-01Tayer", "bad_date"),
        ("expiration_date", "9999-12-31", "too_far"),
        ("expiration_time", -1, "out_of_range"),
        ("expiration_time", "1e400", "wrong_type"),
        ("tips", "x" * 2001, "too_long"),
        ("image_path", 7, "wrong_type"),
        ("added_at", "ayer", "bad_date"),
    ],
)
async def test_an_item_with_a_bad_member_is_refused_whole(client: Client, member: str, value: Any, code: str) -> None:
    body = {"ingredients": [GOOD, {**GOOD, member: value}]}
    problem = await refused_in_both_languages(client, "POST", ADD, 422, json=body)
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(f"/ingredients/1/{member}", code)]
    assert await client.stock() == {}


async def test_no_door_takes_an_expiry_that_nothing_has(client: Client) -> None:
    far, span = {"expiration_date": "2099-01-01"}, {"expiration_time": 30, "time_unit": "Años"}
    stack = await client.add("Sal")
    batch = (await client.stock())["Sal"][0]["batch_id"]
    kept = {"new_best_before": "2099-01-01"}
    left = {"title": "Guiso", "portions": 1, "eat_by": "2099-01-01", "storage_location": "refrigerador"}
    for method, path, body, pointer in (
        ("POST", ADD, {"ingredients": [{**GOOD, **span}]}, "/ingredients/0/expiration_time"),
        ("POST", "/api/inventory/bulk-add", {"items": [{**GOOD, **far}]}, "/items/0/expiration_date"),
        ("POST", "/api/inventory/bulk-add", {"items": [{**GOOD, **span}]}, "/items/0/expiration_time"),
        ("POST", "/api/inventory/add_item", {**GOOD, "category": "x", **far}, "/expiration_date"),
        ("PUT", f"{stack}/expiration", far, "/expiration_date"),
        ("PUT", stack, {**GOOD, **span}, "/expiration_time"),
        ("POST", f"/api/inventory/batch/{batch}/freeze", kept, "/new_best_before"),
        ("POST", "/api/inventory/leftovers", left, "/eat_by"),
        ("POST", "/api/proposals/none/accept", {"lines": [{"id": "1", **far}]}, "/lines/0/expiration_date"),
        ("POST", "/api/proposals/none/accept", {"lines": [{"id": "1", **span}]}, "/lines/0/expiration_time"),
    ):
        problem = await refused_in_both_languages(client, method, path, 422, json=body)
        assert (pointer, "too_far") in [(one["pointer"], one["code"]) for one in problem["errors"]], (path, problem)


@pytest.mark.parametrize("member", ["name", "quantity", "type_unit"])
async def test_what_an_item_must_have_is_named_when_it_is_missing(client: Client, member: str) -> None:
    item = {name: value for name, value in GOOD.items() if name != member}
    problem = refused(await client.post("/api/inventory", json=item), 422)
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(f"/{member}", "required")]


@pytest.mark.parametrize("ingredients", [[], None, {}, "Leche", [None], ["Leche"], [[GOOD]], [GOOD] * 101])
async def test_ingredients_that_are_no_list_of_items_are_refused(client: Client, ingredients: Any) -> None:
    refused(await client.post(ADD, json={"ingredients": ingredients}), 422)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"ingredients": [{"name": "Leche", "quantity": NaN, "type_unit": "litros"}]}',
        b'{"ingredients": [{"name": "Leche", "quantity": Infinity, "type_unit": "litros"}]}',
        b'{"ingredients": [',
        b"\xff\xfe",
        b'{"a": "\\ud800"}',
        b"[]",
        b"7",
        b"null",
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(client: Client, raw: bytes) -> None:
    for language in ("es", "en"):
        headers = {"Content-Type": "application/json", "Accept-Language": language}
        refused(await client.post(ADD, data=raw, headers=headers), 400)


async def test_a_number_beyond_all_numbers_is_refused(client: Client) -> None:
    raw = b'{"ingredients": [{"name": "Leche", "quantity": 1e400, "type_unit": "litros"}]}'
    reply = await client.post(ADD, data=raw, headers={"Content-Type": "application/json"})
    assert reply.status in (400, 422)
    refused(reply, reply.status)
    assert await client.stock() == {}


@pytest.mark.parametrize("number", ["0.001", 0.1, "  2.5 ", 1_000_000, 0.30000000000000004, 1e-3])
async def test_a_number_is_kept_to_the_thousandth(client: Client, number: Any) -> None:
    reply = await client.post("/api/inventory", json={**GOOD, "quantity": number})
    assert (reply.status, reply.json["items"][0]["quantity"]) == (201, round(float(number), 3))


async def test_members_that_nobody_knows_are_ignored(client: Client) -> None:
    reply = await client.post("/api/inventory", json={**GOOD, "image_status": "ready", "confidence": 0.9, "x": {}})
    assert reply.status == 201


@pytest.mark.parametrize(
    "name", ["O'Brien; DROP TABLE batches;--", "<script>alert(1)</script>", "{{7*7}}", "%s %d", "☃"]
)
async def test_a_name_is_only_a_name(client: Client, name: str) -> None:
    await client.add(name)
    assert list(await client.stock()) == [name]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ADD, {"ingredients": [{}] * 300_000}),
        ("/api/inventory", {**GOOD, "main_ingredients": [1] * 400_000}),
        ("/api/recognition/ingredients", {"images_paths": [1] * 400_000}),
        ("/api/auth/guest-login", {"email": "a@" + "a." * 500_000}),
    ],
)
async def test_a_body_full_of_nothing_is_refused_at_once_and_shortly(
    client: Client, path: str, body: dict[str, Any]
) -> None:
    raw, headers = orjson.dumps(body), {"Content-Type": "application/json"}
    began = time.monotonic()
    reply = await client.post(path, data=BytesIO(raw), headers=headers)
    assert time.monotonic() - began < 0.5  # it took up to a minute
    assert [one["code"] for one in refused(reply, 422)["errors"]] in (["too_long"], ["wrong_length"])
    assert len(reply.body) < 2000


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "deep"}])
async def test_a_body_nested_too_deeply_is_refused(client: Client, key: dict[str, str]) -> None:
    raw = b'{"allergies": ' + b"[" * 300 + b"]" * 300 + b"}"
    reply = await client.put("/api/user/profile", data=raw, headers={"Content-Type": "application/json", **key})
    assert refused(reply, 400)["code"] == "bad_json"


@pytest.mark.slow
async def test_a_full_inventory_takes_no_more_and_says_so(client: Client, service: Service) -> None:
    assert client.user is not None
    async with service.kitchen.database.read() as tx:
        owner = (await people.get_account(tx, client.user["uid"])).household
    async with service.kitchen.database.write(owner) as tx:
        await batches.add(tx, [batch(owner, f"frasco {number}") for number in range(MOST_BATCHES)])
    reply = await client.post(ADD, json={"ingredients": [GOOD]})
    assert (reply.status, reply.json["code"]) == (409, "stock_full")
