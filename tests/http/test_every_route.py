"""What holds for every route, generated from the route table."""

import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from handlers.bodies import JSON_LIMIT
from handlers.route import Auth, CacheFor, Consumes, Limit, Replay, Route
from handlers.routes import ROUTES
from tests.http.expecting import refused, refused_in_both_languages
from tests.service import PHOTOS, Client, Service, running, signed_in

Guest = Callable[[], Awaitable[Client]]

# Values that no household has, for the braces of any path.
FOREIGN = {
    "added_at": "2020-01-01T00:00:00.000Z",
    "photo": "0" * 32,
    "copy": "display",
}
# Routes that answer a page, a script or a file, and so have no schema.
PAGES = {
    "/docs",
    "/metrics",
    "/docs/explorer.js",
    "/docs/explorer.css",
    "/api/openapi.json",
    "/health/live",
    "/api/export",
    "/api/recogniser/report.svg",
    "/api/jobs/{job_id}/events",
    "/api/inventory/batch/{batch_id}/quarantine",  # 204
}


# Routes whose answers are never stored, since they hold a secret.
TELL_SECRETS = {"/api/households/invitations"}
# Questions too long for an address.
ONLY_TELL = {"/api/allergens/check"}


def path_of(route: Route, values: dict[str, str] = FOREIGN) -> str:
    """An address of the route, its braces filled; by default with what no household has."""
    return re.sub(r"\{(\w+)(?::[^}]*\}?)?\}", lambda brace: values.get(brace[1], "0" * 32), route.path)


def names(routes: list[Route]) -> Any:
    # Nginx lets nobody see /metrics from outside.
    marks = {"/metrics": [pytest.mark.direct]}
    return pytest.mark.parametrize(
        "route", [pytest.param(route, id=route.name, marks=marks.get(route.path, ())) for route in routes]
    )


NUL = pytest.param("/%00", marks=pytest.mark.direct)  # Nginx cannot read such an address
ACCESS = [route for route in ROUTES if route.auth is Auth.ACCESS]
JSON = [route for route in ACCESS if route.consumes in (Consumes.JSON, Consumes.JSON_OR_MULTIPART)]
WITH_IDS = [route for route in ACCESS if "{" in route.path]
LISTS = [route for route in ROUTES if route.cache is not CacheFor.NONE]


def body_for(route: Route) -> dict[str, Any] | None:
    """A body that the route's schema takes, so that nothing but the path is wrong."""
    if route.body is None:
        return None
    item = {"name": "Leche", "quantity": 1, "serving_quantity": 1, "type_unit": "litros"}
    item |= {"expiration_date": "2031-01-02", "planner_date": "2031-01-02", "eat_by": "2031-01-02", "unit": "litros"}
    item |= {"meal_type": "cena", "storage_type": "despensa", "output_type": "Queso", "yield_qty": 1, "reason": "otro"}
    return item if {*item} & set(route.body().fields) else {}


@names(list(ROUTES))
def test_a_route_says_what_it_does_and_answers(route: Route) -> None:
    assert route.summary
    assert route.answer is not None or route.path in PAGES or route.auth is Auth.SIGNED_URL
    assert route.statuses


@names(ACCESS)
def test_who_is_signed_in_is_limited_and_may_repeat_a_write(route: Route) -> None:
    assert route.limit is not Limit.NONE
    stores_none = route.path.startswith("/api/auth/") or route.path in TELL_SECRETS | ONLY_TELL
    changing = route.method != "GET" and not stores_none
    assert (route.replay is not Replay.NONE) == changing


@names(ACCESS)
async def test_nobody_gets_in_without_a_token(stranger: Client, route: Route) -> None:
    problem = await refused_in_both_languages(stranger, route.method, path_of(route), 401)
    assert problem["code"] == "not_signed_in"


@names(ACCESS)
@pytest.mark.parametrize("token", ["refresh", "forged", "none", "other words"])
async def test_a_token_of_another_kind_does_not_open(client: Client, route: Route, token: str) -> None:
    good = client.token or ""
    head, claims, _signature = good.split(".")
    tokens = {
        "refresh": client.refresh_token,
        "forged": f"{head}.{claims}.{'A' * 43}",
        "none": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.",
        "other words": "x",
    }
    sent = {"Authorization": f"Bearer {tokens[token]}"}
    refused(await client.request(route.method, path_of(route), headers=sent), 401, "token_invalid")


@names(WITH_IDS)
async def test_what_is_not_the_households_is_not_found(client: Client, route: Route) -> None:
    await refused_in_both_languages(client, route.method, path_of(route), 404, json=body_for(route))


@pytest.fixture(scope="module")
async def anas(service: Service, http: ClientSession) -> tuple[Client, dict[str, dict[str, str]]]:
    """A household that has one of everything: its member, and for each kind of path the values that lead there."""
    ana = await signed_in(http, service.url)
    dish, milk = [
        (await ana.post("/api/inventory", json={"name": name, "quantity": 1, "type_unit": unit})).json["items"][0]
        for name, unit in (("Lomo saltado", "porciones"), ("Leche", "litros"))
    ]
    entry = (await ana.get("/api/journal")).json["entries"][0]["entry_id"]
    photo = (await ana.upload(PHOTOS / "lemon.jpg")).json["image"]["image_path"]
    seen, later = [
        await ana.post(f"/api/recognition/{path}", json={"images_paths": [photo]})
        for path in ("ingredients", "ingredients/async")
    ]
    ids = {"entry_id": entry, "recognition_id": seen.json["recognition_id"], "task_id": later.json["task_id"]}
    ids["job_id"] = ids["task_id"]
    ids |= {"proposal_id": ids["recognition_id"], "account_id": (ana.user or {})["uid"], "stack_id": "leche_stack_0"}
    ids["batch_id"] = milk["batch_id"]
    ids["image_id"] = (await ana.upload(PHOTOS / "lemon.jpg", "/api/reference-images")).json["imageId"]
    ids["generation_id"] = (await ana.post("/api/recipes/generate-custom", json={"ingredients": ["huevos"]})).json[
        "generation_id"
    ]
    return ana, {
        "foods": {**ids, "name": quote(dish["name"]), "added_at": quote(dish["added_at"], safe="")},
        "ingredients": {**ids, "name": milk["name"], "added_at": quote(milk["added_at"], safe="")},
    }


# The catalogue is everybody's, and so are the numbers of products.
@names([route for route in WITH_IDS if not route.path.startswith(("/api/foods/", "/api/products/"))])
async def test_what_is_another_households_is_not_found(
    client: Client, anas: tuple[Client, dict[str, dict[str, str]]], route: Route
) -> None:
    ana, values = anas
    path = path_of(route, values["foods" if "/foods/" in route.path else "ingredients"])
    before = await ana.stock()
    refused(await client.request(route.method, path, json=body_for(route)), 404)
    assert await ana.stock() == before
    if route.method == "GET":  # the address is a real one
        assert (await ana.get(path)).status == 200


@names(JSON)
async def test_a_body_that_is_too_large_is_refused(client: Client, route: Route) -> None:
    sent = {"Content-Type": "application/json"}
    for body in (BytesIO(b'{"a":"' + b"x" * JSON_LIMIT + b'"}'), chunks()):
        refused(await client.request(route.method, path_of(route), data=body, headers=sent), 413, "too_large")


async def chunks() -> Any:
    """Too much, without saying beforehand how much."""
    for _ in range(20):
        yield b" " * (JSON_LIMIT // 16)


@names(JSON)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"])
async def test_a_body_of_another_type_is_refused(client: Client, route: Route, kind: str) -> None:
    sent = {"Content-Type": kind}
    refused(await client.request(route.method, path_of(route), data=b"a=1", headers=sent), 415, "not_json")


@names(JSON)
@pytest.mark.parametrize("raw", [b"[]", b"[{}]", b'"x"', b"1", b"{", b"NaN", b"{'a': 1}"])
async def test_a_body_that_is_no_object_is_refused(client: Client, route: Route, raw: bytes) -> None:
    sent = {"Content-Type": "application/json"}
    refused(await client.request(route.method, path_of(route), data=raw, headers=sent), 400)


@pytest.mark.parametrize(
    "path", ["/nothing", "/api", "/api/nothing", "/api/inventory/nothing/at/all", "//", NUL, "/api/%ff"]
)
async def test_an_address_that_does_not_exist_is_a_404_in_json(client: Client, path: str) -> None:
    await refused_in_both_languages(client, "GET", path, 404)


@names(list({route.path: route for route in ROUTES}.values()))
async def test_a_method_that_is_not_taken_is_a_405_that_tells_the_others(client: Client, route: Route) -> None:
    path = path_of(route)
    problem = await client.request("PROPFIND", path)
    refused(problem, 405, "method_not_allowed")
    allowed = {method.strip() for method in problem.headers["Allow"].split(",")}
    assert route.method in allowed
    assert "PROPFIND" not in allowed


@names(LISTS)
async def test_a_kept_answer_is_private_tagged_and_varies(client: Client, route: Route) -> None:
    reply = await client.get(path_of(route))
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert reply.headers["ETag"]
    assert "Authorization" in reply.headers["Vary"]


@names([route for route in ROUTES if route.method == "GET" and route.auth is Auth.NONE])
async def test_what_is_public_opens_without_a_token_and_with_a_bad_one(stranger: Client, route: Route) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}):
        reply = await stranger.get(path_of(route), headers=headers)
        assert reply.status == 200, reply.body[:200]


@names([route for route in ROUTES if route.auth is Auth.INTERNAL])
@pytest.mark.parametrize("secret", [None, "", "guess", "ñ" * 32])
async def test_where_no_secret_is_set_the_operators_routes_are_closed(
    client: Client, route: Route, secret: str | None
) -> None:
    headers = {} if secret is None else {"X-Internal-Secret": secret}
    refused(await client.request(route.method, path_of(route), headers=headers), 403, "not_an_operator")


@names([route for route in ROUTES if route.auth is Auth.REFRESH])
async def test_an_access_token_does_not_refresh(client: Client, stranger: Client, route: Route) -> None:
    refused(await client.request(route.method, route.path), 401, "token_invalid")
    refused(await stranger.request(route.method, route.path), 401, "not_signed_in")


@names([route for route in ROUTES if route.limit is not Limit.NONE])
async def test_a_limited_route_tells_its_limit(limited: Client, route: Route) -> None:
    reply = await limited.request(route.method, path_of(route))
    name = re.fullmatch(r'"(\w+)";q=\d+;w=60', reply.headers["RateLimit-Policy"])
    assert name is not None
    assert name[1] == route.limit


@pytest.fixture(scope="module")
async def limited(tmp_path_factory: pytest.TempPathFactory, http: Any) -> Any:
    """A member of a service whose limits are on."""
    async with running(tmp_path_factory.mktemp("limited"), rate_limits="on", limit_read=1000) as service:
        yield await signed_in(http, service.url)
