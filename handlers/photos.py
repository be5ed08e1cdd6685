"""Photos: uploading one, and serving copies, pictures of the library and cards under signed addresses."""

from datetime import timedelta
from typing import Any

from aiohttp import web
from marshmallow import Schema, fields

from handlers import multipart, wire
from handlers.answer import Answer
from handlers.call import Call
from handlers.multipart import Form
from zwai.errors import Invalid, Problem
from zwai.kitchen import uploads
from zwai.kitchen.photo_urls import card_of
from zwai.records.photos import Copy, Photo, PhotoId

IMAGE_TYPES = ("food", "ingredient", "default")
UPLOAD_TYPES = ("recognition", "ingredient", "food")
LONGEST_NAME = 100
# An address changes every week, and what lies behind it never does.
KEPT_BY_CLIENTS = int(timedelta(days=7).total_seconds())


class ImageSchema(Schema):
    uid = fields.String(required=True)
    name = fields.String(required=True)
    image_path = fields.String(required=True)
    image_type = fields.String(required=True)
    storage_path = fields.String(required=True)


class UploadedSchema(Schema):
    message = fields.String(required=True)
    image = fields.Nested(ImageSchema, required=True)


class InventoryUploadedSchema(UploadedSchema):
    context = fields.String(required=True)
    upload_info = fields.Dict(required=True)


async def upload_image(call: Call[None]) -> Answer:
    async with multipart.received(call, call.kitchen.uploads, most_photos=1) as form:
        purpose = _choice(form, "image_type", IMAGE_TYPES, "default")
        photo = await _keep(call, form, purpose)
        return await _add(call, photo, {"message": _message(call), "image": _image(call, photo)})


async def upload_inventory_image(call: Call[None]) -> Answer:
    async with multipart.received(call, call.kitchen.uploads, most_photos=1) as form:
        name = "upload_type" if "upload_type" in form.texts else "image_type"
        purpose = _choice(form, name, (*UPLOAD_TYPES, "default"), "recognition")
        photo = await _keep(call, form, purpose)
        image = _image(call, photo)
        info = {
            "storage_path": image["storage_path"],
            "public_url": image["image_path"],
            "upload_type": purpose,
            "folder": "recognitions" if purpose == "recognition" else "items",
            "user_uid": photo.account,
            "item_name": photo.name,
            "filename": form.photos[0].name,
        }
        body = {"message": _message(call), "context": "inventory", "upload_info": info, "image": image}
        return await _add(call, photo, body)


async def show(call: Call[None]) -> web.StreamResponse:
    """A copy of a photo; the signed address is the permission."""
    path = await call.kitchen.files.find(PhotoId(call.path["photo"]), Copy(call.path["copy"]))
    return web.FileResponse(path, headers={"Cache-Control": f"private, max-age={KEPT_BY_CLIENTS}, immutable"})


async def card(call: Call[None]) -> web.StreamResponse:
    """A card, drawn now unless it was lately; the signed address says what is on it, and is the permission."""
    path = await call.kitchen.library.draw(card_of(call.path["category"], call.path["name"]))
    return web.FileResponse(path, headers={"Cache-Control": f"private, max-age={KEPT_BY_CLIENTS}, immutable"})


async def _keep(call: Call[None], form: Form, purpose: str) -> Photo:
    name = " ".join(form.texts.get("item_name", "").split())[:LONGEST_NAME]
    return await call.kitchen.uploads.keep(form.photos[0].upload, call.member, name, purpose, call.now)


async def _add(call: Call[None], photo: Photo, body: dict[str, Any]) -> Answer:
    async with call.kitchen.uploads.unless_added([photo]), call.write() as tx:
        await uploads.add(tx, photo)
        return call.answer(body, status=201)


def _choice(form: Form, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = form.texts.get(name, "") or default
    if value not in allowed:
        words = ", ".join(allowed)
        es, en = f"«{name}» debe ser uno de: {words}.", f'"{name}" must be one of: {words}.'
        problem = Problem(f"/{name}", "unknown_choice", es, en)
        raise Invalid({}, (problem,))
    return value


def _image(call: Call[None], photo: Photo) -> dict[str, str]:
    return {
        "uid": photo.id,
        "name": photo.name,
        "image_path": wire.photo_address(call, photo.id) or "",
        "thumbnail_path": wire.photo_address(call, photo.id, Copy.THUMBNAIL) or "",
        "image_type": photo.purpose,
        "storage_path": wire.storage_path(photo.id),
    }


def _message(call: Call[None]) -> str:
    return wire.sentence(call, "Guardamos la foto.", "We stored the photo.")
