"""Photos over HTTP: sending them, opening their addresses, and what is left when something goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, FormData
from PIL import Image
from sqlalchemy import text

from tests.service import PHOTOS, Client, Reply, Service, running, signed_in
from tests.traces import traces, until, uploads_under_way
from zwai.kitchen import photo_urls
from zwai.records.photos import Copy, PhotoId

Guest = Callable[[], Awaitable[Client]]
UPLOAD = "/api/image_management/upload_image"
STOCK_UPLOAD = "/api/inventory/upload_image"
TOMATO = PHOTOS / "tomato.jpg"


def target(address: str) -> str:
    """Path and query of an address; the tests' service listens elsewhere than its public address says."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


async def opened(client: Client, address: str) -> Image.Image:
    reply = await Client(client.http, client.url).get(target(address))
    assert reply.status == 200, reply.body
    return Image.open(BytesIO(reply.body))


def copy_of(image: dict[str, Any], copy: Copy, service: Service) -> str:
    """A freshly signed address of a copy."""
    now = datetime.now(UTC)
    return photo_urls.sign("http://photos", PhotoId(image["uid"]), copy, service.kitchen.photo_keys, now)


# Sending


async def test_an_uploaded_photo_answers_the_strings_that_the_client_requires(client: Client) -> None:
    reply = await client.upload(TOMATO, item_name="scan_1719", image_type="ingredient")
    assert reply.status == 201 and isinstance(reply.json["message"], str)
    image = reply.json["image"]
    for field in ("uid", "name", "image_path", "image_type", "storage_path"):
        assert isinstance(image[field], str) and image[field]
    assert (image["name"], image["image_type"]) == ("scan_1719", "ingredient")
    assert image["image_path"].startswith("http://") and "placeholder" not in image["image_path"]


async def test_a_stock_upload_tells_where_the_photo_went(client: Client) -> None:
    reply = await client.upload(TOMATO, STOCK_UPLOAD, upload_type="food", item_name="Cena")
    assert (reply.status, reply.json["context"]) == (201, "inventory")
    info = reply.json["upload_info"]
    assert (info["upload_type"], info["item_name"], info["filename"]) == ("food", "Cena", "photo.jpg")
    assert info["public_url"] == reply.json["image"]["image_path"]
    assert client.user is not None and info["user_uid"] == client.user["uid"]


async def test_a_stock_upload_takes_the_part_that_the_mobile_client_sends(client: Client) -> None:
    reply = await client.upload(TOMATO, STOCK_UPLOAD, image_type="ingredient", item_name="x")
    assert (reply.status, reply.json["upload_info"]["upload_type"]) == (201, "ingredient")


@pytest.mark.parametrize("path", [UPLOAD, STOCK_UPLOAD])
async def test_the_parts_of_an_upload_may_come_in_any_order(client: Client, path: str) -> None:
    form = FormData()
    form.add_field("image_type", "food")
    form.add_field("image", TOMATO.read_bytes(), filename="IMG 1.jpg", content_type="application/octet-stream")
    form.add_field("item_name", "después")
    reply = await client.post(path, data=form)
    assert (reply.status, reply.json["image"]["name"], reply.json["image"]["image_type"]) == (201, "después", "food")


async def test_nothing_but_the_photo_is_needed(client: Client) -> None:
    assert (await client.upload(TOMATO)).json["image"]["image_type"] == "default"


async def test_the_type_that_a_part_declares_and_its_name_do_not_matter(client: Client) -> None:
    for name, kind in (("x.pdf", "text/html"), ("foto", "image/png"), ("日本 🍅.jpg", "application/octet-stream")):
        form = FormData()
        form.add_field("image", TOMATO.read_bytes(), filename=name, content_type=kind)
        assert (await client.post(UPLOAD, data=form)).status == 201


async def test_two_photos_may_have_one_name(guest: Guest) -> None:
    first, second = await guest(), await guest()
    sent = [await who.upload(TOMATO, item_name="tomate") for who in (first, first, second)]
    assert [reply.status for reply in sent] == [201] * 3
    assert len({reply.json["image"]["uid"] for reply in sent}) == 3


async def test_a_part_of_an_unknown_name_is_passed_over(client: Client) -> None:
    form = FormData()
    form.add_field("attachment", b"x" * 300_000, filename="a.bin", content_type="application/octet-stream")
    form.add_field("image", TOMATO.read_bytes(), filename="b.jpg")
    assert (await client.post(UPLOAD, data=form)).status == 201


async def test_an_unknown_image_type_is_refused_with_the_words_that_are_known(client: Client, service: Service) -> None:
    before = await traces(service)
    reply = await client.upload(TOMATO, image_type="selfie")
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "/image_type")
    assert "ingredient" in reply.json["error"]
    assert await traces(service) == before


# Opening


async def test_an_address_opens_without_a_token(client: Client, stranger: Client) -> None:
    image = (await client.upload(TOMATO)).json["image"]
    reply = await stranger.get(target(image["image_path"]))
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/jpeg")
    assert "immutable" in reply.headers["Cache-Control"]


def test_an_address_is_the_same_for_a_calendar_week_and_lasts_at_least_another() -> None:
    keys, photo = photo_urls.PhotoKeys("k" * 32), PhotoId("a" * 32)
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    sunday = datetime(2026, 6, 7, 23, 59, 59, tzinfo=UTC)
    address = photo_urls.sign("http://z", photo, Copy.DISPLAY, keys, monday)
    assert photo_urls.sign("http://z", photo, Copy.DISPLAY, keys, sunday) == address
    assert photo_urls.sign("http://z", photo, Copy.DISPLAY, keys, sunday + timedelta(seconds=1)) != address
    path, query = urlsplit(address).path, dict(part.split("=") for part in urlsplit(address).query.split("&"))
    assert photo_urls.verify(path, query["e"], query["s"], keys, sunday + timedelta(days=7))
    assert not photo_urls.verify(path, query["e"], query["s"], keys, monday + timedelta(days=14))


def test_addresses_of_the_key_before_still_open() -> None:
    now, photo = datetime(2026, 6, 1, tzinfo=UTC), PhotoId("a" * 32)
    address = photo_urls.sign("", photo, Copy.DISPLAY, photo_urls.PhotoKeys("o" * 32), now)
    path, query = urlsplit(address).path, dict(part.split("=") for part in urlsplit(address).query.split("&"))
    assert photo_urls.verify(path, query["e"], query["s"], photo_urls.PhotoKeys("n" * 32, "o" * 32), now)
    assert not photo_urls.verify(path, query["e"], query["s"], photo_urls.PhotoKeys("n" * 32), now)


async def test_a_tampered_address_is_refused_in_json(client: Client, stranger: Client) -> None:
    address = target((await client.upload(TOMATO)).json["image"]["image_path"])
    other = target((await client.upload(PHOTOS / "carrots.jpg")).json["image"]["image_path"])
    path, _, query = address.partition("?")
    later = query.replace("e=", "e=9", 1)
    tampered = [
        path, f"{path}?{later}", f"{path}?{query[:-1]}", f"{path.replace('display', 'ai')}?{query}",
        f"{other.partition('?')[0]}?{query}", f"{path}?e=&s=", f"{path}?e=%C3%A9&s=%C3%A9", f"{path}?e={'9' * 500}&s=x",
    ]  # fmt: skip
    for attempt in tampered:
        reply = await stranger.get(attempt)
        assert (reply.status, reply.json["code"]) == (403, "link_expired"), attempt


async def test_an_expired_address_is_refused_in_json(client: Client, service: Service, stranger: Client) -> None:
    image = (await client.upload(TOMATO)).json["image"]
    long_ago = datetime.now(UTC) - timedelta(days=15)
    old = photo_urls.sign("http://z", image["uid"], Copy.DISPLAY, service.kitchen.photo_keys, long_ago)
    reply = await stranger.get(target(old), headers={"Accept-Language": "en"})
    assert (reply.status, reply.json["code"]) == (403, "link_expired")
    assert reply.json["error"].startswith("This link has expired")


async def test_a_well_signed_address_of_no_photo_is_not_found(service: Service, stranger: Client) -> None:
    address = copy_of({"uid": "0" * 32}, Copy.DISPLAY, service)
    reply = await stranger.get(target(address))
    assert (reply.status, reply.json["code"]) == (404, "unknown_photo")


# What is kept


FORMATS = (
    "tomato.jpg", "mpo.jpg", "cmyk.jpg", "jpeg_named.png", "palette.png", "alpha.png", "yoghurt.webp",
    "sour_milk.heic", "1px.png",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
async def test_each_format_is_taken_and_kept_as_jpeg(client: Client, service: Service, name: str) -> None:
    image = (await client.upload(PHOTOS / name)).json["image"]
    for copy in Copy:
        kept = await opened(client, copy_of(image, copy, service))
        assert (kept.format, kept.mode) == ("JPEG", "RGB")


async def test_a_progressive_jpeg_is_taken(client: Client) -> None:
    progressive = BytesIO()
    with Image.open(TOMATO) as photo:
        photo.save(progressive, "JPEG", progressive=True)
    image = (await client.upload(progressive.getvalue())).json["image"]
    assert (await opened(client, image["image_path"])).format == "JPEG"


async def test_a_large_photo_is_shown_at_1600_pixels_and_its_thumbnail_at_320(client: Client) -> None:
    large = BytesIO()
    Image.new("RGB", (4000, 3000), "orange").save(large, "JPEG")
    image = (await client.upload(large.getvalue())).json["image"]
    assert (await opened(client, image["image_path"])).size == (1600, 1200)
    assert (await opened(client, image["thumbnail_path"])).size == (320, 240)


async def test_a_photo_is_turned_by_exif_and_loses_its_place_in_every_copy(client: Client, service: Service) -> None:
    with Image.open(PHOTOS / "exif_rot_gps.jpg") as original:
        assert original.getexif().get_ifd(0x8825)
        width, height = original.size
    image = (await client.upload(PHOTOS / "exif_rot_gps.jpg")).json["image"]
    for copy in Copy:
        kept = await opened(client, copy_of(image, copy, service))
        assert (kept.width < kept.height) is (height < width)
        assert not kept.getexif() and not kept.info.get("exif")


# When it goes wrong


@asynccontextmanager
async def half_an_upload(client: Client, path: str = UPLOAD) -> AsyncIterator[asyncio.StreamWriter]:
    """A connection on which half of a photo has been sent."""
    where = urlsplit(client.url)
    _, writer = await asyncio.open_connection(where.hostname, where.port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: zwai\r\nAuthorization: Bearer {client.token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    )
    writer.write(head.encode() + TOMATO.read_bytes())
    await writer.drain()
    try:
        yield writer
    finally:
        writer.close()


async def test_a_client_that_goes_away_leaves_nothing(
    client: Client, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    before = await traces(service)
    async with half_an_upload(client):
        await until(lambda: len(uploads_under_way(service)) > len(before.temporary))
    await until(lambda: uploads_under_way(service) == before.temporary)
    assert await traces(service) == before
    assert "unexpected" not in caplog.text


async def test_more_uploads_in_flight_than_allowed_are_asked_to_come_back(
    tmp_path_factory: pytest.TempPathFactory, http: ClientSession
) -> None:
    async with running(tmp_path_factory.mktemp("narrow"), max_uploads=1) as service:
        client = await signed_in(http, service.url)
        async with half_an_upload(client):
            await until(lambda: len(uploads_under_way(service)) == 1)
            refused = await client.upload(TOMATO)
            assert (refused.status, refused.json["code"]) == (503, "uploads_full")
            assert int(refused.headers["Retry-After"]) >= 1
        await until(lambda: not uploads_under_way(service))
        assert (await client.upload(TOMATO)).status == 201


@asynccontextmanager
async def refused_rows(service: Service) -> AsyncIterator[None]:
    """While it lasts, the database takes no photo."""
    trigger = "CREATE TRIGGER refuse BEFORE INSERT ON photos BEGIN SELECT RAISE(ABORT, 'no photos today'); END"
    async with service.kitchen.database.write() as tx:
        await tx.execute(text(trigger))
    try:
        yield
    finally:
        async with service.kitchen.database.write() as tx:
            await tx.execute(text("DROP TRIGGER refuse"))


@pytest.mark.parametrize(
    "path", [UPLOAD, STOCK_UPLOAD, "/api/recognition/ingredients", "/api/recognition/ingredients/async"]
)
async def test_a_photo_whose_row_cannot_be_written_leaves_no_file(
    tmp_path: Path, http: ClientSession, path: str
) -> None:
    async with running(tmp_path) as service:
        client = await signed_in(http, service.url)
        before = await traces(service)
        async with refused_rows(service):
            reply = await client.upload(TOMATO, path)
        assert (reply.status, reply.json["code"]) == (500, "unexpected")
        assert b"no photos today" not in reply.body
        assert await traces(service) == before


# Idempotency


async def keyed(client: Client, key: str, file: Path, **texts: str) -> Reply:
    form = FormData()
    for name, value in texts.items():
        form.add_field(name, value)
    form.add_field("image", file.read_bytes(), filename="a.jpg")
    return await client.post(UPLOAD, data=form, headers={"Idempotency-Key": key})


async def test_a_keyed_upload_that_comes_again_is_stored_once(client: Client, service: Service) -> None:
    first = await keyed(client, "k1", TOMATO, item_name="a")
    after_first = await traces(service)
    again = await keyed(client, "k1", TOMATO, item_name="a")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json == first.json and "Idempotent-Replayed" not in first.headers
    assert await traces(service) == after_first


@pytest.mark.parametrize(("file", "name"), [("carrots.jpg", "a"), ("tomato.jpg", "b")])
async def test_a_key_for_another_upload_is_refused(client: Client, service: Service, file: str, name: str) -> None:
    await keyed(client, "k1", TOMATO, item_name="a")
    before = await traces(service)
    other = await keyed(client, "k1", PHOTOS / file, item_name=name)
    assert (other.status, other.json["code"]) == (422, "key_reused")
    assert await traces(service) == before


async def test_a_key_is_its_households_own(guest: Guest) -> None:
    first, second = await guest(), await guest()
    uids = {(await keyed(one, "k1", TOMATO)).json["image"]["uid"] for one in (first, second)}
    assert len(uids) == 2


async def test_of_two_uploads_at_once_with_one_key_one_is_stored(client: Client, service: Service) -> None:
    before = await traces(service)
    replies = await asyncio.gather(*(keyed(client, "k2", TOMATO) for _ in range(4)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert (await traces(service)).photos == before.photos + 1
    assert len({reply.json["image"]["uid"] for reply in replies if reply.status == 201}) == 1
