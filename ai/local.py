"""The on-device recogniser: what food a photo shows, by models shipped with zwai, without any network.

In order: the whole photo as one food; three suggestions when that is unsure; its parts, to be confirmed, when the
whole says nothing; an empty list when nothing is known. It never counts: one sighting is one name.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ai.head import Chances, Floats, Guess, Head, load_head
from ai.names import MODELS, Role, names
from ai.parts import CELL_PX, Part, parts
from ai.quiet import onnxruntime
from zwai.errors import BrokenImage, NotAnImage
from zwai.records.photos import Aim, Decision, Glance, LineRule, Sighting

FORMATS = ("JPEG", "PNG", "WEBP")
SIDE_PX = 320
PARTS_PX = 1024
BAND_PX = 256
BAND_EDGE_PX = 64
SUGGESTIONS = 3
SUGGESTION_LEAST = 0.3
ONE_LEAST = 0.5  # below it, a photo in whose parts several foods are named is taken to show these
SEVERAL = 2
FURTHER_LEAST = 0.05  # of the second and the third

M_MMAP_THRESHOLD = -3  # of glibc's mallopt
LARGE_BYTES = 4 << 20

ROLES = {
    Aim.INGREDIENTS: (Role.INGREDIENT, Role.EITHER),
    Aim.DISHES: (Role.DISH, Role.EITHER),
    Aim.BOTH: tuple(Role),
}


class Model:
    """The backbone's session and the head, once per process."""

    def __init__(self, session: onnxruntime.InferenceSession, head: Head) -> None:
        self._session, self.head = session, head

    def chances(self, squares: list[Image.Image]) -> Chances:
        """One run a square: batches are no faster on one thread, and cost memory."""
        seen = [self._session.run(["features", "logits"], {"x": _input(square)}) for square in squares]
        return self.head.chances(np.concatenate([run[0] for run in seen]), np.concatenate([run[1] for run in seen]))

    def dense(self, image: Image.Image) -> Floats:
        """Features of every place: (1280, height / 32, width / 32), both sides of `image` being multiples of 32.

        In bands, each looked at with something of its neighbours: at once, a large photo takes 30 MB more.
        """
        bands = []
        for top in range(0, image.height, BAND_PX):
            above, bottom = min(top, BAND_EDGE_PX), min(image.height, top + BAND_PX)
            band = image.crop((0, top - above, image.width, min(image.height, bottom + BAND_EDGE_PX)))
            seen = self._session.run(["map"], {"x": _input(band)})[0][0]
            first = above // CELL_PX
            bands.append(seen[:, first : first + (bottom - top) // CELL_PX])
        return np.concatenate(bands, 1)


def load(folder: Path) -> Model:
    """The model whose files are in a folder."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # plans for the largest photo seen would be kept: 10 MB more a worker
    session = onnxruntime.InferenceSession(folder / "backbone.onnx", options, providers=["CPUExecutionProvider"])
    return Model(session, load_head(folder, names()))


@cache
def _model() -> Model:
    return load(MODELS)


def warm() -> None:
    """Load the models and run them once, so that the first photo is as fast as the next."""
    _give_back_large_blocks()
    _model().chances([Image.new("RGB", (SIDE_PX, SIDE_PX))])


def _give_back_large_blocks() -> None:
    """glibc keeps ever larger freed blocks for itself; at a fixed threshold a worker holds 10 MB less."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def glance(path: Path, aim: Aim) -> Glance:
    """What the photo as a whole shows, best first. Raises NotAnImage or BrokenImage.

    Made for the AI copy of a photo; any upright JPEG, PNG or WebP will do.
    """
    return _glance(_model(), path, aim)


def search(path: Path, aim: Aim, suggested: list[Sighting]) -> list[Sighting]:
    """What its parts show, or what was suggested where that says more: forty times the work of a glance."""
    return _search(_model(), path, aim, suggested)


def sight(model: Model, path: Path, aim: Aim) -> list[Sighting]:
    """A glance, and the search that it asks for, by a model of the caller's."""
    seen = _glance(model, path, aim)
    return _search(model, path, aim, seen.sightings) if seen.unsure else seen.sightings


def look(path: Path, aim: Aim) -> list[Sighting]:
    """The same by the model that is shipped."""
    return sight(_model(), path, aim)


def _glance(model: Model, path: Path, aim: Aim) -> Glance:
    with _opened(path, SIDE_PX) as photo:
        square = ImageOps.fit(photo, (SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
    guesses = model.head.best(model.chances([square]), 0, SUGGESTIONS, ROLES[aim])
    if guesses and guesses[0].sure:
        return Glance([_sighting(guesses[0], Decision.ITEM, aim)], unsure=False)
    best = guesses[0].confidence if guesses else 0.0
    likely = [guess for guess in guesses if guess.confidence >= FURTHER_LEAST] if best >= SUGGESTION_LEAST else []
    # The parts of a plate are ingredients, and naming them was wrong more often than right.
    unsure = best < ONE_LEAST and aim is not Aim.DISHES
    return Glance([_sighting(guess, Decision.SUGGESTION, aim) for guess in likely], unsure)


def _search(model: Model, path: Path, aim: Aim, suggested: list[Sighting]) -> list[Sighting]:
    with _opened(path, PARTS_PX) as photo:
        found = [_part(part, aim) for part in parts(photo, model)]
    return suggested if suggested and len(found) < SEVERAL else found


def _sighting(guess: Guess, decision: Decision, aim: Aim) -> Sighting:
    return Sighting(guess.food, _kind(guess.food, aim), round(guess.confidence, 3), decision, LineRule.WHOLE)


def _part(part: Part, aim: Aim) -> Sighting:
    confidence = round(part.guess.confidence, 3)
    return Sighting(
        part.guess.food, _kind(part.guess.food, aim), confidence, Decision.CONFIRM, LineRule.PARTS, part.box
    )


def _kind(food: str, aim: Aim) -> str:
    """What is either (a cake, say) is what was looked for."""
    role = names().roles[food]
    return "dish" if role is Role.DISH or (role is Role.EITHER and aim is Aim.DISHES) else "ingredient"


@contextmanager
def _opened(path: Path, shortest_px: int) -> Iterator[Image.Image]:
    """The photo as RGB, decoded no larger than its shorter side needs."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            scale = shortest_px / min(image.size)
            if scale < 1:
                image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
            ImageOps.exif_transpose(image, in_place=True)
            yield image if image.mode == "RGB" else image.convert("RGB")
    except UnidentifiedImageError as error:
        raise NotAnImage() from error
    except (OSError, SyntaxError, ValueError) as error:
        raise BrokenImage() from error


def _input(image: Image.Image) -> Floats:
    """(rgb - 127) / 128, channels first: turned round while it is bytes, which takes a sixth of the time."""
    values = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1)).astype(np.float32)
    values -= 127
    values *= 1 / 128
    return values[None]
