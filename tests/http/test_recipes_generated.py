"""Recipes and plans as a client asks for them: of what is there, safe for everybody at home, by book or by Gemini."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

from tests.gemini import FakeGemini, blocked, fake_gemini, said, slow
from tests.http.expecting import answered, refused
from tests.http.test_pictures import opened
from tests.service import Client, running, signed_in

Guest = Callable[[], Awaitable[Client]]
STOCK = "/api/recipes/generate-from-inventory"
CUSTOM = "/api/recipes/generate-custom"
SINGLE = "/api/recipes/generate"
PLAN = "/api/plan/generate"
IMAGES = "/api/generation/{generation_id}/images"
STATUS = "/api/generation/images/status/{generation_id}"
LIMA = ZoneInfo("America/Lima")


def in_days(days: int) -> str:
    return (datetime.now(UTC).astimezone(LIMA).date() + timedelta(days=days)).isoformat()


async def ask(client: Client, path: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
    return answered(await client.post(path, json=body or {}, **more), "POST", path)


async def fill(client: Client, **foods: tuple[float, str, int]) -> None:
    """Put foods into stock: how much, and in how many days they expire."""
    for name, (amount, unit, days) in foods.items():
        await client.add(name.replace("_", " "), amount, unit, expiration_date=in_days(days))


async def prefer(client: Client, **preferences: Any) -> None:
    assert (await client.put("/api/user/profile", json=preferences)).status == 200


@pytest.fixture
async def cook(client: Client) -> Client:
    await fill(
        client, espinaca=(200, "gramos", 1), huevos=(6, "unidades", 20), cebolla=(3, "unidades", 30),
        leche=(1, "litros", 2), arroz=(1, "kilogramos", 300), papa=(1, "kilogramos", 40),
    )  # fmt: skip
    return client


def as_the_client_reads(recipe: dict[str, Any]) -> None:
    """What its parser needs, or it raises: see "Generated result"."""
    assert isinstance(recipe["title"], str) and recipe["title"]
    assert isinstance(recipe["description"], str)
    assert isinstance(recipe["duration"], str) and int(recipe["duration"].split(" ")[0]) > 0
    assert recipe["difficulty"] in ("Fácil", "Intermedio", "Difícil")
    assert recipe["category"] in ("desayuno", "almuerzo", "cena", "postre", "ensalada", "sopa")
    assert isinstance(recipe["uses_expiring_items"], bool)
    assert len(recipe["id"]) == 32
    for part in recipe["ingredients"]:
        assert isinstance(part["name"], str) and isinstance(part["type_unit"], str)
        assert float(part["quantity"]) > 0
    assert [step["step_order"] for step in recipe["steps"]] == list(range(1, len(recipe["steps"]) + 1))
    assert all(isinstance(step["description"], str) and "{" not in step["description"] for step in recipe["steps"])


async def test_stock_becomes_two_recipes_with_what_spoils_first(cook: Client) -> None:
    told = await ask(cook, STOCK)
    first, second = told["generated_recipes"]
    for recipe in (first, second):
        as_the_client_reads(recipe)
    assert (told["total_recipes"], told["engine"]) == (2, "local")
    assert first["title"] == "Tortilla de espinaca"
    assert (first["expiring_ingredients"], first["missing_ingredients"]) == (["espinaca"], [])
    assert first["uses_expiring_items"] and "espinaca" in told["message"]
    assert (first["diet_type"], first["engine"], first["generated_by_ai"]) == ("vegetariana", "local", False)
    assert "eggs" in first["allergens"]
    assert second["title"] != first["title"]


async def test_the_share_of_stock_that_is_used_is_counted(cook: Client) -> None:
    told = await ask(cook, STOCK)
    used = {part["food_id"] for recipe in told["generated_recipes"] for part in recipe["ingredients"]}
    held = {"spinach", "egg", "onion", "milk", "rice", "potato"}
    assert told["inventory_utilization"] == {
        "utilization_percentage": 100 * len(used & held) // len(held),
        "used_ingredients": len(used & held),
        "total_ingredients": len(held),
    }
    assert told["inventory_usage"] == f"{told['inventory_utilization']['utilization_percentage']}%"


async def test_an_empty_inventory_is_a_sentence_and_no_error(client: Client) -> None:
    for path, body in ((STOCK, {}), (CUSTOM, {"ingredients": []})):
        told = await ask(client, path, body)
        assert (told["generated_recipes"], told["total_recipes"], told["generation_id"]) == ([], 0, None)
        assert "vacío" in told["message"] and "images" not in told
    assert (await ask(client, PLAN, {"ingredients": []}))["meal_plan"] is None
    assert (await ask(client, SINGLE, {"ingredients": []}))["recipe"] is None
    english = await ask(client, STOCK, headers={"Accept-Language": "en"})
    assert "empty" in english["message"]


async def test_meat_and_fish_are_not_cooked_past_their_day_unless_frozen(client: Client) -> None:
    await fill(client, papa=(1, "kilogramos", -2), pollo=(1, "kilogramos", -2), pescado=(1, "kilogramos", -1))
    await client.add("carne", 1, "kilogramos", expiration_date=in_days(-2), storage_type="congelador")
    told = await ask(client, STOCK)
    assert told["inventory_utilization"]["total_ingredients"] == 2  # the potatoes, and the frozen meat
    assert "pollo" not in told["message"] and "pescado" not in told["message"] and "papa" in told["message"]


async def test_what_must_be_bought_is_told_with_its_amount(client: Client) -> None:
    await fill(client, espinaca=(200, "gramos", 1), huevos=(1, "unidades", 9))
    (recipe, _) = (await ask(client, STOCK))["generated_recipes"]
    lacking = {part["food_id"]: (part["quantity"], part["type_unit"]) for part in recipe["missing_ingredients"]}
    assert lacking == {"egg": (3, "unidades"), "onion": (80, "gramos")}
    assert (recipe["required_ingredients_count"], recipe["available_ingredients_count"]) == (3, 1)


async def test_what_was_shown_this_week_comes_again_last(cook: Client) -> None:
    shown: list[str] = []
    for _ in range(2):
        shown += [recipe["title"] for recipe in (await ask(cook, STOCK))["generated_recipes"]]
    assert len(set(shown)) == 4, shown


async def test_named_ingredients_become_as_many_recipes_as_are_asked_for(cook: Client) -> None:
    told = await ask(cook, CUSTOM, {"ingredients": ["atún", "Papas"], "num_recipes": 5})
    assert len(told["generated_recipes"]) == 5
    for recipe in told["generated_recipes"]:
        as_the_client_reads(recipe)
        assert {"canned_tuna", "potato"} & {part["food_id"] for part in recipe["ingredients"]}
    assert len({recipe["title"] for recipe in told["generated_recipes"]}) == 5
    # What is in stock is not missing, though nobody named it.
    missing = {part["food_id"] for recipe in told["generated_recipes"] for part in recipe["missing_ingredients"]}
    assert missing.isdisjoint({"egg", "onion", "rice"})


async def test_objects_are_taken_like_names_and_their_amounts_count(client: Client) -> None:
    potato = {"name": "papa", "quantity": 100, "type_unit": "gramos", "confidence": 0.9}
    told = await ask(client, CUSTOM, {"ingredients": [potato, {"name": "huevo", "quantity": "?", "unit": None}]})
    (first, _) = told["generated_recipes"]
    lacking = {part["food_id"]: part["quantity"] for part in first["missing_ingredients"]}
    assert first["title"] == "Tortilla de papas" and lacking == {"potato": 300, "onion": 100}


async def test_what_is_named_twice_is_not_there_twice(client: Client) -> None:
    await fill(client, papa=(100, "gramos", 9), huevos=(4, "unidades", 9), cebolla=(1, "kilogramos", 9))
    told = await ask(client, CUSTOM, {"ingredients": ["papa", "Papas", "papa blanca"], "num_recipes": 6})
    (omelette,) = [recipe for recipe in told["generated_recipes"] if recipe["title"] == "Tortilla de papas"]
    assert [(part["food_id"], part["quantity"]) for part in omelette["missing_ingredients"]] == [("potato", 300)]
    assert told["inventory_utilization"]["total_ingredients"] == 1


async def test_categories_bind_and_others_are_wishes(cook: Client) -> None:
    body = {"ingredients": ["papa", "cebolla"], "recipe_categories": ["Sopas", "veganas"], "num_recipes": 3}
    told = await ask(cook, CUSTOM, body)
    assert {recipe["category"] for recipe in told["generated_recipes"]} == {"sopa"}
    assert {recipe["diet_type"] for recipe in told["generated_recipes"]} == {"vegana"}
    assert told["personalization_info"]["preferences_applied"] == ["veganas"]


async def test_what_the_book_does_not_know_is_said(cook: Client) -> None:
    info = (await ask(cook, CUSTOM, {"ingredients": ["papa"], "preferences": ["keto", "sin gluten"]}))[
        "personalization_info"
    ]
    assert (info["preferences_applied"], info["preferences_unchecked"]) == (["sin gluten"], ["keto"])
    assert info["allergies_filtered"] == ["gluten"]


async def test_the_profile_has_its_say(cook: Client) -> None:
    await prefer(cook, specialDietItems=[{"name": "Vegetariana"}], measurementUnit="imperial", cookingLevel="advanced")
    told = await ask(cook, CUSTOM, {"ingredients": ["papa", "carne"], "num_recipes": 3})
    assert {recipe["diet_type"] for recipe in told["generated_recipes"]} <= {"vegetariana", "vegana"}
    units = {part["type_unit"] for recipe in told["generated_recipes"] for part in recipe["ingredients"]}
    assert "gramos" not in units and "onzas" in units
    info = told["personalization_info"]
    assert (info["measurement_system"], info["cooking_level"]) == ("imperial", "advanced")


@pytest.mark.parametrize("said_in", ["the profile", "the request"])
async def test_english_speakers_read_english(cook: Client, said_in: str) -> None:
    await prefer(cook, language="en" if said_in == "the profile" else "es")
    headers = {"Accept-Language": "en"} if said_in == "the request" else {}
    (first, _) = (await ask(cook, STOCK, headers=headers))["generated_recipes"]
    assert (first["title"], first["difficulty"], first["category"]) == ("Spinach omelette", "Easy", "dinner")
    assert ("egg", "units") in [(part["name"], part["type_unit"]) for part in first["ingredients"]]


@pytest.mark.parametrize(
    ("allergy", "code"), [("huevo", "eggs"), ("leche", "milk"), ("mariscos", "crustaceans"), ("nueces", "nuts")]
)
async def test_what_somebody_is_allergic_to_is_never_shown(cook: Client, allergy: str, code: str) -> None:
    await prefer(cook, allergies=[allergy])
    await fill(cook, nueces=(100, "gramos", 1), langostinos=(300, "gramos", 1), mantequilla=(1, "unidades", 1))
    recipes = (await ask(cook, STOCK))["generated_recipes"]
    recipes += (await ask(cook, CUSTOM, {"ingredients": [allergy, "papa"], "num_recipes": 6}))["generated_recipes"]
    plan = (await ask(cook, PLAN, {"ingredients": []}))["meal_plan"]
    for recipe in (*recipes, *plan["meals"].values()):
        assert code not in recipe["allergens"] and code not in recipe["may_contain"], recipe["title"]


async def test_the_allergies_of_everybody_at_home_count(cook: Client, guest: Guest) -> None:
    code = (await cook.post("/api/households/invitations")).json["code"]
    child = await guest()
    await prefer(child, allergies=["huevo"])
    assert (await child.post("/api/households/join", json={"code": code})).status == 200
    told = await ask(cook, STOCK)
    assert told["personalization_info"]["allergies_filtered"] == ["huevo"]
    assert all("eggs" not in recipe["allergens"] for recipe in told["generated_recipes"])


async def test_a_plan_has_the_meals_that_the_planner_reads(cook: Client) -> None:
    told = await ask(cook, PLAN, {"ingredients": [], "date": "2031-05-06"})
    plan = told["meal_plan"]
    assert plan["uid"] == told["generation_id"] and plan["date"] == "2031-05-06"
    assert list(plan["meals"]) == ["breakfast", "lunch", "dinner"]
    for meal in plan["meals"].values():
        as_the_client_reads(meal)
        assert isinstance(meal["recipe_title"], str) and isinstance(meal["prep_time"], int)
        assert meal["ingredients_needed"] and all(isinstance(text, str) for text in meal["instructions"])
        assert meal["calories"] is None or isinstance(meal["calories"], int)
    known = [meal["calories"] for meal in plan["meals"].values()]
    assert plan["total_calories"] == (None if None in known else sum(known))


async def test_no_amount_is_planned_twice(client: Client) -> None:
    await fill(client, huevos=(4, "unidades", 1), espinaca=(200, "gramos", 1), tomate=(150, "gramos", 1))
    await fill(client, cebolla=(50, "gramos", 9))
    meals = (await ask(client, PLAN, {"ingredients": [], "meal_types": ["desayuno", "cena"]}))["meal_plan"]["meals"]
    assert list(meals) == ["breakfast", "dinner"]
    eggs = [
        any(part["food_id"] == "egg" for part in meal["missing_ingredients"])
        for meal in meals.values()
        if any(part["food_id"] == "egg" for part in meal["ingredients"])
    ]
    assert eggs.count(False) <= 1


async def test_an_older_client_reads_one_recipe_with_its_steps_in_one_text(client: Client) -> None:
    told = await ask(client, SINGLE, {"ingredients": ["huevos", "tomate"], "meal_type": "breakfast", "cuisine": ""})
    recipe = told["recipe"]
    assert recipe["name"] == "Huevos revueltos con tomate" and recipe["id"]
    assert recipe["instructions"].startswith("1. ")
    names = {"name", "quantity", "type_unit", "storage_type", "expiration_time", "time_unit", "tips", "image_path"}
    for part in recipe["ingredients"]:
        assert all(part[name] not in (None, "") for name in names), part


async def test_a_key_makes_the_same_generation_only_once(cook: Client) -> None:
    first, second = [await cook.post(STOCK, json={}, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert first.body == second.body and second.headers["Idempotent-Replayed"] == "true"


async def test_the_pictures_of_a_generation_are_cards_where_nobody_paints(cook: Client, guest: Guest) -> None:
    made = await ask(cook, CUSTOM, {"ingredients": ["carne", "papa", "tomate"]})
    path = IMAGES.format(generation_id=made["generation_id"])
    told = answered(await cook.get(path), "GET", IMAGES)
    assert told["recipes"] == made["generated_recipes"]
    assert (told["images_ready"], told["images_generated"], told["total_recipes"]) == (True, 2, 2)
    assert made["images_status"] == "ready" and "images" not in made
    status = answered(await cook.get(made["images_check_url"]), "GET", STATUS)
    assert (status["status"], status["progress_percentage"]) == ("completed", 100)
    assert status["images_data"] == told
    for recipe in told["recipes"]:
        await opened(cook, recipe["image_path"])
    other = await guest()
    refused(await other.get(path), 404, "unknown_generation")
    refused(await other.get(made["images_check_url"]), 404, "unknown_generation")


async def test_what_somebody_has_become_allergic_to_since_is_not_shown_again(cook: Client) -> None:
    made = await ask(cook, CUSTOM, {"ingredients": ["huevo", "papa", "pollo"], "num_recipes": 6})
    path = IMAGES.format(generation_id=made["generation_id"])
    eggs = {one["id"] for one in made["generated_recipes"] if "eggs" in one["allergens"]}
    safe = [one["id"] for one in made["generated_recipes"] if not {"eggs"} & {*one["allergens"], *one["may_contain"]}]
    assert eggs and safe
    await prefer(cook, allergies=["huevo"])
    assert [one["id"] for one in (await cook.get(path)).json["recipes"]] == safe
    only = await ask(cook, CUSTOM, {"ingredients": ["papa"], "num_recipes": 1})
    await prefer(cook, allergies=["huevo", "papa"])
    refused(await cook.get(IMAGES.format(generation_id=only["generation_id"])), 404, "unknown_generation")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        (CUSTOM, {}, "/ingredients"),
        (CUSTOM, {"ingredients": ["papa"] * 201}, "/ingredients"),
        (CUSTOM, {"ingredients": [{"quantity": 1}]}, "/ingredients/0"),
        (CUSTOM, {"ingredients": [""]}, "/ingredients/0"),
        (CUSTOM, {"ingredients": ["papa"], "num_recipes": 0}, "/num_recipes"),
        (CUSTOM, {"ingredients": ["papa"], "num_recipes": 7}, "/num_recipes"),
        (CUSTOM, {"ingredients": ["papa"], "preferences": ["x" * 101]}, "/preferences/0"),
        (CUSTOM, {"ingredients": ["papa"], "preferences": ["a"] * 21}, "/preferences"),
        (PLAN, {"date": "mañana"}, "/date"),
    ],
)
async def test_what_cannot_be_meant_is_refused(client: Client, path: str, body: dict[str, Any], pointer: str) -> None:
    problem = refused(await client.post(path, json=body), 422)
    assert [one["pointer"] for one in problem["errors"]] == [pointer]


async def test_recipes_are_in_the_export_and_come_back(cook: Client, guest: Guest) -> None:
    await ask(cook, STOCK)
    archive = (await cook.get("/api/export")).body
    other = await guest()
    zipped = {"Content-Type": "application/zip"}
    assert (await other.post("/api/import", data=archive, headers=zipped)).status == 201
    shown = [recipe["title"] for recipe in (await ask(other, STOCK))["generated_recipes"]]
    assert "Tortilla de espinaca" not in shown  # it knows what was shown


@pytest.mark.parametrize("counts", [{"needed": 10**30}, {"there": -1}, {"there": 9, "needed": 8}], ids=str)
async def test_counts_that_cannot_be_are_no_export(cook: Client, guest: Guest, counts: dict[str, int]) -> None:
    await ask(cook, STOCK)
    with zipfile.ZipFile(io.BytesIO((await cook.get("/api/export")).body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    rows = [json.loads(line) for line in files["generated_recipes.jsonl"].splitlines()]
    rows[0]["recipe"] |= counts
    files["generated_recipes.jsonl"] = "\n".join(map(json.dumps, rows)).encode()
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    zipped = {"Content-Type": "application/zip"}
    other = await guest()
    refused(await other.post("/api/import", data=changed.getvalue(), headers=zipped), 400, "not_an_export")


# With Gemini.


def written(title: str, *ingredients: str, course: str = "dinner", **more: Any) -> dict[str, Any]:
    return {
        "title": title, "description": "Rica.", "minutes": 20, "difficulty": "easy", "course": course,
        "ingredients": [{"name": name, "quantity": 100, "unit": "g"} for name in ingredients],
        "steps": ["Cocina todo a fuego bajo."], "tip": "", **more,
    }  # fmt: skip


@dataclass
class House:
    fake: FakeGemini
    client: Client
    url: str

    def writes(self, *recipes: dict[str, Any]) -> None:
        self.fake.otherwise = {"recipes": list(recipes), "meals": list(recipes)}


@asynccontextmanager
async def house_with(http: ClientSession, data_dir: Path, **settings: Any) -> AsyncIterator[House]:
    async with fake_gemini() as fake:
        asks = {"gemini_api_key": "the-key", "gemini_url": fake.url, "ai_a_minute": 100_000, **settings}
        async with running(data_dir, **asks) as service:
            client = await signed_in(http, service.url)
            await fill(client, espinaca=(200, "gramos", 1), papa=(1, "kilogramos", 30), huevos=(6, "unidades", 20))
            yield House(fake, client, service.url)


@pytest.fixture
async def house(http: ClientSession, tmp_path: Path) -> AsyncIterator[House]:
    async with house_with(http, tmp_path) as it:
        yield it


async def test_gemini_writes_first_and_what_is_missing_is_told_of_its_recipes_too(house: House) -> None:
    house.writes(written("Papas verdes", "papa", "espinaca", "sal"), written("Huevos al cilantro", "huevo", "culantro"))
    told = await ask(house.client, STOCK)
    first, second = told["generated_recipes"]
    as_the_client_reads(first)
    assert (told["engine"], first["engine"], first["generated_by_ai"]) == ("gemini", "gemini", True)
    assert (first["title"], first["expiring_ingredients"], first["missing_ingredients"]) == (
        "Papas verdes", ["espinaca"], [],
    )  # fmt: skip
    assert [part["food_id"] for part in second["missing_ingredients"]] == ["cilantro"]
    (asked,) = house.fake.asked
    told_of = json.loads(asked.texts[0].split("\n")[1])
    assert told_of["priorities"] == ["espinaca"]
    assert {one["name"] for one in told_of["ingredients"]} == {"espinaca", "papa", "huevos"}


async def test_the_book_fills_up_what_gemini_leaves_open(house: House) -> None:
    await prefer(house.client, allergies=["maní"])
    house.writes(written("Papas verdes", "papa", "espinaca"), written("Papas con crema de maní", "papa", "maní"))
    told = await ask(house.client, STOCK)
    assert [recipe["engine"] for recipe in told["generated_recipes"]] == ["gemini", "local"]
    assert all("peanuts" not in recipe["allergens"] for recipe in told["generated_recipes"])


@pytest.mark.parametrize("answer", [said("Here are your recipes!"), blocked()], ids=["prose", "blocked"])
async def test_the_book_answers_when_gemini_does_not(house: House, answer: Any) -> None:
    house.fake.reactions = [answer] * 6
    told = await ask(house.client, STOCK)
    assert (told["engine"], told["total_recipes"]) == ("local", 2)
    house.fake.reactions = [answer] * 6
    plan = await ask(house.client, PLAN, {"ingredients": []})
    assert plan["engine"] == "local" and plan["meal_plan"]["meals"]


async def test_a_slow_gemini_is_not_waited_for_beyond_its_time(
    http: ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ai.recipe_questions.WRITING_S", 0.3)
    async with house_with(http, tmp_path) as house:
        house.fake.reactions = [slow(5)] * 4
        async with asyncio.timeout(4):
            assert (await ask(house.client, STOCK))["engine"] == "local"


async def test_by_setting_nobody_is_asked(http: ClientSession, tmp_path: Path) -> None:
    async with house_with(http, tmp_path, recipes="local") as house:
        told = await ask(house.client, STOCK)
        assert (told["engine"], house.fake.asked) == ("local", [])


async def test_a_diet_is_kept_whatever_gemini_writes(house: House) -> None:
    house.writes(written("Papas con jamón", "papa", "jamón"), written("Papas verdes", "papa", "espinaca"))
    body = {"ingredients": ["papa"], "preferences": ["vegetariana"]}
    told = await ask(house.client, CUSTOM, body)
    assert told["generated_recipes"][0]["title"] == "Papas verdes"
    assert {recipe["diet_type"] for recipe in told["generated_recipes"]} <= {"vegana", "vegetariana"}


async def test_an_answer_is_remembered_for_its_household_alone(house: House, http: ClientSession) -> None:
    house.writes(written("Papas verdes", "papa"), written("Papas rojas", "papa"))
    neighbour = await signed_in(http, house.url)
    for client in (house.client, neighbour):
        await ask(client, CUSTOM, {"ingredients": ["papa amarilla"]})
    assert len(house.fake.asked) == 2


async def test_gemini_plans_a_day_and_the_book_fills_the_meals_that_it_leaves_or_makes_unsafe(house: House) -> None:
    await prefer(house.client, allergies=["huevo"])
    house.writes(
        written("Papas verdes", "papa", "espinaca", meal="lunch", course="lunch"),
        written("Tortilla", "huevo", meal="dinner"),
    )
    told = await ask(house.client, PLAN, {"ingredients": []})
    meals = told["meal_plan"]["meals"]
    assert told["engine"] == "gemini" and (meals["lunch"]["title"], meals["lunch"]["engine"]) == (
        "Papas verdes", "gemini",
    )  # fmt: skip
    assert meals["dinner"]["engine"] == "local" and "eggs" not in meals["dinner"]["allergens"]
    assert list(meals) == [meal for meal in ("breakfast", "lunch", "dinner") if meal in meals]


@pytest.mark.parametrize(
    ("title", "asked_for"),
    [("Ají de gallina", "ají de gallina / aji de gallina"), ("Pan con palta", "Pan con palta / Avocado on a roll")],
    ids=["of the catalogue", "of the book"],
)
async def test_a_dish_of_ours_is_painted_by_our_names_and_others_show_a_card(
    http: ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, title: str, asked_for: str
) -> None:
    monkeypatch.setattr("storage.runner.SCAN_S", 0.2)
    async with house_with(http, tmp_path, gemini_image_model="painter") as house:
        house.writes(written(title, "papa"), written("Papas verdes", "papa"))
        made = await ask(house.client, STOCK)
        dish, card = made["generated_recipes"]
        assert (dish["image_status"], card["image_status"]) == ("generating", "ready")
        assert made["images"]["task_id"] == made["generation_id"]
        for _ in range(200):
            status = answered(await house.client.get(made["images"]["check_images_url"]), "GET", STATUS)
            if status["status"] == "completed":
                break
            await asyncio.sleep(0.05)
        dish, card = status["images_data"]["recipes"]
        assert (dish["image_status"], card["image_status"]) == ("ready", "ready")
        assert "/library/" in dish["image_path"] and "/cards/" in card["image_path"]
        painted = [one.texts[0].casefold() for one in house.fake.asked if one.wants_image]
        assert [asked_for.casefold() in text for text in painted].count(True) == 1
