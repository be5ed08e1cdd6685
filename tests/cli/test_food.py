"""`zwai food`: what is known of a food and according to whom, for people and for machines."""

import json
from pathlib import Path

import pytest

from tests.processes import zwai


@pytest.mark.parametrize(("language", "name", "opened"), [("es", "leche fresca", "abierto"), ("en", "milk", "opened")])
def test_an_entry_is_a_table_with_its_sources(tmp_path: Path, language: str, name: str, opened: str):
    ended = zwai("food", "leche", "--language", language, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"{name} (milk, dairy; 1.00 exact)\n")
    for told in (opened, "USDA SR 01211", "Poore & Nemecek 2018, Milk", "USDA FoodKeeper", "assumed: "):
        assert told in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 120


def test_several_words_need_no_quotes_and_the_next_best_are_named(tmp_path: Path):
    ended = zwai("food", "leche", "de", "avellanas", cwd=tmp_path)
    assert ended.returncode == 0
    assert "near)" in ended.stdout.splitlines()[0]
    assert "También: " in ended.stdout


def test_machines_get_a_list_best_first(tmp_path: Path):
    ended = zwai("food", "--json", "queso", cwd=tmp_path)
    found = json.loads(ended.stdout)
    assert (ended.returncode, found[0]["id"], found[0]["score"]) == (0, "cheese", 1.0)
    assert all(len(row) == 3 and all(row) for food in found for row in food["rows"])


def test_what_is_near_nothing_is_one_line(tmp_path: Path):
    ended = zwai("food", "xyzzy", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "zwai: nothing in the catalogue is near 'xyzzy'.\n"
    ended = zwai("food", "--json", "xyzzy", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "[]\n")
