"""Print for tests: texts as a reader would find them, and as pictures to be read."""

import math
import re

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
