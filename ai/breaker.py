"""A circuit breaker: after failures in a row it lets nobody through for a while, then one, to see."""

from collections.abc import Callable
from time import monotonic

FAILURES = 5
REST_S = 10.0
LONGEST_REST_S = 60.0


class Breaker:
    """Told of each success and failure; `rest_s` doubles while trials fail."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rest_s = REST_S
        self._open_until: float | None = None

    def left_s(self) -> float:
        """Seconds for which nobody gets through; 0 lets the caller try."""
        if self._open_until is None:
            return 0.0
        left = self._open_until - self._clock()
        if left > 0:
            return left
        self._open_until = self._clock() + self._rest_s  # this caller tries, the others wait for its news
        return 0.0

    def succeeded(self) -> None:
        self._failures, self._rest_s, self._open_until = 0, REST_S, None

    def failed(self) -> None:
        self._failures += 1
        if self._open_until is not None:
            self._rest_s = min(self._rest_s * 2, LONGEST_REST_S)
        if self._open_until is not None or self._failures >= FAILURES:
            self._open_until = self._clock() + self._rest_s
