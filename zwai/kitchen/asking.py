"""Asking an AI behind its guard: once more where an answer cannot be read, and never beyond the question's deadline."""

import asyncio
from typing import Any

from zwai.errors import AIBudgetSpent, AIDown, AIMalformed, AIMisconfigured, AIRefused
from zwai.records.ai import Question
from zwai.records.people import HouseholdId
from zwai.records.ports import Asker

# What there may be instead of an answer; each has something else that answers then.
NO_ANSWER = (AIBudgetSpent, AIDown, AIMalformed, AIMisconfigured, AIRefused)


async def answer_to(question: Question, guard: Asker, household: HouseholdId) -> dict[str, Any]:
    """The answer's document, within the question's deadline. Raises NO_ANSWER."""
    try:
        async with asyncio.timeout(question.deadline_s):
            try:
                return await guard.ask(question, household)
            except AIMalformed:
                return await guard.ask(question, household)
    except TimeoutError as error:
        raise AIDown({"retry_after": 5, "reason": "deadline"}) from error
