"""Bad photos and bad requests about photos: the right 4xx, a sentence in each language, and nothing left behind."""

import asyncio
import struct
import time
import zlib
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import FormData

from tests.service import PHOTOS, Client, Reply, Service
from tests.traces import finished, traces

UPLOAD = "/api/image_management/upload_image"
STOCK_UPLOAD = "/api/inventory/upload_image"
INGREDIENTS = "/api/recognition/ingredients"
LATER = "/api/recognition/ingredients/async"
TAKING_PHOTOS = (UPLOAD, STOCK_UPLOAD, INGREDIENTS, "/api/recognition/foods", "/api/recognition/batch", LATER)
TAKING_PATHS = TAKING_PHOTOS[2:]
Guest = Callable[[], Awaitable[Client]]


def png(width: int, height: int) -> bytes:
    """A real grey PNG that is black all over: small on the wire, large when decoded."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def form_of(*files: bytes, part: str = "image") -> FormData:
    form = FormData()
    for number, content in enumerate(files):
        form.add_field(part, BytesIO(content), filename=f"{number}.jpg", content_type="application/octet-stream")
    return form


async def assert_refused(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.headers["Content-Type"].startswith("application/json")
    assert isinstance(reply.json["error"], str) and reply.json["error"].endswith(".")
    assert reply.json["error"] == reply.json["detail"]


async def assert_refused_twice(
    client: Client, service: Service, path: str, status: int, code: str, **request: Any
) -> None:
    """The same refusal in Spanish and in English, with nothing left behind."""
    before = await traces(service)
    sentences = set()
    for language in ("es", "en"):
        sent = {name: make() if callable(make) else make for name, make in request.items()}
        reply = await client.post(path, headers={"Accept-Language": language, **sent.pop("headers", {})}, **sent)
        await assert_refused(reply, status, code)
        sentences.add(reply.json["error"])
    assert len(sentences) == 2
    assert await traces(service) == before


BAD_FILES = (
    ("empty.jpg", 400, "empty_image"),
    ("text.jpg", 415, "not_an_image"),
    ("truncated.jpg", 400, "broken_image"),
    ("bomb.png", 413, "too_many_pixels"),
)


@pytest.mark.parametrize("path", TAKING_PHOTOS)
@pytest.mark.parametrize(("file", "status", "code"), BAD_FILES)
async def test_a_file_that_is_no_good_photo_is_refused(
    client: Client, service: Service, path: str, file: str, status: int, code: str
) -> None:
    content = (PHOTOS / file).read_bytes()
    await assert_refused_twice(client, service, path, status, code, data=lambda: form_of(content))


@pytest.mark.parametrize("path", TAKING_PHOTOS)
async def test_a_form_without_a_photo_is_refused(client: Client, service: Service, path: str) -> None:
    def without() -> FormData:
        return form_of(b"x", part="attachment")

    await assert_refused_twice(client, service, path, 400, "no_image", data=without)


@pytest.mark.parametrize("path", [UPLOAD, STOCK_UPLOAD])
@pytest.mark.parametrize("kind", ["application/json", "image/jpeg", "application/x-www-form-urlencoded", ""])
async def test_an_upload_that_is_no_form_is_refused(client: Client, service: Service, path: str, kind: str) -> None:
    photo = (PHOTOS / "tomato.jpg").read_bytes()
    headers = {"Content-Type": kind} if kind else {}
    await assert_refused_twice(client, service, path, 400, "not_multipart", data=photo, headers=headers)


@pytest.mark.parametrize("path", TAKING_PATHS)
async def test_a_bare_photo_for_recognition_is_refused_as_not_json(client: Client, service: Service, path: str) -> None:
    photo = (PHOTOS / "tomato.jpg").read_bytes()
    headers = {"Content-Type": "image/jpeg"}
    await assert_refused_twice(client, service, path, 415, "not_json", data=photo, headers=headers)


BROKEN_FORMS = {
    "no boundary": ("multipart/form-data", b"--b\r\n\r\n"),
    "another boundary": (
        "multipart/form-data; boundary=a",
        b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\nx\r\n--b--\r\n',
    ),
    "cut off": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\nx'),
    "nothing": ("multipart/form-data; boundary=b", b""),
    "a form in a form": (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
    ),
    "text that is no UTF-8": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="item_name"\r\n\r\n\xff\xfe\r\n--b--\r\n',
    ),
}


@pytest.mark.parametrize("path", [UPLOAD, INGREDIENTS])
@pytest.mark.parametrize("form", BROKEN_FORMS)
async def test_a_broken_form_is_malformed(client: Client, service: Service, path: str, form: str) -> None:
    kind, body = BROKEN_FORMS[form]
    before = await traces(service)
    reply = await client.post(path, data=body, headers={"Content-Type": kind})
    assert reply.status == 400 and reply.json["code"] in ("malformed", "no_image", "not_an_image", "not_multipart")
    assert await traces(service) == before


async def test_a_text_part_of_half_a_megabyte_is_refused(client: Client, service: Service) -> None:
    before = await traces(service)
    reply = await client.upload(PHOTOS / "tomato.jpg", item_name="x" * 500_000)
    await assert_refused(reply, 413, "too_large")
    assert await traces(service) == before


async def test_a_form_of_a_thousand_parts_is_refused(client: Client, service: Service) -> None:
    before = await traces(service)
    form = FormData()
    for number in range(1000):
        form.add_field(f"n{number}", "x")
    form.add_field("image", (PHOTOS / "tomato.jpg").read_bytes(), filename="a.jpg")
    await assert_refused(await client.post(UPLOAD, data=form), 413, "too_large")
    assert await traces(service) == before


@pytest.mark.parametrize("path", [UPLOAD, INGREDIENTS])
async def test_a_photo_of_26_megabytes_is_refused(client: Client, service: Service, path: str) -> None:
    large = (PHOTOS / "tomato.jpg").read_bytes() + bytes(26_000_000)
    await assert_refused_twice(client, service, path, 413, "image_too_large", data=lambda: form_of(large))


async def test_a_refused_large_photo_gets_its_answer_while_still_sending(client: Client) -> None:
    """The client reads the refusal, though it has most of its 200 MB yet to send."""
    where = urlsplit(client.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: zwai\r\nAuthorization: Bearer {client.token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 200000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    )
    writer.write(head.encode())
    try:
        async with asyncio.timeout(10):
            answer = asyncio.create_task(reader.readline())
            while not answer.done():
                writer.write(bytes(1_000_000))
                await writer.drain()
            assert b" 413 " in await answer
    finally:
        writer.close()


@pytest.mark.parametrize("path", [UPLOAD, INGREDIENTS])
async def test_a_photo_of_200_megapixels_is_refused(client: Client, service: Service, path: str) -> None:
    wide = png(20_000, 10_000)
    assert len(wide) < 1_000_000
    await assert_refused_twice(client, service, path, 413, "too_many_pixels", data=lambda: form_of(wide))


async def test_a_photo_a_little_over_64_megapixels_is_refused(client: Client) -> None:
    reply = await client.upload(png(8_001, 8_000))
    await assert_refused(reply, 413, "too_many_pixels")
    assert "64" in reply.json["error"]


async def test_40_files_are_refused(client: Client, service: Service) -> None:
    photo = (PHOTOS / "tomato.jpg").read_bytes()
    for path in TAKING_PATHS:
        many = lambda: form_of(*[photo] * 40)  # noqa: E731
        await assert_refused_twice(client, service, path, 413, "too_many_photos", data=many)


async def test_two_files_for_one_upload_are_refused(client: Client, service: Service) -> None:
    photo = (PHOTOS / "tomato.jpg").read_bytes()
    await assert_refused_twice(client, service, UPLOAD, 413, "too_many_photos", data=lambda: form_of(photo, photo))


async def test_only_bad_photos_in_a_request_are_refused_as_the_first_one_is(client: Client, service: Service) -> None:
    bad = [(PHOTOS / name).read_bytes() for name in ("text.jpg", "truncated.jpg")]
    await assert_refused_twice(client, service, INGREDIENTS, 415, "not_an_image", data=lambda: form_of(*bad))


# By address


@pytest.mark.parametrize("path", TAKING_PATHS)
async def test_a_foreign_photo_is_as_unknown_as_none(client: Client, service: Service, guest: Guest, path: str) -> None:
    foreign = (await (await guest()).upload(PHOTOS / "tomato.jpg")).json["image"]
    own = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]
    for bad in (foreign["image_path"], foreign["storage_path"], own["image_path"].replace(own["uid"], "0" * 32)):
        paths = {"images_paths": [own["image_path"], bad]}
        await assert_refused_twice(client, service, path, 404, "unknown_photo", json=paths)


@pytest.mark.parametrize(
    "address", ["https://example.com/a.jpg", "/storage/emulated/0/a.jpg", "", "/photos/../zwai.db"]
)
async def test_an_address_that_is_not_of_a_photo_here_is_unknown(
    client: Client, service: Service, address: str
) -> None:
    await assert_refused_twice(client, service, INGREDIENTS, 404, "unknown_photo", json={"images_paths": [address]})


BAD_BODIES = (
    (b"{", 400, "bad_json"),
    (b"[]", 400, "malformed"),
    (b"{}", 422, "invalid"),
    (b"", 422, "invalid"),
    (b'{"images_paths": null}', 422, "invalid"),
    (b'{"images_paths": "x"}', 422, "invalid"),
    (b'{"images_paths": [7]}', 422, "invalid"),
    (b'{"images_paths": []}', 400, "no_image"),
    (b'{"images_paths": ["' + b"x" * 2001 + b'"]}', 422, "invalid"),
    (b'{"images_paths": [' + b",".join([b'"x"'] * 11) + b"]}", 413, "too_many_photos"),
)


@pytest.mark.parametrize("path", TAKING_PATHS)
@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
async def test_wrong_json_for_recognition_is_refused(
    client: Client, service: Service, path: str, body: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    await assert_refused_twice(client, service, path, status, code, data=body, headers=headers)


async def test_a_foreign_recognition_and_a_foreign_task_are_as_unknown_as_none(client: Client, guest: Guest) -> None:
    other = await guest()
    recognised = (await other.upload(PHOTOS / "tomato.jpg", INGREDIENTS)).json["recognition_id"]
    task = (await other.upload(PHOTOS / "tomato.jpg", LATER)).json["task_id"]
    await finished(other, task)
    for path, code in (
        (f"/api/recognition/recognition/{recognised}/images", "unknown_recognition"),
        (f"/api/recognition/{recognised}/images", "unknown_recognition"),
        (f"/api/recognition/status/{task}", "unknown_job"),
        (f"/api/recognition/images/status/{task}", "unknown_job"),
    ):
        assert (await other.get(path)).status == 200
        foreign, none = await client.get(path), await client.get(path.replace(recognised, "x").replace(task, "x"))
        await assert_refused(foreign, 404, code)
        await assert_refused(none, 404, code)


@pytest.mark.parametrize("path", TAKING_PHOTOS)
async def test_a_stranger_cannot_send_photos(stranger: Client, service: Service, path: str) -> None:
    before = await traces(service)
    await assert_refused(await stranger.upload(PHOTOS / "tomato.jpg", path), 401, "not_signed_in")
    assert await traces(service) == before


@pytest.mark.parametrize(
    "begin",
    [
        b"\r\n" * 1_000_000,
        b"--b\r\n" + b"X-Header: 1\r\n" * 1000,
        b"--b\r\nX-Header: " + b"1" * 100_000 + b"\r\n",
    ],
    ids=["a million lines before the first part", "a thousand headers", "an endless header"],
)
async def test_a_form_that_never_comes_to_its_point_is_refused_at_once(
    client: Client, service: Service, begin: bytes
) -> None:
    before, began = await traces(service), time.monotonic()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    await assert_refused(await client.post(UPLOAD, data=BytesIO(begin), headers=headers), 400, "malformed")
    assert time.monotonic() - began < 0.5
    assert await traces(service) == before
