"""Eaten, wasted, cooked and left is what was put in, whatever was done to it, by the journal's own figures."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage import batches
from storage.db import Database, Write
from tests.storage.households import NOON, household, opened
from zwai.errors import Conflict
from zwai.kitchen import first_out, inventory, journal, states
from zwai.kitchen.inventory import NewItem, typed_expiry
from zwai.records.people import AccountId, Language, Member, SessionId
from zwai.records.stock import Act, Batch, Kind, Place, Quantity, Unit

GOES = (Act.EAT, Act.WASTE, Act.COOK)
WAYS = ("add", "eat", "waste", "move", "cook", "open", "set aside", "release", "undo")


@pytest.mark.slow
async def test_what_was_put_in_is_eaten_wasted_cooked_or_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        for seed in range(6):
            member = await somebody(database)
            await live(database, member, random.Random(seed))
            await check(database, member)


async def live(database: Database, member: Member, chance: random.Random) -> None:
    """A hundred and twenty things that people do; what cannot be done is refused and changes nothing."""
    for minute in range(120):
        try:
            async with database.write(member.household) as tx:
                await do(tx, member, chance, minute)
        except Conflict:
            continue


async def do(tx: Write, member: Member, chance: random.Random, minute: int) -> None:
    now = NOON + timedelta(minutes=minute)
    held = [one for one in await batches.page(tx, member.household) if one.label_key == "papa"]
    way = chance.choice(WAYS) if held else "add"
    amount = Decimal(chance.randint(1, 900)) / 1000
    if way == "add":
        place = chance.choice(list(Place))
        item = NewItem("Papa", Kind.INGREDIENT, Quantity(amount * 3, Unit.KG), place)
        await inventory.add(tx, member, [item], now)
        return
    one = chance.choice(held)
    if way == "eat":
        await first_out.eat(tx, member, "papa", amount, Unit.KG, now)
    elif way == "waste":
        await states.discard(tx, member, one.id, now, amount=chance.choice([None, amount]), reason="other")
    elif way == "move":
        await states.move(tx, member, one.id, chance.choice(list(Place)), now, amount=chance.choice([None, amount]))
    elif way == "cook":
        mash = NewItem("Puré", Kind.DISH, Quantity(Decimal(2), Unit.PORTION), expiry=typed_expiry(NOON.date()))
        await states.transform(tx, member, one.id, mash, now, amount=amount)
    elif way == "undo":
        entries, _ = await journal.history(tx, member.household, 3)
        await journal.undo(tx, member, chance.choice(entries).id, now)
    else:
        act = {"open": states.open_packet, "set aside": states.quarantine, "release": states.release}[way]
        await act(tx, member, one.id, now)


async def check(database: Database, member: Member) -> None:
    async with database.read(member.household) as tx:
        entries, more = await journal.history(tx, member.household, 500)
        assert not more
        left = sum((kilograms(one) for one in await batches.page(tx, member.household)), Decimal(0))
    total: Counter[Act] = Counter()
    done = {entry.id: entry.act for entry in entries}
    for entry in entries:
        gained = sum((kilograms(one.after) - kilograms(one.before) for one in entry.changes), Decimal(0))
        act = done[entry.undoes] if entry.undoes else entry.act
        assert gained == 0 or act in (Act.ADD, *GOES), (entry.act, gained)
        total[act] += gained  # type: ignore[assignment]  # a Counter counts decimals too
    assert total[Act.ADD] == left - sum(total[act] for act in GOES)
    assert total[Act.ADD] > 0
    assert all(total[act] < 0 for act in GOES)


def kilograms(one: Batch | None) -> Decimal:
    """Of potatoes; what is cooked of them is another food."""
    return one.quantity.amount if one and one.label_key == "papa" else Decimal(0)


async def somebody(database: Database) -> Member:
    home = await household(database)
    return Member(AccountId("a" * 32), home, SessionId("s" * 32), Language.ES, "America/Lima")
