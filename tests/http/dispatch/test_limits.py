"""Rate limits: what is told, who is counted, when it ends."""

import asyncio

from handlers.crowd import CROWD
from handlers.limits import address_group


async def test_what_remains_is_told_with_every_answer(site):
    guest = await site.guest()
    replies = [await site.call("POST", "/api/notes", guest, json={"text": "hi"}) for _ in range(2)]
    assert [reply.headers["RateLimit"] for reply in replies] == ['"write";r=4;t=60', '"write";r=3;t=60']
    assert replies[0].headers["RateLimit-Policy"] == '"write";q=5;w=60'


async def test_beyond_the_limit_nothing_is_done_until_the_window_begins_anew(site):
    guest = await site.guest()
    for _ in range(5):
        await site.call("POST", "/api/notes", guest, json={"text": "hi"})
    site.clock.advance(seconds=10)
    refused = await site.call("POST", "/api/notes", guest, json={"text": "no"})
    assert (refused.status, refused.json["code"]) == (429, "too_many")
    assert refused.headers["Retry-After"] == "50"
    assert refused.headers["RateLimit"] == '"write";r=0;t=50'
    assert "no" not in site.stub.ran
    site.clock.advance(seconds=50)
    assert (await site.call("POST", "/api/notes", guest, json={"text": "yes"})).status == 201


async def test_accounts_and_classes_are_counted_apart(site):
    ana, ben = await site.guest(), await site.guest()
    for _ in range(5):
        await site.call("POST", "/api/notes", ana, json={"text": "hi"})
    assert (await site.call("POST", "/api/notes", ben, json={"text": "hi"})).status == 201
    assert (await site.call("GET", "/api/notes", ana)).status == 200


async def test_beyond_the_requests_that_may_be_in_flight_one_more_is_turned_away_at_once(site):
    guest, crowd = await site.guest(), site.client.app[CROWD]
    crowd.most = 2
    slow = [asyncio.ensure_future(site.call("POST", "/api/slow", guest, json={"text": "hi"})) for _ in range(2)]
    while len(site.stub.ran) < 2:
        await asyncio.sleep(0)
    turned_away = await site.call("GET", "/api/notes", guest, headers={"Accept-Language": "en"})
    assert (turned_away.status, turned_away.json["code"]) == (503, "overloaded")
    assert (turned_away.headers["Retry-After"], turned_away.json["error"][:22]) == ("1", "There are too many req")
    assert site.stub.ran == ["hi", "hi"]
    assert (await site.call("GET", "/health/live")).status == 200
    site.stub.gate.set()
    assert [(await one).status for one in slow] == [200, 200]
    assert (await site.call("GET", "/api/notes", guest)).status == 200
    assert (await site.call("GET", "/api/crash", guest)).status == 500
    assert crowd.inside == 0


async def test_bodies_that_do_not_arrive_take_nobodys_place(site):
    guest, crowd = await site.guest(), site.client.app[CROWD]
    crowd.most = 2
    token = f"Authorization: Bearer {guest.tokens.access_token}"
    kind = "Content-Type: application/json\r\nContent-Length: 13"
    head = f"POST /api/notes HTTP/1.1\r\nHost: zwai\r\n{token}\r\n{kind}\r\n\r\n"
    wires = [await asyncio.open_connection(site.client.host, site.client.port) for _ in range(3)]
    for _, writer in wires:
        writer.write(head.encode())
    await asyncio.sleep(0.1)
    assert (await site.call("GET", "/api/notes", guest)).status == 200
    crowd.most = 0
    wires[0][1].write(b'{"text":"hi"}')
    assert (await wires[0][0].readline()).startswith(b"HTTP/1.1 503")  # it comes in like any other
    crowd.most = 2
    wires[1][1].write(b'{"text":"hi"}')
    assert (await wires[1][0].readline()).startswith(b"HTTP/1.1 201")
    for _, writer in wires:
        writer.close()
    while crowd.inside:
        await asyncio.sleep(0.01)
    assert site.stub.ran == ["notes", "hi"]


async def test_strangers_are_counted_by_address(site):
    statuses = [(await site.call("POST", "/api/visit")).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


async def test_a_class_without_a_policy_is_not_limited(site):
    assert "RateLimit" not in (await site.call("GET", "/api/numbers")).headers


def test_an_ipv6_customer_counts_as_one():
    assert address_group("2001:db8:1:2:3::4") == address_group("2001:db8:1:2:ffff::1")
    assert address_group("2001:db8:1:3::1") != address_group("2001:db8:1:2::1")
    assert address_group("192.0.2.1") == "192.0.2.1"
    assert address_group(None) == "unknown"
