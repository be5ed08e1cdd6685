"""Looking at photos: which engine is asked first, and which one answers when that fails or is not sure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Protocol

from ai.photo_questions import question, sightings
from ai.pool import IdlePool, Pool
from ai.work import glance, search
from storage.files import Files
from zwai.errors import Unavailable
from zwai.kitchen.asking import NO_ANSWER, answer_to
from zwai.kitchen.recognition import Seen, each_once, name_of
from zwai.records.people import Member
from zwai.records.photos import Aim, Copy, Decision, Engine, PhotoId, Sighting
from zwai.records.ports import Asker

log = logging.getLogger("zwai.ai")

LOOK_DEADLINE_S = 20.0

Looked = tuple[Engine, list[Sighting]]
# Is told how many photos are done, each time that one is.
Told = Callable[[int], Awaitable[None]]


class Order(StrEnum):
    """Who looks first where both engines are there."""

    LOCAL_FIRST = "local-first"
    GEMINI_FIRST = "gemini-first"


class Looker(Protocol):
    """One engine."""

    async def look(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]: ...


class Local:
    """The on-device engine: a glance in the worker processes that all share, a search in one of its own.

    A search takes half a second of CPU, which nobody's upload is to wait for.
    """

    def __init__(self, pool: Pool, searchers: IdlePool, files: Files) -> None:
        self._pool, self._searchers, self._files = pool, searchers, files

    async def look(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]:
        """Raises PoolFull, JobTimedOut, WorkerDied: without suggestions, a search that was not made is no answer."""
        path = await self._files.find(photo, Copy.AI)
        seen = await self._pool.run(glance, path, aim, deadline_s=LOOK_DEADLINE_S, last=True)
        if not seen.unsure:
            return seen.sightings
        try:
            return await self._searchers.run(search, path, aim, seen.sightings, deadline_s=LOOK_DEADLINE_S)
        except Unavailable as error:
            if not seen.sightings:
                raise
            log.info("suggestions are the answer, since no search was made: %s", error.code)
            return seen.sightings


class Gemini:
    """Google's, behind the guard. Only the AI copy of a photo leaves the house."""

    def __init__(self, guard: Asker, files: Files) -> None:
        self._guard, self._files = guard, files

    async def look(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]:
        """Raises NO_ANSWER."""
        asked = question(aim, member.language, await self._files.read(photo, Copy.AI))
        return sightings(await answer_to(asked, self._guard, member.household), aim, member.language)


def together(local: Sequence[Sighting], gemini: Sequence[Sighting]) -> list[Sighting]:
    """Gemini's answer for a photo, with what the local engine is sure of there; what that only guesses gives way.

    What both name is one sighting: our calibrated confidence, its place and amount. What Gemini doesn't name stays,
    to be confirmed.
    """
    sure = {name_of(sighting): sighting for sighting in local if sighting.decision is Decision.ITEM}
    theirs = {name_of(sighting): sighting for sighting in reversed(gemini)}
    kept = [_seen_by_both(ours, theirs.get(name)) for name, ours in sure.items()]
    return kept + [sighting for sighting in gemini if name_of(sighting) not in sure]


def _seen_by_both(ours: Sighting, theirs: Sighting | None) -> Sighting:
    if theirs is None:
        return replace(ours, decision=Decision.CONFIRM)
    return replace(ours, box=theirs.box or ours.box, amount=theirs.amount, unit=theirs.unit)


class Recogniser:
    """Looks at the AI copies of stored photos by the engines that there are."""

    def __init__(self, local: Looker, gemini: Looker | None, order: Order) -> None:
        self._local, self._gemini, self._order = local, gemini, order

    async def look(
        self, photo_ids: Sequence[PhotoId], aim: Aim, member: Member, *, again: bool = False, told: Told | None = None
    ) -> Seen:
        """See what is in the photos, all at once, and merge what was seen twice.

        `again`: Gemini looks, whatever the local engine is sure of. One photo that it answered for makes the answer
        Gemini's. Raises PoolFull, JobTimedOut, WorkerDied.
        """
        try:
            async with asyncio.TaskGroup() as group:
                looks = [group.create_task(self._look_at(photo, aim, member, again=again)) for photo in photo_ids]
                for done, next_look in enumerate(asyncio.as_completed(looks), 1):
                    await next_look
                    if told is not None:
                        await told(done)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # one photo's error is the request's
        looked = [task.result() for task in looks]
        found = [(photo, one) for photo, (_, seen) in zip(photo_ids, looked, strict=True) for one in seen]
        engine = Engine.GEMINI if any(engine is Engine.GEMINI for engine, _ in looked) else Engine.LOCAL
        return Seen(aim, engine, tuple(photo_ids), each_once(found))

    async def _look_at(self, photo: PhotoId, aim: Aim, member: Member, *, again: bool) -> Looked:
        if self._order is Order.GEMINI_FIRST:
            asked = await self._ask(photo, aim, member)
            seen = await self._local.look(photo, aim, member) if asked is None else asked
            return Engine.LOCAL if asked is None else Engine.GEMINI, seen
        try:
            seen = await self._local.look(photo, aim, member)
        except Unavailable:
            if (asked := await self._ask(photo, aim, member)) is not None:
                return Engine.GEMINI, asked
            raise
        return await self.look_further(photo, aim, member, seen, again=again)

    async def look_here(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting]:
        """What the local engine sees; nothing leaves the house. Raises PoolFull, JobTimedOut, WorkerDied."""
        return await self._local.look(photo, aim, member)

    async def look_further(
        self, photo: PhotoId, aim: Aim, member: Member, seen: list[Sighting], *, again: bool = False
    ) -> Looked:
        """Ask Gemini too where the local engine is not sure, or the order or a person has it so."""
        sure = any(sighting.decision is Decision.ITEM for sighting in seen)
        if sure and not again and self._order is Order.LOCAL_FIRST:
            return Engine.LOCAL, seen
        asked = await self._ask(photo, aim, member)
        return (Engine.LOCAL, seen) if asked is None else (Engine.GEMINI, together(seen, asked))

    async def _ask(self, photo: PhotoId, aim: Aim, member: Member) -> list[Sighting] | None:
        """Gemini's answer, an empty one too; None where there is none."""
        if self._gemini is None:
            return None
        try:
            return await self._gemini.look(photo, aim, member)
        except NO_ANSWER as error:
            log.info(
                "the local engine answers, since Gemini does not: %s %s", error.code, error.fields.get("reason", "")
            )
            return None
