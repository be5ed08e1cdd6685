"""Text in photos, by rapidocr and the models in its wheel: on one core, and never from the network.

Heavy and optional, so it is loaded in the process that reads, which ends when nobody has asked for a while.
"""

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rapidocr
from PIL import Image

from ai import quiet  # noqa: F401 (rapidocr loads onnxruntime when it makes its engine)
from zwai.errors import BrokenImage
from zwai.records.photos import Box
from zwai.records.reading import TextLine

MODELS = Path(rapidocr.__file__).parent / "models"
MOST_LINES = 400  # a metre of receipt has half as many
LONGEST = 200  # letters of a piece; nothing that is printed on a receipt or a pack is as long
LONG = 4  # letters; a shorter piece may well be as tall as wide
TALL = 1.5  # from where on rapidocr takes a piece for one that lies on its side
SETTINGS = {
    "Global.log_level": "critical",
    # Named, since what rapidocr does not find it would download.
    "Det.model_path": str(MODELS / "PP-OCRv6_det_small.onnx"),
    "Cls.model_path": str(MODELS / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
    "Rec.model_path": str(MODELS / "PP-OCRv6_rec_small.onnx"),
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # the other cores are for those who do not wait for text
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def warm() -> None:
    """Load the models (a second), so that what they map does not count against what a photo may take."""
    cv2.setNumThreads(1)
    _engine()(np.full((64, 256, 3), 255, np.uint8))


def read_text(path: Path) -> list[TextLine]:
    """The pieces of text in a photo, top to bottom as they are read, though it lay on its side. Raises BrokenImage."""
    try:
        with Image.open(path, formats=["JPEG", "PNG"]) as image:
            pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]  # models were trained on blue first
    except (OSError, SyntaxError, ValueError) as error:
        raise BrokenImage() from error
    pieces, turn = _pieces(pixels)
    if turn:  # detected again, as rows are only rows upright
        pixels = np.ascontiguousarray(np.rot90(pixels, turn))
        pieces, _ = _pieces(pixels)
    height, width = pixels.shape[:2]
    lines = [_line(corners / (width, height), text, score, turn) for corners, text, score in pieces]
    return sorted(lines, key=lambda line: (line.box.y_min, line.box.x_min))[:MOST_LINES]


def _pieces(pixels: Any) -> tuple[list[tuple[Any, str, float]], int]:
    """Corners, text and confidence of each, and by how many quarter turns to the left most would be upright."""
    engine = _engine()
    image, record = engine.preprocess_img(pixels)
    detected, turned, read, crops = engine.run_ocr_steps(image, record)
    if detected.boxes is None or read.txts is None:
        return [], 0
    # What is tall was turned to the left before it was read; what then stood on its head is told as "180".
    tall = [_is_tall(corners) for corners, text in zip(detected.boxes, read.txts, strict=True) if len(text) >= LONG]
    upset = [label == "180" for (label, _), text in zip(turned.cls_res, read.txts, strict=True) if len(text) >= LONG]
    turn = (1 if 2 * sum(tall) > len(tall) else 0) + (2 if 2 * sum(upset) > len(upset) else 0)
    found = engine.build_final_output(pixels, detected, turned, read, crops, record)
    if found.boxes is None:  # nothing was read well enough
        return [], 0
    return [(*one[:2], float(one[2])) for one in zip(found.boxes, found.txts, found.scores, strict=True)], turn


def _is_tall(corners: Any) -> bool:
    across, down = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0])
    return bool(down > TALL * across)


@cache
def _engine() -> Any:
    return rapidocr.RapidOCR(params=SETTINGS)


def _line(corners: Any, text: str, score: float, turn: int) -> TextLine:
    """`corners` as fractions: left top, right top, right bottom, left bottom, as the text runs."""
    x_min, y_min = (max(0.0, round(float(one), 4)) for one in corners.min(axis=0))
    x_max, y_max = (min(1.0, round(float(one), 4)) for one in corners.max(axis=0))
    across, down = corners[1] + corners[2] - corners[0] - corners[3]
    slope = round(float(down / across), 4) if across > 0 else 0.0
    return TextLine(text.strip()[:LONGEST], Box(x_min, y_min, x_max, y_max), round(score, 3), slope, turn)
