"""What the documentation shows works: the document is valid, and every example gets the answer it promises."""

import re
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.examples import BODIES, CODE, LINE, PHOTO, RECOGNITION
from handlers.openapi import BRACES, document
from handlers.route import Auth, Route
from handlers.routes import ROUTES
from tests.http.test_every_route import Guest, names, path_of
from tests.service import PHOTOS, Client, Reply, stack_path

DOCUMENT: dict[str, Any] = orjson.loads(orjson.dumps(document(ROUTES)))
WITH_BODY = [route for route in ROUTES if route.body is not None]


@pytest.mark.slow
def test_the_document_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


@names(WITH_BODY)
def test_a_body_has_an_example(route: Route) -> None:
    assert route.body in BODIES


@names([route for route in WITH_BODY if route.auth is Auth.ACCESS])
async def test_an_example_gets_the_answer_that_is_promised(client: Client, guest: Guest, route: Route) -> None:
    example = orjson.dumps(BODIES[route.body]).decode()  # type: ignore[index]
    values, real = await a_household_for(client, guest, f"{route.path} {example}", "/foods/" in route.path)
    for shown, own in real.items():
        example = example.replace(shown, own)
    sent = {"Content-Type": "application/json"}
    fits(route, await client.request(route.method, path_of(route, values), data=example, headers=sent))


@names([route for route in ROUTES if route.method == "GET" and route.auth is Auth.ACCESS and route.answer])
async def test_what_is_read_has_the_shape_that_is_promised(client: Client, guest: Guest, route: Route) -> None:
    asked = f"{route.path} proposal_id {{image_id}}"  # one of everything
    values, _ = await a_household_for(client, guest, asked, "/foods/" in route.path)
    fits(route, await client.get(path_of(route, values), params={"q": "leche"} if route.path == "/api/foods" else {}))


async def test_the_examples_of_registering_and_signing_in_belong_together(stranger: Client) -> None:
    for route in [route for route in WITH_BODY if route.auth is Auth.NONE]:
        fits(route, await stranger.request(route.method, route.path, json=BODIES[route.body]))  # type: ignore[index]


def fits(route: Route, reply: Reply) -> None:
    """The answer has a status of the route, and the shape that the document gives it."""
    assert reply.status in route.statuses, reply.body
    operation = DOCUMENT["paths"][BRACES.sub(r"{\1}", route.path)][route.method.lower()]
    schema = operation["responses"][str(reply.status)]["content"]["application/json"]["schema"]
    errors = Draft202012Validator(schema | {"components": DOCUMENT["components"]}).iter_errors(reply.json)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


async def a_household_for(
    client: Client, guest: Guest, asked: str, dish: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Have what a path and its example speak of: the values of its braces, and what the example's words stand for."""
    name, unit = ("Lomo saltado", "porciones") if dish else ("Leche", "litros")
    item = (await client.post("/api/inventory", json={"name": name, "quantity": 2, "type_unit": unit})).json["items"][0]
    *_, name, added_at = stack_path(item).split("/")
    values = {"name": name, "added_at": added_at, "batch_id": item["batch_id"], "stack_id": item["batch_id"]}
    values["food_id"] = item["food_id"] or "tomato"
    values["gtin"] = "7750670000154"
    if "/products/" in asked:
        await client.put(f"/api/products/{values['gtin']}", json={"name": "Leche"})
    if "{generation_id}" in asked:
        made = await client.post("/api/recipes/generate-custom", json={"ingredients": ["huevos"]})
        values["generation_id"] = made.json["generation_id"]
    if "{image_id}" in asked:
        values["image_id"] = (await client.upload(PHOTOS / "lemon.jpg", "/api/reference-images")).json["imageId"]
    if "/thaw" in asked:
        await client.post(f"/api/inventory/batch/{item['batch_id']}/freeze", json={})
    real = {}
    if CODE in asked:
        real[CODE] = (await (await guest()).post("/api/households/invitations")).json["code"]
    if re.search(rf"{re.escape(PHOTO)}|{RECOGNITION}|{LINE}|proposal_id", asked):
        real[PHOTO] = (await client.upload(PHOTOS / "lemon.jpg")).json["image"]["image_path"]
    if re.search(rf"{RECOGNITION}|{LINE}|proposal_id", asked):
        seen = await client.post("/api/recognition/ingredients", json={"images_paths": [real[PHOTO]]})
        later = await client.post("/api/recognition/ingredients/async", json={"images_paths": [real[PHOTO]]})
        values["task_id"] = values["job_id"] = later.json["task_id"]
        values["proposal_id"] = values["recognition_id"] = real[RECOGNITION] = seen.json["recognition_id"]
        proposal = (await client.get(f"/api/proposals/{values['proposal_id']}")).json
        real[LINE] = proposal["lines"][0]["id"]
    return values, real
