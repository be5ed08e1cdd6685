"""What the backbone says of photos, in as many processes as are asked for, kept in a cache folder."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

from scripts.training.photos import SIDE, Augmenter, Labelled, squared

CHUNK = 100
Progress = Callable[[str], None]


class Seen(NamedTuple):
    """Rows of features and logits, and for each the index of its photo."""

    features: np.ndarray
    logits: np.ndarray
    photo: np.ndarray


def as_input(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image, np.float32)
    return ((pixels - 127) / 128).transpose(2, 0, 1)[None]


def plain(photo: Labelled, _backgrounds: list[Path]) -> Iterator[Image.Image]:
    """The photo as the recogniser sees it, and mirrored."""
    image = squared(photo, SIDE)
    yield image
    yield ImageOps.mirror(image)


def augmented(photo: Labelled, backgrounds: list[Path]) -> Iterator[Image.Image]:
    yield from Augmenter(photo.path.name, backgrounds).variants(photo)


def _look(model: Path, photos: Sequence[Labelled], pictures: Callable[..., Iterator[Image.Image]],
          backgrounds: list[Path], first: int) -> Seen:  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rows, logits, index = [], [], []
    for number, photo in enumerate(photos, first):
        for image in pictures(photo, backgrounds):
            answer = session.run(["features", "logits"], {"x": as_input(image)})
            rows.append(answer[0][0])
            logits.append(answer[1][0])
            index.append(number)
    return Seen(np.float32(rows), np.float32(logits), np.array(index))


def features(model: Path, photos: Sequence[Labelled], pictures: Callable[..., Iterator[Image.Image]],
             backgrounds: list[Path], cache: Path, processes: int, progress: Progress) -> Seen:  # fmt: skip
    """`pictures` is `plain` or `augmented`."""
    kept = cache / f"{_key(model, photos, pictures.__name__, backgrounds)}.npz"
    if not kept.exists():
        chunks = range(0, len(photos), CHUNK)
        done: list[Seen] = []
        with ProcessPoolExecutor(processes) as pool:
            jobs = [pool.submit(_look, model, photos[at : at + CHUNK], pictures, backgrounds, at) for at in chunks]
            for job in jobs:
                done.append(job.result())
                progress(f"{pictures.__name__}: {min(len(done) * CHUNK, len(photos))} of {len(photos)} photos")
        np.savez(kept, *map(np.concatenate, zip(*done, strict=True)))
    with np.load(kept) as stored:
        return Seen(*(stored[name] for name in stored.files))


def _key(model: Path, photos: Sequence[Labelled], pictures: str, backgrounds: list[Path]) -> str:
    """The same for the same contents, wherever they lie."""
    digest = hashlib.sha256(model.read_bytes() + pictures.encode())
    for path in (*(photo.path for photo in photos), *backgrounds):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
