"""Who may call: tokens of every wrong kind, ended sessions, signed addresses."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from storage import people
from zwai.kitchen import photo_urls
from zwai.kitchen.photo_urls import PhotoKeys
from zwai.kitchen.tokens import AUDIENCE, ISSUER, TokenKeys, TokenKind, mint_pair, verify
from zwai.records.people import AccountId, SessionId
from zwai.records.photos import Copy, PhotoId

KEYS = TokenKeys("current-" * 4, "previous" * 4)
GOOD = {"iss": ISSUER, "aud": AUDIENCE, "sub": "a", "sid": "s", "jti": "j", "typ": "access"}


def _signed(claims, key=KEYS.current, algorithm="HS256"):
    return jwt.encode(claims, key, algorithm=algorithm)


def _unsigned(claims):
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


async def test_a_good_token_opens_the_route_in_any_case_of_bearer(site):
    guest = await site.guest()
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {guest.tokens.access_token}"}
        assert (await site.call("GET", "/api/notes", headers=headers)).status == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_signed_in"),
        ("", "not_signed_in"),
        ("Bearer", "token_invalid"),
        ("Bearer ", "token_invalid"),
        ("Bearer a.b.c", "token_invalid"),
        ("Bearerish TOKEN", "token_invalid"),
        ("Basic TOKEN", "token_invalid"),
        ("Bearer " + "x" * 5000, "token_invalid"),
    ],
)
async def test_no_token_and_no_good_header_are_told_apart(site, header, code):
    guest = await site.guest()
    headers = {} if header is None else {"Authorization": header.replace("TOKEN", guest.tokens.access_token)}
    reply = await site.call("GET", "/api/notes", headers=headers)
    assert (reply.status, reply.json["code"]) == (401, code)
    assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_forged_tokens_are_refused(site):
    now = site.clock.now.timestamp()
    good = {**GOOD, "iat": now, "exp": now + 60}
    forged = {
        "alg none": _unsigned(good),
        "other key": _signed(good, "z" * 32),
        "other algorithm": _signed(good, KEYS.current * 2, "HS512"),
        "other issuer": _signed({**good, "iss": "x"}),
        "other audience": _signed({**good, "aud": "x"}),
        "refresh kind": _signed({**good, "typ": "refresh"}),
        "numeric session": _signed({**good, "sid": 5}),
        **{f"no {name}": _signed({k: v for k, v in good.items() if k != name}) for name in good},
    }
    for why, token in forged.items():
        reply = await site.call("GET", "/api/notes", token)
        assert (reply.status, reply.json["code"]) == (401, "token_invalid"), why


async def test_a_token_of_the_key_before_still_opens(site):
    guest = await site.guest()
    old = TokenKeys(KEYS.previous)
    session = verify(KEYS, TokenKind.ACCESS, guest.tokens.access_token, site.clock.now).session
    token = mint_pair(old, guest.account.id, session, site.clock.now).access_token
    assert (await site.call("GET", "/api/notes", token)).status == 200


async def test_an_expired_token_says_so_also_when_it_was_seen_before(site):
    guest = await site.guest()
    assert (await site.call("GET", "/api/notes", guest)).status == 200
    site.clock.advance(minutes=30, seconds=4)
    assert (await site.call("GET", "/api/notes", guest)).status == 200
    site.clock.advance(seconds=2)
    assert (await site.call("GET", "/api/notes", guest)).json["code"] == "token_expired"


async def test_a_token_of_an_unknown_session_is_revoked(site):
    token = mint_pair(KEYS, AccountId("a"), SessionId("gone"), site.clock.now).access_token
    reply = await site.call("GET", "/api/notes", token)
    assert (reply.status, reply.json["code"]) == (401, "token_revoked")


async def test_an_ended_session_is_noticed_within_five_seconds(site):
    guest = await site.guest()
    assert (await site.call("GET", "/api/notes", guest)).status == 200
    session = verify(KEYS, TokenKind.ACCESS, guest.tokens.access_token, site.clock.now).session
    async with site.kitchen.database.write() as tx:
        await people.end_sessions(tx, [session], site.clock.now)
    site.clock.advance(seconds=6)
    assert (await site.call("GET", "/api/notes", guest)).json["code"] == "token_revoked"


async def test_where_signing_in_is_optional_a_bad_token_is_still_refused(site):
    guest = await site.guest()
    assert (await site.call("POST", "/api/visit")).json == {"account": None}
    assert (await site.call("POST", "/api/visit", guest)).json == {"account": guest.account.id}
    assert (await site.call("POST", "/api/visit", "a.b.c")).status == 401


async def test_a_refresh_route_takes_refresh_tokens_only(site):
    guest = await site.guest()
    refresh = guest.tokens.refresh_token
    reply = await site.call("POST", "/api/renew", refresh, headers={"X-Sent": refresh})
    assert reply.json["same"] is True
    assert (await site.call("POST", "/api/renew", guest)).json["code"] == "token_invalid"
    assert (await site.call("GET", "/api/notes", refresh)).json["code"] == "token_invalid"


async def test_a_signed_address_opens_without_a_token_until_it_expires(site):
    keys = site.kitchen.photo_keys
    url = photo_urls.sign("", PhotoId("0" * 32), Copy.DISPLAY, keys, site.clock.now)
    reply = await site.call("GET", url)
    assert (reply.status, reply.raw, reply.headers["Content-Type"]) == (200, b"jpeg", "image/jpeg")
    assert (await site.call("GET", url.replace("display", "ai"))).status == 403
    assert (await site.call("GET", url[:-1] + ("0" if url[-1] != "0" else "1"))).status == 403
    site.clock.advance(days=15)
    assert (await site.call("GET", url)).status == 403


def test_an_address_is_the_same_all_week_and_lives_one_to_two_weeks():
    monday = datetime(2026, 6, 29, tzinfo=UTC)
    keys, photo = PhotoKeys("k" * 32), PhotoId("ab" * 16)
    made = {photo_urls.sign("https://z", photo, Copy.THUMBNAIL, keys, monday + timedelta(hours=h)) for h in range(168)}
    assert len(made) == 1
    expiry = int(made.pop().partition("e=")[2].partition("&")[0])
    assert expiry == int((monday + timedelta(days=14)).timestamp())


def test_the_photo_of_an_address_is_found_whatever_stands_around_it():
    photo = PhotoId("ab" * 16)
    for text in (
        f"https://z/photos/{photo}/display?e=1&s=2",
        f"/photos/{photo}/thumbnail",
        f"http://x/a/photos/{photo}/ai",
    ):
        assert photo_urls.photo_id_of(text) == photo
    for text in (
        "",
        "https://z/other.jpg",
        f"/photos/{photo}",
        "/photos/../../etc/display",
        f"/photos/{photo}/displayx",
    ):
        assert photo_urls.photo_id_of(text) is None
