"""The photos that a request gives to look at: named by their addresses, or sent along in a form."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from marshmallow import fields, validate

from handlers import multipart
from handlers.call import Call
from handlers.fields import ListOf
from handlers.multipart import Form, SentPhoto
from handlers.schemas import RequestSchema
from zwai.errors import NoImage, StorageFull, TooManyPhotos, Unavailable, UnknownPhoto, ZwaiError
from zwai.kitchen import recognition
from zwai.kitchen.photo_urls import photo_id_of
from zwai.records.photos import Photo, PhotoId

LONGEST_ADDRESS = 2000
MOST_ADDRESSES = 100  # of those that are read at all; a setting says how many may be looked at


@dataclass(frozen=True, slots=True)
class PathsBody:
    images_paths: list[str]
    look_again: bool


class PathsSchema(RequestSchema):
    record = PathsBody
    images_paths = ListOf(
        fields.String(validate=validate.Length(max=LONGEST_ADDRESS)),
        required=True,
        validate=validate.Length(max=MOST_ADDRESSES),
    )
    look_again = fields.Boolean(load_default=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A photo of the request that could not be kept: which, by its place among them and its name, and why."""

    index: int
    name: str
    error: ZwaiError


@dataclass(frozen=True, slots=True)
class Given:
    """The photos to look at: those that arrived with this request still need rows; some may be unreadable."""

    ids: tuple[PhotoId, ...]
    new: tuple[Photo, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@asynccontextmanager
async def received(call: Call[PathsBody | None]) -> AsyncIterator[Given]:
    """The photos of a request: named by their addresses, or sent along in a form."""
    most = call.kitchen.uploads.limits.photos
    if call.body is not None:
        yield await _named(call, call.body.images_paths, most)
        return
    new: list[Photo] = []
    uploads = call.kitchen.uploads
    async with multipart.received(call, uploads, most) as form, uploads.unless_added(new):
        yield await _kept(call, form, new)


async def _named(call: Call[PathsBody | None], paths: Sequence[str], most: int) -> Given:
    if not paths:
        raise NoImage
    if len(paths) > most:
        raise TooManyPhotos({"limit": most})
    ids = [photo_id_of(path) for path in paths]
    known = tuple(dict.fromkeys(photo for photo in ids if photo is not None))
    if None in ids:
        raise UnknownPhoto
    async with call.listing() as tx:
        await recognition.check_photos(tx, call.member.household, known)
    return Given(known)


async def _kept(call: Call[PathsBody | None], form: Form, new: list[Photo]) -> Given:
    """Keep the photos that can be read, in `new`; only when none can, the request fails with the first one's error.

    That we are busy or full says nothing of a photo: then the request fails too, and may come again.
    """
    results = await asyncio.gather(*(_keep(call, sent) for sent in form.photos), return_exceptions=True)
    new.extend(result for result in results if isinstance(result, Photo))
    unreadable: list[Unreadable] = []
    for index, (sent, result) in enumerate(zip(form.photos, results, strict=True)):
        if isinstance(result, ZwaiError) and not isinstance(result, Unavailable | StorageFull):
            unreadable.append(Unreadable(index, sent.name, result))
        elif isinstance(result, BaseException):
            raise result
    if not new:
        raise unreadable[0].error
    return Given(tuple(photo.id for photo in new), tuple(new), tuple(unreadable))


async def _keep(call: Call[PathsBody | None], sent: SentPhoto) -> Photo:
    return await call.kitchen.uploads.keep(sent.upload, call.member, "", "recognition", call.now)
