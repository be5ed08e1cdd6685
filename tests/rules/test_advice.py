"""Ideas and advice: something to say of every food in every place, in both languages, each with its source."""

import pytest

from zwai.knowledge.advice import Topic, advice_on, ideas_for
from zwai.knowledge.catalogue import load
from zwai.knowledge.tables import rows_of
from zwai.records.people import Language
from zwai.records.stock import Place
from zwai.records.writings import IdeaType


@pytest.mark.parametrize("language", list(Language))
def test_there_is_an_idea_and_advice_on_everything_for_every_category(language: Language):
    for category in {food.category for food in load().foods.values()} | {"", "unheard of"}:
        assert ideas_for(category, language)
        for place in Place:
            assert all(advice_on(topic, category, place, language) for topic in Topic)


def test_every_row_speaks_both_languages_of_a_category_that_is_there_and_names_its_source():
    categories = {food.category for food in load().foods.values()} | {""}
    for row in [*rows_of("ideas.csv"), *rows_of("advice.csv")]:
        assert all(value for name, value in row.items() if name not in ("category", "place")), row
        assert row["category"] in categories, row
        assert row["source"] == "judged" or row["source"].startswith("USDA FSIS"), row


def test_types_topics_and_places_are_known_and_nothing_is_said_twice():
    ideas = [(row["category"], IdeaType(row["type"]), row["title_es"]) for row in rows_of("ideas.csv")]
    advice = [
        (Topic(row["topic"]), row["category"], row["place"] and Place(row["place"])) for row in rows_of("advice.csv")
    ]
    assert len(set(ideas)) == len(ideas)
    assert len(set(advice)) == len(advice)
