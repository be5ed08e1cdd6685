"""Several foods in one photo, in two stages: windows over one dense pass, then the best of them named from pixels.

A name is kept only when both stages agree. On real fridges about half of these names are right (docs/recogniser.md),
so each is to be confirmed by a person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from ai.head import Chances, Floats, Guess, Head
from ai.names import Role
from zwai.records.photos import Box

LONGEST_PX = 1024
CELL_PX = 32  # of the dense features
WINDOWS = (4, 6, 9, 13)  # sides, in cells
WINDOWS_AT_ONCE = 100  # each has 5 kB of features
CROP_PX = 224
PROPOSALS = 24
PROPOSED_LEAST = 0.6
DISAGREED = 16  # in a row: those that follow, less likely still, are not worth their time (docs/recogniser.md)
NAMED_LEAST = 0.85  # calibrated; on collages of held-out photos: 92 % right, 89 % found
OVERLAP = 0.35  # of the smaller window; more means the same thing


class Seer(Protocol):
    """What a model must offer to look at parts."""

    head: Head

    def chances(self, squares: list[Image.Image]) -> Chances: ...

    def dense(self, image: Image.Image) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Part:
    guess: Guess
    box: Box


@dataclass(frozen=True, slots=True)
class _Proposal:
    food: str
    chance: float
    box: Box


def parts(photo: Image.Image, model: Seer) -> list[Part]:
    """The foods on which both stages agree, each once, best first."""
    found: dict[str, Part] = {}
    disagreed = 0
    for proposal in _proposals(photo, model):
        if proposal.food in found:
            continue
        if part := _agreed(photo, proposal, model):
            found[proposal.food], disagreed = part, 0
        elif (disagreed := disagreed + 1) == DISAGREED:
            break
    return sorted(found.values(), key=lambda part: -part.guess.confidence)


def _agreed(photo: Image.Image, proposal: _Proposal, model: Seer) -> Part | None:
    guesses = model.head.best(model.chances([_crop(photo, proposal.box)]), 0, 1, (Role.INGREDIENT,))
    if guesses and guesses[0].confidence >= NAMED_LEAST and model.head.general(guesses[0].food) == proposal.food:
        return Part(guesses[0], proposal.box)
    return None


def _proposals(photo: Image.Image, model: Seer) -> list[_Proposal]:
    """The best windows that hardly overlap."""
    scale = LONGEST_PX / max(photo.size)
    width, height = (max(1, round(side * scale / CELL_PX)) * CELL_PX for side in photo.size)
    dense = model.dense(photo.resize((width, height), Image.Resampling.BICUBIC))
    windows = list(dict.fromkeys(_windows(*dense.shape[1:])))
    sums = np.pad(dense.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    few = (windows[at : at + WINDOWS_AT_ONCE] for at in range(0, len(windows), WINDOWS_AT_ONCE))
    foods = np.concatenate([model.head.names_alone(_pooled(sums, some)) for some in few])
    chance = foods.max(1)
    kept: list[_Proposal] = []
    for number in np.argsort(-chance):
        if chance[number] < PROPOSED_LEAST or len(kept) == PROPOSALS:
            break
        y, x, side = windows[number]
        _, rows, columns = dense.shape
        box = Box(x / columns, y / rows, min(1.0, (x + side) / columns), min(1.0, (y + side) / rows))
        food = model.head.foods[int(foods[number].argmax())]
        if food and all(_overlap(box, other.box) < OVERLAP for other in kept):
            kept.append(_Proposal(food, float(chance[number]), box))
    return kept


def _windows(rows: int, columns: int) -> Iterator[tuple[int, int, int]]:
    """Squares (y, x, side) a third of their side apart, and along the far edges."""
    for wanted in WINDOWS:
        side = min(wanted, rows, columns)
        step = max(1, side // 3)
        for y in sorted({*range(0, rows - side + 1, step), rows - side}):
            for x in sorted({*range(0, columns - side + 1, step), columns - side}):
                yield y, x, side


def _pooled(sums: Floats, windows: list[tuple[int, int, int]]) -> Floats:
    """The mean features of each window, by the sums of all that is above and to the left of a corner."""
    y, x, side = np.array(windows).T
    corners = sums[:, y + side, x + side] - sums[:, y, x + side] - sums[:, y + side, x] + sums[:, y, x]
    means: Floats = (corners / side.astype(np.float32) ** 2).T
    return means


def _overlap(one: Box, other: Box) -> float:
    width = min(one.x_max, other.x_max) - max(one.x_min, other.x_min)
    height = min(one.y_max, other.y_max) - max(one.y_min, other.y_min)
    smaller = min(
        (one.x_max - one.x_min) * (one.y_max - one.y_min), (other.x_max - other.x_min) * (other.y_max - other.y_min)
    )
    return max(0.0, width) * max(0.0, height) / smaller


def _crop(photo: Image.Image, box: Box) -> Image.Image:
    pixels = (box.x_min * photo.width, box.y_min * photo.height, box.x_max * photo.width, box.y_max * photo.height)
    return photo.resize((CROP_PX, CROP_PX), Image.Resampling.BICUBIC, box=pixels)
