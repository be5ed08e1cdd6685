"""What an AI wrote of foods: told with what the knowledge says, and ordered, while nobody waits, where it is lacking.

Only foods of the catalogue are asked about, by the catalogue's own names, and their texts are for everybody: what
somebody called a thing of theirs stays in the house. What is ordered may be lost; the next reader orders it again.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import orjson
from aiojobs import Scheduler

from ai.food_questions import question, wanted, with_answer
from storage import writings
from storage.db import Database, Read, Write
from zwai.errors import AIMalformed, Conflict, ZwaiError
from zwai.kitchen.asking import answer_to
from zwai.kitchen.details import food as food_of
from zwai.records.ai import Question
from zwai.records.people import HouseholdId, Language
from zwai.records.ports import Asker
from zwai.records.stock import Batch
from zwai.records.writings import Written

log = logging.getLogger("zwai.ai")

# Nobody's: so reading details never uses up what a household may ask about its photos, and no one is seen reading them.
HOUSEHOLD = HouseholdId("writings")
AT_ONCE = 2  # foods, of one process
MOST_WAITING = 32  # foods, of one process; who comes then is told what is known, and orders again by reading again
REST = timedelta(hours=1)  # after a question that got no answer
KEPT = timedelta(days=180)
MOST_BYTES = 20_000


class Writings:
    """Made by `open_writings`. Without a guard there is nothing to tell, and nobody to ask."""

    def __init__(self, database: Database, guard: Asker | None, model: str, clock: Callable[[], datetime]) -> None:
        self._database, self._guard, self._model, self._clock = database, guard, model, clock
        self._scheduler = Scheduler(limit=AT_ONCE, pending_limit=MOST_WAITING, close_timeout=1.0)
        self._ordered: set[str] = set()
        self._resting: dict[str, datetime] = {}

    @property
    def busy(self) -> int:
        """How many foods are being written of, or wait."""
        return self._scheduler.active_count + self._scheduler.pending_count

    async def of(self, tx: Read, batch: Batch, language: Language) -> Written:
        """What there is of its food by now; what is lacking is ordered."""
        food = food_of(batch)
        if self._guard is None or food is None:
            return Written()
        questions = {
            asked.key(self._model): asked
            for asked in (question(purpose, food, language) for purpose in wanted(food, batch.kind))
        }
        written, documents = Written(self._model), await writings.of_keys(tx, questions)
        for key, document in documents.items():
            written = with_answer(written, questions[key].purpose, document)
        if lacking := [asked for key, asked in questions.items() if key not in documents]:
            await self._order(lacking, self._guard)
        return written

    async def close(self) -> None:
        await self._scheduler.close()

    async def _order(self, questions: Sequence[Question], guard: Asker) -> None:
        now = self._clock()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        busy = self._ordered | self._resting.keys()
        due = {key: asked for asked in questions if (key := asked.key(self._model)) not in busy}
        if due and self.busy < AT_ONCE + MOST_WAITING and not self._scheduler.closed:
            self._ordered |= due.keys()
            await self._scheduler.spawn(self._write(due, guard))

    async def _write(self, questions: Mapping[str, Question], guard: Asker) -> None:
        """One after the other; a question without an answer has a rest."""
        try:
            for key, asked in questions.items():
                try:
                    await self._keep(key, asked, await answer_to(asked, guard, HOUSEHOLD))
                except ZwaiError as error:
                    self._resting[key] = self._clock() + REST
                    log.info("nothing written (%s): %s %s", asked.purpose, error.code, error.fields.get("reason", ""))
        finally:
            self._ordered.difference_update(questions)

    async def _keep(self, key: str, asked: Question, document: dict[str, object]) -> None:
        """Raises AIMalformed for what is of no use."""
        if len(orjson.dumps(document)) > MOST_BYTES:
            raise AIMalformed({"reason": "too long"})
        if with_answer(Written(), asked.purpose, document) == Written():
            raise AIMalformed({"reason": "nothing of use"})
        with suppress(Conflict):  # another process asks too
            async with self._database.write() as tx:
                await writings.add(tx, key, asked.purpose, self._model, document, self._clock())


@asynccontextmanager
async def open_writings(
    database: Database, guard: Asker | None, model: str, clock: Callable[[], datetime]
) -> AsyncIterator[Writings]:
    """Nothing is asked any more once this is left."""
    opened = Writings(database, guard, model, clock)
    try:
        yield opened
    finally:
        await opened.close()


async def purge(tx: Write, now: datetime) -> int:
    """Forget what is old: it is written anew for who reads it then, by the prompt and model of the day."""
    return await writings.purge(tx, now - KEPT)
