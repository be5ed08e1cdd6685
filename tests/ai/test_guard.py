"""The guard and Gemini's client, against a server that speaks its protocol."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ai.breaker import FAILURES
from ai.gemini import open_gemini
from ai.guard import Guard, GuardLimits
from storage.memo import MemoryMemo, MemoryQuota
from tests.gemini import (
    FakeGemini,
    Reaction,
    answered,
    blocked,
    failing,
    fake_gemini,
    html,
    huge,
    hung_up,
    said,
    slow,
)
from zwai.errors import AIBudgetSpent, AIDown, AIMalformed, AIMisconfigured, AIRefused, ZwaiError
from zwai.records.ai import AICall, Outcome, Purpose, Question
from zwai.records.people import HouseholdId

HOME, OTHER = HouseholdId("home"), HouseholdId("other")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = GuardLimits(
    at_once=100, household_a_day=1000, everybody_a_day=2000, price_in=Decimal("0.1"), price_out=Decimal("0.4")
)
QUESTION = Question(
    purpose=Purpose.INGREDIENTS,
    prompt="ingredients-1-es",
    instructions="Name the food.",
    text="What is here?",
    schema={"type": "object", "properties": {"ingredients": {"type": "array", "items": {"type": "string"}}}},
    deadline_s=5.0,
    photos=(b"\xff\xd8a photo",),
)
MILK = {"ingredients": ["leche"]}


class Ledger:
    """Keeps its rows where a test can see them."""

    def __init__(self) -> None:
        self.calls: list[AICall] = []

    def record(self, call: AICall) -> None:
        self.calls.append(call)

    async def paid_since(self, since: datetime, household: HouseholdId | None = None) -> int:
        return sum(
            call.outcome is not Outcome.REMEMBERED and household in (None, call.household) for call in self.calls
        )


@dataclass
class Bench:
    guard: Guard
    fake: FakeGemini
    ledger: Ledger

    async def ask(self, household: HouseholdId = HOME, **changes: Any) -> dict[str, Any]:
        return await self.guard.ask(replace(QUESTION, **changes), household)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with fake_gemini() as fake, open_gemini("the-key", "gemini-test", fake.url) as gemini:
        fake.otherwise = MILK
        ledger = Ledger()
        guard = Guard(gemini, MemoryMemo(), MemoryQuota(100_000), ledger, LIMITS, lambda: NOW)
        yield Bench(guard, fake, ledger)
        await guard.close()


async def test_the_photo_the_words_and_the_schema_arrive(bench: Bench) -> None:
    assert await bench.ask() == MILK
    (asked,) = bench.fake.asked
    assert (asked.model, asked.key, asked.instructions) == ("gemini-test", "the-key", "Name the food.")
    assert (asked.texts, asked.photos, asked.schema) == (["What is here?"], [b"\xff\xd8a photo"], QUESTION.schema)


async def test_a_call_is_in_the_ledger_with_what_it_cost(bench: Bench) -> None:
    await bench.ask()
    (call,) = bench.ledger.calls
    assert (call.outcome, call.tokens_in, call.tokens_out) == (Outcome.ANSWERED, 1000, 100)
    assert call.cost == Decimal("0.00014")  # 1,000 in at 0.10 and 100 out at 0.40 dollars a million
    assert call.bytes_out == len(b"\xff\xd8a photo") + len("Name the food.What is here?")


@pytest.mark.parametrize(
    ("reaction", "outcome", "tokens"),
    [
        (blocked(), Outcome.REFUSED, (1000, 0)),
        (answered(MILK, finish="SAFETY"), Outcome.REFUSED, (1000, 100)),
        (said("prose"), Outcome.MALFORMED, (1000, 100)),
        (said("[]"), Outcome.MALFORMED, (1000, 100)),
        (answered({"foods": []}), Outcome.MALFORMED, (1000, 100)),
        (failing(403), Outcome.MISCONFIGURED, (0, 0)),
    ],
    ids=["blocked", "safety", "prose", "a list", "another list", "403"],
)
async def test_an_answer_that_is_of_no_use_costs_what_it_cost(
    bench: Bench, reaction: Reaction, outcome: Outcome, tokens: tuple[int, int]
) -> None:
    bench.fake.reactions = [reaction]
    with pytest.raises(ZwaiError):
        await bench.ask(schema={**QUESTION.schema, "required": ["ingredients"]})
    (call,) = bench.ledger.calls
    assert (call.outcome, (call.tokens_in, call.tokens_out)) == (outcome, tokens)
    assert call.cost == (tokens[0] * Decimal("0.1") + tokens[1] * Decimal("0.4")) / 1_000_000


async def test_the_same_question_is_paid_for_once(bench: Bench) -> None:
    assert await bench.ask() == await bench.ask() == MILK
    assert len(bench.fake.asked) == 1
    assert [call.outcome for call in bench.ledger.calls] == [Outcome.ANSWERED, Outcome.REMEMBERED]


async def test_fifty_who_ask_the_same_at_once_are_one_call(bench: Bench) -> None:
    bench.fake.pause_s = 0.2
    assert await asyncio.gather(*(bench.ask(HOME if n % 2 else OTHER) for n in range(50))) == [MILK] * 50
    assert len(bench.fake.asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"photos": (b"another",)},
        {"photos": ()},
        {"photos": (b"\xff\xd8a ", b"photo")},
        {"prompt": "ingredients-2-es"},
        {"instructions": "Nombra la comida."},
        {"text": "What else?"},
        {"purpose": Purpose.DISHES},
        {"schema": {"type": "object"}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_differs_is_asked_anew(bench: Bench, change: dict[str, Any]) -> None:
    await bench.ask()
    await bench.ask(**change)
    assert len(bench.fake.asked) == 2


@pytest.mark.parametrize(
    ("reaction", "times"),
    [(failing(500), 1), (failing(503), 2), (failing(429, retry_s=0.1), 2), (html(), 1), (hung_up(), 2)],
    ids=["500", "503 twice", "429 twice", "HTML", "cut twice"],
)
async def test_what_passes_by_is_asked_again(bench: Bench, reaction: Reaction, times: int) -> None:
    bench.fake.reactions = [reaction] * times
    assert await bench.ask() == MILK
    assert len(bench.fake.asked) == times + 1


@pytest.mark.parametrize(
    ("reaction", "error"),
    [
        (blocked(), AIRefused),
        (answered(MILK, finish="SAFETY"), AIRefused),
        (said('{"ingredients": ["lec', finish="MAX_TOKENS"), AIMalformed),
        (said("Sure! Here is what I see."), AIMalformed),
        (said("[1, 2]"), AIMalformed),
        (said(""), AIMalformed),
        (failing(400), AIMisconfigured),
        (failing(403), AIMisconfigured),
        (failing(404), AIMisconfigured),
    ],
    ids=["blocked", "safety", "cut short", "prose", "a list", "nothing", "400", "403", "404"],
)
async def test_what_would_come_again_is_not_asked_again(
    bench: Bench, reaction: Reaction, error: type[ZwaiError]
) -> None:
    bench.fake.reactions = [reaction]
    with pytest.raises(error):
        await bench.ask()
    assert len(bench.fake.asked) == 1
    assert await bench.ask() == MILK, "an error was remembered"


async def test_an_answer_of_thirty_megabytes_is_still_one_answer(bench: Bench) -> None:
    bench.fake.reactions = [huge()]
    assert (await bench.ask())["ingredients"] == []


async def test_the_deadline_holds_over_all_repeats(bench: Bench) -> None:
    bench.fake.reactions = [slow(10)] * 3
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(AIDown):
        await bench.ask(deadline_s=0.5)
    assert loop.time() - began < 8, "the provider takes 10 s, and was waited for"


async def test_a_provider_that_is_down_is_left_alone_for_a_while(bench: Bench) -> None:
    bench.fake.reactions = [failing(500)] * 100
    for number in range(FAILURES):
        with pytest.raises(AIDown):
            await bench.ask(text=str(number))
    asked = len(bench.fake.asked)
    with pytest.raises(AIDown) as refused:
        await bench.ask(text="one more")
    assert len(bench.fake.asked) == asked
    assert refused.value.fields["retry_after"]


async def test_a_household_has_a_budget_of_its_own(bench: Bench) -> None:
    guard = Guard(
        bench.guard._provider, MemoryMemo(), MemoryQuota(100_000), bench.ledger,
        replace(LIMITS, household_a_day=3), lambda: NOW,
    )  # fmt: skip
    asks = [guard.ask(replace(QUESTION, text=str(number)), HOME) for number in range(5)]
    ended = await asyncio.gather(*asks, return_exceptions=True)
    assert [type(one) for one in ended].count(AIBudgetSpent) == 2
    assert await guard.ask(QUESTION, OTHER) == MILK
    assert len(bench.fake.asked) == 4


async def test_only_so_many_questions_are_out_at_once(bench: Bench) -> None:
    bench.fake.pause_s = 0.05
    guard = Guard(
        bench.guard._provider, MemoryMemo(), MemoryQuota(100_000), bench.ledger, replace(LIMITS, at_once=4), lambda: NOW
    )
    await asyncio.gather(*(guard.ask(replace(QUESTION, text=str(number)), HOME) for number in range(20)))
    assert bench.fake.most_at_once == 4


async def test_beyond_the_line_nobody_waits(bench: Bench) -> None:
    bench.fake.pause_s = 0.2
    guard = Guard(
        bench.guard._provider, MemoryMemo(), MemoryQuota(100_000), bench.ledger, replace(LIMITS, at_once=2), lambda: NOW
    )
    asks = [asyncio.create_task(guard.ask(replace(QUESTION, text=str(number)), HOME)) for number in range(14)]
    done, _ = await asyncio.wait(asks, timeout=0.1)
    assert [type(one.exception()) for one in done] == [AIDown] * 4
    assert [one.result() for one in asks[:10] if await one] == [MILK] * 10
    assert bench.fake.most_at_once == 2


async def test_who_walks_away_leaves_the_others_their_answer(bench: Bench) -> None:
    bench.fake.pause_s = 0.3
    impatient = asyncio.create_task(bench.ask())
    patient = asyncio.create_task(bench.ask())
    await asyncio.sleep(0.1)
    impatient.cancel()
    assert await patient == MILK
    assert len(bench.fake.asked) == 1


async def test_a_quota_spreads_questions_over_time() -> None:
    quota = MemoryQuota(a_minute=60)  # one a second, six at once
    waits = [await quota.wait_s(1000.0) for _ in range(9)]
    assert waits[:6] == [0] * 6
    assert waits[6:] == pytest.approx([1, 2, 3])
    assert await quota.wait_s(1100.0) == 0
