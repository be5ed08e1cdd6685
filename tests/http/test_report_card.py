"""The recogniser's report card over HTTP: what was measured, what reviewers correct, and what may go in unasked."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import ClientSession
from sqlalchemy import func, select

from storage.schema import proposal_lines
from tests.http.expecting import answered
from tests.service import PHOTOS, Client, Service, running, signed_in
from zwai.kitchen import recognition
from zwai.kitchen.recognition import Seen
from zwai.kitchen.report_card import FRESH
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, Decision, Engine, PhotoId, Sighting

REPORT = "/api/recogniser/report"


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Service]:
    """A service whose corrections are those of one test."""
    async with running(tmp_path / "data") as service:
        yield service


async def offered(service: Service, client: Client, *foods: str, rule: str = "whole") -> Any:
    """A proposal with a line for each food, as surely as its engine ever says."""
    assert client.user is not None
    me = (await client.get("/api/household")).json
    member = Member(
        AccountId(client.user["uid"]), HouseholdId(me["household_id"]), SessionId(""), Language.ES, "America/Lima"
    )
    decision = Decision.CONFIRM if rule == "gemini" else Decision.ITEM
    engine = Engine.GEMINI if rule == "gemini" else Engine.LOCAL
    photo = PhotoId((await client.upload(PHOTOS / "lemon.jpg")).json["image"]["uid"])
    seen = tuple((photo, Sighting(food, "ingredient", 0.93, decision, rule)) for food in foods)
    async with service.kitchen.database.write(member.household) as tx:
        made = await recognition.propose(tx, member, Seen(Aim.BOTH, engine, (), seen), service.kitchen.clock())
    return (await client.get(f"/api/proposals/{made.recognition.id}")).json


async def reviewed(client: Client, proposal: Any, **body: Any) -> Any:
    path = "/api/proposals/{proposal_id}/accept"
    sent = await client.post(path.format(proposal_id=proposal["proposal_id"]), json=body)
    return answered(sent, "POST", path)


async def later(service: Service) -> None:
    """Everybody's corrections are read again."""
    await service.kitchen.report_card.everybody(service.kitchen.clock() + FRESH * 2)


async def report(client: Client) -> Any:
    return answered(await client.get(REPORT), "GET", REPORT)


def of(groups: list[dict[str, Any]], category: str) -> list[dict[str, Any]]:
    return [group for group in groups if group["category"] == category]


async def test_what_was_measured_names_its_data_and_its_numbers(client: Client) -> None:
    card, *_ = (await report(client))["measured"]
    assert card["engine"] == "local"
    assert card["data"] and card["measured_on"]
    for group in card["groups"]:
        assert 0 <= group["top_1"]["low"] <= group["top_1"]["high"] <= 1


async def test_what_nothing_was_counted_of_is_left_out(client: Client) -> None:
    for card in (await report(client))["measured"]:
        for group in card["groups"] + card["categories"]:
            assert group["photos"] or any(group[name]["n"] for name in ("precision", "recall")), group


async def test_a_household_sees_what_became_of_its_own_lines(alone: Service, http: ClientSession) -> None:
    client = await signed_in(http, alone.url)
    offer = await offered(alone, client, "cinnamon", "cumin", "dried_oregano", "paprika")
    first, second, *_ = offer["lines"]
    edits = [{"id": first["id"], "quantity": 3}, {"id": second["id"], "name": "pimienta"}]
    await reviewed(client, offer, lines=edits, close=True)
    told = await report(client)
    [group] = [one for one in told["household"]["groups"] if one["category"] == "spice"]
    assert (group["as_it_was"], group["corrected"]) == (1, 1)
    assert sum(one["refused"] for one in told["household"]["groups"]) == 2
    [curve] = told["household"]["calibration"]
    assert (curve["bins"][0]["right"], curve["bins"][0]["n"]) == (1, 4)
    assert all(one["too_few"] and one["precision"] is None for one in told["everybody"]["groups"])
    assert told["everybody"]["calibration"] == []


async def test_enough_households_are_told_of_and_the_numbers_are_those_of_the_rows(
    alone: Service, http: ClientSession
) -> None:
    for number in range(6):
        client = await signed_in(http, alone.url)
        offer = await offered(alone, client, *["cinnamon"] * 4, "milk", rule="gemini" if number < 5 else "whole")
        await reviewed(client, offer, lines=[{"id": line["id"]} for line in offer["lines"][number > 2 : 4]], close=True)
    await later(alone)
    told = await report(client)
    groups = {one["engine"]: one for one in of(told["everybody"]["groups"], "spice")}
    assert (groups["gemini"]["as_it_was"], groups["gemini"]["refused"]) == (18, 2)
    assert groups["local"]["too_few"]  # one household is somebody
    rows = proposal_lines.c
    async with alone.kitchen.database.read() as tx:
        query = select(func.count()).where(rows.rule == "gemini", rows.food_id == "cinnamon")
        assert await tx.scalar(query.where(rows.accepted_at.is_not(None))) == 18
        assert await tx.scalar(query.where(rows.rejected_at.is_not(None))) == 2


@pytest.mark.parametrize("rule", ["whole", "gemini"])
async def test_lines_go_in_unasked_once_their_group_has_earned_it(
    alone: Service, http: ClientSession, rule: str
) -> None:
    for _ in range(5):
        client = await signed_in(http, alone.url)
        offer = await offered(alone, client, *["cinnamon"] * 16, rule=rule)
        assert not any(line["auto_accept"] for line in offer["lines"])  # nothing was known
        assert (await reviewed(client, offer, auto=True))["items"] == []
        await reviewed(client, offer, lines=[{"id": line["id"]} for line in offer["lines"]])
    await later(alone)
    offer = await offered(alone, client, "cinnamon", "tomato", rule=rule)
    assert [line["auto_accept"] for line in offer["lines"]] == [True, False]
    [group] = of((await report(client))["auto_accept"]["groups"], "spice")
    assert (group["auto_accept"], group["corrections"]["n"]) == (True, 80)
    done = await reviewed(client, offer, auto=True)
    assert [item["food_id"] for item in done["items"]] == ["cinnamon"]
    assert [line["state"] for line in done["proposal"]["lines"]] == ["accepted", "open"]
    assert (await reviewed(client, offer, auto=True)) == done


@pytest.mark.parametrize(("households", "counted"), [(1, None), (5, 50 + 4 * 4)])
async def test_no_household_decides_for_the_others(
    alone: Service, http: ClientSession, households: int, counted: int | None
) -> None:
    for number in range(households):
        client = await signed_in(http, alone.url)
        offer = await offered(alone, client, *["cinnamon"] * (4 if number else 200))
        await reviewed(client, offer, lines=[{"id": line["id"]} for line in offer["lines"]])
    await later(alone)
    groups = of((await report(client))["auto_accept"]["groups"], "spice")
    assert [(one["auto_accept"], one["corrections"]["n"]) for one in groups] == ([(False, counted)] if counted else [])


async def test_the_picture_opens_without_a_token_in_both_languages(stranger: Client) -> None:
    pictures = []
    for language in ("es", "en"):
        reply = await stranger.get(f"{REPORT}.svg", headers={"Accept-Language": language})
        assert (reply.status, reply.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
        assert ElementTree.fromstring(reply.body).tag.endswith("svg")
        pictures.append(reply.body)
    assert pictures[0] != pictures[1]
