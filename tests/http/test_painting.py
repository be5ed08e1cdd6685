"""Pictures that a model makes: once for all, as a job, and every loop in which the client asks for them ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from storage import library
from storage.ai_calls import usage
from tests.gemini import FakeGemini, Reaction, blocked, failing, fake_gemini, html, hung_up, painted, said
from tests.http.expecting import answered
from tests.http.test_pictures import opened, shown
from tests.service import PHOTOS, Client, Service, running, signed_in
from zwai.kitchen import recognition
from zwai.kitchen.library import generated_key
from zwai.kitchen.recognition import Seen
from zwai.records.ids import new_id
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, Decision, Engine, PhotoId, Sighting
from zwai.records.pictures import LibraryPicture, Source
from zwai.records.stock import FoodId, Kind

pytestmark = pytest.mark.direct  # the provider is one of our own, beside a service of our own

MODEL = {"gemini_api_key": "the-key", "gemini_image_model": "painter", "ai_a_minute": 100_000}
MOST_POLLS = 300
POLL_S = 0.05
BAD = [failing(500), html(), hung_up(), failing(429, retry_s=0.1)]


@dataclass
class House:
    """A service beside a provider, and one of its members."""

    fake: FakeGemini
    service: Service
    client: Client

    async def propose(self, *foods: str, kind: Kind = Kind.INGREDIENT) -> str:
        """A recognition of what no photo shows, as a receipt gives it; its id."""
        kitchen, household = self.service.kitchen, (await self.client.get("/api/household")).json["household_id"]
        account = AccountId((self.client.user or {})["uid"])
        member = Member(account, HouseholdId(household), SessionId(""), Language.ES, "America/Lima")
        seen: Any = tuple((None, Sighting(food, kind, 0.9, Decision.ITEM, "receipt")) for food in foods)
        aim = Aim.DISHES if kind is Kind.DISH else Aim.INGREDIENTS
        async with kitchen.database.write(member.household) as tx:
            made = await recognition.propose(tx, member, Seen(aim, Engine.LOCAL, (), seen), kitchen.clock())
            await kitchen.painter.order(tx, member, made, kitchen.clock())
        await kitchen.delivery.offer(made.recognition.id)  # type: ignore[arg-type]
        return str(made.recognition.id)

    async def images(self, recognised: str) -> dict[str, Any]:
        path = "/api/recognition/{recognition_id}/images"
        told = await self.client.get(path.format(recognition_id=recognised))
        body: dict[str, Any] = answered(told, "GET", path)
        return body

    async def status(self, task: str) -> dict[str, Any]:
        path = "/api/images/status/{task_id}"
        body: dict[str, Any] = answered(await self.client.get(path.format(task_id=task)), "GET", path)
        return body


@asynccontextmanager
async def house_with(http: ClientSession, data_dir: Path, **settings: Any) -> AsyncIterator[House]:
    async with (
        fake_gemini() as fake,
        running(data_dir, **{**MODEL, "gemini_url": fake.url, **settings}) as service,
    ):
        yield House(fake, service, await signed_in(http, service.url))


@pytest.fixture
async def house(http: ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr("storage.runner.SCAN_S", 0.2)
    async with house_with(http, tmp_path) as it:
        yield it


async def eventually(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """Ask again until it is good, as the client does, though sooner."""
    for _ in range(MOST_POLLS):
        if good(found := await look()):
            return found
        await asyncio.sleep(POLL_S)
    raise AssertionError(f"the client would ask for ever: {found}")


# The client's three loops, in its own words.


def ingredients_screen_is_done(told: dict[str, Any]) -> bool:
    return all(item["image_status"] not in ("generating", None, "") for item in told["ingredients"])


def foods_screen_is_done(told: dict[str, Any]) -> bool:
    return all(item["image_path"] and "via.placeholder.com" not in item["image_path"] for item in told["foods"])


def camera_page_is_done(told: dict[str, Any]) -> bool:
    return told["status"] in ("generated", "failed")


async def loops_end(house: House) -> dict[str, Any]:
    """Run all three; answers what the last one was told."""
    recognised = await house.propose("milk", "rice")
    told = await eventually(lambda: house.images(recognised), ingredients_screen_is_done)
    for item in told["ingredients"]:
        await opened(house.client, item["image_path"])
    assert (told["images_generating"], told["progress_percentage"]) == (0, 100)
    dishes = await house.propose("ceviche", kind=Kind.DISH)
    told = await eventually(lambda: house.images(dishes), foods_screen_is_done)
    await opened(house.client, told["foods"][0]["image_path"])
    return dict(await eventually(lambda: house.status(dishes), camera_page_is_done))


async def test_without_a_key_cards_are_ready_at_once(http: ClientSession, tmp_path: Path) -> None:
    async with house_with(http, tmp_path, gemini_api_key="") as house:
        recognised = await house.propose("milk", "rice")
        told = await house.images(recognised)
        assert {item["image_status"] for item in told["ingredients"]} == {"ready"}
        assert all("/cards/" in item["image_path"] for item in told["ingredients"])
        assert told["images_status"] == "ready" and "images" not in told
        assert (await loops_end(house))["status"] == "generated"
        assert house.fake.asked == []


async def test_without_a_model_nobody_is_asked_for_pictures(http: ClientSession, tmp_path: Path) -> None:
    async with house_with(http, tmp_path, gemini_image_model="") as house:
        await house.client.add("palta")
        assert (await loops_end(house))["status"] == "generated"
        assert [one for one in house.fake.asked if one.wants_image] == []


async def test_pictures_are_made_and_shown_to_everybody(house: House) -> None:
    house.fake.pause_s = 0.3
    recognised = await house.propose("milk", "rice")
    first = await house.images(recognised)
    assert {item["image_status"] for item in first["ingredients"]} == {"generating"}
    assert all("/cards/" in item["image_path"] for item in first["ingredients"])  # something to look at meanwhile
    told = first["images"]
    assert all(isinstance(told[name], str) for name in ("status", "task_id", "check_images_url", "estimated_time"))
    assert (await house.status(told["task_id"]))["status"] in ("pending", "processing")
    ready = await eventually(lambda: house.images(recognised), ingredients_screen_is_done)
    assert {item["image_status"] for item in ready["ingredients"]} == {"ready"}
    addresses = {item["image_path"] for item in ready["ingredients"]}
    assert len(addresses) == 2 and all("/library/" in address for address in addresses)
    for address in addresses:
        assert (await opened(house.client, address))[1].size == (256, 256)
    done = await house.status(told["task_id"])
    assert (done["status"], done["progress_percentage"]) == ("generated", 100)
    assert {one["generation_status"] for one in done["images_data"]} == {"ready"}
    other = await signed_in(house.client.http, house.service.url)
    await other.add("arroz")
    assert (await shown(other))["arroz"] in addresses
    assert len(house.fake.asked) == 2


async def test_all_loops_end_with_a_provider(house: House) -> None:
    assert (await loops_end(house))["status"] == "generated"


@pytest.mark.slow
async def test_all_loops_end_with_a_provider_that_is_down(house: House) -> None:
    house.fake.reactions = BAD * 20
    told = await loops_end(house)
    assert (told["status"], told["progress_percentage"]) == ("failed", 100)
    assert [one["generation_status"] for one in told["images_data"]] == ["failed"]
    assert "tarjetas" in told["message"]


@pytest.mark.parametrize(
    "reaction",
    [blocked(), said("I would rather not."), painted(b"no image"), painted(b"\x89PNG\r\n\x1a\n" + b"x" * 99)],
)
async def test_what_is_no_picture_is_not_asked_for_again(house: House, reaction: Reaction) -> None:
    house.fake.reactions = [reaction] * 4
    recognised = await house.propose("milk")
    told = await eventually(lambda: house.images(recognised), ingredients_screen_is_done)
    (item,) = told["ingredients"]
    assert item["image_status"] == "failed" and "/cards/" in item["image_path"]
    again = await house.propose("milk")
    await eventually(lambda: house.images(again), ingredients_screen_is_done)
    assert len(house.fake.asked) == 1


async def test_many_who_lack_the_same_picture_pay_for_one(house: House) -> None:
    house.fake.pause_s = 0.3
    members = [await signed_in(house.client.http, house.service.url) for _ in range(5)]
    await asyncio.gather(*(member.add(name) for member in members for name in ("palta", "Palta fuerte")))
    proposals = [await house.propose("avocado", "lemon") for _ in range(3)]
    for recognised in proposals:
        await eventually(lambda one=recognised: house.images(one), ingredients_screen_is_done)  # type: ignore[misc]
    assert len(house.fake.asked) == 2
    assert house.fake.most_at_once == 2


async def test_what_was_added_without_a_photo_gets_its_picture_later(house: House) -> None:
    await house.client.add("palta")
    await house.client.post("/api/inventory/add_item", json={"name": "quinua", "category": "x", "quantity": 1})
    await house.client.add(
        "papa", image_path=(await house.client.upload(PHOTOS / "two.jpg")).json["image"]["image_path"]
    )
    await house.client.add("el guiso de mi tía", unit="porciones")
    pictures = await eventually(
        lambda: shown(house.client), lambda them: sum("/library/" in address for address in them.values()) == 2
    )
    assert "/cards/" in pictures["el guiso de mi tía"]
    assert "/photos/" in pictures["papa"]
    words = " ".join(text for one in house.fake.asked for text in one.texts)
    assert "quinua" in words and "guiso" not in words and "tía" not in words
    assert all(one.photos == [] and one.instructions == "" and one.model == "painter" for one in house.fake.asked)


async def test_what_a_picture_cost_is_in_the_ledger_and_leaves_questions_their_budget(
    http: ClientSession, tmp_path: Path
) -> None:
    async with house_with(http, tmp_path, ai_images_a_day=2, ai_household_a_day=1, ai_price_image="0.04") as house:
        recognised = await house.propose("milk", "rice", "onion")
        told = await eventually(lambda: house.images(recognised), ingredients_screen_is_done)
        assert sorted(item["image_status"] for item in told["ingredients"]) == ["failed", "ready", "ready"]
        assert len(house.fake.asked) == 2
        await asyncio.sleep(1.2)
        async with house.service.kitchen.database.read() as tx:
            (row,) = await usage(tx, house.service.kitchen.clock() - timedelta(hours=1))
        assert (row.purpose, row.model, row.calls, str(row.cost)) == ("picture", "painter", 2, "0.08")
        seen = await house.client.post(
            "/api/recognition/ingredients",
            json={"images_paths": [(await house.client.upload(PHOTOS / "two.jpg")).json["image"]["image_path"]]},
        )
        assert seen.json["engine"] == "gemini"


async def test_the_job_tells_how_many_pictures_are_done(house: House) -> None:
    house.fake.pause_s = 0.4
    recognised = await house.propose("milk", "rice", "onion", "tomato", "egg")
    steps = set()
    for _ in range(MOST_POLLS):
        job = (await house.client.get(f"/api/jobs/{recognised}")).json
        steps.add(job["step"])
        if job["state"] == "completed":
            break
        await asyncio.sleep(POLL_S)
    assert any(step.endswith(" de 5.") for step in steps)
    assert job["result"] == {"recognition_id": recognised, "painted": 5}
    assert 1 < house.fake.most_at_once <= 4
    task = (await house.client.get(f"/api/recognition/images/status/{recognised}")).json
    assert len(task["images_data"]) == 5 and task["status"] == "completed"


async def test_pictures_leave_room_for_recognitions(house: House) -> None:
    house.fake.pause_s = 2.0
    for food in ("milk", "rice", "onion", "egg"):
        await house.propose(food)
    await asyncio.sleep(0.3)
    photo = (await house.client.upload(PHOTOS / "tomato.jpg")).json["image"]["image_path"]
    task = (await house.client.post("/api/recognition/ingredients/async", json={"images_paths": [photo]})).json[
        "task_id"
    ]
    async with asyncio.timeout(1.5):
        await eventually(
            lambda: house.client.get(f"/api/recognition/status/{task}"), lambda told: told.json["status"] == "completed"
        )


async def test_pictures_that_another_process_is_at_hold_up_no_others(house: House) -> None:
    database, now = house.service.kitchen.database, house.service.kitchen.clock()
    theirs = [
        LibraryPicture(generated_key(FoodId(food)), PhotoId(new_id(now)), Source.WANTED, "painter", now)
        for food in ("milk", "lemon")
    ]
    for claim, food in zip(theirs, ("milk", "lemon"), strict=True):
        async with database.write() as tx:
            await library.put(tx, claim)
        await house.propose(food, "onion")
    rice = await house.propose("rice")
    await eventually(lambda: house.images(rice), ingredients_screen_is_done)
    waiting = await house.propose("milk")
    assert (await house.images(waiting))["ingredients"][0]["image_status"] == "generating"
    async with database.write() as tx:
        for claim in theirs:
            await library.drop(tx, claim)
    told = await eventually(lambda: house.images(waiting), ingredients_screen_is_done)
    assert told["ingredients"][0]["image_status"] == "ready"


async def test_a_picture_that_the_household_gave_to_a_name_comes_first(house: House) -> None:
    photo = (await house.client.upload(PHOTOS / "two.jpg")).json["image"]["image_path"]
    given = {"item_name": "Leche Fresca", "image_path": photo}
    await house.client.post("/api/image_management/assign_image", json=given)
    told = await house.images(await house.propose("milk"))
    (item,) = told["ingredients"]
    assert (item["name"], item["image_path"], item["image_status"]) == ("leche fresca", photo, "ready")
    assert house.fake.asked == []


async def test_a_job_that_is_cancelled_pays_for_no_further_picture(house: House) -> None:
    house.fake.pause_s = 0.5
    recognised = await house.propose("milk", "rice", "onion", "tomato", "egg", "lemon", "carrot", "garlic")
    await eventually(lambda: asyncio.sleep(0, len(house.fake.asked)), lambda asked: asked == 4)
    assert (await house.client.post(f"/api/jobs/{recognised}/cancel")).status == 200
    told = await eventually(lambda: house.images(recognised), ingredients_screen_is_done)
    await asyncio.sleep(1.2)
    assert len(house.fake.asked) <= 5
    assert "failed" in {item["image_status"] for item in told["ingredients"]}


async def test_what_stock_lacked_before_there_was_a_model_is_ordered_by_the_operator(
    http: ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.runner.SCAN_S", 0.2)
    operator = {"X-Internal-Secret": "s" * 32}
    async with house_with(http, tmp_path, gemini_image_model="", internal_secret="s" * 32) as house:
        for name in ("palta", "quinua", "mi guiso"):
            await house.client.add(name)
        other = await signed_in(http, house.service.url)
        await other.add("palta")
        assert (await other.post("/api/admin/sync_images", headers=operator)).json["ordered"] == 0
        client = house.client
    async with house_with(http, tmp_path, internal_secret="s" * 32) as house:
        client.url = other.url = house.service.url
        assert (await client.post("/api/admin/sync_images", headers=operator)).json["ordered"] == 2
        assert (await client.post("/api/admin/sync_images", headers=operator)).json["ordered"] == 0
        for member, count in ((client, 2), (other, 1)):
            await eventually(
                lambda one=member: shown(one),  # type: ignore[misc]
                lambda them, most=count: sum("/library/" in address for address in them.values()) == most,  # type: ignore[misc]
            )
        assert len(house.fake.asked) == 2
