"""Simulated people: each has a household, an address and a connection of their own, and pauses as people do."""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData, TCPConnector

from zwai.knowledge.catalogue import load as load_catalogue

LIST, EXPIRING = "GET /api/inventory", "GET /api/inventory/expiring"
SIGN_IN, REFRESH = "POST /api/auth/guest-login", "POST /api/auth/refresh"
UPLOAD, RECOGNISE = "POST /api/image_management/upload_image", "POST /api/recognition/ingredients"
ADD, CONSUME = "POST /api/inventory/bulk-add", "POST /api/inventory/ingredients/…/consume"
AI = (RECOGNISE,)
ITEMS = 50
LOOKS = 5
# Steps of one round at which a person pauses: four times LOOKS, and the five changes between them.
STEPS = 4 * LOOKS + 5
ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it began, how long it took, and what was wrong with the answer, if anything."""

    route: str
    began_s: float
    seconds: float
    fault: str = ""


class GaveUp(Exception):
    """The time is over, or an answer is missing that all else needs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What everybody does, and when it must end."""

    url: str
    loops: int
    pause_s: float
    photos: tuple[Path, ...]
    began: float
    until: float


class Person:
    """Signs in as a guest, then goes round: looks at the lists, photographs, adds, eats, and looks again.

    Every other one keeps ETags, as the web page does; the rest asks for whole lists, as the mobile client does.
    """

    def __init__(self, number: int, http: ClientSession, plan: Plan, record: Callable[[Sample], None]) -> None:
        self._http = http
        self._plan = plan
        self._record = record
        self._chance = random.Random(number)
        self._etags: dict[str, str] | None = {} if number % 2 else None
        foods = list(load_catalogue().foods.values())
        self._names = itertools.cycle([food.name_es for food in self._chance.sample(foods, len(foods))])
        self._photos = itertools.cycle(self._chance.sample(plan.photos, len(plan.photos)))
        self._access = self._refresh = ""

    async def live(self) -> None:
        """All rounds."""
        with contextlib.suppress(GaveUp):
            await self._sign_in()
            for _ in range(self._plan.loops):
                await self._go_round()

    async def _go_round(self) -> None:
        await self._renew()
        await self._look_around()
        await self._photograph()
        await self._look_around()
        stack = await self._add()
        await self._look_around()
        await self._request(CONSUME, stack, json={})
        await self._look_around()

    async def _sign_in(self) -> None:
        self._keep_tokens(await self._request(SIGN_IN, needed=True))
        await self._pause()

    async def _renew(self) -> None:
        headers = {"Authorization": f"Bearer {self._refresh}"}
        self._keep_tokens(await self._request(REFRESH, headers=headers, needed=True))
        await self._pause()

    def _keep_tokens(self, answer: Any) -> None:
        self._access, self._refresh = answer["access_token"], answer["refresh_token"]

    async def _look_around(self) -> None:
        await self._pause()
        for _ in range(LOOKS):
            await self._request(LIST, whole=False)
            await self._request(EXPIRING, "/api/inventory/expiring?days=7", whole=False)
            await self._pause()

    async def _photograph(self) -> None:
        form = FormData()
        form.add_field("image", next(self._photos).read_bytes(), filename="photo.jpg", content_type="image/jpeg")
        uploaded = await self._request(UPLOAD, data=form, needed=True)
        await self._request(RECOGNISE, json={"images_paths": [uploaded["image"]["image_path"]]})

    async def _add(self) -> str:
        """Put fifty foods into stock; answers where one of them is eaten."""
        items = [
            {"name": name, "quantity": 2, "type_unit": "unidades"} for name in itertools.islice(self._names, ITEMS)
        ]
        added = await self._request(ADD, json={"items": items}, needed=True)
        item = self._chance.choice(added["results"])["item"]
        name = quote(item["name"].replace("/", "_SLASH_"), safe="")
        return f"/api/inventory/ingredients/{name}/{quote(item['added_at'], safe='')}/consume"

    async def _pause(self) -> None:
        if time.monotonic() > self._plan.until:
            raise GaveUp
        await asyncio.sleep(self._plan.pause_s * self._chance.uniform(0.5, 1.5))

    async def _request(
        self, route: str, path: str = "", *, needed: bool = False, whole: bool = True, **sent: Any
    ) -> Any:
        """Make one request and record it; answers the JSON unless `whole` is false."""
        method, plain = route.split(" ")
        headers = sent.pop("headers", {"Authorization": f"Bearer {self._access}"} if self._access else {})
        if self._etags is not None and route in self._etags:
            headers["If-None-Match"] = self._etags[route]
        began, fault, body = time.monotonic(), "", b""
        try:
            async with self._http.request(method, self._plan.url + (path or plain), headers=headers, **sent) as answer:
                body = await answer.read()
                if answer.status >= 400:
                    fault = f"{answer.status} {json.loads(body).get('code', '')}"
                elif self._etags is not None and "ETag" in answer.headers:
                    self._etags[route] = answer.headers["ETag"]
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            fault = f"{type(error).__name__} {error}".strip()
        self._record(Sample(route, began - self._plan.began, time.monotonic() - began, fault))
        if fault and needed:
            raise GaveUp
        return json.loads(body) if whole and not fault else None


async def live_all(plan: Plan, users: int, ramp_s: float, record: Callable[[Sample], None], own: bool) -> None:
    """Everybody, one after the other within the ramp; `own`: each from an address of 127.0.0.0/8."""
    async with asyncio.TaskGroup() as group:
        for number, address in zip(range(users), _addresses(), strict=False):
            group.create_task(_live(number, address if own else None, plan, record))
            await asyncio.sleep(ramp_s / users)


async def _live(number: int, address: str | None, plan: Plan, record: Callable[[Sample], None]) -> None:
    connector = TCPConnector(local_addr=(address, 0) if address else None)
    async with ClientSession(connector=connector, timeout=ClientTimeout(ANSWER_S)) as http:
        await Person(number, http, plan, record).live()


def _addresses() -> Iterator[str]:
    return (f"127.{third}.{fourth}.1" for third in range(1, 200) for fourth in range(1, 250))
