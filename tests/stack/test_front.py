"""What Nginx does with requests, on two small upstream programs that can be told to misbehave."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession

from scripts.native.stack import ROOT, Stack

pytestmark = pytest.mark.slow

CHANGES = ["POST", "PUT", "PATCH", "DELETE"]
STOCK = json.dumps({"name": "palta"}).encode()


@dataclass
class Upstream:
    """A program on an app's port; `dies` closes each connection once it has read the request."""

    port: int
    dies: bool = False
    body: bytes = b"{}"
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    server: asyncio.Server | None = None

    async def open(self) -> None:
        self.server = await asyncio.start_server(self.talk, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self.server:
            self.server.close()
            await self.server.wait_closed()
            self.server = None

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            headers: dict[str, str] = {}
            while (header := await reader.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.seen.append((line.decode().split(" HTTP")[0], headers, body))
            if self.dies:
                break
            head = (
                f"HTTP/1.1 200 OK\r\nServer: zwai\r\nContent-Type: application/json\r\nContent-Length: {len(self.body)}"
            )
            writer.write(head.encode() + b"\r\n\r\n" + self.body)
        writer.close()


@dataclass
class Front:
    url: str
    apps: tuple[Upstream, Upstream]

    @property
    def seen(self) -> list[tuple[str, dict[str, str], bytes]]:
        return self.apps[0].seen + self.apps[1].seen


def free_base_port() -> int:
    """A port with two free ones after it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base = probe.getsockname()[1]
        try:
            for port in (base + 1, base + 2):
                with socket.socket() as neighbour:
                    neighbour.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return int(base)


async def run(stack: Stack, *arguments: str) -> None:
    where = ["--folder", str(stack.folder), "--base-port", str(stack.base_port)]
    process = await asyncio.create_subprocess_exec(ROOT / "scripts" / "stack", *where, *arguments)
    assert await process.wait() == 0


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    stack = Stack(tmp_path / "s", free_base_port())
    apps = Upstream(stack.port("app1")), Upstream(stack.port("app2"))
    for app in apps:
        await app.open()
    await run(stack, "start", "nginx")
    try:
        yield Front(stack.url, apps)
    finally:
        for app in apps:
            await app.close()
        await run(stack, "stop", "nginx")


@pytest.mark.parametrize("method", ["GET", *CHANGES])
async def test_a_request_arrives_as_it_was_sent(front: Front, http: ClientSession, method: str) -> None:
    path = "/api/inventory/ingredients/ch%C3%ADa%2Flino/2026-01-01T00:00:00.000Z?a=%20b"
    async with http.request(method, front.url + path, data=STOCK if method != "GET" else None) as answer:
        assert answer.status == 200
        assert answer.headers["Server"] == "zwai"
    [(line, headers, body)] = front.seen
    assert line == f"{method} /api/inventory/ingredients/ch%C3%ADa%2Flino/2026-01-01T00:00:00.000Z?a=%20b" or (
        line == f"{method} /api/inventory/ingredients/ch%C3%ADa%2Flino/2026-01-01T00:00:00.000Z?a=+b"
    )
    assert body == (STOCK if method != "GET" else b"")
    assert headers["host"] == front.url.removeprefix("http://")
    assert "x-own-method" not in headers


@pytest.mark.parametrize("method", ["GET", *CHANGES])
async def test_any_request_moves_on_when_an_app_refuses_the_connection(
    front: Front, http: ClientSession, method: str
) -> None:
    await front.apps[0].close()
    for _ in range(8):
        async with http.request(method, front.url + "/api/inventory", data=STOCK) as answer:
            assert answer.status == 200
    assert len(front.apps[1].seen) == 8


@pytest.mark.parametrize("method", CHANGES)
async def test_a_change_is_never_sent_twice(front: Front, http: ClientSession, method: str) -> None:
    for app in front.apps:
        app.dies = True
    async with http.request(method, front.url + "/api/inventory", headers={"Accept-Language": "en"}) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert (await answer.json())["code"] == "unavailable"
    assert len(front.seen) == 1


async def test_a_read_is_sent_again_when_an_app_dies_with_it(front: Front, http: ClientSession) -> None:
    front.apps[0].dies = True
    for _ in range(6):
        async with http.get(front.url + "/api/inventory") as answer:
            assert answer.status == 200
    assert front.apps[0].seen
    assert len(front.apps[1].seen) == 6


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_one_app_after_the_other_may_restart(front: Front, http: ClientSession, method: str) -> None:
    first, second = front.apps
    for away in (first, second):  # the first is back, but still in disgrace, when the second goes
        await away.close()
        for _ in range(10):
            async with http.request(method, front.url + "/api/inventory") as answer:
                assert answer.status == 200
        await away.open()


async def test_what_a_client_claims_about_its_address_is_not_passed_on(front: Front, http: ClientSession) -> None:
    claims = {"X-Forwarded-For": "8.8.8.8", "X-Own-Method": "DELETE"}
    for method in ("GET", "POST", "PUT"):
        async with http.request(method, front.url + "/api/inventory", headers=claims) as answer:
            assert answer.status == 200
    assert [headers["x-forwarded-for"] for _, headers, _ in front.seen] == ["127.0.0.1"] * 3
    assert [line.split()[0] for line, _, _ in front.seen].count("DELETE") == 0


@pytest.mark.parametrize(("size", "encoding"), [(1500, None), (4000, "gzip")])
async def test_only_long_answers_are_compressed(
    front: Front, http: ClientSession, size: int, encoding: str | None
) -> None:
    for app in front.apps:
        app.body = json.dumps("a" * size).encode()
    async with http.get(front.url + "/api/inventory", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers.get("Content-Encoding") == encoding


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/inventory", 2**20, 200),
        ("/api/inventory", 2**20 + 1, 413),
        ("/api/inventory/upload_image", 26_000_000, 200),
        ("/api/recognition/ingredients", 26_000_000, 200),
    ],
)
async def test_bodies_have_the_apps_limits(
    front: Front, http: ClientSession, path: str, size: int, status: int
) -> None:
    async with http.post(front.url + path, data=BytesIO(b"0" * size)) as answer:
        assert answer.status == status
        if status == 413:
            told = await answer.json()
            assert (told["code"], told["instance"]) == ("too_large", path)


async def test_an_upload_reaches_the_app_while_it_is_still_being_sent(front: Front, http: ClientSession) -> None:
    begun = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"0" * 100_000
        await asyncio.wait_for(begun.wait(), 5)
        yield b"0" * 100_000

    async def watched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(50_000)
        begun.set()
        while not (await reader.read(65_536)).endswith(b"0\r\n\r\n"):
            pass
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    for app in front.apps:
        app.talk = watched  # type: ignore[method-assign]
        await app.close()
        await app.open()
    async with http.post(front.url + "/api/inventory/upload_image", data=slowly()) as answer:
        assert answer.status == 200


@pytest.fixture
def two_sign_ins_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGINX_SIGN_INS", "2r/s")


@pytest.mark.usefixtures("two_sign_ins_a_second")
async def test_an_address_that_signs_in_too_often_waits_and_reads_on(front: Front, http: ClientSession) -> None:
    statuses = []
    for _ in range(120):
        async with http.post(front.url + "/api/auth/guest-login") as answer:
            statuses.append(answer.status)
            told, headers = await answer.json(), answer.headers
    assert statuses[:100] == [200] * 100
    assert statuses[-1] == 429
    assert (told["code"], headers["Retry-After"]) == ("too_many", "1")
    async with http.get(front.url + "/api/inventory") as answer:
        assert answer.status == 200


async def test_errors_of_the_front_have_the_shape_of_the_apps(front: Front, http: ClientSession) -> None:
    for app in front.apps:
        await app.close()
    seen: Callable[[str], dict[str, object]] = json.loads
    async with http.get(front.url + '/a"b\\c?d', headers={"X-Request-Id": "mine-1"}) as answer:
        told = seen(await answer.text())
    members = {"type", "title", "status", "detail", "instance", "error", "code", "request_id", "errors"}
    assert set(told) == members
    assert told["request_id"] == answer.headers["X-Request-Id"] == "mine-1"
    assert told["error"] == told["detail"] == "Una parte del servicio no responde. Inténtalo otra vez en unos segundos."
