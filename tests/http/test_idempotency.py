"""Idempotency-Key on the real routes: applied once, answered the same, whatever dies on the way."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import FormData
from sqlalchemy import event, select, update

from handlers.replay import fingerprint_of
from storage import replays, schema
from storage.replays import claim_id
from tests.http.expecting import refused
from tests.service import PHOTOS, Client, Reply, Service, stack_path
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId

Guest = Callable[[], Awaitable[Client]]
ADD = "/api/inventory/ingredients"
KEY = {"Idempotency-Key": "k-1"}
MILK = {"ingredients": [{"name": "Leche", "quantity": 1, "type_unit": "litros", "tips": ""}]}


async def household_of(service: Service, client: Client) -> HouseholdId:
    mine = select(schema.accounts.c.household_id).where(schema.accounts.c.id == (client.user or {})["uid"])
    async with service.kitchen.database.read() as tx:
        return HouseholdId(await tx.scalar(mine))


async def claim_for(service: Service, client: Client, now: datetime, lease: timedelta) -> None:
    """A claim on adding MILK under KEY, as a request leaves it that dies before its effect."""
    household = await household_of(service, client)
    key_id = claim_id(household, "POST", ADD, KEY["Idempotency-Key"])
    async with service.kitchen.database.write() as tx:
        await replays.claim(tx, household, replays.Claim(key_id, new_id(now)), fingerprint_of([], MILK), now, lease)


async def test_the_same_request_again_is_applied_once_and_answered_the_same(client: Client) -> None:
    first = await client.post(ADD, json=MILK, headers=KEY)
    again = await client.post(ADD, json=MILK, headers=KEY)
    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")
    assert await client.quantity("Leche") == 1


async def test_eating_twice_under_one_key_eats_once(client: Client) -> None:
    path = await client.add("Leche", 1, "litros")
    for _ in range(2):
        reply = await client.post(f"{path}/consume", json={"consumed_quantity": 0.4}, headers=KEY)
        assert reply.status == 200
    assert float(await client.quantity("Leche")) == 0.6


async def test_json_in_another_order_and_spacing_is_the_same_request(client: Client) -> None:
    item = dict(reversed(MILK["ingredients"][0].items()))
    reordered = orjson.dumps({"ingredients": [item]}, option=orjson.OPT_INDENT_2)
    await client.post(ADD, json=MILK, headers=KEY)
    reply = await client.post(f"{ADD}/", data=reordered, headers={**KEY, "Content-Type": "application/json"})
    assert (reply.status, reply.headers.get("Idempotent-Replayed")) == (201, "true")


async def test_another_body_under_the_same_key_is_refused(client: Client) -> None:
    await client.post(ADD, json=MILK, headers=KEY)
    other = {"ingredients": [{**MILK["ingredients"][0], "quantity": 2}]}
    refused(await client.post(ADD, json=other, headers=KEY), 422, "key_reused")
    assert await client.quantity("Leche") == 1


async def test_the_same_key_on_another_route_is_another_request(client: Client) -> None:
    first = await client.post("/api/inventory/bulk", json={"items": MILK["ingredients"]}, headers=KEY)
    second = await client.post("/api/inventory/bulk-add", json={"items": MILK["ingredients"]}, headers=KEY)
    assert (first.status, second.status, second.headers.get("Idempotent-Replayed")) == (201, 201, None)
    assert await client.quantity("Leche") == 2


async def test_households_do_not_share_keys(guest: Guest) -> None:
    for client in (await guest(), await guest()):
        reply = await client.post(ADD, json=MILK, headers=KEY)
        assert (reply.status, reply.headers.get("Idempotent-Replayed")) == (201, None)


async def test_twenty_at_once_are_applied_once(client: Client) -> None:
    replies = await asyncio.gather(*(client.post(ADD, json=MILK, headers=KEY) for _ in range(20)))
    first = [one for one in replies if one.status == 201 and "Idempotent-Replayed" not in one.headers]
    assert len(first) == 1
    for reply in replies:
        assert reply.status in (201, 409), reply.body
        if reply.status == 201:
            assert reply.body == first[0].body
        else:
            assert refused(reply, 409, "request_in_flight")
            assert reply.headers["Retry-After"] == "1"
    assert await client.quantity("Leche") == 1
    settled = await client.post(ADD, json=MILK, headers=KEY)
    assert (settled.status, settled.headers["Idempotent-Replayed"]) == (201, "true")


async def test_without_a_key_each_of_many_at_once_is_applied(client: Client) -> None:
    statuses = Counter(reply.status for reply in await asyncio.gather(*(client.post(ADD, json=MILK) for _ in range(9))))
    assert statuses == {201: 9}
    assert await client.quantity("Leche") == 9


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("POST", "{stack}/consume", {"consumed_quantity": 9}, 409), ("DELETE", ADD + "/Nada", None, 404)],
)
async def test_a_refusal_is_given_again_even_when_it_would_now_work(
    client: Client, method: str, path: str, body: Any, status: int
) -> None:
    stack = await client.add("Leche", 1, "litros")
    path = path.format(stack=stack)
    first = await client.request(method, path, json=body, headers=KEY)
    await client.patch(f"{stack}/quantity", json={"quantity": 50})
    await client.add("Nada")
    again = await client.request(method, path, json=body, headers=KEY)
    assert refused(first, status) == again.json  # with the request id that it was first given under
    assert (again.status, again.headers["Idempotent-Replayed"]) == (status, "true")
    assert await client.quantity("Leche") == 50


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a b", "ñandú"])
async def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    refused(await client.post(ADD, json=MILK, headers={"Idempotency-Key": key}), 400, "bad_key")
    assert await client.stock() == {}


async def test_keys_are_ignored_where_tokens_are_given(stranger: Client, service: Service) -> None:
    first, second = [await stranger.post("/api/auth/guest-login", headers=KEY) for _ in range(2)]
    assert (first.status, second.status, second.headers.get("Idempotent-Replayed")) == (200, 200, None)
    assert first.json["access_token"] != second.json["access_token"]
    async with service.kitchen.database.read() as tx:
        bodies = await tx.all(select(schema.claims.c.body).where(schema.claims.c.body.is_not(None)))
    assert all(b"access_token" not in row.body for row in bodies)


async def test_while_a_claim_lives_its_twin_waits(client: Client, service: Service) -> None:
    await claim_for(service, client, datetime.now(UTC), timedelta(seconds=40))
    reply = await client.post(ADD, json=MILK, headers=KEY)
    refused(reply, 409, "request_in_flight")
    assert reply.headers["Retry-After"] == "1"
    assert await client.stock() == {}


async def test_a_claim_whose_holder_died_before_the_effect_is_taken_over(client: Client, service: Service) -> None:
    await claim_for(service, client, datetime.now(UTC) - timedelta(seconds=41), timedelta(seconds=40))
    first = await client.post(ADD, json=MILK, headers=KEY)
    again = await client.post(ADD, json=MILK, headers=KEY)
    assert (first.status, again.headers.get("Idempotent-Replayed")) == (201, "true")
    assert await client.quantity("Leche") == 1


async def test_a_slow_holder_whose_claim_was_taken_over_changes_nothing(client: Client, service: Service) -> None:
    """The effect is conditional on its own claim, in one transaction: without the claim it is rolled back."""
    table, household = schema.claims, await household_of(service, client)
    steal = update(table).where(table.c.household_id == household).values(holder="somebody else")

    def on_raising_the_version(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE households"):  # the effect begins: the claim is committed
            connection.execute(steal)

    engine = service.kitchen.database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", on_raising_the_version)
    try:
        refused(await client.post(ADD, json=MILK, headers=KEY), 409, "request_in_flight")
    finally:
        event.remove(engine, "before_cursor_execute", on_raising_the_version)
    assert await client.stock() == {}


async def test_an_undo_under_a_key_is_answered_the_same(client: Client) -> None:
    await client.add("Leche")
    entry = (await client.get("/api/journal")).json["entries"][0]["entry_id"]
    first, again = [await client.post(f"/api/journal/{entry}/undo", headers=KEY) for _ in range(2)]
    assert (first.status, first.body, again.status) == (200, again.body, 200)


async def test_an_upload_under_a_key_is_stored_once(client: Client) -> None:
    lemon, tomato = PHOTOS / "lemon.jpg", PHOTOS / "tomato.jpg"
    first, again, other = [await upload(client, photo) for photo in (lemon, lemon, tomato)]
    assert (first.status, again.status, again.headers.get("Idempotent-Replayed")) == (201, 201, "true")
    assert first.json["image"]["uid"] == again.json["image"]["uid"]
    refused(other, 422, "key_reused")


async def upload(client: Client, photo: Path) -> Reply:
    form = FormData()
    form.add_field("image", photo.read_bytes(), filename="photo.jpg")
    return await client.post("/api/image_management/upload_image", data=form, headers=KEY)


async def test_a_stack_path_with_another_name_is_another_key(client: Client) -> None:
    items = [{"name": name, "quantity": 1, "type_unit": "unidades"} for name in ("Pan", "Queso")]
    stacks = (await client.post(ADD, json={"ingredients": items})).json["items"]
    statuses = [(await client.delete(stack_path(stack), headers=KEY)).status for stack in stacks]
    assert statuses == [200, 200]
    assert await client.stock() == {}
