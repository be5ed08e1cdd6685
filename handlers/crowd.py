"""How many requests a process works on at once: beyond a bound one more is turned away, not put in line."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from zwai.errors import Overloaded

TELL_EVERY_S = 10.0

log = logging.getLogger("zwai.http")


class Crowd:
    """The requests in flight, counted by whoever serves them, and how many there may be."""

    __slots__ = ("_quiet_until", "inside", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0
        self._quiet_until = 0.0

    @contextmanager
    def stepped_out(self) -> Iterator[None]:
        """A request that waits for its body takes no place: a few clients that send none would take all of them."""
        self.inside -= 1
        try:
            yield
        finally:
            self.inside += 1
        if self.inside > self.most:
            raise Overloaded({"retry_after": 1})

    def tell(self, now_s: float) -> None:
        """Say in the log that requests are turned away, once a while."""
        if now_s >= self._quiet_until:
            self._quiet_until = now_s + TELL_EVERY_S
            log.warning("%d requests are in flight: more are turned away", self.inside)


CROWD = web.AppKey("crowd", Crowd)
