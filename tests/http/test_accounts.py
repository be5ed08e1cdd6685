"""Accounts over HTTP: signing in and out, refreshing, tokens that must not work, and the profile."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
import pytest
from aiohttp import ClientSession
from sqlalchemy import update

from storage.schema import refresh_tokens
from tests.service import Client, Reply, Service, running
from zwai.kitchen.tokens import fingerprint, key_id
from zwai.records.ids import new_id

Guest = Callable[[], Awaitable[Client]]
PASSWORD = "correcto caballo batería 1!"


@pytest.fixture
def email() -> str:
    return f"Ana.{new_id(datetime.now(UTC))[-12:]}@Example.com"


async def refreshed(client: Client, token: str | None) -> Reply:
    return await replace(client, token=token).post("/api/auth/refresh")


async def as_if_long_ago(service: Service, token: str) -> None:
    """Have a refresh token been used a minute ago."""
    a_minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    async with service.kitchen.database.write() as tx:
        used = update(refresh_tokens).where(refresh_tokens.c.hash == fingerprint(token))
        assert await tx.execute(used.values(used_at=a_minute_ago)) == 1


def forged(service: Service, client: Client, key: str | None = None, **claims: Any) -> str:
    """An access token of the client's session with some claims changed; None leaves one out."""
    now = int(datetime.now(UTC).timestamp())
    assert client.token is not None
    true = jwt.decode(client.token, options={"verify_signature": False})
    document = {**true, "iat": now, "exp": now + 600, **claims}
    kept = {name: value for name, value in document.items() if value is not None}
    return jwt.encode(kept, key or service.kitchen.token_keys.current, algorithm="HS256")


# Guests


async def test_a_guest_login_is_always_a_new_account_even_with_the_same_email(stranger: Client, email: str) -> None:
    body = {"email": email, "name": "Ana"}
    first, second = [(await stranger.post("/api/auth/guest-login", json=body)).json for _ in range(2)]
    assert first["user"]["email"] == second["user"]["email"] == email
    assert first["user"]["uid"] != second["user"]["uid"]


async def test_guests_with_the_same_email_do_not_see_each_others_stock(stranger: Client, email: str) -> None:
    tokens = [(await stranger.post("/api/auth/guest-login", json={"email": email})).json for _ in range(2)]
    first, second = [replace(stranger, token=one["access_token"]) for one in tokens]
    await first.add("Leche")
    assert await second.stock() == {}


async def test_a_guest_login_never_finds_a_registered_account(stranger: Client, email: str) -> None:
    owner = await stranger.post("/api/auth/register", json={"email": email, "password": PASSWORD})
    guest = await stranger.post("/api/auth/guest-login", json={"email": email, "name": "Otra"})
    assert guest.status == 200
    assert guest.json["user"]["uid"] != owner.json["user"]["uid"]


async def test_signing_in_answers_what_the_mobile_client_requires(stranger: Client) -> None:
    answer = (await stranger.post("/api/auth/guest-login")).json
    assert isinstance(answer["access_token"], str) and isinstance(answer["refresh_token"], str)
    assert answer["expires_in"] == 1800 and answer["token_type"] == "Bearer"
    user = answer["user"]
    assert isinstance(user["name"], str) and isinstance(user["photo_url"], str) and user["email_verified"] is False
    assert user["guest_mode"] is True
    assert datetime.fromisoformat(user["createdAt"]).tzinfo is not None
    assert not user["createdAt"].endswith("Z")


async def test_an_empty_body_that_announces_json_is_fine(stranger: Client) -> None:
    json_type = {"Content-Type": "application/json"}
    answer = await stranger.post("/api/auth/guest-login", headers=json_type)
    assert answer.status == 200
    client = replace(stranger, token=answer.json["access_token"])
    assert (await client.get("/api/user/profile", headers=json_type)).status == 200
    renewed = await replace(client, token=answer.json["refresh_token"]).post("/api/auth/refresh", headers=json_type)
    assert renewed.status == 200
    assert (await client.post("/api/auth/logout", headers=json_type)).status == 200


# Registering and signing in


async def test_a_registered_person_signs_in_with_the_email_in_any_case(stranger: Client, email: str) -> None:
    registered = await stranger.post("/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Ana"})
    assert registered.status == 201
    for spelling in (email, email.lower(), email.upper()):
        answer = await stranger.post("/api/auth/login", json={"email": spelling, "password": PASSWORD})
        assert answer.status == 200
        assert answer.json["user"]["uid"] == registered.json["user"]["uid"]


async def test_an_email_in_another_case_is_taken(stranger: Client, email: str) -> None:
    await stranger.post("/api/auth/register", json={"email": email, "password": PASSWORD})
    again = await stranger.post("/api/auth/register", json={"email": email.upper(), "password": "otra clave más"})
    assert (again.status, again.json["code"]) == (409, "email_taken")
    assert (await stranger.post("/api/auth/login", json={"email": email, "password": PASSWORD})).status == 200


async def test_of_two_who_register_one_email_at_once_one_gets_it(stranger: Client, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    both = await asyncio.gather(*(stranger.post("/api/auth/register", json=body) for _ in range(2)))
    assert sorted(reply.status for reply in both) == [201, 409]


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(stranger: Client, email: str) -> None:
    await stranger.post("/api/auth/register", json={"email": email, "password": PASSWORD})
    wrong = await stranger.post("/api/auth/login", json={"email": email, "password": "equivocada"})
    unknown = await stranger.post("/api/auth/login", json={"email": "x" + email, "password": PASSWORD})
    told = [{**reply.json, "request_id": ""} for reply in (wrong, unknown)]
    assert told[0] == told[1]
    assert (wrong.status, wrong.json["code"]) == (401, "wrong_password")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ana@example.com"},
        {"email": "no es un correo", "password": PASSWORD},
        {"email": "ana@example.com", "password": "corta"},
        {"email": "ana@example.com", "password": "x" * 201},
        {"email": ["ana@example.com"], "password": PASSWORD},
    ],
)
async def test_a_registration_that_lacks_something_is_refused(stranger: Client, body: dict[str, Any]) -> None:
    answer = await stranger.post("/api/auth/register", json=body)
    assert (answer.status, answer.json["code"]) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] in ("/email", "/password")


@pytest.mark.direct  # it looks into the file of the embedded database
async def test_a_password_is_neither_logged_nor_stored(
    stranger: Client, service: Service, email: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "muy-secreta-7391"
    await stranger.post("/api/auth/register", json={"email": email, "password": secret})
    signed_in = await stranger.post("/api/auth/login", json={"email": email, "password": secret})
    await stranger.post("/api/auth/login", json={"email": email, "password": secret + "!"})
    await stranger.post("/api/auth/register", json={"email": "mal", "password": secret})
    stored = b"".join(file.read_bytes() for file in service.data_dir.glob("zwai.db*"))
    assert b"$argon2id$" in stored
    assert secret.encode() not in stored and secret not in caplog.text
    assert email not in caplog.text
    token = signed_in.json["refresh_token"]
    assert token.encode() not in stored and token not in caplog.text


# Refreshing


async def test_a_refresh_token_is_traded_for_a_pair_that_works(client: Client) -> None:
    pair = (await refreshed(client, client.refresh_token)).json
    assert pair["refresh_token"] != client.refresh_token
    assert (await replace(client, token=pair["access_token"]).get("/api/inventory")).status == 200
    assert (await refreshed(client, pair["refresh_token"])).status == 200


async def test_ten_refreshes_at_once_with_one_token_all_succeed(client: Client) -> None:
    answers = await asyncio.gather(*(refreshed(client, client.refresh_token) for _ in range(10)))
    assert [answer.status for answer in answers] == [200] * 10
    for answer in answers:
        assert (await refreshed(client, answer.json["refresh_token"])).status == 200


async def test_a_token_used_again_within_the_grace_yields_a_sibling(client: Client) -> None:
    child = (await refreshed(client, client.refresh_token)).json
    await refreshed(client, child["refresh_token"])
    assert (await refreshed(client, client.refresh_token)).status == 200


async def test_a_token_used_again_after_its_successor_was_used_ends_the_session(
    client: Client, service: Service
) -> None:
    old = client.refresh_token or ""
    child = (await refreshed(client, old)).json
    grandchild = (await refreshed(client, child["refresh_token"])).json
    owner = replace(client, token=grandchild["access_token"])
    assert (await owner.get("/api/user/profile")).status == 200  # its session is in the cache now
    await as_if_long_ago(service, old)
    stolen = await refreshed(client, old)
    assert (stolen.status, stolen.json["code"]) == (401, "token_revoked")
    after = await owner.get("/api/user/profile")
    assert (after.status, after.json["code"]) == (401, "token_revoked")
    assert (await refreshed(client, grandchild["refresh_token"])).json["code"] == "token_revoked"


async def test_a_token_used_again_late_yields_a_sibling_while_no_successor_was_used(
    client: Client, service: Service
) -> None:
    old = client.refresh_token or ""
    await refreshed(client, old)
    await as_if_long_ago(service, old)
    sibling = await refreshed(client, old)
    assert sibling.status == 200
    assert (await replace(client, token=sibling.json["access_token"]).get("/api/inventory")).status == 200


async def test_theft_on_one_device_leaves_the_others_signed_in(stranger: Client, service: Service, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    phone = (await stranger.post("/api/auth/register", json=body)).json
    tablet = (await stranger.post("/api/auth/login", json=body)).json
    child = (await refreshed(stranger, phone["refresh_token"])).json
    await refreshed(stranger, child["refresh_token"])
    await as_if_long_ago(service, phone["refresh_token"])
    assert (await refreshed(stranger, phone["refresh_token"])).status == 401
    assert (await replace(stranger, token=tablet["access_token"]).get("/api/inventory")).status == 200


async def test_each_kind_of_token_opens_only_its_own_door(client: Client) -> None:
    access_as_refresh = await refreshed(client, client.token)
    refresh_as_access = await replace(client, token=client.refresh_token).get("/api/inventory")
    for answer in (access_as_refresh, refresh_as_access):
        assert (answer.status, answer.json["code"]) == (401, "token_invalid")


# Signing out


async def test_signing_out_ends_access_and_refresh_at_once(client: Client) -> None:
    await client.get("/api/inventory")
    answer = await client.post("/api/auth/logout")
    assert (answer.status, answer.json["status"], answer.json["tokens_revoked"]) == (200, "success", 1)
    after = await client.get("/api/inventory")
    assert (after.status, after.json["code"]) == (401, "token_revoked")
    renewed = await refreshed(client, client.refresh_token)
    assert (renewed.status, renewed.json["code"]) == (401, "token_revoked")


async def test_signing_out_leaves_other_devices_signed_in(stranger: Client, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    phone = (await stranger.post("/api/auth/register", json=body)).json
    tablet = (await stranger.post("/api/auth/login", json=body)).json
    await replace(stranger, token=phone["access_token"]).post("/api/auth/logout")
    assert (await replace(stranger, token=tablet["access_token"]).get("/api/inventory")).status == 200
    assert (await refreshed(stranger, tablet["refresh_token"])).status == 200


# Tokens that must not work


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": 1_700_000_000}, "token_expired"),
        ({"aud": "somebody-else"}, "token_invalid"),
        ({"aud": None}, "token_invalid"),
        ({"iss": "somebody-else"}, "token_invalid"),
        ({"iss": None}, "token_invalid"),
        ({"exp": None}, "token_invalid"),
        ({"iat": None}, "token_invalid"),
        ({"sub": None}, "token_invalid"),
        ({"jti": None}, "token_invalid"),
        ({"typ": None}, "token_invalid"),
        ({"typ": "refresh"}, "token_invalid"),
        ({"sid": None}, "token_invalid"),
        ({"sid": 7}, "token_invalid"),
        ({"exp": "soon"}, "token_invalid"),
        ({"sid": "0" * 32}, "token_revoked"),
    ],
)
async def test_a_well_signed_token_with_wrong_claims_is_refused(
    client: Client, service: Service, claims: dict[str, Any], code: str
) -> None:
    answer = await replace(client, token=forged(service, client, **claims)).get("/api/inventory")
    assert (answer.status, answer.json["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_maker_of_forged_tokens_can_make_a_good_one(client: Client, service: Service) -> None:
    assert (await replace(client, token=forged(service, client)).get("/api/inventory")).status == 200


async def test_a_token_signed_with_another_key_is_refused(client: Client, service: Service) -> None:
    stolen = replace(client, token=forged(service, client, key="x" * 43))
    assert (await stolen.get("/api/inventory")).json["code"] == "token_invalid"


async def test_a_token_without_a_signature_is_refused(client: Client, service: Service) -> None:
    claims = jwt.decode(client.token or "", options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    for algorithm in ("none", "None", "NONE"):
        head = base64.urlsafe_b64encode(orjson.dumps({"alg": algorithm, "typ": "JWT"})).rstrip(b"=").decode()
        token = ".".join([head, *unsigned.split(".")[1:]])
        answer = await replace(client, token=token).get("/api/inventory")
        assert (answer.status, answer.json["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 5000]
)
async def test_an_authorization_that_is_no_token_is_refused(stranger: Client, header: str) -> None:
    answer = await stranger.get("/api/inventory", headers={"Authorization": header})
    assert (answer.status, answer.json["code"]) == (401, "token_invalid")


async def test_no_token_asks_to_sign_in_in_the_callers_language(stranger: Client) -> None:
    spanish = await stranger.get("/api/user/profile")
    english = await stranger.get("/api/user/profile", headers={"Accept-Language": "en"})
    assert (spanish.status, spanish.json["code"]) == (401, "not_signed_in")
    assert spanish.json["error"] == "Inicia sesión para continuar."
    assert english.json["error"] == "Sign in to continue."


async def test_a_token_of_the_key_before_still_opens(
    tmp_path_factory: pytest.TempPathFactory, http: ClientSession
) -> None:
    folder, old = tmp_path_factory.mktemp("rotated"), "o" * 32
    async with running(folder, secret_key="n" * 32, previous_secret_key=old) as service:
        client = Client(http, service.url)
        client.token = (await client.post("/api/auth/guest-login")).json["access_token"]
        now = int(datetime.now(UTC).timestamp())
        claims = {**jwt.decode(client.token, options={"verify_signature": False}), "exp": now + 60}
        client.token = jwt.encode(claims, old, algorithm="HS256", headers={"kid": key_id(old)})
        assert (await client.get("/api/inventory")).status == 200


# The profile


async def test_a_guest_has_a_profile_with_the_fields_that_the_client_reads(client: Client) -> None:
    profile = (await client.get("/api/user/profile")).json
    assert client.user is not None and profile["uid"] == client.user["uid"]
    assert isinstance(profile["email"], str) and isinstance(profile["prefs"], dict)
    assert profile["cookingLevel"] == "beginner" and profile["language"] == "es"


async def test_a_changed_profile_is_read_back_at_once(client: Client) -> None:
    await client.get("/api/user/profile")
    change = {"name": "Ana", "phone": "+51 999 111 222", "prefs": {"allergies": ["maní"], "cookingLevel": "advanced"}}
    changed = await client.put("/api/user/profile", json=change)
    read = (await client.get("/api/user/profile")).json
    assert changed.status == 200 and changed.json["profile"] == read
    assert (read["name"], read["displayName"], read["phone"]) == ("Ana", "Ana", "+51 999 111 222")
    assert read["allergies"] == read["prefs"]["allergies"] == ["maní"]
    assert read["prefs"]["cookingLevel"] == "advanced"


async def test_both_spellings_of_a_name_are_read(client: Client) -> None:
    old = {"displayName": "Ana", "photoURL": "https://example.com/a.jpg"}
    read = (await client.put("/api/user/profile", json=old)).json["profile"]
    assert (read["name"], read["photo_url"]) == ("Ana", "https://example.com/a.jpg")
    new = {"name": "Eva", "photo_url": "https://example.com/e.jpg"}
    read = (await client.put("/api/user/profile", json=new)).json["profile"]
    assert (read["displayName"], read["photoURL"]) == ("Eva", "https://example.com/e.jpg")


async def test_what_is_left_out_of_a_profile_stays(client: Client) -> None:
    await client.put("/api/user/profile", json={"name": "Ana", "allergies": ["maní"]})
    await client.put("/api/user/profile", json={"measurementUnit": "imperial"})
    read = (await client.get("/api/user/profile")).json
    assert (read["name"], read["allergies"], read["measurementUnit"]) == ("Ana", ["maní"], "imperial")


async def test_a_profile_can_be_sent_back_as_it_was_read(client: Client) -> None:
    read = (await client.get("/api/user/profile")).json
    again = await client.put("/api/user/profile", json=read)
    assert again.status == 200
    assert again.json["profile"] == read


async def test_unknown_keys_of_a_profile_are_left_out(client: Client) -> None:
    sent = {
        "name": "Ana",
        "isAdmin": True,
        "uid": "x",
        "household_id": "x",
        "prefs": {"theme": "dark", "email": "a@b.pe"},
    }
    read = (await client.put("/api/user/profile", json=sent)).json["profile"]
    assert "isAdmin" not in read and "theme" not in read["prefs"]
    assert client.user is not None and read["uid"] == client.user["uid"] and read["email"] == ""


async def test_a_new_language_is_spoken_at_once(client: Client) -> None:
    await client.put("/api/user/profile", json={"language": "en"})
    answer = await client.post("/api/inventory/ingredients", json={"ingredients": []})
    assert answer.json["title"] == "Data to correct"


@pytest.mark.parametrize(
    "body",
    [
        {"name": 7},
        {"name": "x" * 201},
        {"email": "nada"},
        {"photo_url": "javascript:alert(1)"},
        {"language": "fr"},
        {"cookingLevel": "master"},
        {"allergies": "maní"},
        {"allergies": ["x"] * 201},
        {"allergies": ["x" * 70_000]},
        {"prefs": {"measurementUnit": "stones"}},
        {"initialPreferencesCompleted": "maybe"},
    ],
)
async def test_a_bad_value_in_a_profile_is_refused_and_changes_nothing(client: Client, body: dict[str, Any]) -> None:
    before = (await client.get("/api/user/profile")).json
    answer = await client.put("/api/user/profile", json={"phone": "1", **body})
    assert (answer.status, answer.json["code"]) == (422, "invalid")
    assert (await client.get("/api/user/profile")).json == before


@pytest.mark.parametrize("body", [{}, {"nothing": "known"}])
async def test_a_profile_change_without_anything_known_is_malformed(client: Client, body: dict[str, Any]) -> None:
    assert (await client.put("/api/user/profile", json=body)).status == 400


async def test_a_profile_is_its_owners_only(guest: Guest) -> None:
    first, second = await guest(), await guest()
    await first.put("/api/user/profile", json={"name": "Ana"})
    assert (await second.get("/api/user/profile")).json["name"] == ""
