"""What never reaches a route: no such path, no such method, bad HTTP. It gets the same body as every error."""

import logging

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from handlers.answer import JSON
from handlers.errors import SECURITY_HEADERS, answer_of
from handlers.language import asked_language
from handlers.request_ids import request_id_of
from zwai.errors import Malformed, MethodNotAllowed, NoSuchRoute, Unexpected, ZwaiError
from zwai.records.people import Language

log = logging.getLogger("zwai.http")


def cover_router(app: web.Application) -> None:
    """Answer what no route takes.

    A last resort that takes every path costs the others nothing; a middleware would cost each
    request two more calls.
    """
    routes = list(app.router.resources())

    async def cover(request: web.Request) -> web.Response:
        allowed = sorted({route.method for resource in routes if _takes(resource, request) for route in resource})
        if not allowed:
            return _refuse(request, NoSuchRoute())
        return _refuse(request, MethodNotAllowed({"method": request.method, "allowed": ", ".join(allowed)}))

    app.router.add_route("*", "/{path:.*}", cover, expect_handler=take_expectation)


def _takes(resource: web.AbstractResource, request: web.Request) -> bool:
    info, path = resource.get_info(), request.rel_url.path_safe
    return info["pattern"].fullmatch(path) is not None if "pattern" in info else info.get("path") == path


def cover_parser() -> None:
    """Bad HTTP in our words. aiohttp has no hook for it, so this replaces its plain text in the whole process."""
    RequestHandler.handle_error = _refuse_unparsed  # type: ignore[method-assign,assignment]


async def take_expectation(request: web.Request) -> None:
    """`Expect: 100-continue` is granted; what else may be expected is ignored, as RFC 9110 allows."""
    if request.headers["Expect"].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # what was written is no part of the answer


def _refuse_unparsed(
    _protocol: RequestHandler,
    request: web.BaseRequest,
    status: int = 500,
    exc: BaseException | None = None,
    message: str | None = None,
) -> web.StreamResponse:
    if request.writer.output_size > 0:
        raise ConnectionError("the answer had begun; the connection is closed instead")
    if status >= 500:
        log.error("unexpected, outside of every route", exc_info=exc)
    response = _refuse(request, Unexpected() if status >= 500 else Malformed())
    response.force_close()
    return response


def _refuse(request: web.BaseRequest, error: ZwaiError) -> web.Response:
    request_id = request_id_of(request.headers.get("X-Request-Id"))
    language = asked_language(request.headers.get("Accept-Language")) or Language.ES
    answer = answer_of(error, language, request_id, request.path)
    headers = {**SECURITY_HEADERS, **(answer.headers or {}), "X-Request-Id": request_id, "Content-Type": JSON}
    return web.Response(status=answer.status, body=answer.body, headers=headers)
