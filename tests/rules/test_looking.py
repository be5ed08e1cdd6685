"""What two engines say of one photo, put together."""

from dataclasses import replace
from decimal import Decimal

import pytest

from zwai.kitchen.looking import together
from zwai.records.photos import Box, Decision, Sighting

BOX = Box(0.1, 0.2, 0.5, 0.6)
TOMATO = Sighting("tomato", "ingredient", 0.97, Decision.ITEM, "whole")
TOMATO_TOO = Sighting("tomato", "ingredient", 0.5, Decision.CONFIRM, "gemini", BOX, "tomate", Decimal(3), "piece")
MILK = Sighting("milk", "ingredient", 0.9, Decision.CONFIRM, "gemini", BOX, "leche", Decimal(2), "bottle")
WILD = replace(MILK, food=None, label="chirimuyo silvestre")
GUESS = replace(TOMATO, confidence=0.6, decision=Decision.SUGGESTION)
PART = replace(TOMATO, confidence=0.8, decision=Decision.CONFIRM, rule="parts")
BOTH = replace(TOMATO, box=BOX, amount=Decimal(3), unit="piece")
IN_DOUBT = replace(TOMATO, decision=Decision.CONFIRM)

CASES = {
    "both name it: our confidence and decision, its box and amount": ([TOMATO], [TOMATO_TOO], [BOTH]),
    "it names another thing too": ([TOMATO], [MILK, TOMATO_TOO], [BOTH, MILK]),
    "it names the same twice: once": ([TOMATO], [TOMATO_TOO, replace(TOMATO_TOO, box=None)], [BOTH]),
    "it has no box": ([TOMATO], [replace(TOMATO_TOO, box=None)], [replace(BOTH, box=None)]),
    "it does not name what we are sure of: that stays, to be confirmed": ([TOMATO], [MILK], [IN_DOUBT, MILK]),
    "it sees nothing at all": ([TOMATO], [], [IN_DOUBT]),
    "we only guess: its answer stands": ([GUESS], [TOMATO_TOO, MILK], [TOMATO_TOO, MILK]),
    "we only guess, and it sees nothing": ([GUESS, PART], [], []),
    "what the catalogue does not have goes by its label": ([TOMATO], [WILD, WILD], [IN_DOUBT, WILD, WILD]),
}


@pytest.mark.parametrize(("local", "gemini", "expected"), CASES.values(), ids=CASES)
def test_what_two_engines_say_of_a_photo(
    local: list[Sighting], gemini: list[Sighting], expected: list[Sighting]
) -> None:
    assert together(local, gemini) == expected
