"""The profile over HTTP, and what stands beside it: its parts, the picture, figures, and kept choices."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.http.expecting import answered, refused
from tests.service import PHOTOS, Client

Guest = Callable[[], Awaitable[Client]]
PROFILE = "/api/user/profile"
PICTURE = f"{PROFILE}/picture"


def local(address: str) -> str:
    return "/photos/" + address.partition("/photos/")[2]


# The profile and its parts


async def test_a_guest_has_a_profile_and_may_change_it(client: Client) -> None:
    assert (await client.get(PROFILE)).json["authProvider"] == "guest"
    assert (await client.put(PROFILE, json={"displayName": "Ana"})).status == 200
    assert (await client.get(PROFILE)).json["name"] == "Ana"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_either_method_changes_what_is_sent_and_nothing_else(client: Client, method: str) -> None:
    await client.put(PROFILE, json={"name": "Ana", "phone": "+51 999", "allergies": ["maní"]})
    reply = await client.request(method, PROFILE, json={"cookingLevel": "advanced"})
    changed = answered(reply, method, PROFILE)
    assert (changed["profile"]["name"], changed["profile"]["phone"]) == ("Ana", "+51 999")
    assert (changed["profile"]["allergies"], changed["profile"]["cookingLevel"]) == (["maní"], "advanced")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("part", "body", "told"),
    [
        ("preferences", {"measurementUnit": "imperial"}, {"preferences": {"measurementUnit": "imperial"}}),
        ("preferences", {"preferences": {"phone": "1"}}, {"preferences": {"phone": "1"}}),
        ("preferences", {"prefs": {"language": "en"}}, {"preferences": {"language": "en"}}),
        ("dietary-restrictions", {"dietary_restrictions": ["vegano"]}, {"dietary_restrictions": ["vegano"]}),
        ("dietary-restrictions", {"restrictions": [{"name": "x"}]}, {"dietary_restrictions": [{"name": "x"}]}),
        ("dietary-restrictions", {"specialDietItems": []}, {"dietary_restrictions": []}),
        ("cooking-level", {"cooking_level": "advanced"}, {"cooking_level": "advanced"}),
        ("cooking-level", {"level": "intermediate"}, {"cooking_level": "intermediate"}),
        ("cooking-level", {"cookingLevel": "advanced"}, {"cooking_level": "advanced"}),
    ],
)
async def test_a_part_of_the_profile_is_changed_and_read_by_itself(
    client: Client, method: str, part: str, body: dict[str, Any], told: dict[str, Any]
) -> None:
    path = f"{PROFILE}/{part}"
    for answer in (
        answered(await client.request(method, path, json=body), method, path),
        answered(await client.get(path), "GET", path),
    ):
        for name, value in told.items():
            if isinstance(value, dict):
                assert value.items() <= answer[name].items()
            else:
                assert answer[name] == value


@pytest.mark.parametrize("part", ["preferences", "dietary-restrictions", "cooking-level"])
@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"unknown": 1}, 400), ({"cookingLevel": "chef"}, 422)])
async def test_a_part_without_anything_known_in_it_is_refused(
    client: Client, part: str, body: dict[str, Any], status: int
) -> None:
    refused(await client.put(f"{PROFILE}/{part}", json=body), status)


async def test_unknown_keys_are_left_out_and_much_is_refused(client: Client) -> None:
    body = {"role": "admin", "prefs": {"isAdmin": True, "phone": "1"}, "preferences": {"$set": 1}}
    profile = (await client.put(PROFILE, json=body)).json["profile"]
    assert not {"role", "isAdmin", "$set"} & {*profile, *profile["prefs"]}
    refused(await client.put(PROFILE, json={"allergies": ["x" * 1000] * 100}), 422)


async def test_a_changed_profile_is_read_at_once_and_by_its_owner_alone(client: Client, guest: Guest) -> None:
    other = await guest()
    for name in ("Uno", "Dos", "Tres"):
        await client.put(PROFILE, json={"name": name})
        assert (await client.get(PROFILE)).json["name"] == name
    assert (await other.get(PROFILE)).json["name"] == ""


# The picture


async def test_a_picture_is_uploaded_shown_and_removed(client: Client) -> None:
    shown = answered(await client.upload(PHOTOS / "lemon.jpg", PICTURE), "POST", PICTURE)
    address = shown["photo_url"]
    assert address.startswith("http")
    assert (await client.get(local(address))).status == 200
    profile = (await client.get(PROFILE)).json
    assert profile["photo_url"] == profile["photoURL"] == address
    assert answered(await client.delete(PICTURE), "DELETE", PICTURE)["photo_url"] == ""
    assert (await client.get(PROFILE)).json["photo_url"] is None


async def test_the_address_of_a_picture_is_kept_without_its_signature(client: Client, guest: Guest) -> None:
    """What a profile shows comes back with the next change, long after its signature is over."""
    address = (await client.upload(PHOTOS / "lemon.jpg", PICTURE)).json["photo_url"]
    stale = address.partition("?")[0] + "?e=1&s=0"
    for old in (address, stale):
        shown = (await client.put(PROFILE, json={"photoURL": old, "name": "Ana"})).json["profile"]["photo_url"]
        assert (await client.get(local(shown))).status == 200


@pytest.mark.parametrize("name", ["photo_url", "photoURL", "picture_url", "image_path"])
async def test_a_picture_may_be_an_address(client: Client, name: str) -> None:
    elsewhere = "https://example.com/ana.png"
    assert (await client.put(PICTURE, json={name: elsewhere})).json["photo_url"] == elsewhere
    ours = (await client.upload(PHOTOS / "lemon.jpg")).json["image"]["image_path"]
    assert (await client.patch(PICTURE, json={name: ours})).json["photo_url"] == ours


@pytest.mark.parametrize("path", [PROFILE, PICTURE])
async def test_nobody_gets_an_address_signed_for_a_photo_of_others(client: Client, guest: Guest, path: str) -> None:
    theirs = (await (await guest()).upload(PHOTOS / "lemon.jpg")).json["image"]["image_path"]
    bare = theirs.partition("?")[0]
    refused(await client.put(path, json={"photo_url": bare}), 404, "unknown_photo")
    refused(await client.put(path, json={"photo_url": bare.replace("http", "https", 1)}), 404, "unknown_photo")
    refused(await client.put(path, json={"photo_url": "/photos/" + bare.partition("/photos/")[2]}), 422)


@pytest.mark.parametrize("body", [{}, {"photo_url": ""}, {"photo_url": None}])
async def test_a_picture_of_nothing_is_refused(client: Client, body: dict[str, Any]) -> None:
    refused(await client.put(PICTURE, json=body), 400)


async def test_a_text_is_no_picture(client: Client) -> None:
    refused(await client.upload(b"I am a picture.", PICTURE), 415, "not_an_image")
    refused(await client.put(PICTURE, json={"photo_url": "javascript:alert(1)"}), 422)


# What was done


async def test_statistics_count_what_was_done(client: Client) -> None:
    path = f"{PROFILE}/statistics"
    empty = answered(await client.get(path), "GET", path)["statistics"]
    assert (empty["acts"], empty["first_at"], empty["items_in_stock"]) == ({}, None, 0)
    milk = await client.add("Leche", 2, "litros")
    await client.add("Pan")
    await client.post(f"{milk}/consume", json={"consumed_quantity": 1})
    await client.upload(PHOTOS / "lemon.jpg")
    told = (await client.get(path)).json["statistics"]
    assert told["acts"] == {"add": 2, "eat": 1}
    assert (told["items_in_stock"], told["photos"], told["recognitions"]) == (2, 1, 0)
    assert told["first_at"] < told["last_at"]


async def test_activity_comes_newest_first_by_page(client: Client) -> None:
    path = f"{PROFILE}/activity"
    for name in ("Leche", "Pan", "Arroz"):
        await client.add(name)
    entries = (await client.get("/api/journal")).json["entries"]
    first = answered(await client.get(f"{path}?limit=2"), "GET", path)
    second = (await client.get(f"{path}?limit=2&cursor={first['next_cursor']}")).json
    assert second["next_cursor"] is None
    seen = [*first["activity"], *second["activity"]]
    assert [deed["entry_id"] for deed in seen] == [entry["entry_id"] for entry in entries]
    refused(await client.get(f"{path}?limit=0"), 422)
    refused(await client.get(f"{path}?cursor=x"), 422)


async def test_no_achievement_is_made_up(client: Client) -> None:
    path = f"{PROFILE}/achievements"
    assert answered(await client.get(path), "GET", path) == {"achievements": [], "total": 0}


# Kept choices


@pytest.mark.parametrize("page", ["privacy", "notifications"])
async def test_choices_are_kept_and_those_left_out_stay(client: Client, page: str) -> None:
    path = f"{PROFILE}/{page}"
    assert answered(await client.get(path), "GET", path) == {page: {}}
    await client.put(path, json={"expiring": True, "hour": 8, "sound": "bell"})
    reply = answered(await client.patch(path, json={page: {"expiring": False}}), "PATCH", path)
    assert reply[page] == {"expiring": False, "hour": 8, "sound": "bell"}
    assert (await client.get(path)).json == {page: reply[page]}
    assert page not in (await client.get(PROFILE)).json


@pytest.mark.parametrize(
    "body",
    [
        {"a": []},
        {"a": {"b": {}}},
        {"a": None},
        {"a": "x" * 201},
        {"": True},
        {"x" * 51: True},
        {str(number): True for number in range(51)},
    ],
)
async def test_choices_stay_small_and_flat(client: Client, body: dict[str, Any]) -> None:
    refused(await client.put(f"{PROFILE}/privacy", json=body), 422)


async def test_choices_do_not_grow_without_end(client: Client) -> None:
    path = f"{PROFILE}/privacy"
    assert (await client.put(path, json={f"a{number}": True for number in range(50)})).status == 200
    refused(await client.put(path, json={"one more": True}), 413)


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer", "code"),
    [
        ("PUT", PROFILE, {"name": "Ana\x00"}, "/name", "bad_form"),
        ("PUT", PROFILE, {"displayName": "Ana\u202eanA"}, "/name", "bad_form"),
        ("PUT", PROFILE, {"phone": "\x1b[2J"}, "/phone", "bad_form"),
        ("PUT", PROFILE, {"name": "Ana", "prefs": [1]}, "/prefs", "wrong_type"),
        ("PUT", f"{PROFILE}/privacy", {"visible\x00": True}, "", "bad_form"),
        ("PUT", f"{PROFILE}/notifications", {"sound": "\x00"}, "", "bad_form"),
    ],
)
async def test_what_nobody_can_read_is_refused(
    client: Client, method: str, path: str, body: dict[str, Any], pointer: str, code: str
) -> None:
    told = refused(await client.request(method, path, json=body), 422)
    assert [(problem["pointer"], problem["code"]) for problem in told["errors"]] == [(pointer, code)]
    assert (await client.get(PROFILE)).json["name"] == ""


async def test_a_name_may_have_any_letters(client: Client) -> None:
    for name in ("Añá O\u2019Neill", "\u0645\u0631\u064a\u0645", "Ana \U0001f469\u200d\U0001f373"):
        assert (await client.put(PROFILE, json={"name": name})).json["profile"]["name"] == name
