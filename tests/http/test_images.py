"""Pictures of names over HTTP: assigning, searching, asking whether they are ready, and reference images."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import FormData

from tests.http.expecting import answered, refused
from tests.service import PHOTOS, Client, Reply

Guest = Callable[[], Awaitable[Client]]
ASSIGN = "/api/image_management/assign_image"
SEARCH = "/api/image_management/search_similar_images"


async def photo_of(client: Client, item_name: str = "scan_1", image_type: str = "ingredient") -> str:
    reply = await client.upload(PHOTOS / "tomato.jpg", item_name=item_name, image_type=image_type)
    assert reply.status == 201, reply.body
    return str(reply.json["image"]["image_path"])


def local(address: str) -> str:
    return "/photos/" + address.partition("/photos/")[2]


async def search(client: Client, name: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered(await client.post(SEARCH, json={"item_name": name, **more}), "POST", SEARCH)
    return found


# Assigning


async def test_an_assigned_photo_is_shown_by_what_is_in_stock_at_once(client: Client) -> None:
    await client.add("Tomate")
    path = await photo_of(client)
    reply = answered(await client.post(ASSIGN, json={"item_name": "TOMATE", "image_path": path}), "POST", ASSIGN)
    assert (reply["name"], reply["image_path"], reply["image_type"]) == ("TOMATE", path, "ingredient")
    shelf = (await client.get("/api/inventory")).json["ingredients"][0]
    assert shelf["image_path"] == path
    assert (await client.get(local(path))).status == 200


async def test_what_is_added_later_shows_the_photo_of_its_name_unless_it_has_its_own(client: Client) -> None:
    path, own = await photo_of(client), await photo_of(client)
    await client.post(ASSIGN, json={"item_name": "Cebolla", "image_path": path})
    await client.add("cebolla")
    await client.add("Papa")
    await client.add("CEBOLLA", image_path=own)
    shown = {shelf["name"]: shelf["image_path"] for shelf in (await client.get("/api/inventory")).json["ingredients"]}
    assert shown["CEBOLLA"] == own
    assert "/cards/" in shown["Papa"]
    await client.delete("/api/inventory/ingredients/cebolla")
    await client.add("Cebolla")
    shelf = (await client.get("/api/inventory")).json["ingredients"][0]
    assert (shelf["name"], shelf["image_path"]) == ("Cebolla", path)


async def test_assigning_a_photo_can_be_undone(client: Client) -> None:
    await client.add("Tomate")
    await client.post(ASSIGN, json={"item_name": "tomate", "image_path": await photo_of(client)})
    entry = (await client.get("/api/journal")).json["entries"][0]["entry_id"]
    assert (await client.post(f"/api/journal/{entry}/undo")).status == 200
    assert (await client.get("/api/inventory")).json["ingredients"][0]["image_path"].count("/cards/") == 1


async def test_the_picture_of_a_name_is_found_without_accents_in_plural_and_misspelt(client: Client) -> None:
    path = await photo_of(client)
    await client.post(ASSIGN, json={"item_name": "Limón", "image_path": path})
    for name in ("limon", "LIMÓN", "limones"):
        found = answered(await client.post(ASSIGN, json={"item_name": name}), "POST", ASSIGN)
        assert found["image_path"] == path, name
    for name in ("melón", "detergente"):
        assert (await client.post(ASSIGN, json={"item_name": name})).json == {}


@pytest.mark.parametrize("nothing", [{}, {"image_path": None}, {"image_path": ""}, {"image_paths": []}])
async def test_without_a_photo_and_without_a_match_the_answer_is_an_empty_object(
    client: Client, nothing: dict[str, Any]
) -> None:
    reply = await client.post(ASSIGN, json={"item_name": "Quinua", **nothing})
    assert (reply.status, reply.json) == (200, {})


async def test_a_placeholder_is_no_image(client: Client) -> None:
    body = {"item_name": "Quinua", "image_path": "https://via.placeholder.com/150"}
    assert (await client.post(ASSIGN, json=body)).json == {}


async def test_a_list_of_addresses_and_further_fields_are_taken(client: Client) -> None:
    path = await photo_of(client)
    body = {"item_name": "Palta", "image_paths": ["https://example.com/x.png", path], "image_type": "food", "limit": 3}
    assert (await client.post(ASSIGN, json={**body, "category": "fruta"})).json["image_path"] == path


async def test_a_photo_of_others_cannot_be_assigned(client: Client, guest: Guest) -> None:
    path = await photo_of(await guest())
    refused(await client.post(ASSIGN, json={"item_name": "Tomate", "image_path": path}), 404, "unknown_photo")
    foreign = {"item_name": "Tomate", "image_path": "https://example.com/tomate.png"}
    refused(await client.post(ASSIGN, json=foreign), 404, "unknown_photo")


async def test_a_later_assignment_takes_the_place_of_the_first(client: Client) -> None:
    first, second = await photo_of(client), await photo_of(client)
    for path in (first, second):
        await client.post(ASSIGN, json={"item_name": "Arroz", "image_path": path})
    assert (await client.post(ASSIGN, json={"item_name": "arroz"})).json["image_path"] == second


# Searching


async def test_similar_images_are_an_array_with_every_field_the_client_requires(client: Client) -> None:
    path = await photo_of(client, "Manzana roja", "food")
    (found,) = await search(client, "manzana")
    assert (found["name"], found["image_path"], found["image_type"]) == ("Manzana roja", path, "food")
    assert all(isinstance(found[name], str) for name in ("name", "image_path", "image_type"))
    assert await search(client, "detergente") == []


async def test_the_search_ranks_the_same_name_before_a_longer_one_and_keeps_to_its_limit(client: Client) -> None:
    for name in ("Salsa de soya oscura", "Salsa de soya", "Arroz"):
        await photo_of(client, name)
    found = await search(client, "salsa de soya")
    assert found[0]["name"] == "Salsa de soya"
    assert found[0]["similarity_score"] == 1.0
    assert len(await search(client, "salsa de soya", limit=1, category="x", image_type="food")) == 1


async def test_a_longer_name_is_offered_but_never_taken_without_asking(client: Client) -> None:
    await photo_of(client, "Leche de coco")
    assert [one["name"] for one in await search(client, "leche")] == ["Leche de coco"]
    assert (await client.post(ASSIGN, json={"item_name": "leche"})).json == {}


@pytest.mark.parametrize("name", ["scan_1700000000000", "food_scan_1700000000000_1", "uploaded_food"])
async def test_a_name_that_the_client_made_up_is_no_name(client: Client, name: str) -> None:
    await photo_of(client, name)
    assert await search(client, name) == []


async def test_one_finds_what_was_assigned_and_what_stock_shows(client: Client) -> None:
    assigned, shown = await photo_of(client), await photo_of(client)
    await client.post(ASSIGN, json={"item_name": "Plátano", "image_path": assigned})
    await client.add("Yuca", image_path=shown)
    assert [one["image_path"] for one in await search(client, "platanos")] == [assigned]
    assert [one["image_path"] for one in await search(client, "yuca")] == [shown]


async def test_the_search_never_leaves_the_household(client: Client, guest: Guest) -> None:
    other = await guest()
    await photo_of(other, "Kiwi")
    await other.post(ASSIGN, json={"item_name": "Kiwi", "image_path": await photo_of(other)})
    assert await search(client, "kiwi") == []


@pytest.mark.parametrize("body", [{}, {"item_name": ""}, {"item_name": 1}, {"item_name": "x" * 101}, {"limit": 0}])
async def test_a_search_for_nothing_is_refused(client: Client, body: dict[str, Any]) -> None:
    refused(await client.post(SEARCH, json=body), 422)


# Whether they are ready


async def test_a_recognitions_images_are_generated_by_either_id_and_either_address(client: Client) -> None:
    path = await photo_of(client)
    recognised = (await client.post("/api/recognition/ingredients", json={"images_paths": [path]})).json
    for address in (
        f"/api/images/status/{recognised['recognition_id']}",
        f"/api/images/status?task_id={recognised['recognition_id']}&image_type=food",
    ):
        told = (await client.get(address)).json
        assert (told["status"], told["progress_percentage"]) == ("generated", 100)
    assert answered(await client.get("/api/images/status"), "GET", "/api/images/status")["status"] == "generated"


async def test_a_jobs_images_are_generated_when_it_is_done(client: Client) -> None:
    path = await photo_of(client)
    task = (await client.post("/api/recognition/ingredients/async", json={"images_paths": [path]})).json["task_id"]
    words = set()
    for _ in range(600):
        told = answered(await client.get(f"/api/images/status/{task}"), "GET", "/api/images/status/{task_id}")
        words.add(told["status"])
        if told["status"] in ("generated", "failed"):
            break
    assert told["status"] == "generated"
    assert words <= {"pending", "processing", "generated"}
    assert all(one["generation_status"] == "ready" for one in told["images_data"])


# Reference images


async def add_reference(client: Client, label: str = "Olla", category: str = "cocina", **more: Any) -> Reply:
    form = FormData()
    for name, value in {"label": label, "category": category, **more}.items():
        form.add_field(name, value)
    photo = (PHOTOS / "tomato.jpg").read_bytes()
    form.add_field("file", photo, filename="reference_image.jpg", content_type="image/jpeg")
    return await client.post("/api/reference-images", data=form)


async def test_a_reference_image_is_kept_shown_renamed_and_removed(client: Client) -> None:
    made = answered(await add_reference(client), "POST", "/api/reference-images")
    assert (made["label"], made["category"]) == ("Olla", "cocina")
    assert (await client.get(local(made["imageUrl"]))).status == 200
    one = f"/api/reference-images/{made['imageId']}"
    assert (await client.get(one)).json == made
    renamed = await client.put(one, json={"label": "Sartén"})
    assert (renamed.json["label"], renamed.json["category"]) == ("Sartén", "cocina")
    assert (await client.delete(one)).status == 200
    refused(await client.get(one), 404, "unknown_reference")
    refused(await client.delete(one), 404, "unknown_reference")
    assert (await client.get(local(made["imageUrl"]))).status == 200  # a batch may show it


async def test_reference_images_come_by_page_label_and_category(client: Client) -> None:
    for label, category in (("a", "x"), ("b", "x"), ("c", "y")):
        await add_reference(client, label, category)
    labels = []
    for page in (1, 2, 3):
        listed = (await client.get(f"/api/reference-images?page={page}&per_page=2")).json
        assert (listed["page"], listed["per_page"], listed["total"]) == (page, 2, 3)
        labels += [one["label"] for one in listed["items"]]
    assert labels == ["c", "b", "a"]
    for query, expected in (("category=x", ["b", "a"]), ("label=c", ["c"]), ("category=x&label=c", [])):
        listed = answered(await client.get(f"/api/reference-images?{query}"), "GET", "/api/reference-images")
        assert [one["label"] for one in listed["items"]] == expected


@pytest.mark.parametrize("query", ["page=0", "per_page=0", "per_page=101", "page=x", "page=-1", "page=999999999999"])
async def test_a_page_that_cannot_be_is_refused(client: Client, query: str) -> None:
    refused(await client.get(f"/api/reference-images?{query}"), 422)


async def test_a_reference_image_needs_a_photo_and_bearable_names(client: Client) -> None:
    form = FormData()
    form.add_field("label", "Olla", content_type="text/plain")
    refused(await client.post("/api/reference-images", data=form), 400)
    refused(await add_reference(client, label="x" * 101), 422)
