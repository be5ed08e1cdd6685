"""Households over HTTP: inviting, joining with and without stock, leaving, removing, and deleting an account."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from storage import schema
from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import PHOTOS, Client, Service, stack_path

Guest = Callable[[], Awaitable[Client]]
INVITATIONS = "/api/households/invitations"
JOIN = "/api/households/join"
LEAVE = "/api/households/leave"


async def invite(client: Client) -> str:
    return str(answered(await client.post(INVITATIONS), "POST", INVITATIONS)["code"])


async def join(client: Client, code: str, **more: Any) -> Any:
    return answered(await client.post(JOIN, json={"code": code, **more}), "POST", JOIN)


async def household(client: Client) -> Any:
    return answered(await client.get("/api/household"), "GET", "/api/household")


async def leave(client: Client) -> Any:
    return answered(await client.post(LEAVE), "POST", LEAVE)


def uid(client: Client) -> str:
    return str((client.user or {})["uid"])


async def photographed(client: Client) -> str:
    """Put a tomato with its photo into stock; answers the photo's id."""
    seen = (await client.upload(PHOTOS / "tomato.jpg", "/api/recognition/ingredients")).json
    reply = await client.post("/api/inventory/ingredients/from-recognition", json={"ingredients": seen["ingredients"]})
    assert reply.status == 201
    return str(reply.json["items"][0]["image_path"].split("/photos/")[1].split("/")[0])


async def rows_of(service: Service, household_id: str) -> dict[str, int]:
    """How many rows each table has of a household."""
    counts = {}
    async with service.kitchen.database.read() as tx:
        for table in schema.metadata.sorted_tables:
            column = table.c.get("household_id", table.c.id if table is schema.households else None)
            if column is not None and table is not schema.claims:
                query = select(func.count()).select_from(table).where(column == household_id)
                counts[table.name] = await tx.scalar(query)
    return {name: number for name, number in counts.items() if number}


async def has_files(service: Service, photo: str) -> bool:
    return (service.data_dir / "photos" / photo[-2:] / photo).exists()


@pytest.fixture
async def couple(guest: Guest) -> tuple[Client, Client]:
    """Two members of one household."""
    ana, ben = await guest(), await guest()
    await join(ben, await invite(ana))
    return ana, ben


async def test_a_new_guest_is_alone_at_home(client: Client) -> None:
    home = await household(client)
    assert [(one["account_id"], one["is_you"]) for one in home["members"]] == [(uid(client), True)]
    assert home["time_zone"] == "America/Lima"


async def test_two_members_see_one_stock_at_once(couple: tuple[Client, Client]) -> None:
    ana, ben = couple
    assert (await household(ana))["household_id"] == (await household(ben))["household_id"]
    assert {one["account_id"] for one in (await household(ben))["members"]} == {uid(ana), uid(ben)}
    for turn in range(3):
        path = await ana.add(f"Leche {turn}", 2, "litros")
        assert f"Leche {turn}" in await ben.stock()
        assert (await ben.post(f"{path}/consume", json={"consumed_quantity": 1})).status == 200
        assert await ana.quantity(f"Leche {turn}") == 1
    acts = [(entry["act"], entry["by"]) for entry in (await ana.get("/api/journal")).json["entries"]]
    assert acts == [("eat", uid(ben)), ("add", uid(ana))] * 3


async def test_a_member_undoes_what_the_other_did(couple: tuple[Client, Client]) -> None:
    ana, ben = couple
    await ana.add("Leche")
    entry = (await ben.get("/api/journal")).json["entries"][0]["entry_id"]
    assert (await ben.post(f"/api/journal/{entry}/undo")).status == 200
    assert await ana.stock() == {}


async def test_a_list_that_was_read_before_joining_is_not_shown_after_it(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Leche")
    etag = (await ben.get("/api/inventory")).headers["ETag"]
    await join(ben, await invite(ana))
    reply = await ben.get("/api/inventory", headers={"If-None-Match": etag})
    assert reply.status == 200 and list(await ben.stock()) == ["Leche"]


async def test_a_code_is_read_as_people_type_it(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    code = await invite(ana)
    await join(ben, f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ")
    assert len((await household(ana))["members"]) == 2


async def test_a_code_is_good_for_one_account(guest: Guest) -> None:
    ana, ben, eve = await guest(), await guest(), await guest()
    code = await invite(ana)
    first = await join(ben, code)
    assert await join(ben, code) == first  # who is in already may send it again
    problem = await refused_in_both_languages(eve, "POST", JOIN, 404, json={"code": code})
    assert problem["code"] == "unknown_invitation"
    assert await household(eve)


async def test_a_code_expires_after_seven_days(guest: Guest, service: Service) -> None:
    ana, ben = await guest(), await guest()
    code = await invite(ana)
    table = schema.invitations
    home = (await household(ana))["household_id"]
    async with service.kitchen.database.write() as tx:
        made = (await tx.all(select(table).where(table.c.household_id == home)))[0]
        assert made.expires_at - made.created_at == timedelta(days=7)
        assert code.replace("-", "") not in made.code_hash
        past = service.kitchen.clock() - timedelta(seconds=1)
        await tx.execute(update(table).where(table.c.household_id == home).values(expires_at=past))
    refused(await ben.post(JOIN, json={"code": code}), 404, "unknown_invitation")


async def test_a_household_has_a_bounded_number_of_open_invitations(client: Client) -> None:
    for _ in range(20):
        await invite(client)
    problem = await refused_in_both_languages(client, "POST", INVITATIONS, 409)
    assert problem["code"] == "too_many_invitations"


@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": 1}, {"code": "x" * 41}, {"code": "x", "bring_stock": "perhaps"}]
)
async def test_a_bad_request_to_join_is_refused(client: Client, body: Any) -> None:
    refused(await client.post(JOIN, json=body), 422)


async def test_stock_stays_behind_unless_asked_and_goes_with_its_household(guest: Guest, service: Service) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Leche")
    photo, old = await photographed(ben), (await household(ben))["household_id"]
    moved = await join(ben, await invite(ana))
    assert moved["brought"] == 0
    assert list(await ben.stock()) == ["Leche"]
    assert await rows_of(service, old) == {}
    assert not await has_files(service, photo)


async def test_stock_comes_along_when_asked_with_the_photos_that_it_shows(guest: Guest, service: Service) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Leche")
    photo, old = await photographed(ben), (await household(ben))["household_id"]
    unseen = (await ben.upload(PHOTOS / "lemon.jpg")).json["image"]["uid"]
    held = await ben.stock()
    moved = await join(ben, await invite(ana), bring_stock=True)
    assert moved["brought"] == 1
    both = await ana.stock()
    assert {name: both[name] for name in held} == held and "Leche" in both
    assert await has_files(service, photo) and not await has_files(service, unseen)
    assert await rows_of(service, old) == {}
    joined = (await ana.get("/api/journal")).json["entries"][0]
    assert (joined["act"], joined["reason"], joined["by"]) == ("add", "joined", uid(ben))
    assert [change["before"] for change in joined["changes"]] == [None]


async def test_brought_stock_that_was_added_at_the_same_moment_gets_one_of_its_own(
    guest: Guest, service: Service
) -> None:
    ana, ben = await guest(), await guest()
    await ana.add("Leche")
    await ben.add("Leche")
    table, homes = schema.batches, [(await household(one))["household_id"] for one in (ana, ben)]
    async with service.kitchen.database.write() as tx:  # let both have been added in one millisecond
        moment = (await tx.all(select(table.c.added_at).where(table.c.household_id == homes[0])))[0].added_at
        await tx.execute(update(table).where(table.c.household_id == homes[1]).values(added_at=moment))
    await join(ben, await invite(ana), bring_stock=True)
    stacks = (await ana.stock())["Leche"]
    assert len({stack["added_at"] for stack in stacks}) == 2
    bread = {"name": "Leche", "added_at": stacks[1]["added_at"]}
    assert (await ana.post(f"{stack_path(bread)}/consume", json={})).status == 200
    assert len((await ben.stock())["Leche"]) == 1


async def test_bringing_stock_can_be_undone(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await ben.add("Pan")
    await join(ben, await invite(ana), bring_stock=True)
    await ana.add("Leche")
    entries = (await ana.get("/api/journal")).json["entries"]
    assert (await ana.post(f"/api/journal/{entries[1]['entry_id']}/undo")).status == 200
    assert list(await ben.stock()) == ["Leche"]


async def test_stock_that_others_share_is_not_taken_away(couple: tuple[Client, Client], guest: Guest) -> None:
    ana, ben = couple
    await ana.add("Leche")
    code = await invite(await guest())
    body = {"code": code, "bring_stock": True}
    problem = await refused_in_both_languages(ben, "POST", JOIN, 409, json=body)
    assert problem["code"] == "stock_is_shared"
    await join(ben, code)
    assert await ben.stock() == {} and list(await ana.stock()) == ["Leche"]


async def test_a_keyed_join_that_comes_again_is_answered_from_the_new_home(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    await ben.add("Pan")
    body, key = {"code": await invite(ana), "bring_stock": True}, {"Idempotency-Key": "j1"}
    first = await ben.post(JOIN, json=body, headers=key)
    again = await ben.post(JOIN, json=body, headers=key)
    assert (first.status, again.headers["Idempotent-Replayed"], again.json) == (200, "true", first.json)


async def test_a_keyed_leave_that_comes_again_does_not_empty_the_new_home(couple: tuple[Client, Client]) -> None:
    _ana, ben = couple
    key = {"Idempotency-Key": "l1"}
    first = await ben.post(LEAVE, headers=key)
    await ben.add("Pan")
    assert (await ben.post(LEAVE, headers=key)).json == first.json
    assert list(await ben.stock()) == ["Pan"]


async def test_who_leaves_begins_empty_and_the_rest_stays(couple: tuple[Client, Client]) -> None:
    ana, ben = couple
    await ben.add("Leche")
    code = await invite(ben)
    await leave(ben)
    assert await ben.stock() == {} and (await ben.get("/api/journal")).json["entries"] == []
    assert list(await ana.stock()) == ["Leche"]
    assert len((await household(ana))["members"]) == 1
    refused(await ben.post(JOIN, json={"code": code}), 404, "unknown_invitation")  # theirs ended with them


async def test_a_household_goes_with_the_last_one_who_leaves(client: Client, service: Service) -> None:
    photo, old = await photographed(client), (await household(client))["household_id"]
    assert (await rows_of(service, old))["batches"] == 1
    await leave(client)
    assert await rows_of(service, old) == {}
    assert not await has_files(service, photo)
    assert await client.stock() == {} and await client.add("Pan")


async def portrait(client: Client) -> str:
    """Upload a picture of oneself; answers the photo's id."""
    reply = await client.upload(PHOTOS / "lemon.jpg", "/api/user/profile/picture")
    return photo_in(reply.json["photo_url"])


def photo_in(address: str) -> str:
    return address.split("/photos/")[1].split("/")[0]


async def is_shown(client: Client, photo: str) -> bool:
    """Whether the profile shows this photo, and its address opens."""
    address = (await client.get("/api/user/profile")).json["photo_url"]
    return photo_in(address) == photo and (await client.get(address[address.index("/photos/") :])).status == 200


@pytest.mark.parametrize("bring_stock", [False, True])
async def test_a_picture_of_oneself_comes_along(guest: Guest, service: Service, bring_stock: bool) -> None:
    ana, ben = await guest(), await guest()
    photo = await portrait(ben)
    await join(ben, await invite(ana), bring_stock=bring_stock)
    assert await has_files(service, photo) and await is_shown(ben, photo)
    await leave(ana)
    await leave(ben)
    assert await has_files(service, photo) and await is_shown(ben, photo)


async def test_a_picture_of_oneself_outlives_the_household_that_was_left(
    couple: tuple[Client, Client], service: Service
) -> None:
    ana, ben = couple
    photo = await portrait(ben)
    await ana.delete(f"/api/households/members/{uid(ben)}")
    await leave(ana)
    assert await has_files(service, photo) and await is_shown(ben, photo)
    assert (await ben.delete("/api/user/account")).status == 200
    assert not await has_files(service, photo)


async def test_a_deleted_members_picture_goes_and_what_the_stock_shows_stays(
    couple: tuple[Client, Client], service: Service
) -> None:
    ana, ben = couple
    photo, tomato = await portrait(ben), await photographed(ana)
    assert (await ben.delete("/api/user/account")).status == 200
    assert not await has_files(service, photo)
    image = (await ana.get("/api/inventory")).json["ingredients"][0]["image_path"]
    assert (await ana.put("/api/user/profile", json={"photo_url": image})).status == 200
    assert await is_shown(ana, tomato) and await has_files(service, tomato)


async def test_a_picture_of_the_stock_stays_with_those_who_have_it(
    couple: tuple[Client, Client], service: Service
) -> None:
    ana, ben = couple
    tomato = await photographed(ana)
    image = (await ana.get("/api/inventory")).json["ingredients"][0]["image_path"]
    assert (await ana.put("/api/user/profile", json={"photo_url": image})).status == 200
    await leave(ana)
    again = await ben.post("/api/recognition/ingredients", json={"images_paths": [image]})
    assert again.status == 200 and await is_shown(ana, tomato) and await has_files(service, tomato)


async def test_any_member_may_put_another_out(couple: tuple[Client, Client]) -> None:
    ana, ben = couple
    path = await ana.add("Leche")
    row = "/api/households/members/{account_id}"
    left = answered(await ben.delete(f"/api/households/members/{uid(ana)}"), "DELETE", row)
    assert [one["account_id"] for one in left["members"]] == [uid(ben)]
    assert await ana.stock() == {} and list(await ben.stock()) == ["Leche"]
    refused(await ana.delete(path), 404)
    refused(await ana.delete(f"/api/households/members/{uid(ben)}"), 404, "unknown_member")


async def test_nobody_puts_themselves_out(client: Client) -> None:
    problem = await refused_in_both_languages(client, "DELETE", f"/api/households/members/{uid(client)}", 409)
    assert problem["code"] == "cannot_remove_yourself"


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/user/account"), ("DELETE", "/api/user/profile"), ("POST", "/api/user/profile/delete-request")],
)
async def test_a_deleted_account_is_gone_at_once(stranger: Client, service: Service, method: str, path: str) -> None:
    who = {"email": f"{path.rpartition(chr(47))[2]}@example.org", "password": "correct horse"}
    signed = (await stranger.post("/api/auth/register", json=who)).json
    client = replace(stranger, token=signed["access_token"], user=signed["user"])
    other = replace(stranger, token=(await stranger.post("/api/auth/login", json=who)).json["access_token"])
    photo, home = await photographed(client), (await household(client))["household_id"]
    assert list(await other.stock())
    answered(await client.request(method, path), method, path)
    for one in (client, other):
        refused(await one.get("/api/inventory"), 401, "token_revoked")
    refresh = {"Authorization": f"Bearer {signed['refresh_token']}"}
    refused(await stranger.post("/api/auth/refresh", headers=refresh), 401)
    refused(await stranger.post("/api/auth/login", json=who), 401, "wrong_password")
    assert await rows_of(service, home) == {}
    assert not await has_files(service, photo)
    async with service.kitchen.database.read() as tx:
        for table, column in (
            (schema.accounts, "id"),
            (schema.credentials, "account_id"),
            (schema.sessions, "account_id"),
        ):
            assert await tx.all(select(table).where(table.c[column] == uid(client))) == []
    assert (await stranger.post("/api/auth/register", json=who)).status == 201


async def test_a_deleted_members_deeds_stay_without_their_name(couple: tuple[Client, Client], service: Service) -> None:
    ana, ben = couple
    photo = await photographed(ben)
    await ana.add("Leche")
    assert (await ben.delete("/api/user/account")).status == 200
    entries = (await ana.get("/api/journal")).json["entries"]
    assert [entry["by"] for entry in entries] == [uid(ana), None]
    assert len(await ana.stock()) == 2 and await has_files(service, photo)
    assert [one["account_id"] for one in (await household(ana))["members"]] == [uid(ana)]


async def test_requests_that_a_move_overtakes_touch_nothing_in_the_household_that_was_left(guest: Guest) -> None:
    host, visitor = await guest(), await guest()
    await host.add("Manzana", 3)
    await join(visitor, await invite(host))

    sent = [visitor.post(LEAVE), visitor.post(LEAVE), visitor.post(INVITATIONS), visitor.post(LEAVE)]
    statuses = [reply.status for reply in await asyncio.gather(*sent)]

    assert 200 in statuses and max(statuses) < 500, statuses  # in whatever order they arrived
    assert await host.quantity("Manzana") == 3
    assert [one["account_id"] for one in (await household(host))["members"]] == [uid(host)]
