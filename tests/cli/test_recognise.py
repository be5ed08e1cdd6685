"""`zwai recognise`: what is in photos, for people and for machines."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.processes import zwai
from tests.service import PHOTOS


def recognised(*arguments: object, cwd: Path) -> tuple[int, list[dict[str, Any]]]:
    ended = zwai("recognise", "--json", *arguments, cwd=cwd)
    assert ended.stderr == ""
    return ended.returncode, json.loads(ended.stdout)


def test_a_photo_gives_its_food_with_place_date_and_source(tmp_path: Path):
    code, [photo] = recognised(PHOTOS / "avocado.jpg", cwd=tmp_path)
    assert code == 0
    assert (photo["photo"], photo["error"]) == (str(PHOTOS / "avocado.jpg"), None)
    [item] = photo["items"]
    assert (item["food"], item["name"], item["name_en"], item["decision"]) == ("avocado", "palta", "avocado", "item")
    assert 0.6 < item["confidence"] <= 1
    assert (item["quantity"], item["unit"], item["storage"]) == (1, "unidades", "despensa")
    assert date.fromisoformat(item["expires"])
    assert item["expiry_source"] in ("table", "assumed")
    assert item["expiry_reference"]


def test_an_unsure_photo_gives_suggestions_best_first(tmp_path: Path):
    _, [photo] = recognised(PHOTOS / "two.jpg", cwd=tmp_path)
    assert {item["decision"] for item in photo["items"]} == {"suggestion"}
    chances = [item["confidence"] for item in photo["items"]]
    assert chances == sorted(chances, reverse=True)


def test_a_photo_without_food_is_an_empty_list_and_no_failure(tmp_path: Path):
    code, [photo] = recognised(PHOTOS / "cat.jpg", cwd=tmp_path)
    assert (code, photo["error"], photo["items"]) == (0, None, [])


def test_a_photo_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path):
    bad = [PHOTOS / "truncated.jpg", PHOTOS / "text.jpg", PHOTOS / "empty.jpg", "missing.jpg", tmp_path]
    code, photos = recognised(*bad, PHOTOS / "avocado.jpg", "--language", "en", cwd=tmp_path)
    assert code == 0
    assert [photo["error"] for photo in photos] == [
        "The photo is damaged or incomplete. Take it or send it again.",
        "That file is not a photo that we can read. Use JPEG, PNG, WebP or HEIC.",
        "The file is empty. Choose another photo.",
        "There is no such file.",
        "That is not a photo file.",
        None,
    ]
    assert [bool(photo["items"]) for photo in photos] == [False] * 5 + [True]


def test_when_no_photo_can_be_read_the_exit_code_says_so(tmp_path: Path):
    code, [photo] = recognised("missing.jpg", cwd=tmp_path)
    assert code == 1
    assert photo == {"photo": "missing.jpg", "error": "No existe ese archivo.", "items": []}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_photo_that_may_not_be_read_is_told(tmp_path: Path):
    (tmp_path / "mine.jpg").write_bytes((PHOTOS / "avocado.jpg").read_bytes())
    (tmp_path / "mine.jpg").chmod(0)
    code, [photo] = recognised("mine.jpg", cwd=tmp_path)
    assert (code, photo["error"]) == (1, "No se puede abrir. (Permission denied)")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.jpg")
    code, [photo] = recognised("pipe.jpg", cwd=tmp_path)
    assert (code, photo["error"]) == (1, "No es un archivo de foto.")


def test_the_table_is_aligned_and_fits_the_width(tmp_path: Path):
    photos = [PHOTOS / name for name in ("avocado.jpg", "two.jpg", "cat.jpg")]
    ended = zwai("recognise", "--language", "en", *photos, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    heading, avocado, *_, cat = lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    columns = {word: heading.index(word) for word in heading.split()}
    assert list(columns) == ["photo", "item", "confidence", "quantity", "storage", "expires", "source"]
    assert avocado[columns["item"] :].startswith("avocado ")
    assert avocado[columns["storage"] :].startswith("pantry ")
    assert cat.split("  ")[0] == "cat.jpg"
    assert "I don't know" in cat


def test_what_cannot_be_read_stays_out_of_the_table(tmp_path: Path):
    ended = zwai("recognise", "--language", "en", PHOTOS / "avocado.jpg", "missing.jpg", cwd=tmp_path)
    assert ended.stderr == "zwai: missing.jpg: There is no such file.\n"
    assert "missing" not in ended.stdout


def test_a_report_needs_a_folder(tmp_path: Path):
    ended = zwai("recogniser", "report", "missing", cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "zwai: missing is not a folder.\n")
