"""The stock over HTTP: what is added is listed, whole, fresh and only to its household."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.http.expecting import answered, refused
from tests.service import Client, Service
from tests.storage.counting import counted

Guest = Callable[[], Awaitable[Client]]
LISTS = ("/api/inventory", "/api/inventory/complete", "/api/inventory/simple", "/api/inventory/expiring")
TODAY = (datetime.now(UTC) - timedelta(hours=5)).date()  # in Lima


def item(name: str, quantity: Any = 1, unit: str = "unidades", **more: Any) -> dict[str, Any]:
    return {"name": name, "quantity": quantity, "type_unit": unit, "storage_type": "refrigerado", "tips": "", **more}


async def added(client: Client, *items: dict[str, Any]) -> list[dict[str, Any]]:
    reply = await client.post("/api/inventory/ingredients", json={"ingredients": list(items)})
    return answered(reply, "POST", "/api/inventory/ingredients")["items"]


async def test_what_is_added_is_listed_with_its_expiry_and_the_reason_for_it(client: Client) -> None:
    await client.add("Manzana", 2, "kg")
    shelf = answered(await client.get("/api/inventory/"), "GET", "/api/inventory")["ingredients"][0]
    assert (shelf["name"], shelf["stacks"][0]["quantity"], shelf["type_unit"]) == ("Manzana", 2, "kilogramos")
    assert shelf["stacks"][0]["expiry_source"] == "table"
    assert shelf["stacks"][0]["expiry_reference"]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_has_the_shape_that_the_client_reads(client: Client, path: str) -> None:
    await added(client, item("Leche", 2.5, "litros"), item("Lomo saltado", 3.0, "porciones"))
    body = answered(await client.get(path, params={"days": "9"}), "GET", path)
    for shelf in [*body.get("ingredients", []), *body.get("food_items", []), *body.get("expiring_items", [])]:
        assert all(isinstance(shelf[name], str) for name in ("name", "type_unit", "storage_type", "tips"))
        assert shelf["image_path"] is None or shelf["image_path"].startswith("http")
        for stack in shelf.get("stacks", [shelf]):
            assert isinstance(stack["quantity"], int | float)
            assert stack["added_at"].endswith("+00:00")
            assert datetime.fromisoformat(stack["expiration_date"])


async def test_dishes_are_listed_apart_with_stacks_of_their_own(client: Client) -> None:
    await added(client, item("Leche"), item("Lomo saltado", 3.0, "porciones"))
    body = (await client.get("/api/inventory")).json
    assert [shelf["name"] for shelf in body["ingredients"]] == ["Leche"]
    assert [(shelf["name"], shelf["stacks"][0]["quantity"]) for shelf in body["food_items"]] == [("Lomo saltado", 3.0)]


async def test_an_empty_household_has_empty_lists(client: Client) -> None:
    body = (await client.get("/api/inventory")).json
    assert body == {"ingredients": [], "food_items": [], "next_cursor": None}
    assert (await client.get("/api/inventory/expiring")).json["expiring_items"] == []


async def test_the_path_with_a_slash_is_the_same_list(client: Client) -> None:
    await client.add("Leche")
    plain, slashed = [await client.get(path) for path in ("/api/inventory", "/api/inventory/")]
    assert (plain.body, plain.headers["ETag"]) == (slashed.body, slashed.headers["ETag"])


async def test_the_complete_list_counts_its_ingredients(client: Client) -> None:
    await added(client, item("Leche"), item("Pan"), item("Sopa", 2, "porciones"))
    assert (await client.get("/api/inventory/complete")).json["total_ingredients"] == 2


async def test_the_simple_list_has_a_row_a_stack_in_the_shape_of_a_recognised_item(client: Client) -> None:
    await added(client, item("Leche", expiration_date=(TODAY + timedelta(days=4)).isoformat()), item("Leche"))
    body = (await client.get("/api/inventory/simple")).json
    assert (body["total_items"], body["format"]) == (2, "recognition_compatible")
    assert (body["ingredients"][0]["expiration_time"], body["ingredients"][0]["time_unit"]) == (4, "Días")


@pytest.mark.parametrize(("days", "names"), [(0, ["hoy"]), (3, ["hoy", "pronto"]), (None, ["hoy", "pronto"])])
async def test_what_expires_from_today_within_the_days_is_listed_soonest_first(
    client: Client, days: int | None, names: list[str]
) -> None:
    in_days = {"tarde": 4, "pronto": 3, "hoy": 0, "pasado": -1}
    await added(
        client, *(item(name, expiration_date=(TODAY + timedelta(days=n)).isoformat()) for name, n in in_days.items())
    )
    body = (await client.get("/api/inventory/expiring", params={} if days is None else {"days": str(days)})).json
    assert [one["name"] for one in body["expiring_items"]] == names
    assert (body["count"], body["within_days"]) == (len(names), 3 if days is None else days)


@pytest.mark.parametrize("days", ["-1", "4000", "x", "1e400", "NaN"])
async def test_days_that_make_no_sense_are_refused(client: Client, days: str) -> None:
    problem = refused(await client.get("/api/inventory/expiring", params={"days": days}), 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/days"


def seen(body: dict[str, Any]) -> list[str]:
    """Every stack of an answer, by its batch."""
    shelves = [*body.get("ingredients", []), *body.get("food_items", []), *body.get("expiring_items", [])]
    return [stack["batch_id"] for shelf in shelves for stack in shelf.get("stacks", [shelf])]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 4, 5, 100])
async def test_pages_cover_everything_once(client: Client, path: str, limit: int) -> None:
    await added(client, *(item(name) for name in ("Pan", "Leche", "Pan", "Palta")), item("Sopa", 1, "porciones"))
    everything = seen((await client.get(path, params={"days": "999"})).json)
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"days": "999", "limit": str(limit), **({"cursor": cursor} if cursor else {})}
        body = answered(await client.get(path, params=query), "GET", path)
        pages.append(seen(body))
        cursor = body["next_cursor"]
    assert sorted(batch for page in pages for batch in page) == sorted(everything)
    assert len(everything) == 5
    assert len(pages) == -(-5 // limit)  # and no empty page at the end


async def test_pages_cover_what_was_there_once_while_more_is_added(client: Client) -> None:
    before = await added(client, *(item(f"Lata {n:02}") for n in range(12)))
    found, cursor, turn = [], "", 0
    while cursor is not None:
        body = (
            await client.get("/api/inventory", params={"limit": "5", **({"cursor": cursor} if cursor else {})})
        ).json
        found += seen(body)
        cursor = body["next_cursor"]
        await added(client, item(f"Lata {turn:02}"), item("Aceite"))
        turn += 1
    assert {one["batch_id"] for one in before} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "cursor",
    ["x", "%%%", "bnVsbA==", "W10=", "WzEsMiwzLDRd", "ñ", "WyJhIiwiYiIsImMiLCJkIl0=", "eyJhIjoxfQ==",
     "WyJhIiwiYiIsIjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAiLCJkIl0="],
)  # fmt: skip
@pytest.mark.parametrize("path", [*LISTS, "/api/journal"])
async def test_a_cursor_of_somewhere_else_is_refused(client: Client, path: str, cursor: str) -> None:
    problem = refused(await client.get(path, params={"cursor": cursor}), 422)
    assert problem["errors"][0]["code"] == "bad_cursor"


@pytest.mark.parametrize("limit", ["0", "-1", "501", "1.5", "x"])
async def test_a_limit_out_of_range_is_refused(client: Client, limit: str) -> None:
    refused(await client.get("/api/inventory", params={"limit": limit}), 422)


@pytest.mark.parametrize("path", [*LISTS, "/api/journal"])
async def test_a_list_is_304_until_the_household_writes(client: Client, path: str) -> None:
    await client.add("Pan")
    first = await client.get(path)
    etag = first.headers["ETag"]
    again = await client.get(path, headers={"If-None-Match": etag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {part.strip() for part in first.headers["Vary"].split(",")} >= {"Authorization", "Accept-Language"}
    await client.add("Leche", expiration_date=TODAY.isoformat())
    changed = await client.get(path, headers={"If-None-Match": etag})
    assert changed.status == 200
    assert changed.headers["ETag"] != etag


@pytest.mark.parametrize("path", [*LISTS, "/api/journal"])
async def test_another_household_never_shares_an_answer_or_its_tag(guest: Guest, path: str) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Pan", expiration_date=TODAY.isoformat())
    mine = await ana.get(path)
    theirs = await ben.get(path, headers={"If-None-Match": mine.headers["ETag"]})
    assert theirs.status == 200
    assert theirs.headers["ETag"] != mine.headers["ETag"]
    assert b"Pan" in mine.body
    assert b"Pan" not in theirs.body


async def test_each_language_has_its_own_words_and_tag(client: Client) -> None:
    await client.add("Leche", 1, "litros", storage_type="refrigerador")
    es, en = [await client.get("/api/inventory", headers={"Accept-Language": language}) for language in ("es", "en")]
    words = [(one["type_unit"], one["storage_type"]) for one in (es.json["ingredients"][0], en.json["ingredients"][0])]
    assert words == [("litros", "refrigerador"), ("liters", "refrigerated")]
    assert es.headers["ETag"] != en.headers["ETag"]
    assert es.json["ingredients"][0]["name"] == en.json["ingredients"][0]["name"]


async def test_a_list_is_never_older_than_the_write_before_it(client: Client) -> None:
    chance = random.Random(7)
    stacks: dict[str, float] = {}
    for turn in range(40):
        if stacks and chance.random() < 0.5:
            path = chance.choice(sorted(stacks))
            left = chance.choice([0, stacks[path] + 1])
            assert (await client.patch(f"{path}/quantity", json={"quantity": left})).status == 200
            stacks[path] = left
            if left == 0:
                del stacks[path]
        else:
            stacks[await client.add(f"Lata {turn}", 2)] = 2
        total = sum(stack["quantity"] for held in (await client.stock()).values() for stack in held)
        assert total == sum(stacks.values())


async def test_readers_and_writers_at_once_leave_no_old_list_behind(client: Client) -> None:
    async def write(n: int) -> None:
        await client.add(f"Lata {n}")
        assert f"Lata {n}" in await client.stock()

    await asyncio.gather(*(write(n) for n in range(15)))
    assert len(await client.stock()) == 15


# Adding


async def test_one_item_is_added_as_the_client_sends_it(client: Client) -> None:
    body = {"name": "Lechuga", "quantity": 1, "type_unit": "Cabeza", "storage_type": "Refrigerador",
            "expiration_time": 5, "time_unit": "Días", "tips": "Lávala antes"}  # fmt: skip
    done = answered(await client.post("/api/inventory", json=body), "POST", "/api/inventory")["items"][0]
    assert (done["name"], done["tips"], done["days_to_expire"], done["expiry_source"]) == (
        "Lechuga", "Lávala antes", 5, "typed"
    )  # fmt: skip


@pytest.mark.parametrize(
    "word",
    ["Unidades", "Litros", "Kilogramos", "Cabeza", "unidades", "gramos", "kilogramos", "mililitros", "litros",
     "porciones", "kg", "g", "ml", "l", "und.", "units", "grams", "liters", "portions"],
)  # fmt: skip
async def test_every_unit_of_the_contract_is_understood(client: Client, word: str) -> None:
    await added(client, item("Cosa", 2, word))


@pytest.mark.parametrize(
    ("word", "place"),
    [("refrigerador", "refrigerador"), ("Refrigerador", "refrigerador"), ("refrigerado", "refrigerador"),
     ("nevera", "refrigerador"), ("refrigerated", "refrigerador"), ("fridge", "refrigerador"),
     ("congelador", "congelador"), ("congelado", "congelador"), ("frozen", "congelador"), ("Congelador", "congelador"),
     ("despensa", "despensa"), ("Despensa", "despensa"), ("seco", "despensa"), ("ambiente", "despensa"),
     ("alacena", "despensa"), ("dry", "despensa"), ("pantry", "despensa")],
)  # fmt: skip
async def test_every_place_of_the_contract_is_understood(client: Client, word: str, place: str) -> None:
    assert (await added(client, item("Cosa", storage_type=word)))[0]["storage_type"] == place


@pytest.mark.parametrize(
    ("amount", "unit", "day"),
    [(3, "Días", lambda today: today + timedelta(days=3)), (2, "Semanas", lambda today: today + timedelta(weeks=2)),
     (2, "días", lambda today: today + timedelta(days=2)), (0, "days", lambda today: today),
     (1, "Años", lambda today: today.replace(year=today.year + 1)), (1, "weeks", lambda today: today + timedelta(7))],
)  # fmt: skip
async def test_an_expiry_may_be_a_span_from_today(
    client: Client, amount: int, unit: str, day: Callable[[date], date]
) -> None:
    done = (await added(client, item("Cosa", expiration_time=amount, time_unit=unit)))[0]
    assert done["expiration_date"][:10] == day(TODAY).isoformat()


async def test_a_sent_date_wins_over_a_span(client: Client) -> None:
    sent = item("Cosa", expiration_date="2031-05-06T10:11:12.000", expiration_time=1, time_unit="Días")
    assert (await added(client, sent))[0]["expiration_date"] == "2031-05-06T00:00:00"


@pytest.mark.parametrize("extra", [{}, {"expiration_date": None}, {"expiration_date": "", "expiration_time": None}])
async def test_without_an_expiry_the_kitchen_gives_one_and_says_from_where(
    client: Client, extra: dict[str, Any]
) -> None:
    known, unknown = await added(client, item("Manzana", **extra), item("Zzyzx", **extra))
    assert (known["expiry_source"], unknown["expiry_source"]) == ("table", "assumed")
    assert known["expiry_reference"]
    assert unknown["expiry_reference"].startswith("supuesto:")


async def test_a_past_expiry_and_an_emoji_come_back_as_sent(client: Client) -> None:
    await added(client, item("🥑 Palta 👨‍👩‍👧", expiration_date="2020-02-29T00:00:00.000"))
    shelf = (await client.get("/api/inventory")).json["ingredients"][0]
    assert shelf["name"] == "🥑 Palta 👨‍👩‍👧"
    assert shelf["stacks"][0]["expiration_date"] == "2020-02-29T00:00:00"
    assert shelf["stacks"][0]["is_expired"] is True


async def test_the_same_name_twice_in_one_call_makes_two_stacks(client: Client) -> None:
    moments = [one["added_at"] for one in await added(client, item("Pan"), item("PAN"), item("pan", 2))]
    assert len(set(moments)) == 3
    stacks = (await client.get("/api/inventory")).json["ingredients"][0]["stacks"]
    assert [stack["added_at"] for stack in stacks] == sorted(moments)


async def test_portions_make_a_dish(client: Client) -> None:
    done = await added(client, item("Ají de gallina", 2, "porciones"))
    assert done[0]["kind"] == "dish"


async def test_whole_calls_are_added_whole_or_not_at_all(client: Client) -> None:
    items = [item("Pan"), item("Leche", -1)]
    refused(await client.post("/api/inventory/ingredients", json={"ingredients": items}), 422)
    assert await client.stock() == {}


# Bulk


@pytest.mark.parametrize("path", ["/api/inventory/bulk-add", "/api/inventory/bulk"])
async def test_a_bulk_answers_each_item_and_adds_the_good_ones(client: Client, path: str) -> None:
    items = [item("Pan"), item("Leche", "NaN"), item(""), 7, item("Palta", 2)]
    body = answered(await client.post(path, json={"items": items}), "POST", path)
    assert (body["added"], body["rejected"]) == (2, 3)
    assert [one["status"] for one in body["results"]] == ["added", "rejected", "rejected", "rejected", "added"]
    assert [one.get("pointer") for one in body["results"]] == [
        None,
        "/items/1/quantity",
        "/items/2/name",
        "/items/3",
        None,
    ]
    assert set(await client.stock()) == {"Pan", "Palta"}


@pytest.mark.parametrize("nothing", [None, 7, "Pan", []])
async def test_what_is_no_item_is_rejected_by_itself(client: Client, nothing: Any) -> None:
    reply = await client.post("/api/inventory/bulk-add", json={"items": [nothing, item("Pan")]})
    assert (reply.status, [one["status"] for one in reply.json["results"]]) == (201, ["rejected", "added"])
    assert reply.json["results"][0]["pointer"] == "/items/0"


async def test_a_bulk_of_a_hundred_is_one_entry_of_the_journal(client: Client) -> None:
    reply = await client.post("/api/inventory/bulk-add", json={"items": [item(f"Lata {n}") for n in range(100)]})
    assert reply.json["added"] == 100
    assert len((await client.get("/api/journal")).json["entries"]) == 1
    assert len(await client.stock()) == 100


async def test_a_bulk_of_more_than_a_hundred_is_refused(client: Client) -> None:
    reply = await client.post("/api/inventory/bulk-add", json={"items": [item("Pan")] * 101})
    assert refused(reply, 422)["errors"][0]["pointer"] == "/items"
    assert await client.stock() == {}


async def test_a_bulk_without_a_good_item_is_refused_with_a_pointer_to_each(client: Client) -> None:
    items = [item("Pan", -1), item("x" * 101)]
    problem = refused(await client.post("/api/inventory/bulk-add", json={"items": items}), 422)
    assert [one["pointer"] for one in problem["errors"]] == ["/items/0/quantity", "/items/1/name"]
    assert (await client.get("/api/journal")).json["entries"] == []


async def test_a_photo_of_another_household_cannot_be_shown(client: Client) -> None:
    foreign = f"http://x/photos/{'a' * 32}/display?e=1&s=2"
    refused(
        await client.post("/api/inventory/ingredients", json={"ingredients": [item("Pan", image_path=foreign)]}), 404
    )
    assert await client.stock() == {}


async def test_the_lists_cost_three_statements_at_most_and_a_bulk_five(client: Client, service: Service) -> None:
    with counted(service.kitchen.database) as statements:
        reply = await client.post("/api/inventory/bulk-add", json={"items": [item(f"Lata {n}") for n in range(100)]})
    assert reply.status == 201
    assert len(statements.of_the_kitchen) <= 5, statements.of_the_kitchen
    for path in [*LISTS, "/api/journal"]:
        with counted(service.kitchen.database) as statements:
            assert (await client.get(path, params={"days": "9", "limit": "50"})).status == 200
        assert 1 <= len(statements.of_the_kitchen) <= 3, statements.of_the_kitchen
