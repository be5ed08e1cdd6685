"""Errors as answers: which status each kind has, and the one body that they all share."""

import logging
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from handlers.answer import JSON, Answer, render
from handlers.language import asked_language
from handlers.request_ids import request_id_of
from zwai import errors
from zwai.errors import ZwaiError
from zwai.records.people import Language

log = logging.getLogger("zwai.http")

STATUSES: dict[type[ZwaiError], int] = {
    errors.Malformed: 400,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.NotAnImage: 415,
    errors.NotJson: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unexpected: 500,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}

TITLES = {
    400: ("Solicitud ilegible", "Unreadable request"),
    401: ("Hay que iniciar sesión", "Sign-in needed"),
    403: ("Sin permiso", "Not allowed"),
    404: ("No encontrado", "Not found"),
    405: ("Método no admitido", "Method not taken"),
    409: ("Conflicto", "Conflict"),
    413: ("Demasiado grande", "Too large"),
    415: ("Formato no admitido", "Format not taken"),
    422: ("Datos por corregir", "Data to correct"),
    429: ("Demasiadas solicitudes", "Too many requests"),
    500: ("Falla nuestra", "Our fault"),
    503: ("No disponible por ahora", "Not available right now"),
    507: ("Sin espacio", "No space left"),
}

SECURITY_HEADERS = {
    "Server": "zwai",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def status_of(kind: type[ZwaiError]) -> int:
    """The status of an error's kind: that of its nearest ancestor in STATUSES."""
    return next(STATUSES[ancestor] for ancestor in kind.__mro__ if ancestor in STATUSES)


def answer_of(error: ZwaiError, language: Language, request_id: str, path: str) -> Answer:
    """RFC 9457's members, and `error`: the same sentence where the mobile client looks for it."""
    status = status_of(type(error))
    sentence = error.sentence(language)
    english = language is Language.EN
    body = {
        "type": f"urn:zwai:error:{error.code}",
        "title": TITLES[status][english],
        "status": status,
        "detail": sentence,
        "instance": path,
        "error": sentence,
        "code": error.code,
        "request_id": request_id,
        "errors": [
            {"pointer": problem.pointer, "code": problem.code, "message": problem.en if english else problem.es}
            for problem in error.problems
        ],
    }
    return Answer(status, render(body), _headers(error, status))


def _headers(error: ZwaiError, status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status in (429, 503) or "retry_after" in error.fields:
        headers["Retry-After"] = str(error.fields.get("retry_after", 1))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = str(error.fields["allowed"])
    return headers


@web.middleware
async def cover_router(request: web.Request, handler: Handler) -> web.StreamResponse:
    """aiohttp's own refusals (no such path, no such method) in our words."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as refusal:
        allowed = ", ".join(sorted(refusal.allowed_methods))
        return _outside(request, errors.MethodNotAllowed({"method": request.method, "allowed": allowed}))
    except web.HTTPNotFound:
        return _outside(request, errors.NoSuchRoute())


async def take_expectation(request: web.Request) -> web.StreamResponse | None:
    """`Expect: 100-continue` is granted; what else may be expected is ignored, as RFC 9110 allows."""
    if request.headers["Expect"].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # what was written is not part of the answer
    return None


def _outside(request: web.BaseRequest, error: ZwaiError) -> web.Response:
    request_id = request_id_of(request.headers.get("X-Request-Id"))
    language = asked_language(request.headers.get("Accept-Language")) or Language.ES
    answer = answer_of(error, language, request_id, request.path)
    headers: dict[str, Any] = {**SECURITY_HEADERS, **(answer.headers or {}), "X-Request-Id": request_id}
    return web.Response(status=answer.status, body=answer.body, headers={**headers, "Content-Type": JSON})
