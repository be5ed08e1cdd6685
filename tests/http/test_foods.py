"""The catalogue over HTTP: what a text may mean, and what is known of a food."""

import pytest

from tests.http.expecting import answered, refused_in_both_languages
from tests.service import Client
from zwai.knowledge.catalogue import load


async def search(client: Client, text: str, **more: str) -> list[dict]:
    reply = await client.get("/api/foods", params={"q": text, **more})
    return answered(reply, "GET", "/api/foods")["foods"]


async def test_a_search_answers_the_best_first_with_all_that_is_known(client: Client) -> None:
    found = await search(client, "lechee")
    milk = found[0]
    assert (milk["id"], milk["name"], milk["name_en"], milk["name_es"]) == ("milk", "leche fresca", "milk", "leche")
    assert (milk["category"], milk["place"], milk["unit"]) == ("dairy", "fridge", "ml")
    assert milk["allergens"] == ["milk"]
    assert [food["score"] for food in found] == sorted((food["score"] for food in found), reverse=True)
    states = {(life["place"], life["state"]) for life in milk["shelf_life"]}
    assert {("fridge", "opened"), ("fridge", "thawed"), ("freezer", "purchase")} <= states
    assert all(life["source"] and 0 <= life["min_days"] <= life["max_days"] for life in milk["shelf_life"])
    footprint = milk["footprint"]
    assert 0 < footprint["low"] < footprint["mid"] < footprint["high"]
    assert footprint["source"] == "Poore & Nemecek 2018, Milk"
    assert milk["density"]["g_per_ml"] == pytest.approx(1.03, abs=0.01)
    assert milk["density"]["source"].startswith("USDA SR")
    assert {"unit": "cup", "grams": 257.75, "source": "USDA SR 01211, cup", "assumed": False} in milk["weights"]
    assert milk["nutrition"]["kcal"] == 61


async def test_noise_around_a_name_does_not_hide_it(client: Client) -> None:
    [found] = await search(client, "tomates cherry orgánicos 500g", limit="1")
    assert found["id"] == "cherry_tomato"
    assert found["score"] >= 0.7


async def test_what_is_only_near_is_offered_with_a_lower_score(client: Client) -> None:
    found = await search(client, "leche de avellanas")
    assert found
    assert all(food["score"] < 0.7 and food["rule"] == "near" for food in found)


@pytest.mark.parametrize("text", ["xyzzy", "papel higiénico", "🍌"])
async def test_what_is_near_nothing_is_an_empty_list(client: Client, text: str) -> None:
    assert await search(client, text) == []


async def test_names_are_in_the_language_of_who_asks(client: Client) -> None:
    reply = await client.get("/api/foods", params={"q": "tuna"}, headers={"Accept-Language": "en"})
    assert (reply.json["foods"][0]["id"], reply.json["foods"][0]["name"]) == ("canned_tuna", "canned tuna")
    assert (await search(client, "tuna"))[0]["id"] == "prickly_pear"
    assert {"Authorization", "Accept-Language"} <= set(", ".join(reply.headers.getall("Vary")).split(", "))


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20", "?q=%00", "?q=x&limit=0", "?q=x&limit=51", "?q=x&limit=two",
                                   f"?q={'x' * 101}"])  # fmt: skip
async def test_a_search_for_nothing_is_told_in_a_sentence(client: Client, query: str) -> None:
    problem = await refused_in_both_languages(client, "GET", f"/api/foods{query}", 422)
    assert problem["errors"][0]["pointer"] in ("/q", "/limit")


async def test_a_food_is_shown_by_its_id(client: Client) -> None:
    shown = answered(await client.get("/api/foods/rice"), "GET", "/api/foods/{food_id}")
    assert shown["id"] == "rice"
    cooked = next(life for life in shown["shelf_life"] if life["state"] == "cooked" and life["place"] == "fridge")
    assert (cooked["assumed"], cooked["max_days"]) == (True, 2)
    assert cooked["source"].startswith("supuesto: 1 a 2 días cocido en el refrigerador; ")


@pytest.mark.parametrize("food", ["unicorn", "Milk", "milk%20", "%F0%9F%8D%8C", "x" * 2000])
async def test_a_food_that_is_not_in_the_catalogue_is_not_found(client: Client, food: str) -> None:
    problem = await refused_in_both_languages(client, "GET", f"/api/foods/{food}", 404)
    assert problem["code"] == "not_in_catalogue"


async def test_a_shelf_life_says_since_when_it_counts(client: Client) -> None:
    since = {"purchase", "stored", "opened", "thawed", "cooked", "cut"}
    for food in list(load().foods)[::10]:
        lives = (await client.get(f"/api/foods/{food}")).json["shelf_life"]
        states = [(life["place"], life["state"]) for life in lives]
        assert {state for _, state in states} <= since, food
        assert len(states) == len(set(states)), food


async def test_every_food_can_be_shown(client: Client) -> None:
    for food in list(load().foods)[::25]:
        answered(await client.get(f"/api/foods/{food}"), "GET", "/api/foods/{food_id}")
