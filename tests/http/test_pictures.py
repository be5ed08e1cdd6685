"""What a name without a photo shows: a drawn card, or a picture of the library that everybody shares."""

import io
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from tests.http.expecting import refused
from tests.service import PHOTOS, Client, Reply, Service, running, signed_in

SECRET = "s" * 32
OPERATOR = {"X-Internal-Secret": SECRET}
SYNC = "/api/admin/sync_images"


def local(address: str) -> str:
    """An address of ours without its host, which a test's service does not know."""
    return "/" + address.split("/", 3)[3]


async def shown(client: Client) -> dict[str, str]:
    """What each name in stock shows."""
    lists = (await client.get("/api/inventory")).json
    return {shelf["name"]: shelf["image_path"] for shelf in [*lists["ingredients"], *lists["food_items"]]}


async def opened(client: Client, address: str) -> tuple[Reply, Any]:
    """As the client's image widget does it: without a token."""
    reply = await Client(client.http, client.url).get(local(address))
    assert reply.status == 200, reply.body
    return reply, Image.open(io.BytesIO(reply.body))


async def test_what_has_no_photo_shows_a_card_that_opens_without_a_token(client: Client) -> None:
    for name, unit in (("zanahoria", "unidades"), ("Ají de gallina / mamá", "porciones"), ("牛乳 100%?#", "unidades")):
        await client.add(name, unit=unit)
    addresses = await shown(client)
    assert len(set(addresses.values())) == 3
    for address in addresses.values():
        assert address.startswith("http://") and "placeholder" not in address
        reply, image = await opened(client, address)
        assert (reply.headers["Content-Type"], image.format, image.size) == ("image/png", "PNG", (512, 512))
        assert reply.headers["Cache-Control"] == "private, max-age=604800, immutable"
    assert "/cards/vegetable/" in addresses["zanahoria"]
    assert "/cards/dish/" in addresses["Ají de gallina / mamá"]
    assert "/cards/other/" in addresses["牛乳 100%?#"]


async def test_a_card_is_the_same_for_everybody_and_every_time(client: Client, guest: Any) -> None:
    other = await guest()
    for one in (client, other):
        await one.add("lúcuma")
    assert (await shown(client))["lúcuma"] == (await shown(other))["lúcuma"]
    again = [await opened(client, (await shown(client))["lúcuma"]) for _ in range(2)]
    assert again[0][0].body == again[1][0].body


async def test_nobody_has_words_drawn_that_we_did_not_sign(client: Client) -> None:
    await client.add("pera")
    address = local((await shown(client))["pera"])
    for forged in (
        address.replace("/cards/fruit/", "/cards/meat/"),
        address.replace("cGVyYQ", "cGVycm8"),
        "/cards/fruit/%2e%2e%2f" + address[address.index("?") :],
        address.partition("?")[0],
        address[:-1] + ("0" if address[-1] != "0" else "1"),
    ):
        refused(await client.get(forged), 403, "link_expired")


async def test_a_card_that_is_sent_back_is_no_photo_of_ones_own(client: Client) -> None:
    await client.add("palta")
    card = (await shown(client))["palta"]
    await client.add("palta madura", image_path=card)
    assert (await shown(client))["palta madura"] != card
    assign = "/api/image_management/assign_image"
    assert (await client.post(assign, json={"item_name": "palta", "image_path": card})).json == {}


# The operator's folder


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with running(tmp_path_factory.mktemp("site"), internal_secret=SECRET) as service:
        yield service


def put(site: Service, name: str, photo: str | bytes = "carrots.jpg") -> None:
    folder = site.data_dir / "library"
    folder.mkdir(exist_ok=True)
    if isinstance(photo, bytes):
        (folder / name).write_bytes(photo)
    else:
        shutil.copy(PHOTOS / photo, folder / name)


@pytest.mark.direct
async def test_a_picture_in_the_operators_folder_is_what_everybody_sees(site: Service, http: ClientSession) -> None:
    ana, ben = [await signed_in(http, site.url) for _ in range(2)]
    await ana.add("Zanahorias")
    await ana.add("pastel de la casa", unit="porciones")
    put(site, "carrot.jpg")
    put(site, "Pastel_de_la-casa.jpg", "two.jpg")
    put(site, "queso.png", b"no picture")
    put(site, "notes.txt", b"nothing")
    told = (await ana.post(SYNC, headers=OPERATOR)).json
    assert (told["added"], told["unreadable"], told["removed"]) == (2, ["queso.png"], 0)
    assert (await ana.post(SYNC, headers=OPERATOR)).json["added"] == 0
    await ana.add("sal")  # so that the list is made anew
    await ben.add("ZANAHORIA")
    mine, theirs = await shown(ana), await shown(ben)
    assert mine["Zanahorias"] == theirs["ZANAHORIA"]
    for address in (mine["Zanahorias"], mine["pastel de la casa"]):
        assert "/library/" in address
        assert (await opened(ben, address))[1].format == "JPEG"
    found = await ben.post("/api/image_management/assign_image", json={"item_name": "zanahoria"})
    assert found.json == {"name": "zanahoria", "image_path": mine["Zanahorias"], "image_type": "ingredient"}


@pytest.mark.direct
async def test_the_librarys_pictures_are_no_photos_that_one_could_use_and_are_not_swept(
    site: Service, http: ClientSession
) -> None:
    ana = await signed_in(http, site.url)
    put(site, "limón.jpg", "lemon.jpg")
    await ana.post(SYNC, headers=OPERATOR)
    await ana.add("limón")
    address = (await shown(ana))["limón"]
    await ana.add("limones", image_path=address)
    assert (await shown(ana))["limones"] == address
    as_photo = address.replace("/library/", "/photos/")
    refused(await ana.get(local(as_photo)), 403, "link_expired")
    refused(await ana.post("/api/recognition/ingredients", json={"images_paths": [as_photo]}), 404, "unknown_photo")
    photo = address.split("/library/")[1].split("/")[0]
    folder = site.data_dir / "photos" / photo[-2:] / photo
    os.utime(folder, (time.time() - 7200, time.time() - 7200))
    assert (await ana.post(SYNC, headers=OPERATOR)).json["removed"] == 0
    assert (await opened(ana, address))[1].format == "JPEG"


@pytest.mark.direct
async def test_the_library_is_known_after_a_restart_and_old_cards_are_forgotten(
    tmp_path: Path, http: ClientSession
) -> None:
    async with running(tmp_path, internal_secret=SECRET) as service:
        ana = await signed_in(http, service.url)
        put(service, "tomato.jpg", "tomato.jpg")
        await ana.post(SYNC, headers=OPERATOR)
        for name in ("tomate", "yuca"):
            await ana.add(name)
        before = await shown(ana)
        await opened(ana, before["yuca"])
    (card,) = (tmp_path / "cards").rglob("*.png")
    assert "yuca" not in card.name
    os.utime(card, (time.time() - 40 * 86_400, time.time() - 40 * 86_400))
    async with running(tmp_path, internal_secret=SECRET) as service:
        ana.url = service.url
        assert await shown(ana) == before
        for _ in range(100):
            if not card.exists():
                break
            time.sleep(0.02)
        await opened(ana, before["yuca"])
    assert card.exists()
