"""The labelled photos, and the changes that make a shop's photo look like one taken at home."""

import csv
import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from ai.names import Source, names

SIDE = 320  # what the recogniser sees of a whole photo
AUGMENTED_SIDE = 260  # smaller while training: half the time, and measured to be as good
CUT_OUT_ABOVE = 243  # grey levels: the white around iconic pictures and dishes
ICONIC_COPIES = 11
LEAST_CLASSES = 3
DISH_LOTS = 8  # two of them are never trained on


class Role(StrEnum):
    """What a photo is for: nothing is trained on those that calibrate or measure, nor calibrated on the latter."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    MEASURE = "measure"


class BadFolder(Exception):
    """A folder that cannot be trained on; the text says why."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One photo of a class of ai/models/names.csv. `cut_out`: on white."""

    path: Path
    role: Role
    coarse: str
    fine: str
    cut_out: bool
    copies: int = 3  # with other light and backgrounds
    dish: str = ""

    @property
    def source(self) -> Source:
        return names().head[self.fine].source


def labelled(folders: Sequence[Path]) -> list[Labelled]:
    """The photos of folders, or of the folders in them, by their labels.csv. Raises BadFolder."""
    tables = [
        table for folder in folders for table in sorted({*folder.glob("labels.csv"), *folder.glob("*/labels.csv")})
    ]
    if not tables:
        raise BadFolder(f"no labels.csv in {', '.join(map(str, folders))}, nor in a folder there.")
    photos = _kept_whole([photo for table in tables for photo in _listed(table)])
    unknown = sorted({photo.fine for photo in photos} - set(names().head))
    if unknown:
        raise BadFolder(f"ai/models/names.csv says of no food what these are: {', '.join(unknown)}.")
    if len({photo.fine for photo in photos if photo.role is Role.TRAIN}) < LEAST_CLASSES:
        raise BadFolder(f"at least {LEAST_CLASSES} classes are needed to train by.")
    for role in Role:
        if not any(photo.role is role for photo in photos):
            raise BadFolder(f"no photo is left to {role} by: rows of split val, or more dishes, are needed.")
    return photos


def _kept_whole(photos: list[Labelled]) -> list[Labelled]:
    """All are trained on, where a class has so few dishes that none might be left."""
    dishes: dict[str, set[str]] = defaultdict(set)
    for photo in photos:
        dishes[photo.fine].add(photo.dish)
    small = {fine for fine, known in dishes.items() if "" not in known and len(known) < DISH_LOTS}
    return [replace(photo, role=Role.TRAIN) if photo.fine in small else photo for photo in photos]


def _listed(table: Path) -> Iterator[Labelled]:
    """Columns file, split (train, iconic or val), coarse, fine; or file, category, dish."""
    try:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield _dish(table.parent, row) if "dish" in row else _grocery(table.parent, row)
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise BadFolder(f"{table} has neither columns file, split, coarse, fine nor file, category, dish.") from error


def _grocery(folder: Path, row: dict[str, str]) -> Labelled:
    split = row["split"]
    role = (Role.CALIBRATE, Role.MEASURE)[_lot(row["file"], 2)] if split == "val" else Role.TRAIN
    copies = ICONIC_COPIES if split == "iconic" else 3
    return Labelled(folder / row["file"], role, row["coarse"], row["fine"], split == "iconic", copies)


def _dish(folder: Path, row: dict[str, str]) -> Labelled:
    """Photos of one dish show the same plate, so all have one role."""
    role = {0: Role.CALIBRATE, 1: Role.MEASURE}.get(_lot(row["dish"], DISH_LOTS), Role.TRAIN)
    return Labelled(folder / row["file"], role, row["category"], row["category"], cut_out=True, dish=row["dish"])


def _lot(name: str, lots: int) -> int:
    """By its name alone: a photo keeps its role for ever, whatever else comes into the folder."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) % lots


def opened(path: Path) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def squared(photo: Labelled, side: int) -> Image.Image:
    """A cut-out is padded with its own white; anything else is cropped at its centre."""
    image = opened(photo.path)
    if photo.cut_out:
        return ImageOps.pad(image, (side, side), color=(255, 255, 255))
    return ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)


@lru_cache(maxsize=200)
def _blurred(path: Path) -> Image.Image:
    fitted = ImageOps.fit(opened(path), (AUGMENTED_SIDE, AUGMENTED_SIDE))
    return fitted.filter(ImageFilter.GaussianBlur(18))


class Augmenter:
    """Close crops, few pixels, bad light, other backgrounds. The same seed gives the same pictures."""

    def __init__(self, seed: str, backgrounds: list[Path]) -> None:
        self.random = random.Random(seed)
        self.noise = np.random.default_rng(self.random.randrange(1 << 30))
        self.backgrounds = backgrounds

    def variants(self, photo: Labelled) -> Iterator[Image.Image]:
        if photo.cut_out:
            yield from self._of_cut_out(photo)
            return
        image = opened(photo.path)
        yield self._mirrored(self._light(self._crop(image, 0.06, 0.5)))
        yield self._mirrored(self._coarse(self._light(self._crop(image, 0.15, 1))))
        yield self._mirrored(self._light(self._pasted(self._crop(image, 0.1, 0.8), self._ellipse())))

    def _of_cut_out(self, photo: Labelled) -> Iterator[Image.Image]:
        square = squared(photo, AUGMENTED_SIDE)
        darkest = np.asarray(square, np.int16).min(2)
        mask = Image.fromarray(((darkest < CUT_OUT_ABOVE) * 255).astype(np.uint8)).filter(ImageFilter.MedianFilter(5))
        for _ in range(photo.copies):
            image = self._light(self._pasted(square, mask))
            yield self._mirrored(self._coarse(image) if self.random.random() < 0.5 else image)

    def _mirrored(self, image: Image.Image) -> Image.Image:
        return ImageOps.mirror(image) if self.random.random() < 0.5 else image

    def _light(self, image: Image.Image) -> Image.Image:
        draw = self.random.uniform
        image = ImageEnhance.Brightness(image).enhance(draw(0.45, 1.3))
        image = ImageEnhance.Contrast(image).enhance(draw(0.6, 1.3))
        image = ImageEnhance.Color(image).enhance(draw(0.6, 1.3))
        warmed = np.asarray(image, np.float32) * np.float32([draw(0.9, 1.15), 1, draw(0.6, 1.1)])
        return Image.fromarray(warmed.clip(0, 255).astype(np.uint8))

    def _coarse(self, image: Image.Image) -> Image.Image:
        """As few pixels as a thing at the back of a fridge has."""
        small = self.random.randint(36, 130)
        return image.resize((small, small), Image.Resampling.BILINEAR).resize(image.size, Image.Resampling.BICUBIC)

    def _crop(self, image: Image.Image, least: float, most: float) -> Image.Image:
        side = int(min(image.size) * self.random.uniform(least, most) ** 0.5)
        x, y = self.random.randint(0, image.width - side), self.random.randint(0, image.height - side)
        box = (x, y, x + side, y + side)
        return image.crop(box).resize((AUGMENTED_SIDE, AUGMENTED_SIDE), Image.Resampling.BICUBIC)

    def _ellipse(self) -> Image.Image:
        side = AUGMENTED_SIDE
        mask = Image.new("L", (side, side), 0)
        box = (4, side * self.random.uniform(0.02, 0.2), side - 4, side * self.random.uniform(0.8, 0.98))
        ImageDraw.Draw(mask).ellipse(box, fill=255)
        return mask.filter(ImageFilter.GaussianBlur(4))

    def _pasted(self, image: Image.Image, mask: Image.Image) -> Image.Image:
        back = self._background().copy()
        side = int(AUGMENTED_SIDE * self.random.uniform(0.45, 0.95))
        at = (self.random.randint(0, AUGMENTED_SIDE - side), self.random.randint(0, AUGMENTED_SIDE - side))
        back.paste(image.resize((side, side)), at, mask.resize((side, side)))
        return back

    def _background(self) -> Image.Image:
        """A blurred shop (colours without content), or a plain wall, unevenly lit."""
        draw, side = self.random.uniform, AUGMENTED_SIDE
        if self.random.random() < 0.35 and self.backgrounds:
            return _blurred(self.random.choice(self.backgrounds))
        colour = draw(0, 255) * np.float32([draw(0.8, 1), draw(0.75, 1), draw(0.6, 1)])
        fall = np.linspace(draw(0.5, 1), draw(0.5, 1.1), side)[:, None, None]
        grain = self.noise.normal(0, draw(0, 12), (side, side, 1))
        return Image.fromarray((colour * fall * np.ones((side, side, 1)) + grain).clip(0, 255).astype(np.uint8))
