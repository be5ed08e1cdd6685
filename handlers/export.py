"""Exports: everything of a household as one zip, and back into an empty household."""

import secrets
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from marshmallow import Schema, fields

from handlers import multipart, wire
from handlers.answer import Answer
from handlers.call import Call
from zwai.kitchen import export
from zwai.kitchen.export import LARGEST_ARCHIVE

LIMIT_TEXT = f"{LARGEST_ARCHIVE // 1_000_000_000} GB"


class ImportedSchema(Schema):
    """How many rows of each kind came in."""

    message = fields.String(required=True)
    imported = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class SentOnce(web.FileResponse):
    """A file that is there for one answer only: sent without a token's deadline, then gone with all in `place`."""

    def __init__(self, path: Path, place: AsyncExitStack, headers: dict[str, str]) -> None:
        super().__init__(path, headers=headers)
        self._place = place

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        try:
            return await super().prepare(request)  # sends all of it
        finally:
            await self._place.aclose()


async def take_along(call: Call[None]) -> web.StreamResponse:
    """The household in a zip, written to a temporary file off the loop and sent from there."""
    async with AsyncExitStack() as place:
        upload = await place.enter_async_context(call.kitchen.uploads.receive(LARGEST_ARCHIVE))
        path = upload.path.with_name("export.zip")
        async with export.packing(path) as begun:
            async with call.read() as tx:
                await export.pack_rows(tx, call.member.household, begun)
            await export.finish(begun, call.kitchen.files, call.member.time_zone, call.now)
        name = f"zwai-{call.now.date().isoformat()}.zip"
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return SentOnce(path, place.pop_all(), headers)


async def bring_back(call: Call[None]) -> Answer:
    """Take an export in. Every id in it is made anew, so it may be of a household that is still there."""
    kitchen = call.kitchen
    async with kitchen.uploads.receive(LARGEST_ARCHIVE) as upload:
        await multipart.receive_archive(call, upload, LIMIT_TEXT)
        await call.fingerprint([("file", upload.digest)])
        async with call.read() as tx:
            await export.check_empty(tx, call.member.household)
        async with kitchen.uploads.unpacking(), export.opened(upload.path) as archive:
            unpacked = await export.unpack(archive, secrets.token_bytes(16))
            kept = export.kept_photos(archive, unpacked, upload.copies, kitchen.files, kitchen.pool)
            async with kept, call.write() as tx:
                await export.restore(tx, call.member, unpacked)
                message = wire.sentence(call, "Trajimos todo de vuelta.", "We brought everything back.")
                return call.answer({"message": message, "imported": unpacked.rows}, status=201)
