"""A tiny site on a real database: stub handlers under every policy that a row can have."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from marshmallow import Schema, fields, validate
from multidict import CIMultiDictProxy
from pytest_aiohttp import AiohttpClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine
from yarl import URL

from handlers.answer import Answer
from handlers.call import Call
from handlers.dispatch import make_site
from handlers.route import Auth, CacheFor, Consumes, Deprecation, Handler, Limit, Replay, Route
from handlers.schemas import RequestSchema
from handlers.tables.system import ROUTES as SYSTEM
from storage import people
from storage.cache import LimitPolicy, MemoryCache
from storage.db import Database
from storage.engines import open_database, sqlite_url
from storage.schema import claims, households, metadata
from zwai.errors import FilesDown, UnknownPhoto
from zwai.kitchen.parts import Capabilities, Kitchen
from zwai.kitchen.photo_urls import PhotoKeys
from zwai.kitchen.tokens import TokenKeys, TokenPair, mint_pair
from zwai.records.ids import new_id
from zwai.records.people import Account, AccountId, HouseholdId, Language, Provider, SessionId

KEYS = TokenKeys("current-" * 4, "previous" * 4)
NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NoteBody:
    text: str
    stars: int


class NoteSchema(RequestSchema):
    record = NoteBody
    text = fields.Str(required=True, validate=validate.Length(1, 10))
    stars = fields.Int(load_default=0, validate=validate.Range(0, 5))


@dataclass(frozen=True, slots=True)
class DaysQuery:
    days: int


class DaysSchema(RequestSchema):
    record = DaysQuery
    days = fields.Int(load_default=7, validate=validate.Range(1, 365))


class NotesSchema(Schema):
    notes = fields.List(fields.Str(), required=True)


@dataclass(slots=True)
class Stub:
    """What the stub handlers did, and what they wait for."""

    ran: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    hook: Handler | None = None

    async def notes(self, call: Call[None, DaysQuery]) -> Answer:
        self.ran.append("notes")
        async with call.read():
            return call.answer({"notes": self.ran.copy(), "days": call.query.days, "language": call.language})

    async def mine(self, call: Call) -> Answer:
        async with call.read():
            return call.answer({"account": call.member.account})

    async def add(self, call: Call[NoteBody]) -> Answer:
        async with call.write():
            self.ran.append(call.body.text)
            if self.failure is not None:
                raise self.failure
            return call.answer({"text": call.body.text, "stars": call.body.stars, "count": len(self.ran)}, status=201)

    async def slow(self, call: Call[NoteBody]) -> Answer:
        self.ran.append(call.body.text)
        await self.gate.wait()
        async with call.write():
            return call.answer({"count": len(self.ran)})

    async def upload(self, call: Call) -> Answer:
        parts = []
        async for part in await call.request.multipart():
            parts.append((part.name, (await part.read()).decode()))
        await call.fingerprint(parts)
        self.ran.append("upload")
        async with call.write():
            return call.answer({"parts": dict(parts), "count": len(self.ran)})

    async def named(self, call: Call) -> Answer:
        return call.answer({"name": call.path["name"]})

    async def remove(self, call: Call) -> Answer:
        self.ran.append("remove")
        async with call.write():
            raise UnknownPhoto

    async def crash(self, call: Call) -> Answer:
        raise ValueError("a secret of ours")

    async def down(self, call: Call) -> Answer:
        raise FilesDown({"retry_after": 2})

    async def hooked(self, call: Call) -> Answer | web.StreamResponse:
        assert self.hook is not None
        return await self.hook(call)

    async def visit(self, call: Call) -> Answer:
        return call.answer({"account": call.visitor and call.visitor.account})

    async def renew(self, call: Call) -> Answer:
        return call.answer({"session": call.claims.session, "same": call.bearer == call.request.headers["X-Sent"]})

    async def picture(self, call: Call) -> web.Response:
        return web.Response(body=b"jpeg", content_type="image/jpeg")

    async def numbers(self, call: Call) -> Answer:
        return call.answer({"amount": Decimal("1.50"), "at": NOON, "day": NOON.date()})

    def table(self) -> tuple[Route, ...]:
        keyed = Replay.KEYED
        gone = Deprecation(since=NOON.date(), sunset=NOON.date() + timedelta(days=90))
        return (
            *SYSTEM,
            Route(
                "GET",
                "/api/notes",
                self.notes,
                "Notes",
                query=DaysSchema,
                answer=NotesSchema,
                limit=Limit.READ,
                cache=CacheFor.HOUSEHOLD,
            ),
            Route("GET", "/api/mine", self.mine, "Mine", cache=CacheFor.MEMBER),
            Route(
                "POST", "/api/notes", self.add, "Add", body=NoteSchema, statuses=(201,), limit=Limit.WRITE, replay=keyed
            ),
            Route("POST", "/api/slow", self.slow, "Slow", body=NoteSchema, deadline_s=0.3, replay=keyed),
            Route("POST", "/api/upload", self.upload, "Upload", consumes=Consumes.MULTIPART, replay=keyed),
            Route("GET", "/api/named/{name}/x", self.named, "Named", deprecated=gone),
            Route("DELETE", "/api/notes", self.remove, "Remove", replay=keyed),
            Route("GET", "/api/crash", self.crash, "Crash"),
            Route("POST", "/api/hook", self.hooked, "Whatever a test needs"),
            Route("GET", "/api/down", self.down, "Down", auth=Auth.NONE),
            Route("POST", "/api/visit", self.visit, "Visit", auth=Auth.OPTIONAL, limit=Limit.SIGN_IN),
            Route("POST", "/api/renew", self.renew, "Renew", auth=Auth.REFRESH),
            Route("GET", "/photos/{id}/{copy}", self.picture, "Photo", auth=Auth.SIGNED_URL),
            Route("GET", "/api/numbers", self.numbers, "Numbers", auth=Auth.NONE),
        )


@dataclass(slots=True)
class Clock:
    """Time stands still until it is told to go on."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True, slots=True)
class SignedIn:
    account: Account
    tokens: TokenPair


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `json` is None when it has none."""

    status: int
    headers: CIMultiDictProxy[str]
    raw: bytes
    json: Any


@dataclass(slots=True)
class Site:
    """The running site, and the means to sign in and to look behind the scenes."""

    client: TestClient[web.Request, web.Application]
    kitchen: Kitchen
    clock: Clock
    stub: Stub

    async def guest(self, language: str = "es", household: HouseholdId | None = None) -> SignedIn:
        """Somebody new, in a household of their own or in a given one."""
        now = self.clock.now
        home, account, session = household or HouseholdId(new_id(now)), AccountId(new_id(now)), SessionId(new_id(now))
        person = Account(account, home, Provider.GUEST, "Ana", None, False, None, Language(language), {}, now, now)
        async with self.kitchen.database.write() as tx:
            if household is None:
                await people.add_household(tx, home, "America/Lima", now)
            await people.add_account(tx, person)
            await people.add_session(tx, session, account, now, now + timedelta(days=30))
        return SignedIn(person, mint_pair(KEYS, account, session, now))

    async def call(self, method: str, path: str, who: SignedIn | str | None = None, **options: Any) -> Reply:
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {who if isinstance(who, str) else who.tokens.access_token}"
        # encoded: a path goes out as it is written, however strange
        async with self.client.request(method, URL(path, encoded=True), headers=headers, **options) as response:
            raw = await response.read()
            is_json = raw and response.content_type == "application/json"
            return Reply(response.status, response.headers, raw, orjson.loads(raw) if is_json else None)

    async def version(self, household: HouseholdId) -> int:
        async with self.kitchen.database.read() as tx:
            return int(await tx.scalar(select(households.c.version).where(households.c.id == household)))

    async def claims(self) -> list[Any]:
        async with self.kitchen.database.read() as tx:
            return list(await tx.all(select(claims)))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = sqlite_url(tmp_path / "zwai.db")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    opened = open_database(url)
    yield opened
    await opened.close()


@pytest.fixture
async def site(database: Database, aiohttp_client: AiohttpClient) -> Site:
    clock, stub = Clock(), Stub()
    given = {
        "database": database,
        "cache": MemoryCache(),
        "clock": clock,
        "token_keys": KEYS,
        "photo_keys": PhotoKeys("photo-key" * 4),
        "release": "test",
        "capabilities": Capabilities(("local",), False, ("jpeg",), 25, 64, 10, 100),
        "parts": (),
    }
    # The stub handlers do without the other parts.
    kitchen = Kitchen(**{part.name: given.get(part.name) for part in dataclasses.fields(Kitchen)})
    policies = {
        Limit.READ: LimitPolicy("read", 20, 60),
        Limit.WRITE: LimitPolicy("write", 5, 60),
        Limit.SIGN_IN: LimitPolicy("sign_in", 3, 60),
    }
    app = make_site(kitchen, stub.table(), policies)
    return Site(await aiohttp_client(app), kitchen, clock, stub)
