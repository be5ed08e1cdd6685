"""From a row of the route table and a request to an answer: every request takes this one path.

request id → bearer → one look at the cache (session, limit, version, body) → 304 or kept body →
else parse → claim the key → handler → headers
"""

import asyncio
import logging
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from handlers import auth, bodies, caching, limits, schemas
from handlers.answer import JSON, Answer
from handlers.auth import Bearers
from handlers.caching import CACHE_HEADERS, Keys, LocalDays
from handlers.call import KITCHEN, Call
from handlers.crowd import CROWD, Crowd
from handlers.errors import SECURITY_HEADERS, answer_of
from handlers.language import asked_language
from handlers.metrics import METER, Meter, Tally, watched
from handlers.outside import cover_parser, cover_router, take_expectation
from handlers.proxies import Proxies
from handlers.replay import KeyedRequest, Replayed, check_key, fingerprint_of
from handlers.request_ids import request_id_of
from handlers.route import Auth, CacheFor, Consumes, Limit, Replay, Route
from handlers.streams import STREAMS, Streams, end_streams
from storage.cache import CachedBody, Glance, LimitPolicy
from storage.replays import Claim, claim_id
from zwai.errors import DatabaseDown, Overloaded, RequestInFlight, TookTooLong, TransactionLost, Unexpected, ZwaiError
from zwai.kitchen.parts import Kitchen
from zwai.records.people import Language

TABLE = web.AppKey("table", tuple[Route, ...])
RESTARTS = 2

log = logging.getLogger("zwai.http")


@dataclass(frozen=True, slots=True)
class Desk:
    """What all routes share."""

    kitchen: Kitchen
    bearers: Bearers
    days: LocalDays
    proxies: Proxies
    crowd: Crowd
    left_claims: set[Claim] = field(default_factory=set)


def make_site(
    kitchen: Kitchen,
    table: tuple[Route, ...],
    policies: Mapping[Limit, LimitPolicy],
    proxies: Iterable[str] = (),
    most_requests: int = 1000,
) -> web.Application:
    """The web application of a route table. No policy for a class means that it is not limited.

    `proxies`: whose X-Forwarded-For counts. `most_requests`: how many may be in flight.
    """
    crowd = Crowd(most_requests)
    desk = Desk(kitchen, Bearers(kitchen.token_keys), LocalDays(), Proxies(proxies), crowd)
    app = web.Application(client_max_size=bodies.JSON_LIMIT)
    app[KITCHEN] = kitchen
    app[TABLE] = table
    app[CROWD] = crowd
    endpoints = [Endpoint(route, desk, policies.get(route.limit)) for route in table]
    app[METER] = Meter(tuple(endpoint.tally for endpoint in endpoints))
    app.cleanup_ctx.append(watched)
    app[STREAMS] = Streams()
    app.on_shutdown.append(end_streams)
    for path in dict.fromkeys(route.path for route in table):
        here = [endpoint for endpoint in endpoints if endpoint.route.path == path]
        _add_path(app, path, here)
        if path != "/":
            _add_path(app, f"{path}/", here)
    cover_router(app)
    cover_parser()
    return app


class Endpoint:
    """One route at work. What its answers have in common is worked out once."""

    def __init__(self, route: Route, desk: Desk, policy: LimitPolicy | None) -> None:
        self.route = route
        self.tally = Tally(route)
        self._desk = desk
        self._kitchen = desk.kitchen
        self._policy = policy
        self._crowd = Crowd(sys.maxsize) if route.always else desk.crowd
        self._body = route.body() if route.body else None
        self._query = route.query() if route.query else None
        self._keys = Keys(route, schemas.names_of(self._query) if self._query else (), desk.kitchen.release)
        self._cached = route.cache is not CacheFor.NONE
        self._lasting = _lasting_headers(route, policy)
        # Copied for each answer, which is cheaper than being built for it.
        self._json = CIMultiDict({"Content-Type": JSON, **self._lasting})
        self._kept_json = CIMultiDict({**self._json, **CACHE_HEADERS})

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request, whatever happens on the way."""
        began = time.monotonic()
        sent = request.headers
        asked = asked_language(sent.get("Accept-Language"))
        request_id = request_id_of(sent.get("X-Request-Id"))
        call: Call[Any, Any] = Call(request, self._kitchen, self._kitchen.clock(), request_id, asked or Language.ES)
        crowd = self._crowd
        if crowd.inside >= crowd.most:
            return self._turn_away(call, began)
        crowd.inside += 1
        try:
            response = await self._through(call, asked)
        except ZwaiError as error:
            response = self._respond(call, self._refusal(call, error))
            self._note(call, response.status, began, error.code)
        except Exception:
            response = self._respond(call, self._refusal(call, Unexpected()))
            log.exception("request_id=%s route=%r unexpected", request_id, self.route.name)
        else:
            if time.monotonic() - began > self.route.slow_s:
                self._note(call, response.status, began, "slow")
        finally:
            crowd.inside -= 1
        self.tally.count(response.status, time.monotonic() - began)
        return response

    def _turn_away(self, call: Call[Any, Any], began: float) -> web.StreamResponse:
        """At once, and for little: whoever waits in line for long asks again, which makes the line longer."""
        response = self._respond(call, self._refusal(call, Overloaded({"retry_after": 1})))
        self._crowd.tell(began)
        self.tally.count(response.status, time.monotonic() - began)
        return response

    async def _through(self, call: Call[Any, Any], asked: Language | None) -> web.StreamResponse:
        key = ""
        if self.route.auth is Auth.ACCESS:
            call.claims = self._desk.bearers.access(call.request.headers.get("Authorization"), call.now)
            if self._cached:
                key = self._keys.key(call.request, call.claims.account, asked, call.now)
            glance = await self._look(call, key, asked, self._policy)
            limits.refuse_beyond(call.verdict)
            if self._cached and (kept := self._kept(call, key, glance)) is not None:
                return kept
        else:
            await self._meet(call, asked)
        answer = await self._work(call)
        if self._cached and isinstance(answer, Answer) and answer.status == 200 and call.version is not None:
            return await self._keep(call, key, answer, call.version)
        return self._respond(call, answer)

    async def _look(self, call: Call[Any, Any], key: str, asked: Language | None, policy: LimitPolicy | None) -> Glance:
        """Session, limit, version and body in one round trip; what the cache has lost of them costs two more."""
        cache, now_s = self._kitchen.cache, call.now.timestamp()
        glance = await cache.glance(call.claims.session, key, now_s, policy)
        session, call.verdict = glance.session, glance.verdict
        if session is None or (self._cached and glance.version is None):
            session = await auth.fetch_session(self._kitchen, call.claims.session, call.now)
            glance = await cache.glance(call.claims.session, key, now_s, None if call.verdict else policy)
            call.verdict = call.verdict or glance.verdict
        call.session = session
        call.wrote, call.known_version = glance.wrote, glance.version
        if asked is None:
            call.language = Language(session.language)
        return glance

    async def _meet(self, call: Call[Any, Any], asked: Language | None) -> None:
        """Count the caller's address, and read what the route asks of somebody who need not be signed in."""
        authorization = call.request.headers.get("Authorization")
        if self._policy is not None:
            group = limits.address_group(self._desk.proxies.client(call.request))
            call.verdict = await self._kitchen.cache.limit(group, self._policy, call.now.timestamp())
            limits.refuse_beyond(call.verdict)
        if self.route.auth is Auth.REFRESH:
            call.bearer, call.claims = self._desk.bearers.refresh(authorization, call.now)
        elif self.route.auth is Auth.SIGNED_URL:
            auth.check_signed_url(call.request, self._kitchen, call.now)
        elif self.route.auth is Auth.INTERNAL:
            auth.check_internal(call.request, self._kitchen)
        elif self.route.auth is Auth.FIREBASE:
            call.bearer = auth.bearer_token(authorization)
            if guest := call.request.headers.get(auth.GUEST_HEADER):
                call.claims = self._desk.bearers.access(guest, call.now)
                await self._look(call, "", asked, None)
        elif self.route.auth is Auth.OPTIONAL and authorization:
            call.claims = self._desk.bearers.access(authorization, call.now)
            await self._look(call, "", asked, None)

    def _kept(self, call: Call[Any, Any], key: str, glance: Glance) -> web.Response | None:
        """304 or the kept body, if the household's version is known and has not changed."""
        if glance.version is None or (session := call.session) is None:
            return None
        today = self._desk.days.today(session.time_zone, call.now)
        body, condition = glance.body, call.request.headers.get("If-None-Match")
        if body is not None and body.local_date != today:
            body = None
        if body is not None:
            etag = body.etag
        elif condition:
            etag = caching.etag_of(session.household, key, glance.version, today)
        else:
            return None
        if caching.matches(condition, etag):
            self.tally.unchanged += 1
            return self._cacheable(call, 304, None, etag)
        if body is None:
            return None
        self.tally.kept += 1
        return self._cacheable(call, 200, body.body, etag)

    async def _keep(self, call: Call[Any, Any], key: str, answer: Answer, version: int) -> web.Response:
        self.tally.made += 1
        household, now_s = call.member.household, call.now.timestamp()
        today = self._desk.days.today(call.member.time_zone, call.now)
        etag = caching.etag_of(household, key, version, today)
        if version != call.known_version:  # else a replica's word would prolong the belief in the primary's
            await self._kitchen.cache.raise_version(household, version, now_s)
        await self._kitchen.cache.keep_body(household, key, CachedBody(version, today, etag, answer.body))
        if caching.matches(call.request.headers.get("If-None-Match"), etag):
            return self._cacheable(call, 304, None, etag)
        return self._cacheable(call, 200, answer.body, etag)

    def _cacheable(self, call: Call[Any, Any], status: int, body: bytes | None, etag: str) -> web.Response:
        response = web.Response(status=status, body=body, headers=self._kept_json)
        response.headers["ETag"] = etag
        self._sign(call, response)
        return response

    async def _work(self, call: Call[Any, Any]) -> Answer | web.StreamResponse:
        """Read the request and have its handler answer it, within the route's deadline."""
        try:
            async with asyncio.timeout(self.route.deadline_s) as call.deadline:
                return await self._answer(call)
        except TimeoutError as error:
            if call.deadline is None or not call.deadline.expired():
                raise
            raise TookTooLong({"retry_after": 2}) from error

    async def _answer(self, call: Call[Any, Any]) -> Answer | web.StreamResponse:
        document = await self._read(call)
        if (key := call.request.headers.get("Idempotency-Key")) is None or self.route.replay is Replay.NONE:
            return await self._handle(call)
        call.keyed = self._keyed(call, key)
        try:
            if document is not None:
                await call.keyed.claim(fingerprint_of(call.request.query.items(), document))
            answer = await self._handle(call)
            if isinstance(answer, Answer):
                await call.keyed.settle(answer)
            return answer
        except Replayed as earlier:
            return earlier.answer
        except RequestInFlight:  # ours was taken over, or never given
            raise
        except ZwaiError as error:
            await call.keyed.settle(self._refusal(call, error))
            raise
        except BaseException:
            await call.keyed.give_up()
            raise

    async def _handle(self, call: Call[Any, Any]) -> Answer | web.StreamResponse:
        """The handler's answer; a transaction that the database gave up is started over, unless an upload fed it."""
        uploaded = call.is_multipart or self.route.consumes is Consumes.ARCHIVE
        for _ in range(0 if uploaded else RESTARTS):
            try:
                return await self.route.handler(call)
            except TransactionLost:
                log.info("request_id=%s route=%r started over", call.request_id, self.route.name)
        return await self.route.handler(call)

    async def _read(self, call: Call[Any, Any]) -> dict[str, Any] | None:
        """Load query and body; gives what the fingerprint covers, None when that is only known after an upload."""
        if self._query is not None:
            call.query = schemas.load(self._query, dict(call.request.query))
        consumes = self.route.consumes
        if consumes in (Consumes.MULTIPART, Consumes.ARCHIVE) or (
            consumes is Consumes.JSON_OR_MULTIPART and call.is_multipart
        ):
            call.body = None
            return None
        if consumes is Consumes.NOTHING:
            return {}
        with self._crowd.stepped_out():
            document = await bodies.read_json(call.request)
        call.body = schemas.load(self._body, document) if self._body is not None else document
        return document

    def _keyed(self, call: Call[Any, Any], key: str) -> KeyedRequest:
        household, path = call.member.household, call.request.path.rstrip("/")
        owner = call.member.account if self.route.replay is Replay.KEYED_BY_ACCOUNT else household
        key_id = claim_id(owner, self.route.method, path, check_key(key))
        database, left = self._kitchen.database, self._desk.left_claims
        return KeyedRequest(database, left, household, key_id, self.route.deadline_s, call.now)

    def _refusal(self, call: Call[Any, Any], error: ZwaiError) -> Answer:
        return answer_of(error, call.language, call.request_id, call.request.path)

    def _respond(self, call: Call[Any, Any], answer: Answer | web.StreamResponse) -> web.StreamResponse:
        if isinstance(answer, Answer):
            response: web.StreamResponse = web.Response(status=answer.status, body=answer.body, headers=self._json)
            if answer.headers:
                response.headers.update(answer.headers)
        else:
            response = answer
            for name, value in self._lasting.items():
                response.headers.setdefault(name, value)
        self._sign(call, response)
        return response

    def _sign(self, call: Call[Any, Any], response: web.StreamResponse) -> None:
        """The headers that differ from answer to answer."""
        response.headers["X-Request-Id"] = call.request_id
        if self._policy is not None and call.verdict is not None:
            response.headers["RateLimit"] = limits.limit_header(self._policy, call.verdict)

    def _note(self, call: Call[Any, Any], status: int, began: float, code: str) -> None:
        """One line on what was slow or failed on our side; when debugging, on what was refused.

        That the database is away, or too many ask, is told by itself, and not by each request that is refused.
        """
        ours = (status >= 500 and code not in (DatabaseDown.code, Overloaded.code)) or code == "slow"
        level = logging.WARNING if ours else logging.DEBUG
        elapsed_ms = round((time.monotonic() - began) * 1000)
        name = self.route.name
        log.log(
            level, "request_id=%s route=%r status=%d code=%s ms=%d", call.request_id, name, status, code, elapsed_ms
        )


def _add_path(app: web.Application, path: str, endpoints: Iterable[Endpoint]) -> None:
    resource = app.router.add_resource(path)
    for endpoint in endpoints:
        for method in ("GET", "HEAD") if endpoint.route.method == "GET" else (endpoint.route.method,):
            resource.add_route(method, endpoint.serve, expect_handler=take_expectation)


def _lasting_headers(route: Route, policy: LimitPolicy | None) -> dict[str, str]:
    headers = dict(SECURITY_HEADERS)
    if policy is not None:
        headers["RateLimit-Policy"] = limits.policy_header(policy)
    if route.deprecated is not None:
        headers["Deprecation"] = f"@{int(_midnight(route.deprecated.since).timestamp())}"
        headers["Sunset"] = format_datetime(_midnight(route.deprecated.sunset), usegmt=True)
    return headers


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)
