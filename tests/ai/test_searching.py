"""A search for several foods has a process of its own, which nobody else waits for."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ai.pool import open_idle_pool, open_pool
from ai.work import warm, warm_search
from tests.ai import pool_jobs as jobs
from zwai.errors import PoolFull
from zwai.kitchen.looking import Local
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.photos import Aim, Copy, Decision, PhotoId

PHOTOS = Path(__file__).parents[1] / "photos"
SOMEBODY = Member(AccountId(""), HouseholdId(""), SessionId(""), Language.EN, "UTC")


class Folder:
    """Photos by their names in a folder."""

    async def find(self, photo: PhotoId, copy: Copy) -> Path:
        return PHOTOS / photo


@asynccontextmanager
async def searching(queue: int):
    async with open_pool(1, queue=4, warm=warm) as pool, open_idle_pool(1, queue, 60, warm_search) as searchers:
        yield Local(pool, searchers, Folder()), searchers


def look(local: Local, photo: str):
    return local.look(PhotoId(photo), Aim.INGREDIENTS, SOMEBODY)


@pytest.mark.slow
async def test_what_is_told_at_a_glance_does_not_wait_for_a_search():
    async with searching(queue=4) as (local, _):
        search = asyncio.create_task(look(local, "fridge.jpg"))
        await asyncio.sleep(0)
        (tomato,) = await look(local, "tomato.jpg")
        assert tomato.food == "tomato"
        assert not search.done()
        assert {part.decision for part in await search} == {Decision.CONFIRM}


@pytest.mark.slow
async def test_with_too_many_searches_suggestions_are_the_answer_and_nothing_is_none(tmp_path):
    async with searching(queue=0) as (local, searchers):
        busy = asyncio.create_task(searchers.run(jobs.sleep, 3, tmp_path / "started", deadline_s=10))
        async with asyncio.timeout(20):
            while not (tmp_path / "started").exists():
                await asyncio.sleep(0.01)
        assert {one.decision for one in await look(local, "two.jpg")} == {Decision.SUGGESTION}
        with pytest.raises(PoolFull):
            await look(local, "fridge.jpg")
        await busy
