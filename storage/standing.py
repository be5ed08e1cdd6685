"""Whether a part that we depend on answers: said in the log when that changes, not at every request."""

import logging
import time

# A part that fails now and then is down until it has not failed for so long.
CALM_S = 1.0


class Standing:
    """One part's standing; `part` is how the log names it."""

    def __init__(self, log: logging.Logger, part: str) -> None:
        self._log = log
        self._part = part
        self._lost_at: float | None = None

    def lost(self, reason: object) -> None:
        """It did not answer just now."""
        if self._lost_at is None:
            self._log.warning("%s does not answer: %s", self._part, reason)
        self._lost_at = time.monotonic()

    def found(self) -> None:
        """It answered just now."""
        if self._lost_at is not None and time.monotonic() - self._lost_at > CALM_S:
            self._lost_at = None
            self._log.warning("%s answers again", self._part)
