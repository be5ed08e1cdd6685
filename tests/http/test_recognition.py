"""Recognition over HTTP: photos in, a proposal out in the shape that the client reads, and back into stock."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from tests.service import PHOTOS, Client, Reply, Service, running, signed_in, stack_path
from tests.traces import traces

Guest = Callable[[], Awaitable[Client]]
INGREDIENTS = "/api/recognition/ingredients"
COMPLETE = "/api/recognition/ingredients/complete"
FOODS = "/api/recognition/foods"
BATCH = "/api/recognition/batch"
ACCEPT = "/api/inventory/ingredients/from-recognition"
ACCEPT_FOODS = "/api/inventory/foods/from-recognition"
EVERY = (INGREDIENTS, COMPLETE, FOODS, BATCH)

# What the mobile client casts each field to. Its older parser had no defaults, so all of ITEM must be there.
NUMBER = (int, float)
ITEM = {
    "name": str, "quantity": NUMBER, "type_unit": str, "storage_type": str, "expiration_time": NUMBER,
    "time_unit": str, "tips": str,
}  # fmt: skip
ITEM_IF_THERE = {
    "image_path": str, "image_status": str, "expiration_date": str, "added_at": str, "confidence": NUMBER,
    "allergy_alert": bool, "allergens": list,
}  # fmt: skip
DISH = {
    "name": str, "main_ingredients": list, "category": str, "description": str, "storage_type": str,
    "expiration_time": NUMBER, "time_unit": str, "tips": str, "serving_quantity": NUMBER,
}  # fmt: skip
DISH_IF_THERE = {**ITEM_IF_THERE, "calories": NUMBER}
RECOGNIZED = {"name": str, "confidence": NUMBER}
RECOGNIZED_IF_THERE = {"bounding_box": dict, "image_path": str, "category": str, "allergens": list}
BOX = dict.fromkeys(("x_min", "y_min", "x_max", "y_max"), NUMBER)


def assert_fields(document: Mapping[str, Any], needed: Mapping[str, Any], if_there: Mapping[str, Any]) -> None:
    """Every needed field is there and of its type; the others are so unless absent or null."""
    for name, kind in needed.items():
        assert isinstance(document[name], kind) and not (kind is NUMBER and isinstance(document[name], bool)), name
    for name, kind in if_there.items():
        assert document.get(name) is None or isinstance(document[name], kind), name


def assert_item(item: Mapping[str, Any]) -> None:
    assert_fields(item, ITEM, ITEM_IF_THERE)
    _assert_moments(item)


def assert_dish(dish: Mapping[str, Any]) -> None:
    assert_fields(dish, DISH, DISH_IF_THERE)
    _assert_moments(dish)


def _assert_moments(item: Mapping[str, Any]) -> None:
    assert item["image_path"].startswith("http") and item["image_status"] == "ready"
    assert item["added_at"].endswith("+00:00") and datetime.fromisoformat(item["added_at"])
    day = datetime.fromisoformat(item["expiration_date"])
    assert day.tzinfo is None and day.date() >= date.today() - timedelta(days=1)
    assert item["expiry_source"] in ("table", "assumed") and item["expiry_reference"]


def assert_proposal(answer: Mapping[str, Any]) -> None:
    needed = {"recognition_id": str, "message": str, "engine": str, "total_detected": int, "suggestions": list}
    assert_fields(answer, {**needed, "photo_errors": list}, {"allergy_alerts": list})
    for suggestion in answer["suggestions"]:
        assert suggestion["decision"] == "suggestion"


async def address(client: Client, name: str) -> str:
    """Upload a photo as the mobile client does; answers what it sends on."""
    reply = await client.upload(PHOTOS / name, item_name="scan_1", image_type="ingredient")
    image_path: str = reply.json["image"]["image_path"]
    return image_path


async def recognised(client: Client, *names: str, path: str = INGREDIENTS) -> Reply:
    return await client.post(path, json={"images_paths": [await address(client, name) for name in names]})


async def sent_along(client: Client, *names: str, path: str = INGREDIENTS, part: str = "image") -> Reply:
    form = FormData()
    for name in names:
        form.add_field(part, BytesIO((PHOTOS / name).read_bytes()), filename=name)
    return await client.post(path, data=form)


def names_of(answer: Mapping[str, Any], field: str = "ingredients") -> set[str]:
    return {item["food_id"] for item in answer[field]}


# Shapes


@pytest.mark.parametrize("path", [INGREDIENTS, COMPLETE])
async def test_ingredients_have_the_fields_that_the_client_reads(client: Client, path: str) -> None:
    reply = await recognised(client, "tomato.jpg", "carrots.jpg", path=path)
    assert reply.status == 200
    assert_proposal(reply.json)
    for item in reply.json["ingredients"]:
        assert_item(item)
        assert (item["quantity"], item["type_unit"], item["decision"]) == (1, "unidades", "item")
    assert names_of(reply.json) == {"tomato", "carrot"}
    assert reply.json["total_detected"] == 2


async def test_foods_have_the_fields_that_the_client_reads(client: Client) -> None:
    reply = await recognised(client, "hamburger.jpg", path=FOODS)
    assert reply.status == 200
    assert_proposal(reply.json)
    shown = [*reply.json["foods"], *reply.json["suggestions"]]
    assert shown, "the photo of a hamburger shows nothing at all"
    for dish in shown:
        assert_dish(dish)
        assert dish["type_unit"] == "porciones"


async def test_a_batch_has_the_fields_that_the_client_reads(client: Client) -> None:
    answer = (await recognised(client, "tomato.jpg", "hamburger.jpg", "fridge.jpg", path=BATCH)).json
    assert_proposal(answer)
    assert len(answer["recognized_items"]) == len(answer["ingredients"]) + len(answer["foods"])
    for one in answer["recognized_items"]:
        assert_fields(one, RECOGNIZED, RECOGNIZED_IF_THERE)
        if one["bounding_box"] is not None:
            assert_fields(one["bounding_box"], BOX, {})
    for item in answer["ingredients"]:
        assert_item(item)
    for dish in answer["foods"]:
        assert_dish(dish)


async def test_what_was_found_in_parts_of_a_photo_needs_to_be_confirmed(client: Client) -> None:
    answer = (await recognised(client, "six.jpg")).json
    assert len(answer["ingredients"]) > 1
    for item in answer["ingredients"]:
        assert item["decision"] == "confirm" and item["needs_confirmation"] is True
        assert_fields(item["evidence"]["bounding_box"], BOX, {})


async def test_a_guess_is_a_suggestion_and_never_an_ingredient(client: Client) -> None:
    answer = (await recognised(client, "two.jpg")).json
    assert answer["ingredients"] == [] and answer["total_detected"] == 0
    assert 1 <= len(answer["suggestions"]) <= 3
    for suggestion in answer["suggestions"]:
        assert_item(suggestion)
    assert "sugerencias" in answer["message"]


@pytest.mark.parametrize(("path", "lists"), [(INGREDIENTS, ["ingredients"]), (BATCH, ["recognized_items", "foods"])])
async def test_a_photo_without_food_answers_nothing_and_says_what_to_do(
    client: Client, path: str, lists: list[str]
) -> None:
    reply = await sent_along(client, "cat.jpg", path=path)
    assert reply.status == 200
    assert all(reply.json[name] == [] for name in lists) and reply.json["suggestions"] == []
    assert "No reconocimos nada" in reply.json["message"]


async def test_each_line_has_a_moment_of_its_own(client: Client) -> None:
    answer = (await sent_along(client, "tomato.jpg", "carrots.jpg", "onion.jpg", "avocado.jpg")).json
    moments = [item["added_at"] for item in answer["ingredients"]]
    assert len(moments) == 4 and len(set(moments)) == 4


async def test_the_same_food_in_two_photos_is_one_line(client: Client) -> None:
    answer = (await sent_along(client, "tomato.jpg", "tomato.jpg")).json
    assert [item["food_id"] for item in answer["ingredients"]] == ["tomato"]


async def test_two_photos_are_not_answered_by_what_was_seen_before(client: Client) -> None:
    first, second = [(await sent_along(client, name)).json for name in ("tomato.jpg", "carrots.jpg")]
    assert names_of(first) == {"tomato"} and names_of(second) == {"carrot"}


async def test_a_proposal_can_be_read_again_with_every_image_ready(client: Client) -> None:
    first = (await recognised(client, "tomato.jpg")).json
    for path in ("recognition/", ""):
        again = (await client.get(f"/api/recognition/{path}{first['recognition_id']}/images")).json
        assert again["ingredients"] == first["ingredients"]
        assert (again["images_status"], again["images_generating"], again["progress_percentage"]) == ("ready", 0, 100)


async def test_an_english_speaker_is_answered_in_english(client: Client) -> None:
    await client.put("/api/user/profile", json={"language": "en"})
    item = (await recognised(client, "tomato.jpg")).json["ingredients"][0]
    assert item["name"] == "tomato"
    assert item["storage_type"] in ("refrigerated", "frozen", "dry")
    assert (await client.post(ACCEPT, json={"ingredients": [item]})).status == 201


# Photos sent along


@pytest.mark.parametrize("path", EVERY)
async def test_a_photo_may_come_in_the_same_request(client: Client, path: str) -> None:
    by_address = (await recognised(client, "tomato.jpg", path=path)).json
    in_a_form = (await sent_along(client, "tomato.jpg", path=path)).json
    for field in ("ingredients", "foods"):
        if field in by_address:
            assert names_of(in_a_form, field) == names_of(by_address, field)


@pytest.mark.parametrize("part", ["image", "images", "images[]"])
async def test_several_photos_may_come_under_any_of_the_names_in_use(client: Client, part: str) -> None:
    answer = (await sent_along(client, "tomato.jpg", "carrots.jpg", part=part)).json
    assert names_of(answer) == {"tomato", "carrot"}


async def test_the_shown_photo_of_a_recognised_item_opens(client: Client, stranger: Client) -> None:
    item = (await sent_along(client, "tomato.jpg")).json["ingredients"][0]
    shown = await stranger.get(
        item["image_path"].partition("/photos/")[1] + item["image_path"].partition("/photos/")[2]
    )
    assert (shown.status, shown.headers["Content-Type"]) == (200, "image/jpeg")


async def test_good_photos_go_on_when_others_in_the_request_are_bad(client: Client, service: Service) -> None:
    before = await traces(service)
    reply = await sent_along(client, "tomato.jpg", "text.jpg", "carrots.jpg", "truncated.jpg", "bomb.png", "empty.jpg")
    assert reply.status == 200
    assert names_of(reply.json) == {"tomato", "carrot"}
    told = [(error["index"], error["photo"], error["code"]) for error in reply.json["photo_errors"]]
    assert told == [
        (1, "text.jpg", "not_an_image"),
        (3, "truncated.jpg", "broken_image"),
        (4, "bomb.png", "too_many_pixels"),
        (5, "empty.jpg", "empty_image"),
    ]
    assert all(error["message"].endswith(".") for error in reply.json["photo_errors"])
    after = await traces(service)
    assert after.photos == before.photos + 2 and len(after.kept) == len(before.kept) + 2
    assert after.temporary == before.temporary


async def test_recognising_changes_no_stock(client: Client) -> None:
    await sent_along(client, "tomato.jpg")
    assert await client.stock() == {}


async def test_a_full_queue_is_asked_to_come_back_and_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, http: ClientSession
) -> None:
    async with running(tmp_path_factory.mktemp("busy"), pool_queue=1, pool_processes=1) as service:
        client = await signed_in(http, service.url)
        addresses = [await address(client, "tomato.jpg") for _ in range(5)]
        before = await traces(service)
        reply = await client.post(INGREDIENTS, json={"images_paths": addresses})
        assert (reply.status, reply.json["code"]) == (503, "pool_full")
        assert int(reply.headers["Retry-After"]) >= 1
        assert await traces(service) == before


async def test_the_images_of_dishes_are_ready_too(client: Client) -> None:
    first = (await recognised(client, "hamburger.jpg", path=FOODS)).json
    again = (await client.get(f"/api/recognition/recognition/{first['recognition_id']}/images")).json
    assert (again["images_status"], again["images_ready"]) == ("ready", again["total_items"])
    for dish in [*again["foods"], *again["suggestions"]]:
        assert_dish(dish)


async def test_as_many_photos_as_the_client_takes_fit_in_one_request(client: Client) -> None:
    reply = await sent_along(client, *["tomato.jpg", "carrots.jpg"] * 5)
    assert reply.status == 200 and names_of(reply.json) == {"tomato", "carrot"}


# Into stock


async def test_what_was_recognised_goes_into_stock_as_it_is(client: Client) -> None:
    item = (await recognised(client, "tomato.jpg")).json["ingredients"][0]
    reply = await client.post(ACCEPT, json={"ingredients": [item]})
    assert (reply.status, reply.json["ingredients_count"], reply.json["source"]) == (201, 1, "recognition")
    stacks = (await client.stock())[item["name"]]
    assert [stack["added_at"] for stack in stacks] == [item["added_at"]]
    for field in ("expiration_date", "expiry_source", "expiry_reference", "quantity", "type_unit"):
        assert stacks[0][field] == item[field]


async def test_sending_the_same_items_twice_adds_them_once(client: Client) -> None:
    items = (await recognised(client, "tomato.jpg", "carrots.jpg")).json["ingredients"]
    first = await client.post(ACCEPT, json={"ingredients": items})
    again = await client.post(ACCEPT, json={"ingredients": items})
    assert (first.status, again.status) == (201, 201)
    assert [item["batch_id"] for item in again.json["items"]] == [item["batch_id"] for item in first.json["items"]]
    assert again.json["message"] == first.json["message"]
    assert {name: len(stacks) for name, stacks in (await client.stock()).items()} == {one["name"]: 1 for one in items}


async def test_one_item_twice_in_a_request_is_added_once(client: Client) -> None:
    item = (await recognised(client, "tomato.jpg")).json["ingredients"][0]
    await client.post(ACCEPT, json={"ingredients": [item, item]})
    assert await client.quantity(item["name"]) == 1


async def test_an_edited_item_is_added_as_edited_and_once(client: Client) -> None:
    answer = (await recognised(client, "tomato.jpg")).json
    item = answer["ingredients"][0]
    edited = {**item, "quantity": 3, "storage_type": "despensa", "expiration_date": "2031-05-06T00:00:00"}
    for _ in range(2):
        assert (await client.post(ACCEPT, json={"ingredients": [edited]})).status == 201
    stack = (await client.stock())[item["name"]][0]
    assert (await client.quantity(item["name"]), stack["storage_type"]) == (3, "despensa")
    assert (stack["expiration_date"], stack["expiry_source"]) == ("2031-05-06T00:00:00", "typed")


async def test_a_renamed_item_does_not_keep_the_evidence_of_its_old_name(client: Client) -> None:
    item = (await recognised(client, "tomato.jpg")).json["ingredients"][0]
    await client.post(ACCEPT, json={"ingredients": [{**item, "name": "Aguaymanto"}]})
    stock = await client.stock()
    assert set(stock) == {"Aguaymanto"}
    assert stock["Aguaymanto"][0]["expiry_source"] == "typed"


@pytest.mark.parametrize("spelling", ["ingredients", "selected_ingredients"])
async def test_items_may_come_with_their_recognition(client: Client, spelling: str) -> None:
    answer = (await recognised(client, "tomato.jpg")).json
    body = {"recognition_id": answer["recognition_id"], spelling: answer["ingredients"]}
    for _ in range(2):
        assert (await client.post(ACCEPT, json=body)).status == 201
    assert await client.quantity(answer["ingredients"][0]["name"]) == 1


async def test_with_another_recognition_an_item_is_a_plain_add(client: Client) -> None:
    item = (await recognised(client, "tomato.jpg")).json["ingredients"][0]
    other = (await recognised(client, "carrots.jpg")).json["recognition_id"]
    await client.post(ACCEPT, json={"ingredients": [item]})
    reply = await client.post(ACCEPT, json={"ingredients": [item], "recognition_id": other})
    assert len(reply.json["items"]) == 1
    assert await client.quantity(item["name"]) == 2


async def test_an_item_that_nothing_proposed_is_a_plain_add(client: Client) -> None:
    item = {"name": "Quinua", "quantity": 2, "type_unit": "kilogramos", "added_at": "2020-01-01T00:00:00"}
    for _ in range(2):
        assert (await client.post(ACCEPT, json={"ingredients": [item]})).status == 201
    assert await client.quantity("Quinua") == 4


async def test_nobody_accepts_the_lines_of_another_household(guest: Guest) -> None:
    owner, other = await guest(), await guest()
    item = (await recognised(owner, "tomato.jpg")).json["ingredients"][0]
    refused = await other.post(ACCEPT, json={"ingredients": [item]})
    assert (refused.status, refused.json["code"]) == (404, "unknown_photo")
    plain = await other.post(ACCEPT, json={"ingredients": [{**item, "image_path": ""}]})
    assert plain.status == 201
    await owner.post(ACCEPT, json={"ingredients": [item]})
    assert await owner.quantity(item["name"]) == await other.quantity(item["name"]) == 1


async def test_what_was_accepted_and_eaten_does_not_come_back_when_sent_again(client: Client) -> None:
    item = (await recognised(client, "tomato.jpg")).json["ingredients"][0]
    accepted = (await client.post(ACCEPT, json={"ingredients": [item]})).json["items"][0]
    assert (await client.post(f"{stack_path(accepted)}/consume", json={"consumed_quantity": 1})).status == 200
    again = await client.post(ACCEPT, json={"ingredients": [item]})
    assert (again.status, again.json["items"]) == (201, [])
    assert await client.stock() == {}


@pytest.mark.parametrize("spelling", ["foods", "selected_foods"])
async def test_recognised_dishes_go_into_stock_as_dishes_once(client: Client, spelling: str) -> None:
    answer = (await recognised(client, "hamburger.jpg", path=FOODS)).json
    dish = [*answer["foods"], *answer["suggestions"]][0]
    for _ in range(2):
        reply = await client.post(ACCEPT_FOODS, json={spelling: [dish]})
        assert (reply.status, reply.json["foods_count"]) == (201, 1)
    shelf = (await client.get("/api/inventory")).json["food_items"]
    assert [(one["name"], len(one["stacks"]), one["type_unit"]) for one in shelf] == [(dish["name"], 1, "porciones")]


async def test_a_chosen_suggestion_goes_into_stock_once(client: Client) -> None:
    suggestion = (await recognised(client, "two.jpg")).json["suggestions"][0]
    for _ in range(2):
        await client.post(ACCEPT, json={"ingredients": [suggestion]})
    assert await client.quantity(suggestion["name"]) == 1


# Idempotency


async def test_a_keyed_recognition_that_comes_again_is_made_once(client: Client, service: Service) -> None:
    body, key = {"images_paths": [await address(client, "tomato.jpg")]}, {"Idempotency-Key": "r1"}
    first = await client.post(INGREDIENTS, json=body, headers=key)
    after_first = await traces(service)
    again = await client.post(INGREDIENTS, json=body, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true" and again.json == first.json
    assert (await traces(service)).recognitions == after_first.recognitions


async def test_a_keyed_recognition_of_a_sent_photo_is_made_once(client: Client, service: Service) -> None:
    async def send() -> Reply:
        form = FormData()
        form.add_field("image", BytesIO((PHOTOS / "tomato.jpg").read_bytes()), filename="a.jpg")
        return await client.post(INGREDIENTS, data=form, headers={"Idempotency-Key": "r2"})

    first = await send()
    after_first = await traces(service)
    assert (await send()).json == first.json
    assert await traces(service) == after_first


async def test_a_key_for_another_recognition_is_refused(client: Client) -> None:
    key = {"Idempotency-Key": "r3"}
    for name, status in (("tomato.jpg", 200), ("carrots.jpg", 422)):
        reply = await client.post(INGREDIENTS, json={"images_paths": [await address(client, name)]}, headers=key)
        assert reply.status == status


async def test_a_key_is_remembered_for_a_route_only(client: Client) -> None:
    body, key = {"images_paths": [await address(client, "tomato.jpg")]}, {"Idempotency-Key": "r4"}
    first, other = [(await client.post(path, json=body, headers=key)).json for path in (INGREDIENTS, COMPLETE)]
    assert first["recognition_id"] != other["recognition_id"]


async def test_a_recognition_needs_a_living_session(client: Client) -> None:
    body = {"images_paths": [await address(client, "tomato.jpg")]}
    await client.post("/api/auth/logout")
    assert (await client.post(INGREDIENTS, json=body)).status == 401
    assert (await replace(client, token=None).post(INGREDIENTS, json=body)).status == 401


async def test_what_was_accepted_and_undone_can_be_accepted_again(client: Client) -> None:
    items = (await client.upload(PHOTOS / "avocado.jpg", INGREDIENTS)).json["ingredients"]
    first = (await client.post(ACCEPT, json={"ingredients": items})).json
    assert (await client.post(f"/api/journal/{first['entry_id']}/undo")).status == 200
    again = (await client.post(ACCEPT, json={"ingredients": items})).json
    assert [item["name"] for item in again["items"]] == [item["name"] for item in first["items"]]
    assert list(await client.stock()) == [items[0]["name"]]
