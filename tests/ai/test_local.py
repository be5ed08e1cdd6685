"""What the on-device recogniser says of photos, and when it keeps silent."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ai.head import Chances, load_head
from ai.local import look, warm
from ai.names import MODELS, Role, names
from zwai.errors import BrokenImage, NotAnImage, ZwaiError
from zwai.knowledge import catalogue
from zwai.records.photos import Aim, Decision
from zwai.records.stock import Kind

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "tests" / "photos"

SHOP_PHOTOS = {
    "avocado.jpg": "avocado",
    "carrots.jpg": "carrot",
    "onion.jpg": "onion",
    "tomato.jpg": "tomato",
    "zucchini.jpg": "zucchini",
    "palette.png": "orange_bell_pepper",
    "yoghurt.webp": "yogurt",
    "jpeg_named.png": "pineapple",
}


@pytest.fixture(scope="module")
def head():
    return load_head(MODELS, names())


@pytest.mark.parametrize(("photo", "food"), SHOP_PHOTOS.items())
def test_a_single_food_is_one_item(photo, food):
    (sighting,) = look(PHOTOS / photo, Aim.BOTH)
    assert (sighting.food, sighting.kind, sighting.decision) == (food, "ingredient", Decision.ITEM)
    assert 0.6 < sighting.confidence <= 1


def test_a_photo_is_one_item_or_up_to_three_suggestions_the_best_first():
    for photo in SHOP_PHOTOS | {"lemon.jpg": "", "mpo.jpg": "", "cmyk.jpg": "", "exif_rot_gps.jpg": ""}:
        sightings = look(PHOTOS / photo, Aim.INGREDIENTS)
        assert len(sightings) == 1 or {sighting.decision for sighting in sightings} == {Decision.SUGGESTION}
        assert len(sightings) <= 3
        assert [s.confidence for s in sightings] == sorted((s.confidence for s in sightings), reverse=True)


@pytest.mark.parametrize("aim", Aim)
@pytest.mark.parametrize("photo", ["cat.jpg", "1px.png"])
def test_a_photo_without_food_has_no_sightings(photo, aim):
    assert look(PHOTOS / photo, aim) == []


def test_parts_are_to_be_confirmed_and_say_where_they_are():
    sightings = look(PHOTOS / "fridge.jpg", Aim.INGREDIENTS)
    assert {sighting.decision for sighting in sightings} <= {Decision.CONFIRM}
    for sighting in sightings:
        assert sighting.box is not None
        assert 0 <= sighting.box.x_min < sighting.box.x_max <= 1
        assert 0 <= sighting.box.y_min < sighting.box.y_max <= 1
    assert len({sighting.food for sighting in sightings}) == len(sightings)


def test_the_parts_of_a_plate_are_not_named():
    assert all(sighting.box is None for sighting in look(PHOTOS / "pizza.jpg", Aim.DISHES))


def test_a_tomato_is_no_dish():
    assert look(PHOTOS / "tomato.jpg", Aim.DISHES) == []


@pytest.mark.parametrize(
    ("photo", "error"), [("text.jpg", NotAnImage), ("empty.jpg", NotAnImage), ("truncated.jpg", BrokenImage)]
)
def test_a_bad_file_is_refused_with_an_error_of_ours(photo, error):
    with pytest.raises(error) as caught:
        look(PHOTOS / photo, Aim.BOTH)
    assert isinstance(caught.value, ZwaiError)


@pytest.mark.parametrize("size", [(33, 1), (2000, 20), (20, 2000), (320, 320)])
def test_any_shape_is_looked_at(tmp_path, size):
    Image.new("RGB", size, (90, 120, 60)).save(tmp_path / "photo.png")
    assert all(sighting.decision is not Decision.ITEM for sighting in look(tmp_path / "photo.png", Aim.BOTH))


def test_every_name_that_can_be_given_is_in_the_catalogue():
    foods = catalogue.load()
    assert [food for food in names().roles if foods.food(food) is None] == []


def test_what_is_only_ever_a_dish_is_a_dish_of_the_catalogue():
    foods = catalogue.load()
    for food_id, role in names().roles.items():
        food = foods.food(food_id)
        assert food is not None
        assert (food.kind is Kind.DISH) == (role is Role.DISH), food_id


def test_every_class_of_the_head_has_a_row_in_the_table_of_names(head):
    assert set(head.classes) == set(names().head)


def chances_of(head, food, chance):
    """One picture that is past the gate: `food` at this chance, the rest shared by the others that the head knows."""
    known = {names().head[label].food or "" for label in head.classes} - {food}
    foods = np.array([[(1 - chance) / len(known) if each in known else 0 for each in head.foods]], np.float32)
    foods[0, head.foods.index(food)] = chance
    return Chances(foods, np.zeros((1, len(head.classes)), np.float32), np.ones(1, np.float32))


def test_a_food_that_only_imagenet_names_is_never_sure(head):
    (guess, *_) = head.best(chances_of(head, "broccoli", 0.99), 0, 3, tuple(Role))
    assert (guess.food, guess.sure) == ("broccoli", False)


def test_a_dish_is_never_sure(head):
    (guess, *_) = head.best(chances_of(head, "pizza", 0.99), 0, 3, tuple(Role))
    assert (guess.food, guess.sure) == ("pizza", False)


def test_a_trained_food_is_sure_when_its_chance_is_high(head):
    assert head.best(chances_of(head, "banana", 0.99), 0, 3, tuple(Role))[0].sure
    assert not head.best(chances_of(head, "banana", 0.5), 0, 3, tuple(Role))[0].sure


def test_three_guesses_come_best_first_and_only_the_first_can_be_sure(head):
    guesses = head.best(chances_of(head, "banana", 0.5), 0, 3, tuple(Role))
    assert len(guesses) == 3
    assert guesses[0].food == "banana"
    assert guesses[0].confidence > guesses[1].confidence >= guesses[2].confidence
    assert not any(guess.sure for guess in guesses)


def test_an_aim_leaves_out_foods_of_the_other_kind(head):
    guesses = head.best(chances_of(head, "pizza", 0.9), 0, 3, (Role.INGREDIENT,))
    assert guesses[0].food != "pizza"
    assert guesses[0].confidence < 0.1


def test_a_class_without_a_food_is_silence(head):
    assert head.best(chances_of(head, "", 0.9), 0, 3, tuple(Role)) == []


def test_below_the_gate_nothing_is_named(head):
    seen = chances_of(head, "banana", 0.99)
    assert head.best(Chances(seen.foods, seen.classes, np.full(1, -3, np.float32)), 0, 3, tuple(Role)) == []


def test_a_lone_banana_is_helped_by_the_name_that_imagenet_has_for_it(head):
    features = np.zeros((1, 1280), np.float32)
    without, with_it = np.zeros((2, 1, 1000), np.float32)
    with_it[0, 954] = 9
    banana = head.foods.index("banana")
    assert head.chances(features, with_it).foods[0, banana] > 5 * head.chances(features, without).foods[0, banana]


@pytest.mark.slow
def test_a_worker_that_has_looked_stays_under_120_mb():
    code = f"""
import sys
from pathlib import Path
import psutil
from ai.local import look, warm
from zwai.records.photos import Aim
warm()
for _ in range(3):
    for photo in ("tomato.jpg", "fridge.jpg"):
        look(Path({str(PHOTOS)!r}) / photo, Aim.BOTH)
assert not ({{"aiohttp", "sqlalchemy"}} & set(sys.modules))
print(psutil.Process().memory_info().rss)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 120_000_000


def test_warming_twice_costs_nothing():
    warm()
    warm()
