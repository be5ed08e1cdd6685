"""The stock over HTTP: adding, listing, and each change once."""

from tests.service import Client


async def test_what_is_added_is_listed_with_its_expiry_and_the_reason_for_it(client: Client) -> None:
    await client.add("Leche", 2, "litros")
    shelf = (await client.get("/api/inventory/")).json["ingredients"][0]
    assert (shelf["name"], shelf["stacks"][0]["quantity"], shelf["type_unit"]) == ("Leche", 2, "litros")
    assert shelf["stacks"][0]["expiry_reference"]
