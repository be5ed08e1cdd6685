"""Cards: the drawn pictures of names."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ai.cards import LOOKS, PIXELS, SIZES, WIDEST, _width, draw, laid_out, shown, svg
from zwai.knowledge import catalogue
from zwai.records.people import Language
from zwai.records.pictures import OTHER, Card

SVG = "{http://www.w3.org/2000/svg}"
FOODS = list(catalogue.load().foods.values())


def drawn(tmp_path: Path, name: str, category: str = "fruit") -> bytes:
    draw(Card(name, category), tmp_path / "card.png")
    return (tmp_path / "card.png").read_bytes()


def words_of(drawing: str) -> str:
    return " ".join(text.text or "" for text in ElementTree.fromstring(drawing).iter(f"{SVG}text"))


def test_a_card_is_a_picture_and_always_the_same_one(tmp_path: Path) -> None:
    first = drawn(tmp_path, "manzana")
    assert drawn(tmp_path, "manzana") == first
    with Image.open(tmp_path / "card.png") as image:
        assert (image.format, image.size) == ("PNG", (PIXELS, PIXELS))
    assert len(first) < 40_000
    assert [file.name for file in tmp_path.iterdir()] == ["card.png"]


def test_another_name_or_category_is_another_picture(tmp_path: Path) -> None:
    cards = [("manzana", "fruit"), ("pera", "fruit"), ("manzana", "sweet"), ("牛乳", "fruit"), ("año", "fruit")]
    assert len({drawn(tmp_path, *card) for card in [*cards, ("ano", "fruit")]}) == 6


def test_every_category_of_the_catalogue_has_a_look_of_its_own() -> None:
    assert {food.category for food in FOODS} | {OTHER} == set(LOOKS)
    assert len({look[1:] for look in LOOKS.values()}) == len(LOOKS)
    assert svg(Card("x", "from the future")) == svg(Card("x", OTHER))


def test_every_name_of_the_catalogue_is_shown_whole() -> None:
    for food in FOODS:
        for name in (food.name(Language.ES), food.name(Language.EN)):
            size, lines = laid_out(shown(name))
            assert " ".join(lines).casefold() == name.casefold()
            assert size >= 42


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ñuñá", "Ñuñá"),
        ("pin\u0303a colada", "Piña colada"),
        ("🍎 manzana", "Manzana"),
        ("牛乳 leche", "Leche"),
        ("молоко 3,2 %", "Молоко 3,2 %"),
        ("a\u202eb\x07\n c", "A b c"),
        ("牛乳", ""),
        ("🍎 ⭐ – !", ""),
        ("\ue000\uffff", ""),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_left_out(name: str, words: str) -> None:
    assert shown(name) == words


@pytest.mark.parametrize(
    "name",
    [
        "</text><script>alert(1)</script>",
        '"/><image href="file:///etc/passwd"/>',
        "&xxe; &amp; <![CDATA[x]]>",
        "<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    ],
)
def test_a_name_is_text_whatever_it_says(name: str, tmp_path: Path) -> None:
    drawing = svg(Card(name, OTHER))
    assert words_of(drawing).replace(" ", "").casefold() == name.replace(" ", "").casefold()
    found = {element.tag for element in ElementTree.fromstring(drawing).iter()}
    plain = {element.tag for element in ElementTree.fromstring(svg(Card("x", OTHER))).iter()}
    assert found == plain
    assert drawn(tmp_path, name)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=100))
def test_any_name_keeps_within_its_card(name: str) -> None:
    size, lines = laid_out(shown(name))
    assert len(lines) <= dict(SIZES)[size]
    assert all(_width(line, size) <= WIDEST for line in lines)
    ElementTree.fromstring(svg(Card(name, OTHER)))


def test_a_name_that_is_too_long_says_so() -> None:
    assert laid_out("m" * 100)[1][-1].endswith("…")
