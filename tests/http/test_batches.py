"""One batch by its id: kept, frozen, thawed, opened, moved, set aside, thrown away, cooked, left over; and urgency."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.http.expecting import answered, refused
from tests.service import Client, stack_path

ROOT = "/api/inventory/ingredients"


async def add(client: Client, name: str, quantity: float = 1, unit: str = "unidades", **more: Any) -> dict[str, Any]:
    item = {"name": name, "quantity": quantity, "type_unit": unit, **more}
    reply = await client.post(ROOT, json={"ingredients": [item]})
    assert reply.status == 201, reply.body
    added: dict[str, Any] = reply.json["items"][0]
    return added


async def act(client: Client, batch: dict[str, Any], what: str, body: Any = None, status: int = 200) -> Any:
    path = f"/api/inventory/batch/{batch['batch_id']}/{what}"
    reply = await client.post(path, **({} if body is None else {"json": body}))
    assert reply.status == status, reply.body
    return reply.json if reply.body else None


async def look(client: Client, batch: dict[str, Any]) -> dict[str, Any]:
    reply = await client.get(f"/api/inventory/batch/{batch['batch_id']}")
    return answered(reply, "GET", "/api/inventory/batch/{batch_id}")


def day(days: int) -> str:
    return (datetime.now(ZoneInfo("America/Lima")).date() + timedelta(days=days)).isoformat()


async def undo(client: Client) -> None:
    entry = (await client.get("/api/journal")).json["entries"][0]
    assert (await client.post(f"/api/journal/{entry['entry_id']}/undo")).status == 200


async def test_a_batch_is_kept_for_a_meal_once(client: Client) -> None:
    milk = await add(client, "Leche", 1, "litros")
    meal = {"planner_date": day(1), "meal_type": "cena"}
    told = await act(client, milk, "reserve", meal)
    assert (told["state"], told["reserved_for"]) == ("reserved", {"date": day(1), "meal_type": "dinner"})
    again = await act(client, milk, "reserve", meal, 409)
    assert again["code"] == "wrong_state"
    assert (await act(client, milk, "release"))["state"] == "available"


async def test_freezing_is_stored_and_undone(client: Client) -> None:
    chicken = await add(client, "Pollo", 1, "kg")
    told = await act(client, chicken, "freeze")
    assert (told["state"], told["storage_location"]) == ("frozen", "freezer")
    frozen = await look(client, chicken)
    assert frozen["days_to_expire"] > chicken["days_to_expire"] + 30
    assert frozen["expiration_date"] == told["new_expiry_date"]
    await undo(client)
    assert await look(client, chicken) == {**chicken, "original_batch_id": None}


async def test_a_given_day_holds_in_the_freezer(client: Client) -> None:
    chicken = await add(client, "Pollo", 1, "kg")
    told = await act(client, chicken, "freeze", {"new_best_before": day(40)})
    assert told["new_expiry_date"].startswith(day(40))


async def test_thawed_food_keeps_for_a_day_or_two(client: Client) -> None:
    chicken = await add(client, "Pollo", 1, "kg", storage_type="congelador")
    told = await act(client, chicken, "thaw")
    assert told["storage_location"] == "fridge"
    assert (await look(client, chicken))["days_to_expire"] <= 2


async def test_opening_never_lengthens(client: Client) -> None:
    for name in ("Leche", "Jamón", "Mayonesa", "Arroz", "Algo que nadie conoce"):
        packet = await add(client, name, 1, "unidades", expiration_date=day(90))
        await act(client, packet, "open")
        assert (await look(client, packet))["days_to_expire"] <= packet["days_to_expire"]
    ham = await add(client, "Jamón", 1, "unidades", expiration_date=day(90))
    await act(client, ham, "open")
    assert (await look(client, ham))["days_to_expire"] < 10


@pytest.mark.parametrize("name", ["Atún en lata", "Leche evaporada", "Durazno en almíbar", "Salsa de tomate"])
async def test_what_is_open_keeps_on_a_shelf_no_longer_than_in_the_fridge(client: Client, name: str) -> None:
    tin = await add(client, name, 1, "unidades", storage_type="despensa")
    await act(client, tin, "open")
    assert (await look(client, tin))["days_to_expire"] <= 5


@pytest.mark.parametrize("name", ["Yogur", "Mayonesa", "Jamón"])
async def test_what_is_open_gains_nothing_on_a_shelf(client: Client, name: str) -> None:
    packet = await add(client, name, 1, "unidades", expiration_date=day(90), storage_type="refrigerador")
    await act(client, packet, "open")
    before = (await look(client, packet))["days_to_expire"]
    await act(client, packet, "move", {"storage_type": "despensa"})
    assert (await look(client, packet))["days_to_expire"] <= before


async def test_salt_keeps_on_its_shelf_when_open(client: Client) -> None:
    salt = await add(client, "Sal", 1, "kg", storage_type="despensa")
    await act(client, salt, "open")
    assert (await look(client, salt))["days_to_expire"] == salt["days_to_expire"]


async def test_a_part_is_split_off_and_nothing_is_lost(client: Client) -> None:
    bread = await add(client, "Pan", 10, "unidades")
    told = await act(client, bread, "freeze", {"quantity": 4})
    assert [item["quantity"] for item in told["items"]] == [6, 4]
    assert await client.quantity("Pan") == 10
    stacks = (await client.stock())["Pan"]
    assert len({stack["added_at"] for stack in stacks}) == len(stacks) == 2
    more = await act(client, bread, "freeze", {"quantity": 7}, 409)
    assert more["code"] == "not_enough" and "6" in more["error"]
    await undo(client)
    assert [stack["quantity"] for stack in (await client.stock())["Pan"]] == [10]


async def test_what_is_set_aside_is_there_and_cannot_be_moved(client: Client) -> None:
    fish = await add(client, "Pescado", 1, "kg")
    assert await act(client, fish, "quarantine", status=204) is None
    assert (await look(client, fish))["state"] == "quarantine"
    assert (await act(client, fish, "freeze", status=409))["code"] == "wrong_state"
    assert (await act(client, fish, "release"))["state"] == "available"


async def test_throwing_away_counts_once_and_says_what_it_cost(client: Client) -> None:
    beef = await add(client, "Carne molida", 2, "kg")
    told = await act(client, beef, "discard", {"reason": "vencido", "quantity": 0.5}, 201)
    assert told["co2e_wasted_kg"] > 1 and told["co2e_source"]
    assert told["co2e_wasted_low_kg"] < told["co2e_wasted_kg"] < told["co2e_wasted_high_kg"]
    assert (told["state"], told["discarded_quantity"], told["remaining_quantity"]) == ("available", 0.5, 1.5)
    assert [item["quantity"] for item in told["items"]] == [1.5]
    assert await client.quantity("Carne molida") == 1.5
    rest = await act(client, beef, "discard", {"estimated_weight": 1.5, "unit": "kg", "reason": "bad_condition"}, 201)
    assert (rest["state"], rest["items"], rest["remaining_quantity"]) == ("expired", [], 0)
    assert "Carne molida" not in await client.stock()
    assert (await act(client, beef, "discard", {"reason": "other"}, 404))["code"] == "unknown_batch"
    entries = (await client.get("/api/journal")).json["entries"]
    assert [entry["act"] for entry in entries] == ["waste", "waste", "add"]


async def test_what_no_table_knows_costs_nobody_knows_how_much(client: Client) -> None:
    thing = await add(client, "Cosa rara", 1)
    assert (await act(client, thing, "discard", {"reason": "other"}, 201))["co2e_wasted_kg"] is None


async def test_an_ingredient_becomes_a_dish(client: Client) -> None:
    potato = await add(client, "Papa", 2, "kg")
    body = {"output_type": "Puré", "yield_qty": 4, "unit": "porciones", "eat_by": day(3), "quantity": 1.5}
    told = await act(client, potato, "transform", body)
    assert (told["output_type"], told["yield_qty"], told["original_batch_id"]) == ("Puré", 4, potato["batch_id"])
    assert await client.quantity("Papa") == 0.5
    assert await client.quantity("Puré") == 4
    await undo(client)
    assert await client.quantity("Papa") == 2
    assert "Puré" not in await client.stock()


async def test_leftovers_are_stock_like_any_other(client: Client) -> None:
    body = {
        "recipe_uid": "r1",
        "title": "Arroz con pollo",
        "portions": 3,
        "eat_by": day(2),
        "storage_location": "fridge",
    }
    reply = await client.post("/api/inventory/leftovers", json=body)
    told = answered(reply, "POST", "/api/inventory/leftovers")
    assert told["planner_suggestion"] == {"date": told["planner_suggestion"]["date"], "meal_type": "dinner"}
    (stack,) = (await client.stock())["Arroz con pollo"]
    assert (stack["state"], stack["quantity"], stack["batch_id"]) == ("leftover", 3, told["leftover_id"])
    past = await client.post("/api/inventory/leftovers", json={**body, "eat_by": day(-3)})
    assert past.status == 422


def leftovers(title: str, batch_id: str, portions: float = 2) -> dict[str, Any]:
    where = {"storage_location": "fridge", "batch_id": batch_id}
    return {"title": title, "portions": portions, "eat_by": day(2), **where}


async def test_leftovers_of_a_dish_are_taken_out_of_it(client: Client) -> None:
    potato = await add(client, "Papa", 2, "kg")
    mash = await act(
        client, potato, "transform", {"output_type": "Puré", "yield_qty": 4, "unit": "porciones", "eat_by": day(3)}
    )
    body = leftovers("Puré", mash["new_batch_id"], 1.5)
    told = answered(await client.post("/api/inventory/leftovers", json=body), "POST", "/api/inventory/leftovers")
    assert told["original_batch_id"] == mash["new_batch_id"]
    states = {stack["batch_id"]: (stack["state"], stack["quantity"]) for stack in (await client.stock())["Puré"]}
    assert states == {mash["new_batch_id"]: ("available", 2.5), told["leftover_id"]: ("leftover", 1.5)}
    assert (await look(client, {"batch_id": told["leftover_id"]}))["original_batch_id"] == mash["new_batch_id"]
    assert (await look(client, {"batch_id": mash["new_batch_id"]}))["original_batch_id"] == potato["batch_id"]
    await undo(client)
    assert [stack["quantity"] for stack in (await client.stock())["Puré"]] == [4]


async def test_no_more_is_left_over_than_there_was(client: Client) -> None:
    stew = await add(client, "Estofado", 2, "porciones")
    body = leftovers("Estofado", stew["batch_id"], 3)
    refused(await client.post("/api/inventory/leftovers", json=body), 409, "not_enough")
    await act(client, stew, "quarantine", status=204)
    body = leftovers("Estofado", stew["batch_id"])
    refused(await client.post("/api/inventory/leftovers", json=body), 409, "wrong_state")


async def test_leftovers_of_what_is_not_counted_in_portions_only_name_it(client: Client) -> None:
    rice = await add(client, "Arroz", 2, "kg")
    told = (await client.post("/api/inventory/leftovers", json=leftovers("Arroz cocido", rice["batch_id"]))).json
    assert told["original_batch_id"] == rice["batch_id"]
    assert await client.quantity("Arroz") == 2


async def test_nothing_is_left_over_of_what_others_have(client: Client, guest: Callable[[], Awaitable[Client]]) -> None:
    theirs = await add(await guest(), "Estofado", 2, "porciones")
    for batch_id in (theirs["batch_id"], "0" * 32, "\U0001f958"):
        body = leftovers("Estofado", batch_id)
        refused(await client.post("/api/inventory/leftovers", json=body), 404, "unknown_batch")
    assert await client.stock() == {}


@pytest.mark.parametrize(
    ("what", "body", "pointer"),
    [
        ("reserve", {"planner_date": "1999-01-01", "meal_type": "cena"}, "/planner_date"),
        ("freeze", {"new_best_before": "1999-01-01"}, "/new_best_before"),
        ("transform", {"output_type": "Puré", "yield_qty": 1, "unit": "g", "eat_by": "1999-01-01"}, "/eat_by"),
    ],
)
async def test_nothing_is_kept_for_a_day_that_is_past(client: Client, what: str, body: Any, pointer: str) -> None:
    batch = await add(client, "Papa", 1, "kg")
    told = await act(client, batch, what, body, 422)
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [(pointer, "past")]


async def test_the_most_urgent_comes_first(client: Client) -> None:
    for name, days in (("Pan", 3), ("Yogur", -1), ("Queso", 1), ("Miel", 300)):
        await add(client, name, 1, expiration_date=day(days))
    soon = (await client.get("/api/inventory/expiring_soon?withinDays=5")).json
    assert [one["name"] for one in soon] == ["Yogur", "Queso", "Pan"]
    scores = [one["urgency_score"] for one in soon]
    assert scores[0] == 1 and scores == sorted(scores, reverse=True) and scores[2] < scores[1] < 1
    assert (await client.get("/api/inventory/expiring_soon?storage=congelador")).json == []
    assert (await client.get("/api/inventory/expiring_soon?withinDays=0")).status == 422


@pytest.mark.parametrize(
    ("what", "body", "pointer"),
    [
        ("reserve", {}, "/meal_type"),
        ("reserve", {"planner_date": "2026-02-31", "meal_type": "cena"}, "/planner_date"),
        ("reserve", {"planner_date": "", "meal_type": "cena"}, "/planner_date"),
        ("reserve", {"planner_date": "2026-03-01", "meal_type": "brunch"}, "/meal_type"),
        ("freeze", {"new_best_before": "soon"}, "/new_best_before"),
        ("freeze", {"quantity": -1}, "/quantity"),
        ("move", {}, "/storage_type"),
        ("move", {"storage_type": "luna"}, "/storage_type"),
        ("discard", {}, "/reason"),
        ("discard", {"reason": "boredom"}, "/reason"),
        ("discard", {"reason": "other", "estimated_weight": -2, "unit": "kg"}, "/estimated_weight"),
        ("transform", {"output_type": "Puré"}, "/eat_by"),
        ("transform", {"output_type": " ", "yield_qty": 1, "unit": "g", "eat_by": "2026-03-01"}, "/output_type"),
    ],
)
async def test_bad_words_and_days_are_refused(client: Client, what: str, body: Any, pointer: str) -> None:
    batch = await add(client, "Papa", 1, "kg")
    told = await act(client, batch, what, body, 422)
    assert pointer in {problem["pointer"] for problem in told["errors"]}
    assert await look(client, batch) == {**batch, "original_batch_id": None}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("reserve", {"planner_date": "2030-01-01", "meal_type": "lunch"}),
        ("release", None),
        ("freeze", None),
        ("thaw", None),
        ("open", None),
        ("move", {"storage_type": "despensa"}),
        ("quarantine", None),
        ("discard", {"reason": "other"}),
        ("transform", {"output_type": "Puré", "yield_qty": 1, "unit": "g", "eat_by": "2030-01-01"}),
    ],
)
async def test_a_batch_of_others_is_as_unknown_as_none(
    client: Client, guest: Callable[[], Awaitable[Client]], what: str, body: Any
) -> None:
    theirs = await add(await guest(), "Papa", 1, "kg")
    ours = await act(client, theirs, what, body, 404)
    none = await act(client, {"batch_id": "0" * 32}, what, body, 404)
    assert ours["code"] == none["code"] == "unknown_batch"


async def test_a_use_by_that_has_passed_can_no_longer_be_frozen(client: Client) -> None:
    past = await add(client, "Pollo", 1, "kg", expiration_date=day(-2), label_type="use_by")
    for body in (None, {"new_best_before": day(90)}):
        assert (await act(client, past, "freeze", body, 409))["code"] == "use_by_passed"
    assert await look(client, past) == {**past, "original_batch_id": None}
    quality = await add(client, "Galletas", 1, "unidades", expiration_date=day(-2), label_type="best_before")
    assert (await act(client, quality, "freeze"))["state"] == "frozen"


async def test_correcting_its_place_freezes_no_passed_use_by_either(client: Client) -> None:
    fish = await add(client, "Trucha", label_type="use_by", expiration_date=day(-1))
    path = stack_path(fish)
    frozen = {"name": "Trucha", "storage_type": "congelador", "quantity": 1, "type_unit": "unidades"}
    refused(await client.put(path, json=frozen), 409, "use_by_passed")
    assert (await client.put(path, json={**frozen, "expiration_date": day(30)})).status == 200  # it was mistyped


async def test_what_is_frozen_takes_another_day(client: Client) -> None:
    fish = await add(client, "Trucha", storage_type="congelador")
    told = await act(client, fish, "freeze", {"new_best_before": day(45)})
    assert told["new_expiry_date"].startswith(day(45))
    assert (await look(client, fish))["expiration_date"].startswith(day(45))


async def test_a_label_is_of_one_of_two_kinds(client: Client) -> None:
    item = {"name": "Pollo", "quantity": 1, "type_unit": "kg", "label_type": "sell_by"}
    problem = refused(await client.post("/api/inventory", json=item), 422)
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/label_type", "unknown_choice")]


async def test_what_is_not_frozen_cannot_be_thawed(client: Client) -> None:
    rice = await add(client, "Arroz", 1, "kg")
    assert (await act(client, rice, "thaw", status=409))["code"] == "not_frozen"
    assert await look(client, rice) == {**rice, "original_batch_id": None}


async def test_a_state_is_told_in_the_readers_language(client: Client) -> None:
    fish = await add(client, "Pescado", 1, "kg")
    await act(client, fish, "quarantine", status=204)
    assert "apartado" in (await act(client, fish, "freeze", status=409))["error"]


@pytest.mark.parametrize(
    ("name", "until", "rule"),
    [("Jamón", day(90), "opened"), ("Sal", None, "kept"), ("Algo que nadie conoce", None, "kept")],
)
async def test_opening_is_named_only_where_it_gave_the_day(
    client: Client, name: str, until: str | None, rule: str
) -> None:
    packet = await add(client, name, expiration_date=until)
    await act(client, packet, "open")
    assert (await look(client, packet))["expiry_rule"] == rule


async def test_a_use_by_does_not_hold_out_of_the_cold_and_undoing_gives_it_back(client: Client) -> None:
    chicken = await add(
        client, "pechuga de pollo", label_type="use_by", expiration_date=day(9), storage_type="refrigerador"
    )
    await act(client, chicken, "move", {"storage_type": "despensa"})
    warm = await look(client, chicken)
    assert (warm["days_to_expire"], warm["expiry_rule"], warm["expiry_source"]) == (0, "warmed", "assumed")
    await act(client, chicken, "move", {"storage_type": "refrigerador"})
    assert (await look(client, chicken))["expiration_date"] == warm["expiration_date"]
    for _ in range(2):
        entries = (await client.get("/api/journal")).json["entries"]
        newest = next(entry for entry in entries if entry["act"] == "move" and not entry["undone_by"])
        assert (await client.post(f"/api/journal/{newest['entry_id']}/undo")).status == 200
    assert (await look(client, chicken))["expiration_date"] == chicken["expiration_date"]
