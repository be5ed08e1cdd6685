"""Having pictures made of foods that the library lacks: each once for all, whoever asks first, as a job.

A row of the library is the claim of the process that is at it. Only foods of the catalogue are painted, by the names
that the catalogue has for them: what somebody typed stays in the house.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ai.painting import image_of, painting
from storage import jobs, library
from storage.attempts import Effect, Progress, PutOff
from storage.db import Database, Read, Write
from zwai.errors import (
    AIBudgetSpent,
    AIMalformed,
    AIMisconfigured,
    AIRefused,
    Conflict,
    PoolFull,
    TransactionLost,
    Unavailable,
    ZwaiError,
)
from zwai.kitchen import recognition
from zwai.kitchen.library import UNREADABLE, Library, generated_key, unpictured
from zwai.kitchen.recognition import Proposal
from zwai.knowledge import catalogue, recipe_book
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId, ordered
from zwai.records.meals import GenerationId
from zwai.records.people import AccountId, HouseholdId, Language, Member
from zwai.records.photos import PhotoId, RecognitionId
from zwai.records.pictures import LibraryPicture, Source
from zwai.records.ports import Asker
from zwai.records.stock import Batch, FoodId

log = logging.getLogger("zwai.ai")

PAINT = "paint"
STEP = "painting"  # the step's word; how many pictures of how many are done follows
AT_ONCE = 4  # pictures, of one process
MOST_FOODS = 1000
MOST_JOBS = 2  # of one process: others wait without taking a place from recognitions
LEASE = timedelta(seconds=90)  # longer than a question and its copies may take
WORKER_S = 25.0
REFUSED_FOR = timedelta(days=7)
ORDERED_FOR = timedelta(minutes=10)
NOT_NOW = (AIBudgetSpent, AIMisconfigured)


@dataclass(frozen=True, slots=True)
class Model:
    """Who paints, behind its guard, and its name."""

    guard: Asker
    name: str


class Painter:
    """Orders pictures and makes them; without a model there is nothing to order."""

    def __init__(self, database: Database, shared: Library, model: Model | None, clock: Callable[[], datetime]) -> None:
        self._database, self._library, self._model, self._clock = database, shared, model, clock
        self._places = asyncio.Semaphore(AT_ONCE)
        self._working = 0
        self._ordered: dict[FoodId, datetime] = {}

    def lacking(self, batches: Iterable[Batch]) -> list[FoodId]:
        """The foods among batches that have no picture and could get one."""
        if self._model is None:
            return []
        found = {one.food: one.label_key for one in batches if one.food is not None}
        return [food for food in unpictured(batches) if self._library.find(food, found[food]) is None]

    async def order(self, tx: Write, member: Member, proposal: Proposal, now: datetime) -> Proposal:
        """Order what a proposal lacks; the job has the proposal's id, by which it is asked for."""
        lines, recognised = proposal.lines, proposal.recognition.id
        proposal = replace(proposal, own=await recognition.own_pictures(tx, member.household, lines))
        if not (foods := self.lacking([line.batch for line in lines if proposal.photo_of(line) is None])):
            return proposal
        request = {"foods": foods, "recognition_id": recognised}
        return replace(proposal, painting=await _order(tx, member.household, member.account, request, now, recognised))

    async def order_dishes(
        self, tx: Write, member: Member, dishes: Mapping[FoodId, str], generation: GenerationId, now: datetime
    ) -> Job | None:
        """Order what the library lacks of dishes, by their label keys; the job has the generation's id."""
        if self._model is None:
            return None
        foods = [food for food, key in dishes.items() if self._library.find(food, key) is None]
        request = {"foods": foods, "generation_id": generation}
        return await _order(tx, member.household, member.account, request, now, generation) if foods else None

    async def proposal(self, tx: Read, household: HouseholdId, recognised: RecognitionId) -> Proposal:
        """A stored proposal; what has been made for it is known then. Raises UnknownRecognition."""
        proposal = await recognition.proposal(tx, household, recognised)
        if proposal.painting is not None:
            await self._library.look_up(tx, unpictured(line.batch for line in proposal.lines))
        return proposal

    async def order_for_stock(self, tx: Write, member: Member, batches: Sequence[Batch], now: datetime) -> None:
        """Order what new batches lack, unless it was lately."""
        self._ordered = {food: at for food, at in self._ordered.items() if now - at < ORDERED_FOR}
        if foods := [food for food in self.lacking(batches) if food not in self._ordered]:
            self._ordered |= dict.fromkeys(foods, now)
            await _order(tx, member.household, member.account, {"foods": foods}, now)

    async def order_for_all(self, now: datetime) -> int:
        """Order what anybody's stock lacks, as when a model is there for the first time; answers how many foods."""
        if self._model is None:
            return 0
        async with self._database.read() as tx:
            held = await library.foods_without_photo(tx, MOST_FOODS)
        lacking: dict[tuple[HouseholdId, AccountId], list[FoodId]] = {}
        for household, account, food in held:
            if self._library.find(food, food) is None and food not in self._ordered:
                lacking.setdefault((household, account), []).append(food)
                self._ordered[food] = now
        if lacking:
            async with self._database.write() as tx:
                for (household, account), foods in lacking.items():
                    await _order(tx, household, account, {"foods": foods}, now)
        return sum(map(len, lacking.values()))

    async def work(self, job: Job, progress: Progress) -> Effect:
        """Paint what a job names. Raises what is worth another try, and PutOff while others are at some of it."""
        if self._working >= MOST_JOBS:
            raise PutOff
        self._working += 1
        try:
            painted = await self._paint_all([FoodId(food) for food in job.request["foods"]], job.household, progress)
        finally:
            self._working -= 1
        told: dict[str, Any] = {
            name: job.request[name] for name in ("recognition_id", "generation_id") if name in job.request
        }

        async def tell(tx: Write) -> dict[str, Any]:
            return {**told, "painted": painted}

        return tell

    async def _paint_all(self, foods: Sequence[FoodId], household: HouseholdId, progress: Progress) -> int:
        """How many there are now. One that is worth another try, or that others are at, lets the rest be made first."""
        done, painted = 0, 0
        errors: list[Unavailable | PutOff] = []

        async def one(food: FoodId) -> None:
            nonlocal done, painted
            made = False
            async with self._places:
                try:
                    made = await self.paint(food, household)
                except NOT_NOW as error:
                    log.info("no picture of %s today: %s", food, error.code)
                except (Unavailable, PutOff) as error:
                    errors.append(error)
                    return
            done, painted = done + 1, painted + made
            await progress(5 + 90 * done // len(foods), f"{STEP} {done}/{len(foods)}")

        await progress(5, f"{STEP} 0/{len(foods)}")
        try:
            async with asyncio.TaskGroup() as group:
                for food in foods:
                    group.create_task(one(food))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        if errors:
            raise min(errors, key=lambda error: isinstance(error, PutOff))  # what failed counts as an attempt
        return painted

    async def paint(self, food: FoodId, household: HouseholdId) -> bool:
        """Whether the library has a picture of the food, now at the latest.

        Raises AIDown, AIMisconfigured, AIBudgetSpent, PoolFull, StorageFull; PutOff while somebody else is at it.
        """
        key = generated_key(food)
        while self._model is not None:
            async with self._database.read() as tx:
                standing = next(iter(await library.of_keys(tx, [key])), None)
            now = self._clock()
            if standing is not None and standing.is_there:
                self._library.learn([standing])
                return True
            if standing is not None and standing.source is Source.REFUSED and now < standing.made_at + REFUSED_FOR:
                return False
            if standing is not None and standing.source is Source.WANTED and now < standing.made_at + LEASE:
                raise PutOff  # waiting here would take the place of a job that could go on
            claim = LibraryPicture(key, PhotoId(new_id(now)), Source.WANTED, self._model.name, now)
            if await self._put(claim, standing):
                return await self._make(claim, food, household, self._model.guard)
        return False

    async def _make(self, claim: LibraryPicture, food: FoodId, household: HouseholdId, guard: Asker) -> bool:
        try:
            document = await guard.ask(painting(names_of(food)), household)
            await self._keep(claim.photo, await asyncio.to_thread(image_of, document))
        except (AIRefused, AIMalformed, *UNREADABLE) as error:
            log.warning("no picture of %s: %s", food, error.fields.get("reason") or error.code)
            await self._put(replace(claim, source=Source.REFUSED, made_at=self._clock()), claim)
            return False
        except BaseException:
            with contextlib.suppress(ZwaiError):  # then it runs out
                async with self._database.write() as tx:
                    await library.drop(tx, claim)
            raise
        made = replace(claim, source=Source.GENERATED, made_at=self._clock())
        if await self._put(made, claim):
            self._library.learn([made])
        return True

    async def _keep(self, photo: PhotoId, image: bytes) -> None:
        """What is paid for waits for a worker, within the time of its claim."""
        try:
            async with asyncio.timeout(WORKER_S):
                while True:
                    with contextlib.suppress(PoolFull):
                        await self._library.keep(photo, image)
                        return
                    await asyncio.sleep(1)
        except TimeoutError as error:
            raise PoolFull({"retry_after": 2}) from error

    async def _put(self, picture: LibraryPicture, instead_of: LibraryPicture | None) -> bool:
        try:
            async with self._database.write() as tx:
                return await library.put(tx, picture, instead_of)
        except (Conflict, TransactionLost):
            return False


def names_of(food: FoodId) -> str:
    """In both languages, as the catalogue or the recipe book has them."""
    if (dish := recipe_book.pictured(food)) is not None:
        return " / ".join(dish.told[language].title for language in Language)
    known = catalogue.load().foods[food]
    return " / ".join(known.name(language) for language in Language)


async def _order(
    tx: Write, household: HouseholdId, account: AccountId, request: dict[str, Any], now: datetime, job_id: str = ""
) -> Job:
    job = ordered(JobId(job_id or new_id(now)), household, account, PAINT, request, now)
    await jobs.add(tx, job)
    return job
