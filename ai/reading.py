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

from zwai.errors import BrokenImage
from zwai.records.photos import Box
from zwai.records.reading import TextLine

MODELS = Path(rapidocr.__file__).parent / "models"
MOST_LINES = 400  # a metre of receipt has half as many
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
    """The pieces of text in a photo that is upright, top to bottom. Raises BrokenImage."""
    try:
        with Image.open(path, formats=["JPEG", "PNG"]) as image:
            pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]  # models were trained on blue first
    except (OSError, SyntaxError, ValueError) as error:
        raise BrokenImage() from error
    height, width = pixels.shape[:2]
    read = _engine()(pixels)
    if read.txts is None:
        return []
    pieces = zip(read.boxes, read.txts, read.scores, strict=True)
    lines = [_line(corners / (width, height), text, float(score)) for corners, text, score in pieces]
    return sorted(lines, key=lambda line: (line.box.y_min, line.box.x_min))[:MOST_LINES]


@cache
def _engine() -> Any:
    return rapidocr.RapidOCR(params=SETTINGS)


def _line(corners: Any, text: str, score: float) -> TextLine:
    """`corners` as fractions: left top, right top, right bottom, left bottom, as the text runs."""
    x_min, y_min = (max(0.0, round(float(one), 4)) for one in corners.min(axis=0))
    x_max, y_max = (min(1.0, round(float(one), 4)) for one in corners.max(axis=0))
    across, down = corners[1] + corners[2] - corners[0] - corners[3]
    slope = round(float(down / across), 4) if across > 0 else 0.0
    return TextLine(text.strip(), Box(x_min, y_min, x_max, y_max), round(score, 3), slope)
