"""The report card: what counts as right, and how it is shown."""

import json
import shutil
from pathlib import Path

import pytest

from ai.local import look
from ai.report import Share, report
from zwai.records.photos import Aim, Decision, Sighting

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
    (card,) = report(folder(f"item,{label}"), sees(food), silent).cards
    assert (card.items_right, card.items_wrong) == ((1, 0) if right else (0, 1))


def test_each_kind_is_counted_by_itself(folder):
    cards = report(folder("item,Tomato;", "item,Lemon;", "nonfood,"), sees("tomato"), silent).cards
    assert [(c.kind, c.photos, c.answered, c.items_right, c.items_wrong) for c in cards] == [
        ("item", 2, 2, 1, 1),
        ("nonfood", 1, 1, 0, 1),
    ]


def test_suggestions_count_by_photo_and_parts_by_name(folder):
    labels = "multi,Tomato;|Lemon;"
    (card,) = report(folder(labels), sees("tomato", "lime", decision=Decision.SUGGESTION), silent).cards
    assert (card.answered, card.suggested, card.suggested_right) == (0, 1, 1)
    (card,) = report(folder(labels), sees("tomato", "lime", decision=Decision.CONFIRM), silent).cards
    assert (card.parts_right, card.parts_wrong) == (1, 1)


def test_a_photo_that_cannot_be_read_is_counted_and_the_rest_goes_on(folder):
    photos = folder("item,Tomato;", "item,Tomato;")
    (photos / "0.jpg").write_bytes(b"not a photo")
    (card,) = report(photos, sees("tomato"), silent).cards
    assert (card.photos, card.unreadable, card.answered) == (2, 1, 1)
    assert card.coverage == Share(1, 1)


def test_a_label_that_is_no_food_is_told(folder):
    card = report(folder("item,Xyzzyx;"), sees(), silent)
    assert card.unknown_labels == ("Xyzzyx",)
    assert "Xyzzyx" in card.table()


def test_folders_named_by_label_are_read_too(tmp_path):
    for name in ("Tomato", "nonfood"):
        (tmp_path / name).mkdir()
        shutil.copyfile(PHOTOS / "tomato.jpg", tmp_path / name / "1.jpg")
    cards = report(tmp_path, sees("tomato"), silent).cards
    assert {(card.kind, card.items_right, card.items_wrong) for card in cards} == {("item", 1, 0), ("nonfood", 0, 1)}


def test_the_table_is_aligned_and_the_dictionary_is_json(folder):
    card = report(folder("item,Tomato;", "nonfood,"), sees("tomato"), silent)
    header, item, nonfood, *_ = card.table().splitlines()
    assert len(header) == len(item) == len(nonfood)
    assert "100% (21%-100%)" in item
    assert json.loads(json.dumps(card.as_dict()))["kinds"]["item"]["right"] == 1


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 0, 0, 1), (18, 20, 0.699, 0.972), (0, 10, 0, 0.278), (10, 10, 0.722, 1)],  # by Wilson's formula, by hand
)
def test_the_interval_is_wilsons(part, whole, low, high):
    assert Share(part, whole).interval == pytest.approx((low, high), abs=0.001)


def test_the_real_recogniser_names_an_onion(tmp_path):
    (tmp_path / "Onion").mkdir()
    shutil.copyfile(PHOTOS / "onion.jpg", tmp_path / "Onion" / "1.jpg")
    (card,) = report(tmp_path, look, silent).cards
    assert (card.items_right, card.items_wrong) == (1, 0)
