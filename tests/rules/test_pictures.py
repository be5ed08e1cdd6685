"""How alike two names are: what may be shown for what."""

import pytest

from zwai.kitchen.pictures import ALIKE, SURE, likeness, ranked
from zwai.records.people import Language
from zwai.records.photos import PhotoId
from zwai.records.pictures import Picture


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Limón", "limon"),  # accents and case
        ("limones", "Limón"),  # plural
        ("palta", "aguacate"),  # the same food
        ("Milk", "leche"),  # in two languages
    ],
)
def test_names_of_the_same_are_sure(one: str, other: str) -> None:
    assert likeness(one, other, Language.ES) >= SURE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("leche", "leche de coco"),  # a longer name may be another food
        ("guiso de la abuela", "guiso de la abuelita"),  # letters of a name of one's own
    ],
)
def test_names_that_are_like_one_another_are_offered(one: str, other: str) -> None:
    assert likeness(one, other, Language.ES) >= ALIKE
    assert likeness(one, other, Language.ES) == likeness(other, one, Language.ES)


@pytest.mark.parametrize(
    ("one", "other"), [("limón", "melón"), ("pato", "gato"), ("leche", "detergente"), ("sal", "salmón")]
)
def test_other_names_are_not(one: str, other: str) -> None:
    assert likeness(one, other, Language.ES) < ALIKE


def test_of_one_photo_the_best_name_counts_and_the_best_photo_is_first() -> None:
    photos = [PhotoId("a" * 32), PhotoId("b" * 32)]
    known = [
        Picture("leche de coco", photos[0], "food"),
        Picture("Leche", photos[1], "food"),
        Picture("leche", photos[0], "food"),
        Picture("pan", photos[1], "food"),
    ]
    found = ranked("leche", known, Language.ES)
    assert [(one.picture.photo, one.score) for one in found] == [(photos[1], 1.0), (photos[0], 1.0)]
