"""New identifiers: 32 hexadecimal digits that sort by the time they were made."""

import secrets
from datetime import datetime


def new_id(now: datetime) -> str:
    """48 bits of milliseconds, then 80 random bits: B-trees grow at their end, nothing can be guessed."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
