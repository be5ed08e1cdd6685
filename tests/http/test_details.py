"""All that is known of one food over HTTP: the types that the client needs, from the knowledge, nothing invented."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.expecting import answered, refused
from tests.service import PHOTOS, Client, Service, stack_path
from tests.storage.counting import counted
from zwai.kitchen.allergens import declared, uses
from zwai.records.people import Language

ROOT = "/api/inventory"
INGREDIENT = f"{ROOT}/ingredients/{{name}}/detail"
DISH = f"{ROOT}/foods/{{name}}/{{added_at}}/detail"
TODAY = (datetime.now(UTC) - timedelta(hours=5)).date()  # in Lima


async def add(client: Client, name: str, quantity: float = 1, unit: str = "unidades", **more: Any) -> Any:
    item = {"name": name, "quantity": quantity, "type_unit": unit, **more}
    return (await client.post(f"{ROOT}/ingredients", json={"ingredients": [item]})).json["items"][0]


def food_path(item: dict[str, Any]) -> str:
    return stack_path(item).replace("/ingredients/", "/foods/")


async def test_an_ingredient_is_told_with_its_stacks_and_what_is_known_of_it(client: Client) -> None:
    await add(client, "Manzana", 2, "kg", expiration_date=(TODAY + timedelta(days=9)).isoformat())
    await add(client, "manzana", 3, "kg", expiration_date=(TODAY + timedelta(days=2)).isoformat())
    body = answered(await client.get(f"{ROOT}/ingredients/manzana/detail"), "GET", INGREDIENT)
    assert (body["stack_count"], body["total_quantity"]) == (2, 5)
    assert body["nearest_expiration"][:10] == (TODAY + timedelta(days=2)).isoformat()
    assert [stack["days_to_expire"] for stack in body["stacks"]] == [9, 2]
    carbon = body["environmental_impact"]["carbon_footprint"]
    assert 0 < carbon["low"] <= carbon["value"] <= carbon["high"]
    assert "Poore" in body["environmental_impact"]["source"]
    assert body["nutrition"]["source"].startswith("USDA SR")
    assert "quedan 2 días" in body["consumption_advice"]["optimal_consumption"]
    assert body["consumption_advice"]["nutritional_benefits"]
    assert {idea["source"] for idea in body["utilization_ideas"]} == {"rules"}
    assert {"environmental_impact", "utilization_ideas", "consumption_advice", "statistics"} <= set(
        body["enriched_with"]
    )


async def test_of_what_nobody_knows_nothing_is_invented(client: Client) -> None:
    item = await add(client, "Zzyzx", 1, "kg")
    body = answered(await client.get(f"{ROOT}/ingredients/Zzyzx/detail"), "GET", INGREDIENT)
    for name in ("environmental_impact", "nutrition", "footprint"):
        assert body[name] is None
        assert name not in body["enriched_with"]
    assert body["consumption_advice"]["nutritional_benefits"] is None
    assert body["food_id"] is None
    dish = await add(client, "Guiso de la abuela", 2, "porciones")
    told = answered(await client.get(f"{food_path(dish)}/detail"), "GET", DISH)
    assert (told["nutritional_analysis"], told["calories"], told["calories_source"]) == (None, 0, None)
    assert item["food_id"] is None


@pytest.mark.parametrize(
    ("allergy", "gone"),
    [("leche", True), ({"name": "Lactose"}, True), ("yogures", True), ("kiwi", False), ("pescado", False)],
)
async def test_no_idea_uses_what_the_reader_is_allergic_to(client: Client, allergy: Any, gone: bool) -> None:
    await add(client, "Manzana")
    path = f"{ROOT}/ingredients/Manzana/detail"
    before = [idea["title"] for idea in (await client.get(path)).json["utilization_ideas"]]
    assert "Batido o licuado" in before  # with milk, yoghurt or water
    assert (await client.put("/api/user/profile", json={"allergies": [allergy]})).status == 200
    after = [idea["title"] for idea in answered(await client.get(path), "GET", INGREDIENT)["utilization_ideas"]]
    assert after == [title for title in before if title != "Batido o licuado" or not gone]


async def test_no_idea_for_a_dish_uses_what_the_reader_is_allergic_to(client: Client) -> None:
    await client.put("/api/user/profile", json={"allergies": ["huevo"]})
    dish = await add(client, "Guiso de la abuela", 2, "porciones")
    told = answered(await client.get(f"{food_path(dish)}/detail"), "GET", DISH)
    assert [idea["title"] for idea in told["consumption_ideas"]] == ["Con algo fresco", "Congela la mitad"]


async def test_a_total_never_mixes_units(client: Client) -> None:
    await add(client, "Leche", 2, "litros")
    await add(client, "Leche", 500, "mililitros")
    body = (await client.get(f"{ROOT}/ingredients/Leche/detail")).json
    assert (body["total_quantity"], body["type_unit"]) == (500, "mililitros")
    assert body["totals"] == [
        {"quantity": 2.0, "type_unit": "litros"}, {"quantity": 500.0, "type_unit": "mililitros"}
    ]  # fmt: skip


@pytest.mark.parametrize(("portions", "whole"), [(3, 3), (2.5, 3), (0.25, 1)])
async def test_a_dish_is_told_in_whole_numbers_with_the_exact_ones_beside(
    client: Client, portions: float, whole: int
) -> None:
    dish = await add(client, "Lomo saltado", portions, "porciones", calories=301.6, main_ingredients=["Res", "Papa"])
    body = answered(await client.get(f"{food_path(dish)}/detail"), "GET", DISH)
    assert (body["serving_quantity"], body["portions"]) == (whole, portions)
    assert (body["calories"], body["calories_per_serving"]) == (302, 302)
    assert body["total_calories"] == int(302 * portions)
    assert body["main_ingredients"] == ["Res", "Papa"]
    for name in ("serving_quantity", "calories", "expiration_time", "days_to_expire", "total_calories"):
        assert type(body[name]) is int
    assert body["storage_advice"]["optimal_temperature"] == "En el refrigerador: Hasta 4 °C."


async def test_the_nutrition_of_a_dish_is_text_as_the_client_reads_it(client: Client) -> None:
    dish = await add(client, "Pizza", 2, "porciones")
    body = answered(await client.get(f"{food_path(dish)}/detail"), "GET", DISH)
    assert all(isinstance(text, str) for text in body["nutritional_analysis"]["macronutrients"].values())
    assert body["nutritional_analysis"]["source"]
    assert "gluten" in body["nutritional_analysis"]["dietary_considerations"]


async def test_an_expired_stack_is_told_to_be_checked_and_one_for_today_to_be_eaten(client: Client) -> None:
    await add(client, "Pan", expiration_date=TODAY.isoformat())
    assert (await client.get(f"{ROOT}/ingredients/Pan/detail")).json["consumption_advice"][
        "optimal_consumption"
    ] == "Para comer hoy."
    await add(client, "Leche", expiration_date="2020-01-02")
    body = (await client.get(f"{ROOT}/ingredients/Leche/detail")).json
    assert "2 de enero de 2020" in body["consumption_advice"]["optimal_consumption"]
    assert body["stacks"][0]["is_expired"] is True


async def test_details_are_told_in_english_too(client: Client) -> None:
    await add(client, "Manzana", 1, "kg")
    dish = await add(client, "Pizza", 1, "porciones")
    sent = {"Accept-Language": "en"}
    body = (await client.get(f"{ROOT}/ingredients/Manzana/detail", headers=sent)).json
    assert "litres of water" in body["environmental_impact"]["sustainability_message"]
    assert body["before_consumption_advice"]["quality_check"].startswith("Firm")
    told = (await client.get(f"{food_path(dish)}/detail", headers=sent)).json
    assert told["nutritional_analysis"]["macronutrients"]["proteins"].endswith("g per 100 g")


@pytest.mark.parametrize("name", ["Mitad 1/2", "Ñandú: ¿qué?", "100% cacao", "palta"])
async def test_a_detail_is_found_by_any_spelling_of_the_name(client: Client, name: str) -> None:
    item = await add(client, name)
    path = stack_path(item).rpartition("/")[0]
    assert answered(await client.get(f"{path}/detail"), "GET", INGREDIENT)["name"] == name
    if name == "palta":
        assert (await client.get(f"{ROOT}/ingredients/aguacate/detail")).json["name"] == "palta"


async def test_a_stack_has_its_detail_at_its_own_address_too(client: Client) -> None:
    milk, dish = await add(client, "Leche", 1, "litros"), await add(client, "Sopa", 2, "porciones")
    body = answered(await client.get(stack_path(milk)), "GET", f"{ROOT}/ingredients/{{name}}/{{added_at}}")
    assert [stack["added_at"] for stack in body["stacks"]] == [milk["added_at"]]
    assert answered(await client.get(food_path(dish)), "GET", f"{ROOT}/foods/{{name}}/{{added_at}}")["portions"] == 2
    refused(await client.get(stack_path({**milk, "added_at": "2020-01-01T00:00:00+00:00"})), 404, "unknown_stack")
    refused(await client.get(f"{food_path(milk)}/detail"), 404, "unknown_stack")


async def test_the_complete_list_tells_what_is_known_of_each(client: Client) -> None:
    await add(client, "Manzana", 1, "kg")
    await add(client, "Zzyzx")
    await add(client, "Sopa", 1, "porciones")
    body = answered(await client.get(f"{ROOT}/complete"), "GET", f"{ROOT}/complete")
    known, unknown = body["ingredients"]
    assert known["environmental_impact"]["carbon_footprint"]["value"] > 0
    assert unknown["environmental_impact"] is None
    assert body["food_items"][0]["utilization_ideas"][0]["type"] == "combinación"


async def test_no_list_or_addition_has_an_idea_that_uses_what_its_reader_is_allergic_to(client: Client) -> None:
    async def told() -> list[list[str]]:
        photo = (await client.upload(PHOTOS / "tomato.jpg")).json["image"]["image_path"]
        seen = await client.post("/api/recognition/ingredients/complete", json={"images_paths": [photo]})
        added = await client.post(f"{ROOT}/add_item", json={"name": "Manzana", "category": "x", "quantity": 1})
        dish = {"name": "Sopa", "category": "food", "unit": "porciones", "quantity": 1}
        cooked = await client.post(f"{ROOT}/add_item", json=dish)
        held = (await client.get(f"{ROOT}/complete")).json
        shown = [*seen.json["ingredients"], added.json["item_data"], *held["ingredients"], *held["food_items"]]
        ideas = [*(one["utilization_ideas"] for one in shown), cooked.json["item_data"]["consumption_ideas"]]
        return [[f"{idea['title']}. {idea['description']}" for idea in some] for some in ideas]

    before = await told()
    allergies = ["leche", "huevo", "tomate"]
    assert (await client.put("/api/user/profile", json={"allergies": allergies})).status == 200
    mine = declared({"allergies": allergies}, Language.ES)
    assert any(uses(text, mine, Language.ES) for some in before for text in some)
    after = await told()
    assert after == [[text for text in some if not uses(text, mine, Language.ES)] for some in before]


async def test_a_detail_costs_three_statements_at_most_of_any_stacks(client: Client, service: Service) -> None:
    for _ in range(5):
        milk = await add(client, "Leche", 1, "litros")
    for path in (f"{ROOT}/ingredients/Leche/detail", stack_path(milk)):
        with counted(service.kitchen.database) as statements:
            assert (await client.get(path)).status == 200
        assert 2 <= len(statements.of_the_kitchen) <= 3, statements.of_the_kitchen


async def test_eating_a_dish_tells_what_was_spared_only_when_its_weight_is_known(client: Client) -> None:
    eaten = []
    for body in (
        {"name": "Puré de papa", "serving_quantity": 2},
        {"name": "Puré de papa", "serving_quantity": 200, "type_unit": "gramos"},
    ):
        done = await client.post(f"{ROOT}/foods/from-recognition", json={"foods": [body]})
        path = food_path(done.json["items"][0])
        reply = await client.post(f"{path}/consume", json={"portions": body["serving_quantity"]})
        eaten.append(answered(reply, "POST", f"{ROOT}/foods/{{name}}/{{added_at}}/consume"))
    assert [one["coins_earned"] for one in eaten] == [None, None]
    assert eaten[0]["environmental_impact"] is None
    assert eaten[1]["environmental_impact"]["co2_saved"] > 0
    assert eaten[1]["environmental_impact"]["source"]
