"""What tests expect of every refusal, and of every answer."""

from typing import Any

from marshmallow import RAISE

from handlers.routes import ROUTES
from tests.service import Client, Reply

MEMBERS = {"type", "title", "status", "detail", "instance", "error", "code", "request_id", "errors"}


def refused(reply: Reply, status: int, code: str | None = None) -> Any:
    """The one body that all errors share; answers it."""
    assert reply.status == status, (reply.status, reply.body[:500])
    assert reply.headers["Content-Type"] == "application/json"
    body = reply.json
    assert set(body) - ({"available"} if body["code"] == "not_enough" else set()) == MEMBERS
    assert body["status"] == status
    assert body["error"] == body["detail"]
    assert isinstance(body["error"], str)
    assert body["request_id"] == reply.headers["X-Request-Id"]
    assert body["type"] == f"urn:zwai:error:{body['code']}"
    for problem in body["errors"]:
        assert set(problem) == {"pointer", "code", "message"}
        assert problem["pointer"] == "" or problem["pointer"].startswith("/")
    if code is not None:
        assert body["code"] == code, body
    if status in (429, 503):
        assert int(reply.headers["Retry-After"]) >= 1
    return body


async def refused_in_both_languages(client: Client, method: str, path: str, status: int, **kwargs: Any) -> Any:
    """Refused alike in Spanish and English: the same code, two sentences."""
    es, en = [
        refused(await client.request(method, path, headers={"Accept-Language": language}, **kwargs), status)
        for language in ("es", "en")
    ]
    assert es["code"] == en["code"]
    assert es["error"] != en["error"]
    assert [one["pointer"] for one in es["errors"]] == [one["pointer"] for one in en["errors"]]
    return es


def answered(reply: Reply, method: str, path: str) -> Any:
    """A success in the shape that the route's row promises; `path` is the row's. Answers the body."""
    row = next(route for route in ROUTES if (route.method, route.path) == (method, path))
    assert reply.status in row.statuses, (reply.status, reply.body[:500])
    assert row.answer is not None
    assert row.answer(unknown=RAISE, many=row.many).validate(reply.json) == {}
    return reply.json
