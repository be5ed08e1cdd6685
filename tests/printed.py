"""Print for tests: texts as a reader would find them, and as pictures to be read."""

import math
import random
import re
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from zwai.records.photos import Box
from zwai.records.reading import TextLine

WIDTH, HEIGHT = 1000, 1400  # of the paper that `pieces` are on
LETTER, STEP = 14, 34


def pieces(text: str, degrees: float = 0.0) -> list[TextLine]:
    """The text as pieces, apart where two spaces are, on paper that is turned clockwise."""
    turn = math.radians(degrees)
    found = []
    for number, line in enumerate(text.strip("\n").splitlines()):
        for match in re.finditer(r"\S+(?: \S+)*", line):
            left, right = 60 + match.start() * LETTER, 60 + match.end() * LETTER
            top = 60 + number * STEP
            corners = [_turned(x, y, turn) for x, y in ((left, top), (right, top), (right, top + 26), (left, top + 26))]
            xs, ys = [x / WIDTH for x, _ in corners], [y / HEIGHT for _, y in corners]
            box = Box(min(xs), min(ys), max(xs), max(ys))
            found.append(TextLine(match[0], box, 0.99, (ys[1] - ys[0]) / (xs[1] - xs[0])))
    return sorted(found, key=lambda piece: piece.box.y_min)


def _turned(x: float, y: float, turn: float) -> tuple[float, float]:
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def picture(text: str, degrees: float = 0.0, *, rough: int | None = None, size: int = 26) -> bytes:
    """The text on paper as a JPEG, turned clockwise on a table; `rough` seeds uneven light, blur and noise."""
    lines = text.strip("\n").splitlines()
    try:
        font = ImageFont.truetype("DejaVuSansMono.ttf", size)
    except OSError:  # not a monospace: columns are drawn apart anyway
        font = ImageFont.load_default(size)
    letter, step = round(size * 0.62), round(size * 1.5)
    paper = Image.new("L", (60 + letter * max(map(len, lines)), 60 + step * len(lines)), 244)
    draw = ImageDraw.Draw(paper)
    for number, line in enumerate(lines):
        for match in re.finditer(r"\S+(?: \S+)*", line):
            draw.text((30 + match.start() * letter, 30 + number * step), match[0], 30, font)
    photo = paper.rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=120)
    if rough is not None:
        photo = _rough(photo, random.Random(rough))
    encoded = BytesIO()
    photo.save(encoded, "JPEG", quality=85)
    return encoded.getvalue()


def _rough(photo: Image.Image, chance: random.Random) -> Image.Image:
    light = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180))).resize(photo.size)
    dim = Image.composite(photo, photo.point(lambda level: level * 0.6), light).filter(ImageFilter.GaussianBlur(0.9))
    return Image.blend(dim, Image.effect_noise(photo.size, 90), 0.12)
