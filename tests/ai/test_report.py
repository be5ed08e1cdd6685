"""The report card: what counts as right, and how it is shown."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from ai.labelled import BadLabels, labelled
from ai.local import look
from ai.report import card, report
from zwai.records.photos import Aim, Decision, Engine, Sighting
from zwai.records.report import Bin, Share, card_from

PHOTOS = Path(__file__).parents[1] / "photos"
HEADER = "file,kind,labels\n"


def silent(done: int, total: int) -> None:
    assert 0 < done <= total


def sees(*foods: str, decision: Decision = Decision.ITEM):
    """A look-function that always says the same."""

    def look(path: Path, aim: Aim) -> list[Sighting]:
        assert path.exists()
        return [Sighting(food, "ingredient", 0.9, decision, "whole") for food in foods]

    return look


def counted(folder: Path, look):
    return card(Engine.LOCAL, "a folder", date(2026, 3, 1), report(labelled(folder), look, silent))


@pytest.fixture
def folder(tmp_path):
    """Makes a folder of copies of one photo with these rows of labels.csv: kind,labels."""

    def make(*rows: str) -> Path:
        lines = []
        for number, row in enumerate(rows):
            shutil.copyfile(PHOTOS / "tomato.jpg", tmp_path / f"{number}.jpg")
            lines.append(f"{number}.jpg,{row}\n")
        (tmp_path / "labels.csv").write_text(HEADER + "".join(lines))
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("label", "food", "right"),
    [
        ("Avocado;Avocado", "avocado", True),
        ("Aubergine;Aubergine", "eggplant", True),  # by the table, where the catalogue's id is another word
        ("Pepper;Orange-Bell-Pepper", "bell_pepper", True),  # the general food
        ("Pepper;Orange-Bell-Pepper", "orange_bell_pepper", True),  # and the variety
        ("Pepper;Orange-Bell-Pepper", "green_bell_pepper", False),
        ("Potato;Sweet-Potato", "potato", False),  # filed as another food
        ("Pizza;Pizza Diavola", "pizza", True),  # a dish of an unknown name counts by its category
        ("green_beans;", "green_beans", True),  # by the catalogue
        ("mushrooms;", "mushroom", True),
        ("Avocado;Avocado", "tomato", False),
    ],
)
def test_a_name_is_right_when_its_label_means_that_food(folder, label, food, right):
    tally = counted(folder(f"item,{label}"), sees(food)).kinds["item"]
    assert tally.sure == tally.first == tally.found == Share(int(right), 1)


def test_each_kind_is_counted_by_itself(folder):
    kinds = counted(folder("item,Tomato;", "item,Lemon;", "nonfood,"), sees("tomato")).kinds
    assert {kind: (tally.photos, tally.sure) for kind, tally in kinds.items()} == {
        "item": (2, Share(1, 2)),
        "nonfood": (1, Share(0, 1)),
    }


def test_a_category_counts_what_is_there_and_what_was_said_to_be(folder):
    categories = counted(folder("item,Tomato;", "item,Lemon;"), sees("tomato")).categories
    assert {name: (tally.sure, tally.found, tally.first) for name, tally in categories.items()} == {
        "vegetable": (Share(1, 2), Share(1, 1), Share(1, 1)),  # the lemon was said to be a vegetable too
        "fruit": (Share(0, 0), Share(0, 1), Share(0, 1)),
    }


def test_suggestions_find_nothing_and_names_to_confirm_do(folder):
    labels = "multi,Tomato;|Lemon;"
    tally = counted(folder(labels), sees("lime", "tomato", decision=Decision.SUGGESTION)).kinds["multi"]
    assert (tally.sure, tally.confirm, tally.found) == (Share(), Share(), Share(0, 2))
    assert (tally.first, tally.three) == (Share(0, 1), Share(1, 1))
    tally = counted(folder(labels), sees("tomato", "lime", decision=Decision.CONFIRM)).kinds["multi"]
    assert (tally.confirm, tally.found) == (Share(1, 2), Share(1, 2))


def test_a_photo_that_cannot_be_read_is_counted_and_the_rest_goes_on(folder):
    photos = folder("item,Tomato;", "item,Tomato;")
    (photos / "0.jpg").write_bytes(b"not a photo")
    tally = counted(photos, sees("tomato")).kinds["item"]
    assert (tally.photos, tally.unreadable, tally.first) == (2, 1, Share(1, 1))


def test_a_label_that_is_no_food_is_told(folder):
    (photo,) = labelled(folder("item,Xyzzyx;"))
    assert (photo.truth, photo.unknown) == ((frozenset(),), ("Xyzzyx",))


def test_folders_named_by_label_are_read_too(tmp_path):
    for name in ("Tomato", "nonfood"):
        (tmp_path / name).mkdir()
        shutil.copyfile(PHOTOS / "tomato.jpg", tmp_path / name / "1.jpg")
    kinds = counted(tmp_path, sees("tomato")).kinds
    assert {kind: tally.sure for kind, tally in kinds.items()} == {"item": Share(1, 1), "nonfood": Share(0, 1)}


def test_a_bin_holds_names_of_a_like_confidence_but_no_further_suggestions(folder):
    photos = folder("item,Tomato;", "item,Lemon;")
    assert counted(photos, sees("tomato")).bins == (Bin(0.9, Share(1, 2)),)
    assert counted(photos, sees("lime", "tomato", decision=Decision.SUGGESTION)).bins == (Bin(0.9, Share(0, 2)),)


def test_a_card_is_read_again_as_it_was_told(folder):
    card = counted(folder("item,Tomato;", "multi,Tomato;|Lemon;", "nonfood,"), sees("tomato"))
    assert card_from(json.loads(json.dumps(card.told()))) == card


@pytest.mark.parametrize("table", ["file,labels\n", "\xff", "file,kind,labels\n"])
def test_a_table_without_what_it_needs_is_told_of(tmp_path, table):
    (tmp_path / "labels.csv").write_bytes(table.encode("latin-1") + b"1.jpg,Tomato;\n" * (table != HEADER))
    with pytest.raises(BadLabels, match="labels"):
        labelled(tmp_path)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 0, 0, 1), (18, 20, 0.699, 0.972), (0, 10, 0, 0.278), (10, 10, 0.722, 1)],  # by Wilson's formula, by hand
)
def test_the_interval_is_wilsons(part, whole, low, high):
    assert Share(part, whole).interval == pytest.approx((low, high), abs=0.001)


def test_the_real_recogniser_names_an_onion(tmp_path):
    (tmp_path / "Onion").mkdir()
    shutil.copyfile(PHOTOS / "onion.jpg", tmp_path / "Onion" / "1.jpg")
    assert counted(tmp_path, look).kinds["item"].sure == Share(1, 1)
