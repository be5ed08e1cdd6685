"""Captures: photos of any kind and scanned codes become one proposal, which changes nothing until it is accepted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageDraw, ImageFont
from zxingcpp import BarcodeFormat as Format

from storage import products
from tests.barcodes import drawn, in_a_photo
from tests.http.expecting import refused
from tests.http.test_every_route import Guest
from tests.service import PHOTOS, Client, Reply, Service
from zwai.kitchen.reading import can_read
from zwai.records.allergens import Allergen
from zwai.records.products import Product, ProductSource
from zwai.records.reading import Gtin

MILK, CRACKERS, CHEESE = "7750670000154", "96385074", "2012345012349"
needs_reading = pytest.mark.skipif(not can_read(), reason="needs the extra that reads text")

RECEIPT = """
SUPERMERCADOS WONG
RUC 20100070970
BOLETA DE VENTA ELECTRONICA
FECHA: 23/11/2026  HORA: 18:42
LECHE EVAP GLORIA 400G        4.50
TOMATE ITALIANO
  1.200 KG x 3.99             4.79
PALTA FUERTE
  0.500 KG x 9.00             4.50
TOTAL S/                     13.79
EFECTIVO                     20.00
VUELTO                        6.21
"""


def jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def printed(text: str, size: int = 40) -> bytes:
    """Text on paper, as a photo."""
    font = ImageFont.truetype("DejaVuSansMono.ttf", size)
    lines = text.strip("\n").splitlines()
    paper = Image.new("RGB", (1200, 80 + (size + 16) * max(12, len(lines))), "#f4f2ec")
    draw = ImageDraw.Draw(paper)
    for number, line in enumerate(lines):
        draw.text((60, 40 + number * (size + 16)), line, "#222", font)
    return jpeg(paper)


def coded(*codes: str, of: str = "fridge.jpg") -> bytes:
    kinds = {8: Format.EAN8, 13: Format.EAN13}
    images = [
        drawn(code, kinds[len(code)]) if code.isdigit() else drawn(code, Format.DataMatrix, gs1=True) for code in codes
    ]
    return jpeg(in_a_photo(*images, of=of))


async def path_of(client: Client, photo: bytes | str) -> str:
    content = (PHOTOS / photo).read_bytes() if isinstance(photo, str) else photo
    path: str = (await client.upload(content)).json["image"]["image_path"]
    return path


async def captured(client: Client, *photos: bytes | str, kinds: Sequence[str] = (), **more: Any) -> Reply:
    """Upload photos and capture them, each of the kind that is said of it, if any."""
    said = [*kinds, *[""] * (len(photos) - len(kinds))]
    paths = [
        {"path": await path_of(client, photo), "kind": kind or None} for photo, kind in zip(photos, said, strict=True)
    ]
    reply = await client.post("/api/captures", json={"images_paths": paths, **more})
    assert reply.status == 200, reply.body
    return reply


async def opens(client: Client, address: str) -> bool:
    return (await client.get(f"/photos/{address.partition('/photos/')[2]}")).status == 200


def told(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (line["name"], line["quantity"], line["type_unit"], line["evidence"]["decision"], line["evidence"]["rule"])
        for line in answer["lines"]
    ]


async def test_photos_and_codes_are_one_proposal_that_changes_nothing(client: Client) -> None:
    await client.put(f"/api/products/{MILK}", json={"name": "Leche evaporada", "quantity": 400, "type_unit": "g"})
    reply = await captured(client, "tomato.jpg", coded(MILK), kinds=["", "barcode"], barcodes=[CRACKERS])
    assert reply.status == 200
    assert told(reply.json) == [
        ("Leche evaporada", 400, "gramos", "item", "barcode"),
        ("tomate", 1, "unidades", "item", "whole"),
        (CRACKERS, 1, "unidades", "confirm", "barcode"),
    ]
    assert [photo["kinds"] for photo in reply.json["photos"]] == [["food"], ["barcode"]]
    assert reply.json["receipts"] == []
    milk, tomato, unknown = [line["evidence"] for line in reply.json["lines"]]
    assert milk["read"]["gtin"] == MILK and milk["read"]["product"] == "own"
    assert milk["confidence"] is None and tomato["confidence"] > 0.8
    assert [one["engine"] for one in (milk, tomato, unknown)] == [None, "local", None]
    assert 0 < milk["bounding_box"]["x_min"] < milk["bounding_box"]["x_max"] < 0.5
    assert await opens(client, milk["read"]["code_photo"])
    assert unknown["read"] == {"code": CRACKERS, "gtin": CRACKERS, "product": "unknown"}
    assert unknown["photo"] is None
    assert {line["image_status"] for line in reply.json["lines"]} == {"ready"}
    assert ["/cards/" in line["image_path"] for line in reply.json["lines"]] == [False, False, True]
    assert await client.stock() == {}
    again = (await client.get(f"/api/proposals/{reply.json['proposal_id']}")).json
    assert [line["evidence"]["read"].keys() for line in again["lines"]] == [
        line["evidence"]["read"].keys() for line in reply.json["lines"]
    ]


async def test_naming_a_code_teaches_the_household(client: Client, guest: Guest) -> None:
    first = (await captured(client, barcodes=[MILK])).json
    path = f"/api/proposals/{first['proposal_id']}/accept"
    edit = {"id": first["lines"][0]["id"], "name": "Leche evaporada", "quantity": 400, "type_unit": "g"}
    assert (await client.post(path, json={"lines": [edit]})).status == 200
    assert told((await captured(client, barcodes=[MILK])).json) == [
        ("Leche evaporada", 400, "gramos", "item", "barcode")
    ]
    assert told((await captured(await guest(), barcodes=[MILK])).json) == [(MILK, 1, "unidades", "confirm", "barcode")]


async def test_a_code_that_was_not_named_is_not_learned(client: Client) -> None:
    first = (await captured(client, barcodes=[MILK, CHEESE])).json
    assert first["lines"][1]["evidence"]["read"] == {"code": CHEESE, "product": "shop"}
    assert (await client.post(f"/api/proposals/{first['proposal_id']}/accept", json={})).status == 200
    refused(await client.get(f"/api/products/{MILK}"), 404, "unknown_product")
    assert set(await client.stock()) == {MILK, CHEESE}


async def test_a_date_in_a_code_is_the_printed_date_of_the_batch(client: Client) -> None:
    element = f"(01)0{MILK}(17)310131(10)AB"
    answer = (await captured(client, coded(element), kinds=["barcode"])).json
    line = answer["lines"][0]
    assert line["expiration_date"] == "2031-01-31T00:00:00"
    assert line["evidence"]["expiry"]["source"] == "label"
    assert line["evidence"]["read"]["lot"] == "AB"
    accepted = (await client.post(f"/api/proposals/{answer['proposal_id']}/accept", json={})).json["items"][0]
    assert (accepted["expiration_date"], accepted["expiry_rule"]) == ("2031-01-31T00:00:00", "printed")
    assert (accepted["expiry_source"], accepted["expiry_reference"]) == ("label", "impreso en la etiqueta")
    opened = (await client.post(f"/api/inventory/batch/{accepted['batch_id']}/open", json={})).json
    assert opened["items"][0]["expiration_date"] <= "2031-01-31T00:00:00"


@pytest.mark.parametrize("days", [-1, 0, 1])
async def test_a_line_tells_whether_its_day_has_passed(client: Client, days: int) -> None:
    day = datetime.now(ZoneInfo("America/Lima")) + timedelta(days=days)
    answer = (await captured(client, barcodes=[f"(01)0{MILK}(17){day:%y%m%d}"])).json
    again = (await client.get(f"/api/proposals/{answer['proposal_id']}")).json
    for line in (*answer["lines"], *again["lines"]):
        assert (line["days_to_expire"], line["is_expired"]) == (days, days < 0)


async def test_a_printed_date_survives_the_way_of_older_clients(client: Client) -> None:
    answer = (await captured(client, coded(f"(01)0{MILK}(17)310131"), kinds=["barcode"])).json
    line = answer["lines"][0]
    item = {"name": "Leche evaporada", "quantity": 1, "type_unit": "latas", "added_at": line["added_at"]}
    sent = {"ingredients": [item], "recognition_id": answer["recognition_id"]}
    reply = await client.post("/api/inventory/ingredients/from-recognition", json=sent)
    assert reply.status == 201, reply.body
    (batch,) = reply.json["items"]
    assert (batch["expiration_date"], batch["expiry_source"]) == ("2031-01-31T00:00:00", "label")
    assert (await client.get(f"/api/products/{MILK}")).json["name"] == "Leche evaporada"


async def test_what_a_pack_declares_raises_an_alert(client: Client, service: Service) -> None:
    gtin = Gtin("07750670000901")
    bar = Product(gtin, "Barra Zimzum", None, None, ProductSource.INSTALLED, "", (Allergen.PEANUTS,))
    async with service.kitchen.database.write() as tx:
        await products.install(tx, [bar])
    await client.put("/api/user/profile", json={"allergies": ["maní"]})
    answer = (await captured(client, barcodes=[gtin])).json
    assert told(answer) == [("Barra Zimzum", 1, "unidades", "item", "barcode")]
    (alert,) = answer["allergy_alerts"]
    assert (alert["item"], alert["codes"], alert["verdict"]) == ("Barra Zimzum", ["peanuts"], "contains")
    assert answer["has_allergens"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "no_image"),
        ({"images_paths": [], "barcodes": []}, 400, "no_image"),
        ({"images_paths": ["/photos/nothing"]}, 404, "unknown_photo"),
        ({"images_paths": [{"path": "https://example.com/a.jpg"}]}, 404, "unknown_photo"),
        ({"images_paths": ["x"] * 11}, 413, "too_many_photos"),
        ({"images_paths": [{"kind": "food"}]}, 422, "invalid"),
        ({"images_paths": [{"path": "x", "kind": "selfie"}]}, 422, "invalid"),
        ({"images_paths": [7]}, 422, "invalid"),
        ({"barcodes": ["7750670000155"]}, 422, "invalid"),
        ({"barcodes": ["https://example.com"]}, 422, "invalid"),
        ({"barcodes": [""]}, 422, "invalid"),
        ({"barcodes": [MILK] * 101}, 422, "invalid"),
        ({"barcodes": "7750670000154"}, 422, "invalid"),
        ({"barcodes": [MILK], "aim": "shoes"}, 422, "invalid"),
    ],
)
@pytest.mark.parametrize("path", ["/api/captures", "/api/captures/later"])
async def test_what_cannot_be_captured_is_refused(
    client: Client, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    refused(await client.post(path, json=body), status, code)


async def test_a_code_that_is_none_is_named(client: Client) -> None:
    problem = await client.post("/api/captures", json={"barcodes": [MILK, "7750670000155"]})
    assert [error["pointer"] for error in problem.json["errors"]] == ["/barcodes/1"]
    assert "«7750670000155» no es el código" in problem.json["error"]


async def test_anothers_photo_is_as_unknown_as_none(client: Client, guest: Guest) -> None:
    path = await path_of(await guest(), "tomato.jpg")
    refused(await client.post("/api/captures", json={"images_paths": [path]}), 404, "unknown_photo")


async def test_the_same_key_makes_one_proposal(client: Client) -> None:
    sent = {"json": {"barcodes": [MILK]}, "headers": {"Idempotency-Key": "k1"}}
    ids = {(await client.post("/api/captures", **sent)).json["proposal_id"] for _ in range(2)}  # type: ignore[arg-type]
    assert len(ids) == 1
    assert len((await client.get("/api/proposals")).json["proposals"]) == 1


async def test_a_capture_is_exported_with_its_evidence(client: Client, guest: Guest) -> None:
    answer = (await captured(client, coded(MILK), kinds=["barcode"])).json
    beto, sent = await guest(), {"Content-Type": "application/zip"}
    imported = await beto.post("/api/import", data=(await client.get("/api/export")).body, headers=sent)
    assert imported.status in (200, 201), imported.body
    (summary,) = (await beto.get("/api/proposals")).json["proposals"]
    (line,) = (await beto.get(f"/api/proposals/{summary['proposal_id']}")).json["lines"]
    read = line["evidence"]["read"]
    assert {**read, "code_photo": ""} == {**answer["lines"][0]["evidence"]["read"], "code_photo": ""}
    assert await opens(beto, read["code_photo"])  # his own copy
    assert (
        read["code_photo"].partition("?")[0] != answer["lines"][0]["evidence"]["read"]["code_photo"].partition("?")[0]
    )


async def test_a_capture_can_be_a_job(client: Client) -> None:
    paths = [await path_of(client, "tomato.jpg"), {"path": await path_of(client, coded(MILK)), "kind": "barcode"}]
    ordered = await client.post("/api/captures/later", json={"images_paths": paths, "barcodes": [CRACKERS]})
    assert ordered.status == 202
    assert ordered.json["kind"] == "capture"
    job = ordered.headers["Location"]
    while (state := (await client.get(job)).json)["state"] in ("pending", "processing"):
        pass
    assert state["state"] == "completed", state
    assert [photo["kinds"] for photo in state["result"]["photos"]] == [["food"], ["barcode"]]
    proposal = (await client.get(f"/api/proposals/{state['result']['recognition_id']}")).json
    assert [line["name"] for line in proposal["lines"]] == ["tomate", MILK, CRACKERS]


@needs_reading
@pytest.mark.slow
async def test_a_receipt_two_shelves_two_codes_and_a_label_are_one_delta(client: Client) -> None:
    """Every line has its evidence, what was seen twice is merged, and nothing was in stock before."""
    await client.put(f"/api/products/{MILK}", json={"name": "Leche evaporada", "quantity": 400, "type_unit": "g"})
    await client.put(f"/api/products/{CRACKERS}", json={"name": "Galletas de soda"})
    label = printed("CONSUMIR PREFERENTEMENTE ANTES DE\n31/01/2031\nLOTE L2309", 56)
    answer = (
        await captured(client, printed(RECEIPT), "tomato.jpg", "avocado.jpg", coded(MILK), label, barcodes=[CRACKERS])
    ).json
    assert [photo["kinds"] for photo in answer["photos"]] == [["receipt"], ["food"], ["food"], ["barcode"], ["label"]]
    lines = {line["name"]: line for line in answer["lines"]}
    assert {name: line["evidence"]["rule"] for name, line in lines.items()} == {
        "Leche evaporada": "barcode+receipt", "tomate": "receipt+whole", "palta": "receipt+whole",
        "Galletas de soda": "barcode", "Vence el 31 de enero de 2031": "label",
    }  # fmt: skip
    assert all(line["evidence"]["photo"] or line["evidence"]["read"] for line in answer["lines"])
    tomato = lines["tomate"]
    assert (tomato["quantity"], tomato["type_unit"], tomato["evidence"]["read"]["price"]) == (1.2, "kilogramos", "4.79")
    (receipt,) = answer["receipts"]
    assert (receipt["total"], receipt["sum"], receipt["difference"]) == ("13.79", "13.79", "0.00")
    assert await client.stock() == {}
    accepted = (await client.post(f"/api/proposals/{answer['proposal_id']}/accept", json={})).json
    assert {item["name"] for item in accepted["items"]} == set(lines) - {
        "Vence el 31 de enero de 2031"
    }  # no thing was it of
    assert len(await client.stock()) == 4


@needs_reading
@pytest.mark.slow
async def test_a_label_dates_the_only_thing(client: Client) -> None:
    label = printed("CONSUMIR PREFERENTEMENTE ANTES DE\n31/01/2031", 56)
    answer = (await captured(client, "tomato.jpg", label)).json
    (line,) = answer["lines"]
    assert (line["name"], line["expiration_date"]) == ("tomate", "2031-01-31T00:00:00")
    assert line["evidence"]["read"]["date_by"] == "label"
    assert await opens(client, line["evidence"]["read"]["date_photo"])
