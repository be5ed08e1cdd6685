"""Rows of text, rebuilt from the pieces that a reader found in a photo that may be turned."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from zwai.records.photos import Box
from zwai.records.reading import TextLine

LONG = 6  # letters; the slope of shorter pieces says little
SAME_ROW = 0.6  # of a line's height
GAP = "  "  # between what was apart


@dataclass(frozen=True, slots=True)
class Row:
    """What stands on one line, from left to right."""

    pieces: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        return GAP.join(piece.text for piece in self.pieces)

    @property
    def upright(self) -> Box:
        """Where it stands in the photo as it is read."""
        boxes = [piece.box for piece in self.pieces]
        return Box(
            min(box.x_min for box in boxes),
            min(box.y_min for box in boxes),
            max(box.x_max for box in boxes),
            max(box.y_max for box in boxes),
        )

    @property
    def box(self) -> Box:
        """Where it stands in the photo as it was taken."""
        box = self.upright
        for _ in range(self.pieces[0].turn):
            box = Box(1 - box.y_max, box.x_min, 1 - box.y_min, box.x_max)
        return box


def rows(lines: Sequence[TextLine]) -> list[Row]:
    """The pieces as rows from top to bottom, level after the turn that the long ones agree on."""
    pieces = [line for line in lines if line.text.strip()]
    slope = median([line.slope for line in pieces if len(line.text) >= LONG] or [0.0])
    found: list[list[TextLine]] = []
    for piece in sorted(pieces, key=lambda line: _level(line, slope)):
        row = found[-1] if found else []
        if row and _beside(piece, row, slope):
            row.append(piece)
        else:
            found.append([piece])
    return [Row(tuple(sorted(row, key=lambda line: line.box.x_min))) for row in found]


def _beside(piece: TextLine, row: Sequence[TextLine], slope: float) -> bool:
    level = sum(_level(line, slope) for line in row) / len(row)
    height = min(_height(line, slope) for line in (*row, piece))
    return _level(piece, slope) - level < SAME_ROW * height and not any(_over(piece, line) for line in row)


def _over(piece: TextLine, other: TextLine) -> bool:
    """Whether one stands above the other, so that they are no row."""
    shared = min(piece.box.x_max, other.box.x_max) - max(piece.box.x_min, other.box.x_min)
    return shared > 0.5 * min(piece.box.x_max - piece.box.x_min, other.box.x_max - other.box.x_min)


def _level(line: TextLine, slope: float) -> float:
    """How far down it stands at the left edge of the photo."""
    return (line.box.y_min + line.box.y_max) / 2 - slope * (line.box.x_min + line.box.x_max) / 2


def _height(line: TextLine, slope: float) -> float:
    """Without what the turn adds to its box."""
    tall = line.box.y_max - line.box.y_min
    return max(tall - abs(slope) * (line.box.x_max - line.box.x_min), tall / 3)
