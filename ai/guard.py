"""The guard around every question to an AI behind a network: nothing is paid for twice, nothing waits for ever.

In order: what is remembered, who is asking the same already, the day's budget, the breaker, a place among those who
ask at once, the provider's quota, and then the provider, again with jitter while the deadline allows.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from ai.breaker import Breaker
from zwai.errors import AIBudgetSpent, AIDown, AIMalformed, AIMisconfigured, AIRefused, ZwaiError
from zwai.records.ai import AICall, Outcome, Question, Reply
from zwai.records.people import HouseholdId
from zwai.records.ports import CallLedger, Memo, Provider, Quota

log = logging.getLogger("zwai.ai")

TRIES = 3
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 8.0
LOOK_AGAIN_S = 0.1
LONGEST_LINE = 4  # times as many wait as are out at once: each takes a second or two, and who asks has an own answer
MILLION = 1_000_000
TYPES = {"array": list, "object": dict, "string": str}


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """`at_once` questions are out at any moment; budgets count a day's; prices are dollars.

    `price_in` and `price_out` are for a million tokens, `price_each` for an answer, whatever it has.
    """

    at_once: int
    household_a_day: int
    everybody_a_day: int
    price_in: Decimal
    price_out: Decimal
    price_each: Decimal = Decimal(0)


class Guard:
    """One for each provider and process; whoever makes it closes it."""

    def __init__(
        self,
        provider: Provider,
        memo: Memo,
        quota: Quota,
        ledger: CallLedger,
        limits: GuardLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._provider, self._memo, self._quota, self._ledger = provider, memo, quota, ledger
        self._limits, self._clock = limits, clock
        self._places = asyncio.Semaphore(limits.at_once)
        self._breaker = Breaker()
        self._flights: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._out: dict[HouseholdId, int] = {}

    async def ask(self, question: Question, household: HouseholdId) -> dict[str, Any]:
        """The answer's document. Raises AIDown, AIRefused, AIMalformed, AIMisconfigured, AIBudgetSpent."""
        key = question.key(self._provider.model)
        if (kept := await self._memo.recall(key)) is not None:
            self._note(question, household, Outcome.REMEMBERED, monotonic())
            return _document(kept)
        flight = self._flights.get(key)
        if flight is not None:
            self._note(question, household, Outcome.REMEMBERED, monotonic())
        elif len(self._flights) >= self._limits.at_once * (1 + LONGEST_LINE):
            raise AIDown({"retry_after": 5, "reason": "the line is full"})
        else:
            flight = asyncio.create_task(self._fly(key, question, household))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)  # who walks away leaves the others their answer

    async def close(self) -> None:
        """Give up every question that is out."""
        for flight in list(self._flights.values()):
            flight.cancel()
            with suppress(asyncio.CancelledError, ZwaiError):
                await flight

    def _landed(self, key: str, flight: "asyncio.Task[dict[str, Any]]") -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # everybody who asked may have walked away

    async def _fly(self, key: str, question: Question, household: HouseholdId) -> dict[str, Any]:
        try:
            async with asyncio.timeout(question.deadline_s):
                while not await self._memo.claim(key, question.deadline_s):  # another process is asking the same
                    await asyncio.sleep(LOOK_AGAIN_S)
                    if (kept := await self._memo.recall(key)) is not None:
                        self._note(question, household, Outcome.REMEMBERED, monotonic())
                        return _document(kept)
                try:
                    reply = await self._paid(question, household)
                    await self._memo.keep(key, _kept(reply.document))
                    return reply.document
                finally:
                    await self._memo.release(key)
        except TimeoutError as error:
            raise AIDown({"retry_after": 5, "reason": "deadline"}) from error

    async def _paid(self, question: Question, household: HouseholdId) -> Reply:
        async with self._counted(household):
            await self._check_budgets(household)
            if (left := self._breaker.left_s()) > 0:
                raise AIDown({"retry_after": round(left) or 1, "reason": "breaker"})
            async with self._places:
                await asyncio.sleep(await self._quota.wait_s(self._clock().timestamp()))
                return await self._repeated(question, household)

    @asynccontextmanager
    async def _counted(self, household: HouseholdId) -> AsyncIterator[None]:
        """Those that are out count against a budget before they are in the ledger."""
        self._out[household] = self._out.get(household, 0) + 1
        try:
            yield
        finally:
            self._out[household] -= 1
            if not self._out[household]:
                del self._out[household]

    async def _check_budgets(self, household: HouseholdId) -> None:
        today = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
        own = await self._ledger.paid_since(today, household) + self._out[household]
        everybody = await self._ledger.paid_since(today) + sum(self._out.values())
        if own > self._limits.household_a_day or everybody > self._limits.everybody_a_day:
            left = today + timedelta(days=1) - self._clock()
            raise AIBudgetSpent({"retry_after": round(left.total_seconds()) or 1})

    async def _repeated(self, question: Question, household: HouseholdId) -> Reply:
        tries = AsyncRetrying(
            retry=retry_if_exception_type(AIDown),
            stop=stop_after_attempt(TRIES),
            wait=_pause,
            reraise=True,
        )
        async for attempt in tries:
            with attempt:
                return await self._once(question, household)
        raise AssertionError("tenacity raises instead")

    async def _once(self, question: Question, household: HouseholdId) -> Reply:
        began = monotonic()
        try:
            reply = await self._provider.ask(question, question.deadline_s)
            _check(reply, question)
        except AIDown as error:
            self._breaker.failed()
            self._note(question, household, Outcome.FAILED, began)
            log.warning("%s does not answer: %s", self._provider.model, error.fields.get("reason"))
            raise
        except (AIRefused, AIMalformed, AIMisconfigured) as error:
            self._breaker.succeeded()  # it lives
            self._note(question, household, OUTCOMES[type(error)], began, _tokens(error.fields))
            raise
        except asyncio.CancelledError:  # the deadline
            self._breaker.failed()
            self._note(question, household, Outcome.FAILED, began)
            raise
        self._breaker.succeeded()
        self._note(question, household, Outcome.ANSWERED, began, (reply.tokens_in, reply.tokens_out))
        return reply

    def _note(
        self,
        question: Question,
        household: HouseholdId,
        outcome: Outcome,
        began: float,
        tokens: tuple[int, int] = (0, 0),
    ) -> None:
        tokens_in, tokens_out = tokens
        cost = (tokens_in * self._limits.price_in + tokens_out * self._limits.price_out) / MILLION
        cost += self._limits.price_each if outcome is Outcome.ANSWERED else 0
        self._ledger.record(
            AICall(
                household=household,
                purpose=question.purpose,
                model=self._provider.model,
                outcome=outcome,
                bytes_out=0 if outcome is Outcome.REMEMBERED else question.size_bytes,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                cost=cost,
                latency_ms=round((monotonic() - began) * 1000),
                at=self._clock(),
            )
        )


OUTCOMES = {
    AIRefused: Outcome.REFUSED,
    AIMalformed: Outcome.MALFORMED,
    AIMisconfigured: Outcome.MISCONFIGURED,
}
_backoff = wait_exponential_jitter(initial=FIRST_PAUSE_S, max=LONGEST_PAUSE_S, jitter=FIRST_PAUSE_S)


def _pause(state: RetryCallState) -> float:
    """What the provider asked for, else ever longer."""
    error = state.outcome and state.outcome.exception()
    asked = error.fields.get("wait_s") if isinstance(error, AIDown) else None
    return float(str(asked)) if asked else _backoff(state)


def _check(reply: Reply, question: Question) -> None:
    """What lacks a member, or has it of another type, is neither kept nor answered; who asked reads the rest."""
    for name in question.schema.get("required", ()):
        if not isinstance(reply.document.get(name), TYPES[question.schema["properties"][name]["type"]]):
            paid = {"tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out}
            raise AIMalformed({"reason": f"no such {name}", **paid})


def _tokens(fields: dict[str, object]) -> tuple[int, int]:
    """What an answer cost that was of no use: a provider's errors tell, where it does."""
    tokens_in, tokens_out = (fields.get(name, 0) for name in ("tokens_in", "tokens_out"))
    assert isinstance(tokens_in, int) and isinstance(tokens_out, int)
    return tokens_in, tokens_out


def _kept(document: dict[str, Any]) -> bytes:
    """JSON allows what no sane answer has: numbers of any length, halves of characters, any depth."""
    try:
        return orjson.dumps(document)
    except TypeError as error:
        raise AIMalformed({"reason": str(error)}) from error


def _document(kept: bytes) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(kept)
    return document
