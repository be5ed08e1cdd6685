"""The journal over HTTP: every change told in full, and undone."""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from storage import schema
from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import Client, Service, stack_path

Guest = Callable[[], Awaitable[Client]]
ROOT = "/api/inventory/ingredients"


async def entries(client: Client) -> Any:
    return answered(await client.get("/api/journal"), "GET", "/api/journal")["entries"]


async def undo(client: Client, entry: str) -> Any:
    return await client.post(f"/api/journal/{entry}/undo")


async def undo_last(client: Client) -> None:
    reply = await undo(client, (await entries(client))[0]["entry_id"])
    answered(reply, "POST", "/api/journal/{entry_id}/undo")


async def rows(service: Service, client: Client) -> Sequence[Any]:
    """The household's batches as the database holds them, whole."""
    mine = select(schema.accounts.c.household_id).where(schema.accounts.c.id == (client.user or {})["uid"])
    async with service.kitchen.database.read() as tx:
        table = schema.batches
        return await tx.all(select(table).where(table.c.household_id.in_(mine)).order_by(table.c.id))


async def test_an_entry_tells_who_did_what_when_and_why(client: Client) -> None:
    path = await client.add("Leche", 2, "litros")
    await client.post(f"{path}/consume", json={"consumed_quantity": 0.5, "consumption_reason": "desayuno"})
    eaten, added = await entries(client)
    assert (added["act"], eaten["act"], eaten["reason"]) == ("add", "eat", "desayuno")
    assert eaten["by"] == (client.user or {})["uid"]
    assert added["changes"][0]["before"] is None
    assert [eaten["changes"][0][side]["quantity"] for side in ("before", "after")] == [2, 1.5]


async def test_an_entry_keeps_the_whole_row_before_and_after(client: Client, service: Service) -> None:
    path = await client.add("Leche", 2, "litros", tips="Bien fría")
    held = (await rows(service, client))[0]
    await client.delete(path)
    table = schema.journal_changes
    async with service.kitchen.database.read() as tx:
        kept = await tx.all(select(table).where(table.c.batch_id == held.id))
    assert sorted(bool(change.before) for change in kept) == [False, True]
    for change in kept:
        assert set(change.before or change.after) == set(held._mapping)


async def everything(client: Client, path: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    sent = {"name": "Arroz", "quantity": 7, "type_unit": "kg", "storage_type": "congelador", "tips": "x"}
    bulk = [{"name": f"Lata {n}", "quantity": 1, "type_unit": "unidades"} for n in range(100)]
    return {
        "add": lambda: client.add("Pan"),
        "bulk": lambda: client.post("/api/inventory/bulk-add", json={"items": bulk}),
        "eat a part": lambda: client.post(f"{path}/consume", json={"consumed_quantity": 0.5}),
        "eat all": lambda: client.post(f"{path}/consume", json={}),
        "correct": lambda: client.put(path, json=sent),
        "set the quantity": lambda: client.patch(f"{path}/quantity", json={"quantity": 9}),
        "set the quantity to zero": lambda: client.patch(f"{path}/quantity", json={"quantity": 0}),
        "delete": lambda: client.delete(path),
        "delete all": lambda: client.delete(f"{ROOT}/Leche"),
    }


@pytest.mark.parametrize(
    "change",
    ["add", "bulk", "eat a part", "eat all", "correct", "set the quantity", "set the quantity to zero", "delete",
     "delete all"],
)  # fmt: skip
async def test_undoing_restores_the_stock_row_for_row(client: Client, service: Service, change: str) -> None:
    path = await client.add("Leche", 2, "litros", expiration_date="2031-01-02", tips="Bien fría")
    await client.add("Leche", 1, "litros")
    before = await rows(service, client)
    assert (await (await everything(client, path))[change]()) is not None
    assert await rows(service, client) != before
    await undo_last(client)
    assert await rows(service, client) == before


async def test_an_undo_is_an_entry_of_its_own_that_names_the_undone_one(client: Client) -> None:
    await client.add("Leche")
    added = (await entries(client))[0]
    undone = (await undo(client, added["entry_id"])).json
    newest, oldest = await entries(client)
    assert (newest["act"], newest["undoes"], newest["entry_id"]) == ("undo", added["entry_id"], undone["entry_id"])
    assert oldest["undone_by"] == newest["entry_id"]


async def test_undoing_twice_is_a_conflict(client: Client) -> None:
    await client.add("Leche")
    entry = (await entries(client))[0]["entry_id"]
    assert (await undo(client, entry)).status == 200
    problem = await refused_in_both_languages(client, "POST", f"/api/journal/{entry}/undo", 409)
    assert problem["code"] == "already_undone"
    assert await client.stock() == {}


async def test_an_undo_is_not_undone_itself(client: Client) -> None:
    await client.add("Leche")
    await undo_last(client)
    refused(await undo(client, (await entries(client))[0]["entry_id"]), 409, "undo_is_final")


async def test_a_change_is_undone_only_after_the_later_ones_of_its_batch(client: Client, service: Service) -> None:
    path = await client.add("Leche", 2, "litros")
    await client.add("Pan")  # another batch does not stand in the way
    await client.post(f"{path}/consume", json={"consumed_quantity": 0.5})
    eaten, _bread, milk = [entry["entry_id"] for entry in await entries(client)]
    refused(await undo(client, milk), 409, "cannot_undo")
    assert (await undo(client, eaten)).status == 200
    assert (await undo(client, milk)).status == 200
    assert list(await client.stock()) == ["Pan"]


async def test_an_undo_onto_a_taken_moment_is_a_conflict(client: Client) -> None:
    items = [{"name": name, "quantity": 1, "type_unit": "unidades"} for name in ("Pan", "Queso")]
    bread, cheese = (await client.post(ROOT, json={"ingredients": items})).json["items"]
    await client.put(stack_path(bread), json={**items[0], "name": "Torta"})
    renamed = (await entries(client))[0]["entry_id"]
    await client.put(stack_path(cheese), json={**items[1], "name": "Pan"})
    refused(await undo(client, renamed), 409, "cannot_undo")


@pytest.mark.parametrize("entry", ["0" * 32, "x", "%zz", pytest.param("%00", marks=pytest.mark.direct), "a" * 500])
async def test_an_entry_that_is_not_there_is_unknown(client: Client, entry: str) -> None:
    refused(await undo(client, entry), 404, "unknown_entry")


async def test_another_household_neither_sees_nor_undoes(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Leche")
    entry = (await entries(ana))[0]["entry_id"]
    assert await entries(ben) == []
    refused(await undo(ben, entry), 404, "unknown_entry")
    assert list(await ana.stock()) == ["Leche"]


async def test_the_journal_is_read_page_by_page_newest_first(client: Client) -> None:
    for n in range(7):
        await client.add(f"Lata {n}")
    whole = [entry["entry_id"] for entry in await entries(client)]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        body = (await client.get("/api/journal", params=query)).json
        found += [entry["entry_id"] for entry in body["entries"]]
        cursor = body["next_cursor"]
        await client.add("Más")  # what comes later is on no later page
    assert found == whole


async def change_something(client: Client, chance: random.Random, turn: int) -> bool:
    """One change at random; whether it was one."""
    stacks = (await client.get("/api/inventory/simple")).json["ingredients"]
    item = {"name": chance.choice(["Pan", "Leche", "Palta"]), "quantity": chance.randint(1, 9), "type_unit": "unidades"}
    if len(stacks) < 3 or chance.random() < 0.3:
        items = [item] * chance.randint(1, 3)
        return (await client.post("/api/inventory/bulk", json={"items": items})).status == 201
    path = stack_path(chance.choice(stacks))
    match chance.randrange(5):
        case 0:
            reply = await client.post(f"{path}/consume", json={"consumed_quantity": 1})
        case 1:
            reply = await client.post(f"{path}/consume", json={})
        case 2:
            place = chance.choice(["congelador", "despensa"])
            reply = await client.put(path, json={**item, "storage_type": place, "tips": f"{turn}"})
        case 3:
            reply = await client.patch(f"{path}/quantity", json={"quantity": chance.choice([0, 5, 50])})
        case _:
            reply = await client.delete(path)
    assert reply.status in (200, 409), reply.body
    return reply.status == 200


@pytest.mark.slow
async def test_two_hundred_changes_undone_in_reverse_leave_the_old_stock(client: Client, service: Service) -> None:
    chance = random.Random(11)
    await client.add("Leche", 3)
    shots = []
    while len(shots) < 200:
        shot = await rows(service, client)
        if await change_something(client, chance, len(shots)):
            shots.append((shot, (await client.get("/api/journal?limit=1")).json["entries"][0]["entry_id"]))
    for shot, entry in reversed(shots):
        reply = await undo(client, entry)
        assert reply.status == 200, reply.body
        assert await rows(service, client) == shot


async def test_changes_undone_out_of_order_never_break_the_stock(client: Client, service: Service) -> None:
    chance = random.Random(5)
    start = await rows(service, client)
    for turn in range(25):
        await change_something(client, chance, turn)
    left = [entry["entry_id"] for entry in await entries(client)]
    for _ in range(len(left) + 1):
        chance.shuffle(left)
        still = []
        for entry in left:
            reply = await undo(client, entry)
            assert reply.status in (200, 409), reply.body
            if reply.status == 409:
                still.append(entry)
        left = still
        if not left:
            break
    assert left == []
    assert await rows(service, client) == start


async def test_a_page_of_large_entries_is_shorter_and_the_next_one_goes_on(client: Client) -> None:
    items = [{"name": "Leche", "quantity": 1, "unit": "litros"}] * 100
    for _ in range(5):
        await client.post("/api/inventory/bulk-add", json={"items": items})
    first = (await client.get("/api/journal?limit=50")).json
    assert [len(entry["changes"]) for entry in first["entries"]] == [100] * 3
    last = (await client.get(f"/api/journal?limit=50&cursor={first['next_cursor']}")).json
    assert ([len(entry["changes"]) for entry in last["entries"]], last["next_cursor"]) == ([100] * 2, None)
    assert {entry["entry_id"] for entry in first["entries"]}.isdisjoint(entry["entry_id"] for entry in last["entries"])
