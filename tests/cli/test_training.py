"""`scripts/train`: the same photos make the same model, and no worse one takes its place."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from tests.processes import ROOT
from tests.service import PHOTOS

pytestmark = pytest.mark.slow

CLASSES = {"Avocado": "avocado.jpg", "Carrots": "carrots.jpg", "Vine-Tomato": "tomato.jpg", "Zucchini": "zucchini.jpg"}
OTHER = {"Avocado": "Carrots", "Carrots": "Vine-Tomato", "Vine-Tomato": "Zucchini", "Zucchini": "Avocado"}
EACH = 3  # photos of a class and split
WRITTEN = ["backbone.onnx", "head.json", "head.npz", "report.json"]

Folder = Callable[..., Path]


def train(*arguments: object, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.training", *map(str, arguments), "--out", str(out), "--processes", "1"]
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=os.environ | threads, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Makes a folder of a few photos, named as `called` says in its rows to train by."""
    root = tmp_path_factory.mktemp("photos")
    rows = []
    for name, photo in CLASSES.items():
        with Image.open(PHOTOS / photo) as image:
            for split in ("train", "val"):
                for number in range(EACH):
                    file = f"{split}-{name}-{number}.jpg"
                    light = 0.7 + 0.15 * number + (split == "val") * 0.05
                    ImageEnhance.Brightness(image.convert("RGB")).enhance(light).save(root / file)
                    rows.append({"file": file, "split": split, "coarse": name, "fine": name})

    def make(called: Callable[[str], str] = str, without: str = "") -> Path:
        with (root / "labels.csv").open("w", newline="") as table:
            writer = csv.DictWriter(table, ["file", "split", "coarse", "fine"])
            writer.writeheader()
            for row in rows:
                if row["fine"] != without:
                    writer.writerow(row | {"fine": called(row["fine"]) if row["split"] == "train" else row["fine"]})
        return root

    return make


@pytest.fixture(scope="module")
def model(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    ended = train(folder(), "--cache", out.parent / "cache", out=out)
    assert ended.returncode == 0, ended.stderr
    return out


def contents(model: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(model.iterdir())}


def test_the_same_photos_make_the_same_bytes_and_may_replace_themselves(model: Path, folder: Folder):
    before = contents(model)
    assert list(before) == WRITTEN
    before.pop("report.json")  # tells the day
    ended = train(folder(), out=model)  # everything is computed anew
    assert ended.returncode == 0, ended.stderr
    assert contents(model).items() >= before.items()


def test_a_worse_model_is_refused_and_no_file_is_touched(model: Path, folder: Folder):
    before = contents(model)
    ended = train(folder(called=OTHER.__getitem__), "--cache", model.parent / "cache", out=model)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "stays: of the pictures never trained on it names 0.9" in ended.stderr
    assert contents(model) == before


def test_a_model_that_no_longer_knows_a_food_is_refused(model: Path, folder: Folder):
    before = contents(model)
    ended = train(folder(without="Vine-Tomato"), "--cache", model.parent / "cache", out=model)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "no longer know tomato" in ended.stderr
    assert contents(model) == before


def test_what_cannot_be_trained_on_is_one_line(folder: Folder, tmp_path: Path):
    for arguments, word in (([tmp_path], "labels.csv"), ([folder(called="X-{}".format)], "X-Avocado")):
        ended = train(*arguments, out=tmp_path / "out")
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert word in ended.stderr
    assert not (tmp_path / "out").exists()
