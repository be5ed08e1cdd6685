"""What a handler gives back: a status and the rendered bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A rendered answer; `headers` come on top of those that dispatch gives every answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] | None = None


def render(payload: Any) -> bytes:
    """JSON bytes. Instants come out with +00:00, never Z; decimals as numbers; dataclasses and enums as one expects."""
    return orjson.dumps(payload, default=_plain)


def _plain(value: Any) -> float | list[Any]:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
