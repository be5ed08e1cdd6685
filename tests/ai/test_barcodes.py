"""Reading barcodes from photos, drawn by the same library's writer into photos as phones take them."""

from pathlib import Path

import pytest
from PIL import Image
from zxingcpp import BarcodeFormat as Format

from ai.barcodes import scan
from tests.barcodes import drawn, in_a_photo
from tests.service import PHOTOS
from zwai.errors import BrokenImage

MILK = "7750670000154"
ELEMENTS = f"(01)0{MILK}(17)261231(10)AB"


def scanned(photo: Image.Image, folder: Path) -> list[tuple[str, tuple[float, ...]]]:
    photo.save(folder / "photo.jpg", "JPEG", quality=85)
    return [
        (one.text, (one.box.x_min, one.box.y_min, one.box.x_max, one.box.y_max)) for one in scan(folder / "photo.jpg")
    ]


@pytest.mark.parametrize("angle", [0, 12, 90])
@pytest.mark.parametrize(
    ("content", "symbology", "gs1", "width", "sent"),
    [
        (MILK, Format.EAN13, False, 0.2, f"]E0{MILK}"),
        ("96385074", Format.EAN8, False, 0.2, "]E496385074"),
        ("036000291452", Format.UPCA, False, 0.2, "]E00036000291452"),
        ("01234565", Format.UPCE, False, 0.2, "]E00012345000065"),
        ("17750670000151", Format.ITF14, False, 0.4, "]I117750670000151"),
        (ELEMENTS, Format.Code128, True, 0.5, f"]C1010{MILK}1726123110AB"),
        (ELEMENTS, Format.DataMatrix, True, 0.1, f"]C1010{MILK}1726123110AB"),
        (ELEMENTS, Format.QRCode, True, 0.15, f"]C1010{MILK}1726123110AB"),
        (f"https://id.gs1.org/01/0{MILK}", Format.QRCode, False, 0.15, f"]Q1https://id.gs1.org/01/0{MILK}"),
    ],
)
def test_a_code_in_a_photo_is_read(
    content: str, symbology: Format, gs1: bool, width: float, sent: str, angle: int, tmp_path: Path
) -> None:
    photo = in_a_photo(drawn(content, symbology, gs1=gs1), width=width, angle=angle)
    assert [text for text, _ in scanned(photo, tmp_path)] == [sent]


def test_codes_are_told_with_their_places_as_fractions(tmp_path: Path) -> None:
    photo = in_a_photo(drawn(MILK, Format.EAN13), drawn("96385074", Format.EAN8))
    (left, box), (right, other) = sorted(scanned(photo, tmp_path), key=lambda one: one[1])
    assert (left, right) == (f"]E0{MILK}", "]E496385074")
    assert 0.06 < box[0] < box[2] < 0.4 < 0.5 < other[0] < other[2] < 1
    assert 0 < box[1] < box[3] < 0.3


def test_two_packs_of_the_same_are_two_codes(tmp_path: Path) -> None:
    photo = in_a_photo(drawn(MILK, Format.EAN13), drawn(MILK, Format.EAN13))
    assert [text for text, _ in scanned(photo, tmp_path)] == [f"]E0{MILK}"] * 2


@pytest.mark.parametrize("name", ["tomato.jpg", "fridge.jpg", "cat.jpg", "six.jpg", "pizza.jpg"])
def test_a_photo_without_codes_has_none(name: str) -> None:
    assert scan(PHOTOS / name) == []


def test_a_broken_photo_is_told(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(BrokenImage):
        scan(tmp_path / "photo.jpg")
