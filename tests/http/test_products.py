"""What barcodes stand for: taught, told, forgotten, by each household for itself."""

from tests.http.expecting import refused
from tests.http.test_every_route import Guest
from tests.service import Client

CODE = "7750670000154"
PATH = f"/api/products/{CODE}"


async def test_a_household_teaches_what_a_code_stands_for(client: Client) -> None:
    refused(await client.get(PATH), 404, "unknown_product")
    taught = await client.put(PATH, json={"name": "Leche evaporada", "quantity": "400", "type_unit": "g"})
    assert taught.status == 200
    assert taught.json == {
        "gtin": CODE, "name": "Leche evaporada", "food_id": "evaporated_milk", "quantity": 400,
        "type_unit": "gramos", "brand": "", "allergens": [], "source": "own",
    }  # fmt: skip
    assert (await client.get(f"/api/products/0{CODE}")).json == taught.json  # the same number, written longer
    again = await client.put(PATH, json={"name": "Lechecita"})
    assert (again.json["name"], again.json["quantity"], again.json["type_unit"]) == ("Lechecita", 1, "unidades")
    assert (await client.delete(PATH)).status == 200
    refused(await client.delete(PATH), 404, "unknown_product")
    refused(await client.get(PATH), 404, "unknown_product")


async def test_each_household_has_its_own_words(client: Client, guest: Guest) -> None:
    await client.put(PATH, json={"name": "Leche"})
    beto = await guest()
    refused(await beto.get(PATH), 404, "unknown_product")
    await beto.put(PATH, json={"name": "Tarro"})
    assert [(await one.get(PATH)).json["name"] for one in (client, beto)] == ["Leche", "Tarro"]
    refused(await (await guest()).delete(PATH), 404, "unknown_product")
    assert (await client.get(PATH)).status == 200


async def test_what_is_no_products_code_is_told(client: Client) -> None:
    for code in ("7750670000155", "2012345012349", "hola", "0000000000000", "1"):
        for method in ("GET", "PUT", "DELETE"):
            problem = await client.request(method, f"/api/products/{code}", json={"name": "Leche"})
            refused(problem, 404, "not_a_product_code")


async def test_what_is_taught_is_exported(client: Client, guest: Guest) -> None:
    await client.put(PATH, json={"name": "Leche"})
    export = await client.get("/api/export")
    assert export.status == 200
    beto = await guest()
    sent = {"Content-Type": "application/zip"}
    imported = await beto.post("/api/import", data=export.body, headers=sent)
    assert imported.status in (200, 201), imported.body
    assert (await beto.get(PATH)).json["name"] == "Leche"
