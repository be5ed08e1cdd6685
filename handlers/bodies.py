"""Reading a request's JSON body."""

from typing import Any

import orjson
from aiohttp import web

from zwai.errors import BadJson, Malformed, NotJson, TooLarge

JSON_LIMIT = 2**20
JSON_LIMIT_TEXT = "1 MB"
DEEPEST = 200  # with fewer brackets than this, nothing is nested too deeply to be written again


async def read_json(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent; an empty body is an empty object, whatever type it announces.

    Raises TooLarge, NotJson, BadJson, Malformed.
    """
    if (request.content_length or 0) > JSON_LIMIT:
        raise TooLarge({"limit": JSON_LIMIT_TEXT})
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge({"limit": JSON_LIMIT_TEXT}) from error
    if not raw:
        return {}
    if request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise NotJson
    try:
        document = orjson.loads(raw)
        if raw.count(b"[") + raw.count(b"{") > DEEPEST:
            orjson.dumps([[[document]]])  # what is nested deeper than we can write is not read either
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise BadJson from error
    if not isinstance(document, dict):
        raise Malformed
    return document
