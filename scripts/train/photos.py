"""The labelled photos, and the changes that make a shop's photo look like one taken at home."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

SIDE = 320  # what the recogniser sees of a whole photo
AUGMENTED_SIDE = 260  # smaller while training: half the time, and measured to be as good
CUT_OUT_ABOVE = 243  # grey levels: the white around iconic pictures and dishes
ICONIC_COPIES = 11


@dataclass(frozen=True, slots=True)
class Labelled:
    """One photo. `group`: photos of one group are never split between training and measuring."""

    path: Path
    split: str
    coarse: str
    fine: str
    group: str

    @property
    def cut_out(self) -> bool:
        return self.split in ("iconic", "dish")


def groceries(folder: Path) -> list[Labelled]:
    """labels.csv: file, split (train, val or iconic), coarse, fine."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return [Labelled(folder / row["file"], row["split"], row["coarse"], row["fine"], row["file"])
                for row in csv.DictReader(file)]  # fmt: skip


def dishes(folder: Path) -> list[Labelled]:
    """labels.csv: file, category, dish. A dish's photos show the same plate, so they are one group."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return [Labelled(folder / row["file"], "dish", row["category"], row["category"], row["dish"])
                for row in csv.DictReader(file)]  # fmt: skip


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
        for _ in range(ICONIC_COPIES if photo.split == "iconic" else 3):
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
        if self.random.random() < 0.35:
            return _blurred(self.random.choice(self.backgrounds))
        colour = draw(0, 255) * np.float32([draw(0.8, 1), draw(0.75, 1), draw(0.6, 1)])
        fall = np.linspace(draw(0.5, 1), draw(0.5, 1.1), side)[:, None, None]
        grain = self.noise.normal(0, draw(0, 12), (side, side, 1))
        return Image.fromarray((colour * fall * np.ones((side, side, 1)) + grain).clip(0, 255).astype(np.uint8))
