"""Errors as answers: which status each kind has, and the one body that they all share."""

from typing import Any

from handlers.answer import Answer, render
from zwai import errors
from zwai.errors import ZwaiError
from zwai.knowledge.words import render_unit
from zwai.records.people import Language
from zwai.records.stock import Batch, Quantity

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
    return Answer(status, render(body | _available(error, language)), _headers(error, status))


def _available(error: ZwaiError, language: Language) -> dict[str, Any]:
    """What there is of that of which there is not enough, as a client can read it: in all, and batch by batch."""
    held, batches = error.fields.get("available"), error.fields.get("batches")
    if not isinstance(held, Quantity) or not isinstance(batches, tuple):
        return {}
    return {"available": {**_amount(held, language), "stacks": [_stack(batch, language) for batch in batches]}}


def _stack(batch: Batch, language: Language) -> dict[str, Any]:
    return {"batch_id": batch.id, "added_at": batch.added_at, **_amount(batch.quantity, language)}


def _amount(held: Quantity, language: Language) -> dict[str, Any]:
    return {"quantity": held.amount, "type_unit": render_unit(held.unit, language)}


def _headers(error: ZwaiError, status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status in (429, 503) or "retry_after" in error.fields:
        headers["Retry-After"] = str(error.fields.get("retry_after", 1))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = str(error.fields["allowed"])
    return headers
