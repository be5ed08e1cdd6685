"""Barcodes in photos, by zxing-cpp: retail codes, cases, and GS1's longer ones. Runs in the worker processes."""

from pathlib import Path

import zxingcpp
from PIL import Image
from zxingcpp import BarcodeFormat as Format
from zxingcpp import BarcodeFormats

from zwai.errors import BrokenImage
from zwai.records.photos import Box
from zwai.records.reading import Scan

FORMATS = BarcodeFormats([
    Format.EAN13, Format.EAN8, Format.UPCA, Format.UPCE, Format.ITF14, Format.Code128, Format.DataBar,
    Format.DataMatrix, Format.QRCode,
])  # fmt: skip
# Results go through a pipe in one write.
MOST_CODES = 20
LONGEST = 500
GS1 = "]C1"  # of whatever symbology: all that counts is that element strings follow


def scan(path: Path) -> list[Scan]:
    """The codes in a photo, each once for every place that it is in. Raises BrokenImage."""
    try:
        with Image.open(path, formats=["JPEG", "PNG"]) as image:
            grey = image.convert("L")
    except (OSError, SyntaxError, ValueError) as error:
        raise BrokenImage() from error
    found = zxingcpp.read_barcodes(grey, FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return [_scan(code, grey.size) for code in found[:MOST_CODES]]


def _scan(code: zxingcpp.Barcode, size: tuple[int, int]) -> Scan:
    corners = (code.position.top_left, code.position.top_right, code.position.bottom_right, code.position.bottom_left)
    x, y = [corner.x / size[0] for corner in corners], [corner.y / size[1] for corner in corners]
    edges = (round(min(1.0, max(0.0, edge)), 4) for edge in (min(x), min(y), max(x), max(y)))
    marker = GS1 if code.content_type is zxingcpp.ContentType.GS1 else code.symbology_identifier
    return Scan(f"{marker}{code.text}"[:LONGEST], Box(*edges))
