"""Long answers are made in turns."""

import asyncio

from handlers.turns import AT_ONCE, in_turns


async def test_all_of_a_long_list_comes_in_its_order_and_others_get_their_turn_meanwhile() -> None:
    items = list(range(2 * AT_ONCE + 1))
    turns: list[str] = []

    async def other() -> None:
        for _ in range(3):
            turns.append("other")
            await asyncio.sleep(0)

    another = asyncio.create_task(other())
    await asyncio.sleep(0)
    seen: list[int] = []
    async for some in in_turns(items):
        turns.append("list")
        seen += some
    await another
    assert seen == items
    assert turns == ["other", "list", "other", "list", "other", "list"]


async def test_an_empty_list_has_no_turns() -> None:
    assert [some async for some in in_turns("")] == []
