"""What every answer has in common: headers, ids, languages, slashes, errors."""

import asyncio
import re

import pytest

from zwai.errors import DatabaseDown


async def test_a_slash_at_the_end_is_the_same_route(site):
    guest = await site.guest()
    for path in ("/api/notes", "/api/notes/"):
        assert (await site.call("GET", path, guest)).status == 200
    assert (await site.call("POST", "/api/notes/", guest, json={"text": "hi"})).status == 201


async def test_head_is_answered_like_get_without_a_body(site):
    guest = await site.guest()
    full = await site.call("GET", "/api/notes", guest)
    bare = await site.call("HEAD", "/api/notes", guest)
    assert (bare.status, bare.raw, bare.headers["ETag"]) == (200, b"", full.headers["ETag"])
    assert bare.headers["Content-Length"] == str(len(full.raw))


async def test_answers_name_their_request(site):
    fresh = await site.call("GET", "/api/numbers")
    assert re.fullmatch("[0-9a-f]{12}-[0-9a-f]+", fresh.headers["X-Request-Id"])
    told = await site.call("GET", "/api/numbers", headers={"X-Request-Id": "abc-1"})
    assert told.headers["X-Request-Id"] == "abc-1"
    odd = await site.call("GET", "/api/numbers", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["X-Request-Id"] != "a b\tc"


async def test_answers_do_not_tell_the_software_and_may_not_be_framed(site):
    headers = (await site.call("GET", "/api/numbers")).headers
    assert headers["Server"] == "zwai"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


async def test_instants_end_in_an_offset_and_decimals_are_numbers(site):
    assert (await site.call("GET", "/api/numbers")).json == {
        "amount": 1.5,
        "at": "2026-07-01T12:00:00+00:00",
        "day": "2026-07-01",
    }


@pytest.mark.parametrize(
    ("header", "language"),
    [(None, "es"), ("en-US,en;q=0.9", "en"), ("es-PE", "es"), ("fr,en;q=0.1", "en"), ("fr", "es"), ("en;q=x", "es")],
)
async def test_errors_speak_the_language_that_was_asked_for(site, header, language):
    headers = {"Accept-Language": header} if header else {}
    problem = (await site.call("GET", "/api/notes", headers=headers)).json
    expected = {"es": "Inicia sesión para continuar.", "en": "Sign in to continue."}
    assert problem["error"] == problem["detail"] == expected[language]


async def test_a_member_is_answered_in_the_language_of_the_profile(site):
    guest = await site.guest("en")
    assert (await site.call("GET", "/api/notes", guest)).json["language"] == "en"
    spanish = await site.call("GET", "/api/notes", guest, headers={"Accept-Language": "es"})
    assert spanish.json["language"] == "es"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("GET", "/api/notes%2F", 404, "no_such_route"),
        ("GET", "/%zz/%ff/%00", 404, "no_such_route"),
        ("PATCH", "/api/notes", 405, "method_not_allowed"),
        ("GET", "/api/notes", 401, "not_signed_in"),
        ("GET", "/api/down", 503, "files_down"),
        ("GET", "/photos/x/display?e=1&s=2", 403, "link_expired"),
    ],
)
async def test_every_error_has_the_one_body(site, method, path, status, code):
    reply = await site.call(method, path, headers={"X-Request-Id": "id-1"})
    assert (reply.status, reply.json["status"], reply.json["code"]) == (status, status, code)
    assert reply.json["error"] == reply.json["detail"]
    assert reply.json["type"] == f"urn:zwai:error:{code}"
    assert reply.json["request_id"] == reply.headers["X-Request-Id"] == "id-1"
    assert set(reply.json) == {
        "type", "title", "status", "detail", "instance", "error", "code", "request_id", "errors",
    }  # fmt: skip
    assert reply.headers["Content-Type"] == "application/json"


async def test_a_refused_method_is_told_what_is_taken(site):
    reply = await site.call("PATCH", "/api/notes")
    assert reply.headers["Allow"] == "DELETE, GET, HEAD, POST"


async def test_a_part_that_is_down_says_when_to_come_back(site):
    assert (await site.call("GET", "/api/down")).headers["Retry-After"] == "2"


async def test_a_fault_of_ours_says_nothing_of_itself(site, caplog):
    reply = await site.call("GET", "/api/crash", await site.guest())
    assert (reply.status, reply.json["code"]) == (500, "unexpected")
    assert b"secret" not in reply.raw
    assert "a secret of ours" in caplog.text
    assert reply.headers["X-Request-Id"] in caplog.text


async def test_strange_characters_in_a_path_are_decoded_once(site):
    guest = await site.guest()
    for sent, seen in [
        ("pan%20integral", "pan integral"),
        ("a%2Fb", "a/b"),
        ("100%25", "100%"),
        ("%2525", "%25"),
        ("%F0%9F%A5%91", "🥑"),
    ]:
        assert (await site.call("GET", f"/api/named/{sent}/x", guest)).json == {"name": seen}
    for odd in ("%ff%fe", "%00", "%zz", "..%2f..%2fetc", "%"):
        assert (await site.call("GET", f"/api/named/{odd}/x", guest)).status in (200, 400, 404)


async def test_a_deprecated_route_says_since_when_and_until_when(site):
    reply = await site.call("GET", "/api/named/a/x", await site.guest())
    assert reply.headers["Deprecation"] == "@1782864000"
    assert reply.headers["Sunset"] == "Tue, 29 Sep 2026 00:00:00 GMT"


async def test_what_is_not_http_gets_the_one_body_too(site):
    reader, writer = await asyncio.open_connection(site.client.host, site.client.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b'"code":"malformed"' in body
    assert b"Content-Type: application/json" in head


async def test_expect_continue_is_granted(site):
    reader, writer = await asyncio.open_connection(site.client.host, site.client.port)
    writer.write(b"POST /api/visit HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 100")
    writer.write(b"{}")
    assert b"HTTP/1.1 200" in await asyncio.wait_for(reader.read(200), 5)
    writer.close()


async def test_no_page_from_elsewhere_may_read_answers(site):
    headers = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
    preflight = await site.call("OPTIONS", "/api/notes", headers=headers)
    reply = await site.call("GET", "/api/numbers", headers=headers)
    assert preflight.status == 405
    assert "Access-Control-Allow-Origin" not in preflight.headers
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_refusals_are_not_logged_but_parts_that_are_down_are(site, caplog):
    caplog.set_level("INFO", "zwai.http")
    await site.call("GET", "/api/notes")
    assert caplog.text == ""
    reply = await site.call("GET", "/api/down")
    assert "code=files_down" in caplog.text
    assert f"request_id={reply.headers['X-Request-Id']}" in caplog.text


async def test_a_database_that_is_away_is_not_told_by_every_request(site, caplog):
    async def refuse(call):
        raise DatabaseDown({"retry_after": 2})

    caplog.set_level("INFO", "zwai.http")
    site.stub.hook = refuse
    assert (await site.call("POST", "/api/hook", await site.guest())).status == 503
    assert caplog.text == ""


async def test_slow_is_what_takes_long_for_its_deadline(site, caplog):
    async def think(call):
        await asyncio.sleep(0.05)
        return call.answer({})

    caplog.set_level("INFO", "zwai.http")
    site.stub.hook = think
    guest = await site.guest()
    await site.call("POST", "/api/hook", guest)
    assert "code=slow" not in caplog.text
    asyncio.get_running_loop().call_later(0.05, site.stub.gate.set)
    assert (await site.call("POST", "/api/slow", guest, json={"text": "hi"})).status == 200  # its deadline is 0.3 s
    assert "route='POST /api/slow' status=200 code=slow" in caplog.text
