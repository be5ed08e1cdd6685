"""The kinds of rows that the stock has many of: lists, changes and additions."""

from marshmallow import Schema

from handlers.route import CacheFor, Handler, Limit, Replay, Route


# A row reads best as a few lines.
# fmt: off
def listing(path: str, handler: Handler, summary: str, answer: type[Schema], query: type[Schema] | None) -> Route:
    return Route(
        "GET", path, handler, summary,
        query=query, answer=answer, limit=Limit.READ, cache=CacheFor.HOUSEHOLD, tags=("inventory",),
    )


def detail(path: str, handler: Handler, summary: str, answer: type[Schema]) -> Route:
    return Route(
        "GET", path, handler, summary, answer=answer, limit=Limit.READ, tags=("inventory",),
    )


def change(
    method: str, path: str, handler: Handler, summary: str, body: type[Schema] | None, answer: type[Schema]
) -> Route:
    return Route(
        method, path, handler, summary,
        body=body, answer=answer, limit=Limit.WRITE, replay=Replay.KEYED, tags=("inventory",),
    )


def adding(
    path: str, handler: Handler, summary: str, body: type[Schema], answer: type[Schema], method: str = "POST"
) -> Route:
    return Route(
        method, f"/api/inventory{path}", handler, summary,
        body=body, answer=answer, limit=Limit.BULK, replay=Replay.KEYED, statuses=(201,), tags=("inventory",),
    )
