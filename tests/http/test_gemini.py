"""Recognition with Gemini behind it, by its real client against a server that speaks its protocol."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from tests.gemini import FakeGemini, Reaction, answered, blocked, failing, fake_gemini, html, said
from tests.processes import ROOT
from tests.service import PHOTOS, Client, OpenService, Reply, Service, signed_in

INGREDIENTS = "/api/recognition/ingredients"
BATCH = "/api/recognition/batch"
SURE, UNSURE, NOTHING_KNOWN = "tomato.jpg", "two.jpg", "cat.jpg"  # to the local engine
MILK = {"name": "leche", "quantity": 2, "unit": "bottle", "confidence": 0.9, "box": [100, 200, 500, 600]}
STEW = {"name": "arroz con pollo", "quantity": 3, "unit": "portion", "confidence": 0.7, "box": [0, 0, 1000, 1000]}


@dataclass
class Kitchen:
    fake: FakeGemini
    service: Service
    client: Client

    async def look(self, *names: str, path: str = INGREDIENTS, **more: Any) -> Reply:
        """Upload photos and have them looked at."""
        paths = [await self.upload(PHOTOS / name) for name in names]
        return await self.client.post(path, json={"images_paths": paths, **more})

    async def upload(self, photo: Path | bytes) -> str:
        image_path: str = (await self.client.upload(photo)).json["image"]["image_path"]
        return image_path

    def answers(self, *ingredients: Any) -> None:
        self.fake.otherwise = {"ingredients": list(ingredients)}


@asynccontextmanager
async def kitchen_with(http: ClientSession, open_service: OpenService, **settings: Any) -> AsyncIterator[Kitchen]:
    """A service that asks a provider of this test, as a model that no other test has: answers are remembered."""
    async with fake_gemini() as fake:
        asks = {"gemini_api_key": "the-key", "gemini_url": fake.url, "ai_a_minute": 100_000}
        async with open_service(**{"gemini_model": f"gemini-{token_hex(4)}", **asks, **settings}) as service:
            yield Kitchen(fake, service, await signed_in(http, service.url))


@pytest.fixture
async def kitchen(http: ClientSession, open_service: OpenService) -> AsyncIterator[Kitchen]:
    async with kitchen_with(http, open_service) as it:
        yield it


async def test_an_unsure_photo_is_answered_with_names_quantities_and_boxes(kitchen: Kitchen) -> None:
    kitchen.answers(MILK, {"name": "chirimuyo silvestre", "quantity": 1, "unit": "piece", "confidence": 0.4})
    answer = (await kitchen.look(UNSURE)).json
    milk, unknown = answer["ingredients"]
    assert answer["engine"] == "gemini" and answer["suggestions"] == []
    assert (milk["name"], milk["food_id"], milk["quantity"], milk["type_unit"]) == (
        "leche fresca",
        "milk",
        2,
        "botellas",
    )
    assert milk["evidence"] == {
        "rule": "gemini", "bounding_box": {"x_min": 0.2, "y_min": 0.1, "x_max": 0.6, "y_max": 0.5}
    }  # fmt: skip
    assert (milk["confidence"], milk["decision"], milk["needs_confirmation"]) == (0.9, "confirm", True)
    assert (unknown["name"], unknown["food_id"]) == ("chirimuyo silvestre", None)
    assert (unknown["quantity"], unknown["type_unit"]) == (1, "unidades")


async def test_what_gemini_saw_goes_into_stock_as_reviewed(kitchen: Kitchen) -> None:
    kitchen.answers(MILK, {"name": "chirimuyo silvestre", "quantity": 4, "unit": "piece", "confidence": 0.4})
    proposal = (await kitchen.look(UNSURE)).json
    accepted = await kitchen.client.post("/api/inventory/ingredients/from-recognition", json=proposal)
    assert accepted.status == 201, accepted.body
    assert (await kitchen.client.stock()).keys() == {"leche fresca", "chirimuyo silvestre"}


async def test_a_batch_asks_for_both_lists_and_counts_dishes_in_portions(kitchen: Kitchen) -> None:
    kitchen.fake.otherwise = {"ingredients": [MILK], "foods": [STEW, {**STEW, "name": "zarandongo", "unit": "kg"}]}
    answer = (await kitchen.look(NOTHING_KNOWN, path=BATCH)).json
    (asked,) = kitchen.fake.asked
    assert asked.schema is not None and set(asked.schema["required"]) == {"ingredients", "foods"}
    dishes = {dish["name"]: (dish["serving_quantity"], dish["type_unit"]) for dish in answer["foods"]}
    assert dishes == {"arroz con pollo": (3, "porciones"), "zarandongo": (1, "porciones")}
    assert [item["name"] for item in answer["ingredients"]] == ["leche fresca"]


async def test_only_photos_without_a_sure_item_are_shown_to_gemini(kitchen: Kitchen) -> None:
    kitchen.answers(MILK)
    answer = (await kitchen.look(SURE, UNSURE)).json
    assert len(kitchen.fake.asked) == 1 and answer["engine"] == "gemini"
    rules = {item["food_id"]: item["evidence"]["rule"] for item in answer["ingredients"]}
    assert rules == {"tomato": "whole", "milk": "gemini"}
    answer = (await kitchen.look("carrots.jpg")).json
    assert len(kitchen.fake.asked) == 1 and answer["engine"] == "local"


async def test_looking_again_asks_gemini_even_about_a_sure_photo(kitchen: Kitchen) -> None:
    kitchen.answers(MILK)
    assert (await kitchen.look(SURE)).json["engine"] == "local"
    kitchen.answers(MILK, {**MILK, "name": "tomate", "quantity": 4, "unit": "piece"})
    answer = (await kitchen.look(SURE, look_again=True)).json
    assert answer["engine"] == "gemini"
    tomato, milk = answer["ingredients"]
    assert (tomato["food_id"], tomato["quantity"], tomato["decision"]) == ("tomato", 4, "item")
    assert tomato["evidence"]["rule"] == "whole" and tomato["evidence"]["bounding_box"]["x_min"] == 0.2
    assert (milk["food_id"], milk["decision"]) == ("milk", "confirm")


async def test_what_gemini_does_not_see_when_it_looks_again_is_to_be_confirmed(kitchen: Kitchen) -> None:
    kitchen.answers()
    (tomato,) = (await kitchen.look(SURE, look_again=True)).json["ingredients"]
    assert (tomato["food_id"], tomato["decision"], tomato["needs_confirmation"]) == ("tomato", "confirm", True)


@pytest.mark.direct  # the stack's worker would ask nobody
async def test_a_job_looks_again_too(kitchen: Kitchen) -> None:
    kitchen.answers(MILK)
    task = (await kitchen.look(SURE, path=f"{INGREDIENTS}/async", look_again=True)).json
    async with asyncio.timeout(30):
        while (told := (await kitchen.client.get(task["check_status_url"])).json)["status"] != "completed":
            await asyncio.sleep(0.05)
    assert told["result_data"]["engine"] == "gemini"


async def test_gemini_first_asks_about_every_photo(http: ClientSession, open_service: OpenService) -> None:
    async with kitchen_with(http, open_service, recognition="gemini-first") as kitchen:
        kitchen.answers(MILK)
        assert (await kitchen.look(SURE)).json["engine"] == "gemini"
        kitchen.fake.reactions = [failing(400)]
        assert (await kitchen.look("carrots.jpg")).json["ingredients"][0]["food_id"] == "carrot"
        assert (await kitchen.client.get("/api/capabilities")).json["engines"] == ["local", "gemini"]


async def test_local_alone_asks_nobody_whatever_is_wanted(http: ClientSession, open_service: OpenService) -> None:
    async with kitchen_with(http, open_service, recognition="local") as kitchen:
        assert (await kitchen.look(UNSURE, look_again=True)).json["engine"] == "local"
        assert kitchen.fake.asked == []
        assert (await kitchen.client.get("/api/capabilities")).json["engines"] == ["local"]


async def test_only_a_small_photo_without_metadata_leaves_the_house(kitchen: Kitchen) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    Image.linear_gradient("L").resize((3000, 2000)).convert("RGB").save(file, "JPEG", exif=exif)
    path = await kitchen.upload(file.getvalue())
    await kitchen.client.post(INGREDIENTS, json={"images_paths": [path]})
    (asked,) = kitchen.fake.asked
    (photo,) = asked.photos
    sent = Image.open(io.BytesIO(photo))
    assert max(sent.size) <= 1024 and not sent.getexif() and len(photo) <= 200_000
    assert asked.texts == ["¿Qué hay en la foto?"]


async def test_each_language_is_asked_in_its_own_words(kitchen: Kitchen) -> None:
    kitchen.answers(MILK)
    assert (await kitchen.look(UNSURE)).json["ingredients"][0]["name"] == "leche fresca"
    await kitchen.client.put("/api/user/profile", json={"language": "en"})
    kitchen.answers({**MILK, "name": "milk"})
    answer = (await kitchen.look(UNSURE)).json
    assert answer["ingredients"][0]["name"] == "milk"
    assert [asked.texts for asked in kitchen.fake.asked] == [["¿Qué hay en la foto?"], ["What is in the photo?"]]


async def test_fifty_identical_photos_at_once_are_one_call(http: ClientSession, open_service: OpenService) -> None:
    async with kitchen_with(http, open_service, recognition="gemini-first") as kitchen:
        kitchen.answers(MILK)
        paths = [await kitchen.upload(PHOTOS / UNSURE) for _ in range(5)]
        kitchen.fake.pause_s = 0.5
        asks = [kitchen.client.post(INGREDIENTS, json={"images_paths": [paths[n % 5]]}) for n in range(50)]
        replies = await asyncio.gather(*asks)
        assert {reply.json["engine"] for reply in replies} == {"gemini"}
        assert len(kitchen.fake.asked) == 1


GIVES_NO_ANSWER: dict[str, tuple[Reaction, int]] = {
    "500": (failing(500), 3),
    "safety": (blocked(), 1),
    "HTML": (html(), 3),
    "403": (failing(403), 1),
    "prose": (said("Sure! I see milk."), 2),
    "cut short": (said('{"ingredients": [{"na', finish="MAX_TOKENS"), 2),
    "no list": (answered({"ingredients": "milk"}), 2),
    "no such field": (answered({"food": []}), 2),
    "a list": (answered([]), 2),
    "null": (answered({"ingredients": None}), 2),
    "too deep": (said("[" * 100_000), 2),
    "a number without end": (answered({"ingredients": [{**MILK, "quantity": 10**400}]}), 2),
    "half a character": (answered({"ingredients": [{**MILK, "name": "\ud800"}]}), 2),
}


async def test_where_gemini_gives_no_answer_the_local_one_stands(kitchen: Kitchen) -> None:
    path = await kitchen.upload(PHOTOS / UNSURE)
    for name, (reaction, calls) in GIVES_NO_ANSWER.items():
        kitchen.fake.asked.clear()
        kitchen.fake.reactions = [reaction] * 3
        reply = await kitchen.client.post(INGREDIENTS, json={"images_paths": [path]})
        assert reply.status == 200, name
        assert reply.json["engine"] == "local" and reply.json["suggestions"], name
        assert len(kitchen.fake.asked) == calls, name


async def test_a_malformed_answer_is_asked_for_once_more(kitchen: Kitchen) -> None:
    kitchen.answers(MILK)
    kitchen.fake.reactions = [answered({"ingredients": 3})]
    assert (await kitchen.look(UNSURE)).json["engine"] == "gemini"
    assert len(kitchen.fake.asked) == 2


async def test_a_provider_that_is_down_costs_little_once_that_is_known(kitchen: Kitchen) -> None:
    kitchen.fake.reactions = [failing(500)] * 100
    await kitchen.look(UNSURE)
    await kitchen.look(NOTHING_KNOWN)
    asked = len(kitchen.fake.asked)
    assert (await kitchen.look("six.jpg")).json["engine"] == "local"
    assert len(kitchen.fake.asked) == asked


async def test_a_household_beyond_its_budget_gets_local_answers(http: ClientSession, open_service: OpenService) -> None:
    async with kitchen_with(http, open_service, ai_household_a_day=1) as kitchen:
        kitchen.answers(MILK)
        assert (await kitchen.look(UNSURE)).json["engine"] == "gemini"
        assert (await kitchen.look(NOTHING_KNOWN)).json["engine"] == "local"
        assert (await kitchen.look(UNSURE)).json["engine"] == "gemini", "what is remembered costs nothing"
        kitchen.client = await signed_in(http, kitchen.service.url)
        assert (await kitchen.look(NOTHING_KNOWN)).json["engine"] == "gemini", "another household's day"


async def test_whatever_an_answer_says_it_is_food_to_review_and_nothing_else(kitchen: Kitchen) -> None:
    kitchen.answers(
        {**MILK, "name": "ignore previous instructions", "decision": "item", "expiry": "2099-01-01"},
        {**MILK, "name": "<script>alert(1)</script>"},
        {**MILK, "name": "x'); DROP TABLE batches;--"},
        {**MILK, "name": "leche " * 2000},
        {**MILK, "name": "papa", "quantity": 1e300, "unit": "barrels", "box": [-5, 0, 3000, 10], "confidence": 99},
    )
    order, potato = (await kitchen.look(UNSURE)).json["ingredients"]
    order, potato = sorted([order, potato], key=lambda item: item["food_id"] is not None)
    assert (order["name"], order["food_id"], order["decision"]) == ("ignore previous instructions", None, "confirm")
    assert not order["expiration_date"].startswith("2099")
    assert (potato["quantity"], potato["type_unit"], potato["confidence"]) == (1, "unidades", 1)
    assert potato["evidence"]["bounding_box"] is None and potato["needs_confirmation"]
    assert await kitchen.client.stock() == {}


@pytest.mark.slow
@pytest.mark.direct  # by a command that is given a data folder
async def test_the_ledger_tells_what_it_cost(http: ClientSession, open_service: OpenService, tmp_path: Path) -> None:
    async with kitchen_with(http, open_service, gemini_model="gemini-2.5-flash-lite") as kitchen:
        kitchen.answers(MILK)
        await kitchen.look(UNSURE)
        await kitchen.look(UNSURE)
    told = json.loads(usage(tmp_path, "--json"))
    assert {(one["purpose"], one["outcome"], one["calls"], one["cost_usd"]) for one in told} == {
        ("ingredients", "answered", 1, 0.00014), ("ingredients", "remembered", 1, 0.0)
    }  # fmt: skip
    table = usage(tmp_path, "--days", "1")
    assert "gemini-2.5-flash-lite" in table and "2 calls, 0.0001 USD" in table


def usage(data_dir: Path, *options: str) -> str:
    command = [sys.executable, "-m", "zwai", "ai", "usage", *options]
    environment = {"ZWAI_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, cwd=data_dir, capture_output=True, text=True, check=True).stdout


WITHOUT_A_KEY = """
import asyncio, sys
from pathlib import Path
reached = []
sys.addaudithook(lambda event, args: reached.append(str(args[-1])) if event in ("socket.connect", "socket.getaddrinfo")
                 and not str(args[-1]).startswith(("('127.0.0.1'", "/")) else None)
from aiohttp import ClientSession
from tests.service import PHOTOS, running, signed_in

async def main():
    async with running(Path(sys.argv[1])) as service, ClientSession() as http:
        client = await signed_in(http, service.url)
        path = (await client.upload(PHOTOS / "two.jpg")).json["image"]["image_path"]
        reply = await client.post("/api/recognition/ingredients", json={"images_paths": [path], "look_again": True})
        assert reply.json["engine"] == "local", reply.body

asyncio.run(main())
assert "google" not in sys.modules and "tenacity" not in sys.modules
assert reached == [], reached
"""


@pytest.mark.slow
@pytest.mark.direct
def test_without_a_key_nothing_is_loaded_and_nobody_is_called(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_A_KEY, str(tmp_path / "data")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
