"""A real service on a real socket, and somebody who calls it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import ClientSession, FormData
from aiohttp.test_utils import TestServer

from tests.stacks import TestStack
from zwai.app import make_app, open_kitchen
from zwai.kitchen.parts import Kitchen
from zwai.settings import Settings, load_settings

PHOTOS = Path(__file__).parent / "photos"


@dataclass(frozen=True)
class Reply:
    """An answer, read whole."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Client:
    """Somebody who calls the service, signed in when `token` is set."""

    http: ClientSession
    url: str
    token: str | None = None
    user: dict[str, Any] | None = None
    refresh_token: str | None = None

    async def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        target = path if path.startswith("http") else self.url + path
        async with self.http.request(method, target, headers={**sent, **(headers or {})}, **kwargs) as response:
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **kwargs: Any) -> Reply:
        return await self.request("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> Reply:
        return await self.request("POST", path, **kwargs)

    async def put(self, path: str, **kwargs: Any) -> Reply:
        return await self.request("PUT", path, **kwargs)

    async def patch(self, path: str, **kwargs: Any) -> Reply:
        return await self.request("PATCH", path, **kwargs)

    async def delete(self, path: str, **kwargs: Any) -> Reply:
        return await self.request("DELETE", path, **kwargs)

    async def upload(self, file: Path | bytes, path: str = "/api/image_management/upload_image", **texts: str) -> Reply:
        """Send a photo, texts before it, as the mobile client does."""
        form = FormData()
        for name, value in texts.items():
            form.add_field(name, value)
        content = file if isinstance(file, bytes) else file.read_bytes()
        form.add_field("image", content, filename="photo.jpg", content_type="application/octet-stream")
        return await self.post(path, data=form)

    async def add(self, name: str, quantity: float = 1, unit: str = "unidades", **more: Any) -> str:
        """Put one item into stock; answers its stack's path."""
        item = {"name": name, "quantity": quantity, "type_unit": unit, **more}
        reply = await self.post("/api/inventory/ingredients", json={"ingredients": [item]})
        assert reply.status == 201, reply.body
        return stack_path(reply.json["items"][0])

    async def stock(self) -> dict[str, list[dict[str, Any]]]:
        """What is held: label → stacks, ingredients and dishes together."""
        lists = (await self.get("/api/inventory")).json
        return {shelf["name"]: shelf["stacks"] for shelf in [*lists["ingredients"], *lists["food_items"]]}

    async def quantity(self, name: str) -> Decimal:
        return sum((Decimal(str(stack["quantity"])) for stack in (await self.stock()).get(name, [])), Decimal(0))


def stack_path(item: dict[str, Any]) -> str:
    """The path that the client builds for a stack: the name escaped, the time printed with a Z glued on."""
    name = quote(item["name"].replace("/", "_SLASH_"), safe="")
    return f"/api/inventory/ingredients/{name}/{quote(item['added_at'].replace('+00:00', 'Z'), safe='')}"


@dataclass(frozen=True)
class Service:
    """A running service and its inside, for tests that must look there."""

    url: str
    kitchen: Kitchen
    data_dir: Path


OpenService = Callable[..., AbstractAsyncContextManager[Service]]


@asynccontextmanager
async def running(data_dir: Path, **settings: Any) -> AsyncIterator[Service]:
    """A service of its own, for tests that need other settings."""
    chosen = Settings(**{"data_dir": data_dir, "rate_limits": "off", "pool_processes": 1, **settings})
    async with open_kitchen(chosen) as kitchen, TestServer(make_app(kitchen, chosen)) as server:
        yield Service(str(server.make_url("")).rstrip("/"), kitchen, data_dir)


@asynccontextmanager
async def running_scaled(stack: TestStack) -> AsyncIterator[Service]:
    """The stack's first app, in this process, reached through its Nginx."""
    chosen = replace(load_settings(stack.settings), rate_limits="off", pool_processes=1)
    async with (
        open_kitchen(chosen) as kitchen,
        TestServer(make_app(kitchen, chosen), host="127.0.0.1", port=stack.port("app1")),
    ):
        yield Service(chosen.base_url, kitchen, chosen.data_dir)


@asynccontextmanager
async def running_beside(stack: TestStack, **settings: Any) -> AsyncIterator[Service]:
    """One more app on the stack's servers, in this process and reached directly, for tests that need other settings."""
    chosen = replace(load_settings(stack.settings), rate_limits="off", pool_processes=1, **settings)
    async with open_kitchen(chosen) as kitchen, TestServer(make_app(kitchen, chosen)) as server:
        yield Service(str(server.make_url("")).rstrip("/"), kitchen, chosen.data_dir)


async def signed_in(http: ClientSession, url: str) -> Client:
    reply = await Client(http, url).post("/api/auth/guest-login")
    assert reply.status == 200, reply.body
    return Client(http, url, reply.json["access_token"], reply.json["user"], reply.json["refresh_token"])
