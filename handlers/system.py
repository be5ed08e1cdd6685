"""The service itself: what it is, how it is, what it can do, and its documentation."""

import asyncio
from functools import lru_cache
from importlib.resources import files

from aiohttp import web
from marshmallow import Schema, fields

import zwai
from handlers.answer import Answer
from handlers.call import Call
from handlers.dispatch import TABLE
from handlers.health import state_of
from handlers.openapi import rendered
from zwai.records.people import Language

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}

SENTENCES = {
    Language.ES: "Fotos de tu comida adentro, inventario con fechas afuera. Prueba la API en /docs.",
    Language.EN: "Photos of your food in, stock with dates out. Try the API at /docs.",
}


class AboutSchema(Schema):
    message = fields.Str(required=True)
    version = fields.Str(required=True)
    endpoints = fields.Dict(keys=fields.Str(), values=fields.Str(), required=True)


class StatusSchema(Schema):
    status = fields.Str(required=True)
    message = fields.Str(required=True)
    version = fields.Str(required=True)


class ReadySchema(Schema):
    status = fields.Str(required=True)
    parts = fields.Dict(keys=fields.Str(), values=fields.Dict(), required=True)


class CapabilitiesSchema(Schema):
    version = fields.Str(required=True)
    engines = fields.List(fields.Str(), required=True)
    reads_text = fields.Bool(required=True)
    languages = fields.List(fields.Str(), required=True)
    photo_formats = fields.List(fields.Str(), required=True)
    limits = fields.Dict(keys=fields.Str(), values=fields.Int(), required=True)


async def about(call: Call) -> Answer:
    endpoints = {
        "documentation": "/docs",
        "openapi": "/api/openapi.json",
        "capabilities": "/api/capabilities",
        "status": "/status",
        "authentication": "/api/auth",
        "user_profile": "/api/user/profile",
        "image_management": "/api/image_management",
        "food_recognition": "/api/recognition",
        "inventory_management": "/api/inventory",
    }
    return call.answer({"message": SENTENCES[call.language], "version": zwai.__version__, "endpoints": endpoints})


async def status(call: Call) -> Answer:
    return call.answer({"status": "success", "message": SENTENCES[call.language], "version": zwai.__version__})


async def live(call: Call) -> Answer:
    return call.answer({"status": "live"})


async def ready(call: Call) -> Answer:
    """503 while a needed part is down; which one, the body tells."""
    parts = call.kitchen.parts
    states = await asyncio.gather(*(state_of(part) for part in parts))
    told = dict(zip((part.name for part in parts), states, strict=True))
    if all(state["state"] == "up" for state in states):
        return call.answer({"status": "ready", "parts": told})
    return call.answer({"status": "not_ready", "parts": told}, status=503, headers={"Retry-After": "1"})


async def capabilities(call: Call) -> Answer:
    can = call.kitchen.capabilities
    limits = {
        "photo_mb": can.photo_mb,
        "photo_megapixels": can.photo_megapixels,
        "photos_per_request": can.photos_per_request,
        "items_per_bulk": can.items_per_bulk,
    }
    return call.answer(
        {
            "version": zwai.__version__,
            "engines": can.engines,
            "reads_text": can.reads_text,
            "languages": list(Language),
            "photo_formats": can.photo_formats,
            "limits": limits,
        }
    )


async def openapi(call: Call) -> Answer:
    return Answer(200, rendered(call.request.app[TABLE]))


async def docs(_call: Call) -> web.Response:
    return _page("explorer.html")


async def docs_script(_call: Call) -> web.Response:
    return _page("explorer.js")


async def docs_style(_call: Call) -> web.Response:
    return _page("explorer.css")


def _page(name: str) -> web.Response:
    response = web.Response(body=_page_bytes(name), content_type=PAGE_TYPES[name.rpartition(".")[2]], charset="utf-8")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    return response


@lru_cache(maxsize=8)
def _page_bytes(name: str) -> bytes:
    return (files("zwai") / "page" / name).read_bytes()
