"""Recognitions to be done in tests of jobs: who orders them, and an engine that takes as long as it is told."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from storage import people
from storage.attempts import Work
from storage.db import Database
from storage.schema import jobs
from zwai.kitchen.jobs import order_recognition, works
from zwai.kitchen.looking import Order, Recogniser
from zwai.kitchen.painting import Painter
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobState
from zwai.records.people import Account, AccountId, HouseholdId, Language, Member, Provider, SessionId
from zwai.records.photos import Aim, Decision, PhotoId, Sighting

PHOTOS_EACH = 3
SEEN = [
    Sighting("tomato", "ingredient", 0.95, Decision.ITEM, "whole"),
    Sighting("carrot", "ingredient", 0.9, Decision.ITEM, "whole"),
]


@dataclass(frozen=True)
class Quick:
    """Sees the same in every photo."""

    look_s: float

    async def look(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]:
        await asyncio.sleep(self.look_s)
        return SEEN


def clock() -> datetime:
    return datetime.now(UTC)


def recognising(database: Database, look_s: float) -> Mapping[str, Work]:
    """What is done for such orders, by a quick engine; captures and pictures are not among them."""
    nothing: Any = None
    recogniser = Recogniser(Quick(look_s), None, Order.LOCAL_FIRST)
    return works(recogniser, nothing, Painter(database, nothing, None, clock), clock)


async def somebody(database: Database) -> Member:
    """A guest with a household of their own."""
    now = clock()
    household, account = HouseholdId(new_id(now)), AccountId(new_id(now))
    person = Account(account, household, Provider.GUEST, "", None, False, None, Language.ES, {}, now, now)
    async with database.write() as tx:
        await people.add_household(tx, household, "America/Lima", now)
        await people.add_account(tx, person)
    return Member(account, household, SessionId(""), Language.ES, "America/Lima")


async def order(database: Database, member: Member, number: int = 1) -> list[Job]:
    """Order recognitions, each of some photos."""
    now = clock()
    async with database.write(member.household) as tx:
        return [await order_recognition(tx, member, _photos(now), Aim.INGREDIENTS, now) for _ in range(number)]


def _photos(now: datetime) -> list[PhotoId]:
    return [PhotoId(new_id(now)) for _ in range(PHOTOS_EACH)]


async def count(database: Database, *states: JobState) -> int:
    """How many jobs there are in these states."""
    async with database.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(jobs).where(jobs.c.state.in_(states))))
