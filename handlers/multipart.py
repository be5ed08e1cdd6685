"""Reading a multipart form as it arrives: photos to temporary files, texts to memory, each within its bounds."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, ClientPayloadError, MultipartReader, StreamReader
from aiohttp.http_exceptions import BadHttpMessage

from handlers.call import Call
from storage.files import Upload
from zwai.errors import ImageTooLarge, Malformed, NoImage, NotMultipart, TooLarge, TooManyPhotos
from zwai.kitchen.uploads import Uploads

STEP_BYTES = 64 * 1024
LONGEST_TEXT_BYTES = 4 * 1024
MOST_PARTS = 64
MOST_LINES = 2000  # boundaries and headers of so many parts, and room
PHOTO_PARTS = frozenset({"image", "images", "images[]", "image[]", "file", "picture"})
BAD_FORM = (ValueError, AssertionError, BadHttpMessage, ClientPayloadError, ConnectionError)  # or half of one


class FewLines:
    """A body that gives a bounded number of lines: aiohttp reads on for the first boundary, without a pause."""

    def __init__(self, content: StreamReader) -> None:
        self._content = content
        self._left = MOST_LINES

    async def readline(self, **limits: Any) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many lines")
        return await self._content.readline(**limits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo that has arrived; its temporary file lives as long as the form that it came in."""

    name: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class Form:
    """The texts of a form by their names, and its photos in order."""

    texts: dict[str, str]
    photos: tuple[SentPhoto, ...]


@asynccontextmanager
async def received(call: Call[Any, Any], uploads: Uploads, most_photos: int) -> AsyncIterator[Form]:
    """The form that the client sends, read to its end; its temporary files are gone on leaving.

    Claims the Idempotency-Key once the contents are known. Raises NotMultipart, NoImage, TooManyPhotos,
    ImageTooLarge, TooLarge, Malformed, UploadsFull.
    """
    if not call.is_multipart:
        raise NotMultipart
    async with AsyncExitStack() as stack:
        form = await _read(call, uploads, most_photos, stack)
        if not form.photos:
            raise NoImage
        parts = [*form.texts.items(), *(("image", photo.upload.digest) for photo in form.photos)]
        await call.fingerprint(parts)
        yield form


async def receive_archive(call: Call[Any, Any], upload: Upload, limit: str) -> None:
    """Write a file to `upload` that is the whole body, or the first file of a form. Raises TooLarge, Malformed."""
    try:
        async for chunk in _archive(call):
            await upload.write(chunk)
    except ImageTooLarge as error:
        raise TooLarge({"limit": limit}) from error


async def _archive(call: Call[Any, Any]) -> AsyncIterator[bytes]:
    content = call.request.content
    if not call.is_multipart:
        async for chunk in content.iter_chunked(STEP_BYTES):
            yield chunk
        return
    try:
        reader = MultipartReader(call.request.headers, FewLines(content))  # type: ignore[arg-type]
        for _ in range(MOST_PARTS):
            part = await reader.next()
            if part is None:
                return
            if isinstance(part, BodyPartReader) and part.filename is not None:
                while piece := await part.read_chunk(STEP_BYTES):
                    yield piece
                return
    except BAD_FORM as error:
        raise Malformed from error


async def _read(call: Call[Any, Any], uploads: Uploads, most_photos: int, stack: AsyncExitStack) -> Form:
    texts: dict[str, str] = {}
    photos: list[SentPhoto] = []
    try:
        reader = MultipartReader(call.request.headers, FewLines(call.request.content))  # type: ignore[arg-type]
        for _ in range(MOST_PARTS):
            part = await reader.next()
            if part is None:
                return Form(texts, tuple(photos))
            if isinstance(part, MultipartReader):
                raise Malformed
            if part.name in PHOTO_PARTS:
                if len(photos) == most_photos:
                    raise TooManyPhotos({"limit": most_photos})
                upload = await stack.enter_async_context(uploads.receive())
                await _stream(part, upload)
                photos.append(SentPhoto(part.filename or "", upload))
            elif part.filename is None:
                texts[part.name or ""] = await _text(part)
            else:
                await _skip(part, uploads.limits.bytes)
    except BAD_FORM as error:
        raise Malformed from error
    raise TooLarge({"limit": f"{MOST_PARTS} parts"})


async def _stream(part: BodyPartReader, upload: Upload) -> None:
    while chunk := await part.read_chunk(STEP_BYTES):
        await upload.write(chunk)


async def _skip(part: BodyPartReader, most_bytes: int) -> None:
    """Read past a file that nobody asked for, as far as one that somebody did may be long."""
    skipped = 0
    while chunk := await part.read_chunk(STEP_BYTES):
        skipped += len(chunk)
        if skipped > most_bytes:
            raise TooLarge({"limit": f"{most_bytes // 1_000_000} MB"})


async def _text(part: BodyPartReader) -> str:
    text = bytearray()
    while chunk := await part.read_chunk(LONGEST_TEXT_BYTES):
        text += chunk
        if len(text) > LONGEST_TEXT_BYTES:
            raise TooLarge({"limit": f"{LONGEST_TEXT_BYTES // 1024} kB"})
    return text.decode()
