"""New identifiers: 32 hexadecimal digits that sort by the time they were made."""

import secrets
from datetime import datetime

CHANCE_BYTES = 10


def new_id(now: datetime) -> str:
    """48 bits of milliseconds, then 80 random bits: B-trees grow at their end, nothing can be guessed."""
    return new_ids(now, 1)[0]


def new_ids(now: datetime, number: int) -> list[str]:
    """Several, of which the system is asked once for what is random: asking costs more than all the rest."""
    moment, chance = f"{int(now.timestamp() * 1000):012x}", secrets.token_hex(CHANCE_BYTES * number)
    return [moment + chance[at : at + 2 * CHANCE_BYTES] for at in range(0, len(chance), 2 * CHANCE_BYTES)]
