"""Draws barcodes into photos, as phones take them."""

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter
from zxingcpp import BarcodeFormat as Format

from tests.service import PHOTOS


def drawn(content: str, symbology: Format = Format.EAN13, *, gs1: bool = False) -> Image.Image:
    code = zxingcpp.create_barcode(content, symbology, **({"gs1": True} if gs1 else {}))
    return Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(code, scale=6))).convert("RGB")


def in_a_photo(*codes: Image.Image, width: float = 0.3, angle: float = 0, of: str = "fridge.jpg") -> Image.Image:
    """A photo with codes in it, each `width` of it wide."""
    with Image.open(PHOTOS / of) as image:
        photo = image.convert("RGB").resize((1600, 1200))
    for place, code in enumerate(codes):
        size = (int(1600 * width), round(code.height * 1600 * width / code.width))
        small = code.resize(size, Image.Resampling.HAMMING).rotate(angle, expand=True, fillcolor="white")
        photo.paste(small, (100 + 800 * (place % 2), 80 + 560 * (place // 2)))
    return photo.filter(ImageFilter.GaussianBlur(0.7))
