"""Long answers are made in turns, so that a household's ten thousand batches hold up nobody else's eighty."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 500  # two or three milliseconds; shorter turns of many requests cost a quarter more CPU


async def in_turns(items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """All of `items`, some at once; between these the loop looks after other requests."""
    for begin in range(0, len(items), AT_ONCE):
        if begin:
            await asyncio.sleep(0)
        yield items[begin : begin + AT_ONCE]
