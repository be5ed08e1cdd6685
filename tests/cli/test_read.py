"""What `zwai read` says of receipts and date labels, with the models that it ships with."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.processes import COMMAND, ROOT, environment, zwai

PHOTOS = ROOT / "tests" / "photos"


@pytest.mark.slow
def test_a_receipt_and_labels_are_read(tmp_path: Path):
    photos = ("receipt_es.jpg", "receipt_en.jpg", "label_fv.jpg", "label_bb.jpg")
    ended = zwai("read", "--json", *(str(PHOTOS / photo) for photo in photos), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    spanish, english, use_by, best_before = json.loads(ended.stdout)
    for photo, shop, lines in ((spanish, "SUPERMERCADO EL TAMBO", 9), (english, "GREEN VALLEY MARKET", 8)):
        receipt = photo["receipt"]
        assert (receipt["shop"], receipt["bought_on"], receipt["difference"]) == (shop, "2026-11-14", "0.00")
        assert len(receipt["lines"]) == lines
        assert all(line["food"] for line in receipt["lines"])
    assert [(one["dates"][0]["day"], one["dates"][0]["kind"]) for one in (use_by, best_before)] == [
        ("2027-02-12", "use_by"), ("2027-01-15", "best_before"),
    ]  # fmt: skip


@pytest.mark.slow
def test_people_get_words(tmp_path: Path):
    ended = zwai("read", str(PHOTOS / "receipt_es.jpg"), cwd=tmp_path)
    assert "LECHE ENTERA      leche fresca      2 litros         9.80" in ended.stdout
    assert ended.stdout.endswith("total: 80.22\ndiferencia: 0.00\n")
    ended = zwai("read", "--language", "en", str(PHOTOS / "label_fv.jpg"), cwd=tmp_path)
    assert ended.stdout == "use by: 2027-02-12 (or 2027-12-02)  «F.V. 12/02/27»\n"


def test_without_the_extra_it_says_what_to_install(tmp_path: Path):
    program = "import sys; sys.modules['rapidocr'] = None; import zwai.cli; zwai.cli.main(sys.argv[1:])"
    ended = subprocess.run(
        [COMMAND[0], "-c", program, "read", str(PHOTOS / "label_fv.jpg")],
        cwd=tmp_path, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("zwai: This service reads no text: whoever runs it must install zwai[ocr].")
    assert len(ended.stderr.splitlines()) == 1


def test_what_is_no_photo_is_one_line(tmp_path: Path):
    ended = zwai("read", str(PHOTOS / "text.jpg"), cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1
    assert "text.jpg" in ended.stderr
    assert zwai("read", "nothing.jpg", cwd=tmp_path).returncode == 1
