"""`zwai recogniser report`: how often the recogniser is right on a folder of labelled photos."""

import asyncio
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.gemini import fake_gemini
from tests.processes import zwai
from tests.service import PHOTOS

LABELS = "file,kind,labels\nonion.jpg,item,Onion;Yellow-Onion\ncat.jpg,nonfood,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("onion.jpg", "cat.jpg"):
        shutil.copyfile(PHOTOS / name, tmp_path / name)
    (tmp_path / "labels.csv").write_text(LABELS)
    return tmp_path


def test_the_counts_come_with_their_numbers_and_intervals(folder: Path):
    ended = zwai("recogniser", "report", folder, "--picture", folder / "curve.svg", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "100% of 1 (21-100)" in ended.stdout
    assert "vegetable" in ended.stdout
    header, item, nonfood = ended.stdout.splitlines()[2:5]
    assert len(header) == len(item) == len(nonfood)
    assert ElementTree.parse(folder / "curve.svg").getroot().tag.endswith("svg")


def test_machines_get_the_same_and_what_was_said_of_each_photo(folder: Path):
    [card] = json.loads(zwai("recogniser", "report", folder, "--json", cwd=folder).stdout)["cards"]
    assert (card["engine"], card["groups"][0]["group"]) == ("local", "item")
    assert card["groups"][0]["top_1"] == {"right": 1, "n": 1, "share": 1.0, "low": 0.2065, "high": 1.0}
    onion, cat = card["said"]
    assert (onion["expected"], onion["said"][0]["food"], cat["said"]) == ([["onion"]], "onion", [])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["empty"], "labels.csv"), (["missing"], "not a folder"), ([".", "--engine", "both"], "KEY")],
)
def test_what_cannot_be_judged_is_one_line(folder: Path, arguments: list[str], word: str):
    (folder / "empty").mkdir()
    ended = zwai("recogniser", "report", *arguments, cwd=folder)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert word in ended.stderr


async def test_gemini_is_asked_about_the_same_photos_and_what_it_cost_is_in_the_ledger(folder: Path):
    async with fake_gemini() as gemini:
        gemini.otherwise = {"ingredients": [item("onion"), item("tomato")], "foods": []}
        keys = {"gemini_api_key": "k" * 20, "gemini_url": gemini.url, "data_dir": folder / "data"}
        arguments = ("recogniser", "report", folder, "--engine", "both", "--json")
        ended = await asyncio.to_thread(zwai, *arguments, cwd=folder, **keys)
        usage = await asyncio.to_thread(zwai, "ai", "usage", "--json", cwd=folder, **keys)
    local, other = json.loads(ended.stdout)["cards"]
    assert (local["engine"], other["engine"]) == ("local", "gemini")
    assert (other["groups"][0]["confirm"]["right"], other["groups"][0]["confirm"]["n"]) == (1, 2)
    assert [one["calls"] for one in json.loads(usage.stdout)] == [2]


async def test_a_spent_budget_ends_the_report_in_one_line(folder: Path):
    async with fake_gemini() as gemini:
        keys = {"gemini_api_key": "k" * 20, "gemini_url": gemini.url, "data_dir": folder, "ai_household_a_day": 1}
        ended = await asyncio.to_thread(zwai, "recogniser", "report", folder, "--engine", "gemini", cwd=folder, **keys)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)


def item(name: str) -> dict[str, object]:
    return {"name": name, "quantity": 1, "unit": "piece", "confidence": 0.9}
