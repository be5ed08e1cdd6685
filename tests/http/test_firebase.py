"""Signing in with Firebase, against a server of keys of our own."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.google import PROJECT, KeyServer, certificate, id_token, serving_keys
from tests.http.expecting import answered, refused, refused_in_both_languages
from tests.service import Client, Reply, Service, running, signed_in
from zwai.errors import KeysUnreachable
from zwai.kitchen.firebase import ASK_AFTER_FAILURE, Firebase, Published

NOW = int(datetime.now(UTC).timestamp())


@pytest.fixture(scope="module")
async def keys() -> AsyncIterator[KeyServer]:
    async with serving_keys() as server:
        yield server


@pytest.fixture(scope="module")
async def site(keys: KeyServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    settings = {"firebase_project_id": PROJECT, "firebase_keys_url": keys.url}
    async with running(tmp_path_factory.mktemp("firebase"), **settings) as service:
        yield service


@pytest.fixture
def phone(site: Service, http: ClientSession) -> Client:
    return Client(http, site.url)


async def sign_in(phone: Client, token: str, guest: Client | None = None) -> Reply:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if guest is not None:
        headers["X-Guest-Authorization"] = f"Bearer {guest.token}"
    return await phone.post("/api/auth/firebase-signin", headers=headers)


def known(phone: Client, reply: Reply) -> Client:
    assert reply.status == 200, reply.body
    return Client(phone.http, phone.url, reply.json["access_token"], reply.json["user"], reply.json["refresh_token"])


# Who gets in


async def test_signing_in_answers_what_the_mobile_client_reads(phone: Client) -> None:
    reply = await sign_in(phone, id_token())
    body = answered(reply, "POST", "/api/auth/firebase-signin")
    assert body["token_type"] == "Bearer" and body["expires_in"] == 1800
    user = body["user"]
    assert (user["name"], user["email"], user["email_verified"]) == ("Ana", "ana@example.com", True)
    assert user["photo_url"] == "https://example.com/ana.png"
    assert all(datetime.fromisoformat(user[name]).tzinfo for name in ("createdAt", "lastLoginAt"))
    assert user["guest_mode"] is False
    assert (body["profile"]["emailVerified"], body["profile"]["authProvider"]) == (True, "firebase")
    assert (await known(phone, reply).get("/api/user/profile")).json["displayName"] == "Ana"


async def test_the_same_person_keeps_their_account_whatever_provider_they_come_by(phone: Client) -> None:
    ways = ("google.com", "password", "apple.com", "anonymous", "custom")
    replies = [await sign_in(phone, id_token(sub="two-ways", firebase={"sign_in_provider": way})) for way in ways]
    assert {reply.status for reply in replies} == {200}
    assert len({reply.json["user"]["uid"] for reply in replies}) == 1


async def test_one_who_has_no_email_gets_in_and_keeps_the_one_they_had(phone: Client) -> None:
    first = await sign_in(phone, id_token(sub="no-email", email=None, email_verified=None, name=None, picture=None))
    assert first.status == 200
    assert (first.json["user"]["email"], first.json["user"]["name"], first.json["user"]["photo_url"]) == ("", "", "")
    with_email = await sign_in(phone, id_token(sub="no-email", email="late@example.com"))
    assert with_email.json["user"]["email"] == "late@example.com"
    without = await sign_in(phone, id_token(sub="no-email", email=None))
    assert (without.json["user"]["email"], without.json["user"]["email_verified"]) == ("late@example.com", True)


async def test_an_email_never_finds_anothers_account(phone: Client) -> None:
    owner = await phone.post("/api/auth/register", json={"email": "eva@example.com", "password": "correcto caballo"})
    first = await sign_in(phone, id_token(sub="eva-1", email="eva@example.com"))
    second = await sign_in(phone, id_token(sub="eva-2", email="eva@example.com", email_verified=False))
    assert len({reply.json["user"]["uid"] for reply in (owner, first, second)}) == 3


async def test_what_a_person_changed_is_not_overwritten_by_the_next_sign_in(phone: Client) -> None:
    me = known(phone, await sign_in(phone, id_token(sub="changer")))
    await me.put("/api/user/profile", json={"name": "Anita", "email": "anita@example.com", "phone": "+51 999"})
    profile = (await sign_in(phone, id_token(sub="changer"))).json["profile"]
    assert (profile["name"], profile["email"], profile["phone"]) == ("Anita", "anita@example.com", "+51 999")
    assert profile["emailVerified"] is False  # nobody proved the new one


async def test_signing_in_again_by_five_calls_at_once_makes_one_account(phone: Client) -> None:
    replies = await asyncio.gather(*(sign_in(phone, id_token(sub="five-at-once")) for _ in range(5)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.json["user"]["uid"] for reply in replies}) == 1
    assert len({reply.json["refresh_token"] for reply in replies}) == 5


async def test_a_uid_of_128_characters_and_overlong_claims_are_fine(phone: Client) -> None:
    token = id_token(sub="u" * 128, name="n" * 300, picture="javascript:alert(1)")
    user = (await sign_in(phone, token)).json["user"]
    assert (user["name"], user["photo_url"]) == ("", "")


# From guest to account


async def test_a_guests_stock_stays_theirs_when_they_sign_in(site: Service, phone: Client, http: ClientSession) -> None:
    guest = await signed_in(http, site.url)
    await guest.add("Leche")
    reply = await sign_in(phone, id_token(sub="was-a-guest", name="Eva"), guest)
    assert reply.json["guest_linked"] is True
    assert guest.user is not None
    assert reply.json["user"]["uid"] == guest.user["uid"]
    assert (reply.json["user"]["guest_mode"], reply.json["user"]["name"]) == (False, "Eva")
    again = known(phone, await sign_in(phone, id_token(sub="was-a-guest")))
    assert list(await again.stock()) == ["Leche"]


async def test_a_guest_whose_person_is_known_already_is_not_mixed_in(
    site: Service, phone: Client, http: ClientSession
) -> None:
    before = await sign_in(phone, id_token(sub="known-before"))
    guest = await signed_in(http, site.url)
    await guest.add("Leche")
    reply = await sign_in(phone, id_token(sub="known-before"), guest)
    assert (reply.json["guest_linked"], reply.json["user"]["uid"]) == (False, before.json["user"]["uid"])
    assert await known(phone, reply).stock() == {}
    assert list(await guest.stock()) == ["Leche"]


async def test_only_a_guest_can_be_signed_in_over(site: Service, phone: Client, http: ClientSession) -> None:
    guest = await signed_in(http, site.url)
    assert (await sign_in(phone, id_token(sub="first-owner"), guest)).status == 200
    refused(await sign_in(phone, id_token(sub="second-owner"), guest), 403, "not_a_guest")


async def test_a_bad_guest_token_stops_the_sign_in(phone: Client) -> None:
    nobody = Client(phone.http, phone.url, "x.y.z")
    refused(await sign_in(phone, id_token(sub="with-bad-guest"), nobody), 401, "token_invalid")


async def test_a_guests_email_is_not_believed(site: Service, phone: Client, http: ClientSession) -> None:
    answer = await phone.post("/api/auth/guest-login", json={"email": "victim@example.com"})
    guest = Client(http, site.url, answer.json["access_token"])
    linked = await sign_in(phone, id_token(sub="real-email", email="real@example.com"), guest)
    assert (linked.json["user"]["email"], linked.json["user"]["email_verified"]) == ("real@example.com", True)


# Who does not get in


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (id_token(aud="another-project"), "token_invalid"),
        (id_token(aud=None), "token_invalid"),
        (id_token(iss="https://securetoken.google.com/another-project"), "token_invalid"),
        (id_token(iss="https://accounts.google.com"), "token_invalid"),
        (id_token(iss=None), "token_invalid"),
        (id_token(exp=NOW - 600), "token_expired"),
        (id_token(exp=None), "token_invalid"),
        (id_token(exp="soon"), "token_invalid"),
        (id_token(iat=NOW + 3600), "token_invalid"),
        (id_token(iat=None), "token_invalid"),
        (id_token(auth_time=NOW + 3600), "token_invalid"),
        (id_token(auth_time=None), "token_invalid"),
        (id_token(auth_time={}), "token_invalid"),
        (id_token(sub=""), "token_invalid"),
        (id_token(sub=None), "token_invalid"),
        (id_token(sub="u" * 129), "token_invalid"),
        (id_token("two", kid="one"), "token_invalid"),  # signed by another key
        (id_token("two"), "token_invalid"),  # by one that is not published
        (id_token(algorithm="HS256"), "token_invalid"),  # a secret where a key pair is due
        (id_token(algorithm="RS512"), "token_invalid"),
        ("eyJhbGciOiJub25lIiwia2lkIjoib25lIn0." + id_token().split(".")[1] + ".", "token_invalid"),
        (id_token()[:-8] + "AAAAAAAA", "token_invalid"),
        ("x", "token_invalid"),
        ("a.b.c", "token_invalid"),
        ("x" * 5000, "token_invalid"),
    ],
)
async def test_a_token_that_is_not_right_in_every_part_is_refused(phone: Client, token: str, code: str) -> None:
    refused(await sign_in(phone, token), 401, code)


async def test_the_public_key_is_no_secret_to_sign_with(phone: Client) -> None:
    """The oldest trick: HS256 with the published certificate as its secret."""
    import base64
    import hashlib
    import hmac

    claims = id_token().split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one","typ":"JWT"}').rstrip(b"=").decode()
    mac = hmac.new(certificate("one").encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    forged = f"{head}.{claims}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    refused(await sign_in(phone, forged), 401, "token_invalid")


async def test_our_own_access_token_is_none_of_firebases(site: Service, phone: Client, http: ClientSession) -> None:
    guest = await signed_in(http, site.url)
    refused(await sign_in(phone, str(guest.token)), 401, "token_invalid")


async def test_without_a_token_nobody_signs_in(phone: Client) -> None:
    await refused_in_both_languages(phone, "POST", "/api/auth/firebase-signin", 401)


async def test_no_token_and_no_email_is_logged(phone: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = id_token(sub="logged", email="in-the-log@example.com")
    await sign_in(phone, token)
    await sign_in(phone, token + "x")
    assert "in-the-log" not in caplog.text
    assert token[-40:] not in caplog.text


# The keys


class Asked:
    """A publisher of keys, counting; fails while `down`."""

    def __init__(self, *names: str, max_age_s: float = 3600) -> None:
        self.names, self.max_age_s, self.times, self.down = names, max_age_s, 0, False

    async def __call__(self) -> Published:
        self.times += 1
        await asyncio.sleep(0)
        if self.down:
            raise KeysUnreachable({"retry_after": 5})
        return Published({name: certificate(name) for name in self.names}, self.max_age_s)


def at(seconds: float) -> datetime:
    """From now, and not from when the tests were collected: tokens are as young as the test."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_the_keys_are_asked_for_once_for_all_who_wait_and_then_kept() -> None:
    publisher = Asked("one", max_age_s=600)
    firebase = Firebase(PROJECT, publisher)
    users = await asyncio.gather(*(firebase.prove(id_token(), at(0)) for _ in range(20)))
    assert {user.uid for user in users} == {"firebase-uid-of-ana"}
    await firebase.prove(id_token(), at(599))
    assert publisher.times == 1
    await firebase.prove(id_token(), at(601))
    assert publisher.times == 2


async def test_a_new_key_is_found_at_once_and_invented_ones_ask_once_a_minute() -> None:
    publisher = Asked("one")
    firebase = Firebase(PROJECT, publisher)
    await firebase.prove(id_token(), at(0))
    publisher.names = ("one", "two")
    assert (await firebase.prove(id_token("two"), at(61))).uid == "firebase-uid-of-ana"
    assert publisher.times == 2
    for second in range(62, 120):
        with pytest.raises(Exception, match="not valid"):
            await firebase.prove(id_token("one", kid=f"made-up-{second}"), at(second))
    assert publisher.times == 2


async def test_whoever_goes_away_while_waiting_stops_nobody_else() -> None:
    publisher = Asked("one")
    firebase = Firebase(PROJECT, publisher)
    first, second = [asyncio.ensure_future(firebase.prove(id_token(), at(0))) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).uid == "firebase-uid-of-ana"
    assert publisher.times == 1
    await firebase.close()


async def test_keys_that_cannot_be_fetched_are_not_the_persons_fault() -> None:
    publisher = Asked("one")
    firebase = Firebase(PROJECT, publisher)
    publisher.down = True
    with pytest.raises(KeysUnreachable):
        await firebase.prove(id_token(), at(0))
    publisher.down = False
    await firebase.prove(id_token(), at(3))
    assert publisher.times == 2


async def test_while_the_keys_cannot_be_fetched_not_every_sign_in_asks() -> None:
    publisher = Asked("one")
    firebase = Firebase(PROJECT, publisher)
    publisher.down = True
    for moment in (0, 0.1, 0.5, 1, 1.9, 2.1, 3):
        with pytest.raises(KeysUnreachable):
            await firebase.prove(id_token(), at(moment))
    assert publisher.times == 2


async def test_a_key_that_is_kept_opens_while_an_invented_one_asks_in_vain() -> None:
    publisher = Asked("one")
    firebase = Firebase(PROJECT, publisher)
    await firebase.prove(id_token(), at(0))
    publisher.down = True
    for moment in (61, 61.5):
        with pytest.raises(KeysUnreachable):
            await firebase.prove(id_token("one", kid="made-up"), at(moment))
    assert (await firebase.prove(id_token(), at(62))).uid == "firebase-uid-of-ana"
    assert publisher.times == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"down": True},
        {"body": b""},
        {"body": b"<html>"},
        {"body": b"{}"},
        {"body": b"[]"},
        {"body": b'{"one": 1}'},
        {"body": b'{"one": "-----BEGIN CERTIFICATE-----"}'},
        {"body": b" " * 300_000},
    ],
)
async def test_a_broken_key_server_is_a_503(http: ClientSession, tmp_path: Path, broken: dict[str, Any]) -> None:
    async with serving_keys() as keys:
        for name, value in broken.items():
            setattr(keys, name, value)
        settings = {"firebase_project_id": PROJECT, "firebase_keys_url": keys.url}
        async with running(tmp_path, **settings) as service:
            phone = Client(http, service.url)
            refused(await sign_in(phone, id_token()), 503, "keys_unreachable")


@pytest.mark.slow
async def test_a_key_server_that_comes_back_is_asked_again(http: ClientSession, tmp_path: Path) -> None:
    async with serving_keys() as keys:
        keys.down = True
        async with running(tmp_path, firebase_project_id=PROJECT, firebase_keys_url=keys.url) as service:
            phone = Client(http, service.url)
            refused(await sign_in(phone, id_token()), 503, "keys_unreachable")
            keys.down = False
            await asyncio.sleep(ASK_AFTER_FAILURE.total_seconds())
            assert (await sign_in(phone, id_token())).status == 200


async def test_a_key_server_that_is_gone_is_a_503(http: ClientSession, tmp_path: Path) -> None:
    settings = {"firebase_project_id": PROJECT, "firebase_keys_url": "http://127.0.0.1:9/keys"}
    async with running(tmp_path, **settings) as service:
        phone = Client(http, service.url)
        refused(await sign_in(phone, id_token()), 503, "keys_unreachable")


# Where it is not set up


async def test_where_no_project_is_named_the_sign_in_says_so(stranger: Client) -> None:
    told = [
        refused(
            await stranger.post(
                "/api/auth/firebase-signin",
                headers={"Authorization": f"Bearer {id_token()}", "Accept-Language": language},
            ),
            403,
            "firebase_off",
        )
        for language in ("es", "en")
    ]
    assert told[0]["error"] != told[1]["error"]


async def test_the_debug_address_gives_nothing_away(stranger: Client, phone: Client) -> None:
    for client, configured in ((stranger, False), (phone, True)):
        reply = await client.get("/api/auth/firebase-debug")
        assert reply.json == {"configured": configured}
        assert not re.search(rb"credential|bucket|project|client_email|/", reply.body)
