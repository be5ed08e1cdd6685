"""The library's rows: the claim of whoever makes a picture, across processes that share nothing but the database."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import library
from storage.attempts import PutOff
from tests.gemini import picture
from tests.service import Service, running
from zwai.errors import AIDown, AIRefused, Conflict, ZwaiError
from zwai.kitchen.library import Library, generated_key, open_library
from zwai.kitchen.painting import LEASE, REFUSED_FOR, Model, Painter
from zwai.records.ai import Question
from zwai.records.people import HouseholdId
from zwai.records.photos import PhotoId
from zwai.records.pictures import LibraryPicture, Source
from zwai.records.stock import FoodId

pytestmark = pytest.mark.direct

HOME = HouseholdId("home")
MILK = FoodId("milk")


class Guard:
    """Answers with a picture, or with `error`; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: ZwaiError | None = None

    async def ask(self, question: Question, household: HouseholdId) -> dict[str, Any]:
        self.asked += 1
        await asyncio.sleep(0.2)
        if self.error is not None:
            raise self.error
        return {"image": base64.b64encode(picture(question.text)).decode()}


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with running(tmp_path_factory.mktemp("data")) as it:
        yield it


class Bench:
    """So many painters as processes would have, on one database."""

    def __init__(self, service: Service, guard: Guard, libraries: list[Library]) -> None:
        self.service, self.guard, self.libraries = service, guard, libraries
        self.shift = timedelta(0)
        database, model = service.kitchen.database, Model(guard, "painter")
        self.painters = [Painter(database, one, model, self.clock) for one in libraries]

    def clock(self) -> datetime:
        return self.service.kitchen.clock() + self.shift

    async def row(self) -> LibraryPicture | None:
        async with self.service.kitchen.database.read() as tx:
            return next(iter(await library.of_keys(tx, [generated_key(MILK)])), None)

    async def forget(self) -> None:
        if row := await self.row():
            async with self.service.kitchen.database.write() as tx:
                await library.drop(tx, row)


@pytest.fixture
async def bench(service: Service, tmp_path: Path) -> AsyncIterator[Bench]:
    kitchen = service.kitchen
    async with (
        open_library(kitchen.database, kitchen.files, kitchen.pool, tmp_path / "a", "1") as one,
        open_library(kitchen.database, kitchen.files, kitchen.pool, tmp_path / "b", "1") as other,
    ):
        made = Bench(service, Guard(), [one, other])
        yield made
        await made.forget()


async def paint_in_turn(painter: Painter) -> bool:
    """Paint, as a job does that comes again while another process is at it."""
    while True:
        with contextlib.suppress(PutOff):
            return await painter.paint(MILK, HOME)
        await asyncio.sleep(0.05)


async def test_processes_that_lack_the_same_picture_pay_for_one(bench: Bench) -> None:
    both = bench.painters * 3
    assert await asyncio.gather(*map(paint_in_turn, both)) == [True] * 6
    assert bench.guard.asked == 1
    row = await bench.row()
    assert row is not None and (row.source, row.model) == (Source.GENERATED, "painter")
    assert {one.find(MILK, "leche") for one in bench.libraries} == {row.photo}
    tomorrow = bench.service.kitchen.clock() + timedelta(days=1)
    assert row.photo in [one async for some in bench.service.kitchen.files.kept_before(tomorrow) for one in some]


async def test_another_process_learns_of_it_without_asking(bench: Bench) -> None:
    await bench.painters[0].paint(MILK, HOME)
    one, other = bench.libraries
    assert other.find(MILK, "leche") is None
    await other.refresh()
    assert other.find(MILK, "leche") == one.find(MILK, "leche") is not None


async def test_a_claim_that_nobody_holds_any_more_is_taken_over(bench: Bench) -> None:
    now = bench.service.kitchen.clock()
    dead = LibraryPicture(generated_key(MILK), PhotoId("d" * 32), Source.WANTED, "painter", now)
    async with bench.service.kitchen.database.write() as tx:
        await library.put(tx, dead)
    with pytest.raises(PutOff):
        await bench.painters[0].paint(MILK, HOME)
    assert bench.guard.asked == 0
    bench.shift = LEASE
    assert await bench.painters[0].paint(MILK, HOME)
    row = await bench.row()
    assert row is not None and row.photo != dead.photo
    async with bench.service.kitchen.database.write() as tx:  # the dead one wakes
        assert not await library.put(tx, replace(dead, source=Source.GENERATED), dead)
    assert await bench.row() == row


async def test_a_provider_that_is_down_leaves_no_claim_and_one_that_refuses_is_left_alone_for_a_week(
    bench: Bench,
) -> None:
    bench.guard.error = AIDown({"reason": "down"})
    with pytest.raises(AIDown):
        await bench.painters[0].paint(MILK, HOME)
    assert await bench.row() is None
    bench.guard.error = AIRefused({"reason": "safety"})
    for painter in bench.painters:
        assert not await painter.paint(MILK, HOME)
    assert bench.guard.asked == 2
    bench.guard.error, bench.shift = None, REFUSED_FOR
    assert await bench.painters[0].paint(MILK, HOME)


async def test_who_is_stopped_while_painting_gives_the_claim_up(bench: Bench) -> None:
    painting = asyncio.create_task(bench.painters[0].paint(MILK, HOME))
    await asyncio.sleep(0.1)
    assert (await bench.row()) is not None
    painting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await painting
    assert await bench.row() is None


async def test_a_key_has_one_row(service: Service) -> None:
    now = service.kitchen.clock()
    one = LibraryPicture("own:x", PhotoId("e" * 32), Source.INSTALLED, "", now)
    async with service.kitchen.database.write() as tx:
        await library.put(tx, one)
    with pytest.raises(Conflict):
        async with service.kitchen.database.write() as tx:
            await library.put(tx, replace(one, photo=PhotoId("f" * 32)))
    async with service.kitchen.database.read() as tx:
        assert await library.without_row(tx, [one.photo, PhotoId("f" * 32)]) == ["f" * 32]
