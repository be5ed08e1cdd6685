"""Answers of AIs that were paid for, who is asking right now, and how fast all may ask: in process, bounded."""

import time

from storage.cache import Bounded

ANSWER_BYTES = 16 * 2**20
# A photo that is looked at again within a week costs nothing.
KEPT_S = 7 * 86_400


class MemoryMemo:
    """Of one process."""

    def __init__(self) -> None:
        self._answers: Bounded[tuple[bytes, float]] = Bounded(ANSWER_BYTES, lambda kept: len(kept[0]) + 256)
        self._claims: dict[str, float] = {}

    async def recall(self, key: str) -> bytes | None:
        kept = self._answers.get(key)
        return kept[0] if kept and time.monotonic() < kept[1] else None

    async def keep(self, key: str, value: bytes) -> None:
        self._answers.put(key, (value, time.monotonic() + KEPT_S))

    async def claim(self, key: str, lease_s: float) -> bool:
        """Be the one who asks; False while somebody else is."""
        now = time.monotonic()
        if self._claims.get(key, 0.0) > now:
            return False
        self._claims[key] = now + lease_s
        return True

    async def release(self, key: str) -> None:
        self._claims.pop(key, None)


class NoMemo:
    """For questions whose answers are kept, and whose askers are kept apart, elsewhere."""

    async def recall(self, key: str) -> bytes | None:
        return None

    async def keep(self, key: str, value: bytes) -> None:
        pass

    async def claim(self, key: str, lease_s: float) -> bool:
        return True

    async def release(self, key: str) -> None:
        pass


class MemoryQuota:
    """A token bucket: `a_minute` questions, of which a few may come at once."""

    def __init__(self, a_minute: int) -> None:
        self._interval_s = 60 / a_minute
        self._burst_s = self._interval_s * burst(a_minute)
        self._next = 0.0

    async def wait_s(self, now: float) -> float:
        """Take a place in line; answers how many seconds to wait for it."""
        self._next = max(self._next, now - self._burst_s) + self._interval_s
        return max(0.0, self._next - now)


def burst(a_minute: int) -> int:
    """How many may come at once: six seconds' worth."""
    return max(1, a_minute // 10)
