"""Web pages from elsewhere that may call the API. The mobile client needs none; by default there are none."""

from collections.abc import Iterable

from aiohttp import web
from multidict import CIMultiDict

ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id",
    "Access-Control-Max-Age": "600",
}
EXPOSED = "ETag, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"


class Origins:
    """The origins whose scripts may read answers."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(allowed)

    def admit(self, request: web.Request, headers: CIMultiDict[str]) -> None:
        """Tell the browser that the page may read this answer, if its origin is allowed."""
        if self._allowed and (origin := request.headers.get("Origin")) in self._allowed:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = EXPOSED
            headers.add("Vary", "Origin")

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to what a browser asks first, None when the page may not call."""
        response = web.Response(status=204)
        self.admit(request, response.headers)
        if request.method != "OPTIONS" or "Access-Control-Allow-Origin" not in response.headers:
            return None
        response.headers.update(ALLOWED)
        return response
