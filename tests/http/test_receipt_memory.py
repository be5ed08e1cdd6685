"""What a household teaches by accepting the lines of a receipt: its words next time, and the prices it paid."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from storage import prices
from storage.schema import accounts
from tests.http.test_captures import captured
from tests.http.test_every_route import Guest
from tests.printed import picture
from tests.service import Client, Service
from zwai.kitchen.reading import can_read

pytestmark = [
    pytest.mark.slow,
    pytest.mark.direct,  # looks into the database
    pytest.mark.skipif(not can_read(), reason="needs the extra that reads text"),
]

RECEIPT = """
SUPERMERCADO EL TAMBO
FECHA: 23/11/2026
XQZ ESPECIAL 500G        12.90
BOLSA PLASTICA            0.10
TOTAL S/                 13.00
"""


async def capture(client: Client, text: str = RECEIPT) -> dict[str, Any]:
    answer = await captured(client, picture(text, 3), kinds=["receipt"])
    assert answer.status == 201 or answer.status == 200, answer.body
    told: dict[str, Any] = answer.json
    return told


async def accept(client: Client, answer: dict[str, Any], **edit: Any) -> dict[str, Any]:
    line = {"id": answer["lines"][0]["id"], **edit}
    reply = await client.post(f"/api/proposals/{answer['proposal_id']}/accept", json={"lines": [line]})
    assert reply.status == 200, reply.body
    told: dict[str, Any] = reply.json
    return told


async def paid(service: Service, client: Client, label_key: str) -> list[tuple[str, str, str, str]]:
    assert client.user is not None
    async with service.kitchen.database.read() as tx:
        household = await tx.scalar(select(accounts.c.household_id).where(accounts.c.id == client.user["uid"]))
        found = await prices.of_label(tx, household, label_key, 10)
    return [(str(one.bought_on), one.shop, f"{one.paid:.2f}", one.currency) for one in found]


async def test_the_next_receipt_knows_what_was_corrected_and_what_was_paid(
    service: Service, client: Client, guest: Guest
) -> None:
    first = await capture(client)
    assert [line["name"] for line in first["lines"]] == ["Xqz especial"]  # a bag is nothing to eat
    assert (first["receipts"][0]["not_food"], first["receipts"][0]["difference"]) == ("1", "0.00")
    accepted = await accept(client, first, name="Queso de la feria")
    assert await paid(service, client, "queso de la feria") == [("2026-11-23", "SUPERMERCADO EL TAMBO", "12.90", "PEN")]

    second = await capture(client, RECEIPT.replace("23/11", "24/11"))
    assert [line["name"] for line in second["lines"]] == ["Queso de la feria"]
    assert [line["name"] for line in (await capture(await guest()))["lines"]] == ["Xqz especial"]  # theirs is not ours

    undone = await client.post(f"/api/journal/{accepted['entry_id']}/undo")
    assert undone.status == 200, undone.body
    assert await paid(service, client, "queso de la feria") == []


async def test_accepting_twice_pays_once(service: Service, client: Client) -> None:
    first = await capture(client)
    for _ in range(2):
        await accept(client, first)
    assert len(await paid(service, client, "xqz especial")) == 1


async def test_what_was_bought_days_ago_has_kept_for_as_many(client: Client) -> None:
    days = []
    for ago in (0, 3):
        day = (datetime.now(ZoneInfo("America/Lima")) - timedelta(days=ago)).strftime("%d/%m/%Y")
        text = f"SUPERMERCADO EL TAMBO\nFECHA: {day}\nLECHE ENTERA 1L        5.20\nTOTAL S/        5.20"
        (line,) = (await capture(client, text))["lines"]
        days.append(datetime.fromisoformat(line["expiration_date"]))
    assert days[0] - days[1] == timedelta(days=3)
