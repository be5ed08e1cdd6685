"""How the parts are, for everything that tells of it."""

import asyncio

from zwai.errors import ZwaiError
from zwai.kitchen.parts import Part

CHECK_S = 2.0


async def state_of(part: Part) -> dict[str, object]:
    """Whether a part is up, with its details; "down" with the reason's code."""
    try:
        async with asyncio.timeout(CHECK_S):
            return {"state": "up", **await part.check()}
    except ZwaiError as error:
        return {"state": "down", "code": error.code}
    except TimeoutError:
        return {"state": "down", "code": "took_too_long"}
