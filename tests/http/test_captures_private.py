"""What of a capture may leave the house when there is a key: food, but no receipt, label or other paper."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from tests.http.test_captures import RECEIPT, captured, needs_reading, printed
from tests.http.test_gemini import MILK, UNSURE, Kitchen, kitchen_with
from tests.service import OpenService

pytestmark = pytest.mark.direct

LABEL = "CONSUMIR PREFERENTEMENTE ANTES DE\n31/01/2031"
LETTER = "\n".join(f"Querida Ana, esta es la linea {number} de mi carta" for number in range(14))


@pytest.fixture
async def kitchen(http: ClientSession, open_service: OpenService) -> AsyncIterator[Kitchen]:
    async with kitchen_with(http, open_service) as it:
        it.fake.otherwise = {"ingredients": [MILK], "foods": []}
        yield it


async def test_what_is_said_to_be_paper_stays_in_the_house(kitchen: Kitchen) -> None:
    answer = (await captured(kitchen.client, UNSURE, "fridge.jpg", kinds=["receipt", "label"])).json
    assert (kitchen.fake.asked, answer["engine"]) == ([], "local")


async def test_what_is_said_to_be_food_is_shown_to_gemini(kitchen: Kitchen) -> None:
    answer = (await captured(kitchen.client, UNSURE, kinds=["food"])).json
    assert (len(kitchen.fake.asked), answer["engine"]) == (1, "gemini")
    assert [photo["engine"] for photo in answer["photos"]] == ["gemini"]
    assert answer["lines"][0]["evidence"]["rule"] == "gemini"


async def test_looking_again_shows_everything(kitchen: Kitchen) -> None:
    await captured(kitchen.client, UNSURE, kinds=["receipt"], look_again=True)
    assert len(kitchen.fake.asked) == 1


@needs_reading
@pytest.mark.slow
async def test_what_is_read_to_be_paper_stays_in_the_house(kitchen: Kitchen) -> None:
    answer = (await captured(kitchen.client, printed(RECEIPT), printed(LABEL, 56), printed(LETTER, 30))).json
    assert [photo["kinds"] for photo in answer["photos"]] == [["receipt"], ["label"], []]
    assert kitchen.fake.asked == []
