"""Proposals over HTTP: read with their evidence, accepted whole, in part or corrected, refused, and opened again."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from storage import schema
from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import PHOTOS, Client, Service

Guest = Callable[[], Awaitable[Client]]
ONE = "/api/proposals/{proposal_id}"


async def proposed(client: Client, *photos: str) -> Any:
    """The proposal made of some photos."""
    paths = [(await client.upload(PHOTOS / photo)).json["image"]["image_path"] for photo in photos]
    seen = await client.post("/api/recognition/ingredients", json={"images_paths": paths})
    return await shown(client, seen.json["recognition_id"])


async def shown(client: Client, proposal: str) -> Any:
    return answered(await client.get(f"/api/proposals/{proposal}"), "GET", ONE)


async def accept(client: Client, proposal: Any, **body: Any) -> Any:
    reply = await client.post(f"/api/proposals/{proposal['proposal_id']}/accept", json=body)
    return answered(reply, "POST", f"{ONE}/accept")


async def reject(client: Client, proposal: Any, **body: Any) -> Any:
    reply = await client.post(f"/api/proposals/{proposal['proposal_id']}/reject", json=body)
    return answered(reply, "POST", f"{ONE}/reject")["proposal"]


def states(proposal: Any) -> list[str]:
    return [line["state"] for line in proposal["lines"]]


async def test_every_line_tells_its_evidence(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    assert len(proposal["lines"]) >= 2
    for line in proposal["lines"]:
        evidence = line["evidence"]
        assert (await client.get("/photos/" + evidence["photo"].partition("/photos/")[2])).status == 200
        assert evidence["engine"] == "local" and 0 < evidence["confidence"] <= 1 and evidence["rule"]
        assert evidence["expiry"]["source"] in ("table", "assumed") and evidence["expiry"]["reference"]
        assert (line["state"], line["accepted"], line["rejected_at"]) == ("open", None, None)


async def test_nothing_touches_the_stock_before_it_is_accepted(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    assert await client.stock() == {}
    await accept(client, proposal)
    assert list(await client.stock()) == [proposal["lines"][0]["name"]]


async def test_accepting_all_leaves_mere_suggestions_open(client: Client) -> None:
    proposal = await proposed(client, "two.jpg")
    guesses = [line["evidence"]["decision"] == "suggestion" for line in proposal["lines"]]
    assert any(guesses)
    after = (await accept(client, proposal, lines="all"))["proposal"]
    assert states(after) == ["open" if guess else "accepted" for guess in guesses]


async def test_accepting_again_is_answered_the_same_and_changes_nothing(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    first = await accept(client, proposal)
    before = await client.stock()
    assert await accept(client, proposal) == first
    assert await client.stock() == before
    assert len((await client.get("/api/journal")).json["entries"]) == 1


async def test_accepting_again_what_was_eaten_meanwhile_brings_nothing_back(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    first = await accept(client, proposal)
    await client.delete(f"/api/inventory/ingredients/{proposal['lines'][0]['name']}")
    assert await accept(client, proposal) == first
    assert await client.stock() == {}


async def test_some_lines_are_accepted_and_the_rest_stays_open(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    line = proposal["lines"][1]
    after = (await accept(client, proposal, lines=[{"id": line["id"]}]))["proposal"]
    assert states(after)[:2] == ["open", "accepted"]
    assert list(await client.stock()) == [line["name"]]


async def test_closing_refuses_the_rest(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    after = (await accept(client, proposal, lines=[{"id": proposal["lines"][1]["id"]}], close=True))["proposal"]
    assert states(after)[:2] == ["rejected", "accepted"] and after["state"] == "closed"


async def test_what_was_left_alone_goes_into_stock_as_it_was_proposed(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    line, item = proposal["lines"][0], (await accept(client, proposal))["items"][0]
    for name in ("name", "food_id", "quantity", "type_unit", "added_at", "expiration_date", "tips"):
        assert item[name] == line[name]
    assert item["expiry_reference"] == line["evidence"]["expiry"]["reference"]
    assert item["image_path"] == line["evidence"]["photo"]


async def test_a_quantity_is_corrected_and_the_rest_keeps_its_evidence(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    line = proposal["lines"][0]
    item = (await accept(client, proposal, lines=[{"id": line["id"], "quantity": 4}]))["items"][0]
    assert (item["quantity"], item["expiration_date"]) == (4, line["expiration_date"])
    assert item["expiry_source"] == line["evidence"]["expiry"]["source"]


async def test_a_typed_date_says_that_it_was_typed(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    edit = {"id": proposal["lines"][0]["id"], "expiration_date": "2031-05-06"}
    item = (await accept(client, proposal, lines=[edit]))["items"][0]
    assert (item["expiration_date"], item["expiry_source"]) == ("2031-05-06T00:00:00", "typed")


async def test_another_name_is_kept_as_a_correction(client: Client, service: Service) -> None:
    proposal = await proposed(client, "tomato.jpg")
    line = proposal["lines"][0]
    after = await accept(client, proposal, lines=[{"id": line["id"], "name": "Zanahoria"}])
    assert after["proposal"]["lines"][0]["accepted"]["corrected"] is True
    assert (after["items"][0]["name"], after["items"][0]["food_id"]) == ("Zanahoria", "carrot")
    async with service.kitchen.database.read() as tx:
        table = schema.proposal_lines.c
        query = select(table.label, table.accepted_label, table.accepted_food_id).where(table.id == line["id"])
        assert tuple((await tx.all(query))[0]) == (line["name"], "Zanahoria", "carrot")


async def test_a_refused_line_is_not_meant_by_all_but_can_be_named(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    after = await reject(client, proposal)
    assert set(states(after)) == {"rejected"} and after["lines"][0]["rejected_at"]
    assert (await accept(client, proposal))["items"] == []
    named = await accept(client, proposal, lines=[{"id": proposal["lines"][0]["id"]}])
    assert states(named["proposal"])[0] == "accepted"
    assert len(await client.stock()) == 1


async def test_refusing_some_leaves_the_others_and_what_is_in_stock(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    first, second = [line["id"] for line in proposal["lines"][:2]]
    await accept(client, proposal, lines=[{"id": first}])
    after = await reject(client, proposal, lines=[first, second])
    assert states(after)[:2] == ["accepted", "rejected"]
    reply = await client.delete(f"/api/proposals/{proposal['proposal_id']}")
    assert set(states(answered(reply, "DELETE", ONE)["proposal"])) == {"accepted", "rejected"}
    assert len(await client.stock()) == 1


async def test_undoing_the_accepting_opens_the_lines_again(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    accepted = await accept(client, proposal)
    assert (await client.post(f"/api/journal/{accepted['entry_id']}/undo")).status == 200
    assert await shown(client, proposal["proposal_id"]) == proposal
    again = await accept(client, proposal)
    assert [item["name"] for item in again["items"]] == [item["name"] for item in accepted["items"]]
    assert again["entry_id"] != accepted["entry_id"]


async def test_the_old_clients_way_accepts_the_same_line(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg")
    seen = (await client.get(f"/api/recognition/recognition/{proposal['recognition_id']}")).json
    sent = {"ingredients": seen["ingredients"]}
    old = (await client.post("/api/inventory/ingredients/from-recognition", json=sent)).json
    new = await accept(client, proposal)
    assert [item["batch_id"] for item in new["items"]] == [item["batch_id"] for item in old["items"]]
    assert new["entry_id"] == old["entry_id"]
    assert sum(len(stacks) for stacks in (await client.stock()).values()) == 1


async def test_a_line_of_another_proposal_is_unknown(client: Client) -> None:
    one, other = await proposed(client, "tomato.jpg"), await proposed(client, "carrots.jpg")
    path = f"/api/proposals/{one['proposal_id']}/accept"
    body = {"lines": [{"id": other["lines"][0]["id"]}]}
    problem = await refused_in_both_languages(client, "POST", path, 404, json=body)
    assert problem["code"] == "unknown_line"
    assert await client.stock() == {}


async def test_another_household_neither_sees_nor_accepts(guest: Guest) -> None:
    ana, ben = await guest(), await guest()
    proposal = await proposed(ana, "tomato.jpg")
    for method, end in (("GET", ""), ("DELETE", ""), ("POST", "/accept"), ("POST", "/reject")):
        reply = await ben.request(method, f"/api/proposals/{proposal['proposal_id']}{end}")
        refused(reply, 404, "unknown_recognition")
    assert await shown(ana, proposal["proposal_id"]) == proposal


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": 1}, "/lines"),
        ({"lines": "some"}, "/lines"),
        ({"lines": [1]}, "/lines/0"),
        ({"lines": [{}]}, "/lines/0/id"),
        ({"lines": [{"id": ""}]}, "/lines/0/id"),
        ({"lines": [{"id": "x", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"id": "x", "quantity": -1}]}, "/lines/0/quantity"),
        ({"lines": [{"id": "x", "name": " "}]}, "/lines/0/name"),
        ({"lines": [{"id": "x", "type_unit": "jemes"}]}, "/lines/0/type_unit"),
        ({"lines": [{"id": "x", "expiration_date": "2031-02-31"}]}, "/lines/0/expiration_date"),
        ({"lines": [{"id": "x"}] * 501}, "/lines"),
        ({"close": "perhaps"}, "/close"),
    ],
)
async def test_a_bad_review_is_told_where_it_is_wrong(client: Client, body: Any, pointer: str) -> None:
    problem = refused(await client.post(f"/api/proposals/{'0' * 32}/accept", json=body), 422)
    assert pointer in [one["pointer"] for one in problem["errors"]]


async def test_proposals_are_listed_newest_first_page_by_page(client: Client) -> None:
    made = [(await proposed(client, photo))["proposal_id"] for photo in ("tomato.jpg", "carrots.jpg", "lemon.jpg")]
    found: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while query:
        body = answered(await client.get("/api/proposals", params=query), "GET", "/api/proposals")
        found += [one["proposal_id"] for one in body["proposals"]]
        query = {"limit": "2", "cursor": body["next_cursor"]} if body["next_cursor"] else {}
    assert found == made[::-1]
    old = answered(await client.get("/api/recognition/history"), "GET", "/api/recognition/history")
    assert [one["recognition_id"] for one in old["history"]] == found


async def test_a_list_tells_how_far_each_review_is(client: Client) -> None:
    proposal = await proposed(client, "tomato.jpg", "carrots.jpg")
    first, second, *rest = [line["id"] for line in proposal["lines"]]
    await accept(client, proposal, lines=[{"id": first}])
    await reject(client, proposal, lines=[second])
    summary = (await client.get("/api/proposals")).json["proposals"][0]
    assert (summary["open"], summary["accepted"], summary["rejected"]) == (len(rest), 1, 1)


@pytest.mark.parametrize("words", ["Eran paltas", {"rating": 2, "note": "no"}])
async def test_feedback_is_kept(client: Client, service: Service, words: Any) -> None:
    proposal = await proposed(client, "tomato.jpg")
    body = {"recognition_id": proposal["recognition_id"], "feedback": words}
    answered(await client.post("/api/recognition/feedback", json=body), "POST", "/api/recognition/feedback")
    table = schema.feedback.c
    async with service.kitchen.database.read() as tx:
        query = select(table.words).where(table.recognition_id == proposal["recognition_id"])
        assert "paltas" in (kept := (await tx.all(query))[0].words) or '"rating"' in kept


async def test_feedback_on_an_unknown_recognition_is_refused(client: Client) -> None:
    body = {"recognition_id": "0" * 32, "feedback": "x"}
    refused(await client.post("/api/recognition/feedback", json=body), 404, "unknown_recognition")
    for bad in ("", "  ", {}, "x" * 5000):
        refused(await client.post("/api/recognition/feedback", json={**body, "feedback": bad}), 422)
