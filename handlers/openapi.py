"""The OpenAPI document, made from the route table."""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

import zwai
from handlers.examples import BODIES
from handlers.multipart import PHOTO_PARTS
from handlers.replay import LONGEST_KEY
from handlers.route import Auth, CacheFor, Consumes, Limit, Replay, Route

# {name} or {name:pattern}, whose pattern may hold braces of its own
BRACES = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")

DESCRIPTION = """\
Photos in, stock out: what you have, what to eat first, what to cook.

Send `Authorization: Bearer <access_token>`; `POST /api/auth/guest-login` gives one at once. Every error
has the same body (`Error`), in the language of `Accept-Language` or of your profile (es, en). Writes take
an `Idempotency-Key`: the same request with the same key is done once, and answered the same for 24 hours.
Lists have an `ETag`; send it as `If-None-Match` and get 304 while nothing has changed."""

SECURITY: dict[Auth, list[dict[str, list[str]]]] = {
    Auth.NONE: [],
    Auth.ACCESS: [{"access_token": []}],
    Auth.REFRESH: [{"refresh_token": []}],
    Auth.OPTIONAL: [{}, {"access_token": []}],
    Auth.SIGNED_URL: [{"signed_url": []}],
    Auth.FIREBASE: [{"firebase_token": []}],
    Auth.INTERNAL: [{"internal_secret": []}],
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key is done once; its answer is given again for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
GUEST_AUTHORIZATION = {
    "name": "X-Guest-Authorization",
    "in": "header",
    "required": False,
    "description": "Bearer and the access token of the guest you have been: what is theirs stays yours.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an earlier answer: 304 while it still holds.",
    "schema": {"type": "string"},
}


class ErrorItemSchema(Schema):
    pointer = fields.Str(required=True, metadata={"description": "JSON pointer to the field at fault."})
    code = fields.Str(required=True)
    message = fields.Str(required=True)


class AvailableStackSchema(Schema):
    """One batch, in the unit in which it is counted."""

    batch_id = fields.Str(required=True)
    added_at = fields.AwareDateTime(required=True)
    quantity = fields.Float(required=True)
    type_unit = fields.Str(required=True)


class AvailableSchema(Schema):
    """In all, in the unit that was asked for or that of the stack, and stack by stack."""

    quantity = fields.Float(required=True)
    type_unit = fields.Str(required=True)
    stacks = fields.List(fields.Nested(AvailableStackSchema), required=True)


class ErrorSchema(Schema):
    """RFC 9457, and `error`: the same sentence as `detail`."""

    type = fields.Str(required=True)
    title = fields.Str(required=True)
    status = fields.Int(required=True)
    detail = fields.Str(required=True)
    instance = fields.Str(required=True)
    error = fields.Str(required=True, metadata={"description": "What to tell the person."})
    code = fields.Str(required=True, metadata={"description": "A stable word, never translated."})
    request_id = fields.Str(required=True)
    errors = fields.List(fields.Nested(ErrorItemSchema), required=True)
    available = fields.Nested(AvailableSchema, metadata={"description": "With `not_enough`: what there is."})


@lru_cache(maxsize=4)
def rendered(table: tuple[Route, ...]) -> bytes:
    """The document as JSON; made at its first use."""
    return orjson.dumps(document(table), option=orjson.OPT_INDENT_2)


def document(table: tuple[Route, ...]) -> dict[str, Any]:
    """OpenAPI 3.1 of every route in the table."""
    spec = APISpec(
        title="zwai",
        version=zwai.__version__,
        openapi_version="3.1.0",
        info={"description": DESCRIPTION},
        plugins=[MarshmallowPlugin(schema_name_resolver=SchemaNames())],
    )
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    spec.components.security_scheme("access_token", {**bearer, "description": "Lives 30 minutes."})
    spec.components.security_scheme("refresh_token", {**bearer, "description": "Lives 30 days; each use renews it."})
    spec.components.security_scheme("firebase_token", {**bearer, "description": "Firebase's ID token."})
    secret = {"type": "apiKey", "in": "header", "name": "X-Internal-Secret", "description": "The operator's."}
    spec.components.security_scheme("internal_secret", secret)
    spec.components.security_scheme("signed_url", {"type": "apiKey", "in": "query", "name": "s"})
    spec.components.schema("Error", schema=ErrorSchema)
    for route in table:
        path = BRACES.sub(r"{\1}", route.path)
        spec.path(path=path, operations={route.method.lower(): _operation(route)})
    made: dict[str, Any] = spec.to_dict()
    return made


class SchemaNames:
    """Names schemas by their classes; of two of the same name, the later one in the table also by its module."""

    def __init__(self) -> None:
        self._kinds: dict[str, type[Schema]] = {"Error": ErrorSchema}

    def __call__(self, schema: type[Schema] | Schema) -> str:
        kind = schema if isinstance(schema, type) else type(schema)
        name = kind.__name__.removesuffix("Schema")
        if self._kinds.setdefault(name, kind) is kind:
            return name
        return kind.__module__.rpartition(".")[2].title().replace("_", "") + name


def _operation(route: Route) -> dict[str, Any]:
    name = route.method.lower() + BRACES.sub(r"by_\1", route.path)
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", name).strip("_"),
        "summary": route.summary,
        "tags": list(route.tags),
        "security": SECURITY[route.auth],
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if (content := _content(route)) is not None:
        operation["requestBody"] = {"content": content}
    if route.deprecated is not None:
        operation["deprecated"] = True
        operation["description"] = f"Goes on {route.deprecated.sunset.isoformat()}."
    return operation


def _parameters(route: Route) -> list[Any]:
    parameters: list[Any] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in BRACES.findall(route.path)
    ]
    if route.query is not None:
        parameters.append({"in": "query", "schema": route.query})
    if route.replay is not Replay.NONE:
        parameters.append(IDEMPOTENCY_KEY)
    if route.auth is Auth.FIREBASE:
        parameters.append(GUEST_AUTHORIZATION)
    if route.cache is not CacheFor.NONE:
        parameters.append(IF_NONE_MATCH)
    return parameters


def _content(route: Route) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    if route.consumes in (Consumes.JSON, Consumes.JSON_OR_MULTIPART):
        content["application/json"] = {"schema": route.body or {"type": "object"}}
        if route.body in BODIES:
            content["application/json"]["example"] = BODIES[route.body]
    if route.consumes in (Consumes.MULTIPART, Consumes.JSON_OR_MULTIPART):
        content["multipart/form-data"] = {"schema": MULTIPART}
    if route.consumes is Consumes.ARCHIVE:
        content["application/zip"] = {"schema": ARCHIVE}
        form = {"type": "object", "properties": {"file": ARCHIVE}, "required": ["file"]}
        content["multipart/form-data"] = {"schema": form}
    return content or None


ARCHIVE = {"type": "string", "contentMediaType": "application/zip"}
PHOTO = {"type": "string", "contentMediaType": "application/octet-stream"}
# A form has one photo or more, under any of these names, and texts where a route reads them.
MULTIPART = {
    "type": "object",
    "properties": {
        **dict.fromkeys(sorted(PHOTO_PARTS), PHOTO),
        "images": {"type": "array", "items": PHOTO},
        **{name: {"type": "string"} for name in ("item_name", "image_type", "upload_type", "label", "category")},
    },
    "anyOf": [{"required": [name]} for name in sorted(PHOTO_PARTS)],
}


def _responses(route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": _answer_schema(route)}},
        }
        for status in route.statuses
    }
    if route.cache is not CacheFor.NONE:
        responses["304"] = {"description": "Nothing has changed since the ETag."}
    for status in _refusals(route):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": ErrorSchema}},
        }
    return responses


def _answer_schema(route: Route) -> Any:
    return {"type": "array", "items": route.answer} if route.many else route.answer or {"type": "object"}


def _refusals(route: Route) -> list[int]:
    """The statuses that a route's policies alone can refuse with."""
    refused = []
    if route.consumes is not Consumes.NOTHING:
        refused += [400, 413, 415]
    if route.auth in (Auth.ACCESS, Auth.REFRESH, Auth.OPTIONAL, Auth.FIREBASE):
        refused.append(401)
    if route.auth in (Auth.SIGNED_URL, Auth.INTERNAL, Auth.FIREBASE):
        refused.append(403)
    if BRACES.search(route.path):
        refused.append(404)
    if route.replay is not Replay.NONE:
        refused.append(409)
    if route.body is not None or route.query is not None:
        refused.append(422)
    if route.limit is not Limit.NONE:
        refused.append(429)
    return [*refused, 503]
