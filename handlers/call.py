"""What a handler gets: the request, read and checked, and the only ways to begin and end a transaction.

    async def consume(call: Call[ConsumeBody]) -> Answer:      # ConsumeSchema loads into ConsumeBody
        ref, label = _stack(call)
        async with call.write() as tx:
            eaten = await consumption.eat(tx, call.member, ref, label, call.body.amount, call.now)
            return call.answer(_eaten(call, eaten))            # inside: key, answer and effect are one commit

    async def profile(call: Call[None]) -> Answer:
        async with call.read() as tx:                          # one snapshot; its version keys a cached answer
            return call.answer(_profile(await accounts.profile(tx, call.member)))

A handler that needs a model or a file makes that call before it opens the transaction. One that takes
an upload calls `await call.fingerprint(...)` as soon as it knows the contents' hashes, before any
effect. Errors are raised; what is returned is what the person gets.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, Generic

from aiohttp import web
from typing_extensions import TypeVar

from handlers.answer import Answer, render
from handlers.replay import KeyedRequest, fingerprint_of
from handlers.shielded import to_its_end
from storage.cache import CachedSession, Verdict
from storage.db import Once, Read, Write
from zwai.errors import NotSignedIn
from zwai.kitchen.parts import Kitchen
from zwai.kitchen.tokens import Claims
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId

KITCHEN = web.AppKey("kitchen", Kitchen)

B = TypeVar("B", default=None)
Q = TypeVar("Q", default=None)


class Call(Generic[B, Q]):
    """One request on its way to one answer.

    `body` and `query` are what the route's schemas loaded. `path` holds the values of the path's
    braces, percent-decoded once. `claims` is what the token says that was sent; `bearer` is the raw
    one on routes that take a refresh token or one of Firebase's. `request` is for uploads, files and addresses.
    """

    __slots__ = (
        "_answer", "_forgotten", "_member", "bearer", "body", "claims", "deadline", "keyed", "kitchen", "known_version",
        "language", "now", "query", "request", "request_id", "session", "verdict", "version", "wrote",
    )  # fmt: skip

    body: B
    query: Q
    bearer: str
    claims: Claims

    def __init__(
        self, request: web.Request, kitchen: Kitchen, now: datetime, request_id: str, language: Language
    ) -> None:
        self.request = request
        self.kitchen = kitchen
        self.now = now
        self.request_id = request_id
        self.language = language
        self.session: CachedSession | None = None
        self.verdict: Verdict | None = None
        self.version: int | None = None
        self.known_version: int | None = None
        self.wrote = False
        self.keyed: KeyedRequest | None = None
        self.deadline: asyncio.Timeout | None = None
        self._member: Member | None = None
        self._answer: Answer | None = None
        self._forgotten: list[str] = []

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.match_info

    @property
    def is_multipart(self) -> bool:
        return self.request.content_type.startswith("multipart/")

    @property
    def visitor(self) -> Member | None:
        """Who calls, where signing in is optional."""
        if self._member is None and (session := self.session) is not None:
            self._member = Member(
                AccountId(session.account),
                HouseholdId(session.household),
                SessionId(session.id),
                Language(session.language),
                session.time_zone,
            )
        return self._member

    @property
    def member(self) -> Member:
        """Who calls."""
        if (member := self.visitor) is None:
            raise NotSignedIn
        return member

    def answer(self, payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        """Render `payload` (dicts, lists, dataclasses, enums, decimals, instants) as the answer."""
        self._answer = Answer(status, render(payload), headers)
        return self._answer

    def nothing(self) -> Answer:
        """Answer that it is done, and no more."""
        self._answer = Answer(204, b"")
        return self._answer

    async def fingerprint(self, parts: Iterable[tuple[str, str]]) -> None:
        """Claim the Idempotency-Key, if one was sent, for an upload: names of parts and hashes of their contents."""
        if self.keyed is not None:
            await self.keyed.claim(fingerprint_of(self.request.query.items(), sorted(parts)))

    def forget(self, sessions: Sequence[SessionId]) -> None:
        """Have the cache drop these sessions once the transaction is committed."""
        self._forgotten.extend(sessions)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Read]:
        """One snapshot of the member's household: of a replica, where the route only reads and no write is recent."""
        async with self._snapshot() as tx:
            if self.version is None:
                self.version = tx.version
            yield tx

    @asynccontextmanager
    async def listing(self) -> AsyncIterator[Once]:
        """One list of the member's household, and nothing else: cheaper than a snapshot."""
        tx = Once(self.kitchen.database, self.member.household, self.known_version, self._may_be_late)
        yield tx
        if self.version is None:
            self.version = tx.version

    @property
    def _may_be_late(self) -> bool:
        return not self.wrote and self.request.method == "GET"

    def _snapshot(self) -> AbstractAsyncContextManager[Read]:
        database, household = self.kitchen.database, self._household()
        if household is not None and self._may_be_late:
            return database.read_replica(household, self.known_version)
        return database.read(household)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Write]:
        """One transaction on the member's household; rolled back by an exception.

        Leaving it stores the answer under the idempotency claim, commits, and raises the cache's
        copy of the version; the last two happen whole or not at all, whoever is cancelled.
        """
        account = self.visitor.account if self.visitor else None
        unit = self.kitchen.database.write(self._household(), account)
        tx = await unit.__aenter__()
        try:
            yield tx
            if self.keyed is not None and self._answer is not None:
                await self.keyed.store(tx, self._answer)
        except BaseException:
            if not await unit.__aexit__(*sys.exc_info()):
                raise
        else:
            if self.deadline is not None and not self.deadline.expired():
                self.deadline.reschedule(None)  # too late to stop: a 503 now would be asked again, and done twice
            await to_its_end(self._commit(unit, tx))

    async def _commit(self, unit: AbstractAsyncContextManager[Write], tx: Write) -> None:
        await unit.__aexit__(None, None, None)
        if self.keyed is not None and self._answer is not None:
            self.keyed.stored()
        cache, now_s = self.kitchen.cache, self.kitchen.clock().timestamp()
        for household, version in tx.raised.items():
            await cache.raise_version(household, version, now_s, wrote=True)
        if self._forgotten:
            await cache.drop_sessions(self._forgotten, now_s)

    def _household(self) -> HouseholdId | None:
        return HouseholdId(self.session.household) if self.session is not None else None
